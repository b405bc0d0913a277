"""Points to cells: counts, the group that leads each cell, and which of its dots are filled. All counts are exact."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from core.map.points import Points

WIDE, HIGH = 2, 4
"""Dots of a cell, as a braille character has them."""

BITS = np.array([[0x01, 0x08], [0x02, 0x10], [0x04, 0x20], [0x40, 0x80]], np.uint8)
"""The bit of each dot in a braille character's code (Unicode 15, chapter 21.1)."""

DITHER = np.array([[1, 5], [7, 3], [2, 6], [8, 4]], np.float64) / 8 - 1 / 16
"""How dense a dot must be to be filled: scattered, so that a cell gets darker evenly (ordered dithering; Bayer, 1973)."""

DENSE = 0.95
"""The share of filled dots that are at most as dense as what counts as full."""

LOOSE = 0.4
"""Up to such a share of filled dots in the filled cells, all of them are shown."""

BLOCK = 1 << 15
"""Points that are looked at together."""

MARGIN = 1.04
"""How much more than the map the whole view shows."""


@dataclass(frozen=True)
class Window:
    """A part of the map: `left`, `bottom` and lengths in its own units, cells from the top left corner."""

    left: float
    bottom: float
    width: float
    height: float
    columns: int
    rows: int

    @property
    def right(self) -> float:
        """Its right edge."""
        return self.left + self.width

    @property
    def top(self) -> float:
        """Its upper edge."""
        return self.bottom + self.height


def window(
    points: Points,
    x: float | None,
    y: float | None,
    width: float | None,
    columns: int,
    rows: int,
    aspect: float,
) -> Window:
    """The part of the map that is asked for: by default all of it, its middle in the middle."""
    low = [float(axis.min()) if len(axis) else 0.0 for axis in (points.x, points.y)]
    high = [float(axis.max()) if len(axis) else 1.0 for axis in (points.x, points.y)]
    if width is None:
        extent = [top - bottom for bottom, top in zip(low, high, strict=True)]
        width = MARGIN * columns * max(extent[0] / columns, extent[1] / (aspect * rows), 1e-6)
    height = width * rows * aspect / columns
    middle = [(bottom + top) / 2 for bottom, top in zip(low, high, strict=True)]
    return Window(
        (middle[0] if x is None else x) - width / 2,
        (middle[1] if y is None else y) - height / 2,
        width,
        height,
        columns,
        rows,
    )


@dataclass(frozen=True, eq=False)
class Raster:
    """The cells with queries, row by row from the top; arrays of one length `m`, but for `in_sight`, `[k]`.

    `pair_*` are the counts behind: one for each cell and cluster that meet, ordered by cell and cluster.
    """

    cell: NDArray[np.int64]
    """Row times columns plus column."""
    queries: NDArray[np.int64]
    dots: NDArray[np.int64]
    in_sight: NDArray[np.int64]
    """Queries in sight of each cluster."""
    pair_cell: NDArray[np.int64]
    pair_cluster: NDArray[np.int64]
    pair_queries: NDArray[np.int64]


def raster(points: Points, at: Window, only: NDArray[np.bool_] | None = None) -> Raster:
    """What stands in the cells of a window; a point on its right or lower edge is outside of it.

    Args:
        points: The map.
        at: What is in sight.
        only: `[n]`: the points that count; `None`: all.
    """
    from scipy import sparse

    columns, rows = at.columns, at.rows
    cell, dot, cluster, queries = _placed(points, at, only)
    shape = (columns * rows, max(len(points.numbers), 1))
    # Points are ordered by cluster, so putting them into their cells' rows orders all pairs, without sorting.
    table = sparse.coo_array((queries, (cell, cluster)), shape=shape).tocsr()
    table.sum_duplicates()
    per_cell = np.diff(table.indptr)
    filled = np.flatnonzero(per_cell)
    pair_queries = table.data.astype(np.int64)
    pair_cluster = table.indices.astype(np.int64)
    starts = table.indptr[:-1][filled]
    counts = np.bincount(dot, weights=queries, minlength=columns * rows * WIDE * HIGH)
    return Raster(
        cell=filled.astype(np.int64),
        queries=np.add.reduceat(pair_queries, starts) if len(filled) else np.empty(0, np.int64),
        dots=_dots(counts.astype(np.float64).reshape(rows, HIGH, columns, WIDE), filled),
        in_sight=np.bincount(pair_cluster, weights=pair_queries, minlength=shape[1]).astype(np.int64),
        pair_cell=np.repeat(np.arange(len(filled)), per_cell[filled]),
        pair_cluster=pair_cluster,
        pair_queries=pair_queries,
    )


