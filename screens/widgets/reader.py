"""The list of a conversation's lines: it marks what was found, and the turn that is read."""

from __future__ import annotations

from textual.message import Message

from screens.conversation.find import Find
from screens.conversation.lines import Laid
from screens.widgets.row_list import RowList
from screens.widgets.spans import Line, Span


class Reader(RowList):
    """Lines of a conversation."""

    class Scrolled(Message):
        """Another line stands at the top."""

        def can_replace(self, message: Message) -> bool:
            return isinstance(message, Reader.Scrolled)

    def __init__(self, *, id: str) -> None:
        super().__init__(id=id)
        self.find: Find | None = None
        self.turn = -1

    @property
    def top(self) -> int:
        """The line at the top."""
        return round(self.scroll_y)

    @property
    def height(self) -> int:
        """Lines in sight."""
        return max(self.scrollable_content_region.height, 1)

    def in_sight(self, line: int) -> bool:
        """Whether a line can be seen."""
        return self.top <= line < self.top + self.height

    def go(self, line: int) -> None:
        """Put a line at the top, as far as there are lines below it."""
        self.scroll_to(y=line, animate=False, force=True)

    def bring(self, line: int) -> None:
        """Scroll so that a line is in sight with some lines above it, unless it is."""
        if not self.top <= line < self.top + self.height - 1:
            self.go(max(line - self.height // 3, 0))

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        super().watch_scroll_y(old_value, new_value)
        if round(old_value) != round(new_value):
            self.post_message(self.Scrolled())

    def spans_of(self, line: Line) -> tuple[Span, ...]:
        """The line with what was found marked; the role of the turn that is read has an arrow before it."""
        if not isinstance(line, Laid):
            return line.spans
        if line.head and line.turn == self.turn:
            return (("\u25b6 ", "key"), *((text, "strong") for text, _ in line.spans[1:2]), *line.spans[2:])
        return line.spans if self.find is None else self.find.marked(line)
