"""Who asked for what, when: the queries of a run with their times, in one pass, and tables of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from core.errors import ActionError
from core.lookup import RunInfo
from core.trends.dispersion import Reals
from core.trends.periods import DAY_SECONDS, Ints, Periods, Window
from db.workspace import Workspace

_NO_TIME = -(2**62)

_ASKED = (
    "SELECT a.cluster, coalesce(unixepoch(v.timestamp), :never), v.user FROM assignment a JOIN query q ON q.id = a.query_id"
    " JOIN conversation v ON v.id = q.conversation_id WHERE a.run_id = :run"
)


@dataclass(frozen=True, eq=False)
class Asked:
    """The queries of a run that have a time, each with its group, second and user; `untimed` have none."""

    group: Ints
    """`[n]` the cluster, or what stands for it."""
    second: Ints
    """`[n]` since 1970, UTC."""
    user: Ints
    """`[n]` a number per person; a query of an unknown person has one of its own."""
    named: float
    """The share of queries whose person is known."""
    untimed: int

    @property
    def day(self) -> Ints:
        """`[n]` days since 1970."""
        return self.second // DAY_SECONDS

    def inside(self, days: Window) -> Asked:
        """The queries of some days."""
        kept = (self.day >= days.first) & (self.day <= days.last)
        return Asked(self.group[kept], self.second[kept], self.user[kept], self.named, self.untimed)

    def regrouped(self, group_of: Mapping[int, int]) -> Asked:
        """The same queries with each cluster's group in place of it; -1 where it has none."""
        clusters, place = np.unique(self.group, return_inverse=True)
        groups = np.array([group_of.get(cluster, -1) for cluster in clusters.tolist()], dtype=np.int64)
        group = groups[place] if len(clusters) else place
        return Asked(group, self.second, self.user, self.named, self.untimed)


def read_asked(workspace: Workspace, run: RunInfo) -> Asked:
    """The queries of a run.

    Raises:
        ActionError: `no_times` when none of them has a time.
    """
    codes: dict[str | None, int] = {}
    number = codes.setdefault
    found = np.fromiter(
        (
            (cluster, second, -1 if user is None else number(user, len(codes)))
            for cluster, second, user in workspace.raw.execute(_ASKED, {"run": run.id, "never": _NO_TIME})
        ),
        dtype=np.dtype([("cluster", np.int64), ("second", np.int64), ("user", np.int64)]),
    )
    timed = found["second"] != _NO_TIME
    if not timed.any():
        raise ActionError(
            "no_times",
            f"No query of {run.name} has a time.",
            "Load the log with the column that holds it: data.load timestamp=.",
        )
    user = found["user"][timed].copy()
    unknown = user < 0
    user[unknown] = len(codes) + np.arange(unknown.sum())
    return Asked(
        found["cluster"][timed].copy(),
        found["second"][timed].copy(),
        user,
        float(1 - unknown.mean()),
        int((~timed).sum()),
    )


@dataclass(frozen=True, eq=False)
class Table:
    """Queries and askers per group and period; a person counts once in each cell, an unknown one with each query."""

    queries: Reals
    """`[groups, periods]`."""
    askers: Reals
    """`[groups, periods]`."""
    all_queries: Reals
    """`[periods]`, those of no group included."""
    all_askers: Reals
    """`[periods]`: the sum over groups, so that a person who asks for two things counts twice."""


def tabulate(asked: Asked, period: Ints, groups: int, periods: int) -> Table:
    """Count queries by group and period.

    Args:
        asked: The queries; those of group -1 count in the totals alone.
        period: `[n]` the period of each.
        groups: How many groups there are.
        periods: How many periods there are.
    """
    # What belongs to no group is one more.
    cell = np.where(asked.group < 0, groups, asked.group) * periods + period
    shape = (groups + 1, periods)
    size = (groups + 1) * periods
    queries = np.bincount(cell, minlength=size).reshape(shape).astype(np.float64)
    people = int(asked.user.max(initial=0)) + 1
    persons = np.unique(cell * people + asked.user) // people
    askers = np.bincount(persons, minlength=size).reshape(shape).astype(np.float64)
    return Table(queries[:-1], askers[:-1], queries.sum(axis=0), askers.sum(axis=0))


def partial(asked: Asked, periods: Periods, days: Window) -> tuple[bool, bool]:
    """Whether the log covers the first and the last period only in part.

    It does where `days` cut it, and where more than a fiftieth of it is empty at its outer end and the log leaves no
    such gap at that end of any other period: a log that sleeps at night has no partial days for that.

    Args:
        asked: The queries of those days.
        periods: From the one of the first query to the one of the last.
        days: The days that are looked at.
    """
    number = periods.of_days(asked.day)
    order = np.lexsort((asked.second, number))
    seen, first = np.unique(number[order], return_index=True)
    last = np.append(first[1:], len(order)) - 1
    starts, ends = periods.edges[seen] * DAY_SECONDS, periods.edges[seen + 1] * DAY_SECONDS
    before = (asked.second[order][first] - starts) / (ends - starts)
    after = (ends - asked.second[order][last]) / (ends - starts)
    at_start = before[0] > 0.02 and bool((before[1:] < before[0]).all())
    at_end = after[-1] > 0.02 and bool((after[:-1] < after[-1]).all())
    cut_start = days.first > periods.edges[0]
    cut_end = days.last < periods.edges[-1] - 1
    return bool(cut_start or at_start), bool(cut_end or at_end)
