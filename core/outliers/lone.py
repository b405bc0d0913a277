"""Texts that no other text is like."""

from __future__ import annotations

import numpy as np

from core.cluster.blocks import block_rows, map_blocks, one_blas_thread
from core.cluster.result import Floats, Indices
from core.control import Control
from core.outliers.found import Found, ranked
from core.outliers.texts import Texts, no_vectors

CANDIDATES = 1_000
"""Texts whose nearest other text is looked for."""

NOTE = (
    "The score is 1 less the cosine to the most similar other text of the run, found exactly, for the"
    f" {CANDIDATES:,} texts that lie farthest from every centroid."
)


def lone(texts: Texts, control: Control) -> Found:
    """The texts farthest from every centroid by their most similar other text, the least similar first.

    Raises:
        ActionError: `no_vectors`.
    """
    if texts.table is None:
        raise no_vectors()
    with_vector = np.flatnonzero(texts.rows >= 0)
    known = with_vector[~np.isnan(texts.distances[with_vector])]
    farthest = known[np.lexsort((known, -texts.distances[known]))][:CANDIDATES]
    if len(with_vector) < 2:
        return Found(farthest[:0], np.empty(0), lambda _: "", NOTE)
    candidates = np.sort(farthest)
    wanted = texts.vectors(candidates)
    best, like = np.full(len(candidates), -np.inf, np.float32), np.zeros(len(candidates), np.int64)

    def work(block: slice) -> tuple[Indices, Floats]:
        places = with_vector[block]
        cosine = wanted @ texts.vectors(places).T
        own = np.searchsorted(places, candidates)
        here = (own < len(places)) & (places[np.minimum(own, len(places) - 1)] == candidates)
        cosine[np.flatnonzero(here), own[here]] = -np.inf
        at = cosine.argmax(axis=1)
        return places[at], cosine[np.arange(len(candidates)), at]

    done = 0
    rows = block_rows(len(candidates), wanted.shape[1])
    with one_blas_thread():
        for near, cosine in map_blocks(work, len(with_vector), rows):
            better = cosine > best
            best[better], like[better] = cosine[better], near[better]
            done = min(done + rows, len(with_vector))
            control.progress("lone", done, len(with_vector), "texts")
    scores = (1 - best.astype(np.float64)).round(4)
    sorting = ranked(candidates, scores)
    places, scores, like = candidates[sorting], scores[sorting], like[sorting]

    def reason(at: int) -> str:
        return f"no other text is like it: the most similar one has a cosine of {1 - scores[at]:.2f}"

    return Found(places, scores, reason, NOTE, like=like)
