"""A chart of one series in block characters: an axis of values, bars with their intervals, dates."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from textual.events import Resize
from textual.strip import Strip

from screens.widgets.chart_scale import Column, Unit, cells, column_width, dates, first_shown, tick, top_of
from screens.widgets.spans import Drawn, Line, Span, fit, wrap

AXIS = 7
"""Cells of the numbers of the axis and its line."""

FEWEST_ROWS = 3
"""Of a plot; in less room only the words are shown."""

MIDDLE_FROM = 6
"""From so many rows on the middle of the axis has its number, too."""

MOST_WORDS = 3
"""Lines of words above the plot."""

GROUND = {"baseline": "\u2500", "recent": "\u2501", None: "\u254c"}
"""The line under a period tells in which window of time it lies."""

LEGEND = "\u2593\u2591 95% interval   \u25b2 spike   \u2500 baseline   \u2501 recent   \u254c neither"


@dataclass(frozen=True)
class Plot:
    """What a chart shows."""

    title: tuple[Span, ...] = ()
    says: str = ""
    columns: tuple[Column, ...] = ()
    unit: Unit = "share"
    wanted: int = 0
    """The period that should be in sight where not all are."""


class Chart(Drawn):
    """Draws a `Plot` in whatever room there is."""

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.lines: list[Line] = []
        self._plot = Plot()
        self._pan = 0

    def show(self, plot: Plot) -> None:
        """Draw another plot."""
        self._plot = plot
        self._pan = 0
        self._draw()

    def pan(self, by: int) -> None:
        """Show earlier or later periods, by so many halves of what is in sight."""
        plot = self._plot
        room = self._room
        start = first_shown(len(plot.columns), room, plot.wanted - room // 2 + self._pan)
        to = first_shown(len(plot.columns), room, start + by * max(room // 2, 1))
        self._pan += to - start
        self._draw()

    @property
    def _room(self) -> int:
        return max(self.size.width - AXIS - 1, 1)

    def on_resize(self, event: Resize) -> None:  # noqa: ARG002
        """Another room: draw anew."""
        self._draw()

    def _draw(self) -> None:
        self.lines = plot_lines(self._plot, self.size.width, self.size.height, self._pan)
        self.refresh()

    def render_line(self, y: int) -> Strip:
        """One line of it."""
        spans: Iterable[Span] = self.lines[y].spans if 0 <= y < len(self.lines) else ()
        return self.draw(spans, self.size.width)


def plot_lines(plot: Plot, width: int, height: int, pan: int = 0) -> list[Line]:
    """The title, what the figures say, and the plot, in `height` lines of `width` cells."""
    if width < AXIS + 8 or height <= 0:
        return []
    room = width - AXIS - 1
    count = len(plot.columns)
    start = first_shown(count, room, plot.wanted - room // 2 + pan)
    shown = plot.columns[start : start + room]
    words = _words(plot.says, width - 1)
    # Words give way to the plot, the legend before them.
    fixed = 1 + (2 if shown else 0)
    while words and shown and height - fixed - len(words) < FEWEST_ROWS + 1:
        more = words.pop()
        if words:
            words[-1] = fit(f"{words[-1]} {more}", width - 1)
    legend = bool(shown) and room >= len(LEGEND) and height - fixed - len(words) >= FEWEST_ROWS + 3
    rows = height - fixed - len(words) - legend
    # An even number, so that the middle of the axis is half of its end.
    rows -= rows % 2 if rows >= MIDDLE_FROM else 0
    title = list(plot.title)
    if len(shown) < count:
        title.append((f"   {start + 1:,} to {start + len(shown):,} of {count:,}, h l: earlier, later", "dim"))
    lines = [Line(tuple(title)), *(Line((((" " + part), "text"),)) for part in words)]
    if shown and rows >= FEWEST_ROWS:
        lines += _plotted(shown, plot.unit, rows, room)
        if legend:
            lines.append(Line(((" " * AXIS + LEGEND, "dim"),)))
    return lines[:height]


def _words(says: str, width: int) -> list[str]:
    """The first lines of what is said, with an ellipsis where there is more."""
    words = wrap(says, width) if says else []
    if len(words) > MOST_WORDS:
        words = [*words[: MOST_WORDS - 1], fit(" ".join(words[MOST_WORDS - 1 :]), width)]
    return words


def _plotted(columns: Sequence[Column], unit: Unit, rows: int, room: int) -> list[Line]:
    each = column_width(len(columns), room)
    top = top_of(columns, unit)
    bar = each - 1 if each > 2 else each
    gap = " " * (each - bar)
    drawn = [cells(column, top, rows) for column in columns]
    ticks = {rows - 1: top, **({rows // 2 - 1: top * (rows // 2) / rows} if rows >= MIDDLE_FROM else {})}
    lines = []
    for row in range(rows - 1, -1, -1):
        spans: list[Span] = [_mark(tick(ticks[row], unit) if row in ticks else "", row in ticks)]
        for column, filled in zip(columns, drawn, strict=True):
            look = "dim" if filled[row] == "\u2591" else "warn" if column.peak else "bar"
            _join(spans, filled[row] * bar + gap, look)
        lines.append(Line(tuple(spans)))
    ground: list[Span] = [(f"{'0':>{AXIS - 1}}\u253c", "dim")]
    for column in columns:
        mark = "\u25b2" if column.peak else GROUND[column.window]
        _join(ground, mark + GROUND[column.window] * (bar - 1) + gap, "warn" if column.peak else "dim")
    lines.append(Line(tuple(ground)))
    lines.append(Line(((" " * AXIS + dates([column.label for column in columns], each, room), "dim"),)))
    return lines


def _mark(text: str, ticked: bool) -> Span:
    return f"{text:>{AXIS - 1}}" + ("\u2524" if ticked else "\u2502"), "dim"


def _join(spans: list[Span], text: str, look: str) -> None:
    """Put a text behind the spans, in one with the last where the look is the same."""
    if spans[-1][1] == look:
        spans[-1] = (spans[-1][0] + text, look)
    else:
        spans.append((text, look))
