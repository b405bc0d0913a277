"""A map written by hand for a workspace that has no vectors, so that pictures of it change only when the screen does."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from core.session import Session
from db.projections import save_projection
from tests.doors import NOW

GOLDEN = 2.399963
"""The golden angle: clusters on a spiral, none over another."""


def mapped(folder: Path, *, method: str = "umap", drop: int = 0, spread: float = 0.05) -> Path:
    """Give every run of a workspace a map: clusters on a spiral, the texts of each around its middle.

    Args:
        folder: The workspace.
        method: What the map says it was made by.
        drop: Leave out so many texts, those with the highest ids: they came later.
        spread: How far the texts of a cluster lie apart.
    """
    session = Session(folder, clock=lambda: NOW, actor="tester")
    workspace = session.workspace
    with workspace.connection():
        for (run,) in workspace.rows("SELECT id FROM run"):
            found = workspace.rows(
                "SELECT q.text_id, min(a.cluster) FROM assignment a JOIN query q ON q.id = a.query_id WHERE a.run_id = ?"
                " GROUP BY 1 ORDER BY 1",
                (run,),
            )
            found = found[: len(found) - drop]
            ids, clusters = (np.array([row[n] for row in found], np.int64) for n in (0, 1))
            reach = 0.46 * np.sqrt((clusters + 1.5) / (clusters.max(initial=0) + 2))
            turn = GOLDEN * (clusters + 1)
            step = spread * np.sqrt(-2 * np.log(1 - ids * 7_919 % 1_009 / 1_010))
            points = np.column_stack(
                [
                    0.5 + reach * np.cos(turn) + step * np.cos(ids * GOLDEN),
                    0.5 + 0.6 * reach * np.sin(turn) + 0.6 * step * np.sin(ids * GOLDEN),
                ]
            )
            save_projection(
                workspace, run, method, {"space": 0}, 42, ids, points.astype(np.float32).clip(0, 1), "done"
            )
    session.close()
    return folder
