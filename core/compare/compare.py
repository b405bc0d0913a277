"""Comparing two runs or two trees, and listing the queries that moved between two runs."""

from __future__ import annotations

from typing import Literal

import numpy as np

from core.compare.agreement import scores
from core.compare.contingency import Contingency, Ints
from core.compare.groupings import Grouping, Pair, crossed, of_run, of_tree, regrouped
from core.compare.match import Group, Mask, best_pairs, groups
from core.compare.rows import Agreement, Cell, Compared, Kind, KindCount, Matched, Part, Piece, Shown, Side
from core.errors import ActionError
from core.lookup import check_limit, find_hierarchy, find_run, row_cursor
from db.workspace import Workspace

KINDS: tuple[Kind, ...] = (
    "same", "grown", "shrunk", "changed", "split", "merged", "regrouped", "new", "gone",
)  # fmt: skip
NOTE = (
    "Counted over the queries that both hold. In `all` the noise, and what has no good parent, is a class of its own;"
    " `clustered` leaves out what is in no cluster on one side. Pieces and matches are made of clusters alone."
)


def compare_runs(
    workspace: Workspace, a: str | None, b: str, show: Shown, limit: int, after: str | None
) -> Compared:
    """What became of the clusters of run `a` in run `b`.

    Raises:
        ActionError: `no_run`, `unknown_run`, `nothing_shared`, `bad_limit` or `bad_cursor`.
    """
    check_limit(limit)
    left, right = find_run(workspace, a), find_run(workspace, b)
    table = crossed(workspace, left, right)
    return _compared(Pair(of_run(workspace, left), of_run(workspace, right), table), show, limit, after)


def compare_trees(
    workspace: Workspace, a: str | None, b: str, level: int, show: Shown, limit: int, after: str | None
) -> Compared:
    """What became of the themes of tree `a` in tree `b`, by the queries under them; the runs may differ.

    Raises:
        ActionError: `no_hierarchy`, `unknown_hierarchy`, `bad_level`, `nothing_shared`, `bad_limit` or `bad_cursor`.
    """
    check_limit(limit)
    left, right = find_hierarchy(workspace, a), find_hierarchy(workspace, b)
    deepest = max(left.levels, right.levels)
    if not 1 <= level <= deepest:
        raise ActionError("bad_level", f"level={level} is not from 1 to {deepest}.", "1 are the themes.")
    runs = [
        find_run(workspace, workspace.value("SELECT name FROM run WHERE id = ?", (tree.run_id,)))
        for tree in (left, right)
    ]
    (of_a, class_a), (of_b, class_b) = of_tree(workspace, left, level), of_tree(workspace, right, level)
    table = regrouped(crossed(workspace, *runs), class_a, class_b)
    return _compared(Pair(of_a, of_b, table), show, limit, after)


def topics(pair: Pair) -> tuple[Mask, Mask]:
    """Which classes of each side are clusters or themes, and not noise or the like."""
    return (
        np.array([pair.a.classes[label].topic for label in pair.table.row_labels.tolist()], dtype=bool),
        np.array([pair.b.classes[label].topic for label in pair.table.column_labels.tolist()], dtype=bool),
    )


def _compared(pair: Pair, show: Shown, limit: int, after: str | None) -> Compared:
    table, n = pair.table, pair.table.total
    of_a, of_b = topics(pair)
    from_topic, to_topic = of_a[table.rows], of_b[table.columns]
    pairs = best_pairs(table, of_a, of_b)
    found = groups(table, of_a, of_b)
    resting = int(table.counts[~from_topic & ~to_topic].sum())
    moved = n - sum(overlap for *_, overlap in pairs) - resting
    rows: tuple[Piece, ...] | tuple[Matched, ...] | tuple[Cell, ...]
    if show == "pieces":
        rows = _pieces(pair, found)
    else:
        rows = _matched(pair, pairs) if show == "matched" else _cells(pair)
    start = row_cursor(after) or 0
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
        show=show,
        rows=rows[start : start + limit],
        total=len(rows),
        after=str(start + limit) if start + limit < len(rows) else None,
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


def _parts_of(pair: Pair) -> tuple[list[Part], list[Part]]:
    """The classes of both sides as rows, in the order of the table."""
    table = pair.table
    return (
        _as_parts(pair.a, table.row_labels, table.row_sums),
        _as_parts(pair.b, table.column_labels, table.column_sums),
    )


def _as_parts(grouping: Grouping, labels: Ints, sums: Ints) -> list[Part]:
    found = [grouping.classes[label] for label in labels.tolist()]
    return [Part(one.id, one.title, size) for one, size in zip(found, sums.tolist(), strict=True)]


def _pieces(pair: Pair, found: list[Group]) -> tuple[Piece, ...]:
    table = pair.table
    in_a, in_b = _parts_of(pair)
    # Rising counts, so that the largest cell of a class is the one that stays; the first one among equals.
    order = np.argsort(table.counts[::-1], kind="stable")
    rows, columns = table.rows[::-1][order], table.columns[::-1][order]
    most_to, most_from = dict(zip(rows, columns, strict=True)), dict(zip(columns, rows, strict=True))
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
                near=near,
            )
        )
    return tuple(pieces)


def _matched(pair: Pair, pairs: list[tuple[int, int, int]]) -> tuple[Matched, ...]:
    in_a, in_b = _parts_of(pair)
    rows = []
    for row, column, overlap in sorted(pairs, key=lambda found: (-found[2], found)):
        a, b = in_a[row], in_b[column]
        jaccard = overlap / (a.size + b.size - overlap)
        rows.append(Matched(a, b, overlap, round(jaccard, 6), a.size - overlap, b.size - overlap))
    return tuple(rows)


def _cells(pair: Pair) -> tuple[Cell, ...]:
    in_a, in_b = _parts_of(pair)
    table = pair.table
    cells = zip(table.rows.tolist(), table.columns.tolist(), table.counts.tolist(), strict=True)
    return tuple(
        Cell(in_a[i], in_b[j], n, round(n / in_a[i].size, 6), round(n / in_b[j].size, 6))
        for i, j, n in sorted(cells, key=lambda cell: (-cell[2], cell))
    )
