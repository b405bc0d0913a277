"""The centroids of a run's clusters, as they are now."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from core.cluster.result import Floats, Indices
from core.lookup import RunInfo
from db.workspace import Workspace


@dataclass(frozen=True, eq=False)
class Centroids:
    """The ordinary clusters of a run that have a centroid: `numbers` [k] rising, `centroids` float32 [k, dim]."""

    numbers: Indices
    centroids: Floats

    def places(self, clusters: Indices) -> Indices:
        """For each of n clusters the place of its centroid, int64 [n]; -1 where it has none."""
        if not len(self.numbers):
            return np.full(len(clusters), -1, np.int64)
        at = np.minimum(np.searchsorted(self.numbers, clusters), len(self.numbers) - 1)
        return np.where(self.numbers[at] == clusters, at, -1)


def read_centroids(workspace: Workspace, run: RunInfo, numbers: Sequence[int] | None = None) -> Centroids:
    """Those of all clusters, or of some."""
    rows = workspace.rows(
        "SELECT number, centroid FROM cluster WHERE run_id = :run AND kind = 'cluster' AND centroid IS NOT NULL"
        " AND (:numbers IS NULL OR number IN (SELECT value FROM json_each(:numbers))) ORDER BY number",
        {"run": run.id, "numbers": None if numbers is None else json.dumps(list(numbers))},
    )
    if not rows:
        return Centroids(np.empty(0, np.int64), np.empty((0, 0), np.float32))
    table = np.stack([np.frombuffer(row[1], dtype="<f4") for row in rows])
    return Centroids(np.array([row[0] for row in rows], dtype=np.int64), table)
