"""Edits of the tree."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.registry import action

if TYPE_CHECKING:
    from core.curate.rows import Edited
    from core.session import Session


@action(
    "node.move",
    title="Move under another theme",
    scope="tree",
    effect="write",
    keys=("v",),
    examples=("node.move node=c0 to=root",),
)
def move(
    session: Session,
    *,
    node: str,
    to: str,
    hierarchy: str | None = None,
    run: str | None = None,
    reason: str = "",
    expect: int | None = None,
) -> Edited:
    """Put a node of the tree, with all below it, under another theme; a theme that loses its last child goes away.

    Args:
        node: The node's id: a theme or a cluster.
        to: The id of the theme, or `root`.
        hierarchy: The tree's id; the default is the current one.
        run: The run's id; the default is the current one.
        reason: Why, for the history.
        expect: The last edit that you have seen of the node: a later one refuses this one.
    """
    from core.curate.nodes import move as move_node

    return move_node(session, run, hierarchy, node, to, reason, expect)


@action(
    "node.rename",
    title="Rename the theme",
    scope="tree",
    effect="write",
    keys=("e",),
    examples=('node.rename node=t1 title="Computers"',),
)
def rename(
    session: Session,
    *,
    node: str,
    title: str,
    hierarchy: str | None = None,
    run: str | None = None,
    reason: str = "",
    expect: int | None = None,
) -> Edited:
    """Give a theme another title; the title of a leaf is its cluster's and changes in every tree.

    Args:
        node: The node's id.
        title: The title.
        hierarchy: The tree's id; the default is the current one.
        run: The run's id; the default is the current one.
        reason: Why, for the history.
        expect: The last edit that you have seen of the node: a later one refuses this one.
    """
    from core.curate.nodes import rename as rename_node

    return rename_node(session, run, hierarchy, node, title, reason, expect)


@action(
    "node.describe",
    title="Describe the theme",
    scope="tree",
    effect="write",
    examples=('node.describe node=t1 description="Everything with a keyboard."',),
)
def describe(
    session: Session,
    *,
    node: str,
    description: str,
    hierarchy: str | None = None,
    run: str | None = None,
    reason: str = "",
    expect: int | None = None,
) -> Edited:
    """Describe a theme by hand; the description of a leaf is its cluster's.

    Args:
        node: The node's id.
        description: The description; empty gives back what the program says.
        hierarchy: The tree's id; the default is the current one.
        run: The run's id; the default is the current one.
        reason: Why, for the history.
        expect: The last edit that you have seen of the node: a later one refuses this one.
    """
    from core.curate.nodes import describe as describe_node

    return describe_node(session, run, hierarchy, node, description, reason, expect)


@action(
    "node.create",
    title="New theme",
    scope="tree",
    effect="write",
    keys=("C",),
    examples=('node.create title="By hand" children=c0,c1',),
)
def create(
    session: Session,
    *,
    title: str,
    children: str,
    parent: str = "root",
    hierarchy: str | None = None,
    run: str | None = None,
    reason: str = "",
    expect: int | None = None,
) -> Edited:
    """Make a theme over nodes that are there already.

    Args:
        title: Its title.
        children: The ids of the nodes that it stands over, with commas between.
        parent: The theme that it stands under.
        hierarchy: The tree's id; the default is the current one.
        run: The run's id; the default is the current one.
        reason: Why, for the history.
        expect: The last edit that you have seen of the nodes: a later one refuses this one.
    """
    from core.curate.nodes import create as create_node

    return create_node(session, run, hierarchy, parent, title, children, reason, expect)


@action(
    "node.merge",
    title="Merge into another theme",
    scope="tree",
    effect="write",
    keys=("M",),
    examples=("node.merge node=t1 into=root",),
)
def merge(
    session: Session,
    *,
    node: str,
    into: str,
    hierarchy: str | None = None,
    run: str | None = None,
    reason: str = "",
    expect: int | None = None,
) -> Edited:
    """Put the children of a theme under another one and remove it; into its own parent, it is dissolved. Leaves merge as clusters.

    Args:
        node: The id of the theme that goes away.
        into: The id of the one that gets its children.
        hierarchy: The tree's id; the default is the current one.
        run: The run's id; the default is the current one.
        reason: Why, for the history.
        expect: The last edit that you have seen of the nodes: a later one refuses this one.
    """
    from core.curate.nodes import merge as merge_node

    return merge_node(session, run, hierarchy, node, into, reason, expect)
