"""The record of edits: one row each, written in the transaction that does it; and whose turn it is to edit."""

from __future__ import annotations

import contextlib
import json
import random
import sqlite3
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from db import updates
from db.edit_images import NODE
from db.errors import store_error
from db.workspace import Workspace

TURN_SECONDS = 60.0
"""How long an edit waits for edits of other processes before `store_locked`."""

LOCK_NAME = "edit.lock"

IN_FORCE = "e.target IS NULL AND e.undone_by IS NULL"
"""A test on `edit e`: an edit, and no undo or redo, that nobody has taken back."""

_COLUMNS = "id, run_id, kind, actor, at, reason, parameters, summary, moved, target, applied, undone_by"


@dataclass(frozen=True)
class EditRecord:
    """A row of `edit`; see `db.journal_models.Edit`."""

    id: int
    run_id: int
    kind: str
    actor: str
    at: str
    reason: str
    parameters: str
    summary: str
    moved: int
    target: int | None
    applied: int
    undone_by: int | None


@contextlib.contextmanager
def turn(workspace: Workspace) -> Iterator[None]:
    """Hold the right to edit: processes that edit at the same time take turns.

    SQLite's own waiting grows to a tenth of a second, in which a busy writer begins again and again: the other starves.
    Inside a transaction nobody else can write, so there is nothing to wait for.

    Raises:
        StoreError: `store_read_only`, or `store_locked` after `TURN_SECONDS`.
    """
    import fcntl

    if not workspace.writable:
        raise store_error("store_read_only")
    with workspace.connection() as connection:
        if connection.in_transaction:
            yield
            return
        with (workspace.folder / LOCK_NAME).open("a") as handle:
            deadline = time.monotonic() + TURN_SECONDS
            while True:
                try:
                    fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    break
                except BlockingIOError:
                    if time.monotonic() > deadline:
                        raise store_error("store_locked") from None
                    time.sleep(random.uniform(0.0005, 0.0025))
            yield


def begin(
    connection: sqlite3.Connection,
    run_id: int,
    kind: str,
    actor: str,
    at: str,
    reason: str,
    target: int | None = None,
) -> int:
    """Write down that an edit is done; its id."""
    edit_id = connection.execute(
        "INSERT INTO edit (run_id, kind, actor, at, reason, parameters, summary, moved, target, applied)"
        " VALUES (?, ?, ?, ?, ?, '{}', '', 0, ?, 0)",
        (run_id, kind, actor, at, reason, target),
    ).lastrowid
    assert edit_id is not None
    connection.execute("UPDATE edit SET applied = ? WHERE id = ?", (edit_id, edit_id))
    return edit_id


def finish(
    connection: sqlite3.Connection, edit_id: int, summary: str, moved: int, parameters: dict[str, Any]
) -> None:
    """Add what an edit did, in words and in queries moved, and the parameters that do it again (`None`s left out)."""
    given = {name: value for name, value in parameters.items() if value is not None}
    connection.execute(
        "UPDATE edit SET summary = ?, moved = ?, parameters = ? WHERE id = ?",
        (summary, moved, json.dumps(given, ensure_ascii=False, sort_keys=True), edit_id),
    )


def find(workspace: Workspace, edit_id: int) -> EditRecord | None:
    """The edit of that id."""
    row = workspace.row(f"SELECT {_COLUMNS} FROM edit WHERE id = ?", (edit_id,))
    return None if row is None else EditRecord(*row)


def records(workspace: Workspace, where: str, parameters: Sequence[Any] | dict[str, Any]) -> list[EditRecord]:
    """The edits that a condition on `edit e` (with order and limit) leaves."""
    columns = ", ".join(f"e.{column}" for column in _COLUMNS.split(", "))
    return [
        EditRecord(*row) for row in workspace.rows(f"SELECT {columns} FROM edit e WHERE {where}", parameters)
    ]


def last_undoable(workspace: Workspace, actor: str, run_id: int | None) -> EditRecord | None:
    """The edit of a person that came into force last and still is."""
    found = records(
        workspace,
        f"e.actor = ? AND {IN_FORCE} AND (? IS NULL OR e.run_id = ?) ORDER BY e.applied DESC LIMIT 1",
        (actor, run_id, run_id),
    )
    return found[0] if found else None


