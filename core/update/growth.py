"""Which clusters grew more, or less, than their share of a run lets expect."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from core.update.rows import ClusterGrowth

SHOWN = 20
SURE = 0.05
MANY = 10
"""Clusters from which how much they usually differ can be told."""
_MEDIAN_CHI2 = 0.4549
"""The median of a squared standard normal."""


def growth(
    before: Mapping[int, int],
    gained: Mapping[int, tuple[int, int]],
    bad: Mapping[int, int],
    titles: Mapping[int, str],
) -> tuple[ClusterGrowth, ...]:
    """The clusters whose share of the new queries differs most surely from their share of the old ones.

    Given how many queries a cluster has in all, the new ones among them are binomial (the conditional test of two rates;
    Przyborowski and Wilenski, 1940), here by its mid-p. Logs are lumpier than that: where most clusters differ by more than
    chance, all are held against their usual difference (a quasi-likelihood factor from the median, at least 1).

    Args:
        before: Queries of each cluster before.
        gained: (queries, new texts) that it got.
        bad: How many of those texts fit badly.
        titles: Its title.
    """
    numbers = sorted(before)
    old = np.array([before[n] for n in numbers], dtype=np.float64)
    new = np.array([gained.get(n, (0, 0))[0] for n in numbers], dtype=np.float64)
    if not old.sum() or not new.sum():
        return ()
    expected = old / old.sum() * new.sum()
    q = _q(old, new)
    rows = []
    for at in np.lexsort((np.array(numbers), -np.abs(new - expected), q))[:SHOWN].tolist():
        number = numbers[at]
        sure = q[at] < SURE
        rows.append(
            ClusterGrowth(
                cluster=number,
                title=titles[number],
                before=int(old[at]),
                new=int(new[at]),
                expected=round(float(expected[at]), 1),
                ratio=round(float(new[at] / expected[at]), 2) if expected[at] else None,
                q=float(f"{q[at]:.3g}"),
                direction="not sure" if not sure else "growing" if new[at] > expected[at] else "shrinking",
                texts=gained.get(number, (0, 0))[1],
                bad=bad.get(number, 0),
            )
        )
    return tuple(rows)


def _q(old: NDArray[np.float64], new: NDArray[np.float64]) -> NDArray[np.float64]:
    from scipy.stats import false_discovery_control, norm

    z, factor = _z(old, new, new.sum() / (old.sum() + new.sum())), 1.0
    if len(z) >= MANY:
        # Against the usual growth, which a few clusters that grow much do not move.
        usual = _z(old, new, _usual_share(old, new))
        factor = max(1.0, float(np.median(usual**2)) / _MEDIAN_CHI2)
    return np.asarray(false_discovery_control(np.clip(2 * norm.sf(z / np.sqrt(factor)), 0, 1)))


def _z(old: NDArray[np.float64], new: NDArray[np.float64], share: float) -> NDArray[np.float64]:
    """How surely the share of the new ones in each cluster is another, as positive deviates of the standard normal."""
    from scipy.stats import binom, norm

    both = old + new
    half = 0.5 * binom.pmf(new, both, share)
    tail = np.minimum(binom.cdf(new, both, share) - half, binom.sf(new, both, share) + half)
    return np.asarray(norm.isf(np.clip(tail, 1e-300, 0.5)))


def _usual_share(old: NDArray[np.float64], new: NDArray[np.float64]) -> float:
    """The share of the new ones in the clusters that hold the middle query: the median, weighted by size."""
    shares = new / np.maximum(old + new, 1)
    order = np.argsort(shares, kind="stable")
    size = np.cumsum((old + new)[order])
    return float(shares[order][np.searchsorted(size, size[-1] / 2)])
