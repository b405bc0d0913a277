"""Searching the distinct texts."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from core.cursors import signed, unsigned
from core.errors import ActionError
from core.lookup import check_limit
from core.page import Page
from core.rows import TextRow
from core.search import ranking
from core.search.embedder import embedders
from core.search.expression import wanted_text
from core.search.language import misread
from core.search.ranking import Mode, Older, Ranking
from core.search.saved import Asked, completed
from core.search.scope import (
    Narrow,
    Scope,
    check_values,
    find_scope,
    find_search_space,
    need_space,
    unknown_marks,
)
from core.update.lag import lag_note
from db.matching import Matched, matching_ids, matching_texts, older_matches
from db.nearest import nearest, rows_of_texts
from db.search import Filter, found_texts
from db.text_sets import kept, passing_ids
from db.vectors import SpaceInfo
from db.workspace import Workspace

if TYPE_CHECKING:
    from core.session import Session


DEPTH = 1000
"""The vector half of a search is the nearest so many texts."""


_NONE = Matched(ranking.EMPTY.ids, ranking.EMPTY.scores, 0, None)


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

    `text` is read by `core.search.language`. Mode `text` ranks by BM25 the texts with every word and phrase, `vector` the
    nearest `DEPTH` texts by cosine; `hybrid` fuses both and falls back to `text`, with a note, where the query cannot be
    embedded. Of very many matches only some are ranked, says the note; the others follow. `total` is the exact number of
    text matches, `None` in mode `vector`. With fields or exclusions alone the texts that pass stand as they were loaded;
    without any there are no hits, but in mode `vector`.

    Raises:
        ActionError: `bad_limit`, `bad_cursor`, what `find_scope` raises, `unknown_space`, `unknown_language`,
            `unknown_chat_model`; in mode `vector` also `no_embeddings` and what a missing model raises.
    """
    check_limit(limit)
    scope = find_scope(workspace, narrow, text)
    target = find_search_space(workspace, space, scope.run)
    expression = scope.match
    lexical, vectors = _NONE, ranking.EMPTY
    notes = [said] if (said := misread(text)) is not None else []
    if mode != "vector":
        lexical = _by_words(workspace, scope, expression)
    if mode == "vector":
        vectors = by_vector(
            workspace, need_space(target), _vector(workspace, need_space(target), scope, text), scope.chosen
        )
    elif expression is None and not scope.blank:
        mode = "text"
    elif mode == "hybrid" or (mode is None and target is not None):
        try:
            if expression is not None:
                known = need_space(target)
                vectors = by_vector(workspace, known, _vector(workspace, known, scope, text), scope.chosen)
            mode = "hybrid"
        except ActionError as error:
            mode = "text"
            notes.append(f"Found by words alone. {error}")
    mode = mode or "text"
    if lexical.floor is not None and mode != "vector":
        notes.append(
            f"{lexical.total:,} texts match: the newest {len(lexical.ids):,} are ranked, the others follow as they are."
        )
    run = scope.run
    if run is not None:
        # It reads all clusters, and nothing that is typed changes it.
        lag = kept(workspace, ("lag", run.id), lambda: lag_note(workspace, run))
        notes += [] if lag is None else [lag]
    texts = Ranking(lexical.ids, lexical.scores)
    found = ranking.fuse([texts, vectors]) if mode == "hybrid" else vectors if mode == "vector" else texts
    if not len(found.ids):
        check_values(workspace, scope.chosen)
        unknown = unknown_marks(workspace, scope.chosen)
        notes += [] if unknown is None else [unknown]
    made_by = ("search.queries", text, scope.named, mode, target.name if target and mode != "text" else None)
    older = None
    if expression is not None and lexical.floor is not None and mode != "vector":
        older = Older(lexical.floor, partial(older_matches, workspace, expression, scope.matching))
    shown, cursor = ranking.page(found, limit, unsigned(after, *made_by), older)
    total = None if mode == "vector" else lexical.total
    rows = text_rows(workspace, shown, scope.chosen)
    return Hits(rows, total, signed(cursor, *made_by), " ".join(notes) or None, mode)


def search_asked(session: Session, saved: str | None, asked: Asked, limit: int, after: str | None) -> Hits:
    """`search_queries` for what was typed where the user is, and for a saved search.

    Raises:
        ActionError: What `search_queries` and `core.search.saved.completed` raise.
    """
    found = completed(session, saved, asked)
    return search_queries(
        session.workspace,
        found.text or "",
        found.narrow,
        mode=found.mode,
        space=found.space,
        limit=limit,
        after=after,
    )


def _by_words(workspace: Workspace, scope: Scope, expression: str | None) -> Matched:
    if expression is not None:
        return matching_texts(workspace, expression, scope.matching)
    if scope.blank:
        return _NONE
    ids = passing_ids(workspace, scope.chosen)
    return Matched(ids, np.zeros(len(ids)), len(ids), None)


def _vector(workspace: Workspace, space: SpaceInfo, scope: Scope, text: str) -> NDArray[np.float32]:
    return embedders(workspace).vector(workspace, space, wanted_text(scope.query, text))


def by_vector(
    workspace: Workspace,
    space: SpaceInfo,
    vector: NDArray[np.float32],
    chosen: Filter,
    count: int = DEPTH,
    match: str | None = None,
) -> Ranking:
    """The `count` texts that a filter leaves, and that match an expression if any, nearest to a unit vector [dim]."""
    # Another dataset's texts may lie in the same space, so only a store without a filter is searched whole.
    among = None if chosen.all and match is None else rows_of_texts(workspace, space.id, chosen)
    if among is not None and match is not None:
        asked = np.isin(among[0], matching_ids(workspace, match, chosen))
        among = among[0][asked], among[1][asked]
    found = nearest(workspace, space, vector, count, among)
    return Ranking(found.texts, found.similarities)


def text_rows(workspace: Workspace, shown: Ranking, chosen: Filter) -> tuple[TextRow, ...]:
    """What is shown of the texts of a ranking."""
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
