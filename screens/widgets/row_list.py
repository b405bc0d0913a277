"""A list of any length, drawn line by line, with a cursor that stops at the lines that mean something."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Sequence
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.events import Click, Resize
from textual.geometry import Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

from screens.widgets.spans import Drawn, Line, Span

MARKS = {
    (False, False, False): " ",
    (False, True, False): "\u25b7",
    (False, True, True): "\u25b6",
    (True, False, False): "\u25c6",
    (True, True, False): "\u25c7",
    (True, True, True): "\u25c8",
}
"""What stands before a line, by whether it is marked, has the cursor, and has the focus: told by shape, not by colour."""

NEAR = 40
"""How many lines before the end the next page is asked for."""


class RowList(Drawn, ScrollView, can_focus=True):
    """Lines with a cursor. Where no line has a value, the motions scroll instead."""

    ALLOW_MAXIMIZE = False
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("down,j", "cursor_down", "Down", show=False),
        Binding("up,k", "cursor_up", "Up", show=False),
        Binding("pagedown,ctrl+f", "page_down", "Page down", show=False),
        Binding("pageup", "page_up", "Page up", show=False),
        Binding("ctrl+d", "half_down", "Half a page down", show=False),
        Binding("ctrl+u", "half_up", "Half a page up", show=False),
        Binding("g,home", "cursor_top", "Top", show=False),
        Binding("G,end", "cursor_bottom", "Bottom", show=False),
    ]

    class CursorMoved(Message):
        """The cursor stands on another line."""

        def __init__(self, rows: RowList, value: object) -> None:
            super().__init__()
            self.rows = rows
            self.value = value

        @property
        def control(self) -> RowList:
            return self.rows

    class EndNeared(Message):
        """The cursor or the view came near the last line of a list that goes on."""

        def __init__(self, rows: RowList) -> None:
            super().__init__()
            self.rows = rows

        @property
        def control(self) -> RowList:
            return self.rows

    class WidthChanged(Message):
        """The lines must be made anew for another width."""

        def __init__(self, rows: RowList) -> None:
            super().__init__()
            self.rows = rows

        @property
        def control(self) -> RowList:
            return self.rows

    class Clicked(Message):
        """A line was clicked twice."""

        def __init__(self, rows: RowList) -> None:
            super().__init__()
            self.rows = rows

        @property
        def control(self) -> RowList:
            return self.rows

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self.lines: list[Line] = []
        self.cursor = -1
        """The index of the cursor's line; -1 when no line has a value."""
        self.more = False
        """Whether the list goes on after its last line."""
        self.is_marked: Callable[[object], bool] | None = None
        """Whether the line of a value is marked; `None` where nothing can be."""
        self._stops: list[int] = []
        self._asked = False
        self._width = 0
        self._unseen = False
        """Whether the cursor moved while the list was hidden: it is scrolled to when there is a height to scroll in."""

    @property
    def value(self) -> object:
        """The value of the cursor's line."""
        return self.lines[self.cursor].value if 0 <= self.cursor < len(self.lines) else None

    @property
    def at_first(self) -> bool:
        """Whether the cursor stands on the first line with a value, or there is none."""
        return not self._stops or self.cursor == self._stops[0]

    @property
    def inner_width(self) -> int:
        """Cells of a line, the cursor's own column left out; of a list that is hidden, as when it was last seen."""
        width = self.scrollable_content_region.width
        return max(width - 1, 10) if width else self._width or 10

    def set_lines(self, lines: Sequence[Line], *, more: bool = False, top: bool = False) -> None:
        """Show other lines; the cursor stays on the line with a value of the same rank, or goes to the `top`."""
        place = bisect_left(self._stops, self.cursor)
        self.lines = list(lines)
        self._stops = [n for n, line in enumerate(self.lines) if line.value is not None]
        self.more = more
        self._asked = False
        if not self._stops:
            self.cursor = -1
        elif top or self.cursor < 0:
            self.cursor = self._stops[0]
        else:
            self.cursor = self._stops[min(place, len(self._stops) - 1)]
        self._resized()
        if top:
            self._scroll(0)
        self.refresh()

    def add_lines(self, lines: Sequence[Line], *, more: bool) -> None:
        """Put the next page after the last line."""
        start = len(self.lines)
        self.lines.extend(lines)
        self._stops.extend(n for n, line in enumerate(lines, start) if line.value is not None)
        self.more = more
        self._asked = False
        if self.cursor < 0 and self._stops:
            self.cursor = self._stops[0]
        self._resized()
        self.refresh()

    def select(self, wanted: Callable[[object], bool]) -> bool:
        """Put the cursor on the first line whose value is wanted; false when there is none."""
        for at in self._stops:
            if wanted(self.lines[at].value):
                self._move(at)
                return True
        return False

    def select_near(self, wanted: Callable[[object], bool]) -> bool:
        """Put the cursor on the line nearest to it whose value is wanted; false when there is none."""
        found = [at for at in self._stops if wanted(self.lines[at].value)]
        if found and self.cursor not in found:
            self._move(min(found, key=lambda at: abs(at - self.cursor)))
        return bool(found)

    def step(self, by: int) -> bool:
        """Move over `by` lines that have a value; false at the end."""
        if not self._stops:
            return False
        at = bisect_left(self._stops, self.cursor)
        to = max(0, min(at + by, len(self._stops) - 1))
        self._move(self._stops[to])
        return to != at

    def _scroll(self, y: int) -> None:
        """Scroll at once; forced, for the scrollbar may not know yet that the list became longer."""
        self.scroll_to(y=y, animate=False, force=True)

    def _resized(self) -> None:
        self.virtual_size = Size(self.scrollable_content_region.width, len(self.lines))

    def _move(self, to: int) -> None:
        before, self.cursor = self.cursor, to
        self._show(to, upward=to < before)
        if before != to:
            self.refresh_line(before)
            self.refresh_line(to)
            self.post_message(self.CursorMoved(self, self.value))
        self._ask()

    def _show(self, line: int, upward: bool) -> None:
        """Scroll until the line is in sight, with the lines without value above it when moving up."""
        height = self.scrollable_content_region.height
        self._unseen = not height
        if self._unseen:
            return
        top = round(self.scroll_y)
        first = line
        if upward:
            at = bisect_left(self._stops, line)
            first = max(self._stops[at - 1] + 1 if at else 0, line - height + 1)
        if first < top:
            self._scroll(first)
        elif line >= top + height:
            self._scroll(line - height + 1)

    def _ask(self) -> None:
        bottom = round(self.scroll_y) + self.size.height
        if self.more and not self._asked and max(self.cursor, bottom) >= len(self.lines) - NEAR:
            self._asked = True
            self.post_message(self.EndNeared(self))

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        super().watch_scroll_y(old_value, new_value)
        self._ask()

    def on_resize(self, event: Resize) -> None:  # noqa: ARG002
        self._resized()
        width = self.inner_width
        if width != self._width:
            self._width = width
            self.post_message(self.WidthChanged(self))
        if self.cursor >= 0 and (self.has_focus or self._unseen):
            self._show(self.cursor, upward=False)
        self._ask()

    def on_click(self, event: Click) -> None:
        at = bisect_right(self._stops, round(self.scroll_y) + event.y - self.gutter.top) - 1
        if at >= 0:
            self._move(self._stops[at])
        if event.chain == 2:
            self.post_message(self.Clicked(self))

    def render_line(self, y: int) -> Strip:
        """One visible line; the cursor is told by a mark too, not by colour alone."""
        width = self.scrollable_content_region.width
        at = y + round(self.scroll_y)
        if not 0 <= at < len(self.lines):
            return self.draw((), width)
        here = at == self.cursor
        value = self.lines[at].value
        marked = self.is_marked is not None and value is not None and self.is_marked(value)
        mark = MARKS[marked, here, here and self.has_focus]
        return self.draw(
            ((mark, "key"), *self.spans_of(self.lines[at])), width, cursor=here and self.has_focus
        )

    def spans_of(self, line: Line) -> tuple[Span, ...]:
        """What a line shows."""
        return line.spans

    def action_cursor_down(self) -> None:
        self._step_or_scroll(1)

    def action_cursor_up(self) -> None:
        self._step_or_scroll(-1)

    def action_page_down(self) -> None:
        self._leap(self.size.height - 1)

    def action_page_up(self) -> None:
        self._leap(1 - self.size.height)

    def action_half_down(self) -> None:
        self._leap(self.size.height // 2)

    def action_half_up(self) -> None:
        self._leap(-self.size.height // 2)

    def action_cursor_top(self) -> None:
        self._scroll(0)
        if self._stops:
            self._move(self._stops[0])
            self._scroll(0)

    def action_cursor_bottom(self) -> None:
        self._scroll(len(self.lines))
        if self._stops:
            self._move(self._stops[-1])
            self._scroll(len(self.lines))

    def _step_or_scroll(self, by: int) -> None:
        """To the next line with a value; over long stretches without one, line by line."""
        top, height = round(self.scroll_y), self.size.height
        at = bisect_left(self._stops, self.cursor)
        to = at + by
        if not self._stops or not 0 <= to < len(self._stops):
            self._scroll(top + by)
            return
        line = self._stops[to]
        if not top - height < line < top + 2 * height or not (top <= self.cursor < top + height):
            self._scroll(top + by)
            if top <= line < top + height:
                self._move(line)
            return
        self._move(line)

    def _leap(self, by: int) -> None:
        if not self._stops:
            self._scroll(round(self.scroll_y) + by)
            return
        target = self.cursor + by
        at = bisect_left(self._stops, target) if by > 0 else bisect_right(self._stops, target) - 1
        self._scroll(round(self.scroll_y) + by)
        self._move(self._stops[max(0, min(at, len(self._stops) - 1))])
