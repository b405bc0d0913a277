"""Edits of clusters."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.registry import action

if TYPE_CHECKING:
    from core.curate.rows import Edited
    from core.session import Session


@action(
    "cluster.rename",
    title="Rename the cluster",
    scope="cluster",
    effect="write",
    keys=("e",),
    examples=(
        'cluster.rename cluster=0 title="Write or fix code" reason="clearer"',
        "cluster.rename cluster=0 title=",
    ),
)
def rename(
    session: Session,
    *,
    cluster: int,
    title: str,
    run: str | None = None,
    reason: str = "",
    expect: int | None = None,
) -> Edited:
    """Give a cluster a title by hand, which wins over every set of names.

    Args:
        cluster: The cluster's number.
        title: The title; empty gives back that of the set of names.
        run: The run's id; the default is the current one.
        reason: Why, for the history.
        expect: The last edit that you have seen of the cluster: a later one refuses this one.
    """
    from core.curate.clusters import rename as rename_cluster

    return rename_cluster(session, run, cluster, title, reason, expect)


@action(
    "cluster.merge",
    title="Merge into another cluster",
    scope="cluster",
    effect="write",
    keys=("M",),
    examples=('cluster.merge cluster=1 into=0 reason="the same topic"',),
)
def merge(
    session: Session,
    *,
    cluster: int,
    into: int,
    run: str | None = None,
    reason: str = "",
    expect: int | None = None,
) -> Edited:
    """Put all queries of a cluster into another one, which keeps its name; the tags, flags and notes of both stay.

    Args:
        cluster: The cluster that goes away; -1 is the noise.
        into: The cluster that gets its queries.
        run: The run's id; the default is the current one.
        reason: Why, for the history.
        expect: The last edit that you have seen of the two clusters: a later one refuses this one.
    """
    from core.curate.clusters import merge as merge_clusters

    return merge_clusters(session, run, cluster, into, reason, expect)


@action(
    "cluster.delete",
    title="Delete the cluster",
    scope="cluster",
    effect="write",
    keys=("d",),
    examples=('cluster.delete cluster=0 orphan=true reason="spam"', "cluster.delete cluster=1 to=0"),
)
def delete(
    session: Session,
    *,
    cluster: int,
    orphan: bool = False,
    to: int | None = None,
    run: str | None = None,
    reason: str = "",
    expect: int | None = None,
) -> Edited:
    """Remove a cluster; its queries become orphans or go to another cluster. It can be undone.

    Args:
        cluster: The cluster's number.
        orphan: Keep its queries as orphans, from where they can be restored.
        to: Or put them into this cluster.
        run: The run's id; the default is the current one.
        reason: Why, for the history.
        expect: The last edit that you have seen of the cluster: a later one refuses this one.
    """
    from core.curate.clusters import delete as delete_cluster

    return delete_cluster(session, run, cluster, orphan, to, reason, expect)


@action(
    "cluster.split",
    title="Split the cluster",
    scope="cluster",
    effect="write",
    keys=("s",),
    examples=("cluster.split cluster=0", 'cluster.split cluster=0 queries=73,78 title="Travel"'),
)
def split(
    session: Session,
    *,
    cluster: int,
    queries: str | int | None = None,
    text_id: str | int | None = None,
    title: str = "",
    run: str | None = None,
    reason: str = "",
    expect: int | None = None,
) -> Edited:
    """Put some queries of a cluster into a new one: those named, else the smaller half that 2-means finds.

    Args:
        cluster: The cluster's number; of the noise (-1) and the orphans (-2) only queries that are named.
        queries: Numbers of queries, with commas between.
        text_id: Or numbers of texts: every query of the cluster that asks one of them.
        title: The new cluster's title; the default tells it from the old one.
        run: The run's id; the default is the current one.
        reason: Why, for the history.
        expect: The last edit that you have seen of the cluster: a later one refuses this one.
    """
    from core.curate.split import split as split_cluster

    return split_cluster(session, run, cluster, queries, text_id, title, reason, expect)
