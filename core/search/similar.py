"""The texts that are nearest to one of them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from core.cursors import signed, unsigned
from core.errors import ActionError
from core.lookup import check_limit
from core.search import ranking
from core.search.queries import DEPTH, Hits, by_vector, text_rows
from core.search.ranking import Ranking
from core.search.scope import Narrow, check_values, find_scope, find_search_space, need_space
from db.vectors import SpaceInfo, mapped
from db.workspace import Workspace


def similar(
    workspace: Workspace,
    query: int | None,
    text_id: int | None,
    text: str | None,
    narrow: Narrow,
    space: str | None,
    limit: int,
    after: str | None,
) -> Hits:
    """The texts nearest by cosine to the text of a query, without itself, as `TextRow`s; at most `DEPTH`.

    `text` narrows: only texts with its words, phrases and fields.

    Raises:
        ActionError: `bad_parameter` but for one of `query` and `text_id`, `unknown_query`, `unknown_text`, `not_embedded`,
            `no_embeddings`, `unknown_space`, `bad_limit`, `bad_cursor`, and what `find_scope` raises.
    """
    check_limit(limit)
    scope = find_scope(workspace, narrow, text or "")
    subject = _subject(workspace, query, text_id)
    target = need_space(find_search_space(workspace, space, scope.run))
    found = by_vector(
        workspace, target, _vector(workspace, target, subject), scope.chosen, DEPTH + 1, scope.match
    )
    others = found.ids != subject
    found = Ranking(found.ids[others][:DEPTH], found.scores[others][:DEPTH])
    if not len(found.ids):
        check_values(workspace, scope.chosen)
    made_by = ("search.similar", subject, text, scope.named, target.name)
    shown, cursor = ranking.page(found, limit, unsigned(after, *made_by))
    return Hits(text_rows(workspace, shown, scope.chosen), None, signed(cursor, *made_by), None, "vector")


def _subject(workspace: Workspace, query: int | None, text_id: int | None) -> int:
    if (query is None) == (text_id is None):
        raise ActionError(
            "bad_parameter", "search.similar takes query= or text_id=.", "Example: search.similar query=3"
        )
    kind, number = ("text", text_id) if query is None else ("query", query)
    sql = "SELECT id FROM text WHERE id = ?" if query is None else "SELECT text_id FROM query WHERE id = ?"
    found = workspace.value(sql, (number,))
    if found is None:
        raise ActionError(
            f"unknown_{kind}", f"There is no {kind} {number}.", "query.list and search.queries show them."
        )
    return int(found)


def _vector(workspace: Workspace, space: SpaceInfo, text_id: int) -> NDArray[np.float32]:
    row = workspace.value('SELECT "row" FROM vector WHERE space_id = ? AND text_id = ?', (space.id, text_id))
    if row is None:
        raise ActionError(
            "not_embedded", f"The text has no vector in {space.name}.", "Embed the dataset: embed.run."
        )
    vector = np.asarray(mapped(workspace, space)[row], np.float32)
    return vector / max(float(np.linalg.norm(vector)), 1e-12)
