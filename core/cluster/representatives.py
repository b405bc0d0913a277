"""The texts that show what a cluster is: its most central ones, its edge, and the nearest ones outside."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from core.cluster.blocks import as_float32, block_rows, map_blocks, one_blas_thread
from core.cluster.result import Floats, Indices, Labels, Vectors
from core.control import Control

NEAR_DUPLICATE = 0.95
"""Cosine above which two texts show a reader the same thing."""


@dataclass(frozen=True, eq=False)
class Representatives:
    """Row indices; the three never overlap."""

    central: Indices
    """Members nearest to the centroid, nearest first, near duplicates skipped as long as there are others."""
    boundary: Indices
    """Members farthest from the centroid, farthest first."""
    outside: Indices
    """Texts of other clusters or of the noise that are nearest to the centroid, nearest first (Clio's contrast)."""


def representatives(
    vectors: Vectors,
    labels: Labels,
    distances: Floats,
    centroids: Floats,
    clusters: Sequence[int],
    n_central: int = 10,
    n_boundary: int = 5,
    n_outside: int = 5,
    control: Control | None = None,
) -> list[Representatives]:
    """The representatives of each of `clusters`, in that order, in one pass over the rows.

    Args:
        vectors: `[n, d]` unit rows.
        labels: `[n]` clusters; negative is noise.
        distances: `[n]` cosine distance of each text to its own centroid.
        centroids: `[k, d]` unit rows.
        clusters: Which clusters; ask for all at once rather than one at a time.
        n_central: At most so many central texts.
        n_boundary: At most so many boundary texts.
        n_outside: At most so many texts from outside.
        control: Told of the blocks done, and asked whether to stop.
    """
    chosen = np.asarray(clusters, dtype=np.int64)
    outside = _outside(vectors, labels, centroids, chosen, n_outside, control or Control())
    order = np.lexsort((distances, labels))
    starts = np.searchsorted(labels[order], chosen, side="left")
    ends = np.searchsorted(labels[order], chosen, side="right")
    found = []
    for at, (start, end) in enumerate(zip(starts, ends, strict=True)):
        members = order[start:end]
        central = spread(vectors, members, n_central)
        rest = members[::-1][: n_boundary + len(central)]
        rest = rest[~np.isin(rest, central)][:n_boundary]
        found.append(Representatives(central, rest, outside[at]))
    return found


def spread(vectors: Vectors, members: Indices, count: int) -> Indices:
    """The first `count` of `members`, those that nearly repeat an earlier one only where nothing else is left."""
    looked = members[: 5 * count + 20]
    if len(looked) == 0 or count < 1:
        return members[:0]
    rows = as_float32(vectors[looked])
    repeats = np.tril(rows @ rows.T > NEAR_DUPLICATE, -1)
    kept: list[int] = []
    skipped: list[int] = []
    for at in range(len(looked)):
        (skipped if repeats[at, kept].any() else kept).append(at)
    return np.asarray(looked[np.sort((kept + skipped)[:count])], dtype=np.int64)


def _outside(
    vectors: Vectors, labels: Labels, centroids: Floats, chosen: Indices, count: int, control: Control
) -> list[Indices]:
    """For each chosen cluster the `count` non-members nearest to its centroid; exact, in blocks."""
    wanted, n = len(chosen), len(labels)
    if count < 1 or wanted == 0:
        return [np.empty(0, dtype=np.int64) for _ in chosen]
    targets = centroids[chosen]
    column_of = np.full(len(centroids) + 1, -1)
    column_of[chosen] = np.arange(wanted)
    # The worst cosine that is still among the best `count` of each column; it only rises, so reading it late is safe.
    floor = np.full(wanted, -np.inf, dtype=np.float32)

    def work(block: slice) -> tuple[Indices, Indices, Floats]:
        cosine = as_float32(vectors[block]) @ targets.T
        column = column_of[labels[block]]
        own = np.flatnonzero(column >= 0)
        cosine[own, column[own]] = -np.inf
        if len(cosine) > 4 * count:
            best = np.partition(cosine, len(cosine) - count, axis=0)[len(cosine) - count]
            floors = np.maximum(best, floor)
        else:
            floors = floor
        row, col = np.nonzero((cosine >= floors) & np.isfinite(cosine))
        return row + block.start, col, cosine[row, col]

    best_rows, best_columns = np.empty(0, dtype=np.int64), np.empty(0, dtype=np.int64)
    best_cosines = np.empty(0, dtype=np.float32)
    with one_blas_thread():
        for rows, columns, cosines in map_blocks(work, n, block_rows(wanted, vectors.shape[1])):
            control.progress("nearest outside", int(rows[-1]) + 1 if len(rows) else 0, n, "texts")
            rows, columns = np.concatenate([best_rows, rows]), np.concatenate([best_columns, columns])
            cosines = np.concatenate([best_cosines, cosines])
            order = np.lexsort((rows, -cosines, columns))
            first = np.searchsorted(columns[order], np.arange(wanted))
            rank = np.arange(len(order)) - first[columns[order]]
            order = order[rank < count]
            best_rows, best_columns, best_cosines = rows[order], columns[order], cosines[order]
            full = np.bincount(best_columns, minlength=wanted) == count
            last = np.searchsorted(best_columns, np.arange(wanted), side="right") - 1
            floor[full] = best_cosines[last[full]]
    return [best_rows[best_columns == at] for at in range(wanted)]
