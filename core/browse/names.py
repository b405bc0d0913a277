"""What a cluster is called in each set of names of its run."""

from __future__ import annotations

from core.browse.rows import NameInSet
from core.lookup import check_cluster, find_run
from core.page import Page
from db.workspace import Workspace


def names_of(workspace: Workspace, run: str | None, cluster: int) -> Page:
    """The names of a cluster: what was written by hand, then one of each set, the newest first.

    Raises:
        ActionError: `no_run`, `unknown_run` or `unknown_cluster`.
    """
    found = find_run(workspace, run)
    check_cluster(workspace, found, cluster)
    hand = workspace.row(
        "SELECT title, description FROM cluster WHERE run_id = ? AND number = ?", (found.id, cluster)
    )
    title, description = hand or (None, None)
    rows = workspace.rows(
        "SELECT s.name, s.alias, s.model, s.id = ?1, coalesce(m.title, ''),"
        " coalesce(still_true(m.description, c.size, c.texts), ''), m.coherence,"
        " coalesce(m.status, 'pending'), s.created_at FROM summary_set s"
        " JOIN cluster c ON c.run_id = s.run_id AND c.number = ?2"
        " LEFT JOIN summary m ON m.summary_set_id = s.id AND m.cluster = ?2 WHERE s.run_id = ?3 ORDER BY s.id DESC",
        (found.summary_set, cluster, found.id),
    )
    sets = [
        NameInSet(name, alias, model, bool(current), *rest) for name, alias, model, current, *rest in rows
    ]
    if title is not None or description is not None:
        sets.insert(0, NameInSet(None, "", "", False, title or "", description or "", None, "by hand", ""))
    return Page(tuple(sets), len(sets))
