"""What the actions on maps answer with."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class MapMade:
    """A map that was built, or would be: known before the work as well as after it."""

    run: str
    space: str
    method: str
    seed: int
    texts: int
    """Texts that it places."""
    fitted: int
    """Texts that the layout was fitted to; the others stand among their nearest of these."""
    resumed: int
    """Texts that an interrupted build had placed already."""
    replaces: str | None
    """The method of the map that gives way to it."""
    reason: str
    """How the texts are laid out, and why so."""


@dataclass(frozen=True)
class MapCells:
    """The cells in sight that hold queries, row by row from the top: one tuple a column of the table, all equally long.

    `cluster` and `theme` have the most queries of the cell (of equal ones the one of most queries in sight). `dots` says
    which of the cell's 2 x 4 parts are filled, as the bits of the braille character U+2800 + dots, denser parts first; a
    cell with a query has at least one. `lit` counts queries that are lit up.
    """

    column: tuple[int, ...]
    row: tuple[int, ...]
    queries: tuple[int, ...]
    cluster: tuple[int, ...]
    theme: tuple[str | None, ...]
    dots: tuple[int, ...]
    lit: tuple[int, ...]


@dataclass(frozen=True)
class MapCluster:
    """A cluster that is in sight.

    `column` and `row` are the cell nearest to the middle of its queries in sight, or of those that are lit, among those that it
    leads; `x` and `y` its middle on the whole map.
    """

    cluster: int
    kind: str
    title: str
    size: int
    in_sight: int
    """Its queries in sight."""
    lit: int
    """Its queries in sight that are lit up."""
    column: int
    row: int
    x: float
    y: float
    theme: str | None
    ink: int
    """A colour, 0 to 6, that its near neighbours do not have; -1 for the noise and the orphans."""


@dataclass(frozen=True)
class MapTheme:
    """A node of the tree's first level that is in sight; the fields as of `MapCluster`."""

    node: str
    kind: str
    title: str
    size: int
    in_sight: int
    lit: int
    column: int
    row: int
    ink: int


@dataclass(frozen=True)
class MapShown:
    """A part of a map. Lengths are shares of the map's longer side: it lies within 0 to 1, y grows upwards."""

    run: str
    method: str
    seed: int
    created_at: str
    left: float
    right: float
    bottom: float
    top: float
    whole: bool
    """Whether all of the map is in sight."""
    columns: int
    rows: int
    queries: int
    """Queries in sight."""
    total: int
    """Queries on the map."""
    unplaced: int
    """Queries of the run that came after the map was built: it is stale."""
    lit: int | None
    """Queries on the whole map that are lit up; null where nothing was asked for."""
    cells: MapCells
    clusters: tuple[MapCluster, ...]
    """Those that lead a cell or are lit, by their queries that are lit, then by those in sight."""
    themes: tuple[MapTheme, ...]
    note: str
    """What there is to know of it; empty where there is nothing."""


@dataclass(frozen=True)
class MapNear:
    """A cluster and how far its middle is from a point."""

    cluster: int
    kind: str
    title: str
    size: int
    x: float
    y: float
    distance: float
