"""Runs, their sets of names and their trees: reading, labelling, deleting."""

from __future__ import annotations

import json
from typing import Any

from core.errors import ActionError
from core.lookup import check_limit, find_run, row_cursor
from core.page import Page
from core.rows import HierarchyRow, RunDetail, RunRow, SummarySetRow
from core.session import Session
from core.view import newest
from db import llm_log
from db.workspace import Workspace

_RUN = (
    "SELECT r.id, r.name, r.label, r.algorithm, d.name, p.name,"
    " (SELECT count(*) FROM cluster c WHERE c.run_id = r.id AND c.kind = 'cluster'),"
    " (SELECT coalesce(sum(size), 0) FROM cluster c WHERE c.run_id = r.id),"
    " (SELECT coalesce(sum(size), 0) FROM cluster c WHERE c.run_id = r.id AND c.kind = 'noise'),"
    " r.status, (SELECT name FROM summary_set WHERE id = r.summary_set),"
    " (SELECT name FROM hierarchy WHERE id = r.hierarchy), r.created_at,"
    " r.parameters, r.seed, r.reasons, r.metrics, r.code_version"
    " FROM run r JOIN dataset d ON d.id = r.dataset_id JOIN space p ON p.id = r.space_id"
)


def runs(workspace: Workspace, limit: int, after: str | None) -> Page:
    """The runs, newest first.

    Raises:
        ActionError: `bad_limit` or `bad_cursor`.
    """
    check_limit(limit)
    start = row_cursor(after)
    rows = workspace.rows(
        f"{_RUN} WHERE :after IS NULL OR r.id < :after ORDER BY r.id DESC LIMIT :limit",
        {"after": start, "limit": limit + 1},
    )
    page = tuple(RunRow(*row[1:13]) for row in rows[:limit])
    total = workspace.value("SELECT count(*) FROM run")
    return Page(page, total, str(rows[limit - 1][0]) if len(rows) > limit else None)


def run_detail(workspace: Workspace, run: str | None) -> RunDetail:
    """Everything that is known of a run.

    Raises:
        ActionError: `no_run` or `unknown_run`.
    """
    found = find_run(workspace, run)
    row: Any = workspace.row(f"{_RUN} WHERE r.id = ?", (found.id,))
    parameters, seed, reasons, metrics, code_version = row[13:]
    fields = dict(zip(RunRow.__dataclass_fields__, row[1:13], strict=True))
    return RunDetail(
        **fields,
        parameters=json.loads(parameters),
        seed=seed,
        reasons=tuple(json.loads(reasons)),
        metrics=json.loads(metrics),
        code_version=code_version,
    )


def rename_run(workspace: Workspace, run: str | None, label: str) -> RunDetail:
    """Give a run a label.

    Raises:
        ActionError: `no_run`, `unknown_run` or `bad_label`.
    """
    found = find_run(workspace, run)
    label = label.strip()
    if not label or len(label) > 200:
        raise ActionError("bad_label", "A label has from 1 to 200 characters.", "")
    with workspace.transaction() as connection:
        connection.execute("UPDATE run SET label = ? WHERE id = ?", (label, found.id))
    return run_detail(workspace, found.name)


def delete_run(session: Session, run: str) -> Page:
    """Delete a run with all that hangs on it; its name is never used again.

    Raises:
        ActionError: `unknown_run`.
    """
    workspace = session.workspace
    found = find_run(workspace, run)
    with workspace.transaction() as connection:
        connection.execute("DELETE FROM run WHERE id = ?", (found.id,))
        llm_log.forget_prompts(connection)
    if session.view.run == found.name:
        session.view = newest(workspace)
    return runs(workspace, 50, None)


def summary_sets(workspace: Workspace, run: str | None) -> tuple[SummarySetRow, ...]:
    """The sets of names of a run, newest first."""
    found = find_run(workspace, run)
    rows = workspace.rows(
        "SELECT s.name, s.alias, s.model, (SELECT count(*) FROM summary m WHERE m.summary_set_id = s.id),"
        " s.id = r.summary_set, s.created_at, s.status,"
        " iif(s.parameters ->> 'price' IS NULL AND s.model <> 'local', NULL, s.cost) FROM summary_set s JOIN run r ON r.id = s.run_id"
        " WHERE s.run_id = ? ORDER BY s.id DESC",
        (found.id,),
    )
    return tuple(
        SummarySetRow(name, found.name, alias, model, clusters, bool(current), created_at, status, cost)
        for name, alias, model, clusters, current, created_at, status, cost in rows
    )


def hierarchies(workspace: Workspace, run: str | None) -> tuple[HierarchyRow, ...]:
    """The trees of a run, newest first."""
    found = find_run(workspace, run)
    rows = workspace.rows(
        "SELECT h.name, s.name, h.method, h.levels, (SELECT count(*) FROM node n WHERE n.hierarchy_id = h.id),"
        " h.id = r.hierarchy, h.created_at, h.status,"
        " iif(h.parameters ->> 'price' IS NULL AND h.method <> 'local', NULL, h.cost)"
        " FROM hierarchy h JOIN run r ON r.id = h.run_id"
        " JOIN summary_set s ON s.id = h.summary_set_id WHERE h.run_id = ? ORDER BY h.id DESC",
        (found.id,),
    )
    return tuple(
        HierarchyRow(
            name, found.name, summary_set, method, levels, nodes, bool(current), created_at, status, cost
        )
        for name, summary_set, method, levels, nodes, current, created_at, status, cost in rows
    )
