"""Searching the clusters of a run by their names and by their meaning."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from core.cursors import signed, unsigned
from core.errors import ActionError
from core.lookup import check_limit, find_run
from core.rows import ClusterHit
from core.search import ranking
from core.search.embedder import embedders
from core.search.expression import match_expression, wanted_text
from core.search.queries import Hits
from core.search.ranking import Mode, Ranking, ranked
from core.search.scope import Narrow, check_values, find_scope, find_search_space, need_space
from db.fts import score_documents
from db.search import ClusterText, cluster_texts
from db.workspace import Workspace

_WEIGHTS = (4.0, 2.0, 1.0)
"""What a word counts in the title, the phrases and the description."""


def search_clusters(
    workspace: Workspace,
    text: str,
    narrow: Narrow,
    *,
    mode: Mode | None = None,
    limit: int = 20,
    after: str | None = None,
) -> Hits:
    """The clusters that answer a search, as `ClusterHit`s.

    `text` ranks by BM25 the clusters whose shown title, phrases or description have one or more of the words; `vector`
    ranks all by the cosine of the query to their title, or to their centroid where titles have no vectors; `hybrid`
    fuses both and falls back to `text`, with a note. A filter leaves a cluster when one of its queries passes. `total`
    is the exact number of text matches, `None` in mode `vector`.

    Raises:
        ActionError: As `search_queries`; `no_run` where there is none.
    """
    check_limit(limit)
    run = find_run(workspace, narrow.run)
    scope = find_scope(workspace, narrow, text)
    chosen = replace(scope.chosen, excluded=None)
    known = cluster_texts(workspace, chosen, run.hierarchy)
    expression = match_expression(scope.query, any_word=True)
    texts = vectors = ranking.EMPTY
    note: str | None = None
    if mode != "vector" and expression is not None:
        texts = _by_words(known, expression)
    if mode != "text" and (expression is not None or mode == "vector"):
        try:
            space = need_space(find_search_space(workspace, None, run))
            query = embedders(workspace).vector(workspace, space, wanted_text(scope.query, text))
            vectors = _by_vector(known, query)
        except ActionError as error:
            if mode == "vector":
                raise
            mode, note = "text", f"Found by words alone. {error}"
    mode = mode or "hybrid"
    found = ranking.fuse([texts, vectors]) if mode == "hybrid" else vectors if mode == "vector" else texts
    if not known:
        check_values(workspace, chosen)
    made_by = ("search.clusters", text, scope.named, mode)
    shown, cursor = ranking.page(found, limit, unsigned(after, *made_by))
    by_number = {cluster.number: cluster for cluster in known}
    rows = tuple(
        ClusterHit(c.number, c.title, c.description, c.size, round(score, 6), c.node)
        for number, score in zip(shown.ids.tolist(), shown.scores.tolist(), strict=True)
        for c in [by_number[number]]
    )
    return Hits(rows, None if mode == "vector" else len(texts.ids), signed(cursor, *made_by), note, mode)


def _by_words(known: list[ClusterText], expression: str) -> Ranking:
    documents = [(c.number, (c.title, c.phrases, c.description)) for c in known]
    found = score_documents(documents, _WEIGHTS, expression)
    numbers = np.array([number for number, _ in found], np.int64)
    return ranked(numbers, np.array([score for _, score in found], np.float64))


def _by_vector(known: list[ClusterText], query: NDArray[np.float32]) -> Ranking:
    """All clusters that have a vector; titles and centroids are never compared with each other."""
    titled = all(c.title_vector for c in known if c.centroid)
    vectors = {
        c.number: np.frombuffer(vector, "<f4").astype(np.float64)
        for c in known
        if (vector := c.title_vector if titled else c.centroid)
    }
    if not vectors:
        return ranking.EMPTY
    rows = np.stack(list(vectors.values()))
    lengths = np.maximum(np.linalg.norm(rows, axis=1), 1e-12)
    similarities = np.round(np.einsum("ij,j->i", rows, query.astype(np.float64)) / lengths, 6)
    return ranked(np.array(list(vectors), np.int64), similarities)
