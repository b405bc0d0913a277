"""The table of jobs, in a file of its own beside the store.

A job may hold the store's lock for as long as it runs, and must be seen, and asked to stop, all the same; and that it is
a little further is no news to those who look at the store. Every statement is a transaction of its own.
"""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

FILE_NAME = "jobs.db"

VERSION = 1
"""Of the table; what a program of another version has written is left alone."""

WAIT_SECONDS = 1.0
"""How long a statement waits for another process's, which takes a millisecond."""

_TABLE = """
CREATE TABLE IF NOT EXISTS job (
    id INTEGER PRIMARY KEY AUTOINCREMENT, action TEXT NOT NULL, parameters TEXT NOT NULL, actor TEXT NOT NULL,
    pid INTEGER NOT NULL, host TEXT NOT NULL, born TEXT NOT NULL, stage TEXT NOT NULL, done INTEGER NOT NULL,
    total INTEGER NOT NULL, unit TEXT NOT NULL, stage_at TEXT NOT NULL, stage_done INTEGER NOT NULL, status TEXT NOT NULL,
    message TEXT NOT NULL, code TEXT NOT NULL, started_at TEXT NOT NULL, heartbeat TEXT NOT NULL, ended_at TEXT,
    stopped_by TEXT NOT NULL, view TEXT NOT NULL, log TEXT NOT NULL, calls_from INTEGER NOT NULL, calls_to INTEGER)
"""

COLUMNS = (
    "id", "action", "parameters", "actor", "pid", "host", "born", "stage", "done", "total", "unit", "stage_at", "stage_done",
    "status", "message", "code", "started_at", "heartbeat", "ended_at", "stopped_by", "view", "log", "calls_from", "calls_to",
)  # fmt: skip
"""Of the table. `born` tells the process from a later one of its number, `view` (JSON) is where the user was, `stage_at` and
`stage_done` say when the stage began and with how much done; the calls to models after `calls_from` up to `calls_to` were
made meanwhile."""


class JobTable:
    """The open table; several threads may use it one after the other.

    Args:
        folder: The workspace's folder.
        writable: Whether it is made where it is missing, and can be changed.
    """

    def __init__(self, folder: Path, writable: bool) -> None:
        path = folder / FILE_NAME
        self._connection: sqlite3.Connection | None = None
        if not writable and not path.is_file():
            return
        # What is lost by a power cut is what was said of the last jobs, so nothing waits for the disk.
        name = f"file:{quote(str(path.resolve()))}?mode={'rwc' if writable else 'ro'}"
        connection = sqlite3.connect(
            name, uri=True, timeout=WAIT_SECONDS, isolation_level=None, check_same_thread=False
        )
        try:
            connection.execute("PRAGMA synchronous = OFF")
            found = connection.execute("PRAGMA user_version").fetchone()[0]
            if found == 0 and writable:
                connection.execute(_TABLE)
                connection.execute(f"PRAGMA user_version = {VERSION}")
                found = VERSION
        except sqlite3.Error:
            connection.close()
            raise
        if found == VERSION:
            self._connection = connection
        else:
            connection.close()

    def rows(self, where: str, parameters: dict[str, Any] | None = None) -> list[tuple[Any, ...]]:
        """The jobs that a condition is true of, as tuples of `COLUMNS`."""
        if self._connection is None:
            return []
        return self._connection.execute(
            f"SELECT {', '.join(COLUMNS)} FROM job WHERE {where}", parameters or {}
        ).fetchall()

    def count(self, where: str, parameters: dict[str, Any] | None = None) -> int:
        """How many jobs a condition is true of."""
        if self._connection is None:
            return 0
        return int(
            self._connection.execute(f"SELECT count(*) FROM job WHERE {where}", parameters or {}).fetchone()[
                0
            ]
        )

    def add(self, values: dict[str, Any]) -> int | None:
        """Add a job with these columns; its number, `None` where the table cannot be written."""
        if self._connection is None:
            return None
        marks = ", ".join(f":{name}" for name in values)
        return self._connection.execute(
            f"INSERT INTO job ({', '.join(values)}) VALUES ({marks})", values
        ).lastrowid

    def change(self, job: int, values: dict[str, Any]) -> None:
        """Change columns of a job."""
        if self._connection is not None:
            marks = ", ".join(f"{name} = :{name}" for name in values)
            self._connection.execute(f"UPDATE job SET {marks} WHERE id = :job", {**values, "job": job})

    def forget(self, kept: int) -> None:
        """Delete the oldest jobs that do not run, but the last so many."""
        if self._connection is not None:
            self._connection.execute(
                "DELETE FROM job WHERE status <> 'running' AND id <="
                " (SELECT id FROM job WHERE status <> 'running' ORDER BY id DESC LIMIT 1 OFFSET ?)",
                (kept,),
            )

    def stopped_by(self, job: int) -> str:
        """Who asked the job to stop; empty where nobody did."""
        if self._connection is None:
            return ""
        found: Sequence[str] | None = self._connection.execute(
            "SELECT stopped_by FROM job WHERE id = ?", (job,)
        ).fetchone()
        return found[0] if found else ""

    def close(self) -> None:
        """Close the connection."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None


@contextlib.contextmanager
def job_table(folder: Path, writable: bool) -> Iterator[JobTable]:
    """The table, open for the block."""
    table = JobTable(folder, writable)
    try:
        yield table
    finally:
        table.close()
