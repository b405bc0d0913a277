"""What is asked under a node of a tree: a few queries that stand for it, from its biggest clusters in turn."""

from __future__ import annotations

import json
from itertools import islice, zip_longest

from core.clusters import text_rows
from core.lookup import check_limit, find_hierarchy, run_of
from core.page import Page
from core.tree import node
from db.search import clusters_under
from db.workspace import Workspace


def examples_under(workspace: Workspace, hierarchy: str | None, key: str, limit: int) -> Page:
    """The most central text of each cluster under a node, the biggest cluster first; then the second of each, and so on.

    Args:
        workspace: The store.
        hierarchy: The tree.
        key: The node; of a cluster's node all are of that cluster.
        limit: At most so many texts.

    Raises:
        ActionError: `bad_limit`, `no_hierarchy`, `unknown_hierarchy` or `unknown_node`.
    """
    check_limit(limit)
    tree = find_hierarchy(workspace, hierarchy)
    node(workspace, tree, key)
    run = run_of(workspace, tree)
    rows = workspace.rows(
        "SELECT central FROM cluster WHERE run_id = ? AND number IN (SELECT value FROM json_each(?))"
        " ORDER BY size DESC, number LIMIT ?",
        (run.id, json.dumps(clusters_under(workspace, tree.id, key)), limit),
    )
    central: list[list[int]] = [json.loads(row[0]) for row in rows]
    turns = (text for turn in zip_longest(*central) for text in turn if text is not None)
    texts = list(islice(dict.fromkeys(turns), limit))
    return Page(text_rows(workspace, run, texts))
