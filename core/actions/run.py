"""Clustering, and the runs that it made."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from core.registry import action

if TYPE_CHECKING:
    from core.curate.refine_rows import Refined
    from core.page import Page
    from core.rows import RunDetail, RunMade
    from core.session import Session
    from core.update.rows import Updated


@action(
    "run.kmeans",
    title="Cluster by k-means",
    scope="runs",
    effect="job",
    transactional=True,
    keys=("K",),
    examples=("run.kmeans k=20 seed=7", "run.kmeans", "run.kmeans within=c0 k=2"),
)
def kmeans(
    session: Session,
    *,
    k: int | None = None,
    seed: int = 42,
    dataset: str | None = None,
    space: str | None = None,
    description: str = "",
    within: str | None = None,
    cluster: int | None = None,
    run: str | None = None,
    hierarchy: str | None = None,
    reason: str = "",
    expect: int | None = None,
) -> RunMade | Refined:
    """Put every query into one of k clusters, as a new run; or refine one node of a run into k children, as an edit.

    With `within` or `cluster` no run is made: a cluster gives way to a theme of its name over k parts of it, of which the
    biggest keeps its number; the clusters of a theme are made anew. edit.undo takes it back.

    Args:
        k: The number of clusters; the default depends on the data and is explained.
        seed: Makes the same run again.
        dataset: The dataset's name; the default is the current one.
        space: The vectors to use; the default is the current space, else the newest that has all texts.
        description: A note that is kept with the run.
        within: The node to refine.
        cluster: Instead: the number of the cluster to refine; without a tree, too.
        run: Of a node or a cluster: the run's id; the default is the current one.
        hierarchy: Of a node: the tree; the default is the current one of the run.
        reason: Of a refinement: why, for the history.
        expect: Of a refinement: the last edit that you have seen of the clusters; a later one refuses this one.
    """
    from core.cluster.order import Order, make

    return make(
        session,
        Order(k, seed, dataset, space, description, within, cluster, run, hierarchy, reason, expect),
    )


@action(
    "run.hdbscan",
    title="Cluster by density",
    scope="runs",
    effect="job",
    transactional=True,
    keys=("H",),
    examples=("run.hdbscan min_cluster_size=5 reduce=none",),
)
def hdbscan(
    session: Session,
    *,
    min_cluster_size: int | None = None,
    min_samples: int | None = None,
    reduce: Literal["auto", "none", "umap", "pca"] = "auto",
    seed: int = 42,
    dataset: str | None = None,
    space: str | None = None,
    description: str = "",
) -> RunMade:
    """Find dense groups by HDBSCAN; what belongs to none is kept as noise.

    Args:
        min_cluster_size: The fewest texts that make a cluster; the default depends on the data and is explained.
        min_samples: How dense a core must be; the default depends on the data.
        reduce: Reduce the vectors first, and by which method.
        seed: Makes the same run again.
        dataset: The dataset's name; the default is the current one.
        space: The vectors to use; the default is the current space, else the newest that has all texts.
        description: A note that is kept with the run.
    """
    from core.cluster.run import run_hdbscan
    from core.lookup import check_seed

    return run_hdbscan(
        session,
        min_cluster_size=min_cluster_size,
        min_samples=min_samples,
        reduce=reduce,
        seed=check_seed(seed),
        dataset=dataset,
        space=space,
        description=description,
    )


@action(
    "run.update",
    title="Let new queries join a run",
    scope="runs",
    effect="job",
    transactional=True,
    examples=("run.update run=@run",),
)
def update(session: Session, *, run: str | None = None) -> Updated:
    """Put the queries that were loaded after a run into its clusters and trees, and say how well they fit.

    A text that the run has takes its queries where it is; another goes to the nearest cluster, in a run by density to the
    noise where it is beyond the cluster's members. Names and edits stay. New texts need vectors first: embed.run. The answer
    tells how many fit badly against what is expected, which clusters grow, and what grows outside of all. edit.undo takes
    the queries out again, as long as nothing was built on them.

    Args:
        run: The run's id; the default is the current one.
    """
    from core.update.run import update

    return update(session, run)


@action("run.list", title="Runs", scope="runs", effect="read", examples=("run.list", "run.list limit=5"))
def list_(session: Session, *, limit: int = 50, after: str | None = None) -> Page:
    """The runs, newest first.

    Args:
        limit: At most so many rows.
        after: Go on after this cursor of an earlier page.
    """
    from core.runs import runs

    return runs(session.workspace, limit, after)


@action("run.show", title="Show a run", scope="runs", effect="read", examples=("run.show run=@run",))
def show(session: Session, *, run: str | None = None) -> RunDetail:
    """Everything that made a run, and its metrics.

    Args:
        run: The run's id; the default is the current one.
    """
    from core.runs import run_detail

    return run_detail(session.workspace, run or session.view.run)


@action(
    "run.open",
    title="Open a run",
    scope="runs",
    effect="view",
    keys=("enter",),
    footer=True,
    examples=("run.open run=@run",),
)
def open_(session: Session, *, run: str) -> RunDetail:
    """Make a run the current one, with its names and its tree.

    Args:
        run: The run's id.
    """
    from core.place import open_run

    return open_run(session, run)


@action(
    "run.rename",
    title="Label a run",
    scope="runs",
    effect="write",
    examples=('run.rename run=@run label="Spring logs, 40 clusters"',),
)
def rename(session: Session, *, label: str, run: str | None = None) -> RunDetail:
    """Give a run a label; its id stays.

    Args:
        label: What the run is called in lists.
        run: The run's id; the default is the current one.
    """
    from core.runs import rename_run

    return rename_run(session.workspace, run or session.view.run, label)


@action(
    "run.delete",
    title="Delete a run",
    scope="runs",
    effect="destroy",
    keys=("D",),
    examples=("run.delete run=@run yes=true",),
)
def delete(session: Session, *, run: str, yes: bool = False) -> Page:  # noqa: ARG001
    """Delete a run with its clusters, names and trees; the conversations stay.

    Args:
        run: The run's id.
        yes: Say that you mean it; a script must.
    """
    from core.runs import delete_run

    return delete_run(session, run)
