"""Building the tree of a run and keeping it beside the ones that are there."""

from __future__ import annotations

import json
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.errors import ActionError
from core.hierarchy.agglomerate import build_tree
from core.hierarchy.tree import NodeKind, Tree
from core.lookup import RunInfo, find_run, find_summary_set
from core.name.describe import listing
from core.name.phrases import Phrase
from core.name.terms import cluster_terms
from core.name.theme import TreeNode, name_tree
from core.rows import HierarchyMade
from core.session import Session
from db.names import short_hash, take_name
from db.titles import DESCRIPTION_SQL, TITLE_SQL
from db.workspace import Workspace

NO_PARENT = "no-parent"
NO_PARENT_TITLE = "No good parent"
MAX_LEVELS = 6
SHOWN = 4
READ, READ_ALL = 150, 30_000
"""Texts that are read of one cluster, and of all of them about, to name the themes."""


@dataclass(frozen=True)
class Leaf:
    """A cluster as the tree shows it; the noise has number -1."""

    number: int
    kind: str
    title: str
    description: str
    size: int
    coherence: float | None


@dataclass(frozen=True)
class NewNode:
    """A row of the table `node`."""

    key: str
    parent: str | None
    position: int
    level: int
    kind: str
    cluster: int | None
    title: str
    description: str
    fit: float | None
    low_fit: bool
    coherence: float | None
    size: int


def build(
    session: Session, run: str | None, *, summary_set: str | None, method: str, levels: int, width: int | None
) -> HierarchyMade:
    """Group the clusters of a run into themes, and show this tree from now on.

    Raises:
        ActionError: `no_run`, `unknown_run`, `no_summary`, `unknown_summary_set`, `bad_levels` or `bad_width`.
    """
    workspace, control = session.workspace, session.control
    found = find_run(workspace, run)
    if not 1 <= levels <= MAX_LEVELS:
        raise ActionError("bad_levels", f"levels={levels} is not from 1 to {MAX_LEVELS}.", "")
    if width is not None and width < 1:
        raise ActionError("bad_width", f"width={width} is below 1.", "")
    set_id, set_name = find_summary_set(workspace, found, summary_set)
    leaves = _leaves(workspace, found, set_id)
    ordinary = [leaf for leaf in leaves if leaf.kind == "cluster"]
    control.progress("tree", 0, len(ordinary), "clusters")
    nodes = _nodes(workspace, session, found, ordinary, levels, width) if ordinary else []
    nodes += [
        NewNode(leaf.kind, "root", 0, 1, leaf.kind, leaf.number, leaf.title, leaf.description, None, False, None, leaf.size)
        for leaf in leaves
        if leaf.kind != "cluster"
    ]  # fmt: skip
    nodes = _placed(nodes)
    total = sum(leaf.size for leaf in leaves)
    root = NewNode("root", None, 0, 0, "root", None, "All queries", "", None, False, None, total)
    name = _save(workspace, found, set_id, set_name, method, levels, width, [root, *nodes])
    if session.view.run == found.name:
        session.go(hierarchy=name, summary_set=set_name, node="root")
    return HierarchyMade(
        hierarchy=name,
        run=found.name,
        nodes=len(nodes) + 1,
        levels=max((node.level for node in nodes), default=0),
        top=sum(node.level == 1 and node.kind in ("theme", "cluster") for node in nodes),
        no_parent=sum(node.parent == NO_PARENT for node in nodes),
    )


def _leaves(workspace: Workspace, run: RunInfo, set_id: int) -> list[Leaf]:
    rows = workspace.rows(
        f"SELECT c.number, c.kind, {TITLE_SQL}, {DESCRIPTION_SQL}, c.size, c.coherence"
        " FROM cluster c LEFT JOIN summary s ON s.summary_set_id = ? AND s.cluster = c.number"
        " WHERE c.run_id = ? ORDER BY c.kind = 'noise', c.number",
        (set_id, run.id),
    )
    return [Leaf(*row) for row in rows]


