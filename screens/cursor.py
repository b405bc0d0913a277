"""What the cursor stands on, and what can be done with it."""

from __future__ import annotations

from typing import Any

from core.registry import Action
from core.rows import ClusterRow, Neighbour, NodeRow, RunRow, TextRow
from core.view import View
from screens.widgets.tree_list import More


def offers_of(value: object, view: View) -> dict[str, Any]:
    """The parameters that a row gives, and for the rest those of the view."""
    offered: dict[str, Any] = {}
    if isinstance(value, RunRow):
        offered = {
            "run": value.run,
            "dataset": value.dataset,
            "hierarchy": value.hierarchy,
            "set": value.summary_set,
        }
    elif isinstance(value, NodeRow):
        offered = {"node": value.node, "parent": value.node, "cluster": value.cluster}
    elif isinstance(value, ClusterRow | Neighbour):
        offered = {"cluster": value.cluster}
    elif isinstance(value, TextRow):
        offered = {"query": value.query, "cluster": value.cluster}
    here = {
        "run": view.run, "dataset": view.dataset, "node": view.node, "query": view.query, "cluster": view.cluster,
        "hierarchy": view.hierarchy, "set": view.summary_set,
    }  # fmt: skip
    return {name: found for name, found in {**here, **offered}.items() if found is not None}


def applies_to(action: Action, value: object) -> bool:
    """Whether the row is something that a key of the action can mean."""
    if action.id == "query.open":
        return isinstance(value, TextRow)
    if action.id == "node.open":
        found = isinstance(value, NodeRow | ClusterRow | Neighbour | More)
        return found or (isinstance(value, TextRow) and value.cluster is not None)
    if action.id in ("run.open", "run.delete"):
        return isinstance(value, RunRow)
    return True


def text_of(value: object) -> str:
    """What copying the row copies."""
    if isinstance(value, TextRow):
        return value.text
    if isinstance(value, NodeRow):
        return f"{value.title}\n{value.description}".strip()
    if isinstance(value, ClusterRow | Neighbour):
        return value.title
    return value.run if isinstance(value, RunRow) else ""
