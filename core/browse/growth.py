"""By what factor the share of each cluster grew from the earlier half of the log to the later one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

import numpy as np

from core.errors import ActionError
from core.lookup import RunInfo
from core.trends.periods import MOST_PERIODS, Kind, Window, day_number, periods_of
from core.trends.windows import choose_windows
from db.query_facts import query_facts
from db.text_sets import kept
from db.workspace import Workspace

PRIOR = 5.0
"""So many queries more are taken to have come in the later half and to have been expected there: what is asked for
rarely grows or shrinks by chance, and would stand first otherwise."""


@dataclass(frozen=True)
class Halves:
    """Queries by cluster in the two halves, and of all clusters."""

    early: Mapping[int, int]
    late: Mapping[int, int]
    all_early: int
    all_late: int

    def growth(self, early: int, late: int) -> float:
        """The factor: queries in the later half over those expected there if the share had stayed, both with `PRIOR`."""
        expected = early * self.all_late / self.all_early
        return (late + PRIOR) / (expected + PRIOR)


def halves(workspace: Workspace, run: RunInfo) -> Halves:
    """The queries of a run before and after the middle of its log; kept until the store changes.

    The halves are whole ISO weeks, or whole days where there are fewer than two weeks, as `trend.clusters` has them;
    months where the log covers more than 19 years.

    Raises:
        ActionError: `no_times` where no query has a time, or all have the same day.
    """
    found: Halves = kept(workspace, ("halves", run.id), lambda: _halves(workspace, run))
    return found


def _halves(workspace: Workspace, run: RunInfo) -> Halves:
    facts = query_facts(workspace, run.id)
    # One more for those that have none.
    numbers = np.array([*(_day(text) for text in facts.days), _NEVER], np.int64)
    days = numbers[facts.day]
    timed = days != _NEVER
    first, last = (int(days[timed].min()), int(days[timed].max())) if timed.any() else (0, 0)
    masks = _windows(first, last) if last > first else None
    if masks is None:
        raise ActionError(
            "no_times",
            f"The queries of {run.name} have no times from which a growth could be told.",
            "Load the log with the column that holds them: data.load timestamp=.",
        )
    early, late = (
        np.unique(facts.cluster[timed][mask[days[timed] - first]], return_counts=True) for mask in masks
    )
    before, after = (dict(zip(found[0].tolist(), found[1].tolist(), strict=True)) for found in (early, late))
    return Halves(before, after, sum(before.values()), sum(after.values()))


_NEVER = -(2**40)

_LONG = 7 * MOST_PERIODS - 14
"""Days from which on weeks are too many and months are taken."""


def _day(text: str) -> int:
    try:
        return day_number(date.fromisoformat(text))
    except ValueError:
        return _NEVER


def _windows(first: int, last: int) -> tuple[np.ndarray, np.ndarray] | None:
    """Which days, counted from `first`, belong to the earlier and to the later half."""
    kinds: tuple[Kind, ...] = ("month",) if last - first > _LONG else ("week", "day")
    for kind in kinds:
        periods = periods_of(kind, Window(first, last))
        whole = np.ones(len(periods), dtype=bool)
        whole[0] &= periods.edges[0] >= first
        whole[-1] &= periods.edges[-1] - 1 <= last
        chosen = choose_windows(periods, whole, None, None)
        if chosen is not None:
            period = periods.of_days(np.arange(first, last + 1))
            return chosen[0][period], chosen[1][period]
    return None
