"""How far queries are from the centroid of their cluster as it is now.

What is stored of a query was measured when it came into its cluster. Edits move centroids: in the clusters that they filled or
emptied the distances are taken anew when they are read, so that taking the edits back needs no distance of theirs.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from core.lookup import RunInfo
from db import edits, vectors
from db.text_sets import kept
from db.workspace import Workspace

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

Place = tuple[int, int]
"""A cluster of a run, and a text in it."""

NONE = "[]"
"""No distance was taken anew."""

WITH = (
    "WITH again (cluster, text_id, distance) AS MATERIALIZED"
    " (SELECT value ->> 0, value ->> 1, value ->> 2 FROM json_each(:again))"
)
"""Begins a SELECT on `assignment a` and `query q` that joins `JOIN`; `:again` is what `members_again` or `texts_again` gives."""
JOIN = "LEFT JOIN again ON again.cluster = a.cluster AND again.text_id = q.text_id"
DISTANCE = "coalesce(again.distance, a.distance)"


def measured_again(workspace: Workspace, run: RunInfo, places: Iterable[Place]) -> dict[Place, float]:
    """The cosine distances, 0 to 2, of those places whose cluster edits have changed and whose distance can be told."""
    changed = set(_changed(workspace, run))
    wanted = sorted({place for place in places if place[0] in changed}) if changed else []
    return _measured(workspace, run, wanted)


def members_again(workspace: Workspace, run: RunInfo, cluster: int | None) -> str:
    """The same of every text of a cluster, or of the run, as the JSON array of `[cluster, text, distance]`.

    Kept for as long as the store stays as it is: each page of a list asks for it.
    """
    changed = _changed(workspace, run)
    if not changed or cluster not in (None, *changed):
        return NONE

    def read() -> str:
        numbers = changed if cluster is None else [cluster]
        places = workspace.rows(
            "SELECT DISTINCT a.cluster, q.text_id FROM assignment a CROSS JOIN query q ON q.id = a.query_id"
            " WHERE a.run_id = ? AND a.cluster IN (SELECT value FROM json_each(?)) ORDER BY 1, 2",
            (run.id, json.dumps(numbers)),
        )
        return _listed(_measured(workspace, run, places))

    found: str = kept(workspace, ("distances", run.id, cluster), read)
    return found


def texts_again(workspace: Workspace, run: RunInfo, texts: Sequence[int]) -> str:
    """The same of some texts, in whichever clusters they are."""
    changed = _changed(workspace, run)
    if not changed:
        return NONE
    places = workspace.rows(
        "SELECT DISTINCT a.cluster, q.text_id FROM query q CROSS JOIN assignment a ON a.run_id = ? AND a.query_id = q.id"
        " WHERE q.text_id IN (SELECT value FROM json_each(?)) AND a.cluster IN (SELECT value FROM json_each(?)) ORDER BY 1, 2",
        (run.id, json.dumps(list(texts)), json.dumps(changed)),
    )
    return _listed(_measured(workspace, run, places))


def _changed(workspace: Workspace, run: RunInfo) -> list[int]:
    found: list[int] = kept(
        workspace, ("moved clusters", run.id), lambda: edits.moved_clusters(workspace.raw, run.id)
    )
    return found


def _listed(found: dict[Place, float]) -> str:
    return json.dumps([[*place, distance] for place, distance in found.items()])


def _measured(workspace: Workspace, run: RunInfo, places: list[Place]) -> dict[Place, float]:
    import numpy as np

    from core.centroids import read_centroids

    table = vectors.at_hand(workspace, run.space) if places else None
    if table is None:
        return {}
    known = read_centroids(workspace, run, sorted({cluster for cluster, _ in places}))
    row_of = dict(
        workspace.rows(
            'SELECT text_id, "row" FROM vector WHERE space_id = ? AND text_id IN (SELECT value FROM json_each(?))',
            (run.space_id, json.dumps([text for _, text in places])),
        )
    )
    rows = np.array([row_of.get(text, -1) for _, text in places], dtype=np.int64)
    own = known.places(np.array([cluster for cluster, _ in places], dtype=np.int64))
    told = np.flatnonzero((rows >= 0) & (own >= 0))
    far = to_centroids(table, rows[told], own[told], known.centroids)
    return {places[at]: distance for at, distance in zip(told.tolist(), far.tolist(), strict=True)}


def to_centroids(
    table: NDArray[np.float16],
    rows: NDArray[np.int64],
    own: NDArray[np.int64],
    centroids: NDArray[np.float32],
) -> NDArray[np.float64]:
    """The cosine distance of each of n vectors to its centroid, as it is stored: six decimals, float64 [n].

    Args:
        table: The space's vectors, [texts, dim].
        rows: Of which vectors, [n].
        own: For each the place of its centroid, [n].
        centroids: [k, dim], of unit length.
    """
    import numpy as np

    from core.cluster.blocks import block_rows, map_blocks, one_blas_thread, take

    found = np.empty(len(rows))

    def work(block: slice) -> tuple[slice, NDArray[np.float32]]:
        return block, 1 - np.einsum("ij,ij->i", take(table, rows[block]), centroids[own[block]])

    with one_blas_thread():
        for block, far in map_blocks(work, len(rows), block_rows(table.shape[1])):
            found[block] = far.astype(np.float64).clip(0, 2).round(6)
    return found
