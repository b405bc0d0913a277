"""How far a run lags behind its dataset."""

from __future__ import annotations

from core.lookup import RunInfo
from db.workspace import Workspace


def lag_note(workspace: Workspace, run: RunInfo) -> str | None:
    """That queries were loaded after a run, which its clusters do not count though searches do; `None` where none were."""
    lag = workspace.value(
        "SELECT d.conversations - (SELECT coalesce(sum(size), 0) FROM cluster WHERE run_id = ?) FROM dataset d WHERE d.id = ?",
        (run.id, run.dataset_id),
    )
    if not lag or lag < 0:
        return None
    queries = "1 query was" if lag == 1 else f"{lag:,} queries were"
    return f"{queries} loaded after this run: searches count them, its clusters do not. run.update lets them join."
