"""The members of some clusters of a run, clustered anew."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.cluster.choose import choose_k
from core.cluster.kmeans import kmeans
from core.cluster.run import gather
from core.curate.measure import Measure, Members
from core.errors import ActionError
from core.lookup import RunInfo
from core.session import Session
from db import vectors

MOST = 1_000
"""Children of one node, as many as a list of nodes shows."""
SAME = 0.5
"""A Jaccard index above this makes a new cluster an old one: no cluster can have two such."""


@dataclass(frozen=True, eq=False)
class Cut:
    """`texts` int64 [n] rising, `weights` float64 [n], `labels` int [n] from 0, the heaviest, to `k` - 1."""

    texts: NDArray[np.int64]
    weights: NDArray[np.float64]
    labels: NDArray[np.int32]
    centroids: NDArray[np.float32]
    k: int
    reasons: tuple[str, ...]
    metrics: dict[str, Any]
    overlap: NDArray[np.float64]
    """`[sources, k]`: queries of each old cluster in each new one."""


def read_members(session: Session, run: RunInfo, sources: Sequence[int]) -> list[Members]:
    """The embedded texts of each of some clusters.

    Raises:
        ActionError: `no_vectors` when the vectors of the run's space are not at hand.
    """
    measure = Measure(session.workspace, run)
    found = [measure.members(number) for number in sources]
    members = [part for part in found if part is not None]
    if len(members) < len(found):
        raise ActionError(
            "no_vectors", "The vectors of the run's space are not at hand.", "embed.run makes them again."
        )
    return members


def same_members(first: Sequence[Members], second: Sequence[Members]) -> bool:
    """Whether two readings found the same."""
    return len(first) == len(second) and all(
        np.array_equal(a.texts, b.texts) and np.array_equal(a.weights, b.weights)
        for a, b in zip(first, second, strict=True)
    )


def recluster(session: Session, run: RunInfo, members: Sequence[Members], k: int | None, seed: int) -> Cut:
    """Spherical k-means on the texts of some clusters together, as `core.cluster.run.run_kmeans` does it on all.

    Raises:
        ActionError: `too_few` for fewer than two texts, `bad_k` when `k` is not from 2 to their number.
        Cancelled: Stopped.
    """
    every = np.concatenate([part.texts for part in members])
    texts, first, place = np.unique(every, return_index=True, return_inverse=True)
    counted = np.bincount(place, weights=np.concatenate([part.weights for part in members]))
    weights = counted.astype(np.float64)
    rows = np.concatenate([part.rows for part in members])[first]
    n = len(texts)
    if n < 2:
        raise ActionError(
            "too_few", f"{n} distinct text{'s' * (n != 1)} cannot be parted.", "Name a bigger node."
        )
    space = vectors.find_space(session.workspace, run.space)
    assert space is not None
    table = gather(session.workspace, space, rows)
    reasons: tuple[str, ...] = ()
    if k is None:
        choice = choose_k(n, table, seed, session.control)
        k, reasons = max(2, min(choice.value, MOST)), (choice.reason,)
    if not 2 <= k <= min(n, MOST):
        raise ActionError(
            "bad_k",
            f"k={k} does not fit {n} distinct texts of one node.",
            f"Choose k between 2 and {min(n, MOST)}.",
        )
    found = kmeans(table, weights, k, seed, session.control)
    overlap = np.zeros((len(members), k))
    start = 0
    for source, part in enumerate(members):
        own = found.labels[place[start : start + len(part.texts)]]
        overlap[source] = np.bincount(own, weights=part.weights, minlength=k)
        start += len(part.texts)
    sizes = np.bincount(found.labels, minlength=k)
    metrics = {
        "texts": n,
        "queries": int(weights.sum()),
        "inertia": round(found.inertia, 4),
        "mean_distance": round(float(np.average(found.distances, weights=weights)), 4),
        "smallest": int(sizes.min()),
        "largest": int(sizes.max()),
        "iterations": found.iterations,
        "converged": found.converged,
    }
    return Cut(texts, weights, found.labels, found.centroids, k, reasons, metrics, overlap)


def kept_numbers(cut: Cut, sources: Sequence[int]) -> dict[int, int]:
    """Which new cluster goes on under the number of an old one, by label.

    Of one cluster the heaviest part; of several each that shares more than half of its queries with an old one (by the
    Jaccard index), so that it is still what a person has named, marked or noted.
    """
    if len(sources) == 1:
        return {0: sources[0]}
    union = cut.overlap.sum(axis=1)[:, None] + cut.overlap.sum(axis=0)[None, :] - cut.overlap
    alike = cut.overlap / np.maximum(union, 1)
    return {int(label): sources[int(source)] for source, label in np.argwhere(alike > SAME)}
