"""The filters of a search in a row: one at a time can be chosen, taken off, or changed."""

from __future__ import annotations

from typing import ClassVar

from rich.cells import cell_len
from textual.binding import Binding, BindingType
from textual.events import Click
from textual.message import Message
from textual.strip import Strip

from core.text import one_line
from screens.search.wanted import Chip
from screens.widgets.spans import Drawn, Span, fit

WIDEST = 44
"""Cells of a chip's words."""


class ChipBar(Drawn, can_focus=True):
    """Chips in one line; those that do not fit are counted at the end."""

    DEFAULT_CSS = "ChipBar { height: 1; width: 1fr; display: none; } ChipBar.-some { display: block; }"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("right,l", "next_chip(1)", "Next filter", show=False),
        Binding("left,h", "next_chip(-1)", "Previous filter", show=False),
        Binding("x,delete,backspace", "drop_chip", "Take it off", show=False),
        Binding("enter", "edit_chip", "Change it", show=False),
    ]

    class Dropped(Message):
        """A chip is to go."""

        def __init__(self, index: int) -> None:
            super().__init__()
            self.index = index

    class Edited(Message):
        """A chip is to go into the line."""

        def __init__(self, index: int) -> None:
            super().__init__()
            self.index = index

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.chips: tuple[Chip, ...] = ()
        self.at = 0
        """The chip that is chosen while the row has the focus."""

    def set_chips(self, chips: tuple[Chip, ...]) -> None:
        """Show other chips."""
        self.chips = chips
        self.at = max(0, min(self.at, len(chips) - 1))
        self.set_class(bool(chips), "-some")
        self.refresh()

    def action_next_chip(self, by: int) -> None:
        """Choose another chip."""
        self.at = max(0, min(self.at + by, len(self.chips) - 1))
        self.refresh()

    def action_drop_chip(self) -> None:
        """Take the chosen chip off."""
        self.post_message(self.Dropped(self.at))

    def action_edit_chip(self) -> None:
        """Put the chosen chip into the line."""
        self.post_message(self.Edited(self.at))

    def on_click(self, event: Click) -> None:
        """A click on a chip takes it off."""
        at = 0
        for index, cells in self._places():
            if at <= event.x < at + cells:
                self.post_message(self.Dropped(index))
            at += cells

    def _places(self) -> list[tuple[int, int]]:
        """The chips that are in sight and their cells: from the first, or from as far on as the chosen one needs."""
        sizes = [cell_len(_words(chip)) + 3 for chip in self.chips]
        room = self.size.width - 12
        first = 0
        while first < self.at and sum(sizes[first : self.at + 1]) > room:
            first += 1
        shown: list[tuple[int, int]] = []
        for index in range(first, len(sizes)):
            if shown and sum(cells for _, cells in shown) + sizes[index] > room:
                break
            shown.append((index, sizes[index]))
        return shown

    def render_line(self, y: int) -> Strip:
        """The row."""
        if y:
            return self.draw((), self.size.width)
        spans: list[Span] = []
        places = self._places()
        for index, _ in places:
            here = self.has_focus and index == self.at
            spans += [
                ("\u25b6" if here else " ", "key"),
                (_words(self.chips[index]), "tab" if here else "other"),
                ("\u00d7 ", "key" if here else "dim"),
            ]
        left = len(self.chips) - len(places)
        if left:
            spans.append((f" and {left} more", "dim"))
        return self.draw(spans, self.size.width)


def _words(chip: Chip) -> str:
    words = one_line(chip.label, WIDEST * 2)
    return f"{words if cell_len(words) <= WIDEST else fit(words, WIDEST)} "
