"""The arithmetic of a chart: round tops of an axis, what fits, and which cells a bar and its interval fill."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

STEPS = (1.0, 1.5, 2.0, 2.5, 3.0, 4.0, 5.0, 6.0, 8.0, 10.0)
"""Mantissas of the numbers at which an axis may end; half of each can be read, too."""

BAND = 2.5
"""An interval may stretch the axis to so many times the highest value, not further: a period of three queries would
press all others flat."""

MOST_WIDE = 8
"""Cells that one period takes at most."""

Unit = Literal["share", "count"]


@dataclass(frozen=True)
class Column:
    """One period: its value, its interval, and what is said of it."""

    label: str
    value: float
    low: float | None = None
    high: float | None = None
    peak: bool = False
    window: Literal["baseline", "recent"] | None = None


def round_up(value: float) -> float:
    """The least readable number that is not below the value; 1 for what is not above zero."""
    if value <= 0 or not math.isfinite(value):
        return 1.0
    scale = 10.0 ** math.floor(math.log10(value))
    for step in STEPS:
        if step * scale >= value:
            return step * scale
    return 10 * scale


def top_of(columns: Sequence[Column], unit: Unit) -> float:
    """Where the axis ends: above every value, and above their intervals where that is not too far."""
    highest = max((column.value for column in columns), default=0.0)
    ends = max((column.high for column in columns if column.high is not None), default=0.0)
    top = round_up(max(highest, min(ends, BAND * highest) if highest else ends))
    return max(1.0, top) if unit == "count" else min(top, 1.0)


def tick(value: float, unit: Unit) -> str:
    """A number of the axis."""
    if unit == "share":
        return f"{100 * value:.3g}%"
    return f"{value:,.0f}" if value >= 10 or value == int(value) else f"{value:.1f}"


def column_width(count: int, room: int) -> int:
    """Cells of one period, of which there are `count`, in so much `room`."""
    return max(1, min(MOST_WIDE, room // max(count, 1)))


def first_shown(count: int, room: int, wanted: int) -> int:
    """The number of the first period in sight, as near to the wanted one as leaves no empty room at the end."""
    return max(0, min(wanted, count - room))


def cells(column: Column, top: float, rows: int) -> list[str]:
    """A column of cells, the lowest first: a bar to the eighth of a cell, shaded from the lower end of its interval on, and
    the rest of the interval above it lightly shaded.
    """
    filled = 0 if column.value <= 0 else max(1, round(8 * rows * min(column.value / top, 1.0)))
    low = column.value if column.low is None else column.low
    high = column.value if column.high is None else column.high
    found = []
    for row in range(rows):
        middle = (row + 0.5) / rows * top
        if filled >= 8 * (row + 1):
            found.append("\u2588" if middle <= low or column.low is None else "\u2593")
        elif filled > 8 * row:
            found.append(chr(0x2580 + filled - 8 * row))
        else:
            found.append("\u2591" if middle < high else " ")
    return found


def dates(labels: Sequence[str], each: int, room: int) -> str:
    """Labels under columns of `each` cells, as many as stand apart in the room, each beginning under its own column."""
    line = ""
    for at, label in enumerate(labels):
        start = at * each
        if (not line or start >= len(line) + 2) and start + len(label) <= room:
            line = line.ljust(start) + label
    return line
