"""The intruder test: does the one that does not belong stand out among a few members of a cluster?"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from core.cluster.blocks import one_blas_thread, unit
from core.cluster.measure import neighbour_clusters
from core.control import Control
from core.evaluate.figures import missing, share
from core.evaluate.inputs import Grouped, draw
from core.evaluate.rows import Measure

MEMBERS = 5
SALT = 1


@dataclass(frozen=True)
class Lineup:
    """Some members of a cluster and, at `intruder`, one text of the nearest other cluster; indices of texts."""

    cluster: int
    texts: tuple[int, ...]
    intruder: int


def lineups(data: Grouped, items: int, seed: int) -> list[Lineup]:
    """At most `items` line-ups of each cluster of at least `MEMBERS` texts, no text twice among the members of a cluster.

    Args:
        data: Texts in clusters.
        items: Line-ups a cluster, at most.
        seed: Draws members, intruders and their places.
    """
    if data.k < 2:
        return []
    drawn = draw(data.labels, data.k, MEMBERS * items, seed, SALT)
    strangers = draw(data.labels, data.k, items, seed, SALT + 1)
    nearest = neighbour_clusters(unit(data.sums), 1)[:, 0]
    found = []
    for cluster, members in enumerate(drawn):
        rng = np.random.default_rng([seed, SALT + 2, cluster])
        others = strangers[nearest[cluster]]
        for item in range(min(items, len(members) // MEMBERS)):
            texts = members[item * MEMBERS : (item + 1) * MEMBERS].tolist()
            at = int(rng.integers(MEMBERS + 1))
            texts.insert(at, int(others[item % len(others)]))
            found.append(Lineup(cluster, tuple(texts), at))
    return found


def intruder_test(data: Grouped, items: int, seed: int, control: Control) -> list[Measure]:
    """How often the text that is least like the others is the intruder (after Chang et al., 2009).

    Each of the six is compared with the mean of the other five alone: the clusters' centroids, of which the members are
    part and the intruder is not, have no say. Chance is one in six.
    """
    asked = lineups(data, items, seed)
    chance = f"Chance {1 / (MEMBERS + 1):.3f}; {MEMBERS} members and one text of the nearest other cluster."
    if not asked:
        why = f"No two clusters, one with {MEMBERS} texts."
        return [missing("intruder", "clusters", why)]
    found = 0
    with one_blas_thread():
        for at, lineup in enumerate(asked):
            found += odd_one(data, lineup.texts) == lineup.intruder
            if at % 100 == 0:
                control.progress("intruders", at, len(asked), "questions")
    small = int((data.counts < MEMBERS).sum())
    left = f" {small} clusters of fewer texts are left out." if small else ""
    return [share("intruder", "clusters", found, len(asked), chance + left)]


def odd_one(data: Grouped, texts: tuple[int, ...]) -> int:
    """The place of the text that is least like the others, the first one among equals."""
    rows = data.take(np.array(texts, dtype=np.int64)).astype(np.float64)
    likeness = (rows @ rows.sum(axis=0)) - (rows * rows).sum(axis=1)
    return int(_rounded(likeness).argmin())


def _rounded(values: np.ndarray) -> np.ndarray:
    return np.round(values, 9)