def last_redoable(workspace: Workspace, actor: str, run_id: int | None) -> EditRecord | None:
    """The edit that a person undid last and has not edited since."""
    found = records(
        workspace,
        "e.undone_by > (SELECT coalesce(max(n.id), 0) FROM edit n WHERE n.actor = :actor AND n.target IS NULL"
        "  AND (:run IS NULL OR n.run_id = :run))"
        " AND (SELECT u.actor FROM edit u WHERE u.id = e.undone_by) = :actor AND (:run IS NULL OR e.run_id = :run)"
        " ORDER BY e.undone_by DESC LIMIT 1",
        {"actor": actor, "run": run_id},
    )
    return found[0] if found else None


_SAID = tuple(column for column in (*NODE.facts, *NODE.derived) if column != "position")
"""What a change of a node is a change of; its place among its siblings follows from them."""

_TOUCHES = {
    "cluster": (
        "SELECT c.edit_id FROM edit_cluster c WHERE c.run_id = :run AND c.number IN (SELECT value FROM json_each(:keys))"
    ),
    "node": (
        "SELECT n.edit_id FROM edit_node n LEFT JOIN edit_node o ON o.edit_id = n.edit_id AND o.side <> n.side"
        f" AND {NODE.same('o', 'n', NODE.key)} WHERE n.hierarchy_id = :tree"
        ' AND n."key" IN (SELECT value FROM json_each(:keys))'
        f" AND (o.edit_id IS NULL OR NOT ({NODE.same('o', 'n', _SAID)}))"
    ),
    "query": (
        "SELECT a.edit_id FROM edit_assignment a WHERE a.query_id IN (SELECT value FROM json_each(:keys))"
        " UNION SELECT f.edit_id FROM edit_query_flag f WHERE f.query_id IN (SELECT value FROM json_each(:keys))"
    ),
}


def touching(kind: str, alias: str = "e") -> str:
    """A condition: the edit, or the one that it undid or did again, changed one of the things `:keys` (a JSON list).

    Args:
        kind: `cluster` (numbers in the run `:run`), `node` (of the tree `:tree`) or `query`.
        alias: The alias of `edit`.
    """
    return f"coalesce({alias}.target, {alias}.id) IN ({_TOUCHES[kind]})"


def version(workspace: Workspace, run_id: int, cluster: int) -> int:
    """The id of the last edit, undo or redo that changed a cluster; 0 where none did."""
    return int(
        workspace.value(
            f"SELECT coalesce(max(e.id), 0) FROM edit e WHERE e.run_id = :run AND {touching('cluster')}",
            {"run": run_id, "keys": json.dumps([cluster])},
        )
    )


def last_after(
    workspace: Workspace, run_id: int, seen: int, kind: str, keys: Sequence[int | str], tree: int | None
) -> EditRecord | None:
    """The newest edit of a run after the edit `seen` that changed one of some things."""
    found = records(
        workspace,
        f"e.run_id = :run AND e.id > :seen AND {touching(kind)} ORDER BY e.id DESC LIMIT 1",
        {"run": run_id, "seen": seen, "keys": json.dumps(list(keys)), "tree": tree},
    )
    return found[0] if found else None


def moved_clusters(connection: sqlite3.Connection, run_id: int) -> list[int]:
    """The clusters of a run whose members are not those that it began with, by edits that hold; a few more may be named."""
    rows = connection.execute(
        "SELECT DISTINCT c.number FROM edit e CROSS JOIN edit_cluster c ON c.edit_id = e.id WHERE e.run_id = ?"
        f" AND {IN_FORCE} AND e.moved > 0 AND e.kind <> '{updates.KIND}' ORDER BY 1",
        (run_id,),
    )
    return [int(row[0]) for row in rows]


def mark_undone(connection: sqlite3.Connection, edit_id: int, by: int) -> None:
    """Note the undo that took an edit back."""
    connection.execute("UPDATE edit SET undone_by = ? WHERE id = ?", (by, edit_id))


def mark_redone(connection: sqlite3.Connection, edit_id: int, by: int) -> None:
    """Note the redo that put an edit in force again."""
    connection.execute("UPDATE edit SET undone_by = NULL, applied = ? WHERE id = ?", (by, edit_id))
