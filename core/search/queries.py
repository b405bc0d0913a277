"""Searching the distinct texts."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

from core.errors import ActionError
from core.lookup import check_limit
from core.page import Page
from core.rows import TextRow
from core.search import ranking
from core.search.embedder import embedders
from core.search.ranking import Ranking
from core.search.scope import Narrow, check_values, find_scope, find_search_space, need_space
from db.fts import match_expression, wanted_text
from db.nearest import nearest
from db.search import Filter, found_texts, matching_texts, rows_of_texts
from db.vectors import SpaceInfo
from db.workspace import Workspace

Mode = Literal["text", "vector", "hybrid"]

DEPTH = 1000
"""The vector half of a search is the nearest so many texts."""


@dataclass(frozen=True)
class Hits(Page):
    """A page of hits; `mode` is how they were found, and `note` says why where another was asked for."""

    mode: Mode = "text"


def search_queries(
    workspace: Workspace,
    text: str,
    narrow: Narrow,
    *,
    mode: Mode | None = None,
    space: str | None = None,
    limit: int = 20,
    after: str | None = None,
) -> Hits:
    """The distinct texts that answer a search, as `TextRow`s; counts are of the queries that the filters leave.

    `text` ranks by BM25 all texts with every word and phrase, `vector` the nearest `DEPTH` texts by cosine; `hybrid`
    fuses both and falls back to `text`, with a note, where the query cannot be embedded. `total` is the exact number of
    text matches, `None` in mode `vector`. Without a word to look for there are no hits, but in mode `vector`.

    Raises:
        ActionError: `bad_limit`, `bad_cursor`, what `find_scope` raises, `unknown_space`, `unknown_language`,
            `unknown_chat_model`; in mode `vector` also `no_embeddings` and what a missing model raises.
    """
    check_limit(limit)
    scope = find_scope(workspace, narrow, text)
    target = find_search_space(workspace, space, scope.run)
    expression = match_expression(text)
    texts = vectors = ranking.EMPTY
    note: str | None = None
    if mode != "vector" and expression is not None:
        # The expression leaves the excluded texts out by itself.
        texts = Ranking(*matching_texts(workspace, expression, replace(scope.chosen, excluded=None)))
    if mode == "vector":
        vectors = _by_vector(workspace, need_space(target), text, scope.chosen)
    elif mode == "hybrid" or (mode is None and target is not None):
        try:
            if expression is not None:
                vectors = _by_vector(workspace, need_space(target), text, scope.chosen)
            mode = "hybrid"
        except ActionError as error:
            mode, note = "text", f"Found by words alone. {error}"
    found = ranking.fuse([texts, vectors]) if mode == "hybrid" else vectors if mode == "vector" else texts
    if not len(found.ids):
        check_values(workspace, scope.chosen)
    shown, cursor = ranking.page(found, limit, after)
    total = None if mode == "vector" else len(texts.ids)
    return Hits(_rows(workspace, shown, scope.chosen), total, cursor, note, mode or "text")


def _by_vector(workspace: Workspace, space: SpaceInfo, text: str, chosen: Filter) -> Ranking:
    vector = embedders(workspace).vector(workspace, space, wanted_text(text))
    # Another dataset's texts may lie in the same space, so only a store without a filter is searched whole.
    among = None if chosen.all else rows_of_texts(workspace, space.id, chosen)
    found = nearest(workspace, space, vector, DEPTH, among)
    return Ranking(found.texts, found.similarities)


def _rows(workspace: Workspace, shown: Ranking, chosen: Filter) -> tuple[TextRow, ...]:
    found = found_texts(workspace, shown.ids.tolist(), chosen)
    return tuple(
        TextRow(
            text_id=text.text_id,
            query=text.query,
            text=text.text,
            times=text.times,
            language=text.language,
            chat_model=text.chat_model,
            cluster=text.cluster,
            cluster_title=text.cluster_title,
            score=round(score, 6),
        )
        for text_id, score in zip(shown.ids.tolist(), shown.scores.tolist(), strict=True)
        for text in [found[text_id]]
    )