def _placed(points: Points, at: Window, only: NDArray[np.bool_] | None) -> tuple[NDArray[np.int32], ...]:
    """The points in sight: the cell and the dot of each, its cluster and its queries.

    Block by block, so that what is computed on the way stays in the processor's cache: at a million points the system takes
    longer to give the memory for it than all else takes.
    """
    columns, rows = at.columns, at.rows
    across, down = columns * WIDE / at.width, rows * HIGH / at.height
    found = []
    for start in range(0, len(points.x), BLOCK):
        block = slice(start, start + BLOCK)
        x = np.floor((points.x[block] - at.left) * across)
        y = np.floor((at.top - points.y[block]) * down)
        inside = (x >= 0) & (x < columns * WIDE) & (y >= 0) & (y < rows * HIGH)
        if only is not None:
            inside &= only[block]
        cluster, queries = points.cluster[block], points.queries[block]
        if not inside.all():
            x, y, cluster, queries = x[inside], y[inside], cluster[inside], queries[inside]
        fine_x, fine_y = x.astype(np.int32), y.astype(np.int32)
        cell = (fine_y // HIGH) * np.int32(columns) + fine_x // WIDE
        found.append((cell, fine_y * np.int32(columns * WIDE) + fine_x, cluster, queries))
    if not found:
        return tuple(np.empty(0, np.int32) for _ in range(4))
    return tuple(np.concatenate(parts) for parts in zip(*found, strict=True))


def _dots(counts: NDArray[np.float64], filled: NDArray[np.int64]) -> NDArray[np.int64]:
    """The filled dots of each filled cell, by counts `[rows, 4, columns, 2]`.

    Where queries lie loosely, every dot that has one is filled. The more of them touch, the more it takes to fill a dot, on a
    scale of logarithms, so that a crowd shows where it is densest.
    """
    blocks = counts.transpose(0, 2, 1, 3).reshape(-1, HIGH, WIDE)[filled]
    some = blocks[blocks > 0]
    if not len(some):
        return np.empty(0, np.int64)
    full = float(np.quantile(some, DENSE))
    level = np.log1p(blocks) / np.log1p(max(full, 1.0))
    crowd = np.clip((len(some) / blocks.size - LOOSE) / (1 - LOOSE), 0, 1)
    bits = (((blocks > 0) & (level >= DITHER * crowd)) * BITS).sum(axis=(1, 2), dtype=np.int64)
    densest = BITS.ravel()[blocks.reshape(len(filled), -1).argmax(axis=1)]
    dots: NDArray[np.int64] = np.where(bits == 0, densest, bits)
    return dots


def leaders(drawn: Raster, weight: NDArray[np.int64]) -> NDArray[np.int64]:
    """`[m]`: the cluster of most queries in each cell, of equal ones that of most `weight`, then the first.

    Args:
        drawn: The cells.
        weight: `[k]`.
    """
    starts = np.flatnonzero(np.diff(drawn.pair_cell, prepend=-1))
    best = _most(drawn.pair_queries, drawn.pair_cell, starts)
    heavy = np.where(best, weight[drawn.pair_cluster], -1)
    best &= _most(heavy, drawn.pair_cell, starts)
    return _first(np.where(best, drawn.pair_cluster, len(weight)), starts)


def leading_groups(drawn: Raster, group: NDArray[np.int64], weight: NDArray[np.int64]) -> NDArray[np.int64]:
    """The same for groups of clusters, `group` of each of which is `[k]`."""
    from scipy import sparse

    # The heaviest first, so that of equal ones the first is right.
    order = np.argsort(-weight, kind="stable")
    rank = np.argsort(order, kind="stable")
    where = (drawn.pair_cell, rank[group[drawn.pair_cluster]])
    table = sparse.coo_array((drawn.pair_queries, where), shape=(len(drawn.cell), len(weight))).tocsr()
    table.sum_duplicates()
    cell = np.repeat(np.arange(len(drawn.cell)), np.diff(table.indptr))
    best = _most(table.data, cell, table.indptr[:-1])
    return order[_first(np.where(best, table.indices, len(weight)), table.indptr[:-1])]


def _most(values: NDArray[np.int64], cell: NDArray[np.int64], starts: NDArray[np.int64]) -> NDArray[np.bool_]:
    """`[p]`: whether an entry has the highest value of its cell; each cell's entries begin at one of `starts`."""
    if not len(values):
        return np.empty(0, np.bool_)
    return np.asarray(values == np.maximum.reduceat(values, starts)[cell])


def _first(values: NDArray[np.int64], starts: NDArray[np.int64]) -> NDArray[np.int64]:
    """`[m]`: the lowest value of each cell."""
    return np.minimum.reduceat(values, starts).astype(np.int64) if len(values) else np.empty(0, np.int64)


def middles(
    leader: NDArray[np.int64],
    drawn: Raster,
    group: NDArray[np.int64],
    columns: int,
    wanted: NDArray[np.bool_],
) -> NDArray[np.int64]:
    """`[groups]`: for each group that leads a cell, or is `wanted` and in sight, the cell in its middle; else -1.

    Of the cells that it leads, or else of those where it is at all, the one nearest to the mean of its queries in sight.

    Args:
        leader: `[m]`: the group that leads each cell.
        drawn: The cells.
        group: `[k]`: the group of each cluster.
        columns: Of the window.
        wanted: `[groups]`: which need one though they lead none.
    """
    groups = len(wanted)
    row, column = np.divmod(drawn.cell, columns)
    of_pair = group[drawn.pair_cluster]
    weights = np.bincount(of_pair, weights=drawn.pair_queries, minlength=groups)
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = [
            np.bincount(of_pair, weights=drawn.pair_queries * axis[drawn.pair_cell], minlength=groups)
            / weights
            for axis in (column, row)
        ]
    wanted = wanted.copy()
    wanted[leader] = False
    other = np.flatnonzero(wanted[of_pair])
    cell = np.concatenate([np.arange(len(leader)), drawn.pair_cell[other]])
    which = np.concatenate([leader, of_pair[other]])
    # A cell is twice as high as wide.
    apart = (column[cell] - mean[0][which]) ** 2 + 4 * (row[cell] - mean[1][which]) ** 2
    order = np.lexsort((cell, apart, which))
    first = order[np.flatnonzero(np.diff(which[order], prepend=-1))]
    found = np.full(groups, -1, np.int64)
    found[which[first]] = drawn.cell[cell[first]]
    return found
