"""Reading clusters and their members."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from core.browse.rows import ClusterSort, Narrowing
from core.cursors import signed, unsigned
from core.distances import DISTANCE, JOIN, WITH, members_again, texts_again
from core.facets.tops import top_values
from core.facets.where import conditions
from core.lookup import RunInfo, bad_cursor, check_cluster, check_limit, find_hierarchy, find_run
from core.page import Page
from core.rows import ClusterDetail, ClusterRow, Neighbour, Share, TextRow
from core.tree import node_of_cluster, path_of
from core.update.lag import lag_note
from db.edits import version
from db.search import Filter
from db.titles import DESCRIPTION_SQL, SUMMARY_JOIN, TITLE_SQL
from db.workspace import Workspace

_CLUSTER = (
    f"SELECT c.number, c.kind, {TITLE_SQL} AS title, c.size, c.texts, c.coherence, s.phrases, {DESCRIPTION_SQL},"
    " c.central, c.boundary, c.outside, c.neighbours, c.quality, c.tags, c.flags, c.notes"
    f" FROM cluster c JOIN run r ON r.id = c.run_id {SUMMARY_JOIN} WHERE c.run_id = :run"
)

_ORDERS = {
    "size": "-c.size",
    "coherence": "coalesce(c.coherence, 2)",
    "title": f"lower({TITLE_SQL})",
    "cluster": "0",
}

_MEMBER_ORDERS = {
    "central": f"coalesce(min({DISTANCE}), 9)",
    "boundary": f"-coalesce(min({DISTANCE}), 9)",
    "times": "-count(*)",
    "text_id": "q.text_id",
}


def clusters(
    workspace: Workspace,
    run: str | None,
    sort: ClusterSort,
    narrowing: Narrowing,
    limit: int,
    after: str | None,
) -> Page:
    """The clusters of a run, the noise and the orphans last.

    Raises:
        ActionError: `no_run`, `unknown_run`, `bad_limit` or `bad_cursor`, and what `core.browse.clusters.arranged` raises.
    """
    check_limit(limit)
    found = find_run(workspace, run)
    if sort == "growth" or not narrowing.none:
        # Only here: the arrays behind it are imported by nothing that reads clusters as they stand.
        from core.browse.clusters import arranged

        return arranged(workspace, found, sort, narrowing, limit, after)
    made_by = ("cluster.list", found.name, sort)
    key = f"json_array(c.kind <> 'cluster', {_ORDERS[sort]}, c.number)"
    rows = workspace.rows(
        f"SELECT * FROM ({_CLUSTER.replace('SELECT ', f'SELECT {key} AS cursor, ', 1)})"
        " WHERE :after IS NULL OR (cursor ->> 0, cursor ->> 1, cursor ->> 2) > (:a, :b, :c)"
        " ORDER BY cursor ->> 0, cursor ->> 1, cursor ->> 2 LIMIT :limit",
        {"run": found.id, "limit": limit + 1, **_cursor(unsigned(after, *made_by), 3)},
    )
    total, queries = workspace.row(
        "SELECT count(*), coalesce(sum(size), 0) FROM cluster WHERE run_id = ?", (found.id,)
    ) or (0, 0)
    page = tuple(_cluster_row(row[1:], queries) for row in rows[:limit])
    cursor = signed(rows[limit - 1][0], *made_by) if len(rows) > limit else None
    return Page(page, total, cursor, lag_note(workspace, found))


def _cluster_row(row: tuple[Any, ...], queries: int) -> ClusterRow:
    number, kind, title, size, texts, coherence, phrases = row[:7]
    tags, flags = row[13:15]
    share = size / queries if queries else 0.0
    return ClusterRow(
        number, kind, title, size, share, texts, coherence, _list(phrases), _list(tags), _list(flags)
    )


def cluster_rows(workspace: Workspace, run: RunInfo, numbers: Sequence[int]) -> dict[int, ClusterRow]:
    """Some clusters of a run by number; their shares are of nothing yet."""
    rows = workspace.rows(
        f"{_CLUSTER} AND c.number IN (SELECT value FROM json_each(:numbers))",
        {"run": run.id, "numbers": json.dumps(list(numbers))},
    )
    return {row[0]: _cluster_row(row, 0) for row in rows}


def _cursor(after: str | None, fields: int) -> dict[str, Any]:
    names = "abc"[:fields]
    if after is None:
        return {"after": None, **dict.fromkeys(names)}
    try:
        values = json.loads(after)
        if not isinstance(values, list) or len(values) != fields or not all(map(_fits, values)):
            raise ValueError
    except (ValueError, RecursionError):
        raise bad_cursor(after) from None
    return {"after": after, **dict(zip(names, values, strict=True))}


def _fits(value: Any) -> bool:
    """Whether SQLite can compare with it."""
    return isinstance(value, str | float) or (isinstance(value, int) and -(2**63) <= value < 2**63)


def _list(text: str | None) -> tuple[str, ...]:
    return tuple(json.loads(text)) if text else ()


def cluster_detail(
    workspace: Workspace, run: str | None, cluster: int, examples: int, hierarchy: str | None
) -> ClusterDetail:
    """Everything that the detail pane shows of a cluster.

    Raises:
        ActionError: `no_run`, `unknown_run`, `unknown_cluster` or `bad_limit`.
    """
    check_limit(examples)
    found = find_run(workspace, run)
    check_cluster(workspace, found, cluster)
    row = workspace.row(f"{_CLUSTER} AND c.number = :cluster", {"run": found.id, "cluster": cluster})
    assert row is not None
    _, kind, title, size, texts, coherence, phrases, description, central, boundary, outside, neighbours = (
        row[:12]
    )
    quality, tags, flags, notes = row[12:]
    queries = workspace.value("SELECT sum(size) FROM cluster WHERE run_id = ?", (found.id,))
    node = node_of_cluster(workspace, hierarchy, cluster)
    path = path_of(workspace, find_hierarchy(workspace, hierarchy), node) if node else ()
    return ClusterDetail(
        cluster=cluster,
        run=found.name,
        kind=kind,
        title=title,
        description=description,
        size=size,
        share=size / queries if queries else 0.0,
        texts=texts,
        coherence=coherence,
        phrases=_list(phrases),
        languages=_shares(workspace, found, cluster, "language"),
        models=_shares(workspace, found, cluster, "model"),
        central=text_rows(workspace, found, json.loads(central)[:examples]),
        boundary=text_rows(workspace, found, json.loads(boundary)[:examples]),
        outside=text_rows(workspace, found, json.loads(outside)[:examples]),
        neighbours=_neighbours(workspace, found, json.loads(neighbours)),
        node=node,
        path=tuple(p.title for p in path),
        quality=quality,
        tags=_list(tags),
        flags=_list(flags),
        notes=notes,
        version=version(workspace, found.id, cluster),
        facets=top_values(workspace, found, cluster),
    )


def _shares(workspace: Workspace, run: RunInfo, cluster: int, column: str) -> tuple[Share, ...]:
    rows = workspace.rows(
        f"SELECT coalesce(v.{column}, 'unknown'), count(*) FROM assignment a JOIN query q ON q.id = a.query_id"
        " JOIN conversation v ON v.id = q.conversation_id WHERE a.run_id = ? AND a.cluster = ?"
        " GROUP BY 1 ORDER BY 2 DESC, 1",
        (run.id, cluster),
    )
    total = sum(count for _, count in rows)
    return tuple(Share(value, count, count / total) for value, count in rows)


def _neighbours(
    workspace: Workspace, run: RunInfo, pairs: Sequence[tuple[int, float]]
) -> tuple[Neighbour, ...]:
    titles = {
        number: (title, size)
        for number, title, size in workspace.rows(
            f"SELECT c.number, {TITLE_SQL}, c.size FROM cluster c JOIN run r ON r.id = c.run_id {SUMMARY_JOIN}"
            f" WHERE c.run_id = ? AND c.number IN ({','.join('?' * len(pairs))})",
            (run.id, *(number for number, _ in pairs)),
        )
    }
    return tuple(
        Neighbour(number, *titles[number], similarity) for number, similarity in pairs if number in titles
    )


def text_rows(workspace: Workspace, run: RunInfo, text_ids: Sequence[int]) -> tuple[TextRow, ...]:
    """Texts of a run in the order given, each with its cluster there."""
    rows = workspace.rows(
        f"{WITH} {_MEMBER} AND q.text_id IN (SELECT value FROM json_each(:texts)) GROUP BY q.text_id",
        {"run": run.id, "texts": json.dumps(list(text_ids)), "again": texts_again(workspace, run, text_ids)},
    )
    found = {row[0]: _text_row(row) for row in rows}
    return tuple(found[text_id] for text_id in text_ids if text_id in found)


_MEMBER = (
    "SELECT q.text_id, min(q.id), t.content, count(*), v.language, v.model, a.cluster,"
    f" {TITLE_SQL}, min({DISTANCE})"
    f" FROM assignment a JOIN query q ON q.id = a.query_id {JOIN} JOIN text t ON t.id = q.text_id"
    " JOIN conversation v ON v.id = q.conversation_id JOIN run r ON r.id = a.run_id"
    f" JOIN cluster c ON c.run_id = a.run_id AND c.number = a.cluster {SUMMARY_JOIN}"
    " WHERE a.run_id = :run"
)


def _text_row(row: tuple[Any, ...]) -> TextRow:
    text_id, query, content, times, language, model, cluster, title, distance = row[:9]
    return TextRow(text_id, query, content, times, language, model, cluster, title, distance)


def members(
    workspace: Workspace,
    run: str | None,
    cluster: int | None,
    sort: str,
    limit: int,
    after: str | None,
    where: str | None = None,
) -> Page:
    """The distinct texts of a cluster, or of the whole run; `where` are conditions on facets.

    Raises:
        ActionError: `no_run`, `unknown_run`, `unknown_cluster`, `bad_limit` or `bad_cursor`, and what
            `core.facets.where.conditions` raises.
    """
    check_limit(limit)
    found = find_run(workspace, run)
    scope = ""
    if cluster is not None:
        check_cluster(workspace, found, cluster)
        scope = " AND a.cluster = :cluster"
    chosen = Filter(conditions=conditions(workspace, found.dataset_id, found, where))
    scope += f" AND {chosen.where}"
    order = _MEMBER_ORDERS[sort]
    made_by = ("query.list", found.name, cluster, where, sort)
    rows = workspace.rows(
        f"{WITH} SELECT * FROM ({_MEMBER}{scope} GROUP BY q.text_id"
        f" HAVING :after IS NULL OR ({order}, q.text_id) > (:a, :b) ORDER BY {order}, q.text_id LIMIT :limit)",
        {
            **chosen.parameters,
            "run": found.id,
            "cluster": cluster,
            "limit": limit + 1,
            "again": members_again(workspace, found, cluster),
            **_cursor(unsigned(after, *made_by), 2),
        },
    )
    total = workspace.value(
        "SELECT count(DISTINCT q.text_id) FROM assignment a JOIN query q ON q.id = a.query_id"
        f" WHERE a.run_id = :run{scope}",
        {**chosen.parameters, "run": found.id, "cluster": cluster},
    )
    page = tuple(_text_row(row) for row in rows[:limit])
    return Page(page, total, signed(_next(page[-1], sort), *made_by) if len(rows) > limit else None)


def _next(row: TextRow, sort: str) -> str:
    distance = 9 if row.distance is None else row.distance
    value: float = {
        "central": distance,
        "boundary": -distance,
        "times": -row.times,
        "text_id": row.text_id,
    }[sort]
    return json.dumps([value, row.text_id])
