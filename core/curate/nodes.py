"""Edits of a tree by hand: other parents, other names, new themes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from core.curate import clusters, facts
from core.curate.edit import Edit, editing
from core.curate.forest import INNER, Forest, Node
from core.curate.naming import check_title
from core.curate.rows import Edited, short
from core.curate.trees import part, refuse_clash, tree_for
from core.errors import ActionError
from core.lookup import unknown
from core.session import Session

MAX_LEVEL = 10
"""As deep as lists of nodes go."""
MAX_CHILDREN = 1_000


class _Place:
    """A tree that is being edited."""

    def __init__(self, edit: Edit, hierarchy: str | None) -> None:
        tree = tree_for(edit, hierarchy)
        edit.params["hierarchy"] = tree.name
        self.edit, self.tree = edit, tree
        self.forest = Forest(edit.connection, tree.id)

    def node(self, key: str) -> Node:
        """A node that is as the caller has seen it."""
        found = self.forest.nodes.get(key)
        if found is None:
            raise unknown("node", key, sorted(self.forest.nodes)[:2000], "node.list shows them.")
        self.edit.fresh("node", [key], self.tree.id)
        return found

    def theme(self, key: str) -> Node:
        """A node that can have children."""
        found = self.node(key)
        if found.kind not in (*INNER, "root"):
            raise ActionError(
                "not_a_theme",
                f"{key} is a {found.kind}, under which nothing can stand.",
                "Name a theme, or root.",
            )
        return found

    def movable(self, key: str) -> Node:
        """A theme or a cluster; the root, the noise and the orphans stay where they are."""
        found = self.node(key)
        if found.kind not in ("theme", "cluster", "no_parent"):
            raise ActionError(
                "fixed_node", f"The node {key} stays where it is.", "Name a theme or a cluster."
            )
        return found

    def refuse_circle(self, key: str, parent: str) -> None:
        """Raise `circle` when `parent` is the node or stands under it."""
        if parent == key or key in self.forest.above(parent):
            raise ActionError(
                "circle", f"{key} cannot stand under itself.", "Name a node that is not below it."
            )

    def settle(self, keys: list[str] | None) -> None:
        """Compute what follows, check and store it; siblings of one title are refused, or parted where `keys` is `None`."""
        self.forest.settle()
        deep = max(node.level for node in self.forest.nodes.values())
        if deep > MAX_LEVEL:
            raise ActionError(
                "too_deep", f"The tree would have {deep} levels, more than {MAX_LEVEL}.", "Put it higher up."
            )
        if keys is None:
            part(self.edit, self.forest, self.forest.dirty)
        else:
            refuse_clash(self.forest, keys)
        self.forest.write()


@contextmanager
def _placing(
    session: Session,
    kind: str,
    run: str | None,
    hierarchy: str | None,
    params: dict[str, Any],
    reason: str,
    expect: int | None,
) -> Iterator[_Place]:
    with editing(session, kind, run, params, reason, expect) as edit:
        yield _Place(edit, hierarchy)


def move(
    session: Session,
    run: str | None,
    hierarchy: str | None,
    node: str,
    to: str,
    reason: str,
    expect: int | None,
) -> Edited:
    """Put a node, with all below it, under another theme. A theme that loses its last child goes away.

    Raises:
        ActionError: What `editing` raises, `no_hierarchy`, `unknown_node`, `not_a_theme`, `fixed_node`, `circle`,
            `too_deep` or `title_taken`.
    """
    with _placing(session, "node.move", run, hierarchy, {"node": node, "to": to}, reason, expect) as place:
        found, target = place.movable(node), place.theme(to)
        place.refuse_circle(node, to)
        old = found.parent
        if old != to:
            place.forest.hang(node, to)
            place.settle([node])
        place.edit.nodes.append(node)
        place.edit.summary = (
            f"Moved node {node} {short(found.title)} from {old} to {to} {short(target.title)}."
        )
    return place.edit.done()


def rename(
    session: Session,
    run: str | None,
    hierarchy: str | None,
    node: str,
    title: str,
    reason: str,
    expect: int | None,
) -> Edited:
    """Give a theme another title; that of a leaf is its cluster's, and changes in every tree.

    Raises:
        ActionError: As `move`, and `bad_title`.
    """
    cluster = _cluster_of(session, run, hierarchy, node)
    if cluster is not None:
        return clusters.rename(session, run, cluster, title, reason, expect)
    title = check_title(title)
    if not title:
        raise ActionError("bad_title", "A theme needs a title.", "title= some words.")
    with _placing(
        session, "node.rename", run, hierarchy, {"node": node, "title": title}, reason, expect
    ) as place:
        found = place.node(node)
        old, found.title = found.title, title
        place.forest.dirty.add(node)
        place.settle([node])
        place.edit.nodes.append(node)
        place.edit.summary = f"Renamed node {node} from {short(old)} to {short(title)}."
    return place.edit.done()


def describe(
    session: Session,
    run: str | None,
    hierarchy: str | None,
    node: str,
    description: str,
    reason: str,
    expect: int | None,
) -> Edited:
    """Describe a theme by hand; an empty text gives back what the program says of it. That of a leaf is its cluster's.

    Raises:
        ActionError: As `move`, and `bad_text`.
    """
    cluster = _cluster_of(session, run, hierarchy, node)
    if cluster is not None:
        return facts.describe(session, run, cluster, description, reason, expect)
    text = facts.check_text(description, "description")
    with _placing(
        session, "node.describe", run, hierarchy, {"node": node, "description": text}, reason, expect
    ) as place:
        found = place.node(node)
        found.description = text
        place.forest.dirty.add(node)
        place.settle([node])
        place.edit.nodes.append(node)
        place.edit.summary = f"Described node {node} {short(found.title)}: {short(found.description)}."
    return place.edit.done()


def create(
    session: Session,
    run: str | None,
    hierarchy: str | None,
    parent: str,
    title: str,
    children: str,
    reason: str,
    expect: int | None,
) -> Edited:
    """A new theme under `parent`, over the nodes that are listed.

    Raises:
        ActionError: As `move`, `bad_title` or `no_children`.
    """
    title = check_title(title)
    keys = list(dict.fromkeys(key.strip() for key in children.split(",") if key.strip()))
    if not title:
        raise ActionError("bad_title", "A theme needs a title.", "title= some words.")
    if not 1 <= len(keys) <= MAX_CHILDREN:
        raise ActionError(
            "no_children", "A theme needs nodes to stand over.", "children= their ids, with commas between."
        )
    params = {"parent": parent, "title": title, "children": ",".join(keys)}
    with _placing(session, "node.create", run, hierarchy, params, reason, expect) as place:
        place.theme(parent)
        for key in keys:
            place.movable(key)
            place.refuse_circle(key, parent)
        above = {key: set(place.forest.above(key)) for key in keys}
        inside = [key for key in keys if above[key] & set(keys)]
        if inside:
            raise ActionError(
                "circle", f"{inside[0]} stands under another of the children.", "Name each branch once."
            )
        key = new_key(place.edit, place.tree.id)
        place.forest.add(Node(key, parent, 1 << 30, 1, "theme", None, title, "", None, 0, None, 0))
        for child in keys:
            place.forest.hang(child, key)
        place.settle([key])
        place.edit.nodes.append(key)
        place.edit.summary = (
            f"Made the theme {key} {short(title)} over {len(keys)} {'node' if len(keys) == 1 else 'nodes'}."
        )
    return place.edit.done()


def new_key(edit: Edit, tree: int) -> str:
    """`h1`, `h2` ...: a key that no node of a tree, by its id, has or ever had."""
    used = edit.connection.execute(
        'SELECT "key" FROM node WHERE hierarchy_id = ?1 AND "key" GLOB \'h[0-9]*\' UNION'
        ' SELECT "key" FROM edit_node WHERE hierarchy_id = ?1 AND "key" GLOB \'h[0-9]*\'',
        (tree,),
    )
    return f"h{1 + max((int(row[0][1:]) for row in used if row[0][1:].isdecimal()), default=0)}"


def merge(
    session: Session,
    run: str | None,
    hierarchy: str | None,
    node: str,
    into: str,
    reason: str,
    expect: int | None,
) -> Edited:
    """Put the children of a theme under another one, and remove it; two leaves are merged as clusters.

    Into its own parent, a theme is dissolved.

    Raises:
        ActionError: As `move`, and `same_node`.
    """
    if node == into:
        raise ActionError("same_node", f"Node {node} cannot be merged into itself.", "Name two.")
    pair = _cluster_of(session, run, hierarchy, node), _cluster_of(session, run, hierarchy, into)
    if pair[0] is not None and pair[1] is not None:
        return clusters.merge(session, run, pair[0], pair[1], reason, expect)
    with _placing(
        session, "node.merge", run, hierarchy, {"node": node, "into": into}, reason, expect
    ) as place:
        if place.movable(node).kind not in INNER:
            raise ActionError(
                "not_a_theme",
                f"{node} is a cluster, which cannot be merged into a theme.",
                "node.move puts it there.",
            )
        found, target = place.theme(node), place.theme(into)
        place.refuse_circle(node, into)
        for child in [child.key for child in place.forest.children()[node]]:
            place.forest.hang(child, into)
        place.settle(None)
        place.edit.nodes.append(into)
        place.edit.summary = f"Merged theme {node} {short(found.title)} into {into} {short(target.title)}."
    return place.edit.done()


def _cluster_of(session: Session, run: str | None, hierarchy: str | None, node: str) -> int | None:
    """The cluster that a leaf stands for; `None` for every other word."""
    from core.lookup import find_hierarchy, find_run

    workspace = session.workspace
    found = find_run(workspace, run or session.view.run)
    name = hierarchy or workspace.value("SELECT name FROM hierarchy WHERE id = ?", (found.hierarchy,))
    tree = find_hierarchy(workspace, name)
    number = workspace.value('SELECT cluster FROM node WHERE hierarchy_id = ? AND "key" = ?', (tree.id, node))
    return None if number is None else int(number)
