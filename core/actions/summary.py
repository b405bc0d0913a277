"""Naming clusters."""

from __future__ import annotations

from core.registry import action
from core.rows import Page, SummaryMade, SummarySetRow
from core.session import Session


@action(
    "summary.create",
    title="Name the clusters",
    scope="runs",
    effect="job",
    transactional=True,
    keys=("N",),
    examples=("summary.create", "summary.create model=local alias=second"),
)
def create(session: Session, *, run: str | None = None, model: str = "local", alias: str = "") -> SummaryMade:
    """Give each cluster a title and a description; earlier names are kept as a set of their own.

    Args:
        run: The run's id; the default is the current one.
        model: `local` needs no language model: phrases that tell a cluster from its nearest neighbours.
        alias: A word of your own for this set of names.
    """
    from core.name.create import create as engine

    return engine(session, run or session.view.run, model=model, alias=alias)


@action("summary.list", title="Sets of names", scope="runs", effect="read", examples=("summary.list",))
def list_(session: Session, *, run: str | None = None) -> Page:
    """The sets of names of a run, newest first.

    Args:
        run: The run's id; the default is the current one.
    """
    from core.runs import summary_sets

    return Page(summary_sets(session.workspace, run or session.view.run))


@action(
    "summary.use",
    title="Show these names",
    scope="runs",
    effect="write",
    examples=("summary.use set=@summary_set",),
)
def use(session: Session, *, set: str) -> SummarySetRow:
    """Show the names of a set from now on.

    Args:
        set: The set's id or alias.
    """
    from core.place import use_summary_set

    return use_summary_set(session, set)
