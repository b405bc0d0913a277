"""The tree of the old run as it was at each edit, and which node of the new run's tree stands for one of its nodes."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

import numpy as np

from core.compare.contingency import Ints
from core.replay.match import Match, match_cluster
from core.replay.sides import LOWEST, Sides, sizes
from db.edit_images import BEFORE
from db.edits import EditRecord
from db.workspace import Workspace


@dataclass(frozen=True)
class Spot:
    """A node of a tree."""

    key: str
    parent: str | None
    kind: str
    cluster: int | None
    title: str


class Tree:
    """Nodes by key, and what is under them."""

    def __init__(self, nodes: dict[str, Spot]) -> None:
        self.nodes = nodes
        self._children: dict[str | None, list[Spot]] = defaultdict(list)
        for node in nodes.values():
            self._children[node.parent].append(node)

    def children(self, key: str) -> set[str]:
        """The keys of the nodes that stand under a node."""
        return {node.key for node in self._children[key]}

    def clusters(self, key: str) -> list[int]:
        """The clusters of a node, or under it."""
        line, found = [self.nodes[key]], []
        for here in line:
            line += self._children[here.key]
            if here.cluster is not None:
                found.append(here.cluster)
        return found

    def level(self, key: str) -> int:
        """How far below the root a node stands."""
        level, here = 0, self.nodes[key].parent
        while here is not None and here in self.nodes and level < len(self.nodes):
            level, here = level + 1, self.nodes[here].parent
        return level


def tree_now(workspace: Workspace, tree: int) -> Tree:
    """A tree as it is."""
    rows = workspace.rows(
        'SELECT "key", parent, kind, cluster, title FROM node WHERE hierarchy_id = ? ORDER BY "key"', (tree,)
    )
    return Tree({row[0]: Spot(*row) for row in rows})


def tree_without(workspace: Workspace, tree: int, later: list[EditRecord]) -> Tree:
    """A tree without some of its last edits, which stand in their order."""
    return TreeHistory(workspace, tree, later).before(0)


class TreeHistory:
    """A tree without some edits at first; goes forward with them."""

    def __init__(self, workspace: Workspace, tree: int, records: list[EditRecord]) -> None:
        self._records = records
        self._images: dict[int, dict[int, dict[str, Spot]]] = defaultdict(lambda: ({0: {}, 1: {}}))
        for edit, side, *values in workspace.rows(
            'SELECT edit_id, side, "key", parent, kind, cluster, title FROM edit_node WHERE hierarchy_id = ?',
            (tree,),
        ):
            self._images[edit][side][values[0]] = Spot(*values)
        self._nodes = dict(tree_now(workspace, tree).nodes)
        for record in reversed(records):
            self._put(record.id, BEFORE)
        self._next = 0

    def before(self, place: int) -> Tree:
        """The tree before the edit of a place in the order; places never fall from call to call."""
        while self._next < place:
            self._put(self._records[self._next].id, 1 - BEFORE)
            self._next += 1
        return Tree(dict(self._nodes))

    def _put(self, edit: int, side: int) -> None:
        if edit not in self._images:
            return
        images = self._images[edit]
        for key in images[1 - side]:
            self._nodes.pop(key, None)
        self._nodes |= images[side]


def match_node(sides: Sides, old: Tree, new: Tree, key: str, least: float) -> Match:
    """The node of the new tree that stands for one of the old tree: a leaf by its cluster, a theme by the queries under it."""
    node = old.nodes.get(key)
    if node is None:
        return Match(None, None, None, None, False, f"The old tree had no node {key} then.")
    if node.kind == "cluster":
        assert node.cluster is not None
        found = match_cluster(sides, node.cluster, least)
        leaf = next((n.key for n in new.nodes.values() if n.cluster == found.target), None)
        if found.target is None or leaf is None:
            return Match(
                None, None, None, None, False, found.why or f"There is no leaf of cluster {found.target}."
            )
        return Match(leaf, found.overlap, found.found, found.share, found.fits, found.why)
    if node.kind != "theme":
        same = next((n.key for n in new.nodes.values() if n.kind == node.kind), None)
        why = "" if same else f"The new tree has no node of the kind {node.kind}."
        return Match(same, None, None, None, same is not None, why)
    members: Ints = np.flatnonzero(np.isin(sides.old, old.clusters(key)))
    return _nearest_theme(sides, old, new, key, members, least)


def _nearest_theme(sides: Sides, old: Tree, new: Tree, key: str, members: Ints, least: float) -> Match:
    counts, all_of = sizes(sides.new[members]), sizes(sides.new)
    counts = np.pad(counts, (0, len(all_of) - len(counts)))
    level = old.level(key)
    found = []
    for node in new.nodes.values():
        if node.kind == "theme":
            inside = np.array(
                [n - LOWEST for n in new.clusters(node.key) if n - LOWEST < len(all_of)], dtype=np.int64
            )
            overlap, size = int(counts[inside].sum()), int(all_of[inside].sum())
            jaccard = overlap / max(len(members) + size - overlap, 1)
            found.append((-jaccard, abs(new.level(node.key) - level), node.key, overlap, size))
    found.sort()
    if not found or not found[0][3]:
        return Match(
            None, None, None, None, False, f"No theme of the new tree has queries of the old node {key}."
        )
    (negative, apart, best, overlap, size), jaccard = found[0], -found[0][0]
    why = ""
    if jaccard < least:
        why = (
            f"The nearest to the old node {key} is the new {best}, with {overlap / len(members):.0%} of its queries, which are"
            f" {overlap / size:.0%} of that one's: an overlap of {jaccard:.2f}, below {least:g}."
        )
    elif len(found) > 1 and found[1][:2] == (negative, apart):
        why = f"The new themes {best} and {found[1][2]} are as near to the old node {key}."
    return Match(
        best, round(jaccard, 6), round(overlap / len(members), 6), round(overlap / size, 6), not why, why
    )
