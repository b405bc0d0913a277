"""Days, ISO weeks and months in UTC, and the windows of time that users write."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

import numpy as np
import numpy.typing as npt

from core.errors import ActionError

Kind = Literal["day", "week", "month"]
Ints = npt.NDArray[np.int64]

DAY_SECONDS = 86_400
MOST_PERIODS = 1_000
"""More than anybody reads."""
MOST_CELLS = 4_000_000
"""Of the table of groups by periods: the tests hold some thirty tables of that size, 1 GB in all."""

_EPOCH = date(1970, 1, 1)
_SPAN = re.compile(r"(?P<year>\d{4})(?:-W(?P<week>\d{2})|-(?P<month>\d{2})(?:-(?P<day>\d{2}))?)?")


@dataclass(frozen=True)
class Window:
    """Days since 1970 in UTC, the first and the last one included."""

    first: int
    last: int

    def __str__(self) -> str:
        return f"{day_text(self.first)}..{day_text(self.last)}"


def day_number(day: date) -> int:
    """Days since 1970."""
    return (day - _EPOCH).days


def day_text(number: int) -> str:
    """The date as `2023-04-09`."""
    return (_EPOCH + timedelta(number)).isoformat()


def read_window(written: str, name: str) -> Window:
    """What `2023-04-09`, `2023-W14`, `2023-04`, `2023` or a range of them such as `2023-04..2023-06` says.

    Args:
        written: The words of the user.
        name: Of the parameter, for the error.

    Raises:
        ActionError: `bad_window`.
    """
    first, dots, last = (part.strip() for part in written.partition(".."))
    start, end = _window(first), _window(last if dots else first)
    if start is None or end is None:
        raise ActionError(
            "bad_window",
            f"{name}={written[:60]!r} is no time.",
            "Write 2023-04-09, 2023-W14, 2023-04, 2023, or a range: 2023-04-01..2023-06-30.",
        )
    if start.first > end.last:
        raise ActionError("bad_window", f"{name}={written[:60]!r} ends before it begins.", "Turn it round.")
    return Window(start.first, end.last)


def _window(written: str) -> Window | None:
    match = _SPAN.fullmatch(written)
    if match is None or not written.isascii():
        return None
    year, month = int(match["year"]), int(match["month"] or 1)
    try:
        if match["week"] is not None:
            monday = day_number(date.fromisocalendar(year, int(match["week"]), 1))
            return Window(monday, monday + 6)
        if match["day"] is not None:
            number = day_number(date(year, month, int(match["day"])))
            return Window(number, number)
        start, last_month = date(year, month, 1), 12 if match["month"] is None else month
        after = date(year + last_month // 12, last_month % 12 + 1, 1)
        return Window(day_number(start), day_number(after) - 1)
    except (ValueError, OverflowError):
        return None


@dataclass(frozen=True, eq=False)
class Periods:
    """Periods that follow each other: the number `i` has the days from `edges[i]` to the one before `edges[i + 1]`."""

    kind: Kind
    edges: Ints
    """`[periods + 1]` days since 1970."""

    def __len__(self) -> int:
        return len(self.edges) - 1

    def of_days(self, days: Ints) -> Ints:
        """The number of the period of each day; -1 before the first, `len(self)` after the last."""
        return np.searchsorted(self.edges, days, side="right").astype(np.int64) - 1

    def window(self, number: int) -> Window:
        """Its days."""
        return Window(int(self.edges[number]), int(self.edges[number + 1]) - 1)

    def label(self, number: int) -> str:
        """`2023-04-09`, `2023-W14` or `2023-04`."""
        start = _EPOCH + timedelta(int(self.edges[number]))
        if self.kind == "month":
            return f"{start:%Y-%m}"
        if self.kind == "week":
            year, week, _ = start.isocalendar()
            return f"{year}-W{week:02}"
        return start.isoformat()


def periods_of(kind: Kind, days: Window) -> Periods:
    """The periods that hold some days.

    Raises:
        ActionError: `too_many_periods`.
    """
    first, last = days.first, days.last
    if kind == "month":
        start, end = _EPOCH + timedelta(first), _EPOCH + timedelta(last)
        months = range(start.year * 12 + start.month - 1, end.year * 12 + end.month + 1)
        _check_count(kind, len(months) - 1, days)
        edges = [day_number(date(month // 12, month % 12 + 1, 1)) for month in months]
    else:
        step = 7 if kind == "week" else 1
        # The first day of 1970 was a Thursday.
        start_day = first - (first + 3) % 7 if kind == "week" else first
        count = (last - start_day) // step + 1
        _check_count(kind, count, days)
        edges = [start_day + step * number for number in range(count + 1)]
    return Periods(kind, np.array(edges, dtype=np.int64))


def _check_count(kind: Kind, count: int, days: Window) -> None:
    if count > MOST_PERIODS:
        raise ActionError(
            "too_many_periods",
            f"From {day_text(days.first)} to {day_text(days.last)} there are {count:,} {kind}s.",
            "Take a longer period=, or narrow the time with since= and until=: a wrong clock may lie behind it.",
        )
