"""Nearest neighbours among the rows themselves: exact for tens of thousands, an inverted file above."""

from __future__ import annotations

import numpy as np

from core.cluster.blocks import BLOCK_BYTES, as_float32, block_rows, map_blocks, take
from core.cluster.lloyd import assign, lloyd
from core.cluster.measure import neighbour_clusters
from core.cluster.result import Floats, Indices, Labels, Vectors
from core.control import Control

EXACT_ROWS = 30_000
PROBES = 8
"""Cells looked into for each row, its own included."""
TRAINING_ROWS = 50_000


def nearest_neighbours(
    vectors: Vectors, k: int, seed: int = 0, control: Control | None = None
) -> tuple[Labels, Floats]:
    """The `k` nearest other rows of each row: indices `[n, k]`, unordered, and their Euclidean distances.

    Above `EXACT_ROWS` an inverted file (Jegou, Douze and Schmid, 2011): rows are put into about sqrt(n) cells, and a
    row looks into the `PROBES` cells nearest to its own. Cells are far larger than `k`, so few neighbours are missed.
    The same bytes on any number of threads; call it inside `one_blas_thread`.

    Args:
        vectors: `[n, d]` unit rows.
        k: Neighbours of each row, below `n`.
        seed: Of the cells.
        control: Told of the rows done, and asked whether to stop.
    """
    control = control or Control()
    n = len(vectors)
    found, distances = np.empty((n, k), dtype=np.int32), np.empty((n, k), dtype=np.float32)
    if n <= EXACT_ROWS:
        every = as_float32(vectors)

        def near(block: slice) -> tuple[Indices, Labels, Floats]:
            own = np.arange(block.start, block.stop)
            return own, *_nearest(every[block], own, every, np.arange(n, dtype=np.int32), k)

        parts = map_blocks(near, n, block_rows(n))
    else:
        members, starts, probes = _cells(vectors, seed, control)

        def near(block: slice) -> tuple[Indices, Labels, Floats]:
            cell = block.start
            own = members[starts[cell] : starts[cell + 1]]
            others = np.sort(np.concatenate([members[starts[c] : starts[c + 1]] for c in probes[cell]]))
            rows = take(vectors, others)
            step = max(1, BLOCK_BYTES // (4 * len(others)))
            pieces = [own[at : at + step] for at in range(0, len(own), step)]
            results = [
                _nearest(rows[np.searchsorted(others, piece)], piece, rows, others.astype(np.int32), k)
                for piece in pieces
            ]
            index, distance = zip(*results, strict=True) if results else ((found[:0],), (distances[:0],))
            return own, np.concatenate(index), np.concatenate(distance)

        parts = map_blocks(near, len(starts) - 1, 1)
    done = 0
    for own, index, distance in parts:
        found[own], distances[own] = index, distance
        done += len(own)
        control.progress("neighbours", done, n, "texts")
    return found, distances


def _nearest(rows: Floats, own: Indices, candidates: Floats, names: Labels, k: int) -> tuple[Labels, Floats]:
    """The `k` nearest of `candidates` (called `names`, rising) to each row, itself left out."""
    cosine = rows @ candidates.T
    cosine[np.arange(len(rows)), np.searchsorted(names, own)] = -np.inf
    best = np.argpartition(cosine, cosine.shape[1] - k, axis=1)[:, -k:]
    near = np.take_along_axis(cosine, best, axis=1)
    return names[best], np.sqrt(np.maximum(2 - 2 * near, 0))


def _cells(vectors: Vectors, seed: int, control: Control) -> tuple[Indices, Indices, Labels]:
    """Row indices by cell, where each cell starts, and the cells `[cells, PROBES]` that each one looks into."""
    n = len(vectors)
    order = np.random.default_rng(seed).permutation(n)
    trained = np.sort(order[:TRAINING_ROWS])
    rows = take(vectors, trained)
    start = rows[np.sort(np.random.default_rng(seed).permutation(len(rows))[: round(np.sqrt(n))])]
    fit = lloyd(rows, np.ones(len(rows)), start, 8, 1e-3, control)
    labels = assign(vectors, np.ones(n), fit.centroids, control)[0]
    members = np.argsort(labels, kind="stable")
    starts = np.searchsorted(labels[members], np.arange(len(start) + 1))
    own = np.arange(len(start), dtype=np.int32)[:, None]
    return members, starts, np.hstack([own, neighbour_clusters(fit.centroids, PROBES - 1)])
