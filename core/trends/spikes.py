"""Single periods in which a group was asked for far more than around them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from core.trends.dispersion import Mask, Reals, typical, worth
from core.trends.periods import Ints, Kind
from core.trends.rates import false_discovery

AROUND: dict[Kind, int] = {"day": 14, "week": 6, "month": 3}
"""So many periods before and as many after say what is usual."""
FEWEST_PERIODS = 5
WEEKS_FOR_WEEKDAYS = 4
"""From so many weeks on a group's own week (quiet weekends) is taken into account."""
WEEKDAY_PRIOR = 20.0
"""A group's weekdays are drawn to those of the log as if it had so many more askers on each."""
SUSPECT = 1e-4
"""Periods with a smaller p-value do not count for what is usual."""


@dataclass(frozen=True, eq=False)
class Spikes:
    """Per group and period: the expected count, and p and q of a count at least as high; `nan` where not tested."""

    expected: Reals
    p: Reals
    q: Reals
    suspect: Mask


def spikes(counts: Reals, totals: Reals, tested: Mask, kind: Kind, weekdays: Ints) -> Spikes:
    """Test each count of a group against its own share in the periods around it, given the total of the period.

    The tail is that of a negative binomial distribution whose variance is the mean times the dispersion of the group,
    widened for what the periods around cannot say exactly; without dispersion this is the predictive distribution of a
    Poisson count after its neighbours (with Jeffreys' prior). Where the dispersion is above 1, the tail is made Student's. The dispersion comes from all other periods of the group
    and, by weight, of all groups. Periods that stand out are found in a first pass and do not count as usual in the
    second. q is over all groups and periods (Benjamini and Hochberg, 1995).

    Args:
        counts: `[groups, periods]`, of persons rather than of queries: one who asks a hundred times is no spike.
        totals: `[periods]`.
        tested: `[periods]` which are looked at; the others do not count as usual either.
        kind: Of the periods.
        weekdays: `[periods]` 0 to 6, of the first day; used for days.
    """
    nothing = np.full(counts.shape, np.nan)
    used = tested & (totals > 0)
    suspect = np.zeros(counts.shape, dtype=bool)
    if used.sum() < FEWEST_PERIODS or not len(counts):
        return Spikes(nothing, nothing, nothing, suspect)
    weekly = kind == "day" and used.sum() >= 7 * WEEKS_FOR_WEEKDAYS
    expected = p = nothing
    for _ in range(2):
        usual = used & ~suspect
        exposure = np.broadcast_to(totals, counts.shape)
        if weekly:
            exposure = exposure * _weekday_factors(counts, totals, usual, weekdays)
        expected, p = _tails(counts, exposure, usual, used, AROUND[kind])
        suspect = np.nan_to_num(p, nan=1.0) < SUSPECT
    return Spikes(expected, p, false_discovery(p), suspect)


def _weekday_factors(counts: Reals, totals: Reals, usual: Mask, weekdays: Ints) -> Reals:
    """`[groups, periods]`: how much more a group is asked for on this day of the week than the log as a whole."""
    days = np.eye(7)[weekdays]
    asked = (counts * usual) @ days
    with np.errstate(invalid="ignore", divide="ignore"):
        share = np.nan_to_num((counts * usual).sum(axis=1) / (totals * usual).sum(axis=1))
    expected = (totals * usual) @ days * share[:, None]
    factors: Reals = ((asked + WEEKDAY_PRIOR) / (expected + WEEKDAY_PRIOR)) @ days.T
    return factors


def _tails(counts: Reals, exposure: Reals, usual: Mask, used: Mask, around: int) -> tuple[Reals, Reals]:
    from scipy.stats import nbinom, norm, t

    near, near_exposure = (_neighbours(values * usual, around) for values in (counts, exposure))
    known = used & (near_exposure > 0) & (exposure > 0)
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = np.where(known, exposure * (near + 0.5) / near_exposure, np.nan)
        wider = 1 + exposure / near_exposure
        squares = np.where(known, (counts - mean) ** 2 / (mean * wider), 0.0)
        fit = squares * usual
        number = (known & usual).sum(axis=1).astype(np.float64)
        least = np.maximum(number, 1)
        weight = worth(number, (counts * usual).sum(axis=1) / least)
        usual_spread, prior = typical(fit.sum(axis=1) / least, weight)
        # Without the period itself: a spike must not hide behind its own variance.
        others = (fit.sum(axis=1, keepdims=True) - fit) / np.maximum(number[:, None] - usual, 1)
        weight = weight[:, None]
        own = (prior * usual_spread + weight * others) / (prior + weight)
        dispersion = np.maximum(own, 1.0) * wider
        tails = nbinom.sf(counts - 1, mean / (dispersion - 1), 1 / dispersion)
        # An estimated dispersion takes the normal quantile to Student's; where it is no more than Poisson, none is used.
        tails = np.where(own > 1, t.sf(norm.isf(tails), prior + weight), tails)
    return mean, np.where(known, tails, np.nan)


def _neighbours(values: Reals, around: int) -> Reals:
    """The sum of each row over the `around` columns before and after each column."""
    periods = values.shape[1]
    sums = np.concatenate([np.zeros((len(values), 1)), np.cumsum(values, axis=1)], axis=1)
    here = np.arange(periods)
    total: Reals = sums[:, np.minimum(here + around + 1, periods)] - sums[:, np.maximum(here - around, 0)]
    return np.maximum(total - values, 0.0)
