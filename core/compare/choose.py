"""Which two runs, or which two trees, are compared where the user does not say."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from core.errors import ActionError
from core.lookup import HierarchyInfo, RunInfo, find_hierarchy, find_run
from db.workspace import Workspace

_Info = TypeVar("_Info", RunInfo, HierarchyInfo)

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
    here, found = _chosen(workspace, find_run, _RUN_NEAR, current, a, b)
    if found is not None:
        return found
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
    here, found = _chosen(workspace, find_hierarchy, _TREE_NEAR, current, a, b)
    if found is not None:
        return found
    raise ActionError(
        "one_tree",
        f"{here.name} is the only tree of its dataset: there is nothing to compare it with.",
        "Build another: hierarchy.build with another width=, or make and name another run.",
    )


def _chosen(
    workspace: Workspace,
    find: Callable[[Workspace, str | None], _Info],
    near: str,
    current: str | None,
    a: str | None,
    b: str | None,
) -> tuple[_Info, tuple[_Info, _Info] | None]:
    """The first or the current one, and the two to compare; `None` where there is no other. `near` finds a neighbour's name."""
    if a is not None and b is not None:
        first = find(workspace, a)
        return first, (first, find(workspace, b))
    here = find(workspace, current)
    if b is not None:
        return here, (here, find(workspace, b))
    if a is not None and a != here.name:
        return here, (find(workspace, a), here)
    earlier, later = (workspace.value(near.format(side=side), {"here": here.id}) for side in "<>")
    if earlier is not None:
        return here, (find(workspace, earlier), here)
    if later is not None:
        return here, (here, find(workspace, later))
    return here, None
