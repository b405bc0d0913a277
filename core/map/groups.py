"""The clusters and top themes that the points of a map belong to, with their names."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from core.lookup import RunInfo
from core.map.ink import inks
from core.map.points import Points
from db.text_sets import kept
from db.titles import SUMMARY_JOIN, TITLE_SQL
from db.workspace import Workspace


@dataclass(frozen=True)
class Named:
    """A cluster with its shown title."""

    number: int
    kind: str
    title: str
    size: int


@dataclass(frozen=True)
class Theme:
    """A node of the tree's first level; `node` is `None` for what stands in no tree."""

    node: str | None
    kind: str
    title: str
    size: int
    ink: int


@dataclass(frozen=True, eq=False)
class Groups:
    """`clusters` in the order of the points' `numbers`; the last theme is that of no tree."""

    clusters: tuple[Named, ...]
    themes: tuple[Theme, ...]
    theme_of: NDArray[np.int64]
    """`[k]`: the theme of each cluster, a position in `themes`."""

    @cached_property
    def keys(self) -> tuple[str | None, ...]:
        """The themes' nodes."""
        return tuple(theme.node for theme in self.themes)


def groups_of(workspace: Workspace, run: RunInfo, points: Points) -> Groups:
    """The names as they are now; read again when the store has changed."""
    found: Groups = kept(
        workspace, ("map groups", run.id, run.hierarchy, points.key), lambda: _read(workspace, run, points)
    )
    return found


def _read(workspace: Workspace, run: RunInfo, points: Points) -> Groups:
    clusters = tuple(
        Named(*row)
        for row in workspace.rows(
            f"SELECT c.number, c.kind, {TITLE_SQL}, c.size FROM cluster c JOIN run r ON r.id = c.run_id {SUMMARY_JOIN}"
            " WHERE c.run_id = ? ORDER BY c.number",
            (run.id,),
        )
    )
    tops = [] if run.hierarchy is None else workspace.rows(
        'SELECT n."key", n.kind, CASE WHEN n.cluster IS NULL THEN n.title ELSE coalesce((SELECT'
        f" {TITLE_SQL} FROM cluster c JOIN run r ON r.id = c.run_id {SUMMARY_JOIN} WHERE c.run_id = :run AND c.number = n.cluster),"
        " n.title) END, n.size FROM node n WHERE n.hierarchy_id = :tree AND n.parent = 'root' ORDER BY n.position",
        {"run": run.id, "tree": run.hierarchy},
    )  # fmt: skip
    place = {row[0]: at for at, row in enumerate(tops)}
    top_of = dict(
        workspace.rows(
            "WITH RECURSIVE below (top, node) AS ("
            ' SELECT "key", "key" FROM node WHERE hierarchy_id = :tree AND parent = \'root\''
            " UNION ALL SELECT below.top, k.key FROM below JOIN node k ON k.hierarchy_id = :tree AND k.parent = below.node)"
            " SELECT n.cluster, below.top FROM below JOIN node n ON n.hierarchy_id = :tree AND n.key = below.node"
            " WHERE n.cluster IS NOT NULL",
            {"tree": run.hierarchy},
        )
    )
    theme_of = np.array([place.get(top_of.get(cluster.number), len(tops)) for cluster in clusters], np.int64)
    colours = _colours(points, theme_of, [row[1] for row in tops])
    themes = (
        *(
            Theme(node, kind, title, size, int(ink))
            for (node, kind, title, size), ink in zip(tops, colours, strict=True)
        ),
        Theme(None, "none", "", 0, -1),
    )
    return Groups(clusters, themes, theme_of)


def _colours(points: Points, theme_of: NDArray[np.int64], kinds: list[str]) -> NDArray[np.int64]:
    count = len(kinds)
    if not len(theme_of):
        return np.full(count, -1, np.int64)
    sizes = np.bincount(points.cluster, weights=points.queries, minlength=len(theme_of))
    weights = np.bincount(theme_of, weights=sizes, minlength=count + 1)[:count]
    middles = np.nan_to_num(points.centres)
    sums = [np.bincount(theme_of, weights=sizes * middles[:, a], minlength=count + 1)[:count] for a in (0, 1)]
    with np.errstate(invalid="ignore", divide="ignore"):
        centres = np.column_stack(sums) / weights[:, None]
    return inks(
        centres,
        weights.astype(np.float64),
        np.array([kind in ("theme", "cluster") for kind in kinds], np.bool_),
    )
