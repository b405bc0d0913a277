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
POISSON_DAYS = 10.0
"""Days without any burst that are added to those of a group."""
SUSPECT = 1e-4
"""Periods with a smaller p-value do not count for what is usual."""
GROUPS = 1_000
"""Groups whose tails are computed at once."""


@dataclass(frozen=True, eq=False)
class Spikes:
    """Per group and period: the expected count, and p and q of a count at least as high; `nan` where not tested."""

    expected: Reals
    p: Reals
    q: Reals
    suspect: Mask


def spikes(
    counts: Reals, totals: Reals, tested: Mask, kind: Kind, weekdays: Ints, scale: Reals | None = None
) -> Spikes:
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
        scale: `[groups]` what is known beforehand of how the groups' dispersions differ (`day_dispersion`): they are drawn to
            the usual one times this, and to it alone where there is none.
    """
    own = np.ones(len(counts)) if scale is None else scale
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
        expected, p = _tails(counts, exposure, usual, used, AROUND[kind], own)
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


def day_dispersion(counts: Reals, totals: Reals, tested: Mask, weekdays: Ints) -> Reals:
    """`[groups]`: how much more the counts of days vary than the Poisson distribution says, at least 1.

    Where it is not known who asked, one person's burst of queries stands in one day, and a month of bursts varies the more, too.
    A log has many days and few months, so that the days tell which groups are asked for in bursts, and the months of all
    groups together by how much more months vary. Days that stand out are left out.

    Args:
        counts: `[groups, days]`.
        totals: `[days]`.
        tested: `[days]` which are looked at.
        weekdays: `[days]` 0 to 6.
    """
    found = spikes(counts, totals, tested, "day", weekdays)
    usual = tested & (totals > 0) & ~found.suspect & (found.expected > 0)
    with np.errstate(invalid="ignore"):
        squares = np.where(usual, (counts - found.expected) ** 2 / found.expected, 0.0)
    number = usual.sum(axis=1)
    # Drawn to 1 as if there were some Poisson days more.
    ratio: Reals = (squares.sum(axis=1) + POISSON_DAYS) / (number + POISSON_DAYS)
    return np.maximum(ratio, 1.0)


def _tails(
    counts: Reals, exposure: Reals, usual: Mask, used: Mask, around: int, scale: Reals
) -> tuple[Reals, Reals]:
    from scipy.stats import nbinom, norm, t

    near, near_exposure = (_neighbours(values * usual, around) for values in (counts, exposure))
    known = used & (near_exposure > 0) & (exposure > 0)
    times = scale[:, None]
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = np.where(known, exposure * (near + 0.5) / near_exposure, np.nan)
        wider = 1 + exposure / near_exposure
        squares = np.where(known, (counts - mean) ** 2 / (mean * wider * times), 0.0)
        fit = squares * usual
        number = (known & usual).sum(axis=1).astype(np.float64)
        least = np.maximum(number, 1)
        weight = worth(number, (counts * usual).sum(axis=1) / least)
        usual_spread, prior = typical(fit.sum(axis=1) / least, weight)
        # Without the period itself: a spike must not hide behind its own variance.
        others = (fit.sum(axis=1, keepdims=True) - fit) / np.maximum(number[:, None] - usual, 1)
        weight = weight[:, None]
        own = times * (prior * usual_spread + weight * others) / (prior + weight)
        dispersion = np.maximum(own, 1.0) * wider
        tails = np.empty_like(mean)
        # The distributions make a dozen arrays of this size on their way: of ten thousand groups, a year of days takes 300 MB.
        for first in range(0, len(mean), GROUPS):
            at = slice(first, first + GROUPS)
            own_tails = nbinom.sf(counts[at] - 1, mean[at] / (dispersion[at] - 1), 1 / dispersion[at])
            # An estimated dispersion takes the normal quantile to Student's; where it is no more than Poisson, none is used.
            student = t.sf(norm.isf(own_tails), prior + weight[at])
            tails[at] = np.where(own[at] > 1, student, own_tails)
    return mean, np.where(known, tails, np.nan)


def _neighbours(values: Reals, around: int) -> Reals:
    """The sum of each row over the `around` columns before and after each column."""
    periods = values.shape[1]
    sums = np.concatenate([np.zeros((len(values), 1)), np.cumsum(values, axis=1)], axis=1)
    here = np.arange(periods)
    total: Reals = sums[:, np.minimum(here + around + 1, periods)] - sums[:, np.maximum(here - around, 0)]
    return np.maximum(total - values, 0.0)
