"""The nodes under a node in another order than the tree's own, or only those that a filter leaves."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from core.browse.growth import halves
from core.browse.leaves import counted, leaves
from core.browse.order import Rank, rank, ranks, written
from core.browse.rows import Narrowing, Sort
from core.cursors import signed, unsigned
from core.lookup import HierarchyInfo, RunInfo
from core.page import Page
from core.rows import NodeRow
from core.tree import rows_of
from db.text_sets import kept
from db.workspace import Workspace


@dataclass(frozen=True)
class _Node:
    """A node as it is stored; the title of a leaf is that of its cluster."""

    key: str
    parent: str | None
    position: int
    level: int
    kind: str
    cluster: int | None
    title: str
    coherence: float | None


@dataclass(frozen=True)
class _Tree:
    """All nodes, the deepest first, and the children of each."""

    nodes: dict[str, _Node]
    children: dict[str, list[_Node]]


@dataclass(frozen=True)
class _Figures:
    """What a filter leaves of the nodes: their sizes, coherence and growth; nodes without a query are missing."""

    sizes: dict[str, int]
    titles: dict[str, str]
    coherence: dict[str, float | None]
    growth: dict[str, float]


def arranged(
    workspace: Workspace,
    tree: HierarchyInfo,
    run: RunInfo,
    parent: str,
    depth: int,
    sort: Sort,
    narrowing: Narrowing,
    limit: int,
    after: str | None,
) -> Page:
    """The nodes at most `depth` levels under `parent`, depth first, siblings in the order of `sort`.

    Sizes, shares and children are of the queries and nodes that the filter leaves; a node stays as long as one of its
    clusters does. A theme's coherence is the mean of its clusters', weighted by size.

    Raises:
        ActionError: `bad_cursor`, `no_times`, and what `counted` raises.
    """
    made_by = ("node.list", tree.name, parent, depth, sort, narrowing)
    cursor = unsigned(after, *made_by)
    start = () if cursor is None else ranks(cursor, sort, (int, str))
    shape = _shape(workspace, tree)
    figures = _figures(workspace, tree, run, shape, narrowing, sort == "growth")
    places = list(_below(shape, figures, parent, depth, sort, ()))
    first = next((n for n, (place, _) in enumerate(places) if place > start), len(places))
    shown = places[first : first + limit]
    rows = rows_of(workspace, tree, [key for _, key in shown])
    whole = figures.sizes.get("root", 0)
    page = tuple(_row(rows[key], shape, figures, whole) for _, key in shown)
    last = written(shown[-1][0]) if first + limit < len(places) else None
    return Page(page, len(places), signed(last, *made_by))


def _below(
    shape: _Tree, figures: _Figures, parent: str, depth: int, sort: Sort, above: tuple[Rank, ...]
) -> Iterator[tuple[tuple[Rank, ...], str]]:
    """The nodes under `parent` with their places, in order."""
    listed = [
        (
            rank(
                sort, node.kind, figures.titles[node.key], figures.sizes[node.key], figures.coherence[node.key],
                figures.growth.get(node.key), node.position, node.key,
            ),
            node.key,
        )
        for node in shape.children.get(parent, ())
        if node.key in figures.sizes
    ]  # fmt: skip
    for own, key in sorted(listed):
        yield (*above, own), key
        if depth > 1:
            yield from _below(shape, figures, key, depth - 1, sort, (*above, own))


def _row(row: NodeRow, shape: _Tree, figures: _Figures, whole: int) -> NodeRow:
    size = figures.sizes[row.node]
    return replace(
        row,
        size=size,
        share=size / whole if whole else 0.0,
        coherence=figures.coherence[row.node],
        children=sum(child.key in figures.sizes for child in shape.children.get(row.node, ())),
        growth=figures.growth.get(row.node),
    )


def _shape(workspace: Workspace, tree: HierarchyInfo) -> _Tree:
    found: _Tree = kept(workspace, ("tree", tree.id), lambda: _read(workspace, tree))
    return found


def _read(workspace: Workspace, tree: HierarchyInfo) -> _Tree:
    nodes: dict[str, _Node] = {}
    children: dict[str, list[_Node]] = {}
    for values in workspace.raw.execute(
        "SELECT key, parent, position, level, kind, cluster, title, coherence FROM node WHERE hierarchy_id = ?"
        " ORDER BY level DESC, key",
        (tree.id,),
    ):
        node = _Node(*values)
        nodes[node.key] = node
        if node.parent is not None:
            children.setdefault(node.parent, []).append(node)
    return _Tree(nodes, children)


def _figures(
    workspace: Workspace, tree: HierarchyInfo, run: RunInfo, shape: _Tree, narrowing: Narrowing, growing: bool
) -> _Figures:
    found: _Figures = kept(
        workspace,
        ("figures", tree.id, narrowing, growing),
        lambda: _counted(workspace, run, shape, narrowing, growing),
    )
    return found


def _counted(
    workspace: Workspace, run: RunInfo, shape: _Tree, narrowing: Narrowing, growing: bool
) -> _Figures:
    known = leaves(workspace, run)
    left = counted(workspace, run, narrowing, _above(shape) if narrowing.text else {})
    half = halves(workspace, run) if growing else None
    found = _Figures({}, {}, {}, {})
    sums: dict[str, _Sum] = {}
    for node in shape.nodes.values():
        number = node.cluster
        if number is not None and left.get(number):
            early, late = (half.early.get(number, 0), half.late.get(number, 0)) if half else (0, 0)
            weight = left[number] if node.coherence is not None else 0
            sums[node.key] = _Sum(left[number], weight * (node.coherence or 0.0), weight, early, late)
        own = sums.get(node.key)
        if own is None:
            continue
        if node.parent is not None:
            sums[node.parent] = sums.get(node.parent, _Sum()) + own
        found.sizes[node.key] = own.size
        found.titles[node.key] = node.title if number is None else known[number].title
        found.coherence[node.key] = own.coherence / own.weight if own.weight else None
        if half is not None:
            found.growth[node.key] = half.growth(own.early, own.late)
    return found


@dataclass(frozen=True)
class _Sum:
    """Over clusters: queries, coherence times queries, those queries, and queries in the two halves of the log."""

    size: int = 0
    coherence: float = 0.0
    weight: int = 0
    early: int = 0
    late: int = 0

    def __add__(self, other: _Sum) -> _Sum:
        return _Sum(
            self.size + other.size,
            self.coherence + other.coherence,
            self.weight + other.weight,
            self.early + other.early,
            self.late + other.late,
        )


def _above(shape: _Tree) -> dict[int, str]:
    """By cluster the titles of the themes over it."""
    titles: dict[str, str] = {}
    for node in reversed(shape.nodes.values()):
        over = titles.get(node.parent or "", "")
        titles[node.key] = f"{over}\n{node.title.casefold()}" if node.kind == "theme" else over
    return {node.cluster: titles[node.key] for node in shape.nodes.values() if node.cluster is not None}
