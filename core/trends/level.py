"""One point in time at which the share of a group changed its level."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from core.trends.dispersion import Dispersion, Mask, Reals, block_starts, moderated, worth
from core.trends.periods import Ints
from core.trends.rates import LEAST_FREE

LEAST_EXPECTED = 5.0
"""Askers that must be expected on either side of a change."""
LEAST_PERIODS = 2
"""Periods on either side: less is a spike."""


@dataclass(frozen=True, eq=False)
class Splits:
    """Per group the best split: `at` is the number of the first period after it, -1 where there is none to try."""

    at: Ints
    before: Reals
    after: Reals
    """Shares of the group before and after the split."""
    deviance: Reals
    spread: Dispersion
    free: Reals
    tried: Reals
    breadth: Reals
    """What Miller and Siegmund's formula needs of the range of the splits."""


def best_splits(counts: Reals, totals: Reals, usual: Mask, long: bool) -> Splits:
    """Per group the split with the greatest likelihood ratio of two shares against one.

    Args:
        counts: `[groups, periods]`.
        totals: `[periods]`.
        usual: `[groups, periods]` which periods are looked at; spikes are left out, so that they are no change of level.
        long: As in `core.trends.dispersion.within_windows`.
    """
    groups, periods = counts.shape
    seen, exposure = counts * usual, totals * usual
    left, left_exposure = np.cumsum(seen, axis=1)[:, :-1], np.cumsum(exposure, axis=1)[:, :-1]
    n, all_exposure = seen.sum(axis=1, keepdims=True), exposure.sum(axis=1, keepdims=True)
    with np.errstate(invalid="ignore", divide="ignore"):
        share = left_exposure / all_exposure
        deviance = 2 * (_part(left, n * share) + _part(n - left, n * (1 - share)))
        used = usual & (totals > 0)
        before_count = np.cumsum(used, axis=1)[:, :-1]
        number = used.sum(axis=1, keepdims=True)
        allowed = (n * np.minimum(share, 1 - share) >= LEAST_EXPECTED) & (
            np.minimum(before_count, number - before_count) >= LEAST_PERIODS
        )
        # A period that is left out splits as the one before it does.
        allowed[:, 1:] &= used[:, 1:-1]
        deviance = np.where(allowed, deviance, -1.0)
        best = deviance.argmax(axis=1) if periods > 1 else np.zeros(groups, dtype=np.int64)
        rows = np.arange(groups)
        any_split = allowed.any(axis=1)
        low = np.where(allowed, share, 1.0).min(axis=1, initial=1.0)
        high = np.where(allowed, share, 0.0).max(axis=1, initial=0.0)
        before = (left / left_exposure)[rows, best] if periods > 1 else np.full(groups, np.nan)
        after = ((n - left) / (all_exposure - left_exposure))[rows, best] if periods > 1 else before
        breadth = np.where(any_split, np.log(high * (1 - low) / (low * (1 - high))), 0.0)
    at = np.where(any_split, best + 1, -1).astype(np.int64)
    spread = _rest(seen, exposure, at, before, after, number[:, 0].astype(np.float64), long)
    overall = np.divide(n[:, 0], all_exposure[:, 0], out=np.zeros(groups), where=all_exposure[:, 0] > 0)
    return Splits(
        at=at,
        before=before,
        after=after,
        deviance=np.where(any_split, deviance[rows, best], np.nan)
        if periods > 1
        else np.full(groups, np.nan),
        spread=spread,
        free=np.maximum(1 - overall, LEAST_FREE),
        tried=allowed.sum(axis=1).astype(np.float64),
        breadth=breadth,
    )


def _part(seen: Reals, expected: Reals) -> Reals:
    from scipy.special import xlogy

    parts: Reals = xlogy(seen, seen / expected)
    return np.nan_to_num(parts)


def _rest(
    seen: Reals, exposure: Reals, at: Ints, before: Reals, after: Reals, number: Reals, long: bool
) -> Dispersion:
    """What two levels leave of the variation."""
    later = np.arange(seen.shape[1]) >= at[:, None]
    share = np.nan_to_num(np.where(later, after[:, None], before[:, None]))
    expected = exposure * share
    steps = number
    if long:
        starts = block_starts(seen.shape[1])
        seen, expected, share = (
            np.add.reduceat(seen, starts, axis=1),
            np.add.reduceat(expected, starts, axis=1),
            np.maximum.reduceat(share, starts, axis=1),
        )
        steps = np.minimum(number, len(starts))
    variance = expected * np.maximum(1 - share, LEAST_FREE)
    with np.errstate(invalid="ignore", divide="ignore"):
        squares = np.where(variance > 0, (seen - expected) ** 2 / variance, 0.0)
    freedom = np.where(at >= 0, np.maximum(steps - 2.0, 0.0), 0.0)
    least = np.maximum(freedom, 1)
    return moderated(squares.sum(axis=1) / least, worth(freedom, seen.sum(axis=1) / np.maximum(steps, 1)))


def p_values(splits: Splits, clumps: Dispersion) -> Reals:
    """p of the best split, corrected for the search; `nan` where there was none.

    The smaller of Bonferroni's bound and the approximation of Miller and Siegmund (1982) to the greatest of many
    correlated chi-squared statistics, after the deviance was divided by the dispersion.

    Args:
        splits: Of `best_splits`.
        clumps: What people's asking again adds, at that split.
    """
    from scipy.stats import norm, t

    spread = splits.spread.times(clumps)
    with np.errstate(invalid="ignore", divide="ignore"):
        z = np.sqrt(np.maximum(splits.deviance, 0) / (spread.factor * splits.free))
        b = norm.isf(t.sf(z, spread.freedom))
        bonferroni = 2 * norm.sf(b) * splits.tried
        searched = norm.pdf(b) * ((b - 1 / b) * splits.breadth + 4 / b)
        p = np.where(b > 1, np.minimum(bonferroni, np.maximum(searched, 2 * norm.sf(b))), bonferroni)
    return np.where(splits.at >= 0, np.minimum(p, 1.0), np.nan)
