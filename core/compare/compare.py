"""Comparing two runs or two trees, and listing the queries that moved between two runs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np

from core.compare.agreement import scores
from core.compare.choose import choose_runs, choose_trees
from core.compare.contingency import Contingency, Ints
from core.compare.groupings import Grouping, Pair, crossed, of_run, of_tree, regrouped
from core.compare.match import Group, Mask, best_pairs, groups
from core.compare.rows import (
    Agreement,
    Cell,
    Compared,
    Kind,
    KindCount,
    Matched,
    Part,
    Piece,
    Shown,
    Side,
    Sort,
)  # fmt: skip
from core.errors import ActionError
from core.lookup import HierarchyInfo, RunInfo, check_limit, row_cursor, run_of
from db.workspace import Workspace

KINDS: tuple[Kind, ...] = (
    "same", "grown", "shrunk", "changed", "split", "merged", "regrouped", "new", "gone",
)  # fmt: skip
NOTE = (
    "Counted over the queries that both hold. In `all` the noise, and what has no good parent, is a class of its own;"
    " `clustered` leaves out what is in no cluster on one side. Pieces and matches are made of clusters alone."
)


Parts = tuple[list[Part], list[Part]]
"""The classes of a and of b, in the order of the table."""

FLOWS = 12
"""Cells that a piece tells of at most."""


@dataclass(frozen=True)
class Asked:
    """Which rows a comparison lists: those of a kind alone, in which order, from where, and how many."""

    show: Shown = "pieces"
    kind: Kind | None = None
    sort: Sort = "size"
    limit: int = 50
    after: str | None = None


def compare_runs(
    workspace: Workspace, current: str | None, a: str | None, b: str | None, asked: Asked
) -> Compared:
    """What became of the clusters of run `a` in run `b`; `choose_runs` says which they are by default.

    Raises:
        ActionError: `no_run`, `unknown_run`, `one_run`, `nothing_shared`, `no_kind`, `bad_limit` or `bad_cursor`.
    """
    check(asked)
    return _compared(pair_of_runs(workspace, *choose_runs(workspace, current, a, b)), asked)


def compare_trees(
    workspace: Workspace, current: str | None, a: str | None, b: str | None, level: int, asked: Asked
) -> Compared:
    """What became of the themes of tree `a` in tree `b`, by the queries under them; the runs may differ.

    Raises:
        ActionError: `no_hierarchy`, `unknown_hierarchy`, `one_tree`, `bad_level`, `nothing_shared`, `no_kind`, `bad_limit`
            or `bad_cursor`.
    """
    check(asked)
    left, right = choose_trees(workspace, current, a, b)
    check_level(level, left, right)
    (of_a, class_a), (of_b, class_b) = of_tree(workspace, left, level), of_tree(workspace, right, level)
    runs = (run_of(workspace, tree) for tree in (left, right))
    table = regrouped(crossed(workspace, *runs), class_a, class_b)
    return _compared(Pair(of_a, of_b, table), asked)


def check(asked: Asked) -> None:
    """Raise `bad_limit`, or `no_kind` where a kind of piece is asked for of rows that are no pieces."""
    check_limit(asked.limit)
    if asked.kind is not None and asked.show != "pieces":
        raise ActionError("no_kind", f"Rows of show={asked.show} have no kind.", "Leave one of them out.")


def check_level(level: int, *trees: HierarchyInfo) -> None:
    """Raise `bad_level` where no tree has that level."""
    deepest = max(tree.levels for tree in trees)
    if not 1 <= level <= deepest:
        raise ActionError("bad_level", f"level={level} is not from 1 to {deepest}.", "1 are the themes.")


def pair_of_runs(workspace: Workspace, left: RunInfo, right: RunInfo) -> Pair:
    """Two runs side by side."""
    table = crossed(workspace, left, right)
    return Pair(of_run(workspace, left), of_run(workspace, right), table)


def topics(pair: Pair) -> tuple[Mask, Mask]:
    """Which classes of each side are clusters or themes, and not noise or the like."""
    return (
        np.array([pair.a.classes[label].topic for label in pair.table.row_labels.tolist()], dtype=bool),
        np.array([pair.b.classes[label].topic for label in pair.table.column_labels.tolist()], dtype=bool),
    )


def _compared(pair: Pair, asked: Asked) -> Compared:
    table, n = pair.table, pair.table.total
    of_a, of_b = topics(pair)
    from_topic, to_topic = of_a[table.rows], of_b[table.columns]
    pairs = best_pairs(table, of_a, of_b)
    found = groups(table, of_a, of_b)
    resting = int(table.counts[~from_topic & ~to_topic].sum())
    moved = n - sum(overlap for *_, overlap in pairs) - resting
    start = row_cursor(asked.after) or 0
    end = start + asked.limit
    left, came = _unmatched(table, pairs)
    sides = _parts_of(pair, left, came)
    rows: tuple[Piece, ...] | tuple[Matched, ...] | tuple[Cell, ...]
    if asked.show == "pieces":
        listed = [group for group in found if asked.kind in (None, group.kind)]
        mass = {
            group: max(int(left[[*group.rows]].sum()), int(came[[*group.columns]].sum())) for group in listed
        }
        if asked.sort == "moved":
            listed.sort(key=lambda group: -mass[group])
        rows, total = _pieces(table, sides, listed[start:end], mass), len(listed)
    else:
        rows = _matched(sides, pairs) if asked.show == "matched" else _cells(table, sides)
        rows, total = rows[start:end], len(rows)
    return Compared(
        a=_side(pair.a, table.row_sums, of_a),
        b=_side(pair.b, table.column_sums, of_b),
        shared=n,
        agreement=(_agreement("all", table), _agreement("clustered", table.only(of_a, of_b))),
        kinds=_kinds(found),
        moved=moved,
        moved_share=round(moved / n, 6),
        to_noise=int(table.counts[from_topic & ~to_topic].sum()),
        from_noise=int(table.counts[~from_topic & to_topic].sum()),
        show=asked.show,
        rows=rows,
        total=total,
        after=str(end) if end < total else None,
        note=NOTE,
    )


def _side(grouping: Grouping, sums: Ints, topic: Mask) -> Side:
    return Side(
        name=grouping.name,
        label=grouping.label,
        queries=int(sums.sum()),
        clusters=int(topic.sum()),
        noise=int(sums[~topic].sum()),
        only_here=grouping.queries - int(sums.sum()),
    )


def _agreement(over: Literal["all", "clustered"], table: Contingency) -> Agreement:
    if not table.total:
        return Agreement(over, 0, None, None, None, None, None, None)
    return Agreement(over, table.total, *(round(score, 6) for score in scores(table)))


def _kinds(found: list[Group]) -> tuple[KindCount, ...]:
    return tuple(
        KindCount(kind, len(of_kind), sum(group.of_a or group.of_b for group in of_kind))
        for kind in KINDS
        for of_kind in [[group for group in found if group.kind == kind]]
    )


def _parts_of(pair: Pair, left: Ints, came: Ints) -> Parts:
    """The classes of both sides as rows, in the order of the table."""
    table = pair.table
    return (
        _as_parts(pair.a, table.row_labels, table.row_sums, left),
        _as_parts(pair.b, table.column_labels, table.column_sums, came),
    )


def _as_parts(grouping: Grouping, labels: Ints, sums: Ints, moved: Ints) -> list[Part]:
    found = [grouping.classes[label] for label in labels.tolist()]
    counts = zip(found, sums.tolist(), moved.tolist(), strict=True)
    return [Part(one.id, one.title, size, out if one.topic else 0) for one, size, out in counts]


def _unmatched(table: Contingency, pairs: list[tuple[int, int, int]]) -> tuple[Ints, Ints]:
    """Of each row and of each column the queries that are not in its matched pair."""
    left, came = table.row_sums, table.column_sums
    for row, column, overlap in pairs:
        left[row] -= overlap
        came[column] -= overlap
    return left, came


def _pieces(
    table: Contingency, sides: Parts, found: list[Group], mass: Mapping[Group, int]
) -> tuple[Piece, ...]:
    in_a, in_b = sides
    # Rising counts, so that the largest cell of a class is the one that stays; the first one among equals.
    order = np.argsort(table.counts[::-1], kind="stable")
    rows, columns = table.rows[::-1][order], table.columns[::-1][order]
    most_to, most_from = dict(zip(rows, columns, strict=True)), dict(zip(columns, rows, strict=True))
    cells = _Cells(table)
    pieces = []
    for group in found:
        near = None
        if group.kind == "gone":
            near = in_b[most_to[group.rows[0]]]
        elif group.kind == "new":
            near = in_a[most_from[group.columns[0]]]
        pieces.append(
            Piece(
                kind=group.kind,
                a=tuple(in_a[row] for row in group.rows),
                b=tuple(in_b[column] for column in group.columns),
                stayed=group.stayed,
                moved_out=group.of_a - group.stayed,
                moved_in=group.of_b - group.stayed,
                jaccard=round(group.jaccard, 6),
                moved=mass[group],
                near=near,
                flows=_flows(in_a, in_b, cells, group),
            )
        )
    return tuple(pieces)


class _Cells:
    """The cells of each row and of each column of a table."""

    def __init__(self, table: Contingency) -> None:
        self.table = table
        self._by_column = np.argsort(table.columns, kind="stable")
        self._columns = table.columns[self._by_column]

    def touching(self, group: Group) -> Ints:
        """The places of the cells in a row or a column of a group, the largest first."""
        rows = [
            np.arange(*np.searchsorted(self.table.rows, (row, row + 1)), dtype=np.int64) for row in group.rows
        ]
        columns = [
            self._by_column[slice(*np.searchsorted(self._columns, (column, column + 1)))]
            for column in group.columns
        ]
        found = np.unique(np.concatenate([*rows, *columns]))
        return found[np.argsort(-self.table.counts[found], kind="stable")]


def _flows(in_a: list[Part], in_b: list[Part], cells: _Cells, group: Group) -> tuple[Cell, ...]:
    table = cells.table
    largest = cells.touching(group)[:FLOWS].tolist()
    return tuple(
        _cell(in_a[table.rows[at]], in_b[table.columns[at]], int(table.counts[at])) for at in largest
    )


def _cell(a: Part, b: Part, queries: int) -> Cell:
    return Cell(a, b, queries, round(queries / a.size, 6), round(queries / b.size, 6))


def _matched(sides: Parts, pairs: list[tuple[int, int, int]]) -> tuple[Matched, ...]:
    in_a, in_b = sides
    rows = []
    for row, column, overlap in sorted(pairs, key=lambda found: (-found[2], found)):
        a, b = in_a[row], in_b[column]
        jaccard = overlap / (a.size + b.size - overlap)
        rows.append(Matched(a, b, overlap, round(jaccard, 6), a.size - overlap, b.size - overlap))
    return tuple(rows)


def _cells(table: Contingency, sides: Parts) -> tuple[Cell, ...]:
    in_a, in_b = sides
    cells = zip(table.rows.tolist(), table.columns.tolist(), table.counts.tolist(), strict=True)
    return tuple(_cell(in_a[i], in_b[j], n) for i, j, n in sorted(cells, key=lambda cell: (-cell[2], cell)))
