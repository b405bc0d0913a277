"""All trees of a run follow what was done to its clusters."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from core.curate.edit import Edit
from core.curate.forest import Forest, Node
from core.errors import ActionError
from core.lookup import HierarchyInfo, find_hierarchy
from core.name.unique import title_key, unique_among
from db.titles import DESCRIPTION_SQL, TITLE_SQL


@dataclass(frozen=True)
class _Cluster:
    number: int
    kind: str
    size: int
    coherence: float | None
    own_title: str | None
    title: str
    description: str


def trees_of(edit: Edit) -> list[tuple[int, int]]:
    """The trees of the run, oldest first: (id, id of the set of names that it was built from)."""
    return list(
        edit.connection.execute(
            "SELECT id, summary_set_id FROM hierarchy WHERE run_id = ? ORDER BY id", (edit.run.id,)
        )
    )


def tree_for(edit: Edit, hierarchy: str | None) -> HierarchyInfo:
    """The tree that is edited: the one named, else the current one of the run.

    Raises:
        ActionError: `no_hierarchy` or `unknown_hierarchy`.
    """
    workspace = edit.session.workspace
    name = hierarchy or workspace.value("SELECT name FROM hierarchy WHERE id = ?", (edit.run.hierarchy,))
    found = find_hierarchy(workspace, name)
    if found.run_id != edit.run.id:
        raise ActionError(
            "unknown_hierarchy", f"The tree {found.name} belongs to another run than {edit.run.name}.", ""
        )
    return found


def _clusters(edit: Edit, set_id: int) -> dict[int, _Cluster]:
    rows = edit.connection.execute(
        f"SELECT c.number, c.kind, c.size, c.coherence, c.title, {TITLE_SQL}, {DESCRIPTION_SQL} FROM cluster c"
        " LEFT JOIN summary s ON s.summary_set_id = ? AND s.cluster = c.number WHERE c.run_id = ? ORDER BY c.number",
        (set_id, edit.run.id),
    )
    return {row[0]: _Cluster(*row) for row in rows}


def follow(edit: Edit, changed: Collection[int], beside: dict[int, int], named: Collection[int] = ()) -> None:
    """Bring every tree of the run in line with its clusters: leaves, sizes, sums, titles.

    Args:
        edit: The open edit.
        changed: Clusters whose members changed, so that their measures did.
        beside: For a new cluster, the one next to which its leaf shall stand.
        named: Clusters whose title or description changed.

    Raises:
        ActionError: `title_taken` when one of `named` has the title of a sibling.
    """
    for tree, set_id in trees_of(edit):
        forest = Forest(edit.connection, tree)
        sync(forest, _clusters(edit, set_id), changed, beside, named)
        forest.settle()
        refuse_clash(forest, [leaf.key for number, leaf in forest.leaves.items() if number in named])
        part(edit, forest, forest.dirty)
        forest.write()


def sync_all(
    edit: Edit, forest: Forest, set_id: int, changed: Collection[int], named: Collection[int]
) -> None:
    """Leaves as the clusters of the run are, under the names of a set."""
    sync(forest, _clusters(edit, set_id), changed, {}, named)


def sync(
    forest: Forest,
    clusters: dict[int, _Cluster],
    changed: Collection[int],
    beside: dict[int, int],
    named: Collection[int],
) -> None:
    """Leaves as the clusters are: none without one, one for each, of the same size and name."""
    leaves = forest.leaves
    for number, leaf in leaves.items():
        found = clusters.get(number)
        if found is None:
            forest.remove(leaf.key)
            continue
        if leaf.size != found.size or number in changed:
            leaf.size = found.size
            if found.kind == "cluster":
                leaf.coherence = found.coherence
            forest.dirty.add(leaf.key)
        if number in named:
            leaf.title, leaf.description = found.title, found.description
            forest.dirty.add(leaf.key)
    for number, found in clusters.items():
        if number not in leaves:
            origin = leaves.get(beside.get(number, number))
            forest.add(_leaf(found, origin.parent if origin and found.kind == "cluster" else None))


def _leaf(cluster: _Cluster, parent: str | None) -> Node:
    ordinary = cluster.kind == "cluster"
    return Node(
        key=f"c{cluster.number}" if ordinary else cluster.kind,
        parent=parent or "root",
        position=1 << 30,
        level=1,
        kind=cluster.kind,
        cluster=cluster.number,
        title=cluster.title,
        description=cluster.description,
        fit=None,
        low_fit=0,
        coherence=cluster.coherence if ordinary else None,
        size=cluster.size,
    )


def part(edit: Edit, forest: Forest, keys: Collection[str]) -> None:
    """Tell siblings of one title apart where an edit brought them together; it renames a theme rather than a cluster."""
    while (found := forest.clash()) is not None:
        first, second = found
        renamed = min(found, key=lambda node: (node.cluster is not None, node.key not in keys, node is first))
        siblings = [
            node for node in forest.nodes.values() if node.parent == first.parent and node is not renamed
        ]
        taken = {title_key(node.title) for node in siblings}
        (title,) = unique_among([renamed.title], [[]], taken)
        renamed.title = title if title != second.title else f"{title} ({renamed.key})"
        edit.note(f"The node {renamed.key} is called “{renamed.title}” now: its sibling has its title.")
        if renamed.cluster is not None:
            edit.connection.execute(
                "UPDATE cluster SET title = ? WHERE run_id = ? AND number = ?",
                (renamed.title, edit.run.id, renamed.cluster),
            )


def refuse_clash(forest: Forest, keys: Collection[str]) -> None:
    """Raise `title_taken` when one of some nodes has the title of a sibling."""
    found = forest.clash(keys)
    if found is not None:
        node, other = found
        merge = f", or make them one: node.merge node={node.key} into={other.key}"
        alike = (node.cluster is None) == (other.cluster is None)
        raise ActionError(
            "title_taken",
            f"Beside {node.key} stands {other.key}, which is called “{other.title}” too.",
            f"Say how they differ{merge if alike else ''}.",
        )
