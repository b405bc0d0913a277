"""The jobs of a workspace, of whatever process: reading them, asking one to stop, starting one again."""

from __future__ import annotations

import contextlib
import json
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from core.errors import ActionError
from core.jobs.process import Process, alive
from core.jobs.rows import JobDetail, JobRow, ModelCost
from core.lookup import check_limit, row_cursor
from core.page import Page
from core.references import literal
from core.registry import REGISTRY
from core.session import Session
from core.sessions.lines import Step, json_line
from core.view import View
from db.jobs import FILE_NAME, JobTable, job_table
from db.workspace import Workspace

LOST_SECONDS = 120.0
"""A job of another machine that has said nothing for so long counts as lost."""


@dataclass(frozen=True)
class _Job:
    """A row of the table."""

    id: int
    action: str
    parameters: str
    actor: str
    pid: int
    host: str
    born: str
    stage: str
    done: int
    total: int
    unit: str
    stage_at: str
    stage_done: int
    status: str
    message: str
    code: str
    started_at: str
    heartbeat: str
    ended_at: str | None
    stopped_by: str
    view: str
    log: str
    calls_from: int
    calls_to: int | None

    def lives(self, now: str) -> bool:
        """Whether it runs: its process is there, or, on another machine, has said so lately."""
        if self.status != "running":
            return False
        found = alive(Process(self.host, self.pid, self.born))
        return _seconds(self.heartbeat, now) < LOST_SECONDS if found is None else found

    def state(self, running: frozenset[int]) -> str:
        """The status, with what the table does not know yet."""
        return "lost" if self.status == "running" and self.id not in running else self.status


def jobs(workspace: Workspace, status: str | None, limit: int, after: str | None) -> Page:
    """The jobs: first those that run, then the others, each the newest first.

    Raises:
        ActionError: `bad_limit` or `bad_cursor`.
    """
    check_limit(limit)
    among_running = after is None or after.startswith("r")
    with _table(workspace) as table:
        running = _running(table, workspace.clock())
        alive_ids = frozenset(job.id for job in running)
        where, numbers = _where(status, alive_ids)
        first: list[_Job] = []
        if among_running and status in (None, "running"):
            start = row_cursor(after[1:]) if after is not None else None
            first = [job for job in running if start is None or job.id < start]
        start = None if among_running else row_cursor(after)
        rows = _rows(
            table,
            f"{where} AND (:start IS NULL OR id < :start) ORDER BY id DESC LIMIT :limit",
            {**numbers, "start": start, "limit": limit + 1},
        )
        total = table.count(where, numbers) + (len(running) if status in (None, "running") else 0)
    page = [*first, *rows][: limit + 1]
    last = page[limit - 1] if len(page) > limit else None
    cursor = None if last is None else f"r{last.id}" if last.id in alive_ids else str(last.id)
    return Page(tuple(_row(job, alive_ids) for job in page[:limit]), total, cursor)


def job_detail(workspace: Workspace, job: int) -> JobDetail:
    """Everything that is known of a job.

    Raises:
        ActionError: `unknown_job`.
    """
    with _table(workspace) as table:
        found = _find(table, job)
    now = workspace.clock()
    row = _row(found, frozenset((job,) if found.lives(now) else ()))
    parameters = json.loads(found.parameters)
    models = _models(workspace, found)
    known = [model.cost for model in models if model.cost is not None]
    return JobDetail(
        **{name: getattr(row, name) for name in JobRow.__dataclass_fields__},
        parameters=parameters,
        line=json_line(Step(found.action, _given(found))),
        pid=found.pid,
        host=found.host,
        stopped_by=found.stopped_by,
        code=found.code,
        cost=round(sum(known), 6) if known else None,
        models=models,
        log=tuple(found.log.split("\n")) if found.log else (),
    )


def cancel(session: Session, job: int, dry_run: bool = False) -> JobDetail:
    """Ask a job to stop, of this or of another process; it does at its next report, and keeps what it has finished.

    Raises:
        ActionError: `unknown_job`, or `not_running`.
    """
    workspace = session.workspace
    with _table(workspace) as table:
        found = _find(table, job)
        if not found.lives(workspace.clock()):
            raise ActionError(
                "not_running",
                f"The job {job} does not run: it is {found.state(frozenset())}.",
                "job.list shows which do.",
            )
        if not dry_run and not found.stopped_by:
            table.change(job, {"stopped_by": session.actor})
    return job_detail(workspace, job)


