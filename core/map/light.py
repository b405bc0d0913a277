"""Which points of a map are lit up: texts that a search finds, a cluster, or a part of the tree."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from core.errors import ActionError
from core.lookup import RunInfo, check_cluster
from core.map.points import Points, lately
from core.search.embedder import embedders
from core.search.queries import by_vector
from core.search.restrict import tree_of
from core.search.scope import Narrow, find_scope, find_search_space, need_space
from core.tree import node as find_node
from db.matching import matching_ids
from db.search import clusters_under
from db.text_sets import kept, passing_ids
from db.workspace import Workspace

NEAREST = 100
"""Texts that light up by meaning where no text has the words."""

_KEPT = 4


def lit(
    workspace: Workspace,
    run: RunInfo,
    points: Points,
    text: str | None,
    cluster: int | None,
    node: str | None,
) -> tuple[NDArray[np.bool_] | None, str]:
    """`[n]`: the points that pass all that was asked, and a note; `None` where nothing was.

    A search lights every text that matches its words and fields, not only the best; where none has its words, the nearest by meaning.

    Raises:
        ActionError: `unknown_cluster`, `unknown_node`, `no_hierarchy`, or what `core.search.scope.find_scope` raises.
    """
    found: NDArray[np.bool_] | None = None
    note = ""
    if text is not None and text.strip():
        ids, note = kept(workspace, ("map lights", run.id, text), lambda: _matching(workspace, run, text))
        found = _points(points, ("text", text, len(ids), int(ids.sum())), ids)
    if cluster is not None:
        check_cluster(workspace, run, cluster)
        found = _both(found, _clusters(points, (cluster,)))
    if node is not None:
        tree = tree_of(workspace, run)
        under = clusters_under(workspace, tree.id, find_node(workspace, tree, node).node)
        found = _both(found, _clusters(points, under))
    return found, note


def _both(one: NDArray[np.bool_] | None, other: NDArray[np.bool_]) -> NDArray[np.bool_]:
    return other if one is None else one & other


def _clusters(points: Points, numbers: tuple[int, ...]) -> NDArray[np.bool_]:
    return np.isin(points.numbers, np.array(numbers, np.int64))[points.cluster]


def _points(points: Points, key: object, ids: NDArray[np.int64]) -> NDArray[np.bool_]:
    """The points of some texts; kept, for the map is drawn with them again and again."""

    def made() -> NDArray[np.bool_]:
        last = int(points.texts.max(initial=0))
        table = np.zeros(last + 1, np.bool_)
        table[ids[ids <= last]] = True
        return table[points.texts]

    return lately(points.lights, key, made, _KEPT)


def _matching(workspace: Workspace, run: RunInfo, text: str) -> tuple[NDArray[np.int64], str]:
    scope = find_scope(workspace, Narrow(run=run.name), text)
    expression = scope.match
    if expression is None:
        none = np.empty(0, np.int64)
        return (none if scope.blank else passing_ids(workspace, scope.chosen)), ""
    ids = matching_ids(workspace, expression, scope.matching)
    if len(ids):
        return ids, ""
    try:
        space = need_space(find_search_space(workspace, None, run))
        vector = embedders(workspace).vector(workspace, space, text)
    except ActionError as error:
        return ids, f"No text has these words. {error}"
    near = by_vector(workspace, space, vector, scope.chosen, NEAREST).ids
    return np.sort(near), f"No text has these words: the {len(near)} nearest by meaning light up."
