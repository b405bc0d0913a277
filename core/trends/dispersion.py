"""How much more counts vary than the Poisson distribution says, because people ask in bursts and topics come and go.

The tests of this package divide counts by what is estimated here (quasi-likelihood; McCullagh and Nelder, 1989).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from core.trends.periods import Ints

Reals = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]

SURE = 1e6
"""Degrees of freedom that are as good as infinitely many."""
PRIOR, PRIOR_MOST = 4.0, 50.0
"""Degrees of freedom that the typical dispersion of all groups counts for, at least and at most."""
BLOCKS = 7
"""Parts of a time in which slow ups and downs show."""
FEW = 10
"""Of fewer groups it is not estimated how much their dispersions differ."""


@dataclass(frozen=True, eq=False)
class Dispersion:
    """A factor on the variance of each group, at least 1, and the degrees of freedom that are behind it."""

    factor: Reals
    freedom: Reals

    def times(self, other: Dispersion) -> Dispersion:
        """Both together."""
        return Dispersion(self.factor * other.factor, np.minimum(self.freedom, other.freedom))


def clumping(group: Ints, user: Ints, late: Mask, groups: int) -> Dispersion:
    """How much the same people's asking again adds to the variance of the share of `late` in each group.

    The variance of that share when users, not queries, are independent (Liang and Zeger, 1986), over the one when
    queries are: exactly 1 where nobody asks twice, about n where each person asks n times in a row, and less than 1 for
    one who asks evenly all the time, which is not made use of. The degrees of freedom are the effective number of users.

    Args:
        group: `[n]` numbers of groups.
        user: `[n]` numbers of users, one of its own for each query whose user is not known.
        late: `[n]` whether the query lies in the later of two windows.
        groups: How many groups there are.
    """
    if not len(group):
        return Dispersion(np.ones(groups), np.full(groups, SURE))
    pairs, place = np.unique(group * (user.max() + 1) + user, return_inverse=True)
    of_pair = pairs // (user.max() + 1)
    n = np.bincount(place).astype(np.float64)
    x = np.bincount(place, weights=late)
    total = np.bincount(of_pair, weights=n, minlength=groups)
    later = np.bincount(of_pair, weights=x, minlength=groups)
    # Drawn to the share of all a little, so that it is neither 0 nor 1.
    share = (later + late.mean().clip(0.01, 0.99)) / (total + 1)
    apart = (x - share[of_pair] * n) ** 2
    by_user = np.bincount(of_pair, weights=apart, minlength=groups)
    by_query = later * (1 - share) ** 2 + (total - later) * share**2
    users = np.bincount(of_pair, minlength=groups)
    squares = np.bincount(of_pair, weights=n * n, minlength=groups)
    with np.errstate(divide="ignore", invalid="ignore"):
        factor = by_user / by_query * np.where(users < total, users / np.maximum(users - 1, 0.5), 1.0)
        effective = total * total / squares
    clumped = (users < total) & (total > 0)
    factor = np.where(clumped, np.maximum(factor, 1.0), 1.0)
    return Dispersion(factor, np.where(clumped, np.maximum(effective - 1, 1.0), SURE))


def moderated(ratio: Reals, weight: Reals) -> Dispersion:
    """Dispersions of groups, each drawn towards the usual one; never below 1.

    Few periods say little of one group, but the groups together say what is usual: the empirical Bayes estimate of
    Smyth (2004), with the weight of the usual from how much the groups differ.

    Args:
        ratio: `[groups]` sum of squared Pearson residuals over its degrees of freedom.
        weight: `[groups]` how many degrees of freedom the ratio is worth (`worth`), 0 where there is none.
    """
    usual, prior = typical(ratio, weight)
    factor = (prior * usual + weight * ratio) / (prior + weight)
    # Where it is no more than Poisson, nothing is taken from the estimate.
    return Dispersion(np.maximum(factor, 1.0), np.where(factor > 1, prior + weight, SURE))


def worth(freedom: Reals, mean: Reals) -> Reals:
    """Degrees of freedom after what small counts say less: the squared residual of a Poisson count has the variance
    2 + 1 / mean, not 2.
    """
    return freedom * mean / (mean + 0.5)


def typical(ratio: Reals, weight: Reals) -> tuple[float, float]:
    """The usual dispersion, at least 1, and the degrees of freedom that it counts for."""
    known = weight > 0
    if not known.any():
        return 1.0, PRIOR
    ratio, weight = ratio[known], weight[known]
    low, high = np.quantile(ratio, [0.02, 0.98])
    ratio = ratio.clip(low, high)
    usual = max(float(np.average(ratio, weights=weight)), 1.0)
    if len(ratio) < FEW:
        return usual, PRIOR
    differ = float(np.average((ratio - usual) ** 2 - 2 * usual**2 / weight, weights=weight))
    prior = PRIOR_MOST if differ <= 0 else 4 + 2 * usual**2 / differ
    return usual, min(max(prior, PRIOR), PRIOR_MOST)


def within_windows(counts: Reals, totals: Reals, windows: tuple[Mask, Mask], long: bool) -> Dispersion:
    """Dispersion of the counts of periods about the share of their window: two groups of a quasi-binomial model.

    Args:
        counts: `[groups, periods]`.
        totals: `[periods]` of everything.
        windows: Which periods belong to either window.
        long: Whether what goes on for several periods must be found here, because it is not known who asked: each window
            is then cut into at most `BLOCKS` parts instead of its periods.
    """
    chi2, freedom, mean = (np.zeros(len(counts)) for _ in range(3))
    for window in windows:
        used = np.flatnonzero(window & (totals > 0))
        starts = block_starts(len(used)) if long else np.arange(len(used))
        if len(starts) < 2:
            continue
        part = np.add.reduceat(counts[:, used], starts, axis=1)
        total = np.add.reduceat(totals[used], starts)
        share = part.sum(axis=1, keepdims=True) / total.sum()
        variance = total * share * np.maximum(1 - share, 0.05)
        with np.errstate(divide="ignore", invalid="ignore"):
            squares = np.where(variance > 0, (part - total * share) ** 2 / variance, 0.0)
        chi2 += squares.sum(axis=1)
        own = np.where(share[:, 0] > 0, len(starts) - 1.0, 0.0)
        freedom += own
        mean += own * part.mean(axis=1)
    steps = np.maximum(freedom, 1)
    return moderated(chi2 / steps, worth(freedom, mean / steps))


def block_starts(count: int) -> Ints:
    """Where each of at most `BLOCKS` parts of about equal length begins."""
    return np.unique(np.linspace(0, count, min(count, BLOCKS), endpoint=False).astype(np.int64))
