"""Which cluster of one grouping stands for which of the other, and what became of those for which none does."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.compare.contingency import Contingency, Ints
from core.compare.rows import Kind

Mask = NDArray[np.bool_]

SAME = 0.9
"""The Jaccard index from which on a cluster counts as the same."""


@dataclass(frozen=True)
class Group:
    """Row and column classes that belong together; `stayed` counts what is in both."""

    kind: Kind
    rows: tuple[int, ...]
    columns: tuple[int, ...]
    stayed: int
    of_a: int
    of_b: int

    @property
    def jaccard(self) -> float:
        either = self.of_a + self.of_b - self.stayed
        return self.stayed / either if either else 0.0


def best_pairs(table: Contingency, topic_a: Mask, topic_b: Mask) -> list[tuple[int, int, int]]:
    """Pairs of classes, each class at most once, with the largest overlap in all: (row, column, overlap), by row.

    The assignment problem (Kuhn, 1955), solved apart for classes that no overlap connects: a pair without overlap is never
    in the answer.

    Args:
        table: All classes.
        topic_a: `[rows]` which of them can be matched.
        topic_b: `[columns]` likewise.
    """
    from scipy.optimize import linear_sum_assignment

    cells = np.flatnonzero(topic_a[table.rows] & topic_b[table.columns])
    part = _parts(table, cells)[table.rows[cells]]
    order = np.argsort(part, kind="stable")
    pairs: list[tuple[int, int, int]] = []
    for together in np.split(cells[order], np.flatnonzero(np.diff(part[order])) + 1) if len(cells) else ():
        rows, at_row = np.unique(table.rows[together], return_inverse=True)
        columns, at_column = np.unique(table.columns[together], return_inverse=True)
        overlap = np.zeros((len(rows), len(columns)))
        overlap[at_row, at_column] = table.counts[together]
        for i, j in zip(*linear_sum_assignment(overlap, maximize=True), strict=True):
            if overlap[i, j] > 0:
                pairs.append((int(rows[i]), int(columns[j]), int(overlap[i, j])))
    return sorted(pairs)


def groups(table: Contingency, topic_a: Mask, topic_b: Mask) -> list[Group]:
    """Every topic of both sides in exactly one group, the largest groups first.

    Two classes are `same` when their Jaccard index reaches `SAME`. Of the others two are linked when more than half of one
    lies in the other, and what links connect is a group: one to one, one to several (`split`), several to one (`merged`),
    several to several (`regrouped`), or alone. Sizes are those of the whole table: what went to the noise has moved out.
    """
    of_a, of_b = table.row_sums, table.column_sums
    a, b, overlap = of_a[table.rows], of_b[table.columns], table.counts
    topic = topic_a[table.rows] & topic_b[table.columns]
    same = topic & (overlap >= SAME * (a + b - overlap))
    same_a, same_b = np.zeros(len(of_a), dtype=bool), np.zeros(len(of_b), dtype=bool)
    same_a[table.rows[same]] = same_b[table.columns[same]] = True
    free = topic & ~same_a[table.rows] & ~same_b[table.columns]
    part = _parts(table, np.flatnonzero(same | (free & ((2 * overlap > a) | (2 * overlap > b)))))
    inside = topic & (part[table.rows] == part[len(of_a) + table.columns])
    stayed = np.zeros(len(part), dtype=np.int64)
    np.add.at(stayed, part[table.rows[inside]], overlap[inside])
    sides: dict[int, tuple[list[int], list[int]]] = {}
    for at in np.flatnonzero(np.concatenate([topic_a, topic_b])).tolist():
        rows, columns = sides.setdefault(int(part[at]), ([], []))
        (rows if at < len(of_a) else columns).append(at if at < len(of_a) else at - len(of_a))
    found = []
    for group, (rows, columns) in sides.items():
        sum_a, sum_b = int(of_a[rows].sum()), int(of_b[columns].sum())
        kind = "same" if rows and same_a[rows[0]] else _kind(len(rows), len(columns), sum_a, sum_b)
        found.append(Group(kind, tuple(rows), tuple(columns), int(stayed[group]), sum_a, sum_b))
    return sorted(found, key=lambda g: (-max(g.of_a, g.of_b), g.rows, g.columns))


def _parts(table: Contingency, cells: Ints) -> Ints:
    """`[rows + columns]`: the number of the part in which each class is, where the cells connect classes."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    rows, columns = len(table.row_labels), len(table.column_labels)
    ends = (table.rows[cells], rows + table.columns[cells])
    links = coo_array((np.ones(len(cells), dtype=np.int8), ends), shape=(rows + columns, rows + columns))
    _, part = connected_components(links, directed=False)
    return np.asarray(part, dtype=np.int64)


def _kind(rows: int, columns: int, of_a: int, of_b: int) -> Kind:
    if not columns:
        return "gone"
    if not rows:
        return "new"
    if rows == columns == 1:
        return "grown" if of_b > of_a else "shrunk" if of_b < of_a else "changed"
    return "split" if rows == 1 else "merged" if columns == 1 else "regrouped"
