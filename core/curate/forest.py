"""A tree of a run in memory, to be changed and written back: only the rows that differ."""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass, fields, replace

from core.hierarchy.leaves import Leaf
from core.hierarchy.nodes import coherence_of, describe, is_generated

SPECIAL = ("no_parent", "orphans", "noise")
"""Kinds of nodes that stand behind the others, in this order."""
INNER = ("theme", "no_parent")

_COLUMNS = (
    "parent",
    "position",
    "level",
    "kind",
    "cluster",
    "title",
    "description",
    "fit",
    "low_fit",
    "coherence",
    "size",
)
_LISTED = ", ".join(_COLUMNS)


@dataclass
class Node:
    """A row of `node`."""

    key: str
    parent: str | None
    position: int
    level: int
    kind: str
    cluster: int | None
    title: str
    description: str
    fit: float | None
    low_fit: int
    coherence: float | None
    size: int

    @property
    def values(self) -> tuple[object, ...]:
        """The values of `_COLUMNS`."""
        return tuple(getattr(self, field.name) for field in fields(self)[1:])


class Forest:
    """One tree; `nodes` by key. Change them, then `settle` and `write`."""

    def __init__(self, connection: sqlite3.Connection, hierarchy: int) -> None:
        self.connection = connection
        self.hierarchy = hierarchy
        self.nodes: dict[str, Node] = {
            row[0]: Node(*row)
            for row in connection.execute(
                f'SELECT "key", {_LISTED} FROM node WHERE hierarchy_id = ? ORDER BY "key"', (hierarchy,)
            )
        }
        self._stored = {key: replace(node) for key, node in self.nodes.items()}
        self.dirty: set[str] = set()
        """Nodes whose own row or children changed: they and those above are computed again."""

    @property
    def leaves(self) -> dict[int, Node]:
        """The leaf of each cluster."""
        return {node.cluster: node for node in self.nodes.values() if node.cluster is not None}

    def children(self) -> dict[str, list[Node]]:
        """The children of each node, in their order."""
        found: dict[str, list[Node]] = defaultdict(list)
        for node in self.nodes.values():
            if node.parent is not None:
                found[node.parent].append(node)
        for nodes in found.values():
            nodes.sort(key=lambda node: (node.position, node.key))
        return found

    def above(self, key: str) -> list[str]:
        """The keys from a node's parent up to the root; the node itself among them where the tree has a circle."""
        found: list[str] = []
        here = self.nodes[key].parent if key in self.nodes else None
        while here is not None and here in self.nodes and here not in found:
            found.append(here)
            here = self.nodes[here].parent
        return found

    def add(self, node: Node) -> None:
        """A new node under its parent."""
        self.nodes[node.key] = node
        self.dirty |= {node.key, node.parent or "root"}

    def remove(self, key: str) -> None:
        """Take a node without children out."""
        node = self.nodes.pop(key)
        if node.parent is not None:
            self.dirty.add(node.parent)

    def hang(self, key: str, parent: str) -> None:
        """Put a node under another one; how well it fits there was a person's to say, so it is not measured."""
        node = self.nodes[key]
        if node.parent is not None:
            self.dirty.add(node.parent)
        node.parent, node.fit, node.low_fit = parent, None, 0
        self.dirty |= {key, parent}

    def settle(self) -> None:
        """Remove themes without children; then sizes, levels, coherence, descriptions and places, where they changed."""
        self._prune()
        children = self.children()
        self.dirty |= {
            node.key
            for node in self.nodes.values()
            if node.cluster is None and node.size != sum(child.size for child in children[node.key])
        }
        wanted = {key for key in self.dirty if key in self.nodes}
        wanted |= {above for key in wanted for above in self.above(key)}
        if not wanted:
            return
        self._levels(children)
        least = self._least()
        for key in sorted(wanted, key=lambda key: -self.nodes[key].level):
            node = self.nodes[key]
            if node.cluster is None:
                node.size = sum(child.size for child in children[key])
                self._inner(node, children)
                for position, child in enumerate(
                    sorted(children[key], key=lambda k: _order(k, least[k.key]))
                ):
                    child.position = position

    def _prune(self) -> None:
        while True:
            parents = {node.parent for node in self.nodes.values()}
            empty = [n.key for n in self.nodes.values() if n.kind in INNER and n.key not in parents]
            if not empty:
                return
            for key in empty:
                self.remove(key)

    def _levels(self, children: dict[str, list[Node]]) -> None:
        line = [node for node in self.nodes.values() if node.parent is None]
        for node in line:
            for child in children[node.key]:
                child.level = node.level + 1
                line.append(child)

    def _least(self) -> dict[str, int]:
        """The smallest number of a cluster at or under each node, by which trees are built where sizes are the same."""
        found: dict[str, int] = {}
        for number, leaf in sorted(self.leaves.items()):
            for key in (leaf.key, *self.above(leaf.key)):
                found.setdefault(key, number)
        return found

    def _inner(self, node: Node, children: dict[str, list[Node]]) -> None:
        """Coherence and description of a theme, as they were made when the tree was built."""
        if node.kind not in INNER:
            return
        own = [
            Leaf(leaf.cluster or 0, leaf.kind, leaf.title, leaf.description, leaf.size, leaf.coherence)
            for leaf in self.under(node.key, children)
        ]
        node.coherence = coherence_of(own)
        if is_generated(node.description):
            node.description = describe(own)

    def under(self, key: str, children: dict[str, list[Node]]) -> list[Node]:
        """The leaves under a node, by the number of their cluster."""
        line, found = [key], []
        for here in line:
            for child in children[here]:
                if child.cluster is None:
                    line.append(child.key)
                else:
                    found.append(child)
        return sorted(found, key=lambda leaf: leaf.cluster or 0)

    def crowded(self, keys: Collection[str]) -> set[str]:
        """Those of some nodes of which two children stand in one place."""
        children = self.children()
        return {key for key in keys if len({child.position for child in children[key]}) < len(children[key])}

    def clash(self, keys: Iterable[str] | None = None) -> tuple[Node, Node] | None:
        """Two siblings of one title, the first of them in `keys` where those are given."""
        only = None if keys is None else set(keys)
        seen: dict[tuple[str | None, str], Node] = {}
        for node in self.nodes.values():
            place = (node.parent, node.title)
            other = seen.setdefault(place, node)
            if other is not node and (only is None or {other.key, node.key} & only):
                return (other, node) if only is None or other.key in only else (node, other)
        return None

    def write(self) -> None:
        """Store what changed; `levels` of the tree follows."""
        tree = self.hierarchy
        self.connection.executemany(
            'DELETE FROM node WHERE hierarchy_id = ? AND "key" = ?',
            [(tree, key) for key in self._stored if key not in self.nodes],
        )
        self.connection.executemany(
            f'INSERT INTO node (hierarchy_id, "key", {_LISTED}) VALUES (?, ?, {", ".join("?" * len(_COLUMNS))})',
            [(tree, node.key, *node.values) for node in self.nodes.values() if node.key not in self._stored],
        )
        changed = [
            node
            for node in self.nodes.values()
            if node.key in self._stored and node != self._stored[node.key]
        ]
        self.connection.executemany(
            f'UPDATE node SET {", ".join(f"{c} = ?" for c in _COLUMNS)} WHERE hierarchy_id = ? AND "key" = ?',
            [(*node.values, tree, node.key) for node in changed],
        )
        levels = max((node.level for node in self.nodes.values()), default=0)
        self.connection.execute(
            "UPDATE hierarchy SET levels = ? WHERE id = ? AND levels <> ?", (levels, tree, levels)
        )


def _order(node: Node, least: int) -> tuple[int, int, int, str]:
    """Biggest first, special nodes last; what is as big by its smallest cluster, so that any way to a tree orders it alike."""
    special = 1 + SPECIAL.index(node.kind) if node.kind in SPECIAL else 0
    return special, -node.size, least, node.key
