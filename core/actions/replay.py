"""Carrying edits over to another run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.registry import action

if TYPE_CHECKING:
    from core.page import Page
    from core.session import Session


@action(
    "edit.replay",
    title="Replay edits on another run",
    scope="runs",
    effect="write",
    examples=(
        "edit.replay from=kmeans-6-1e2c to=@run",
        "edit.replay from=kmeans-6-1e2c to=@run kinds=cluster min_overlap=0.6",
    ),
)
def replay(
    session: Session,
    *,
    from_: str,
    to: str,
    min_overlap: float = 0.5,
    kinds: str = "",
    actor: str | None = None,
    overwrite: bool = False,
    reason: str = "",
) -> Page:
    """Carry the edits of a run that are in force over to another run of the same dataset, by the members of the clusters.

    Each is an edit of its own there, to be undone like any other; what was replayed already is left alone. A row tells of
    each edit what became of it: `applied`, `partial` (what fitted), `conflict` (not done, and why) or `skipped`.

    Args:
        from: The id of the run that was edited.
        to: The id of the run that gets the edits.
        min_overlap: Above 0, up to 1: the Jaccard index from which on a cluster stands for another one.
        kinds: Only edits of these kinds, with commas between, such as `cluster.rename`, or `cluster` for all of clusters.
        actor: Only edits by this person or agent.
        overwrite: Replace also what a person decided in the run that gets the edits.
        reason: Why, for the history.
    """
    from core.replay.replay import replay as replay_edits
    from core.replay.wanted import Wanted

    wanted = Wanted(min_overlap, kinds, actor, overwrite, reason)
    return replay_edits(session, from_, to, wanted)
