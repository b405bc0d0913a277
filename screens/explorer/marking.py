"""Marks rows of the Explorer, and says what an edit is about: the marks, or what the cursor stands on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.rows import TextRow
from screens.curate.subjects import Subject
from screens.explorer.cursor import subject_of
from screens.marks import Marks
from screens.widgets.row_list import RowList

if TYPE_CHECKING:
    from screens.explorer.screen import Explorer


class MarkControl:
    """Puts marks on the rows of the tree, the detail and the search."""

    def __init__(self, screen: Explorer) -> None:
        self.screen = screen
        self.marks = Marks()

    def attach(self) -> None:
        """Let the lists draw the marks."""
        for rows in self._lists():
            rows.is_marked = self.marks.has

    def toggle(self) -> None:
        """Mark the row under the cursor, or take its mark off, and go on to the next."""
        rows = self.screen.focused
        if not isinstance(rows, RowList) or rows.is_marked is None:
            return
        value = rows.value
        inside = rows is self.screen.detail_control.rows
        shown = self.screen.detail_control.cluster
        source = value.cluster if isinstance(value, TextRow) and value.cluster is not None else shown
        if self.marks.toggle(value, source if inside else None):
            rows.step(1)
        else:
            self.screen.say("Queries, clusters and themes can be marked.", "warning")
        self.changed()

    def clear(self) -> bool:
        """Take all marks off; false when there was none."""
        some = len(self.marks) > 0
        self.marks.clear()
        self.changed()
        return some

    def changed(self) -> None:
        """Draw the marks, and what can be done with them."""
        for rows in self._lists():
            rows.refresh()
        self.screen.refresh_bindings()
        self.screen.draw_bars()

    def _lists(self) -> tuple[RowList, ...]:
        screen = self.screen
        return tuple(c.rows for c in (screen.tree_control, screen.detail_control, screen.search_control))

    @property
    def subject(self) -> Subject:
        """What an edit is about."""
        screen = self.screen
        return subject_of(screen.value, screen.active, screen.detail_control.named, self.marks)
