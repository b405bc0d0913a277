"""The queries that are in one cluster, or under one node, on one side and in another on the other."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping

import numpy as np

from core.compare.compare import check_level, topics
from core.compare.contingency import Ints
from core.compare.groupings import Both, Grouping, Pair, both, of_run, of_tree, regrouped, table_of
from core.compare.match import best_pairs
from core.compare.rows import MovedRow, NodeMovedRow
from core.lookup import HierarchyInfo, RunInfo, bad_cursor, check_cluster, check_limit, run_of, unknown
from core.page import Page
from db.workspace import Workspace

KEY = np.dtype([("text", np.int64), ("a", np.int64), ("b", np.int64)])
FEW = 5_000
"""Queries up to which each is looked up by itself."""
NOTE = "Queries that are in no matched pair of clusters, nor noise in both runs; `show=matched` of run.compare lists the pairs."


def moved(
    workspace: Workspace,
    runs: tuple[RunInfo, RunInfo],
    from_cluster: int | None,
    to_cluster: int | None,
    limit: int,
    after: str | None,
) -> Page:
    """Texts by their clusters in two runs: of one cluster in a, of one in b, of both, or all that moved.

    With both clusters: the queries in exactly these two. Otherwise those that moved, that is, that are in no pair of
    clusters that `run.compare` matches.

    Raises:
        ActionError: `unknown_cluster`, `nothing_shared`, `bad_limit` or `bad_cursor`.
    """
    check_limit(limit)
    left, right = runs
    of_a, of_b = of_run(workspace, left), of_run(workspace, right)
    for run, cluster in ((left, from_cluster), (right, to_cluster)):
        if cluster is not None:
            check_cluster(workspace, run, cluster)
    if from_cluster is not None and to_cluster is not None:
        found = both(workspace, left, right, from_cluster, to_cluster)
    else:
        everything = both(workspace, left, right)
        table = table_of(everything, left, right)
        found = _of(_moved(everything, Pair(of_a, of_b, table)), from_cluster, to_cluster)

    def row(text: int, query: int, words: str, times: int, i: int, j: int) -> MovedRow:
        return MovedRow(text, query, words, times, i, of_a.classes[i].title, j, of_b.classes[j].title)

    return _page(workspace, found, row, limit, after, from_cluster, to_cluster)


def moved_between_trees(
    workspace: Workspace,
    trees: tuple[HierarchyInfo, HierarchyInfo],
    level: int,
    from_node: str | None,
    to_node: str | None,
    limit: int,
    after: str | None,
) -> Page:
    """As `moved`, by the nodes at a level of two trees.

    Raises:
        ActionError: `bad_level`, `unknown_node`, `nothing_shared`, `bad_limit` or `bad_cursor`.
    """
    check_limit(limit)
    check_level(level, *trees)
    (of_a, class_a), (of_b, class_b) = (of_tree(workspace, tree, level) for tree in trees)
    source = None if from_node is None else _class(of_a, from_node)
    target = None if to_node is None else _class(of_b, to_node)
    runs = (run_of(workspace, trees[0]), run_of(workspace, trees[1]))
    clusters = both(workspace, *runs)
    table = regrouped(table_of(clusters, *runs), class_a, class_b)
    found = Both(clusters.queries, _mapped(clusters.a, class_a), _mapped(clusters.b, class_b))
    if source is None or target is None:
        found = _moved(found, Pair(of_a, of_b, table))
    found = _of(found, source, target)

    def row(text: int, query: int, words: str, times: int, i: int, j: int) -> NodeMovedRow:
        a, b = of_a.classes[i], of_b.classes[j]
        return NodeMovedRow(text, query, words, times, a.id, a.title, b.id, b.title)

    return _page(workspace, found, row, limit, after, source, target)


def _class(grouping: Grouping, node: str) -> int:
    """The number of a node among those that are compared."""
    number = next((number for number, one in grouping.classes.items() if one.id == node), None)
    if number is None:
        known = [one.id for one in grouping.classes.values()]
        raise unknown(
            "node", node, known, f"hierarchy.compare shows those of {grouping.label} of {grouping.name}."
        )
    return number


def _mapped(labels: Ints, of: Mapping[int, int]) -> Ints:
    """The class of each label."""
    known, place = np.unique(labels, return_inverse=True)
    return np.array([of[label] for label in known.tolist()], dtype=np.int64)[place]


def _of(found: Both, source: int | None, target: int | None) -> Both:
    """Only what is in one class of a, and in one of b."""
    kept = np.ones(len(found.queries), dtype=bool)
    if source is not None:
        kept &= found.a == source
    if target is not None:
        kept &= found.b == target
    return Both(found.queries[kept], found.a[kept], found.b[kept])


def _page(
    workspace: Workspace,
    found: Both,
    row: Callable[[int, int, str, int, int, int], MovedRow | NodeMovedRow],
    limit: int,
    after: str | None,
    source: int | None,
    target: int | None,
) -> Page:
    rows = _by_text(workspace, found)
    at = _cursor(after)
    start = 0 if at is None else int(np.searchsorted(rows["key"], np.array(at, dtype=KEY), side="right"))
    page = rows[start : start + limit]
    texts = dict(
        workspace.rows(
            "SELECT id, content FROM text WHERE id IN (SELECT value FROM json_each(?))",
            (json.dumps(page["key"]["text"].tolist()),),
        )
    )
    shown = tuple(row(text, query, texts[text], times, i, j) for (text, i, j), query, times in page.tolist())
    cursor = json.dumps(page["key"][-1].tolist()) if start + limit < len(rows) else None
    exact = source is not None and target is not None
    return Page(shown, len(rows), cursor, None if exact else NOTE)


def _by_text(workspace: Workspace, found: Both) -> np.ndarray:
    """A row for each text and pair of clusters, by these: its first query, and how many there are."""
    text = _texts_of(workspace, found.queries)
    order = np.lexsort((found.queries, found.b, found.a, text))
    keys = np.stack([text, found.a, found.b])[:, order]
    first = np.flatnonzero(np.any(np.diff(keys, axis=1, prepend=-9), axis=0)) if len(order) else order
    rows = np.empty(len(first), dtype=[("key", KEY), ("query", np.int64), ("times", np.int64)])
    for name, values in zip(("text", "a", "b"), keys[:, first], strict=True):
        rows["key"][name] = values
    rows["query"] = found.queries[order][first]
    rows["times"] = np.diff(np.append(first, len(order)))
    return rows


def _texts_of(workspace: Workspace, queries: Ints) -> Ints:
    """The text of each of some queries, rising by id."""
    if len(queries) <= FEW:
        marks = (json.dumps(queries.tolist()),)
        sql = "SELECT text_id FROM query WHERE id IN (SELECT value FROM json_each(?)) ORDER BY id"
        return np.array([row[0] for row in workspace.rows(sql, marks)], dtype=np.int64)
    ends = (int(queries[0]), int(queries[-1]))
    found = workspace.raw.execute("SELECT id, text_id FROM query WHERE id BETWEEN ? AND ? ORDER BY id", ends)
    table = np.fromiter(found, dtype=[("id", np.int64), ("text", np.int64)])
    return np.asarray(table["text"][np.searchsorted(table["id"], queries)])


def _moved(found: Both, pair: Pair) -> Both:
    """Without what did not move: queries in matched clusters, or in no cluster on both sides."""
    table = pair.table
    of_a, of_b = topics(pair)
    matched = {(row, column) for row, column, _ in best_pairs(table, of_a, of_b)}
    cells = zip(table.rows.tolist(), table.columns.tolist(), strict=True)
    stayed = [i * len(of_b) + j for i, j in cells if (i, j) in matched or not (of_a[i] or of_b[j])]
    rows = np.searchsorted(table.row_labels, found.a)
    cell = rows * len(of_b) + np.searchsorted(table.column_labels, found.b)
    kept = ~np.isin(cell, stayed)
    return Both(found.queries[kept], found.a[kept], found.b[kept])


def _cursor(after: str | None) -> tuple[int, ...] | None:
    if after is None:
        return None
    try:
        values = json.loads(after)
    except (ValueError, RecursionError):
        raise bad_cursor(after) from None
    if not (
        isinstance(values, list)
        and len(values) == 3
        and all(type(value) is int and abs(value) < 2**63 for value in values)
    ):
        raise bad_cursor(after)
    return tuple(values)
