"""Writes what a job does into the table of jobs while it runs, so that every process can see it and ask it to stop.

The table has a file of its own (`db.jobs`), so a row neither blocks the job nor is rolled back with it, and can be written
while the job holds the store's lock. What cannot be written is passed over: a job does not fail for its row.
"""

from __future__ import annotations

import contextlib
import json
import sqlite3
import threading
import time
import traceback
from dataclasses import asdict
from typing import Any

from core.control import Control, Progress
from core.errors import ActionError, Cancelled
from core.jobs.process import Process, alive, this_process
from core.jobs.told import told
from core.registry import Action
from core.session import Session
from db.jobs import COLUMNS, JobTable
from db.workspace import Workspace

REPORT_SECONDS = 1.0
"""At most so often the progress is written."""

BEAT_SECONDS = 10.0
"""So often a job that reports nothing says that it lives."""

ASK_SECONDS = 0.5
"""At most so often it is looked whether somebody asked the job to stop."""

KEPT = 500
"""Jobs that are kept beside those that run."""

LOG_LINES, LINE_CHARS, TRACE_CHARS = 200, 500, 8_000
"""What is kept of a job's log at most."""


def run_recorded(session: Session, act: Action, params: dict[str, Any]) -> Any:
    """Run an action as a job that has a row in the table of jobs; what it answers, and what it raises.

    Nothing is written where the store is read-only, or inside a transaction, which may be rolled back.
    """
    workspace = session.workspace
    if not workspace.writable or workspace.raw.in_transaction:
        return act.run(session, **params)
    record = Record(session, act, params)
    before, session.control = session.control, record.control(session.control)
    try:
        answer = act.run(session, **params)
    except BaseException as error:
        record.failed(error)
        raise
    else:
        record.ended("done", told(act.title, answer))
        return answer
    finally:
        session.control = before
        record.close()


