"""Defaults that depend on the data, each with a reason that a person can read."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from core.cluster.blocks import one_blas_thread, take
from core.cluster.lloyd import Fit, lloyd, plus_plus
from core.cluster.result import Vectors
from core.control import Control

SWEEP_ROWS = 5_000
SWEEP_FACTORS = (0.35, 0.5, 0.7, 1.0, 1.4, 2.0)
"""Candidates for k, in square roots of the number of texts looked at."""
SWEEP_SLACK = 0.99
"""Of several values of k that score nearly the same, the smallest is the easiest to read."""

SEPARATED = 0.25
"""A silhouette below this says that no k separates topics: arena_hard 0.18 to 0.22, clinc150 0.40."""


@dataclass(frozen=True)
class Choice:
    """A value chosen by the program."""

    value: int
    reason: str
    """One sentence for people."""


def choose_k(
    n_texts: int, vectors: Vectors | None = None, seed: int = 0, control: Control | None = None
) -> Choice:
    """A number of clusters for k-means.

    With `vectors` (`[n, d]` unit rows): the best of six values on a sample of at most 5,000 texts, by the simplified
    silhouette (Hruschka et al., 2004; centroids instead of pairs) in which each text is taken out of its own centroid,
    so that ever smaller clusters do not win; but at least half the square root of `n_texts`, since a sample of a large
    log shows only its common topics, and at least the whole root where nothing separates well (`SEPARATED`): on a messy
    log the silhouette prefers a few lumps, and the tree brings many clusters back to few themes. It found 63 for 60
    intents in 2,000 texts, 141 for 150 in 22,500 and 34 for 30 in 4,500. Without `vectors`: the square root of `n_texts`, which is about right for a log with many topics.

    Raises:
        Cancelled: When `control` says so.
    """
    root = int(np.clip(round(np.sqrt(n_texts)), min(2, n_texts), 1_000))
    if vectors is None or n_texts < 50:
        return Choice(root, f"k={root}: the square root of {n_texts:,} distinct texts{_each(n_texts, root)}.")
    looked = min(n_texts, SWEEP_ROWS)
    rng = np.random.default_rng(seed)
    rows = take(vectors, np.sort(rng.permutation(n_texts)[:looked]))
    tried = [round(factor * np.sqrt(looked)) for factor in SWEEP_FACTORS]
    scores = []
    for step, k in enumerate(tried):
        (control or Control()).progress("choose k", step, len(tried), "values")
        weights = np.ones(looked)
        with one_blas_thread():
            start = plus_plus(rows, weights, k, rng, control or Control())
            scores.append(separation(lloyd(rows, weights, start, 15, 1e-3, control or Control())))
    best = next(at for at, score in enumerate(scores) if score >= SWEEP_SLACK * max(scores))
    k, floor = tried[best], root // 2 if max(scores) >= SEPARATED else root
    how = (
        f"of {len(tried)} values from {tried[0]} to {tried[-1]} tried on {looked:,} texts, {k} separates best"
    )
    if k < floor:
        return Choice(
            floor, f"k={floor}: {how}, but so few would lump topics together{_each(n_texts, floor)}."
        )
    return Choice(k, f"k={k}: {how} (silhouette {scores[best]:.2f}){_each(n_texts, k)}.")


def separation(fit: Fit) -> float:
    """Mean simplified silhouette in [-1, 1]; a text alone in its cluster counts 0."""
    counts = np.bincount(fit.labels, minlength=len(fit.centroids))[fit.labels]
    # Without the text itself its centroid is farther by c / (c - 1); 1 - cos is half the squared distance.
    own = np.maximum(fit.distances, 1e-9) * (counts / np.maximum(counts - 1, 1)) ** 2
    width = (fit.seconds - own) / np.maximum(fit.seconds, own)
    return float(np.where(counts > 1, width, 0).mean())


def choose_min_cluster_size(n_texts: int) -> Choice:
    """0.3 times the square root of the number of distinct texts, from 5 (below 50 texts: 2) to 300, for HDBSCAN.

    On labelled intents this gave 61 to 77 clusters for 60 intents in 2,000 texts and 163 for 150 in 22,500.
    """
    size = int(np.clip(round(0.3 * np.sqrt(n_texts)), 5, 300)) if n_texts >= 50 else 2
    return Choice(
        size,
        f"min_cluster_size={size}: 0.3 times the square root of {n_texts:,} distinct texts; "
        "smaller groups count as noise.",
    )


def _each(n_texts: int, k: int) -> str:
    return f", about {max(1, round(n_texts / max(k, 1))):,} texts a cluster"