def _terms(workspace: Workspace, run: RunInfo, leaves: list[Leaf]) -> list[tuple[Phrase, ...]]:
    """What the texts of each leaf say, of big clusters every so many texts in the order of their ids."""
    quota = max(10, min(READ, READ_ALL // len(leaves)))
    rows = workspace.rows(
        "SELECT m.cluster, substr(t.content, 1, 4000) FROM (SELECT cluster, text_id, row_number() OVER (PARTITION BY cluster ORDER BY text_id)"
        " AS place, count(*) OVER (PARTITION BY cluster) AS texts FROM (SELECT DISTINCT a.cluster, q.text_id"
        " FROM assignment a JOIN query q ON q.id = a.query_id WHERE a.run_id = ? AND a.is_noise = 0)) m"
        " JOIN text t ON t.id = m.text_id WHERE (m.place - 1) % ((m.texts + ? - 1) / ?) = 0"
        " ORDER BY m.cluster, m.place",
        (run.id, quota, quota),
    )
    place = {leaf.number: i for i, leaf in enumerate(leaves)}
    found = [(place[number], text) for number, text in rows if number in place]
    labels = np.array([i for i, _ in found], dtype=np.int64)
    return cluster_terms([text for _, text in found], labels, len(leaves))


def _nodes(
    workspace: Workspace, session: Session, run: RunInfo, leaves: list[Leaf], levels: int, width: int | None
) -> list[NewNode]:
    centroids = _centroids(workspace, run)
    sizes = np.array([leaf.size for leaf in leaves], dtype=np.float64)
    tree = build_tree(centroids, sizes, levels, width, control=session.control)
    titles = _titles(tree, leaves, _terms(workspace, run, leaves))
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
                description=leaf.description if leaf else _description(own),
                fit=None if node.parent is None else round(node.fit, 4),
                low_fit=node.low_fit,
                coherence=leaf.coherence if leaf else _coherence(own),
                size=sum(leaf.size for leaf in own),
            )
        )
    return nodes


def _centroids(workspace: Workspace, run: RunInfo) -> NDArray[np.float32]:
    blobs = workspace.rows(
        "SELECT centroid FROM cluster WHERE run_id = ? AND kind = 'cluster' ORDER BY number", (run.id,)
    )
    return np.stack([np.frombuffer(blob, dtype="<f4") for (blob,) in blobs])


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


def _description(leaves: list[Leaf]) -> str:
    """How much a theme holds, and its biggest clusters by name."""
    largest = sorted(leaves, key=lambda leaf: -leaf.size)
    named = [leaf.title for leaf in largest[:SHOWN]]
    rest = len(leaves) - len(named)
    shown = listing([*named, f"{rest} more"] if rest else named)
    queries = sum(leaf.size for leaf in leaves)
    clusters = f"{len(leaves):,} cluster{'s' if len(leaves) != 1 else ''}"
    return f"{queries:,} queries in {clusters}: {shown}."


def _coherence(leaves: list[Leaf]) -> float | None:
    """Mean coherence of the clusters, weighted by size."""
    known = [(leaf.coherence, leaf.size) for leaf in leaves if leaf.coherence is not None]
    total = sum(size for _, size in known)
    return round(sum(c * size for c, size in known) / total, 4) if total else None


def _placed(nodes: list[NewNode]) -> list[NewNode]:
    """Positions among siblings, in the order of the list."""
    from dataclasses import replace

    counts: dict[str | None, int] = {}
    placed = []
    for node in nodes:
        counts[node.parent] = position = counts.get(node.parent, -1) + 1
        placed.append(replace(node, position=position))
    return placed


def _save(
    workspace: Workspace,
    run: RunInfo,
    set_id: int,
    set_name: str,
    method: str,
    levels: int,
    width: int | None,
    nodes: list[NewNode],
) -> str:
    parameters = {"levels": levels, "width": width}
    with workspace.transaction() as connection:
        name = take_name(connection, f"tree-{method}-{short_hash(run.name, set_name, method, parameters)}")
        tree_id = connection.execute(
            "INSERT INTO hierarchy (name, run_id, summary_set_id, method, parameters, levels, created_at)"
            " VALUES (?, ?, ?, ?, ?, ?, ?)",
            (
                name, run.id, set_id, method, json.dumps(parameters, sort_keys=True),
                max(node.level for node in nodes), workspace.clock(),
            ),
        ).lastrowid  # fmt: skip
        connection.executemany(
            'INSERT INTO node (hierarchy_id, "key", parent, position, level, kind, cluster, title, description, fit,'
            " low_fit, coherence, size) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                (
                    tree_id, n.key, n.parent, n.position, n.level, n.kind, n.cluster, n.title, n.description, n.fit,
                    int(n.low_fit), n.coherence, n.size,
                )
                for n in nodes
            ),
        )  # fmt: skip
        connection.execute(
            "UPDATE run SET hierarchy = ?, summary_set = ? WHERE id = ?", (tree_id, set_id, run.id)
        )
    return name
