"""Rankings: their fusion, and pages of them by keyset."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from core.errors import ActionError

Mode = Literal["text", "vector", "hybrid"]
"""By words, by meaning, or by both, fused."""

RRF_K = 60
"""The constant of reciprocal rank fusion, as its authors set it."""

_UNRANKED = -2
"""Stands in a cursor for the score of what has none: below every cosine."""

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


@dataclass(frozen=True)
class Older:
    """What follows a ranking without a score: `get(below, count)` gives the next ids under `below`, falling."""

    floor: int
    get: Callable[[int, int], NDArray[np.int64]]


def page(
    ranking: Ranking, limit: int, after: str | None, older: Older | None = None
) -> tuple[Ranking, str | None]:
    """The next `limit` of a ranking and of what follows it, and the cursor for the rest, if there is any.

    Raises:
        ActionError: `bad_cursor`.
    """
    left, below = ranking, older.floor if older else 0
    if after is not None:
        score, last = _parse(after)
        if older is not None and score == _UNRANKED:
            left, below = EMPTY, last
        else:
            follows = (ranking.scores < score) | ((ranking.scores == score) & (ranking.ids > last))
            left = Ranking(ranking.ids[follows], ranking.scores[follows])
    shown = Ranking(left.ids[:limit], left.scores[:limit])
    if len(left.ids) > limit:
        return shown, f"{float(shown.scores[-1])!r}:{int(shown.ids[-1])}"
    if older is None:
        return shown, None
    ids, more = _unranked(older, below, limit - len(shown.ids), ranking.ids)
    if len(ids):
        below = int(ids[-1])
    shown = Ranking(np.concatenate([shown.ids, ids]), np.concatenate([shown.scores, np.zeros(len(ids))]))
    return shown, f"{_UNRANKED}:{below}" if more else None


def _unranked(
    older: Older, below: int, count: int, seen: NDArray[np.int64]
) -> tuple[NDArray[np.int64], bool]:
    """The next `count` that the ranking did not hold already, and whether others follow."""
    found = np.empty(0, np.int64)
    while len(found) <= count:
        ids = older.get(below, count + 1 + len(seen[seen < below]))
        if not len(ids):
            return found, False
        below = int(ids[-1])
        found = np.concatenate([found, ids[~np.isin(ids, seen)]])
    return found[:count], True


def _parse(after: str) -> tuple[float, int]:
    match = _CURSOR.fullmatch(after) if len(after) <= 80 else None
    if match is None:
        raise ActionError(
            "bad_cursor", f"after={after[:40]!r} is not a cursor of this list.", "Take it from the answer."
        )
    return float(match[1]), int(match[2])
