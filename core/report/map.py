"""The map of a run, coloured by its themes, for its report; nothing of a theme or cluster that is held back is on it."""

from __future__ import annotations

from collections.abc import Sequence
from string import ascii_uppercase

import numpy as np
from numpy.typing import NDArray

from core.errors import ActionError
from core.lookup import RunInfo
from core.map.ink import inks
from core.map.points import Points, points_of
from core.map.raster import Raster, leading_groups, middles, raster, window
from core.report.content import MapPart, Region
from core.report.hidden import APART, Hidden
from core.report.shown import Branch
from core.rows import NodeRow
from db.workspace import Workspace

COLUMNS, ROWS = 128, 72
"""Cells of the picture, which are squares."""

REGIONS = 12
"""Regions that have a letter: those of most queries; the others are grey."""

STEPS = 4
"""How many shades of density there are."""


def map_part(
    workspace: Workspace,
    run: RunInfo,
    nodes: Sequence[NodeRow],
    root: Branch,
    hidden: Hidden,
) -> MapPart | None:
    """The whole map; `None` where none was built.

    Under a threshold the queries of what is held back are not on it, the noise and the orphans among them.

    Args:
        workspace: The store.
        run: The run.
        nodes: All nodes of the tree, each after its parent's level, or the clusters under a root.
        root: The same as it may leave, with the names that may.
        hidden: What is held back.
    """
    try:
        points = points_of(workspace, run)
    except ActionError as error:
        if error.code == "no_map":
            return None
        raise
    tops = [branch for branch in root.children if branch.node.kind not in APART]
    group = _groups(points, nodes, [branch.node.node for branch in tops])
    shown = ~np.isin(points.numbers, list(hidden.clusters))
    drawn = raster(points, window(points, None, None, None, COLUMNS, ROWS, 1.0), shown[points.cluster])
    weights = np.bincount(group, weights=drawn.in_sight[: len(group)], minlength=len(tops) + 1).astype(
        np.int64
    )
    leader = leading_groups(drawn, group, weights)
    order = [at for at in np.argsort(-weights[:-1], kind="stable").tolist() if weights[at]][:REGIONS]
    cells = middles(leader, drawn, group, COLUMNS, weights > 0)
    colours = _colours(points, group, weights, shown)
    regions = tuple(
        Region(
            letter,
            tops[at].title,
            float(weights[at] / max(weights.sum(), 1)),
            int(cells[at]) % COLUMNS,
            int(cells[at]) // COLUMNS,
            max(int(colours[at]), 0),
        )
        for letter, at in zip(ascii_uppercase, order, strict=False)
    )
    position = np.full(len(tops) + 1, -1, np.int64)
    position[order] = np.arange(len(order))
    row, column = np.divmod(drawn.cell, COLUMNS)
    table = np.column_stack([column, row, position[leader], _density(drawn)])
    return MapPart(COLUMNS, ROWS, regions, tuple(map(tuple, table.tolist())), _note(points, hidden))


def _note(points: Points, hidden: Hidden) -> str:
    how = (
        "UMAP: queries that are alike lie close"
        if points.info.method == "umap"
        else "principal axes of the clusters"
    )
    parts = [f"{how}; the darker, the more queries. Directions and distances across the map mean little."]
    if hidden.clusters:
        parts.append("What is held back is not on it.")
    if points.unplaced:
        parts.append(f"{points.unplaced:,} queries came after it was built and are not on it.")
    return " ".join(parts)


def _groups(points: Points, nodes: Sequence[NodeRow], tops: Sequence[str]) -> NDArray[np.int64]:
    """`[k]`: the position in `tops` of the node of the first level above each cluster; their number for those below none."""
    place = {key: at for at, key in enumerate(tops)}
    parent = {node.node: node.parent for node in nodes}
    leaf = {node.cluster: node.node for node in nodes if node.cluster is not None}
    found = []
    for number in points.numbers.tolist():
        here: str | None = leaf.get(number)
        while here is not None and here not in place:
            here = parent[here]
        found.append(len(tops) if here is None else place[here])
    return np.array(found, np.int64)


def _colours(
    points: Points, group: NDArray[np.int64], weights: NDArray[np.int64], shown: NDArray[np.bool_]
) -> NDArray[np.int64]:
    sizes = np.bincount(points.cluster, weights=points.queries, minlength=len(points.numbers)) * shown
    middle = np.nan_to_num(points.centres)
    sums = [np.bincount(group, weights=sizes * middle[:, axis], minlength=len(weights)) for axis in (0, 1)]
    with np.errstate(invalid="ignore", divide="ignore"):
        centres = np.column_stack(sums) / np.bincount(group, weights=sizes, minlength=len(weights))[:, None]
    ordinary = np.arange(len(weights)) < len(weights) - 1
    return inks(centres, weights.astype(np.float64), ordinary)


def _density(drawn: Raster) -> NDArray[np.int64]:
    """1 to 4 on a scale of logarithms."""
    if not len(drawn.queries):
        return np.empty(0, np.int64)
    level = np.log1p(drawn.queries) / np.log1p(np.quantile(drawn.queries, 0.98))
    steps: NDArray[np.int64] = np.clip(np.ceil(level * STEPS), 1, STEPS).astype(np.int64)
    return steps
