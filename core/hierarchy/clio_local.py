"""Titles for themes that the model has not named: by what their texts say."""

from __future__ import annotations

from collections.abc import Sequence

from core.hierarchy.clio_order import TreeWork
from core.name.theme import TreeNode, name_tree


def local_titles(work: TreeWork, groups: Sequence[Sequence[int]]) -> list[str]:
    """A title for each group of clusters, which are given by their places; each told from the other groups."""
    nodes = [TreeNode(-1, sum(work.clusters[at].size for at in group)) for group in groups]
    for parent, group in enumerate(groups):
        nodes += [
            TreeNode(parent, work.clusters[at].size, work.clusters[at].title, work.terms[at]) for at in group
        ]
    return list(name_tree(nodes)[: len(groups)])
