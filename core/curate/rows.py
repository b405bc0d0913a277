"""What the actions on edits answer with."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Edited:
    """What an edit did; `edit` is `None` where there was nothing to change."""

    edit: int | None
    run: str
    kind: str
    summary: str
    version: int
    """The last edit of the run, to give to `expect=`."""
    moved: int
    """Queries that are in another cluster now."""
    clusters: tuple[int, ...]
    """Clusters that it changed and that are there, in the order of their numbers."""
    made: tuple[int, ...]
    gone: tuple[int, ...]
    nodes: tuple[str, ...]
    """Nodes of the current tree that it made, moved or named."""
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Reverted:
    """One edit that was undone or done again."""

    edit: int
    """The edit that says so."""
    target: int
    """The edit that it is about."""
    run: str
    kind: str
    summary: str
    actor: str
    """Whose edit it was."""
    moved: int


@dataclass(frozen=True)
class EditRow:
    """One edit of the history."""

    edit: int
    run: str
    kind: str
    actor: str
    at: str
    reason: str
    summary: str
    moved: int
    target: int | None
    """For an undo or a redo: the edit that it is about."""
    undone_by: int | None
    line: str
    """The line of script that does it again."""


@dataclass(frozen=True)
class Change:
    """One fact that an edit changed; `None` where the thing was not there."""

    what: str
    """`cluster`, `node` or `query`."""
    id: str
    field: str
    before: Any
    after: Any
    hierarchy: str | None = None
    """Of a node: its tree."""


@dataclass(frozen=True)
class Moved:
    """How many queries an edit moved from one cluster to another, and the first of them.

    Null stands for queries that the run did not have, or no longer has: an update brought them.
    """

    from_cluster: int | None
    to: int | None
    queries: int
    examples: tuple[int, ...]


@dataclass(frozen=True)
class EditShown(EditRow):
    """An edit with what was before it and after it."""

    changes: tuple[Change, ...]
    """What was decided; `derived` holds the figures that followed from it."""
    moves: tuple[Moved, ...]
    derived: tuple[Change, ...]


@dataclass(frozen=True)
class Blamed:
    """Who made one fact of a cluster what it is."""

    field: str
    value: Any
    edit: int
    kind: str
    actor: str
    at: str
    reason: str
    summary: str


@dataclass(frozen=True)
class OrphanRow:
    """A query that was taken out of its cluster."""

    query: int
    text_id: int
    text: str
    language: str | None
    chat_model: str | None
    from_cluster: int | None
    """Where it came from, if that cluster is still there."""
    from_title: str | None
    edit: int | None
    actor: str | None
    at: str | None
    reason: str | None


@dataclass(frozen=True)
class Suggestion:
    """The clusters that are nearest to an orphan; `similarity` is the cosine to the centroid."""

    query: int
    text: str
    cluster: int
    title: str
    similarity: float
    second: int | None
    second_title: str | None
    second_similarity: float | None


def short(text: str | None, limit: int = 60) -> str:
    """A text of a person or a log, cut and in quotes, for a summary."""
    line = " ".join((text or "").split())
    return f"“{line if len(line) <= limit else line[: limit - 1] + '…'}”"
