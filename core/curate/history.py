"""Looking back: which edits there were, what each changed, and whose doing a cluster is."""

from __future__ import annotations

import json
import re
from typing import Any

from core.curate.rows import Blamed, Change, EditRow, EditShown, Moved
from core.errors import ActionError
from core.hierarchy.nodes import is_generated
from core.lookup import check_cluster, check_limit, find_hierarchy, find_run, row_cursor
from core.page import Page
from core.sessions.lines import Step, json_line
from db import edits
from db.edit_images import AFTER, BEFORE, CLUSTER, MIRRORS, NODE, Mirror
from db.edit_moves import ABSENT
from db.edits import EditRecord
from db.workspace import Workspace

EXAMPLES = 10
_HIDDEN = ("title_vector", "centroid")
_LISTS = ("tags", "flags", "neighbours", "central", "boundary", "outside", "halves")
_DATE = re.compile(r"\d{4}(-\d\d(-\d\d([T ]\d\d(:\d\d(:\d\d)?)?Z?)?)?)?", re.ASCII)


def history(
    workspace: Workspace,
    run: str | None,
    *,
    cluster: int | None,
    query: int | None,
    actor: str | None,
    since: str | None,
    until: str | None,
    limit: int,
    after: str | None,
    node: str | None = None,
    hierarchy: str | None = None,
) -> Page:
    """The edits, newest first, undos and redos among them.

    Args:
        workspace: The store.
        run: Only of this run; of all runs by default, but of a cluster only in a run.
        cluster: Only those that changed this cluster.
        query: Only those that moved or marked this query.
        actor: Only by this person.
        since: From this time on: a date, or a date and a time, UTC.
        until: Up to and with this time; a date means the whole day.
        limit: At most so many.
        after: The id after which to go on.
        node: Only those that changed this theme or leaf, its place, or what it counts.
        hierarchy: The tree of the node.

    Raises:
        ActionError: `unknown_run`, `unknown_hierarchy`, `no_hierarchy`, `bad_parameter`, `bad_date`, `bad_limit` or
            `bad_cursor`.
    """
    check_limit(limit)
    things = [thing for thing in (cluster, query, node) if thing is not None]
    if len(things) > 1:
        raise ActionError("bad_parameter", "Name one thing alone.", "cluster= or query= or node=.")
    tree = find_hierarchy(workspace, hierarchy) if node is not None else None
    found = find_run(workspace, run) if run is not None or cluster is not None else None
    for moment in (since, until):
        if moment is not None and not _DATE.fullmatch(moment):
            raise ActionError(
                "bad_date", f"{moment[:40]!r} is no date.", "For example 2026-01-31 or 2026-01-31T12:00Z."
            )
    conditions = {
        "e.run_id = :run": found is not None,
        edits.touching("cluster"): cluster is not None,
        edits.touching("query"): query is not None,
        edits.touching("node"): node is not None,
        "e.actor = :actor": actor is not None,
        "e.at >= :since": since is not None,
        # A colon stands before every other character of a later time; a tilde stands behind them all.
        "e.at <= :until || '~'": until is not None,
    }
    where = " AND ".join(condition for condition, wanted in conditions.items() if wanted) or "true"
    values = {
        "run": found.id if found else None,
        "keys": json.dumps(things),
        "tree": tree.id if tree else None,
        "actor": actor,
        "since": _moment(since),
        "until": _moment(until),
    }
    total = workspace.value(f"SELECT count(*) FROM edit e WHERE {where}", values)
    rows = edits.records(
        workspace,
        f"{where} AND (:after IS NULL OR e.id < :after) ORDER BY e.id DESC LIMIT :limit",
        {**values, "after": row_cursor(after), "limit": limit + 1},
    )
    names = dict(workspace.rows("SELECT id, name FROM run"))
    page = tuple(_row(record, names[record.run_id]) for record in rows[:limit])
    return Page(page, total, str(page[-1].edit) if len(rows) > limit else None)


def _moment(moment: str | None) -> str | None:
    return None if moment is None else moment.replace(" ", "T").removesuffix("Z")


def line_of(record: EditRecord) -> str:
    """The line of script that does an edit again, as JSON."""
    action = f"edit.{record.kind}" if record.target is not None else record.kind
    params = json.loads(record.parameters)
    if record.reason:
        params["reason"] = record.reason
    return json_line(Step(action, params))


