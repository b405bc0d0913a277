"""Where the user is in a workspace, as names."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from db.workspace import Workspace


@dataclass(frozen=True)
class View:
    """Where the user is: the names that `@dataset`, `@run` ... stand for. `None`: nowhere yet."""

    dataset: str | None = None
    space: str | None = None
    run: str | None = None
    summary_set: str | None = None
    hierarchy: str | None = None
    node: str | None = None
    cluster: int | None = None
    query: int | None = None
    tree_sort: str | None = None
    """The order in which the person sees the tree; `None`: by size. It and the filter go with the run."""
    tree_text: str | None = None
    tree_language: str | None = None
    tree_chat_model: str | None = None
    tree_tag: str | None = None

    def shown(self) -> dict[str, str | int]:
        """The fields that are set."""
        return {name: value for name, value in asdict(self).items() if value is not None}


def newest(workspace: Workspace) -> View:
    """The newest finished run with its names and tree, else the newest dataset; and the newest space."""
    with workspace.connection():
        name = workspace.value("SELECT name FROM run WHERE status = 'done' ORDER BY id DESC LIMIT 1")
        space = workspace.value("SELECT name FROM space ORDER BY id DESC LIMIT 1")
        if name is not None:
            return replace(run_view(workspace, name), space=space)
        dataset = workspace.value("SELECT name FROM dataset ORDER BY id DESC LIMIT 1")
        return View(dataset=dataset, space=space)


def run_view(workspace: Workspace, run: str) -> View:
    """The view at the root of a run."""
    from core.lookup import find_run

    found = find_run(workspace, run)
    names = workspace.row(
        "SELECT (SELECT name FROM summary_set WHERE id = ?), (SELECT name FROM hierarchy WHERE id = ?)",
        (found.summary_set, found.hierarchy),
    )
    summary_set, hierarchy = names or (None, None)
    return View(
        dataset=found.dataset,
        space=found.space,
        run=found.name,
        summary_set=summary_set,
        hierarchy=hierarchy,
        node="root" if hierarchy else None,
    )
