"""The queries that are in one cluster in one run and in another in the other."""

from __future__ import annotations

import json

import numpy as np

from core.compare.compare import topics
from core.compare.contingency import Ints
from core.compare.groupings import Both, Grouping, Pair, both, of_run, table_of
from core.compare.match import best_pairs
from core.compare.rows import MovedRow
from core.lookup import RunInfo, bad_cursor, check_cluster, check_limit, find_run
from core.page import Page
from db.workspace import Workspace

KEY = np.dtype([("text", np.int64), ("a", np.int64), ("b", np.int64)])
FEW = 5_000
"""Queries up to which each is looked up by itself."""
NOTE = "Queries that are in no matched pair of clusters, nor noise in both runs; `show=matched` of run.compare lists the pairs."


def moved(
    workspace: Workspace,
    a: str | None,
    b: str,
    from_cluster: int | None,
    to_cluster: int | None,
    limit: int,
    after: str | None,
) -> Page:
    """Texts by their clusters in two runs: of one cluster in a, of one in b, of both, or all that moved.

    With both clusters: the queries in exactly these two. Otherwise those that moved, that is, that are in no pair of
    clusters that `run.compare` matches.

    Raises:
        ActionError: `no_run`, `unknown_run`, `unknown_cluster`, `nothing_shared`, `bad_limit` or `bad_cursor`.
    """
    check_limit(limit)
    left, right = find_run(workspace, a), find_run(workspace, b)
    of_a, of_b = of_run(workspace, left), of_run(workspace, right)
    for run, cluster in ((left, from_cluster), (right, to_cluster)):
        if cluster is not None:
            check_cluster(workspace, run, cluster)
    exact = from_cluster is not None and to_cluster is not None
    if exact:
        found = both(workspace, left, right, from_cluster, to_cluster)
    else:
        found = _moved(both(workspace, left, right), left, right, of_a, of_b)
        kept = np.ones(len(found.queries), dtype=bool)
        if from_cluster is not None:
            kept &= found.a == from_cluster
        if to_cluster is not None:
            kept &= found.b == to_cluster
        found = Both(found.queries[kept], found.a[kept], found.b[kept])
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
    shown = tuple(
        MovedRow(text, query, texts[text], times, i, of_a.classes[i].title, j, of_b.classes[j].title)
        for (text, i, j), query, times in page.tolist()
    )
    cursor = json.dumps(page["key"][-1].tolist()) if start + limit < len(rows) else None
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


def _moved(found: Both, left: RunInfo, right: RunInfo, a: Grouping, b: Grouping) -> Both:
    """Without what did not move: queries in matched clusters, or in no cluster on both sides."""
    table = table_of(found, left, right)
    of_a, of_b = topics(Pair(a, b, table))
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
