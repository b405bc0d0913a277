"""All tests of one table: growth between two windows, spikes and changes of level of every group."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from core.trends.counts import Asked, Table, tabulate
from core.trends.dispersion import Dispersion, Mask, Reals, clumping, within_windows
from core.trends.level import Splits, best_splits, p_values
from core.trends.periods import MOST_CELLS, Ints, Periods
from core.trends.rates import Ratios, false_discovery, ratios
from core.trends.spikes import Spikes, day_dispersion, spikes

SURE = 0.01
"""Called a trend, a spike or a change: of those that are called, so many are expected to be chance."""
KNOWN = 0.9
"""From this share of queries on whose person is known, what people ask again is taken from there."""
LEAST_SPIKE = 3
"""A spike has so many askers ..."""
SPIKE_RATIO = 1.5
"""... and so many times what was expected."""


@dataclass(frozen=True, eq=False)
class Growth:
    """Per group: queries in the two windows, the ratio of its shares and how sure it is."""

    early: Reals
    late: Reals
    all_early: float
    all_late: float
    ratios: Ratios
    q: Reals
    spread: Dispersion


@dataclass(frozen=True, eq=False)
class Analysis:
    """What is known of `groups`; rows of every array are groups, columns are periods."""

    table: Table
    growth: Growth | None
    spikes: Spikes
    spiked: Mask
    splits: Splits
    split_p: Reals
    split_q: Reals


def analyse(
    asked: Asked, periods: Periods, groups: int, listed: Mask, whole: Mask, windows: tuple[Mask, Mask] | None
) -> Analysis:
    """Count and test.

    Args:
        asked: The queries, their groups from 0 to `groups` - 1; -1 is none.
        periods: That hold all of them.
        groups: How many groups there are.
        listed: `[groups]` the ones that are of interest: the others count in the totals, but are no tests that the
            corrections must allow for.
        whole: `[periods]` which take part in tests.
        windows: `[periods]` twice, the earlier and the later window; `None` where there is nothing to compare.
    """
    period = periods.of_days(asked.day)
    table = tabulate(asked, period, groups, len(periods))
    growth = None if windows is None else compare(asked, period, table, windows, listed)
    # The first day of 1970 was a Thursday.
    weekdays = (periods.edges[:-1] + 3) % 7
    scale = None if asked.named >= KNOWN else _bursts(asked, periods, groups, whole)
    found = spikes(_only(table.askers, listed), table.all_askers, whole, periods.kind, weekdays, scale)
    with np.errstate(invalid="ignore"):
        spiked = (
            (found.q <= SURE) & (table.askers >= LEAST_SPIKE) & (table.askers >= SPIKE_RATIO * found.expected)
        )
    splits = best_splits(table.askers, table.all_askers, whole & ~found.suspect, asked.named < KNOWN)
    p = np.where(listed, p_values(splits, _clumps_at(asked, period, groups, whole, splits.at)), np.nan)
    return Analysis(table, growth, found, spiked, splits, p, false_discovery(p))


def _bursts(asked: Asked, periods: Periods, groups: int, whole: Mask) -> Reals | None:
    """How bursty the days of each group are; `None` where periods are days, or the days too many for one table."""
    days = int(periods.edges[-1] - periods.edges[0])
    if periods.kind == "day" or not whole.any() or groups * days > MOST_CELLS:
        return None
    each = Periods("day", np.arange(periods.edges[0], periods.edges[-1] + 1, dtype=np.int64))
    table = tabulate(asked, each.of_days(asked.day), groups, days)
    tested = whole[periods.of_days(each.edges[:-1])]
    return day_dispersion(table.askers, table.all_askers, tested, (each.edges[:-1] + 3) % 7)


def _only(counts: Reals, listed: Mask) -> Reals:
    return np.where(listed[:, None], counts, np.nan)


def compare(asked: Asked, period: Ints, table: Table, windows: tuple[Mask, Mask], listed: Mask) -> Growth:
    """The growth of each group from the first of two windows to the second.

    The unit is the query; the variance is that of users who ask independently of each other (`clumping`), times how
    much the periods of a window differ beyond chance when each person counts once in each (`within_windows`).
    """
    early, late = (table.queries[:, window].sum(axis=1) for window in windows)
    all_early, all_late = (float(table.all_queries[window].sum()) for window in windows)
    taken = (windows[0] | windows[1])[period] & (asked.group >= 0)
    clumps = clumping(asked.group[taken], asked.user[taken], windows[1][period[taken]], len(early))
    spread = clumps.times(within_windows(table.askers, table.all_askers, windows, asked.named < KNOWN))
    found = ratios(late, early, all_late, all_early, spread)
    p = np.where(listed, found.p, np.nan)
    return Growth(early, late, all_early, all_late, found, false_discovery(p), spread)


def _clumps_at(asked: Asked, period: Ints, groups: int, whole: Mask, at: Ints) -> Dispersion:
    """What people's asking in several periods adds to the variance at each group's own split."""
    taken = whole[period] & (asked.group >= 0)
    people = int(asked.user.max(initial=0)) + 1
    size = len(whole)
    present = np.unique((asked.group[taken] * size + period[taken]) * people + asked.user[taken])
    cell, user = present // people, present % people
    group = cell // size
    return clumping(group, user, cell % size >= at[group], groups)
