"""Building the tree over the clusters."""

from __future__ import annotations

from typing import Literal

from core.registry import action
from core.rows import HierarchyMade, HierarchyRow, Page
from core.session import Session


@action(
    "hierarchy.build",
    title="Build a tree",
    scope="runs",
    effect="job",
    transactional=True,
    keys=("B",),
    examples=("hierarchy.build", "hierarchy.build levels=2 width=6"),
)
def build(
    session: Session,
    *,
    run: str | None = None,
    set: str | None = None,
    method: Literal["local"] = "local",
    levels: int = 3,
    width: int | None = None,
) -> HierarchyMade:
    """Group the clusters into themes; noise and clusters with no good parent get a node of their own.

    Args:
        run: The run's id; the default is the current one.
        set: The names to use: a set's id or alias; the default is the current one.
        method: `local` needs no language model: agglomeration of the clusters' centroids.
        levels: Levels under the root, the clusters included.
        width: Ordinary top nodes; the default depends on the number of clusters.
    """
    from core.hierarchy.build import build as engine

    return engine(
        session, run or session.view.run, summary_set=set, method=method, levels=levels, width=width
    )


@action("hierarchy.list", title="Trees", scope="runs", effect="read", examples=("hierarchy.list",))
def list_(session: Session, *, run: str | None = None) -> Page:
    """The trees of a run, newest first.

    Args:
        run: The run's id; the default is the current one.
    """
    from core.runs import hierarchies

    return Page(hierarchies(session.workspace, run or session.view.run))


@action(
    "hierarchy.use",
    title="Show this tree",
    scope="runs",
    effect="write",
    examples=("hierarchy.use hierarchy=@hierarchy",),
)
def use(session: Session, *, hierarchy: str) -> HierarchyRow:
    """Show a tree from now on.

    Args:
        hierarchy: The tree's id.
    """
    from core.place import use_hierarchy

    return use_hierarchy(session, hierarchy)
