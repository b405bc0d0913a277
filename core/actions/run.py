"""Clustering, and the runs that it made."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from core.registry import action

if TYPE_CHECKING:
    from core.page import Page
    from core.rows import RunDetail, RunMade
    from core.session import Session


@action(
    "run.kmeans",
    title="Cluster by k-means",
    scope="runs",
    effect="job",
    transactional=True,
    keys=("K",),
    examples=("run.kmeans k=20 seed=7", "run.kmeans"),
)
def kmeans(
    session: Session,
    *,
    k: int | None = None,
    seed: int = 42,
    dataset: str | None = None,
    space: str | None = None,
    description: str = "",
) -> RunMade:
    """Put every query into one of k clusters.

    Args:
        k: The number of clusters; the default depends on the data and is explained.
        seed: Makes the same run again.
        dataset: The dataset's name; the default is the current one.
        space: The vectors to use; the default is the current space, else the newest that has all texts.
        description: A note that is kept with the run.
    """
    from core.cluster.run import run_kmeans
    from core.lookup import check_seed

    seed = check_seed(seed)
    return run_kmeans(session, k=k, seed=seed, dataset=dataset, space=space, description=description)


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
