"""Members that lie far from their own centroid, measured by how far the others lie."""

from __future__ import annotations

import numpy as np

from core.outliers.found import Found, ranked
from core.outliers.texts import Texts

FAR = 3.5
"""A robust z-score above this is an outlier (Iglewicz and Hoaglin, 1993)."""
FEWEST = 8
"""Texts that a cluster needs for a spread of its own."""
LEAST_SPREAD = 0.01
"""Of cosine distances; a cluster of copies has none, and must not make outliers of roundings."""

NOTE = (
    "The score is how many spreads (1.4826 times the median deviation) a text lies farther from its centroid than the"
    f" median text of its cluster; above {FAR} it is listed."
)


def far(texts: Texts) -> Found:
    """Texts of ordinary clusters by the robust z-score of their distance to the centroid."""
    used = np.flatnonzero((texts.clusters >= 0) & ~np.isnan(texts.distances))
    order = used[np.lexsort((texts.distances[used], texts.clusters[used]))]
    _, starts, sizes = np.unique(texts.clusters[order], return_index=True, return_counts=True)
    middle = _medians(texts.distances[order], starts, sizes)
    own = np.repeat(np.arange(len(starts)), sizes)
    off = texts.distances[order] - middle[own]
    deviations = np.abs(off)
    sorted_deviations = deviations[np.lexsort((deviations, own))]
    spread = np.maximum(1.4826 * _medians(sorted_deviations, starts, sizes), LEAST_SPREAD)
    score = off / spread[own]
    listed = (score > FAR) & (sizes[own] >= FEWEST)
    places, scores, medians = order[listed], score[listed], middle[own][listed]
    sorting = ranked(places, scores)
    places, scores, medians = places[sorting], scores[sorting], medians[sorting]

    def reason(at: int) -> str:
        return (
            f"{scores[at]:.1f} spreads farther from its centroid than the median text of its cluster"
            f" (distance {texts.distances[places[at]]:.2f} against {medians[at]:.2f})"
        )

    return Found(places, scores, reason, NOTE)


def _medians(values: np.ndarray, starts: np.ndarray, sizes: np.ndarray) -> np.ndarray:
    """The median of each part of values that rise within it."""
    low, high = starts + (sizes - 1) // 2, starts + sizes // 2
    middle: np.ndarray = (values[low] + values[high]) / 2
    return middle
