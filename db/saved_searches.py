"""The searches that people gave names."""

from __future__ import annotations

import sqlite3
from dataclasses import astuple, dataclass

from db.workspace import Workspace

_COLUMNS = "name, text, parameters, saved_by, saved_at"


@dataclass(frozen=True)
class Saved:
    """A row of `saved_search`; `parameters` are those that were given beside the text, JSON."""

    name: str
    text: str
    parameters: str
    saved_by: str
    saved_at: str


def put(connection: sqlite3.Connection, saved: Saved, overwrite: bool) -> bool:
    """Keep a search; whether it was, which an older one of the name prevents but with `overwrite`."""
    verb = "INSERT OR REPLACE" if overwrite else "INSERT OR IGNORE"
    found = connection.execute(
        f"{verb} INTO saved_search ({_COLUMNS}) VALUES (?, ?, ?, ?, ?)", astuple(saved)
    )
    return found.rowcount > 0


def find(workspace: Workspace, name: str) -> Saved | None:
    """The search of that name."""
    row = workspace.row(f"SELECT {_COLUMNS} FROM saved_search WHERE name = ?", (name,))
    return None if row is None else Saved(*row)


def listed(workspace: Workspace, after: str, limit: int) -> list[Saved]:
    """The searches with names behind `after`, by name."""
    rows = workspace.rows(
        f"SELECT {_COLUMNS} FROM saved_search WHERE name > ? ORDER BY name LIMIT ?", (after, limit)
    )
    return [Saved(*row) for row in rows]


def count(workspace: Workspace) -> int:
    """How many there are."""
    return int(workspace.value("SELECT count(*) FROM saved_search"))


def remove(connection: sqlite3.Connection, name: str) -> None:
    """Take a search away, if it is there."""
    connection.execute("DELETE FROM saved_search WHERE name = ?", (name,))
