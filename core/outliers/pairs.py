"""All pairs of rows above a cosine: exact, and in bounded memory."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from core.cluster.blocks import as_float32, block_rows, map_blocks, one_blas_thread
from core.cluster.result import Floats, Indices, Labels, Vectors
from core.control import Control

HEAD = 64
"""Leading directions in which pairs are bounded first."""
DIRECT = 600
"""So many rows are compared at once, without a bound."""
SLACK = 1e-4
"""What float32 may lose in a bound."""
MOST_EDGES = 1_000_000
"""Pairs that are held before they are contracted."""
ROWS, COLUMNS = 1_024, 4_096
"""Of the products that pairs are read from."""
CHUNK = 20_000
"""Pairs that are checked at once."""


def components(vectors: Vectors, cosine: float, control: Control | None = None) -> Labels:
    """`[n]` labels: rows that are linked by pairs of at least this cosine have the same one.

    Pairs are ruled out by an upper bound: with the rows turned into the main directions of all, the product of two rows is
    at most that of their first 64 coordinates plus the product of the lengths of what is left (Cauchy and Schwarz). Only
    pairs that pass are computed in full, so that nothing is missed.

    Args:
        vectors: `[n, d]` unit rows, in memory or mapped.
        cosine: The least cosine of a pair.
        control: Asked whether to stop.
    """
    n = len(vectors)
    union = _Union(n)
    if n < 2:
        return union.labels()
    with one_blas_thread():
        if n <= DIRECT:
            rows = as_float32(vectors)
            union.add(*np.nonzero(np.triu(rows @ rows.T >= cosine, 1)))
            return union.labels()
        heads = _heads(vectors)

        def work(block: slice) -> list[tuple[Indices, Indices]]:
            return list(_pairs(vectors, heads, block, cosine))

        for parts in map_blocks(work, n, ROWS):
            for first, second in parts:
                union.add(first, second)
            if control is not None:
                control.check()
    return union.labels()


def _heads(vectors: Vectors) -> Floats:
    """`[n, HEAD + 1]`: coordinates in the main directions, and the length of what is left."""
    n, width = vectors.shape
    rows = block_rows(width)

    def scatter(block: slice) -> np.ndarray:
        part = as_float32(vectors[block])
        return np.asarray(part.T @ part, dtype=np.float64)

    _, axes = np.linalg.eigh(sum(map_blocks(scatter, n, rows)))
    main = axes[:, ::-1][:, :HEAD].astype(np.float32)

    def turn(block: slice) -> Floats:
        part = as_float32(vectors[block])
        head = part @ main
        left = np.einsum("ij,ij->i", part, part) - np.einsum("ij,ij->i", head, head)
        return np.hstack([head, np.sqrt(np.maximum(left, 0))[:, None]])

    return np.concatenate(list(map_blocks(turn, n, rows)))


def _pairs(vectors: Vectors, heads: Floats, block: slice, cosine: float) -> Iterator[tuple[Indices, Indices]]:
    """Links between the rows of a block, themselves and all later rows, enough to tell what hangs together."""
    n = len(vectors)
    for start in range(block.start, n, COLUMNS):
        columns = slice(start, min(start + COLUMNS, n))
        first, second = np.nonzero(heads[block] @ heads[columns].T >= cosine - SLACK)
        if len(first) > ROWS * COLUMNS // 16:
            # So many pairs pass that to compute all is less work.
            product = as_float32(vectors[block]) @ as_float32(vectors[columns]).T
            first, second = np.nonzero(product >= cosine)
        else:
            later = second + start > first + block.start
            first, second = first[later], second[later]
            near = _checked(vectors, first + block.start, second + start, cosine)
            first, second = first[near], second[near]
        if len(first) > ROWS:
            yield _spanning(first, second, block, columns)
        elif len(first):
            yield first + block.start, second + start


def _checked(vectors: Vectors, first: Indices, second: Indices, cosine: float) -> np.ndarray:
    """Which pairs have the cosine."""
    parts = [np.zeros(0, dtype=bool)]
    for at in range(0, len(first), CHUNK):
        left, right = vectors[first[at : at + CHUNK]], vectors[second[at : at + CHUNK]]
        parts.append(np.einsum("ij,ij->i", as_float32(left), as_float32(right)) >= cosine)
    return np.concatenate(parts)


def _spanning(first: Indices, second: Indices, block: slice, columns: slice) -> tuple[Indices, Indices]:
    """Few links with the same components as these, which are sorted by the place in the block."""
    from scipy.sparse import csr_array
    from scipy.sparse.csgraph import connected_components

    # Rows of the block come first, those of the columns after them; one that is both is linked to itself in the end.
    names = np.concatenate([np.arange(block.start, block.stop), np.arange(columns.start, columns.stop)])
    rows, n = block.stop - block.start, len(names)
    starts = np.searchsorted(first, np.arange(n + 1))
    graph = csr_array((np.ones(len(first), dtype=np.float32), second + rows, starts), shape=(n, n))
    labels = connected_components(graph, directed=False)[1]
    heads = names[np.unique(labels, return_index=True)[1]]
    return heads[labels], names


def linked(first: Indices, second: Indices, n: int) -> Labels:
    """`[n]` the component of each of `n` things after these links."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    graph = coo_array((np.ones(len(first), dtype=np.float32), (first, second)), shape=(n, n))
    return np.asarray(connected_components(graph, directed=False)[1], dtype=np.int32)


class _Union:
    """Components of pairs that come bit by bit."""

    def __init__(self, n: int) -> None:
        self._n = n
        self._first: list[Indices] = []
        self._second: list[Indices] = []
        self._held = 0

    def add(self, first: Indices, second: Indices) -> None:
        self._first.append(first)
        self._second.append(second)
        self._held += len(first)
        if self._held > MOST_EDGES:
            labels = self.labels()
            heads = np.unique(labels, return_index=True)[1]
            self._first, self._second = [np.arange(self._n)], [heads[labels]]
            self._held = 0

    def labels(self) -> Labels:
        if not self._first:
            return np.arange(self._n, dtype=np.int32)
        return linked(np.concatenate(self._first), np.concatenate(self._second), self._n)
