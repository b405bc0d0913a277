"""What is loaded: datasets, rejected rows, the state of the workspace, and removing a dataset."""

from __future__ import annotations

from pathlib import Path

from core.lookup import check_limit, find_dataset, row_cursor
from core.page import Page
from core.rows import DatasetRow, RejectRow, Status
from core.session import Session
from core.view import newest
from db import fts, llm_log
from db.workspace import Workspace

_DELETE_BLOCK = 500


def datasets(workspace: Workspace) -> tuple[DatasetRow, ...]:
    """The datasets, newest first."""
    rows = workspace.rows(
        "SELECT d.name, d.source, d.shape, d.conversations,"
        " (SELECT count(DISTINCT q.text_id) FROM query q WHERE q.dataset_id = d.id), d.rejected, d.loaded_at"
        " FROM dataset d ORDER BY d.id DESC"
    )
    return tuple(DatasetRow(*row) for row in rows)


def rejects(workspace: Workspace, dataset: str | None, limit: int, after: str | None) -> Page:
    """The rows of a dataset that could not be loaded, by source in the order of their lines.

    Raises:
        ActionError: `no_data`, `unknown_dataset`, `bad_limit` or `bad_cursor`.
    """
    check_limit(limit)
    dataset_id, _ = find_dataset(workspace, dataset)
    start = row_cursor(after) or 0
    rows = workspace.rows(
        "SELECT id, line, reason, raw, source FROM reject WHERE dataset_id = ? AND id > ? ORDER BY id LIMIT ?",
        (dataset_id, start, limit + 1),
    )
    total = workspace.value("SELECT count(*) FROM reject WHERE dataset_id = ?", (dataset_id,))
    page = tuple(
        RejectRow(line, reason, raw, source if source.startswith("hf:") else Path(source).name)
        for _, line, reason, raw, source in rows[:limit]
    )
    return Page(page, total, str(rows[limit - 1][0]) if len(rows) > limit else None)


def status(workspace: Workspace) -> Status:
    """What the workspace holds."""
    found = datasets(workspace)
    spaces = workspace.value("SELECT count(*) FROM space")
    runs = workspace.value("SELECT count(*) FROM run")
    return Status(
        conversations=sum(row.conversations for row in found),
        texts=workspace.value("SELECT count(*) FROM text"),
        datasets=found,
        spaces=spaces,
        runs=runs,
        next_step=_next_step(workspace, bool(found)),
    )


def _next_step(workspace: Workspace, loaded: bool) -> str:
    """The action that makes sense next, for the newest dataset."""
    if not loaded:
        return "data.load source=sample"
    missing = workspace.value(
        "SELECT EXISTS (SELECT 1 FROM text t WHERE NOT EXISTS (SELECT 1 FROM vector v WHERE v.text_id = t.id))"
    )
    newest = workspace.row(
        "SELECT summary_set, hierarchy, EXISTS (SELECT 1 FROM query q WHERE q.dataset_id = run.dataset_id"
        " AND q.id > (SELECT max(a.query_id) FROM assignment a WHERE a.run_id = run.id)) AS outgrown"
        " FROM run WHERE status = 'done' ORDER BY id DESC LIMIT 1"
    )
    if missing:
        return "embed.run"
    if newest is None or newest[2]:
        return "run.kmeans"
    if newest[0] is None:
        return "summary.create"
    return "hierarchy.build" if newest[1] is None else "node.open node=root"


def clear(session: Session, dataset: str) -> Status:
    """Remove a dataset with all that hangs on it, the texts that no other dataset holds, and the spaces without any.

    The files of vectors keep their rows; a row without a text is not used again.

    Raises:
        ActionError: `no_data` or `unknown_dataset`.
    """
    workspace = session.workspace
    dataset_id, _ = find_dataset(workspace, dataset)
    with workspace.transaction() as connection:
        connection.execute("DELETE FROM dataset WHERE id = ?", (dataset_id,))
        while True:
            orphans = connection.execute(
                "SELECT t.id, t.content FROM text t WHERE NOT EXISTS (SELECT 1 FROM query q WHERE q.text_id = t.id)"
                " LIMIT ?",
                (_DELETE_BLOCK,),
            ).fetchall()
            if not orphans:
                break
            fts.unindex_texts(connection, orphans)
            marks = ",".join("?" * len(orphans))
            ids = [row[0] for row in orphans]
            connection.execute(f"DELETE FROM vector WHERE text_id IN ({marks})", ids)
            connection.execute(f"DELETE FROM text WHERE id IN ({marks})", ids)
        connection.execute(
            "DELETE FROM space WHERE NOT EXISTS (SELECT 1 FROM vector v WHERE v.space_id = space.id)"
            " AND NOT EXISTS (SELECT 1 FROM run r WHERE r.space_id = space.id)"
        )
        llm_log.forget_prompts(connection)
    session.view = newest(workspace)
    return status(workspace)
