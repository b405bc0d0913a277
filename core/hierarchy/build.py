"""Building the tree of a run without a model, and keeping it beside the ones that are there."""

from __future__ import annotations

import numpy as np

from core.hierarchy.agglomerate import build_tree
from core.hierarchy.leaves import Leaf, read_centroids, read_leaves, read_terms
from core.hierarchy.nodes import NO_PARENT, NO_PARENT_TITLE, NewNode, coherence_of, describe, with_root
from core.hierarchy.save import Made, check_shape, save
from core.hierarchy.tree import NodeKind, Tree
from core.lookup import RunInfo, find_run, find_summary_set
from core.name.phrases import Phrase
from core.name.theme import TreeNode, name_tree
from core.rows import HierarchyMade
from core.session import Session
from db.workspace import Workspace

METHOD = "local"


def build(
    session: Session, run: str | None, *, summary_set: str | None, levels: int, width: int | None
) -> HierarchyMade:
    """Group the clusters of a run into themes, and show this tree from now on.

    Raises:
        ActionError: `no_run`, `unknown_run`, `no_summary`, `unknown_summary_set`, `bad_levels` or `bad_width`.
    """
    workspace, control = session.workspace, session.control
    found = find_run(workspace, run)
    check_shape(levels, width)
    names = find_summary_set(workspace, found, summary_set)
    leaves = read_leaves(workspace, found, names[0])
    ordinary = [leaf for leaf in leaves if leaf.kind == "cluster"]
    control.progress("tree", 0, len(ordinary), "clusters")
    grown = _nodes(workspace, session, found, ordinary, levels, width) if ordinary else []
    nodes = with_root(grown, leaves)
    parameters = {"levels": levels, "width": width}
    return made_of(save(session, found, names, Made(METHOD, parameters, parameters), nodes), found, nodes)


def made_of(name: str, run: RunInfo, nodes: list[NewNode]) -> HierarchyMade:
    """What is told of a tree that was stored under `name`."""
    return HierarchyMade(
        hierarchy=name,
        run=run.name,
        nodes=len(nodes),
        levels=max(node.level for node in nodes),
        top=sum(node.level == 1 and node.kind in ("theme", "cluster") for node in nodes),
        no_parent=sum(node.parent == NO_PARENT for node in nodes),
    )


def _nodes(
    workspace: Workspace, session: Session, run: RunInfo, leaves: list[Leaf], levels: int, width: int | None
) -> list[NewNode]:
    centroids = read_centroids(workspace, run)
    sizes = np.array([leaf.size for leaf in leaves], dtype=np.float64)
    tree = build_tree(centroids, sizes, levels, width, control=session.control)
    titles = _titles(tree, leaves, read_terms(workspace, run, leaves))
    keys = _keys(tree, leaves)
    nodes = []
    for node in tree.nodes:
        own = [leaves[i] for i in node.clusters]
        leaf = None if node.cluster is None else leaves[node.cluster]
        nodes.append(
            NewNode(
                key=keys[node.index],
                parent="root" if node.parent is None else keys[node.parent],
                position=0,
                level=node.level,
                kind="no_parent" if node.kind is NodeKind.NO_GOOD_PARENT else node.kind.value,
                cluster=None if leaf is None else leaf.number,
                title=titles[node.index],
                description=leaf.description if leaf else describe(own),
                fit=None if node.parent is None else round(node.fit, 4),
                low_fit=node.low_fit,
                coherence=leaf.coherence if leaf else coherence_of(own),
                size=sum(leaf.size for leaf in own),
            )
        )
    return nodes


def _titles(tree: Tree, leaves: list[Leaf], terms: list[tuple[Phrase, ...]]) -> tuple[str, ...]:
    return name_tree(
        [
            TreeNode(-1 if node.parent is None else node.parent, node.size)
            if node.kind is NodeKind.THEME
            else TreeNode(-1 if node.parent is None else node.parent, node.size, NO_PARENT_TITLE)
            if node.cluster is None
            else TreeNode(
                -1 if node.parent is None else node.parent,
                node.size,
                leaves[node.cluster].title,
                terms[node.cluster],
            )
            for node in tree.nodes
        ]
    )


def _keys(tree: Tree, leaves: list[Leaf]) -> list[str]:
    """`t2` and `t2.1` for themes by their place, `c7` for clusters by their number."""
    keys: list[str] = []
    counts: dict[int | None, int] = {}
    for node in tree.nodes:
        if node.kind is NodeKind.NO_GOOD_PARENT:
            keys.append(NO_PARENT)
        elif node.cluster is not None:
            keys.append(f"c{leaves[node.cluster].number}")
        else:
            counts[node.parent] = place = counts.get(node.parent, 0) + 1
            keys.append(f"t{place}" if node.parent is None else f"{keys[node.parent]}.{place}")
    return keys
