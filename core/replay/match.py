"""Which cluster of the new run stands for one of the old run."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from core.compare.contingency import Ints
from core.compare.match import SAME
from core.replay.sides import LOWEST, Sides, sizes
from db.titles import NOISE, ORPHANS


@dataclass(frozen=True)
class Match:
    """The cluster or node that is nearest; `fits` when it stands for the old one; `why` not, or only in part."""

    target: int | str | None
    overlap: float | None
    found: float | None
    share: float | None
    fits: bool
    why: str = ""

    @property
    def cluster(self) -> int:
        """The number of the cluster, where one is near."""
        assert isinstance(self.target, int)
        return self.target


NOTHING = Match(None, None, None, None, False, "Its queries are in no cluster of the new run.")


@dataclass(frozen=True, eq=False)
class _Near:
    """Ordinary clusters that share queries with a set of queries, the nearest first."""

    numbers: Ints
    overlap: Ints
    jaccard: np.ndarray
    sizes: Ints


def _near(members: Ints, inside: Ints, all_of: Ints) -> _Near:
    """Near to `members` (places), which are in the clusters `inside` among those of `all_of`."""
    counts = np.bincount(inside[inside >= 0]) if len(inside) else np.empty(0, dtype=np.int64)
    numbers = np.flatnonzero(counts)
    overlap, size = counts[numbers], sizes(all_of)[numbers - LOWEST]
    jaccard = overlap / (len(members) + size - overlap)
    order = np.lexsort((numbers, -overlap, -jaccard))
    return _Near(numbers[order], overlap[order], jaccard[order], size[order])


def match_cluster(sides: Sides, cluster: int, least: float) -> Match:
    """The one cluster with the largest Jaccard index, of at least `least`; the noise is the noise, the orphans the orphans.

    It must be the nearest of both: where another cluster of either run is as near, none stands for it.
    """
    if cluster == ORPHANS or (cluster == NOISE and bool((sides.new == NOISE).any())):
        return Match(cluster, None, None, None, True)
    if cluster < 0:
        return Match(None, None, None, None, False, "The new run has no noise.")
    found = match_set(sides, np.flatnonzero(sides.old == cluster), least, f"the old cluster {cluster}")
    if not found.fits:
        return found
    back = _near(np.flatnonzero(sides.new == found.target), sides.old[sides.new == found.target], sides.old)
    rivals = [
        number for number, value in zip(back.numbers.tolist(), back.jaccard.tolist(), strict=True)
        if number != cluster and value >= (found.overlap or 0)
    ]  # fmt: skip
    if rivals:
        why = f"The old cluster {rivals[0]} is as near to the new cluster {found.target}."
        return Match(found.target, found.overlap, found.found, found.share, False, why)
    return found


def match_set(sides: Sides, members: Ints, least: float, what: str) -> Match:
    """The cluster that is nearest to some queries, by their places."""
    near = _near(members, sides.new[members], sides.new)
    if not len(near.numbers):
        return NOTHING
    number, overlap = int(near.numbers[0]), int(near.overlap[0])
    jaccard, found, share = float(near.jaccard[0]), overlap / len(members), overlap / int(near.sizes[0])
    why = ""
    if jaccard < least:
        why = (
            f"The nearest to {what} is the new cluster {number}, with {found:.0%} of its queries, which are {share:.0%} of that"
            f" one's: an overlap of {jaccard:.2f}, below {least:g}."
        )
    elif len(near.numbers) > 1 and near.jaccard[1] == near.jaccard[0]:
        why = f"The new clusters {number} and {near.numbers[1]} are as near to {what}."
    return Match(number, round(jaccard, 6), round(found, 6), round(share, 6), not why, why)


def match_target(sides: Sides, cluster: int, least: float) -> Match:
    """As `match_cluster`, for queries that are to join the cluster: one that holds almost all of it and more will do, too."""
    if cluster < 0:
        # The noise and the orphans are made where there are none.
        return Match(cluster, None, None, None, True)
    near = match_cluster(sides, cluster, least)
    if near.fits or near.target is None or (near.found or 0) < SAME:
        return near
    why = f"The old cluster {cluster} is a part of the new cluster {near.target}, {near.share:.0%} of it."
    return replace(near, fits=True, why=why)


def home(sides: Sides, cluster: int) -> tuple[int | None, float]:
    """The cluster of the new run that holds most of one of the old run, and the share that it holds."""
    inside = sides.new[sides.old == cluster]
    if not len(inside):
        return None, 0.0
    counts = sizes(inside)
    best = int(counts.argmax())
    return best + LOWEST, float(counts[best] / len(inside))


def pieces(sides: Sides, cluster: int, least: float) -> tuple[list[int], Match]:
    """Clusters of the new run that are parts of one of the old run, and how much of it they are together.

    Each consists to `least`, and to more than half, of its queries.
    """
    members = np.flatnonzero(sides.old == cluster)
    near = _near(members, sides.new[members], sides.new)
    chosen = (near.overlap >= least * near.sizes) & (2 * near.overlap > near.sizes)
    numbers = sorted(near.numbers[chosen].tolist())
    if not numbers:
        return [], NOTHING
    overlap, size = int(near.overlap[chosen].sum()), int(near.sizes[chosen].sum())
    jaccard = overlap / (len(members) + size - overlap)
    return numbers, Match(
        numbers[0], round(jaccard, 6), round(overlap / len(members), 6), round(overlap / size, 6), True
    )


def parts_said(cluster: int, parts: list[int], together: Match) -> str:
    """What to tell of an old cluster of which only parts were found."""
    listed = ", ".join(map(str, parts))
    return f"Of the old cluster {cluster} parts are there: {listed}; all of its parts hold {together.found:.0%} of it."
