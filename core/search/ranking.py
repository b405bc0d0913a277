"""Rankings: their fusion, and pages of them by keyset."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.errors import ActionError

RRF_K = 60
"""The constant of reciprocal rank fusion, as its authors set it."""

_CURSOR = re.compile(r"(-?\d+(?:\.\d+)?(?:e-?\d+)?):(-?\d+)", re.ASCII)


@dataclass(frozen=True)
class Ranking:
    """Ids int64 [n] and their scores float64 [n]: falling scores, rising ids where scores are equal."""

    ids: NDArray[np.int64]
    scores: NDArray[np.float64]


EMPTY = Ranking(np.empty(0, np.int64), np.empty(0, np.float64))


def ranked(ids: NDArray[np.int64], scores: NDArray[np.float64]) -> Ranking:
    """The ranking of ids by their scores."""
    order = np.lexsort((ids, -scores))
    return Ranking(ids[order], scores[order])


def fuse(rankings: Sequence[Ranking]) -> Ranking:
    """Reciprocal rank fusion: an id scores the sum of 1 / (60 + rank) over the rankings that hold it.

    Cormack, Clarke and Buettcher, "Reciprocal Rank Fusion outperforms Condorcet and individual Rank Learning Methods",
    SIGIR 2009.
    """
    ids = np.concatenate([ranking.ids for ranking in rankings])
    parts = np.concatenate([1.0 / (RRF_K + 1.0 + np.arange(len(ranking.ids))) for ranking in rankings])
    distinct, places = np.unique(ids, return_inverse=True)
    return ranked(distinct, np.bincount(places, weights=parts, minlength=len(distinct)).astype(np.float64))


def page(ranking: Ranking, limit: int, after: str | None) -> tuple[Ranking, str | None]:
    """The next `limit` of a ranking, and the cursor for those that follow, if any do.

    Raises:
        ActionError: `bad_cursor`.
    """
    left = ranking
    if after is not None:
        score, last = _parse(after)
        follows = (ranking.scores < score) | ((ranking.scores == score) & (ranking.ids > last))
        left = Ranking(ranking.ids[follows], ranking.scores[follows])
    shown = Ranking(left.ids[:limit], left.scores[:limit])
    if len(left.ids) <= limit:
        return shown, None
    return shown, f"{float(shown.scores[-1])!r}:{int(shown.ids[-1])}"


def _parse(after: str) -> tuple[float, int]:
    match = _CURSOR.fullmatch(after) if len(after) <= 80 else None
    if match is None:
        raise ActionError(
            "bad_cursor", f"after={after[:40]!r} is not a cursor of this list.", "Take it from the answer."
        )
    return float(match[1]), int(match[2])
