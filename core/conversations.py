"""Reading one conversation."""

from __future__ import annotations

import json

from core.distances import measured_again
from core.errors import ActionError
from core.lookup import HierarchyInfo, find_run
from core.rows import Membership, QueryDetail, TurnRow
from core.tree import path_of
from db.titles import SUMMARY_JOIN, TITLE_SQL
from db.workspace import Workspace


def conversation(workspace: Workspace, query: int) -> QueryDetail:
    """The whole conversation of a query, and its cluster in each run.

    Raises:
        ActionError: `unknown_query`.
    """
    row = workspace.row(
        "SELECT q.id, v.external_id, d.name, q.text_id, t.content, v.language, v.model, v.timestamp, v.user,"
        " v.metadata, v.id, (SELECT count(*) FROM query o WHERE o.text_id = q.text_id AND o.dataset_id = q.dataset_id)"
        " FROM query q JOIN conversation v ON v.id = q.conversation_id JOIN dataset d ON d.id = q.dataset_id"
        " JOIN text t ON t.id = q.text_id WHERE q.id = ?",
        (query,),
    )
    if row is None:
        raise ActionError(
            "unknown_query", f"There is no query {query}.", "query.list and search.queries show them."
        )
    turns = workspace.rows(
        "SELECT role, content FROM turn WHERE conversation_id = ? ORDER BY position", (row[10],)
    )
    return QueryDetail(
        query=row[0],
        conversation_id=row[1],
        dataset=row[2],
        text_id=row[3],
        text=row[4],
        times=row[11],
        language=row[5],
        chat_model=row[6],
        timestamp=row[7],
        user=row[8],
        metadata=json.loads(row[9]),
        turns=tuple(TurnRow(*turn) for turn in turns),
        clusters=_memberships(workspace, query),
    )


def _memberships(workspace: Workspace, query: int) -> tuple[Membership, ...]:
    rows = workspace.rows(
        f"SELECT r.name, a.cluster, {TITLE_SQL}, a.distance, a.probability, n.key, h.id, h.name, h.run_id,"
        " h.summary_set_id, h.levels, q.text_id,"
        " (SELECT json_group_array(f.flag) FROM query_flag f WHERE f.run_id = a.run_id AND f.query_id = a.query_id)"
        " FROM assignment a JOIN query q ON q.id = a.query_id JOIN run r ON r.id = a.run_id"
        f" JOIN cluster c ON c.run_id = a.run_id AND c.number = a.cluster {SUMMARY_JOIN}"
        " LEFT JOIN hierarchy h ON h.id = r.hierarchy"
        " LEFT JOIN node n ON n.hierarchy_id = h.id AND n.cluster = a.cluster"
        " WHERE a.query_id = ? ORDER BY r.id DESC",
        (query,),
    )
    return tuple(
        Membership(
            run=row[0],
            cluster=row[1],
            title=row[2],
            distance=_distance(workspace, row[0], row[1], row[11], row[3]),
            probability=row[4],
            path=()
            if row[5] is None
            else tuple(p.title for p in path_of(workspace, HierarchyInfo(*row[6:11]), row[5])),
            flags=tuple(json.loads(row[12])),
        )
        for row in rows
    )


def _distance(workspace: Workspace, run: str, cluster: int, text: int, stored: float | None) -> float | None:
    place = cluster, text
    return measured_again(workspace, find_run(workspace, run), [place]).get(place, stored)
