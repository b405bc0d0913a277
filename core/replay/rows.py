"""What a replay answers with."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Outcome = Literal["applied", "partial", "conflict", "skipped"]


@dataclass(frozen=True)
class ReplayRow:
    """What became of one edit of the old run in the new one."""

    edit: int
    """The edit of the old run."""
    kind: str
    actor: str
    """Whose edit it was."""
    summary: str
    """What it did in the old run."""
    outcome: Outcome
    """`applied` (done, or so already), `partial` (what fitted), `conflict` (not done, for `why`), `skipped` (nothing to do)."""
    why: str
    line: str
    """The lines of script that do it in the new run; of a conflict, what it would have been. Empty where there is nothing."""
    target: tuple[int | str, ...]
    """The clusters or nodes of the new run that it is about."""
    overlap: float | None
    """Jaccard index of the old cluster, as it was at the edit, and of the target, over the queries that both runs hold."""
    found: float | None
    """The share of the old one's queries that is in the target."""
    share: float | None
    """The share of the target's queries that comes from the old one."""
    moved: int
    """Queries that are in another cluster now."""
    fitting: int
    """Queries that were where they belong already."""
    missing: int
    """Queries that the new run does not have."""
    edits: tuple[int, ...]
    """The edits of the new run, to be looked at or undone."""
