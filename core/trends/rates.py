"""Two windows compared: the ratio of a group's shares, its interval and its p-value."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from core.trends.dispersion import Dispersion, Reals

LEVEL = 0.05
"""Intervals hold the true ratio 95 times of 100."""
LEAST_FREE = 0.05
"""A group with nearly all queries varies little, but not arbitrarily little is believed."""


@dataclass(frozen=True, eq=False)
class Ratios:
    """Share in the later window over share in the earlier one, per group; `nan` where neither window has a query.

    `ratio` is infinite where only the later window has some; `low` is 0 and `high` infinite where nothing bounds them.
    """

    ratio: Reals
    low: Reals
    high: Reals
    p: Reals


def ratios(late: Reals, early: Reals, all_late: float, all_early: float, spread: Dispersion) -> Ratios:
    """Compare the shares of groups in two windows.

    Of two Poisson counts, given their sum, the later one is binomial with the share of its window (Przyborowski and
    Wilenski, 1940); the interval is that of Clopper and Pearson (1934), the p-value twice the smaller tail. A count is
    first divided by its dispersion and by what a group's own large share takes from its variance, and the normal
    quantile gives way to Student's, since the dispersion is estimated. Interval and p-value agree: 1 lies outside just
    where p < 0.05.

    Args:
        late: `[groups]` queries in the later window.
        early: `[groups]` queries in the earlier window.
        all_late: Queries of everything in the later window, above 0.
        all_early: The same in the earlier one.
        spread: The dispersion of each group.
    """
    from scipy.special import betainc
    from scipy.stats import beta, norm, t

    both = late + early
    free = np.maximum(1 - both / (all_late + all_early), LEAST_FREE)
    x, y = late / (spread.factor * free), early / (spread.factor * free)
    share = all_late / (all_late + all_early)
    with np.errstate(invalid="ignore", divide="ignore"):
        above = np.where(x > 0, betainc(x, y + 1, share), 1.0)
        below = np.where(y > 0, betainc(y, x + 1, 1 - share), 1.0)
        normal = norm.isf(np.minimum(above, below).clip(0, 0.5))
        p = np.minimum(2 * t.sf(normal, spread.freedom), 1.0)
        tail = norm.sf(t.isf(LEVEL / 2, spread.freedom))
        low = np.where(x > 0, beta.ppf(tail, x, y + 1), 0.0)
        high = np.where(y > 0, beta.isf(tail, x + 1, y), 1.0)
        scale = all_early / all_late
        ratio = late / early * scale
        low, high = low / (1 - low) * scale, high / (1 - high) * scale
    nothing = both == 0
    return Ratios(*(np.where(nothing, np.nan, values) for values in (ratio, low, high, p)))


def false_discovery(p: Reals) -> Reals:
    """q-values (Benjamini and Hochberg, 1995) of the p-values that are there; `nan` stays."""
    from scipy.stats import false_discovery_control

    q = np.full(p.shape, np.nan)
    known = ~np.isnan(p)
    if known.any():
        q[known] = false_discovery_control(p[known])
    return q