class Record:
    """The row of one job.

    Args:
        session: Who acts, on which store; where the user is goes into the row, for the job means it.
        act: What is run.
        params: With these parameters.
    """

    def __init__(self, session: Session, act: Action, params: dict[str, Any]) -> None:
        self.id: int | None = None
        self._clock = session.clock
        self._lock = threading.Lock()
        self._log: list[str] = []
        self._latest = Progress("", 0, 0)
        self._stage_done = 0
        self._stage_at = self._clock()
        self._said = self._asked_at = 0.0
        self._stopped_by = ""
        self._workspace = session.workspace
        self._table: JobTable | None = None
        with contextlib.suppress(sqlite3.Error):
            self._table = JobTable(session.workspace.folder, writable=True)
            self._begin(session, act, params, self._table)
        self._over = threading.Event()
        threading.Thread(target=self._beat, name="job heartbeat", daemon=True).start()

    # What the job says.

    def control(self, inner: Control) -> Control:
        """The control that the job is given: it writes what it is told, and stops the job when the table says so."""

        def report(progress: Progress) -> None:
            self._progressed(progress)
            inner.progress(progress.stage, progress.done, progress.total, progress.unit)

        def cancelled() -> bool:
            inner.check()
            who = self._asked()
            if who:
                raise Cancelled(f"Stopped by {who}; what was finished is kept.")
            return False

        return Control(report, cancelled)

    def failed(self, error: BaseException) -> None:
        """The job ended with an error; of a fault of this program the traceback is kept."""
        if isinstance(error, Cancelled) or getattr(error, "code", "") == "cancelled":
            self.ended("cancelled", str(error), "cancelled")
            return
        code = getattr(error, "code", "")
        if isinstance(error, ActionError) or (code and getattr(error, "message", "")):
            self.ended("failed", str(error), code)
            return
        trace = "".join(traceback.format_exception(error))[-TRACE_CHARS:]
        with self._lock:
            self._log += trace.splitlines()
        self.ended("failed", f"{type(error).__name__}: {error}", "bug")

    def ended(self, status: str, message: str, code: str = "") -> None:
        """The job is over."""
        self._over.set()
        with self._lock:
            self._note(self._latest)
            self._note_text(f"{status}: {message}")
            self._write(
                status=status,
                message=message[: LINE_CHARS * 4],
                code=code,
                ended_at=self._clock(),
                calls_to=_calls(self._workspace),
            )

    def close(self) -> None:
        """Let the connection go."""
        self._over.set()
        with self._lock, contextlib.suppress(sqlite3.Error):
            if self._table is not None:
                self._table.close()

    # The row.

    def _begin(self, session: Session, act: Action, params: dict[str, Any], table: JobTable) -> None:
        here, now = this_process(), self._clock()
        view = {name: value for name, value in asdict(session.view).items() if value is not None}
        self.id = table.add(
            {
                "action": act.id, "parameters": _json(params), "actor": session.actor, "pid": here.pid, "host": here.host,
                "born": here.born, "stage": "", "done": 0, "total": 0, "unit": "", "stage_at": now, "stage_done": 0,
                "status": "running", "message": "", "code": "", "started_at": now, "heartbeat": now, "stopped_by": "",
                "view": _json(view), "log": "", "calls_from": _calls(session.workspace),
            }
        )  # fmt: skip
        _tidy(table, now)

    def _progressed(self, progress: Progress) -> None:
        with self._lock:
            if progress.stage != self._latest.stage:
                self._note(self._latest)
                self._stage_done, self._stage_at = progress.done, self._clock()
                self._note_text(f"{progress.stage}: begins")
            self._latest = progress
            now = time.monotonic()
            if now - self._said >= REPORT_SECONDS:
                self._said = now
                self._write()

    def _beat(self) -> None:
        while not self._over.wait(BEAT_SECONDS):
            with self._lock:
                if not self._over.is_set():
                    self._write()

    def _asked(self) -> str:
        """Who asked the job to stop; empty where nobody did."""
        with self._lock:
            now = time.monotonic()
            due = not self._stopped_by and now - self._asked_at >= ASK_SECONDS
            if due and self.id is not None and self._table is not None:
                self._asked_at = now
                with contextlib.suppress(sqlite3.Error):
                    self._stopped_by = self._table.stopped_by(self.id)
            return self._stopped_by

    def _write(self, **also: Any) -> None:
        if self.id is None or self._table is None:
            return
        latest = self._latest
        with contextlib.suppress(sqlite3.Error):
            self._table.change(
                self.id,
                {
                    "stage": latest.stage, "done": latest.done, "total": latest.total, "unit": latest.unit,
                    "stage_at": self._stage_at, "stage_done": self._stage_done, "heartbeat": self._clock(),
                    "log": "\n".join(self._log[-LOG_LINES:]), **also,
                },
            )  # fmt: skip

    def _note(self, progress: Progress) -> None:
        """Keep how far a stage came."""
        if progress.stage:
            of = f" of {progress.total:,}" if progress.total and progress.total != progress.done else ""
            self._note_text(f"{progress.stage}: {progress.done:,}{of} {progress.unit}".rstrip())

    def _note_text(self, text: str) -> None:
        self._log.append(f"{self._clock()} {' '.join(text.split())[:LINE_CHARS]}")
        del self._log[:-LOG_LINES]


def _calls(workspace: Workspace) -> int:
    """The number of the newest call to a model."""
    return int(workspace.value("SELECT coalesce(max(id), 0) FROM llm_call"))


def _tidy(table: JobTable, now: str) -> None:
    """Call lost what is, and forget what is old."""
    for row in table.rows("status = 'running'"):
        found = dict(zip(COLUMNS, row, strict=True))
        if alive(Process(found["host"], found["pid"], found["born"])) is False:
            table.change(found["id"], {"status": "lost", "ended_at": now})
    table.forget(KEPT)


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, sort_keys=False)
