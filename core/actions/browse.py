"""Walking the tree: nodes, clusters, queries."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from core.registry import action

if TYPE_CHECKING:
    from core.page import Page
    from core.rows import ClusterDetail, NodeOpened, QueryDetail
    from core.session import Session


@action(
    "node.open",
    title="Open a node",
    scope="tree",
    effect="view",
    keys=("enter", "t"),
    footer=True,
    examples=("node.open node=root", "node.open node=@node"),
)
def node_open(session: Session, *, node: str = "root") -> NodeOpened:
    """Go to a node of the current tree: its path, its children, and the cluster when it is a leaf.

    Args:
        node: The node's id; `root` is the whole run.
    """
    from core.place import open_node

    return open_node(session, node)


@action(
    "node.list",
    title="Children of a node",
    scope="tree",
    effect="read",
    examples=("node.list", "node.list parent=root depth=2 limit=200"),
)
def node_list(
    session: Session,
    *,
    parent: str = "root",
    depth: int = 1,
    hierarchy: str | None = None,
    limit: int = 100,
    after: str | None = None,
) -> Page:
    """The nodes under a node, in the order of the tree.

    Args:
        parent: The node's id.
        depth: How many levels down.
        hierarchy: The tree's id; the default is the current one.
        limit: At most so many rows.
        after: Go on after this cursor of an earlier page.
    """
    from core.tree import nodes_under

    return nodes_under(session.workspace, hierarchy or session.view.hierarchy, parent, depth, limit, after)


@action(
    "cluster.list",
    title="Clusters",
    scope="cluster",
    effect="read",
    examples=("cluster.list", "cluster.list sort=coherence limit=10"),
)
def cluster_list(
    session: Session,
    *,
    run: str | None = None,
    sort: Literal["size", "coherence", "title", "cluster"] = "size",
    limit: int = 50,
    after: str | None = None,
) -> Page:
    """The clusters of a run; works before there is a tree.

    Args:
        run: The run's id; the default is the current one.
        sort: `size` and `coherence` show the biggest and the least coherent first.
        limit: At most so many rows.
        after: Go on after this cursor of an earlier page.
    """
    from core.clusters import clusters

    return clusters(session.workspace, run or session.view.run, sort, limit, after)


@action(
    "cluster.show",
    title="Show a cluster",
    scope="cluster",
    effect="read",
    examples=("cluster.show cluster=0",),
)
def cluster_show(
    session: Session, *, cluster: int, run: str | None = None, examples: int = 5
) -> ClusterDetail:
    """What a cluster is: counts, phrases, central and boundary members, and the nearest texts outside.

    Args:
        cluster: The cluster's number; -1 is the noise.
        run: The run's id; the default is the current one.
        examples: How many members of each kind.
    """
    from core.clusters import cluster_detail

    hierarchy = session.view.hierarchy if run in (None, session.view.run) else None
    return cluster_detail(session.workspace, run or session.view.run, cluster, examples, hierarchy)


@action(
    "query.list",
    title="Queries of a cluster",
    scope="query",
    effect="read",
    examples=("query.list cluster=0", "query.list cluster=0 sort=boundary limit=5"),
)
def query_list(
    session: Session,
    *,
    cluster: int | None = None,
    run: str | None = None,
    where: str | None = None,
    sort: Literal["central", "boundary", "times", "text_id"] = "central",
    limit: int = 50,
    after: str | None = None,
) -> Page:
    """The distinct queries of a cluster, with how often each was asked; of the whole run when no cluster is named.

    Args:
        cluster: The cluster's number; -1 is the noise.
        run: The run's id; the default is the current one.
        where: Only queries with these facets: `task=coding|debugging,concern>=4`; `!=` is not, `task=` no value.
        sort: The order.
        limit: At most so many rows.
        after: Go on after this cursor of an earlier page.
    """
    from core.clusters import members

    return members(session.workspace, run or session.view.run, cluster, sort, limit, after, where)


@action(
    "query.show",
    title="Read the conversation",
    scope="query",
    effect="read",
    examples=("query.show query=1",),
)
def query_show(session: Session, *, query: int) -> QueryDetail:
    """A whole conversation: all turns, metadata, and its cluster in each run.

    Args:
        query: The query's number, as lists show it.
    """
    from core.conversations import conversation

    return conversation(session.workspace, query)


@action(
    "query.open",
    title="Open the conversation",
    scope="query",
    effect="view",
    keys=("enter",),
    footer=True,
    examples=("query.open query=1",),
)
def query_open(session: Session, *, query: int) -> QueryDetail:
    """Go to a conversation, and to the cluster that it belongs to.

    Args:
        query: The query's number, as lists show it.
    """
    from core.place import open_query

    return open_query(session, query)
