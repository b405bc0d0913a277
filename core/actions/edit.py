"""Undoing, doing again, and looking back at edits."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.registry import action

if TYPE_CHECKING:
    from core.curate.rows import EditShown
    from core.page import Page
    from core.session import Session


@action(
    "edit.undo",
    title="Undo",
    scope="global",
    effect="write",
    keys=("u",),
    footer=True,
    examples=("edit.undo", 'edit.undo edit=1 reason="a mistake"', "edit.undo count=3"),
)
def undo(
    session: Session, *, count: int = 1, edit: int | None = None, run: str | None = None, reason: str = ""
) -> Page:
    """Take back your last edit, or any edit that nothing later depends on.

    Args:
        count: So many edits, newest first; fewer where there are not as many.
        edit: This one, whoever made it.
        run: Only edits of this run; the default is whichever was edited last.
        reason: Why, for the history.
    """
    from core.curate.undo import undo as undo_edits

    return undo_edits(session, count, edit, run, reason)


@action(
    "edit.redo",
    title="Redo",
    scope="global",
    effect="write",
    keys=("U",),
    examples=("edit.redo", "edit.redo count=3"),
)
def redo(
    session: Session, *, count: int = 1, edit: int | None = None, run: str | None = None, reason: str = ""
) -> Page:
    """Do again what you undid last; a new edit of yours ends that.

    Args:
        count: So many edits, the one that was undone last first.
        edit: This undone edit, whoever undid it.
        run: Only edits of this run.
        reason: Why, for the history.
    """
    from core.curate.undo import redo as redo_edits

    return redo_edits(session, count, edit, run, reason)


@action(
    "edit.history",
    title="History of edits",
    scope="global",
    effect="read",
    keys=("J",),
    examples=(
        "edit.history limit=20", "edit.history cluster=0", "edit.history node=root", "edit.history actor=ann since=2026-01-31",
    ),
)  # fmt: skip
def history(
    session: Session,
    *,
    cluster: int | None = None,
    query: int | None = None,
    node: str | None = None,
    hierarchy: str | None = None,
    run: str | None = None,
    actor: str | None = None,
    since: str | None = None,
    until: str | None = None,
    limit: int = 50,
    after: str | None = None,
) -> Page:
    """The edits, newest first: who, when, why, what, and the line of script that does it again.

    Args:
        cluster: Only those that changed this cluster of the current run.
        query: Only those that moved or flagged this query.
        node: Only those that changed this theme or leaf of the tree: its name, its place, or what it counts.
        hierarchy: The tree of the node; the default is the current one.
        run: Only those of this run; the default is every run.
        actor: Only those by this person or agent.
        since: Only from this day or time on, UTC.
        until: Only up to the end of this day or time, UTC.
        limit: At most so many rows.
        after: Go on after this cursor of an earlier page.
    """
    from core.curate.history import history as edits

    run = run or (session.view.run if cluster is not None else None)
    return edits(
        session.workspace, run, cluster=cluster, query=query, actor=actor, since=since, until=until, limit=limit, after=after,
        node=node, hierarchy=hierarchy or session.view.hierarchy,
    )  # fmt: skip


@action(
    "edit.show",
    title="Show an edit",
    scope="global",
    effect="read",
    examples=("edit.show edit=1",),
)
def show(session: Session, *, edit: int) -> EditShown:
    """One edit with what was before and what is after it.

    Args:
        edit: The edit's number.
    """
    from core.curate.history import show as show_edit

    return show_edit(session.workspace, edit)


@action(
    "edit.blame",
    title="Who made the cluster what it is",
    scope="cluster",
    effect="read",
    examples=("edit.blame cluster=0",),
)
def blame(session: Session, *, cluster: int, run: str | None = None) -> Page:
    """For each fact of a cluster that somebody decided: the edit that is in force, who, when and why.

    Args:
        cluster: The cluster's number.
        run: The run's id; the default is the current one.
    """
    from core.curate.history import blame as blame_cluster

    return blame_cluster(session.workspace, run or session.view.run, cluster)
