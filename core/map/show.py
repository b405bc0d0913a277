"""What is in sight of a map, as plain data."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from core.errors import ActionError
from core.lookup import RunInfo, check_limit, find_run
from core.map.groups import groups_of
from core.map.light import lit
from core.map.points import lately, points_of
from core.map.raster import raster, window
from core.map.rows import MapCells, MapNear, MapShown
from core.map.told import Told, told_clusters, told_themes
from core.page import Page
from core.session import Session

COLUMNS, ROWS = 1_000, 1_000
"""The most cells each way."""

CELLS = 200_000
"""The most cells."""

LIMIT = 10_000

_DRAWN = 6
"""Parts whose cells are kept: some megabytes each at a million points."""

NARROWEST = 1e-4


@dataclass(frozen=True)
class MapView:
    """What to show, in the user's words; see the action `map.show`."""

    run: str | None = None
    x: float | None = None
    y: float | None = None
    width: float | None = None
    columns: int = 40
    rows: int = 16
    aspect: float = 2.0
    text: str | None = None
    cluster: int | None = None
    node: str | None = None
    limit: int = 40


def map_shown(session: Session, view: MapView) -> MapShown:
    """The cells of a part of a run's map.

    Every query of the run whose text is on the map, and inside the bounds of the answer, is counted in one cell. Clusters and
    themes are as they are now; the places of texts are those of the last `map.build`.

    Raises:
        ActionError: `no_run`, `unknown_run`, `no_map`, `bad_view`, `bad_limit`; what `core.map.light.lit` raises.
    """
    _check(view)
    workspace = session.workspace
    run = find_run(workspace, view.run or session.view.run)
    points = points_of(workspace, run)
    lights, note = lit(workspace, run, points, view.text, view.cluster, view.node)
    at = window(points, view.x, view.y, view.width, view.columns, view.rows, view.aspect)
    groups = groups_of(workspace, run, points)
    drawn = lately(points.drawn, at, lambda: raster(points, at), _DRAWN)
    lit_cells = np.zeros(len(drawn.cell), np.int64)
    told = Told(points, groups, at, drawn)
    shine = None
    if lights is not None:
        shine = Told(points, groups, at, raster(points, at, lights))
        lit_cells[np.searchsorted(drawn.cell, shine.drawn.cell)] = shine.drawn.queries
    unplaced = points.unplaced
    if unplaced:
        came = "query is" if unplaced == 1 else "queries are"
        stale = f"{unplaced:,} newer {came} not on the map; map.build draws it anew."
        note = f"{note} {stale}".strip()
    row, column = np.divmod(drawn.cell, at.columns)
    return MapShown(
        run=run.name,
        method=points.info.method,
        seed=points.info.seed,
        created_at=points.info.created_at,
        left=at.left,
        right=at.right,
        bottom=at.bottom,
        top=at.top,
        whole=int(drawn.queries.sum()) == points.total,
        columns=at.columns,
        rows=at.rows,
        queries=int(drawn.queries.sum()),
        total=points.total,
        unplaced=unplaced,
        lit=None if lights is None else int(points.queries[lights].sum()),
        cells=MapCells(
            column=tuple(column.tolist()),
            row=tuple(row.tolist()),
            queries=tuple(drawn.queries.tolist()),
            cluster=tuple(points.numbers[told.leader].tolist()),
            theme=tuple(map(groups.keys.__getitem__, told.theme.tolist())),
            dots=tuple(drawn.dots.tolist()),
            lit=tuple(lit_cells.tolist()),
        ),
        clusters=told_clusters(told, shine, view.limit),
        themes=told_themes(told, shine, view.limit),
        note=note,
    )


def _check(view: MapView) -> None:
    if not (1 <= view.columns <= COLUMNS and 1 <= view.rows <= ROWS and view.columns * view.rows <= CELLS):
        raise ActionError(
            "bad_view", f"columns={view.columns} rows={view.rows} is no grid.", f"At most {CELLS:,} cells."
        )
    if view.width is not None and not NARROWEST <= view.width <= 100:
        raise ActionError(
            "bad_view", f"width={view.width} is not from {NARROWEST:g} to 100.", "1 is all of it."
        )
    if not 0.1 <= view.aspect <= 10:
        raise ActionError("bad_view", f"aspect={view.aspect} is not from 0.1 to 10.", "A letter has 2.")
    if any(place is not None and not -1 <= place <= 2 for place in (view.x, view.y)):
        raise ActionError("bad_view", "x= or y= lies far off the map.", "The map lies within 0 to 1.")
    if not 1 <= view.limit <= LIMIT:
        raise ActionError("bad_limit", f"limit={view.limit} is not from 1 to {LIMIT:,}.", "")


def clusters_near(session: Session, run: str | None, x: float, y: float, limit: int) -> Page:
    """The clusters whose middles lie nearest to a point.

    Raises:
        ActionError: `no_run`, `unknown_run`, `no_map` or `bad_limit`.
    """
    check_limit(limit)
    workspace = session.workspace
    found: RunInfo = find_run(workspace, run or session.view.run)
    points = points_of(workspace, found)
    groups = groups_of(workspace, found, points)
    apart = np.hypot(points.centres[:, 0] - x, points.centres[:, 1] - y)
    known = np.flatnonzero(np.isfinite(apart))
    order = known[np.lexsort((points.numbers[known], apart[known]))]
    rows = tuple(
        MapNear(
            groups.clusters[at].number, groups.clusters[at].kind, groups.clusters[at].title, groups.clusters[at].size,
            float(points.centres[at, 0]), float(points.centres[at, 1]), round(float(apart[at]), 6),
        )
        for at in order[:limit].tolist()
    )  # fmt: skip
    return Page(rows, len(known))
