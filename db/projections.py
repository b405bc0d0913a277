"""The maps of runs: two coordinates a text, in the order of the texts' ids.

A map is kept whole in its row, 16 bytes a text, so that it comes, goes and is copied with its run.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from db.workspace import Workspace

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

Status = Literal["done", "partial"]


@dataclass(frozen=True)
class ProjectionInfo:
    """A map's row without its coordinates; `texts` counts those that it is made for, placed yet or not."""

    id: int
    method: str
    parameters: dict[str, Any]
    seed: int
    texts: int
    created_at: str


def find_projection(workspace: Workspace, run_id: int, status: Status = "done") -> ProjectionInfo | None:
    """The map of a run, or the one that a build has left unfinished."""
    row = workspace.row(
        "SELECT id, method, parameters, seed, texts, created_at FROM projection WHERE run_id = ? AND status = ?",
        (run_id, status),
    )
    if row is None:
        return None
    id_, method, parameters, seed, texts, created_at = row
    return ProjectionInfo(id_, method, json.loads(parameters), seed, texts, created_at)


def read_projection(
    workspace: Workspace, projection_id: int
) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """The texts' ids [n], rising, and their coordinates [n, 2]; NaN where a text has no place yet."""
    import numpy as np

    ids, coordinates = workspace.row(
        "SELECT text_ids, coordinates FROM projection WHERE id = ?", (projection_id,)
    ) or (b"", b"")
    return np.frombuffer(ids, "<i8"), np.frombuffer(coordinates, "<f4").reshape(-1, 2)


def save_projection(
    workspace: Workspace,
    run_id: int,
    method: str,
    parameters: dict[str, Any],
    seed: int,
    text_ids: NDArray[np.int64],
    coordinates: NDArray[np.float32],
    status: Status,
) -> None:
    """Keep a map in the place of the run's last one of that status; one that is done takes the unfinished one's, too."""
    with workspace.transaction() as connection:
        connection.execute(
            "DELETE FROM projection WHERE run_id = ? AND (status = ? OR ? = 'done')", (run_id, status, status)
        )
        connection.execute(
            "INSERT INTO projection (run_id, method, parameters, seed, status, texts, text_ids, coordinates, created_at)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                run_id, method, json.dumps(parameters, sort_keys=True), seed, status, len(text_ids),
                text_ids.astype("<i8").tobytes(), coordinates.astype("<f4").tobytes(), workspace.clock(),
            ),
        )  # fmt: skip
