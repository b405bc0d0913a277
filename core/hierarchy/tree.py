"""What `build_tree` hands back."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class NodeKind(StrEnum):
    """What a node of the tree is."""

    THEME = "theme"
    """An inner node, top or lower."""
    CLUSTER = "cluster"
    """A leaf: one cluster."""
    NO_GOOD_PARENT = "no_good_parent"
    """The top node of clusters that no theme fits."""


@dataclass(frozen=True)
class TreeNode:
    """One node; `index` is its place in `Tree.nodes`."""

    index: int
    parent: int | None
    """None for a top node."""
    level: int
    """Depth: 1 for a top node."""
    kind: NodeKind
    cluster: int | None
    """The cluster of a leaf."""
    clusters: tuple[int, ...]
    """Every cluster under the node, rising."""
    children: tuple[int, ...]
    """Indices of the child nodes, by falling size."""
    size: float
    """Sum of the sizes of its clusters."""
    fit: float
    """Cosine of the node's centroid to its parent's, both less the mean of all; 1 for a top node."""
    low_fit: bool
    """Whether that is far below what is usual in this tree: look whether the node belongs there."""
    central: int
    """The cluster nearest to the node's centroid."""


@dataclass(frozen=True)
class Tree:
    """A tree over `k` clusters, each in exactly one leaf."""

    nodes: tuple[TreeNode, ...]
    """Depth first: a node, then its children by falling size; ordinary top nodes first, then the no-good-parent one."""
    levels: int
    """The longest way from a top node to a leaf, both counted."""

    @property
    def tops(self) -> tuple[TreeNode, ...]:
        """The top nodes by falling size, the no-good-parent node last."""
        return tuple(node for node in self.nodes if node.parent is None)
