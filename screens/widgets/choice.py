"""A field that holds one of a few values."""

from __future__ import annotations

from typing import ClassVar

from rich.cells import cell_len
from textual.binding import Binding, BindingType
from textual.strip import Strip

from screens.widgets.spans import Drawn, Span


class Choice(Drawn, can_focus=True):
    """One of a few values; left, right and space change it."""

    DEFAULT_CSS = "Choice { height: 1; width: 1fr; }"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("right,space,l", "choose(1)", "Next value", show=False),
        Binding("left,h", "choose(-1)", "Previous value", show=False),
    ]

    def __init__(self, values: tuple[str, ...], chosen: str, id: str) -> None:
        super().__init__(id=id)
        self.values = values
        self.value = chosen if chosen in values else values[0]

    def action_choose(self, by: int) -> None:
        """Another value."""
        self.value = self.values[(self.values.index(self.value) + by) % len(self.values)]
        self.refresh()

    def render_line(self, y: int) -> Strip:
        """All values, the chosen one in brackets; where they have no room, the chosen one and which of them it is."""
        width = self.size.width
        spans: list[Span] = [("\u25b6 " if self.has_focus else "  ", "key")]
        words = [value or "default" for value in self.values]
        if sum(cell_len(word) + 3 for word in words) + 2 > width:
            at = self.values.index(self.value)
            spans += [(f"[{words[at]}] ", "strong"), (f"\u2039{at + 1} of {len(words)}\u203a", "dim")]
        else:
            for value, word in zip(self.values, words, strict=True):
                here = value == self.value
                spans.append((f"[{word}] " if here else f" {word}  ", "strong" if here else "dim"))
        return self.draw(spans if y == 0 else (), width, cursor=self.has_focus)