def resume(session: Session, job: int, dry_run: bool = False) -> Any:
    """Start the action of a job again, with its parameters and from where its user was; what it answers.

    An action that keeps what it finished goes on there, any other begins anew.

    Raises:
        ActionError: `unknown_job`, `job_running`, `job_done`, and what the action raises.
    """
    workspace = session.workspace
    with _table(workspace) as table:
        found = _find(table, job)
    if found.lives(workspace.clock()):
        raise ActionError(
            "job_running", f"The job {job} is still running.", f"job.cancel job={job} stops it."
        )
    if found.status == "done":
        raise ActionError(
            "job_done", f"The job {job} is done; there is nothing to go on with.", "job.show has its line."
        )
    then = json.loads(found.view)
    session.view = View(**{name: then.get(name) for name in View.__dataclass_fields__})
    given = {
        name: literal(value) if isinstance(value, str) else value for name, value in _given(found).items()
    }
    return session.dispatch(found.action, given, dry_run=dry_run).data


def _given(job: _Job) -> dict[str, Any]:
    """The parameters that are not at their default."""
    return {name: value for name, value in json.loads(job.parameters).items() if value is not None}


@contextlib.contextmanager
def _table(workspace: Workspace) -> Iterator[JobTable]:
    """The table of jobs, open for the block.

    Raises:
        ActionError: `jobs_unreadable`.
    """
    try:
        with job_table(workspace.folder, workspace.writable) as table:
            yield table
    except sqlite3.Error as error:
        raise ActionError(
            "jobs_unreadable",
            f"{FILE_NAME} cannot be read: {error}.",
            "It only holds what is said of jobs, and may be deleted.",
        ) from error


def _find(table: JobTable, job: int) -> _Job:
    rows = _rows(table, "id = :id", {"id": job})
    if not rows:
        raise ActionError("unknown_job", f"There is no job {job}.", "job.list shows them.")
    return rows[0]


def _rows(table: JobTable, where: str, numbers: dict[str, Any] | None = None) -> list[_Job]:
    return [_Job(*row) for row in table.rows(where, numbers)]


def _running(table: JobTable, now: str) -> list[_Job]:
    """Those that run, the newest first."""
    return [job for job in _rows(table, "status = 'running' ORDER BY id DESC") if job.lives(now)]


def _where(status: str | None, running: frozenset[int]) -> tuple[str, dict[str, Any]]:
    """The jobs of a status that do not run."""
    apart = f"id NOT IN ({', '.join(str(id) for id in sorted(running))})"
    if status is None:
        return apart, {}
    if status == "running":
        return "0", {}
    if status == "lost":
        return f"{apart} AND status IN ('running', 'lost')", {}
    return f"{apart} AND status = :status", {"status": status}


def _row(job: _Job, running: frozenset[int]) -> JobRow:
    state = job.state(running)
    known = REGISTRY.load().get(job.action)
    seconds = _seconds(job.stage_at, job.heartbeat)
    moved = job.done - job.stage_done
    rate = moved / seconds if seconds > 0 and moved > 0 else None
    left = (
        round((job.total - job.done) / rate) if rate and job.total > job.done and state == "running" else None
    )
    message = (
        "Its process is gone; job.resume starts it again."
        if state == "lost" and not job.message
        else job.message
    )
    return JobRow(
        job.id, job.action, known.title if known else job.action, state, job.stage, job.done, job.total, job.unit,
        round(job.done / job.total, 4) if job.total else None, None if rate is None else round(rate, 2), left, message,
        job.actor, job.started_at, job.heartbeat, job.ended_at, state not in ("running", "done") and known is not None,
    )  # fmt: skip


def _models(workspace: Workspace, job: _Job) -> tuple[ModelCost, ...]:
    """What was asked of models while the job ran; one job at a time may ask, so it was this one if it asks at all."""
    known = REGISTRY.load().get(job.action)
    if known is None or ("price" not in known.params and not job.action.startswith("batch.")):
        return ()
    rows = workspace.rows(
        "SELECT model, count(*), sum(tokens_in), sum(tokens_out), sum(cost) FROM llm_call"
        " WHERE id > :first AND (:last IS NULL OR id <= :last) GROUP BY model ORDER BY model",
        {"first": job.calls_from, "last": job.calls_to},
    )
    return tuple(_model_cost(*row) for row in rows)


def _model_cost(model: str, calls: int, sent: int, received: int, cost: float | None) -> ModelCost:
    return ModelCost(model, calls, sent, received, None if cost is None else round(cost, 6))


def _seconds(start: str, end: str) -> float:
    """Seconds between two stored times."""
    try:
        return (datetime.fromisoformat(end) - datetime.fromisoformat(start)).total_seconds()
    except ValueError:
        return 0.0
