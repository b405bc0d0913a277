"""Reading a tree: nodes, children, paths."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from core.browse.rows import Narrowing, Sort
from core.cursors import signed, unsigned
from core.errors import ActionError
from core.lookup import HierarchyInfo, bad_cursor, check_limit, find_hierarchy, run_of, unknown
from core.page import Page
from core.rows import NodeOpened, NodeRow
from db.titles import DESCRIPTION_SQL, SUMMARY_JOIN, TITLE_SQL
from db.workspace import Workspace

_NODE = (
    "SELECT n.key, n.parent, n.level, n.kind,"
    f" CASE WHEN n.cluster IS NULL THEN n.title ELSE {TITLE_SQL} END,"
    f" CASE WHEN n.cluster IS NULL THEN n.description ELSE {DESCRIPTION_SQL} END,"
    " n.size, n.coherence, n.fit, n.low_fit, n.cluster, c.tags, c.flags,"
    " (SELECT count(*) FROM node k WHERE k.hierarchy_id = n.hierarchy_id AND k.parent = n.key),"
    " (SELECT t.size FROM node t WHERE t.hierarchy_id = n.hierarchy_id AND t.key = 'root')"
    " FROM node n JOIN hierarchy h ON h.id = n.hierarchy_id JOIN run r ON r.id = h.run_id"
    f" LEFT JOIN cluster c ON c.run_id = r.id AND c.number = n.cluster {SUMMARY_JOIN}"
)

MAX_DEPTH = 10
_ORDINAL = 8
"""Digits of a position in the key by which a depth-first listing is ordered."""


def _row(values: tuple[Any, ...]) -> NodeRow:
    key, parent, level, kind, title, description, size, coherence, fit, low_fit, cluster = values[:11]
    tags, flags, children, total = values[11:]
    share = size / total if total else 0.0
    return NodeRow(
        key, parent, level, kind, title, description, size, share, coherence, fit, bool(low_fit), cluster, children,
        tags=_list(tags), flags=_list(flags),
    )  # fmt: skip


def _list(text: str | None) -> tuple[str, ...]:
    return () if text is None or text == "[]" else tuple(json.loads(text))


def node(workspace: Workspace, tree: HierarchyInfo, key: str) -> NodeRow:
    """One node.

    Raises:
        ActionError: `unknown_node`.
    """
    found = workspace.row(f"{_NODE} WHERE n.hierarchy_id = ? AND n.key = ?", (tree.id, key))
    if found is None:
        rows = workspace.rows("SELECT key FROM node WHERE hierarchy_id = ? LIMIT 2000", (tree.id,))
        raise unknown("node", key, [r[0] for r in rows], "node.list shows them.")
    return _row(found)


def rows_of(workspace: Workspace, tree: HierarchyInfo, keys: Sequence[str]) -> dict[str, NodeRow]:
    """Some nodes of a tree by key."""
    marks = ",".join("?" * len(keys))
    rows = workspace.rows(f"{_NODE} WHERE n.hierarchy_id = ? AND n.key IN ({marks})", (tree.id, *keys))
    return {row[0]: _row(row) for row in rows}


def nodes_under(
    workspace: Workspace,
    hierarchy: str | None,
    parent: str,
    depth: int,
    sort: Sort,
    narrowing: Narrowing,
    limit: int,
    after: str | None,
) -> Page:
    """The nodes at most `depth` levels under `parent`, depth first.

    Raises:
        ActionError: `unknown_hierarchy`, `unknown_node`, `bad_depth`, `bad_limit`, `bad_cursor`, and what
            `core.browse.nodes.arranged` raises.
    """
    check_limit(limit)
    if not 1 <= depth <= MAX_DEPTH:
        raise ActionError("bad_depth", f"depth={depth} is not from 1 to {MAX_DEPTH}.", "1 are the children.")
    tree = find_hierarchy(workspace, hierarchy)
    node(workspace, tree, parent)
    if sort == "size" and narrowing.none:
        return _in_place(workspace, tree, parent, depth, limit, after)
    # Only here: the arrays behind it are imported by nothing that reads a tree as it stands.
    from core.browse.nodes import arranged

    return arranged(workspace, tree, run_of(workspace, tree), parent, depth, sort, narrowing, limit, after)


def _in_place(
    workspace: Workspace, tree: HierarchyInfo, parent: str, depth: int, limit: int, after: str | None
) -> Page:
    """The nodes in the order of the tree, which is by size, noise and the like last."""
    made_by = ("node.list", tree.name, parent, depth)
    cursor = unsigned(after, *made_by) or ""
    if not cursor.isascii() or (cursor and not cursor.isdecimal()) or len(cursor) % _ORDINAL:
        raise bad_cursor(cursor)
    below = (
        "WITH RECURSIVE below (key, place, depth) AS ("
        f" SELECT key, printf('%0{_ORDINAL}d', position), 1 FROM node WHERE hierarchy_id = :tree AND parent = :parent"
        f" UNION ALL SELECT k.key, b.place || printf('%0{_ORDINAL}d', k.position), b.depth + 1"
        " FROM below b JOIN node k ON k.hierarchy_id = :tree AND k.parent = b.key WHERE b.depth < :depth) "
    )
    values = {"tree": tree.id, "parent": parent, "depth": depth, "after": cursor, "limit": limit + 1}
    total = workspace.value(f"{below} SELECT count(*) FROM below", values)
    places = workspace.rows(
        f"{below} SELECT place, key FROM below WHERE place > :after ORDER BY place LIMIT :limit", values
    )
    shown = places[:limit]
    found = rows_of(workspace, tree, [key for _, key in shown])
    last = shown[-1][0] if len(places) > limit else None
    return Page(tuple(found[key] for _, key in shown), total, signed(last, *made_by))


def all_nodes(workspace: Workspace, tree: HierarchyInfo) -> tuple[NodeRow, ...]:
    """Every node of a tree: the root, then by level and place."""
    rows = workspace.rows(
        f"{_NODE} WHERE n.hierarchy_id = ? ORDER BY n.parent IS NOT NULL, n.level, n.position, n.key",
        (tree.id,),
    )
    return tuple(_row(values) for values in rows)


def path_of(workspace: Workspace, tree: HierarchyInfo, key: str) -> tuple[NodeRow, ...]:
    """The nodes from the first level down to `key`; empty for the root."""
    path: list[NodeRow] = []
    here: str | None = key
    while here is not None and here != "root":
        row = node(workspace, tree, here)
        path.append(row)
        here = row.parent
    return tuple(reversed(path))


def node_opened(workspace: Workspace, hierarchy: str | None, key: str) -> NodeOpened:
    """A node with its path and its children (at most 1,000; `node.list` pages through more)."""
    tree = find_hierarchy(workspace, hierarchy)
    row = node(workspace, tree, key)
    path = path_of(workspace, tree, key)
    children = workspace.rows(
        f"{_NODE} WHERE n.hierarchy_id = ? AND n.parent = ? ORDER BY n.position LIMIT 1000", (tree.id, key)
    )
    return NodeOpened(
        **{name: getattr(row, name) for name in NodeRow.__dataclass_fields__},
        path=tuple(p.title for p in path),
        path_ids=tuple(p.node for p in path),
        rows=tuple(_row(child) for child in children),
    )


def node_of_cluster(workspace: Workspace, hierarchy: str | None, cluster: int) -> str | None:
    """The leaf that stands for a cluster in a tree; `None` without a tree."""
    if hierarchy is None:
        return None
    found = workspace.value(
        "SELECT n.key FROM node n JOIN hierarchy h ON h.id = n.hierarchy_id WHERE h.name = ? AND n.cluster = ?",
        (hierarchy, cluster),
    )
    return None if found is None else str(found)
