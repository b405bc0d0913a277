"""Comparing runs and trees, and trying several numbers of clusters."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from core.registry import action

if TYPE_CHECKING:
    from core.compare.rows import Compared
    from core.evaluate.rows import SweepMade, SweepPlan
    from core.page import Page
    from core.session import Session


Kinds = Literal["same", "grown", "shrunk", "changed", "split", "merged", "regrouped", "new", "gone"]
Shown = Literal["pieces", "matched", "cells"]


@action(
    "run.compare",
    title="Compare two runs",
    scope="global",
    effect="read",
    keys=("6",),
    examples=("run.compare b=@run", "run.compare a=@run b=@run kind=same sort=moved limit=20"),
)
def compare(
    session: Session,
    *,
    a: str | None = None,
    b: str | None = None,
    show: Shown = "pieces",
    kind: Kinds | None = None,
    sort: Literal["size", "moved"] = "size",
    limit: int = 50,
    after: str | None = None,
) -> Compared:
    """How far two runs agree, and what became of each cluster of the first: same, grown, split, merged, gone ...

    Without a run: what became of the clusters of the run before the current one, the nearest of the same dataset (and of the
    same vectors, where there is one); of the oldest run in the one after it.

    Args:
        a: The run's id to start from; where only b is named, the default is the current one.
        b: The other run's id; where only a is named, the default is the current one.
        show: The rows: `pieces` say what became of clusters, `matched` pairs each with the one that stands for it, `cells` is
            the contingency without its empty cells.
        kind: Only pieces of this kind.
        sort: The largest pieces first, or those with most queries in no matched pair.
        limit: At most so many rows.
        after: Go on after this cursor of an earlier answer.
    """
    from core.compare.compare import Asked, compare_runs

    asked = Asked(show, kind, sort, limit, after)
    return compare_runs(session.workspace, session.view.run, a, b, asked)


@action(
    "run.moved",
    title="Queries that moved between two runs",
    scope="runs",
    effect="read",
    examples=("run.moved b=@run", "run.moved b=@run from_cluster=0 to_cluster=0 limit=20"),
)
def moved(
    session: Session,
    *,
    a: str | None = None,
    b: str | None = None,
    from_cluster: int | None = None,
    to_cluster: int | None = None,
    limit: int = 50,
    after: str | None = None,
) -> Page:
    """The queries whose cluster in the second run is not the one that stands for their cluster in the first.

    With both clusters: all queries that are in these two. -1 is the noise.

    Args:
        a: The run's id to start from, by default as in run.compare.
        b: The other run's id, by default as in run.compare.
        from_cluster: Only queries of this cluster of a.
        to_cluster: Only queries of this cluster of b.
        limit: At most so many rows.
        after: Go on after this cursor of an earlier page.
    """
    from core.compare.choose import choose_runs
    from core.compare.moved import moved

    runs = choose_runs(session.workspace, session.view.run, a, b)
    return moved(session.workspace, runs, from_cluster, to_cluster, limit, after)


@action(
    "hierarchy.compare",
    title="Compare two trees",
    scope="tree",
    effect="read",
    examples=("hierarchy.compare b=@hierarchy", "hierarchy.compare b=@hierarchy level=2 show=cells"),
)
def compare_trees(
    session: Session,
    *,
    a: str | None = None,
    b: str | None = None,
    level: int = 1,
    show: Shown = "pieces",
    kind: Kinds | None = None,
    sort: Literal["size", "moved"] = "size",
    limit: int = 50,
    after: str | None = None,
) -> Compared:
    """How far two trees agree, and what became of each theme of the first, by the queries under it.

    Without a tree: the current one and the tree before it, the nearest of the same run, else of the same dataset; of the
    oldest tree the one after it.

    Args:
        a: The tree's id to start from; where only b is named, the default is the current one.
        b: The other tree's id, which may be of another run; where only a is named, the default is the current one.
        level: The level whose nodes are compared; 1 are the themes.
        show: The rows, as in run.compare.
        kind: As in run.compare.
        sort: As in run.compare.
        limit: At most so many rows.
        after: Go on after this cursor of an earlier answer.
    """
    from core.compare.compare import Asked, compare_trees

    asked = Asked(show, kind, sort, limit, after)
    return compare_trees(session.workspace, session.view.hierarchy, a, b, level, asked)


@action(
    "hierarchy.moved",
    title="Queries that moved between two trees",
    scope="tree",
    effect="read",
    examples=(
        "hierarchy.moved b=@hierarchy",
        "hierarchy.moved b=@hierarchy from_node=t1 to_node=t1 limit=20",
    ),
)
def moved_nodes(
    session: Session,
    *,
    a: str | None = None,
    b: str | None = None,
    level: int = 1,
    from_node: str | None = None,
    to_node: str | None = None,
    limit: int = 50,
    after: str | None = None,
) -> Page:
    """The queries whose theme in the second tree is not the one that stands for their theme in the first.

    With both nodes: all queries that are under these two.

    Args:
        a: The tree's id to start from, by default as in hierarchy.compare.
        b: The other tree's id, by default as in hierarchy.compare.
        level: The level whose nodes are compared; 1 are the themes.
        from_node: Only queries under this node of a.
        to_node: Only queries under this node of b.
        limit: At most so many rows.
        after: Go on after this cursor of an earlier page.
    """
    from core.compare.choose import choose_trees
    from core.compare.moved import moved_between_trees

    trees = choose_trees(session.workspace, session.view.hierarchy, a, b)
    return moved_between_trees(session.workspace, trees, level, from_node, to_node, limit, after)


def _plan(session: Session, **given: Any) -> SweepPlan:
    from core.evaluate.sweep import plan_sweep

    return plan_sweep(session, **given)


@action(
    "run.sweep",
    title="Try several numbers of clusters",
    scope="runs",
    effect="job",
    plan=_plan,
    examples=("run.sweep k=4,6,8 seeds=2", "run.sweep k=3,5 seeds=2 keep=true"),
)
def sweep(
    session: Session,
    *,
    k: str,
    seeds: int = 3,
    seed: int = 42,
    dataset: str | None = None,
    space: str | None = None,
    sample: int = 50_000,
    keep: bool = False,
) -> SweepMade:
    """Cluster by k-means for each k and say which one to take, and why; "none stands out" is an answer.

    The table is kept: eval.show. Silhouette and Davies-Bouldin look at distinct texts, the rest counts queries.

    Args:
        k: Numbers of clusters, a comma between: 50,100,200.
        seeds: Clusterings a k; how far they agree is its stability.
        seed: The first of the seeds.
        dataset: The dataset's name; the default is the current one.
        space: The vectors to use; the default is the current space, else the newest that has all texts.
        sample: Of more distinct texts than these only so many are looked at, drawn by the seed.
        keep: Also make a run of all queries for each k.
    """
    from core.evaluate.sweep import sweep
    from core.lookup import check_seed

    seed = check_seed(seed)
    return sweep(session, k=k, seeds=seeds, seed=seed, dataset=dataset, space=space, sample=sample, keep=keep)
