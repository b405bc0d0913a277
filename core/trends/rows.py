"""What the actions on trends answer with."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Direction = Literal["rising", "falling", "none"]
"""`rising` and `falling` are sure: of all that are called so, about one of a hundred is chance. `none` is not known to move."""

Call = Literal["spike", "new", "rising", "vanished", "falling", "change", "none"]
"""The first of these that is sure of a cluster: it peaks in a period; it is rising and was not asked for before; it grows;
it is falling and was not asked for since; it shrinks; its level changed once."""

Sort = Literal["call", "trend", "growth", "decline", "spike", "change", "size", "cluster"]
"""`call`: spikes first, then what grows, shrinks or vanished, is new, changed its level, and all others; `trend`: the surest
growth or decline first; `growth`, `decline`: the greatest that is sure; `spike`, `change`: the surest."""


@dataclass(frozen=True)
class PeriodRow:
    """A day, an ISO week or a month in UTC; `queries` counts all of the run, `partial` ones are left out of tests."""

    period: str
    start: str
    end: str
    """The last day of it."""
    queries: int
    partial: bool
    window: Literal["baseline", "recent"] | None


@dataclass(frozen=True)
class Spike:
    """A period far above what the periods around it let expect; `expected` and `ratio` are of askers."""

    period: str
    queries: int
    askers: int
    """Persons; a query of an unknown person counts as one."""
    expected: float
    ratio: float
    p: float
    q: float


@dataclass(frozen=True)
class Change:
    """The point at which the share of askers changed its level: `period` is the first one after it."""

    period: str
    share_before: float
    share_after: float
    p: float
    """Corrected for looking at every point."""
    q: float


@dataclass(frozen=True)
class TrendRow:
    """A cluster, or a node of the tree, over time. Shares are of all queries of the run in the same time.

    `ratio` is the share of the recent window over that of the baseline, null where the baseline has no query; `low` and
    `high` are its 95% interval, `high` null where nothing bounds it; `p` is of the ratio being 1, `q` the same corrected
    for all rows (Benjamini and Hochberg, 1995). `dispersion` is by how much the variance exceeds that of independent
    queries. `counts` and `shares` follow the answer's periods, the partial ones included, and so do `lows` and `highs`, the
    95% interval of each share (null where nothing was asked at all), where it was asked for.
    """

    id: str
    cluster: int | None
    node: str | None
    title: str
    topic: bool
    """False for the noise and the like."""
    queries: int
    before: int
    recent: int
    share_before: float | None
    share_recent: float | None
    ratio: float | None
    low: float | None
    high: float | None
    p: float | None
    q: float | None
    direction: Direction
    call: Call
    dispersion: float | None
    first: str | None
    last: str | None
    """The first and the last period in which it was asked for."""
    new: bool
    """Not asked for before the end of the baseline."""
    vanished: bool
    """Not asked for since the beginning of the recent window."""
    spikes: tuple[Spike, ...]
    change: Change | None
    counts: tuple[int, ...]
    shares: tuple[float, ...]
    lows: tuple[float | None, ...]
    highs: tuple[float | None, ...]
    says: str


@dataclass(frozen=True)
class Trends:
    """Growth, spikes and changes of level of many clusters; the counts of calls are of all rows, not of the page."""

    run: str
    period: str
    level: int | None
    baseline: str | None
    recent: str | None
    """The days of the windows."""
    queries: int
    untimed: int
    """Queries without a time; they are counted nowhere else."""
    rising: int
    falling: int
    new: int
    vanished: int
    """Topics, without the noise and the like."""
    spiking: int
    changed: int
    periods: tuple[PeriodRow, ...]
    rows: tuple[TrendRow, ...]
    total: int
    after: str | None
    note: str


@dataclass(frozen=True)
class Point:
    """A period of one series; `low` and `high` are the 95% interval of its share, `expected` of its askers."""

    period: str
    start: str
    end: str
    queries: int
    askers: int
    of: int
    """All queries of the period."""
    share: float | None
    low: float | None
    high: float | None
    expected: float | None
    spike: bool
    partial: bool
    window: Literal["baseline", "recent"] | None


@dataclass(frozen=True)
class TrendShown:
    """One series, and what the tests say of it among all others."""

    run: str
    period: str
    baseline: str | None
    recent: str | None
    untimed: int
    trend: TrendRow
    rows: tuple[Point, ...]
    note: str


@dataclass(frozen=True)
class WindowRow:
    """A window of time; `first` and `last` are the days of its first and last query."""

    window: str
    queries: int
    first: str
    last: str


@dataclass(frozen=True)
class WindowTrend:
    """A cluster, or a node, in two windows of time: `a` is the earlier name, `ratio` the share in b over that in a."""

    id: str
    cluster: int | None
    node: str | None
    title: str
    topic: bool
    in_a: int
    in_b: int
    share_a: float
    share_b: float
    ratio: float | None
    low: float | None
    high: float | None
    p: float | None
    q: float | None
    direction: Direction
    dispersion: float | None
    new: bool
    """In b alone."""
    vanished: bool
    """In a alone."""
    says: str


@dataclass(frozen=True)
class WindowsCompared:
    """Two windows of time side by side; the counts of calls are of all rows, not of the page."""

    run: str
    level: int | None
    a: WindowRow
    b: WindowRow
    untimed: int
    rising: int
    falling: int
    new: int
    vanished: int
    """Topics, without the noise and the like."""
    rows: tuple[WindowTrend, ...]
    total: int
    after: str | None
    note: str
