"""What hangs together by pairs of rows above a cosine, in bounded memory.

Up to `EXACT` rows every pair is looked at. Of more, the pairs within cells are: each row goes to the two nearest of some rows
drawn at random, `ROUNDS` times with others drawn, and near-duplicates nearly always share one of the cells. So the work grows
with the rows, not with their square.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

import numpy as np

from core.cluster.blocks import as_float32, block_rows, map_blocks, one_blas_thread
from core.cluster.result import Floats, Indices, Labels, Vectors
from core.control import Control

HEAD = 64
"""Leading directions in which pairs are bounded first."""
EXACT = 50_000
"""So many rows are compared in all pairs."""
CELL = 5_000
"""Rows of a cell beyond that, on the average."""
ROUNDS = 2
"""Of 1,900 planted links among 40,000 rows one round found 99.95 %, two found all."""
DEEPEST = 2
"""Cells that stay great are parted so many times by likeness, then by chance alone."""
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

    Exact up to `EXACT` rows; of more a link may be missed, none is made up (`in_cells`). Pairs are ruled out by an upper bound: with the rows turned into the main directions of all, the product of two rows is
    at most that of their first 64 coordinates plus the product of the lengths of what is left (Cauchy and Schwarz). Only
    pairs that pass are computed in full, so that nothing is missed.

    Args:
        vectors: `[n, d]` unit rows, in memory or mapped.
        cosine: The least cosine of a pair.
        control: Asked whether to stop.
    """
    n = len(vectors)
    union = _Union(n)
    if n > EXACT:
        return in_cells(vectors, cosine, control)
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


def in_cells(
    vectors: Vectors,
    cosine: float,
    control: Control | None = None,
    *,
    cell: int = CELL,
    exact: int = EXACT,
    rounds: int = ROUNDS,
    depth: int = 0,
) -> Labels:
    """`components` by the pairs within cells of about `cell` rows, of which each row is in two, `rounds` times.

    The rows are drawn by a fixed seed. A cell of more than `exact` rows is parted again.
    """
    n = len(vectors)
    union = _Union(n)
    random = np.random.default_rng(depth)
    for _ in range(rounds):
        for rows in (
            _cells(vectors, max(2, n // cell), random) if depth < DEEPEST else _parts(n, cell, random)
        ):
            if control is not None:
                control.check()
            part = vectors[rows]
            if len(rows) <= exact:
                labels = components(part, cosine, control)
            else:
                labels = in_cells(part, cosine, control, cell=cell, exact=exact, rounds=1, depth=depth + 1)
            _join(union, rows, labels)
    labels = union.labels()
    heads = np.unique(labels, return_index=True)[1]
    if len(heads) <= exact:
        # Thousands of copies come apart by chance alone, and then few groups are left.
        _join(union, heads, components(vectors[heads], cosine, control))
    return union.labels()


def _join(union: _Union, rows: Indices, labels: Labels) -> None:
    """Link each of some rows to the first with its label."""
    _, firsts, places = np.unique(labels, return_index=True, return_inverse=True)
    linked_to = firsts[places]
    apart = linked_to != np.arange(len(rows))
    union.add(rows[apart], rows[linked_to[apart]])


def _cells(vectors: Vectors, count: int, random: np.random.Generator) -> Iterator[Indices]:
    """The rows of each cell, rising: those to which one of `count` rows drawn is the nearest or the second."""
    n = len(vectors)
    centres = as_float32(vectors[np.sort(random.choice(n, count, replace=False))])

    def nearest(block: slice) -> Indices:
        likeness = as_float32(vectors[block]) @ centres.T
        return np.argpartition(-likeness, 1, axis=1)[:, :2]

    with one_blas_thread():
        found = np.concatenate(list(map_blocks(nearest, n, block_rows(count, vectors.shape[1]))))
    order = np.argsort(found.ravel(), kind="stable")
    starts = np.searchsorted(found.ravel()[order], np.arange(count + 1))
    for start, end in pairwise(starts.tolist()):
        if end - start > 1:
            yield order[start:end] // 2


def _parts(n: int, size: int, random: np.random.Generator) -> Iterator[Indices]:
    """All rows in parts of about `size`, by chance."""
    for part in np.array_split(random.permutation(n), max(1, n // size)):
        yield np.sort(part)


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
