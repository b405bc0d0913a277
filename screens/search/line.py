"""The line of the full search, and what is to be known of its hits."""

from __future__ import annotations

from textual.geometry import Size
from textual.message import Message
from textual.strip import Strip

from screens.widgets.panes import SearchInput
from screens.widgets.spans import Drawn, wrap


class QueryLine(SearchInput):
    """The line of the full search; in the empty line backspace takes the last filter off."""

    class ChipDropped(Message):
        """The last filter is to go."""

    def action_to_results(self) -> None:
        """Put the focus on the hits."""
        self.screen.query_one("#hits").focus()

    def action_delete_left(self) -> None:
        """Delete a character, or take the last filter off."""
        if self.value:
            super().action_delete_left()
        else:
            self.post_message(self.ChipDropped())


class Note(Drawn):
    """What is to be known of the hits, in as many lines as it takes, up to a few; nothing: no line."""

    DEFAULT_CSS = "Note { height: auto; width: 1fr; display: none; } Note.-some { display: block; }"
    MOST, LOW = 2, 20
    """Lines that it takes at most, and the height of a screen below which it takes one."""

    def __init__(self, *, id: str) -> None:
        super().__init__(id=id)
        self.text = ""

    def set_text(self, text: str) -> None:
        """Say something else."""
        if text != self.text:
            self.text = text
            self.set_class(bool(text), "-some")
            self.refresh(layout=True)

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:  # noqa: ARG002
        """As many lines as the text takes."""
        most = self.MOST if self.app.size.height >= self.LOW else 1
        return min(len(wrap(self.text, width - 4)), most)

    def render_line(self, y: int) -> Strip:
        """One of its lines; the last one tells that there are more."""
        width = self.size.width
        lines = wrap(self.text, width - 4)
        left = " ".join(lines[y:]) if y == self.size.height - 1 else "".join(lines[y : y + 1])
        return self.draw(((" ! " if y == 0 else "   ", "warn"), (left, "text")), width)
