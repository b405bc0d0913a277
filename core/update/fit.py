"""How far new texts lie from the clusters of a run, against how far its own members do."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.centroids import Centroids
from core.cluster.blocks import as_float32, block_rows, map_blocks, one_blas_thread
from core.control import Control
from core.evaluate.wilson import wilson
from core.lookup import RunInfo
from core.update.rows import Misfit
from db import updates
from db.workspace import Workspace

LEVEL = 0.99
LOOSE = 0.75
FEWEST = 8
"""Texts that a cluster needs for a percentile of its own."""
NOISE_LOOKED = 20_000


@dataclass(frozen=True, eq=False)
class Reach:
    """How far the clusters of a run reach, by their place in `Centroids`."""

    limits: NDArray[np.float64]
    """The distance beyond which a text fits badly."""
    beyond: NDArray[np.float64]
    """The chance that another text of the same kind lies beyond it."""
    typical: float
    """The mean distance of the members of a loose cluster: three in four are tighter; `nan` where none is known."""
    members: int
    """Distinct texts in clusters."""


def read_reach(workspace: Workspace, run: RunInfo, known: Centroids) -> Reach:
    """The 99th percentile of the distances of each cluster's own texts.

    A member pulls the centroid towards itself, so that it lies nearer than a text that did not: by c / (c - 1) in a cluster
    of c texts, squared for the cosine distance, as in `core.cluster.choose.separation`. Of n texts that are alike the next
    one lies beyond the r-th with a chance of (n + 1 - r) / (n + 1), which is 1% in big clusters alone. Clusters of fewer
    than `FEWEST` texts take the percentile of all. On halves of 12,000 labelled intents (MiniLM; k 30, 75, 150, 300) 1.3, 1.4,
    2.5 and 5.0% of the other half lie beyond, where 1.3, 1.5, 2.5 and 4.6% are expected.
    """
    cursor = updates.member_distances(workspace.raw, run.id)
    found = np.fromiter(cursor, dtype=np.dtype([("cluster", np.int64), ("distance", np.float64)]))
    place = np.searchsorted(known.numbers, found["cluster"])
    place = np.where(
        (place < len(known.numbers))
        & (known.numbers[np.minimum(place, len(known.numbers) - 1)] == found["cluster"]),
        place,
        -1,
    )
    distances, place = found["distance"][place >= 0], place[place >= 0]
    sizes = np.bincount(place, minlength=len(known.numbers))
    distances = distances * (sizes / np.maximum(sizes - 1, 1))[place] ** 2
    order = np.lexsort((distances, place))
    starts = np.concatenate([[0], np.cumsum(sizes)])
    common = float(np.quantile(distances, LEVEL, method="higher")) if len(distances) else 2.0
    limits = np.full(len(known.numbers), common)
    beyond = np.full(len(known.numbers), 1 - LEVEL)
    means = []
    for at, size in enumerate(sizes.tolist()):
        own = distances[order[starts[at] : starts[at + 1]]]
        if size >= FEWEST:
            rank = int(np.ceil(LEVEL * size))
            limits[at], beyond[at] = own[rank - 1], (size + 1 - rank) / (size + 1)
        if size > 1:
            means.append(float(own.mean()))
    return Reach(limits, beyond, float(np.quantile(means, LOOSE)) if means else float("nan"), len(distances))


@dataclass(frozen=True, eq=False)
class Nearest:
    """For each of n texts the place of the nearest centroid, and its cosine distance."""

    place: NDArray[np.int64]
    distance: NDArray[np.float64]


def nearest(
    table: NDArray[np.float16], rows: NDArray[np.int64], known: Centroids, control: Control
) -> Nearest:
    """The nearest centroid of some rows of a space's file, in blocks: no more than these are in memory."""
    place, distance = np.empty(len(rows), np.int64), np.empty(len(rows))

    def work(block: slice) -> tuple[slice, NDArray[np.int64], NDArray[np.float64]]:
        cosine = as_float32(table[rows[block]]) @ known.centroids.T
        best = cosine.argmax(axis=1)
        own = cosine[np.arange(len(best)), best].astype(np.float64)
        return block, best, (1 - own).clip(0, 2).round(6)

    with one_blas_thread():
        for block, best, far in map_blocks(work, len(rows), block_rows(*known.centroids.shape)):
            place[block], distance[block] = best, far
            control.progress("nearest clusters", block.stop, len(rows), "texts")
    return Nearest(place, distance)


def misfit(
    workspace: Workspace,
    run: RunInfo,
    table: NDArray[np.float16],
    known: Centroids,
    reach: Reach,
    found: Nearest,
    control: Control,
) -> tuple[Misfit, NDArray[np.bool_]]:
    """The share that fits badly, against what is expected of the clusters that were found; and which texts do.

    Where the run has noise, as much of the new texts is expected to be like it, and to fit as badly as it does.
    """
    bad = found.distance > reach.limits[found.place]
    n, count = len(bad), int(bad.sum())
    noise = np.array(updates.noise_rows(workspace.raw, run.id, run.space_id), dtype=np.int64)
    strays = 0.0
    if n and len(noise):
        looked = noise[:: -(-len(noise) // NOISE_LOOKED)]
        far = nearest(table, looked, known, control)
        strays = float((far.distance > reach.limits[far.place]).mean())
    share = len(noise) / max(1, len(noise) + reach.members)
    expected = (1 - share) * float(reach.beyond[found.place].mean()) + share * strays if n else 0.0
    low, high = wilson(count, n)
    drifts = low > expected
    return (
        Misfit(
            texts=n,
            bad=count,
            share=round(count / n, 4) if n else None,
            low=round(low, 4),
            high=round(high, 4),
            expected=round(expected, 4),
            drifts=drifts,
            says=_says(n, count, low, high, expected, drifts),
        ),
        bad,
    )


def _says(n: int, count: int, low: float, high: float, expected: float, drifts: bool) -> str:
    if not n:
        return "No new text is one that the run did not have."
    told = (
        f"{count:,} of {n:,} new texts fit badly ({count / n:.1%}, 95% interval {low:.1%} to {high:.1%}),"
        f" {expected:.1%} would be expected"
    )
    return f"{told}: the log has drifted away from the run." if drifts else f"{told}: no drift."