def _row(record: EditRecord, run: str) -> EditRow:
    return EditRow(
        record.id, run, record.kind, record.actor, record.at, record.reason, record.summary, record.moved,
        record.target, record.undone_by, line_of(record),
    )  # fmt: skip


def show(workspace: Workspace, edit: int) -> EditShown:
    """An edit with what it changed; of an undo or a redo, what its target changed, turned round for the undo.

    Raises:
        ActionError: `unknown_edit`.
    """
    record = edits.find(workspace, edit)
    if record is None:
        raise ActionError("unknown_edit", f"There is no edit {edit}.", "edit.history shows them.")
    run = workspace.value("SELECT name FROM run WHERE id = ?", (record.run_id,))
    row = _row(record, run)
    source, back = record.target or record.id, record.kind == "undo"
    facts: list[Change] = []
    derived: list[Change] = []
    for mirror in MIRRORS:
        for change, decided in _changes(workspace, mirror, source, back):
            (facts if decided else derived).append(change)
    fields = {name: getattr(row, name) for name in EditRow.__dataclass_fields__}
    return EditShown(
        **fields, changes=tuple(facts), moves=_moves(workspace, source, back), derived=tuple(derived)
    )


def _changes(workspace: Workspace, mirror: Mirror, edit: int, back: bool) -> list[tuple[Change, bool]]:
    """(change, whether it was decided and did not only follow) of one table."""
    columns = mirror.columns
    listed = ", ".join(f'"{column}"' for column in columns)
    sides: dict[tuple[Any, ...], dict[int, dict[str, Any]]] = {}
    for side, *values in workspace.rows(
        f"SELECT side, {listed} FROM {mirror.images} WHERE edit_id = ? ORDER BY {', '.join(f'{chr(34)}{k}{chr(34)}' for k in mirror.key)}, side",
        (edit,),
    ):
        row = dict(zip(columns, values, strict=True))
        sides.setdefault(tuple(row[key] for key in mirror.key), {})[side] = row
    trees = dict(workspace.rows("SELECT id, name FROM hierarchy")) if mirror is NODE else {}
    found = []
    for key, images in sides.items():
        first, second = (images.get(side, {}) for side in ((AFTER, BEFORE) if back else (BEFORE, AFTER)))
        what, name = mirror.table.removesuffix("_flag"), str(key[1])
        for field in (*mirror.facts, *mirror.derived) if mirror.facts else mirror.key[2:]:
            one, two = (_readable(field, image.get(field)) for image in (first, second))
            bare = len(images) == 1 and (one or two) in ("", (), None)
            if one != two and field not in _HIDDEN and not bare:
                decided = field not in mirror.derived and not (mirror is NODE and _follows(images, field))
                found.append((Change(what, name, field, one, two, trees.get(key[0])), decided))
    return found


def _follows(images: dict[int, dict[str, Any]], field: str) -> bool:
    """Whether a fact of a node follows from others: it is a leaf that came or went with its cluster, or written by the program."""
    leaf = any(image["cluster"] is not None for image in images.values())
    written = field == "description" and all(is_generated(image[field]) for image in images.values())
    return written or (leaf and (len(images) == 1 or field == "description"))


def _readable(field: str, value: Any) -> Any:
    return tuple(json.loads(value)) if field in _LISTS and value is not None else value


def _moves(workspace: Workspace, edit: int, back: bool) -> tuple[Moved, ...]:
    old, new = ("cluster_after", "cluster_before") if back else ("cluster_before", "cluster_after")
    groups = workspace.rows(
        f"SELECT {old}, {new}, count(*) FROM edit_assignment WHERE edit_id = ? GROUP BY 1, 2 ORDER BY 3 DESC, 1, 2",
        (edit,),
    )
    return tuple(
        Moved(
            None if source == ABSENT else source,
            None if target == ABSENT else target,
            count,
            tuple(
                row[0]
                for row in workspace.rows(
                    f"SELECT query_id FROM edit_assignment WHERE edit_id = ? AND {old} = ? AND {new} = ?"
                    " ORDER BY query_id LIMIT ?",
                    (edit, source, target, EXAMPLES),
                )
            ),
        )
        for source, target, count in groups
    )


