"""Walking the tree: nodes, clusters, queries."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from core.registry import action

if TYPE_CHECKING:
    from core.browse.rows import Arrangement
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
    examples=(
        "node.list",
        "node.list parent=root depth=2 limit=200",
        "node.list depth=10 text=code sort=growth",
    ),
)
def node_list(
    session: Session,
    *,
    parent: str = "root",
    depth: int = 1,
    hierarchy: str | None = None,
    sort: Literal["size", "coherence", "title", "growth"] = "size",
    text: str | None = None,
    language: str | None = None,
    chat_model: str | None = None,
    tag: str | None = None,
    limit: int = 100,
    after: str | None = None,
) -> Page:
    """The nodes under a node, depth first; with a filter those that hold some of it, their sizes counted under it.

    Args:
        parent: The node's id.
        depth: How many levels down.
        hierarchy: The tree's id; the default is the current one.
        sort: The order of siblings: the biggest, the least coherent or by title; `growth`: those first whose share grew most
            from the earlier to the later half of the log.
        text: Only clusters with words that begin so in their title or description, or in the title of a theme above.
        language: Count only queries in this language.
        chat_model: Count only queries to this model.
        tag: Only clusters with this tag.
        limit: At most so many rows.
        after: Go on after this cursor of an earlier page.
    """
    from core.browse.rows import Narrowing
    from core.tree import nodes_under

    narrowing = Narrowing(text, language, chat_model, tag)
    tree = hierarchy or session.view.hierarchy
    return nodes_under(session.workspace, tree, parent, depth, sort, narrowing, limit, after)


@action(
    "node.examples",
    title="Examples of what is asked under a node",
    scope="tree",
    effect="read",
    examples=("node.examples node=t1", "node.examples limit=5"),
)
def node_examples(
    session: Session, *, node: str = "root", hierarchy: str | None = None, limit: int = 12
) -> Page:
    """Queries that stand for a node: the most central of each of its clusters, the biggest cluster first, then the second of each.

    Args:
        node: The node's id.
        hierarchy: The tree's id; the default is the current one.
        limit: At most so many rows.
    """
    from core.browse.examples import examples_under

    return examples_under(session.workspace, hierarchy or session.view.hierarchy, node, limit)


@action(
    "node.sort",
    title="Sort the tree",
    scope="tree",
    effect="view",
    keys=("S",),
    examples=("node.sort sort=title",),
)
def node_sort(
    session: Session, *, sort: Literal["size", "coherence", "title", "growth"] = "size"
) -> Arrangement:
    """See the tree in another order; `@tree_sort` is it.

    Args:
        sort: As of node.list.
    """
    from core.browse.view import sort_tree

    return sort_tree(session, sort)


@action(
    "node.filter",
    title="Filter the tree",
    scope="tree",
    effect="view",
    keys=("F",),
    examples=("node.filter text=code language=English", "node.filter"),
)
def node_filter(
    session: Session,
    *,
    text: str | None = None,
    language: str | None = None,
    chat_model: str | None = None,
    tag: str | None = None,
) -> Arrangement:
    """See only a part of the tree, counted anew; without a parameter all of it.

    `@tree_text`, `@tree_language`, `@tree_chat_model` and `@tree_tag` are the filter for the actions after it.

    Args:
        text: Only clusters with words that begin so in their title or description, or in the title of a theme above.
        language: Count only queries in this language.
        chat_model: Count only queries to this model.
        tag: Only clusters with this tag.
    """
    from core.browse.rows import Narrowing
    from core.browse.view import filter_tree

    return filter_tree(session, Narrowing(text, language, chat_model, tag))


@action(
    "cluster.list",
    title="Clusters",
    scope="cluster",
    effect="read",
    examples=(
        "cluster.list",
        "cluster.list sort=coherence limit=10",
        "cluster.list language=German sort=growth",
    ),
)
def cluster_list(
    session: Session,
    *,
    run: str | None = None,
    sort: Literal["size", "coherence", "title", "growth", "cluster"] = "size",
    text: str | None = None,
    language: str | None = None,
    chat_model: str | None = None,
    tag: str | None = None,
    limit: int = 50,
    after: str | None = None,
) -> Page:
    """The clusters of a run; works before there is a tree.

    Args:
        run: The run's id; the default is the current one.
        sort: `size` and `coherence` show the biggest and the least coherent first; `growth`: those first whose share grew most
            from the earlier to the later half of the log.
        text: Only clusters with words that begin so in their title or description.
        language: Count only queries in this language.
        chat_model: Count only queries to this model.
        tag: Only clusters with this tag.
        limit: At most so many rows.
        after: Go on after this cursor of an earlier page.
    """
    from core.browse.rows import Narrowing
    from core.clusters import clusters

    narrowing = Narrowing(text, language, chat_model, tag)
    return clusters(session.workspace, run or session.view.run, sort, narrowing, limit, after)


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
    "cluster.names",
    title="Names of a cluster in all sets",
    scope="cluster",
    effect="read",
    examples=("cluster.names cluster=0",),
)
def cluster_names(session: Session, *, cluster: int, run: str | None = None) -> Page:
    """What a cluster is called in each set of names of its run, and by hand.

    Args:
        cluster: The cluster's number.
        run: The run's id; the default is the current one.
    """
    from core.browse.names import names_of

    return names_of(session.workspace, run or session.view.run, cluster)


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
