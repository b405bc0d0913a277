"""The one door through which a run is edited: a transaction that keeps what it changed.

    with editing(session, "cluster.rename", run, {"cluster": 3, "title": "Poems"}, reason, expect) as edit:
        edit.fresh("cluster", [3])
        edit.connection.execute("UPDATE cluster SET ...")
        edit.summary = "..."
    return edit.done()

Whatever the block changes in `cluster`, `node` and `query_flag` is kept by itself (`db.edit_images`); queries are moved by
`core.curate.moves.move`. An exception rolls everything back, the record included.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from core.curate.rows import Edited
from core.curate.words import check_characters
from core.errors import ActionError
from core.lookup import RunInfo, find_run
from core.session import Session
from db import edit_images, edits

MAX_REASON = 2_000


class _NothingChangedError(Exception):
    """Rolls back an edit that changed nothing."""


@dataclass
class Edit:
    """An edit that is being done."""

    session: Session
    run: RunInfo
    connection: sqlite3.Connection
    id: int
    kind: str
    expect: int | None
    params: dict[str, Any] = field(default_factory=dict)
    """What does it again; the block may say more exactly what it was about."""
    summary: str = ""
    idle: str = "It is so already."
    """What is said where nothing was changed."""
    moved: int = 0
    changed: bool = False
    notes: list[str] = field(default_factory=list)
    nodes: list[str] = field(default_factory=list)
    clusters: tuple[int, ...] = ()
    made: tuple[int, ...] = ()
    gone: tuple[int, ...] = ()
    version: int = 0
    members: tuple[dict[int, str], dict[int, str]] = field(default_factory=lambda: ({}, {}))
    """What stands for the queries of the clusters whose members changed, before and after."""

    def fresh(self, kind: str, keys: Sequence[int | str], tree: int | None = None) -> None:
        """Refuse to go on when something that is about to change was changed after the edit that the caller has seen.

        Args:
            kind: `cluster`, `node` (of `tree`, an id) or `query`.
            keys: Their numbers or keys.
            tree: The id of the tree of the nodes.

        Raises:
            ActionError: `stale`, with the later edit.
        """
        if self.expect is None:
            return
        later = edits.last_after(self.session.workspace, self.run.id, self.expect, kind, keys, tree)
        if later is not None and later.id != self.id:
            raise ActionError(
                "stale",
                f"Edit {later.id} by {later.actor} came after edit {self.expect}: {later.summary}",
                f"Look at it (edit.show edit={later.id}), then edit with expect={later.id}.",
            )

    def note(self, text: str) -> None:
        """Add what a person should know of how it was done."""
        if text not in self.notes:
            self.notes.append(text)

    def done(self) -> Edited:
        """What the edit did, for whoever asked for it."""
        return Edited(
            edit=self.id if self.changed else None,
            run=self.run.name,
            kind=self.kind,
            summary=self.summary if self.changed else f"Nothing to change. {self.idle}",
            version=self.version,
            moved=self.moved,
            clusters=self.clusters,
            made=self.made,
            gone=self.gone,
            nodes=tuple(dict.fromkeys(self.nodes)),
            notes=tuple(self.notes),
        )


@contextmanager
def editing(
    session: Session, kind: str, run: str | None, params: dict[str, Any], reason: str, expect: int | None
) -> Iterator[Edit]:
    """One edit: all or nothing.

    Args:
        session: Whose edit it is.
        kind: The id of the action.
        run: The run; the current one by default.
        params: What the action was given, to repeat it; `None`s are left out.
        reason: Why, in the editor's words.
        expect: The last edit that the caller has seen of what is edited; `None` edits whatever is there.

    Raises:
        ActionError: `no_run`, `unknown_run`, `bad_reason`, `bad_expect` for an edit that is not there yet, and what the block raises.
        StoreError: `store_read_only` or `store_locked`.
    """
    check_reason(reason)
    workspace = session.workspace
    edit: Edit | None = None
    try:
        with edits.turn(workspace), workspace.transaction() as connection:
            found = find_run(workspace, run or session.view.run)
            edit_id = edits.begin(
                connection, found.id, kind, session.actor, workspace.clock(), reason.strip()
            )
            if expect is not None and not 0 <= expect < edit_id:
                raise ActionError(
                    "bad_expect",
                    f"expect={expect} is no edit that there was.",
                    "The version of an earlier answer, or 0 where there was none.",
                )
            edit = Edit(session, found, connection, edit_id, kind, expect, {"run": found.name, **params})
            edit_images.open_images(connection, edit_id)
            yield edit
            rows = edit_images.close_images(connection, edit_id)
            if not rows and not edit.moved:
                raise _NothingChangedError
            edit_images.keep_members(connection, edit_id, edit.members)
            edits.finish(connection, edit_id, edit.summary, edit.moved, edit.params)
            edit.changed, edit.version = True, edit_id
            edit.clusters, edit.made, edit.gone = _clusters(connection, edit_id)
    except _NothingChangedError:
        assert edit is not None
        edit.version = workspace.value(
            "SELECT coalesce(max(id), 0) FROM edit WHERE run_id = ?", (edit.run.id,)
        )


def check_reason(reason: str) -> None:
    """Raise `bad_reason` for what is too long to be one, or cannot be stored."""
    check_characters(reason, "reason", "bad_reason")
    if len(reason) > MAX_REASON:
        raise ActionError("bad_reason", f"A reason has at most {MAX_REASON:,} characters.", "")


def _clusters(
    connection: sqlite3.Connection, edit_id: int
) -> tuple[tuple[int, ...], tuple[int, ...], tuple[int, ...]]:
    """The clusters that an edit changed and left, made, and removed."""
    sides: dict[int, set[int]] = {}
    for number, side in connection.execute(
        "SELECT number, side FROM edit_cluster WHERE edit_id = ? ORDER BY number", (edit_id,)
    ):
        sides.setdefault(number, set()).add(side)
    before, after = {edit_images.BEFORE}, {edit_images.AFTER}
    return (
        tuple(number for number, found in sides.items() if found != before),
        tuple(number for number, found in sides.items() if found == after),
        tuple(number for number, found in sides.items() if found == before),
    )