def blame(workspace: Workspace, run: str | None, cluster: int) -> Page:
    """For each fact of a cluster that a person decided: the edit in force that made it what it is.

    Facts are its title, description, quality, tags, flags and notes, that it was made, its place in the current tree, and
    which queries moved in and out.

    Raises:
        ActionError: `no_run`, `unknown_run` or `unknown_cluster`.
    """
    found = find_run(workspace, run)
    check_cluster(workspace, found, cluster)
    rows: list[Blamed] = []
    for field in CLUSTER.facts:
        if field not in ("title_vector", "kind"):
            rows += _last(workspace, found.id, cluster, field)
    rows += _made(workspace, found.id, cluster)
    rows += _placed(workspace, found.id, found.hierarchy, cluster)
    for field, here, there in (("moved in", "after", "before"), ("moved out", "before", "after")):
        for record in _in_force(
            workspace,
            found.id,
            f"SELECT m.edit_id FROM edit_assignment m JOIN edit i ON i.id = m.edit_id WHERE i.run_id = :run AND m.cluster_{here} = :cluster",
            cluster,
        ):
            counts = workspace.rows(
                f"SELECT cluster_{there}, count(*) FROM edit_assignment WHERE edit_id = ? AND cluster_{here} = ? GROUP BY 1 ORDER BY 1",
                (record.id, cluster),
            )
            side = "from" if here == "after" else "to"
            rows += [
                _blamed(
                    field,
                    f"{count:,} {'that were loaded later' if other == ABSENT else f'{side} {other}'}",
                    record,
                )
                for other, count in counts
            ]
    return Page(tuple(rows), len(rows))


def _blamed(field: str, value: Any, record: EditRecord) -> Blamed:
    return Blamed(
        field, value, record.id, record.kind, record.actor, record.at, record.reason, record.summary
    )


def _in_force(
    workspace: Workspace, run_id: int, chosen: str, cluster: int, tree: int | None = None
) -> list[EditRecord]:
    """The edits that a SELECT of ids with `:run`, `:cluster` and `:tree` picks and that are not undone, newest first."""
    return edits.records(
        workspace,
        f"e.undone_by IS NULL AND e.id IN ({chosen}) ORDER BY e.applied DESC LIMIT 100",
        {"run": run_id, "cluster": cluster, "tree": tree},
    )


def _last(workspace: Workspace, run_id: int, cluster: int, field: str) -> list[Blamed]:
    records = _in_force(
        workspace,
        run_id,
        "SELECT a.edit_id FROM edit_cluster a LEFT JOIN edit_cluster b ON b.edit_id = a.edit_id AND b.number = a.number"
        " AND b.side = 0 WHERE a.run_id = :run AND a.number = :cluster AND a.side = 1"
        f" AND iif(b.edit_id IS NULL, a.{field} NOT IN ('', '[]'), a.{field} IS NOT b.{field})",
        cluster,
    )
    value = workspace.value(f"SELECT {field} FROM cluster WHERE run_id = ? AND number = ?", (run_id, cluster))
    return [_blamed(field, _readable(field, value), record) for record in records[:1]]


def _made(workspace: Workspace, run_id: int, cluster: int) -> list[Blamed]:
    records = _in_force(
        workspace,
        run_id,
        "SELECT a.edit_id FROM edit_cluster a WHERE a.run_id = :run AND a.number = :cluster AND a.side = 1"
        " AND NOT EXISTS (SELECT 1 FROM edit_cluster b WHERE b.edit_id = a.edit_id AND b.number = a.number AND b.side = 0)",
        cluster,
    )
    return [_blamed("made", cluster, record) for record in records[:1]]


def _placed(workspace: Workspace, run_id: int, tree: int | None, cluster: int) -> list[Blamed]:
    records = _in_force(
        workspace,
        run_id,
        "SELECT b.edit_id FROM edit_node b JOIN edit_node a ON a.edit_id = b.edit_id AND a.hierarchy_id = b.hierarchy_id"
        ' AND a."key" = b."key" AND a.side = 1 WHERE b.hierarchy_id = :tree AND b.cluster = :cluster AND b.side = 0'
        " AND a.parent IS NOT b.parent",
        cluster,
        tree,
    )
    parent = workspace.value(
        "SELECT parent FROM node WHERE hierarchy_id = ? AND cluster = ?", (tree, cluster)
    )
    return [_blamed("parent", parent, record) for record in records[:1]]
