"""The edits of a run that are in force, and which of them were replayed from where."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np

from core.compare.contingency import Ints
from core.curate.edit import MAX_REASON
from db import edits, updates
from db.edits import EditRecord
from db.workspace import Workspace

_MARK = re.compile(r"replayed (in part )?from edit (\d+) of (\S+?)(?:: |$)")


@dataclass(frozen=True)
class Mark:
    """What the reason of a replayed edit says of its origin."""

    run: str
    edit: int
    partial: bool


@dataclass(frozen=True, eq=False)
class Moves:
    """The queries that an edit moved, rising, and where from and to."""

    queries: Ints
    before: Ints
    after: Ints


def in_force(workspace: Workspace, run_id: int) -> list[EditRecord]:
    """The edits of a run that are not undone, in the order in which they came into force.

    Without those that brought queries: where these belong is no decision of a person.
    """
    return edits.records(
        workspace,
        f"e.run_id = ? AND e.kind <> '{updates.KIND}' AND {edits.IN_FORCE} ORDER BY e.applied",
        (run_id,),
    )


def taken_back(workspace: Workspace, old: str, new_id: int, first: int) -> dict[int, EditRecord]:
    """The replayed edits that were undone by themselves, by the edit of the run `old` that each replays.

    Where all that a replay did was undone, nothing of it is kept: `first`, the oldest one in force, came later then.
    """
    undone = edits.records(
        workspace, "e.run_id = ? AND e.target IS NULL AND e.undone_by > ? ORDER BY e.id", (new_id, first)
    )
    return {mark.edit: found for found in undone if (mark := mark_of(found)) is not None and mark.run == old}


def mark_of(record: EditRecord) -> Mark | None:
    """Where an edit was replayed from; `None` for an edit by hand."""
    found = _MARK.match(record.reason)
    return Mark(found[3], int(found[2]), found[1] is not None) if found else None


def origins(workspace: Workspace, record: EditRecord) -> list[Mark]:
    """Where an edit was replayed from, and where that one was, and so on."""
    found: list[Mark] = []
    here: EditRecord | None = record
    while here is not None and (mark := mark_of(here)) is not None and mark not in found:
        found.append(mark)
        here = edits.find(workspace, mark.edit)
    return found


def marked(record: EditRecord, run: str, why: str, partial: bool) -> str:
    """The reason of the edit that replays an edit of the run `run`: its origin, its reason, and why it is replayed."""
    old = _MARK.sub("", record.reason, count=1).strip()
    said = "; ".join(part for part in (old, why.strip()) if part)
    origin = f"replayed {'in part ' if partial else ''}from edit {record.id} of {run}"
    return f"{origin}: {said}"[:MAX_REASON] if said else origin


def moves_of(workspace: Workspace, edit_id: int) -> Moves:
    """The queries that an edit moved."""
    found = np.fromiter(
        workspace.raw.execute(
            "SELECT query_id, cluster_before, cluster_after FROM edit_assignment WHERE edit_id = ? ORDER BY query_id",
            (edit_id,),
        ),
        dtype=[("query", np.int64), ("before", np.int64), ("after", np.int64)],
    )
    return Moves(found["query"].copy(), found["before"].copy(), found["after"].copy())


def hand_moved(workspace: Workspace, by_hand: list[EditRecord]) -> Ints:
    """The queries that some edits moved, rising."""
    parts = [moves_of(workspace, record.id).queries for record in by_hand if record.moved]
    return np.unique(np.concatenate(parts)) if parts else np.empty(0, dtype=np.int64)
