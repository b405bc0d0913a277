"""The texts of a run with their clusters, distances and vectors."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from core.centroids import read_centroids
from core.cluster.blocks import take
from core.cluster.result import Floats, Indices
from core.distances import to_centroids
from core.errors import ActionError
from core.lookup import RunInfo
from db import edits, vectors
from db.workspace import Workspace

_TEXTS = (
    'SELECT q.text_id, coalesce(v."row", -1), a.cluster, coalesce(min(a.distance), -1), count(*) FROM assignment a'
    " JOIN query q ON q.id = a.query_id LEFT JOIN vector v ON v.space_id = :space AND v.text_id = q.text_id"
    " WHERE a.run_id = :run GROUP BY q.text_id ORDER BY q.text_id"
)


@dataclass(frozen=True, eq=False)
class Texts:
    """The distinct texts of a run, by id; one whose queries lie in several clusters counts in the nearest of them."""

    ids: Indices
    rows: Indices
    """In the space's file; -1 where a text has no vector."""
    clusters: Indices
    distances: npt.NDArray[np.float64]
    """Cosine distance to the own centroid, for noise to the nearest; `nan` where it is not known."""
    times: Indices
    table: npt.NDArray[np.float16] | None
    """The space's vectors; `None` where they are not at hand."""

    def vectors(self, places: Indices) -> Floats:
        """The vectors of some texts, float32 [n, dim]; all of them must have one.

        Raises:
            ActionError: `no_vectors`.
        """
        if self.table is None or (self.rows[places] < 0).any():
            raise no_vectors()
        return take(self.table, self.rows[places])


def no_vectors() -> ActionError:
    """The error for a run whose vectors are gone."""
    return ActionError(
        "no_vectors", "The vectors of the run's space are not at hand.", "embed.run makes them again."
    )


def read_texts(workspace: Workspace, run: RunInfo) -> Texts:
    """All texts of a run."""
    cursor = workspace.raw.execute(_TEXTS, {"run": run.id, "space": run.space_id})
    names = ("id", "row", "cluster", "distance", "times")
    types = (np.int64, np.int64, np.int64, np.float64, np.int64)
    found = np.fromiter(cursor, dtype=np.dtype(list(zip(names, types, strict=True))))
    table = vectors.at_hand(workspace, run.space)
    distance = found["distance"].copy()
    if table is not None:
        _measure_again(workspace, run, table, found, distance)
    return Texts(
        ids=found["id"].copy(),
        rows=found["row"].copy(),
        clusters=found["cluster"].copy(),
        distances=np.where(distance < 0, np.nan, distance),
        times=found["times"].copy(),
        table=table,
    )


def _measure_again(
    workspace: Workspace,
    run: RunInfo,
    table: npt.NDArray[np.float16],
    found: np.ndarray,
    distance: npt.NDArray[np.float64],
) -> None:
    """Set the distances in clusters that edits have filled or emptied: what is stored is to the centroid of before."""
    changed = edits.moved_clusters(workspace.raw, run.id)
    if not changed:
        return
    known = read_centroids(workspace, run, changed)
    own = known.places(found["cluster"])
    again = np.flatnonzero((own >= 0) & (found["row"] >= 0))
    distance[again] = to_centroids(table, found["row"][again], own[again], known.centroids)
