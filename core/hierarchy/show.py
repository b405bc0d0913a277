"""One node with what stands behind it: why it is called so and why it is there, and what was asked and answered."""

from __future__ import annotations

import json
from typing import Any

from core.hierarchy.rows import AskedRow, NodeShown, Vote
from core.lookup import HierarchyInfo, find_hierarchy
from core.name.show import said_in
from core.rows import NodeRow
from core.tree import node
from db.llm_log import answer_of
from db.workspace import Workspace

PLACED = {
    "model": "by the model",
    "nearest": "under the nearest theme: the model gave none that exists",
    "unasked": "under the nearest theme: the model was not asked",
    "none": "nowhere: the model found that none of the themes fits",
    "alone": "on top, in place of a theme that held nothing else",
    "apart": "by itself: what it holds belongs to no theme, or to all",
    "top": "on top: a tree by a model is not asked where its top nodes belong",
    "moved": "by hand, after the tree was built",
    "made": "by an edit, which made it after the tree was built",
    "local": "by its centroid: this tree was built without a model",
}


def show_node(workspace: Workspace, hierarchy: str | None, key: str, prompt: bool) -> NodeShown:
    """A node of a tree, and where it comes from.

    Args:
        workspace: The store.
        hierarchy: The tree's id.
        key: The node's id.
        prompt: Whether to show what the model was told and what it answered, too.

    Raises:
        ActionError: `no_hierarchy`, `unknown_hierarchy` or `unknown_node`.
    """
    tree = find_hierarchy(workspace, hierarchy)
    here = node(workspace, tree, key)
    above = None if here.parent is None else node(workspace, tree, here.parent)
    method, model = workspace.row(
        "SELECT method, coalesce(parameters ->> 'model', 'local') FROM hierarchy WHERE id = ?", (tree.id,)
    ) or ("", "")
    prompt_hash, attempt, problem, stored = workspace.row(
        'SELECT prompt_hash, attempt, problem, placed FROM node_origin WHERE hierarchy_id = ? AND "key" = ?',
        (tree.id, key),
    ) or ("", 0, "", "")
    placed: dict[str, Any] = json.loads(stored) if stored else {}
    calls = _calls(workspace, tree, here, (prompt_hash, attempt), placed) if prompt else ()
    return NodeShown(
        hierarchy=tree.name,
        method=method,
        model=model,
        node=key,
        kind=here.kind,
        title=here.title,
        description=here.description,
        size=here.size,
        parent=here.parent,
        parent_title=None if above is None else above.title,
        fit=here.fit,
        low_fit=here.low_fit,
        placed=PLACED[_how(method, here, placed)],
        votes=tuple(Vote(theme, votes) for theme, votes in placed.get("votes", ())),
        problem=" ".join(filter(None, [problem, placed.get("problem", "")])),
        asked=tuple(calls),
    )


def _how(method: str, here: NodeRow, placed: dict[str, Any]) -> str:
    if here.kind not in ("theme", "cluster"):
        return "apart"
    if not placed:
        if method == "local":
            return "local"
        return "top" if here.parent == "root" else "made"
    if placed["parent"] != here.parent:
        return "moved"
    unasked = placed["how"] == "nearest" and not placed["asked"]
    return "unasked" if unasked else str(placed["how"])


def _calls(
    workspace: Workspace, tree: HierarchyInfo, here: NodeRow, name: tuple[str, int], placed: dict[str, Any]
) -> list[AskedRow]:
    """The calls that gave a node its name, and its place."""
    wanted = [("rename", *name, 0), *(("assign", *call) for call in placed.get("calls", ()))]
    if here.cluster is not None:
        found = workspace.row(
            "SELECT prompt_hash, attempt FROM summary WHERE summary_set_id = ? AND cluster = ?",
            (tree.summary_set_id, here.cluster),
        )
        wanted[0] = ("name", *(found or ("", 0)), 0)
    rows = []
    for step, prompt_hash, attempt, vote in wanted:
        call = answer_of(workspace, prompt_hash, attempt, vote)
        if call is not None:
            rows.append(AskedRow(step, vote, *said_in(json.loads(call[0])), call[1]))
    return rows
