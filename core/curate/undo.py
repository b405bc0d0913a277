"""Taking edits back and doing them again, exactly where nothing else has changed, and never against a later edit.

Facts that an edit decided (where a query belongs, titles, parents, marks) go back when they are still as it left them.
What follows from facts (sizes, centroids, sums) goes back bit for bit when it is as the edit left it; else it is taken from
an image of the cluster with the same queries, or computed again.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from core.curate.edit import Edit, check_reason
from core.curate.forest import Forest
from core.curate.measure import Measure, forget_background
from core.curate.moves import kind_of, make_cluster
from core.curate.rows import Reverted
from core.curate.trees import part, sync_all, trees_of
from core.errors import ActionError
from core.lookup import find_run
from core.page import Page
from core.session import Session
from db import edit_moves, edit_restore, edits, updates
from db.edit_images import AFTER, BEFORE, CLUSTER, MIRRORS, NODE
from db.edits import EditRecord
from db.titles import ORPHANS

MAX_COUNT = 100_000
_SIDES = {BEFORE: "before", AFTER: "after"}
_GENERATED = "(x.\"description\" = '' OR x.\"description\" GLOB '[0-9]* queries in [0-9]* cluster*: *.')"
"""As `core.hierarchy.nodes.is_generated`, in SQL."""


def undo(session: Session, count: int, edit: int | None, run: str | None, reason: str) -> Page:
    """Take back the last edits of the session's actor, or the edit of a number.

    Raises:
        ActionError: `bad_count`, `unknown_edit`, `unknown_run`, `nothing_to_undo`, `already_undone`, `not_an_edit`, or
            `edit_depends` with the later edits on which it depends.
    """
    return _revert(session, count, edit, run, reason, BEFORE)


def redo(session: Session, count: int, edit: int | None, run: str | None, reason: str) -> Page:
    """Do again what the session's actor undid last, or the undone edit of a number.

    Raises:
        ActionError: As `undo`; `nothing_to_redo` when nothing was undone, or a new edit was made since.
    """
    return _revert(session, count, edit, run, reason, AFTER)


def _revert(session: Session, count: int, edit_id: int | None, run: str | None, reason: str, to: int) -> Page:
    check_reason(reason)
    if not 1 <= count <= MAX_COUNT:
        raise ActionError(
            "bad_count", f"count={count} is not from 1 to {MAX_COUNT:,}.", "How many edits, newest first."
        )
    if edit_id is not None and count != 1:
        raise ActionError(
            "bad_count", f"count={count} and edit={edit_id} do not go together.", "Say one of them."
        )
    workspace = session.workspace
    done: list[Reverted] = []
    with edits.turn(workspace), workspace.transaction():
        run_id = find_run(workspace, run).id if run is not None else None
        for _ in range(count):
            target = _target(session, edit_id, run, run_id, to, bool(done))
            if target is None:
                break
            done.append(_one(session, target, to, reason))
            session.control.check()
    return Page(tuple(done), len(done))


def _target(
    session: Session, edit_id: int | None, run: str | None, run_id: int | None, to: int, some: bool
) -> EditRecord | None:
    workspace, actor = session.workspace, session.actor
    if edit_id is None:
        find = edits.last_undoable if to == BEFORE else edits.last_redoable
        found = find(workspace, actor, run_id)
        if found is None and not some:
            what, hint = (
                ("undo", "edit.history shows the edits of all; name one with edit=.")
                if to == BEFORE
                else ("redo", "What was undone before the last edit can be named with edit=.")
            )
            where = f" in {run}" if run is not None else ""
            raise ActionError(f"nothing_to_{what}", f"{actor} has nothing to {what}{where}.", hint)
        return found
    found = edits.find(workspace, edit_id)
    if found is None:
        raise ActionError("unknown_edit", f"There is no edit {edit_id}.", "edit.history shows them.")
    if found.target is not None:
        raise ActionError(
            "not_an_edit",
            f"Edit {edit_id} is the {found.kind} of edit {found.target}.",
            f"Name that one: edit={found.target}.",
        )
    if (found.undone_by is None) != (to == BEFORE):
        code, said, hint = (
            (
                "already_undone",
                f"was undone by edit {found.undone_by}",
                "edit.redo edit={} (key U) does it again.",
            )
            if to == BEFORE
            else ("not_undone", "is in force", "edit.undo edit={} (key u) takes it back.")
        )
        raise ActionError(code, f"Edit {edit_id} {said}.", hint.format(edit_id))
    return found


def _one(session: Session, target: EditRecord, to: int, reason: str) -> Reverted:
    workspace = session.workspace
    connection = workspace.raw
    name = workspace.value("SELECT name FROM run WHERE id = ?", (target.run_id,))
    info = find_run(workspace, name)
    kind = "undo" if to == BEFORE else "redo"
    own = edits.begin(connection, info.id, kind, session.actor, workspace.clock(), reason.strip(), target.id)
    edit = Edit(session, info, connection, own, kind, None)
    _apply(edit, target, to)
    if to == BEFORE:
        edits.mark_undone(connection, target.id, own)
    else:
        edits.mark_redone(connection, target.id, own)
    summary = f"{kind.capitalize()} of edit {target.id}: {target.summary}"
    edits.finish(connection, own, summary, target.moved, {"edit": target.id})
    return Reverted(own, target.id, name, target.kind, target.summary, target.actor, target.moved)


def _apply(edit: Edit, target: EditRecord, to: int) -> None:
    connection, run = edit.connection, edit.run
    here = _SIDES[AFTER if to == BEFORE else BEFORE]
    if edit_moves.moved_elsewhere(connection, run.id, target.id, here):
        raise _depends(edit, target, _moved_queries(target.id, here), {"run": run.id})
    if edit_moves.marks_nothing(connection, target.id, to):
        raise _depends(edit, target, "false", {})
    loose: dict[str, tuple[tuple[Any, ...], ...]] = {}
    for mirror in MIRRORS:
        generated = _GENERATED if mirror is NODE else "false"
        outcome = edit_restore.put_back(connection, mirror, target.id, to, generated)
        if outcome.conflicts:
            raise _depends(edit, target, *_same_rows(mirror.table, outcome.conflicts))
        loose[mirror.table] = outcome.loose
    edit_moves.restore(connection, run.id, target.id, _SIDES[to])
    if edit_moves.came(connection, target.id):
        _account(edit, target, to)
    changed = _clusters(edit, target, [key[1] for key in loose[CLUSTER.table]])
    _trees(edit, target, changed, loose[NODE.table])


def _account(edit: Edit, target: EditRecord, to: int) -> None:
    """What is told of the run follows the queries that an update brought; marks on them must be taken off first."""
    connection, run = edit.connection, edit.run
    forget_background(edit.session.workspace, run.id)
    tell = updates.take_note_back if to == BEFORE else updates.note
    tell(connection, run.id, target.at, target.summary)
    marked = f"f.run_id = {run.id} AND f.query_id IN (SELECT query_id FROM edit_assignment WHERE edit_id = {target.id})"
    if to == BEFORE and connection.execute(f"SELECT 1 FROM query_flag f WHERE {marked}").fetchone():
        raise _depends(edit, target, marked, {}, "query_flag")


def _clusters(edit: Edit, target: EditRecord, loose: Iterable[int]) -> list[int]:
    """Measure what is not as the images have it; the orphans come and go with their queries."""
    connection, run = edit.connection, edit.run
    numbers = set(loose)
    moved = {
        row[0]
        for row in connection.execute(
            "SELECT cluster_before FROM edit_assignment WHERE edit_id = ?1 UNION"
            " SELECT cluster_after FROM edit_assignment WHERE edit_id = ?1",
            (target.id,),
        )
    } - {edit_moves.ABSENT}
    held = {
        number: connection.execute(
            "SELECT EXISTS (SELECT 1 FROM assignment WHERE run_id = ? AND cluster = ?)", (run.id, number)
        ).fetchone()[0]
        for number in moved | numbers
    }
    if held.get(ORPHANS) and kind_of(edit, ORPHANS) is None:
        make_cluster(edit, ORPHANS, "orphans")
        numbers.add(ORPHANS)
    if ORPHANS in held and not held[ORPHANS]:
        connection.execute("DELETE FROM cluster WHERE run_id = ? AND number = ?", (run.id, ORPHANS))
    for number in sorted(held):
        there = kind_of(edit, number) is not None
        if there != bool(held[number]):
            raise _depends(
                edit,
                target,
                "c.run_id = :run AND c.number = :number",
                {"run": run.id, "number": number},
                "cluster",
            )
    measure = Measure(edit.session.workspace, run, len(numbers))
    changed = [number for number in sorted(numbers) if held[number]]
    for number in changed:
        members = edit_moves.fingerprint(connection, run.id, number)
        if not edit_restore.known_measures(connection, run.id, number, members):
            edit_moves.count(connection, run.id, number)
            measure.update(number)
    return changed


def _trees(edit: Edit, target: EditRecord, changed: list[int], loose: tuple[tuple[Any, ...], ...]) -> None:
    """Trees that were built since, and nodes that changed since, follow; nothing may be left that is no tree."""
    named = _named(edit, target)
    for tree, set_id in trees_of(edit):
        forest = Forest(edit.connection, tree)
        known = edit.connection.execute(
            "SELECT 1 FROM edit_node WHERE edit_id = ? AND hierarchy_id = ?", (target.id, tree)
        ).fetchone()
        for node in forest.nodes.values():
            circle = node.key in forest.above(node.key)
            if circle or (node.parent is not None and node.parent not in forest.nodes):
                raise _depends(edit, target, *_same_rows("node", [(tree, node.key), (tree, node.parent)]))
        touched = _touched(edit, target, tree) & set(forest.nodes)
        if any(hierarchy == tree for hierarchy, _ in loose):
            forest.dirty |= touched
        forest.dirty |= forest.crowded(touched)
        sync_all(edit, forest, set_id, changed, () if known else named)
        forest.settle()
        clash = forest.clash()
        if clash is not None and known:
            first, second = clash
            raise _depends(edit, target, *_same_rows("node", [(tree, first.key), (tree, second.key)]))
        part(edit, forest, forest.dirty)
        forest.write()


def _touched(edit: Edit, target: EditRecord, tree: int) -> set[str]:
    """The nodes that an edit changed, and those under which they stood."""
    rows = edit.connection.execute(
        'SELECT "key", parent FROM edit_node WHERE edit_id = ? AND hierarchy_id = ?', (target.id, tree)
    )
    return {key for row in rows for key in row if key is not None}


def _named(edit: Edit, target: EditRecord) -> list[int]:
    """Clusters whose title or description the edit changed."""
    return [
        row[0]
        for row in edit.connection.execute(
            "SELECT a.number FROM edit_cluster a JOIN edit_cluster b ON b.edit_id = a.edit_id AND b.side = 1"
            " AND b.number = a.number WHERE a.edit_id = ? AND a.side = 0 AND (a.title IS NOT b.title"
            " OR a.description IS NOT b.description)",
            (target.id,),
        )
    ]


def _moved_queries(edit_id: int, here: str) -> str:
    return (
        f"a.query_id IN (SELECT m.query_id FROM edit_assignment m LEFT JOIN assignment s ON s.run_id = :run"
        f" AND s.query_id = m.query_id WHERE m.edit_id = {edit_id} AND s.cluster IS NOT {edit_moves.place(here)})"
    )


def _same_rows(table: str, keys: Iterable[tuple[Any, ...]]) -> tuple[str, dict[str, Any], str]:
    alias, columns = {"cluster": ("c", ("run_id", "number")), "node": ("n", ("hierarchy_id", '"key"'))}.get(
        table, ("f", ("run_id", "query_id", "flag"))
    )
    listed = ", ".join(f"{alias}.{column}" for column in columns)
    values = ", ".join(f"value ->> {place}" for place in range(len(columns)))
    return f"({listed}) IN (SELECT {values} FROM json_each(:keys))", {"keys": json.dumps(list(keys))}, table


def _depends(
    edit: Edit, target: EditRecord, where: str, parameters: dict[str, Any], table: str = "assignment"
) -> ActionError:
    """The error that names the edits after `target` which changed what it is about."""
    alias = {"assignment": "a", "cluster": "c", "node": "n", "query_flag": "f"}[table]
    later = edits.records(
        edit.session.workspace,
        f"{edits.IN_FORCE} AND e.applied > :applied AND e.id <> :own AND e.id IN"
        f" (SELECT {alias}.edit_id FROM edit_{table} {alias} WHERE {where}) ORDER BY e.applied DESC LIMIT 20",
        {**parameters, "applied": target.applied, "own": target.id},
    )
    listed = "; ".join(
        f"edit {found.id} by {found.actor}: {found.summary.rstrip('.')}" for found in later[:5]
    )
    more = f" and {len(later) - 5} more" if len(later) > 5 else ""
    first = (
        f"Undo {'it' if len(later) == 1 else 'them'} first, the newest before the others: edit.undo edit={later[0].id}."
        if later
        else ("Something that it needs has changed since; edit.history shows the edits.")
    )
    return ActionError(
        "edit_depends",
        f"Edit {target.id} cannot be {'undone' if edit.kind == 'undo' else 'done again'} by itself"
        + (
            f": what it changed was changed again by {listed}{more}."
            if later
            else ": the run is no longer as it left it."
        ),
        first,
    )
