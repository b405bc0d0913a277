"""The list of saved searches: one is opened, or its name is taken away."""

from __future__ import annotations

from typing import ClassVar, Literal

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen

from core.search.rows import SavedSearch
from core.text import one_line
from screens.faults import Guarded
from screens.search.wanted import NARROWS
from screens.widgets.bars import Bar
from screens.widgets.row_list import RowList
from screens.widgets.spans import Line, Span, fit, wrap

Choice = tuple[Literal["open", "forget"], SavedSearch]

NAME = 20
"""Cells of a name."""

CHROME_LINES = 7
"""Lines of the window that are not its list."""


class SavedScreen(Guarded, ModalScreen[Choice | None]):
    """Saved searches by name.

    Args:
        saved: What there is.
        total: How many there are in all.
    """

    AUTO_FOCUS = "RowList"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "open_saved", "Search"),
        Binding("d", "forget_saved", "Forget"),
        Binding("escape,q,L", "leave", "Leave"),
    ]

    def __init__(self, saved: tuple[SavedSearch, ...], total: int) -> None:
        super().__init__()
        self._saved = saved
        self._total = total

    def compose(self) -> ComposeResult:
        """How many, the list, the keys."""
        with Vertical(classes="dialog large"):
            title = Bar(classes="title")
            title.set_spans((("Saved searches", "heading"), (f"   {self._total:,}", "dim")))
            yield title
            yield RowList(id="saved")
            yield Bar(id="saved-keys")

    def on_row_list_width_changed(self) -> None:
        """Draw for the width."""
        rows = self.query_one(RowList)
        lines = [saved_line(row) for row in self._saved]
        if self._total > len(self._saved):
            lines.append(
                Line(((f"  {self._total - len(self._saved):,} more: search.saved lists them", "dim"),))
            )
        told = "No search is saved yet. S keeps the present one under a name."
        rows.set_lines(lines or [Line(((part, "dim"),)) for part in wrap(told, rows.inner_width)])
        keys: tuple[Span, ...] = (("d", "key"), (" forget   ", "text")) if self._saved else ()
        keys = (("enter", "key"), (" search   ", "text"), *keys) if self._saved else ()
        self.query_one("#saved-keys", Bar).set_spans((*keys, ("esc", "key"), (" leave", "text")))
        height = min(len(rows.lines) + CHROME_LINES, self.app.size.height - 4)
        self.query_one(".dialog").styles.height = height

    def _leave_with(self, what: Literal["open", "forget"]) -> None:
        row = self.query_one(RowList).value
        if isinstance(row, SavedSearch):
            self.dismiss((what, row))

    def action_open_saved(self) -> None:
        """Search for it."""
        self._leave_with("open")

    def action_forget_saved(self) -> None:
        """Take its name away."""
        self._leave_with("forget")

    def action_leave(self) -> None:
        """Nothing of it."""
        self.dismiss(None)


def saved_line(row: SavedSearch) -> Line:
    """A saved search: its name, its words, and what it is narrowed to."""
    spans: list[Span] = [
        (fit(one_line(row.name, 60), NAME) + " ", "strong"),
        (one_line(row.text, 200), "text"),
    ]
    narrowed = [(name, getattr(row, name)) for name in ("mode", "within", *NARROWS)]
    words = ", ".join(f"{name}={one_line(str(value), 40)}" for name, value in narrowed if value is not None)
    if words:
        spans.append((f"  {words}", "other"))
    spans.append((f"  {one_line(row.saved_by, 30)} {row.saved_at[:10]}", "dim"))
    return Line(tuple(spans), row)
