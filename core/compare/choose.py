"""Which two runs, or which two trees, are compared where the user does not say."""

from __future__ import annotations

from core.errors import ActionError
from core.lookup import HierarchyInfo, RunInfo, find_hierarchy, find_run
from db.workspace import Workspace

_RUN_NEAR = (
    "SELECT r.name FROM run r JOIN run h ON h.id = :here WHERE r.dataset_id = h.dataset_id AND r.status = 'done'"
    " AND r.id {side} h.id ORDER BY r.space_id <> h.space_id, abs(r.id - h.id) LIMIT 1"
)
_TREE_NEAR = (
    "SELECT t.name FROM hierarchy t JOIN run r ON r.id = t.run_id, hierarchy h JOIN run o ON o.id = h.run_id"
    " WHERE h.id = :here AND r.dataset_id = o.dataset_id AND t.id {side} h.id"
    " ORDER BY t.run_id <> h.run_id, abs(t.id - h.id) LIMIT 1"
)


def choose_runs(
    workspace: Workspace, current: str | None, a: str | None, b: str | None
) -> tuple[RunInfo, RunInfo]:
    """The two runs, the older one first where neither is named: the current one and the run before it.

    The run before is the nearest finished one of the same dataset, of the same vectors where there is one; for the oldest
    run it is the nearest after it. Where only `b` is named, `a` is the current run, and the other way round; where that is
    the same run, the one before it.

    Raises:
        ActionError: `no_run`, `unknown_run`, or `one_run` where there is no other.
    """
    if a is not None and b is not None:
        return find_run(workspace, a), find_run(workspace, b)
    here = find_run(workspace, current)
    if b is not None:
        return here, find_run(workspace, b)
    if a is not None and a != here.name:
        return find_run(workspace, a), here
    earlier, later = (workspace.value(_RUN_NEAR.format(side=side), {"here": here.id}) for side in "<>")
    if earlier is not None:
        return find_run(workspace, earlier), here
    if later is not None:
        return here, find_run(workspace, later)
    raise ActionError(
        "one_run",
        f"{here.name} is the only finished run of {here.dataset}: there is nothing to compare it with.",
        "Make another: run.kmeans with another k=, or run.hdbscan.",
    )


def choose_trees(
    workspace: Workspace, current: str | None, a: str | None, b: str | None
) -> tuple[HierarchyInfo, HierarchyInfo]:
    """The two trees, as `choose_runs`: the tree before is the nearest of the same run, else of the same dataset.

    Raises:
        ActionError: `no_hierarchy`, `unknown_hierarchy`, or `one_tree` where there is no other.
    """
    if a is not None and b is not None:
        return find_hierarchy(workspace, a), find_hierarchy(workspace, b)
    here = find_hierarchy(workspace, current)
    if b is not None:
        return here, find_hierarchy(workspace, b)
    if a is not None and a != here.name:
        return find_hierarchy(workspace, a), here
    earlier, later = (workspace.value(_TREE_NEAR.format(side=side), {"here": here.id}) for side in "<>")
    if earlier is not None:
        return find_hierarchy(workspace, earlier), here
    if later is not None:
        return here, find_hierarchy(workspace, later)
    raise ActionError(
        "one_tree",
        f"{here.name} is the only tree of its dataset: there is nothing to compare it with.",
        "Build another: hierarchy.build with another width=, or make and name another run.",
    )
