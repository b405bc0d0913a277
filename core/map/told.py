"""The clusters and themes in sight, with where on the picture they are."""

from __future__ import annotations

from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from core.map.groups import Groups
from core.map.points import Points
from core.map.raster import Raster, Window, leaders, leading_groups, middles
from core.map.rows import MapCluster, MapTheme


class Told:
    """What is told of a raster.

    Args:
        points: The map.
        groups: The names.
        at: What is in sight.
        drawn: What stands in its cells.
    """

    def __init__(self, points: Points, groups: Groups, at: Window, drawn: Raster) -> None:
        self.points, self.groups, self.at, self.drawn = points, groups, at, drawn

    @cached_property
    def leader(self) -> NDArray[np.int64]:
        """The cluster that leads each cell."""
        return leaders(self.drawn, self.drawn.in_sight)

    @cached_property
    def themes_in_sight(self) -> NDArray[np.int64]:
        """Queries in sight of each theme."""
        groups = self.groups
        weights = self.drawn.in_sight[: len(groups.theme_of)]
        found = np.bincount(groups.theme_of, weights=weights, minlength=len(groups.themes))
        return found.astype(np.int64)

    @cached_property
    def theme(self) -> NDArray[np.int64]:
        """The theme that leads each cell."""
        return leading_groups(self.drawn, self.groups.theme_of, self.themes_in_sight)

    @cached_property
    def cluster_cells(self) -> NDArray[np.int64]:
        """The cell in the middle of each cluster that leads one."""
        count = len(self.points.numbers)
        return middles(self.leader, self.drawn, np.arange(count), self.at.columns, np.zeros(count, np.bool_))

    @cached_property
    def theme_cells(self) -> NDArray[np.int64]:
        """The cell in the middle of each theme in sight."""
        return middles(
            self.theme, self.drawn, self.groups.theme_of, self.at.columns, self.themes_in_sight > 0
        )


def _heaviest(wanted: NDArray[np.int64], limit: int, *weights: NDArray[np.int64]) -> list[int]:
    """Positions by falling weights, the first counts most; at most `limit`."""
    order = np.lexsort((wanted, *(-weight[wanted] for weight in reversed(weights))))
    found: list[int] = wanted[order][:limit].tolist()
    return found


def told_clusters(told: Told, shine: Told | None, limit: int) -> tuple[MapCluster, ...]:
    """The clusters that lead a cell, of all or of the lit queries; `shine` is of those that are lit."""
    points, groups, in_sight = told.points, told.groups, told.drawn.in_sight
    wanted = np.unique(told.leader)
    cells, lit = told.cluster_cells, np.zeros(len(in_sight), np.int64)
    if shine is not None:
        lit = shine.drawn.in_sight
        wanted = np.union1d(wanted, shine.leader)
        cells = np.where(shine.cluster_cells >= 0, shine.cluster_cells, cells)
    found = []
    for at in _heaviest(wanted, limit, lit, in_sight):
        row, column = divmod(int(cells[at]), told.at.columns)
        cluster = groups.clusters[at]
        found.append(
            MapCluster(
                cluster.number, cluster.kind, cluster.title, cluster.size, int(in_sight[at]), int(lit[at]), column, row,
                float(points.centres[at, 0]), float(points.centres[at, 1]), groups.keys[int(groups.theme_of[at])],
                int(points.inks[at]),
            )
        )  # fmt: skip
    return tuple(found)


def told_themes(told: Told, shine: Told | None, limit: int) -> tuple[MapTheme, ...]:
    """The themes in sight."""
    in_sight = told.themes_in_sight
    cells, lit = told.theme_cells, np.zeros(len(in_sight), np.int64)
    if shine is not None:
        lit = shine.themes_in_sight
        cells = np.where(shine.theme_cells >= 0, shine.theme_cells, cells)
    found = []
    for at in _heaviest(np.flatnonzero(in_sight), limit, lit, in_sight):
        theme = told.groups.themes[at]
        if theme.node is not None:
            row, column = divmod(int(cells[at]), told.at.columns)
            found.append(
                MapTheme(
                    theme.node, theme.kind, theme.title, theme.size, int(in_sight[at]), int(lit[at]), column, row,
                    theme.ink,
                )
            )  # fmt: skip
    return tuple(found)
