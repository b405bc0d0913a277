"""What a clustering hands back."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Vectors = npt.NDArray[np.floating]
"""`[n, d]` rows of unit length, float32 or float16, in memory or mapped."""
Floats = npt.NDArray[np.float32]
Weights = npt.NDArray[np.float64]
Labels = npt.NDArray[np.int32]
Indices = npt.NDArray[np.int64]

NOISE = -1
"""The label of a text that belongs to no cluster."""


@dataclass(frozen=True, eq=False)
class Clustering:
    """The clusters of `n` texts; clusters are numbered from 0 by falling weight, ties by their medoid's index."""

    labels: Labels
    """`[n]`: the cluster of each text, or `NOISE`."""
    distances: Floats
    """`[n]`: cosine distance (1 - cos) to the own centroid; for noise, to the nearest centroid."""
    centroids: Floats
    """`[k, d]`, unit length."""
    medoids: Indices
    """`[k]`: the member nearest to each centroid, lowest index first."""
    inertia: float
    """Sum over the clustered texts of weight times distance."""
    iterations: int
    """Passes over the data; 0 where the algorithm has none."""
    converged: bool
    """False where the budget of passes ran out first."""
    probabilities: Floats | None = None
    """`[n]`: strength of membership in [0, 1], 0 for noise; None where the algorithm has none."""
    engine: str = ""
    """For people: which engine and reduction did the work, and why."""

    @property
    def k(self) -> int:
        """The number of clusters."""
        return len(self.centroids)
