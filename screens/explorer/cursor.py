"""What the cursor stands on, and what can be done with it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from core.registry import Action
from core.rows import ClusterRow, Neighbour, NodeRow, RunRow, TextRow
from core.view import View
from screens.curate.subjects import Named, Subject
from screens.marks import Marks
from screens.widgets.tree_list import More, row_key


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


def same_row(one: object, other: object) -> bool:
    """Whether two rows are of the same thing, read at different times."""
    if isinstance(one, TextRow) and isinstance(other, TextRow):
        return one.text_id == other.text_id
    if isinstance(one, NodeRow | ClusterRow) and isinstance(other, NodeRow | ClusterRow):
        return row_key(one) == row_key(other)
    if isinstance(one, Neighbour) and isinstance(other, Neighbour):
        return one.cluster == other.cluster
    return False


def subject_of(value: object, pane: str, shown: Named | None, marks: Marks) -> Subject:
    """What an edit is about: the marks where there are some of the kind, else the row under the cursor.

    Args:
        value: The row.
        pane: The pane in which it stands.
        shown: The cluster that the detail pane shows.
        marks: What is marked.
    """
    inside = pane == "cluster"
    row = value if isinstance(value, NodeRow | ClusterRow) and value.kind in ("cluster", "theme") else None
    nodes = tuple(marks.nodes.values()) or ((row,) if row is not None else ())
    clusters = tuple(Named(int(r.cluster), r.title) for r in marks.clusters if r.cluster is not None)
    if not clusters and inside and shown is not None:
        clusters = (shown,)
    elif not clusters and row is not None and row.cluster is not None:
        clusters = (Named(row.cluster, row.title),)
    target = value.cluster if isinstance(value, Neighbour | TextRow) else None
    own = shown.id if shown is not None else None
    found = Subject(
        clusters=clusters,
        nodes=tuple(Named(r.node, r.title) for r in nodes if isinstance(r, NodeRow)),
        target=target if inside and target != own else None,
        marked=bool(len(marks)),
    )
    if marks.texts:
        return replace(
            found,
            texts=tuple(marks.texts),
            queries=tuple(text.query for text, _ in marks.texts.values()),
            source=marks.source,
        )
    if isinstance(value, TextRow):
        source = None if not inside else value.cluster if value.cluster is not None else own
        return replace(
            found,
            texts=(value.text_id,),
            queries=(value.query,),
            source=source if isinstance(source, int) else None,
            words=value.text,
            marked=False if not marks.nodes else found.marked,
        )
    return found


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
