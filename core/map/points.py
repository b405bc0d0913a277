"""The points of a run's map with their clusters, kept in memory between two drawings."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from core.errors import ActionError
from core.lookup import RunInfo
from core.map.ink import inks
from db.projections import ProjectionInfo, find_projection, read_projection
from db.workspace import Workspace

if TYPE_CHECKING:
    from core.map.raster import Raster, Window

Key = TypeVar("Key")
Thing = TypeVar("Thing")

_KEPT = 2
"""Maps that are kept in memory: 32 bytes a text each."""


@dataclass(frozen=True, eq=False)
class Points:
    """One point for each text and cluster that has queries of it, ordered by cluster.

    A text whose queries stand in several clusters has several points in one place.
    """

    key: Any
    """What the points follow from."""
    info: ProjectionInfo
    x: NDArray[np.float64]
    y: NDArray[np.float64]
    cluster: NDArray[np.int32]
    """Positions in `numbers`."""
    queries: NDArray[np.int32]
    texts: NDArray[np.int64]
    numbers: NDArray[np.int64]
    """The clusters' numbers, rising."""
    centres: NDArray[np.float64]
    """`[k, 2]`: the mean of each cluster's queries; NaN for one without a point."""
    inks: NDArray[np.int64]
    """`[k]`: a colour of each; see `core.map.ink`."""
    total: int
    unplaced: int
    lights: dict[Any, NDArray[np.bool_]] = field(default_factory=dict)
    """Which points were lit up last, by what was asked."""
    drawn: dict[Window, Raster] = field(default_factory=dict)
    """What stood in the cells of the parts that were looked at last: a person comes back to the whole, and lights it up."""


def lately(kept: dict[Key, Thing], key: Key, make: Callable[[], Thing], most: int) -> Thing:
    """What is kept under a key, or is made now; of what is kept the `most` that were asked for last stay."""
    found = kept.pop(key, None)
    if found is None:
        found = make()
    kept[key] = found
    while len(kept) > most:
        kept.pop(next(iter(kept)), None)
    return found


class _Shelf:
    """Maps by what they follow from, the last ones used."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.found: dict[Any, Points] = {}


def points_of(workspace: Workspace, run: RunInfo) -> Points:
    """The points of a run's map, with the clusters as they are now.

    Raises:
        ActionError: `no_map`.
    """
    info = find_projection(workspace, run.id)
    if info is None:
        raise ActionError(
            "no_map", f"There is no map of {run.name} yet.", "Build it: map.build, or map.build method=umap."
        )
    # Whatever moves a query is an edit, or an update, which brings queries.
    state = workspace.row(
        "SELECT (SELECT max(id) FROM edit WHERE run_id = :run), (SELECT max(query_id) FROM assignment WHERE run_id = :run),"
        " (SELECT sum(size) FROM cluster WHERE run_id = :run)",
        {"run": run.id},
    )
    shelf: _Shelf = workspace.kept.setdefault("map points", _Shelf())
    key = (run.id, str(info), state)
    with shelf.lock:
        return lately(shelf.found, key, lambda: _read(workspace, run, info, key), _KEPT)


def _read(workspace: Workspace, run: RunInfo, info: ProjectionInfo, key: Any) -> Points:
    ids, coordinates = read_projection(workspace, info.id)
    numbers = np.array(
        [
            row[0]
            for row in workspace.rows(
                "SELECT number FROM cluster WHERE run_id = ? ORDER BY number", (run.id,)
            )
        ],
        np.int64,
    )
    found = np.fromiter(
        workspace.raw.execute(
            "SELECT q.text_id, a.cluster FROM assignment a JOIN query q ON q.id = a.query_id WHERE a.run_id = ?",
            (run.id,),
        ),
        dtype=np.dtype([("text", np.int64), ("cluster", np.int64)]),
    )
    at = np.minimum(np.searchsorted(ids, found["text"]), max(len(ids) - 1, 0))
    here = ids[at] == found["text"] if len(ids) else np.zeros(len(found), np.bool_)
    cluster = np.searchsorted(numbers, found["cluster"][here])
    pairs, queries = np.unique(cluster * max(len(ids), 1) + at[here], return_counts=True)
    of_cluster, of_text = np.divmod(pairs, max(len(ids), 1))
    x, y = (coordinates[of_text, axis].astype(np.float64) for axis in (0, 1))
    weights = np.bincount(of_cluster, weights=queries, minlength=len(numbers))
    sums = [np.bincount(of_cluster, weights=queries * axis, minlength=len(numbers)) for axis in (x, y)]
    with np.errstate(invalid="ignore", divide="ignore"):
        centres = np.column_stack(sums) / weights[:, None]
    ordinary = numbers >= 0
    return Points(
        key=key,
        info=info,
        x=x,
        y=y,
        cluster=of_cluster.astype(np.int32),
        queries=queries.astype(np.int32),
        texts=ids[of_text],
        numbers=numbers,
        centres=centres,
        inks=inks(centres, weights.astype(np.float64), ordinary),
        total=int(queries.sum()),
        unplaced=len(found) - int(here.sum()),
    )
