"""The arithmetic of sparklines and charts, for any series and any room."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from screens.widgets.chart import Plot, plot_lines
from screens.widgets.chart_scale import (
    Column,
    cells,
    column_width,
    dates,
    first_shown,
    round_up,
    tick,
    top_of,
)
from screens.widgets.sparkline import EIGHTHS, WIDEST, level, parts, sparkline

COUNTS = st.lists(st.integers(0, 10**7), max_size=400)


@given(st.integers(0, 500), st.integers(0, 200))
def test_every_period_stands_in_some_cell(count: int, width: int) -> None:
    found = parts(count, width)
    assert len(found) <= width
    covered = [at for start, end in found for at in range(start, end)]
    if count and width:
        assert set(covered) == set(range(count))
        assert all(end > start for start, end in found)
        sizes = [end - start for start, end in found]
        assert max(sizes) - min(sizes) <= 1
    if 0 < count <= width:
        assert len(found) % count == 0 and len(found) // count <= WIDEST


@given(COUNTS, st.integers(1, 120))
def test_a_sparkline_fits_and_its_top_is_full(counts: list[int], width: int) -> None:
    text = "".join(piece for piece, _ in sparkline(counts, width))
    assert cell_len(text) <= width
    assert set(text) <= set(EIGHTHS)
    if any(counts):
        assert "\u2588" in text
    else:
        assert not text.strip()
    if counts and len(counts) <= width:
        each = len(text) // len(counts)
        # A blank is just where nothing was asked, and more is never lower.
        for at, count in enumerate(counts):
            assert (text[at * each] == " ") == (count == 0)
        shown = [EIGHTHS.index(text[at * each]) for at in range(len(counts))]
        for a, b in itertools.pairwise(sorted(zip(counts, shown, strict=True))):
            assert a[1] <= b[1]


@given(st.lists(st.integers(0, 50), min_size=60, max_size=300), st.integers(5, 40), st.data())
def test_a_peak_does_not_vanish_among_its_neighbours(
    counts: list[int], width: int, data: st.DataObject
) -> None:
    at = data.draw(st.integers(0, len(counts) - 1))
    counts[at] = 1_000
    spans = sparkline(counts, width, {at})
    marked = "".join(text for text, look in spans if look == "warn")
    assert marked == "\u2588"


@given(st.floats(0, 1e9), st.floats(1e-6, 1e9))
def test_levels_are_eighths(value: float, top: float) -> None:
    assert 0 <= level(value, top) <= 8
    assert (level(value, top) > 0) == (value > 0)


@given(st.floats(1e-9, 1e12))
def test_an_axis_ends_at_a_round_number_above(value: float) -> None:
    top = round_up(value)
    assert value <= top <= value * 2.0001
    mantissa = float(f"{top:.6e}".split("e")[0])
    assert mantissa in (1.0, 1.5, 2.0, 2.5, 3.0, 4.0, 5.0, 6.0, 8.0)


SHARES = st.floats(0, 1, allow_subnormal=False)


@st.composite
def columns(draw: st.DrawFn) -> Column:
    low, value, high = sorted(draw(st.tuples(SHARES, SHARES, SHARES)))
    known = draw(st.booleans())
    return Column(
        "2025-01-06", value, low if known else None, high if known else None, draw(st.booleans()),
        draw(st.sampled_from(("baseline", "recent", None))),
    )  # fmt: skip


@given(columns(), st.integers(1, 30), st.floats(0.001, 1))
def test_a_bar_is_as_high_as_its_value_to_the_eighth(column: Column, rows: int, top: float) -> None:
    found = cells(column, top, rows)
    assert len(found) == rows
    solid = [mark for mark in found if mark in "\u2588\u2593"]
    part = [mark for mark in found if mark in EIGHTHS[1:8]]
    eighths = 8 * len(solid) + sum(EIGHTHS.index(mark) for mark in part)
    wanted = 8 * rows * min(column.value / top, 1.0)
    assert abs(eighths - wanted) <= (1.0 if 0 < wanted < 1 else 0.5 + 1e-6)
    # A bar has no holes, and what is above it is its interval or nothing.
    order = {"\u2588": 0, "\u2593": 1, "\u2591": 3, " ": 4}
    ranks = [order.get(mark, 2) for mark in found]
    assert ranks == sorted(ranks)


@given(st.lists(columns(), max_size=300), st.integers(0, 160), st.integers(0, 40), st.integers(-400, 400))
def test_a_chart_keeps_to_its_room(shown: list[Column], width: int, height: int, pan: int) -> None:
    plot = Plot((("A title", "strong"),), "It grows. " * 20, tuple(shown), "share", len(shown))
    lines = plot_lines(plot, width, height, pan)
    assert len(lines) <= height
    for line in lines[1:]:
        assert sum(cell_len(text) for text, _ in line.spans) <= width
    if shown:
        assert top_of(shown, "share") >= max(column.value for column in shown)


@given(st.integers(1, 1000), st.integers(1, 200), st.integers(-50, 1200))
def test_the_wanted_period_is_in_sight_and_no_room_is_lost(count: int, room: int, wanted: int) -> None:
    start = first_shown(count, room, wanted)
    assert 0 <= start < count
    assert start == 0 or start + room <= count
    if 0 <= wanted < count:
        assert start <= wanted < start + max(room, count - start)
    assert column_width(count, room) * min(count, room) <= max(room, 1)


@given(st.integers(1, 120), st.integers(1, 8), st.integers(0, 200))
def test_dates_begin_under_their_columns(count: int, each: int, room: int) -> None:
    labels = [f"2025-{1 + at // 28:02}-{1 + at % 28:02}" for at in range(count)]
    line = dates(labels, each, room)
    assert line.startswith(labels[0]) or room < len(labels[0])
    assert len(line) <= room
    at = 0
    for word in line.split():
        at = line.index(word, at)
        assert labels[at // each] == word and at % each == 0


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [(0.4, "share", "40%"), (0.0125, "share", "1.25%"), (2.5, "count", "2.5"), (12_000, "count", "12,000")],
)
def test_numbers_of_the_axis(value: float, unit: str, text: str) -> None:
    assert tick(value, "share" if unit == "share" else "count") == text
