"""What trends are of: the clusters of a run, or the nodes of its tree at a level."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from core.compare.groupings import of_run, of_tree
from core.errors import ActionError
from core.lookup import RunInfo
from core.search.restrict import tree_of
from core.tree import node
from core.trends.dispersion import Mask
from db.search import clusters_under
from db.workspace import Workspace


@dataclass(frozen=True)
class Group:
    """A cluster or a node; `topic` is false for the noise and the like."""

    id: str
    cluster: int | None
    node: str | None
    title: str
    topic: bool


@dataclass(frozen=True, eq=False)
class Groups:
    """All of them, the group of each cluster, and which are of interest."""

    groups: tuple[Group, ...]
    of_cluster: Mapping[int, int]
    listed: Mask


def find_groups(workspace: Workspace, run: RunInfo, level: int | None, within: str | None) -> Groups:
    """The clusters of a run, or the nodes at a level of its current tree; with `within`, of interest are those under a node.

    Raises:
        ActionError: `no_hierarchy`, `unknown_node` or `bad_level`.
    """
    inside = None
    if within is not None:
        tree = tree_of(workspace, run)
        inside = set(clusters_under(workspace, tree.id, node(workspace, tree, within).node))
    if level is None:
        classes = sorted(of_run(workspace, run).classes.items())
        groups = tuple(Group(one.id, number, None, one.title, one.topic) for number, one in classes)
        of_cluster: Mapping[int, int] = {number: place for place, (number, _) in enumerate(classes)}
    else:
        groups, of_cluster = _nodes(workspace, run, level)
    outside = {of_cluster[cluster] for cluster in of_cluster if inside is not None and cluster not in inside}
    listed = np.array([place not in outside for place in range(len(groups))], dtype=bool)
    if not listed.any():
        raise ActionError(
            "bad_level", f"No node of level {level} lies under {within}.", "Take a deeper level=, or none."
        )
    return Groups(groups, of_cluster, listed)


def _nodes(workspace: Workspace, run: RunInfo, level: int) -> tuple[tuple[Group, ...], Mapping[int, int]]:
    tree = tree_of(workspace, run)
    if not 0 <= level <= tree.levels:
        raise ActionError("bad_level", f"level={level} is not from 0 to {tree.levels}.", "1 are the themes.")
    grouping, of_cluster = of_tree(workspace, tree, level)
    groups = tuple(
        Group(one.id, None, one.id, one.title, one.topic) for _, one in sorted(grouping.classes.items())
    )
    return groups, of_cluster
