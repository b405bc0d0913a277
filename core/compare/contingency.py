"""How two groupings of the same things cross: a sparse table of counts, never one cell for each pair of classes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

Ints = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Contingency:
    """The cells that are not empty, ordered by row, then column; classes count from 0."""

    rows: Ints
    columns: Ints
    counts: Ints
    row_labels: Ints
    """The label of each row's class, rising."""
    column_labels: Ints

    @property
    def row_sums(self) -> Ints:
        return _sums(self.rows, self.counts, len(self.row_labels))

    @property
    def column_sums(self) -> Ints:
        return _sums(self.columns, self.counts, len(self.column_labels))

    @property
    def total(self) -> int:
        return int(self.counts.sum())

    def only(self, rows: NDArray[np.bool_], columns: NDArray[np.bool_]) -> Contingency:
        """The part in these classes of both sides; classes that are left empty vanish."""
        kept = rows[self.rows] & columns[self.columns]
        return contingency(
            self.row_labels[self.rows[kept]], self.column_labels[self.columns[kept]], self.counts[kept]
        )


def contingency(a: ArrayLike, b: ArrayLike, counts: ArrayLike | None = None) -> Contingency:
    """Cross two labellings.

    Args:
        a: `[n]` integer labels, any numbers.
        b: `[n]` integer labels of the same things.
        counts: `[n]` how often each of them counts; default: once.
    """
    left, right = np.asarray(a, dtype=np.int64), np.asarray(b, dtype=np.int64)
    times = np.ones(len(left), dtype=np.int64) if counts is None else np.asarray(counts, dtype=np.int64)
    row_labels, rows = np.unique(left, return_inverse=True)
    column_labels, columns = np.unique(right, return_inverse=True)
    keys, cells = np.unique(rows * max(len(column_labels), 1) + columns, return_inverse=True)
    sums = np.zeros(len(keys), dtype=np.int64)
    np.add.at(sums, cells, times)
    width = max(len(column_labels), 1)
    return Contingency(keys // width, keys % width, sums, row_labels, column_labels)


def _sums(index: Ints, counts: Ints, size: int) -> Ints:
    found = np.zeros(size, dtype=np.int64)
    np.add.at(found, index, counts)
    return found
