"""Fills the search pane of the Explorer: by words while typing, by meaning too after a pause or at enter."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from core.rows import TextRow
from core.text import one_line
from screens.explorer.cursor import same_row
from screens.search.hits import DEBOUNCE, PAUSE, SearchHits, found_spans
from screens.search.wanted import Wanted, typed
from screens.widgets.bars import Bar
from screens.widgets.detail_lines import hit_line
from screens.widgets.panes import SearchInput, SearchPane
from screens.widgets.row_list import RowList

if TYPE_CHECKING:
    from screens.explorer.screen import Explorer


class SearchControl(SearchHits):
    """The hits in the search pane."""

    def __init__(self, screen: Explorer) -> None:
        super().__init__(screen)
        self.explorer = screen
        self._line = ""
        """What stands in the pane's line: filters of the full screen are in it, too."""

    @property
    def rows(self) -> RowList:
        """The list."""
        return self.explorer.query_one(SearchPane).rows

    @property
    def text(self) -> str:
        """What is searched for, in the query language."""
        return self.wanted.text

    def typed(self, line: str) -> None:
        """The search line changed: what is typed here takes the place of the filters, which stand in the line."""
        if line != self._line:
            self._line = line
            self.want(replace(self.wanted, line=line, chips=(), near=None), DEBOUNCE, PAUSE)

    def adopt(self, wanted: Wanted) -> None:
        """Go on with a search of the full screen."""
        wanted = replace(wanted, near=None)
        if wanted == self.wanted:
            return
        self._line = typed(wanted.text)
        self.explorer.query_one(SearchInput).value = self._line
        self.want(wanted)

    def toggle_within(self) -> None:
        """Search in the open node, or everywhere."""
        path = self.explorer.tree_control.path
        node = self.explorer.session.view.node
        if not self.search_within(node, path[-1] if path else str(node)):
            self.explorer.say("Open a node first; then w searches in it alone.", "warning")

    def being_read(self) -> bool:
        """Whether the cursor went down the hits."""
        return self.rows.has_focus and not self.rows.at_first

    def hits_changed(self, top: bool) -> None:
        """Draw other hits."""
        self.explorer.query_one(SearchPane).set_class(not self.wanted.blank, "-filled")
        here = self.rows.value
        self.draw(top)
        if not top:
            self.rows.select_near(lambda value: same_row(value, here))
        self.explorer.refresh_bindings()

    def draw(self, top: bool = False) -> None:
        """Draw for the width as it is."""
        width, words = self.rows.inner_width, self.wanted.text
        lines = [hit_line(row, width, words) for row in self.hits]
        self.rows.set_lines(lines, more=self.after is not None, top=top)

    def hits_added(self, rows: tuple[TextRow, ...]) -> None:
        """Draw the next page."""
        width, words = self.rows.inner_width, self.wanted.text
        self.rows.add_lines([hit_line(row, width, words) for row in rows], more=self.after is not None)

    def found_changed(self) -> None:
        """Say how many, how, and where."""
        spans = found_spans(self.found)
        if self.found.by is not None:
            inside = self.wanted.within is not None
            where = f"in {one_line(self.wanted.within_title, 30)}" if inside else "everywhere"
            spans.append((f" \u00b7 {where}", "other" if inside else "dim"))
        elif self.found.error is not None and self.found.error.hint:
            spans.append((f" {one_line(self.found.error.hint, 200)}", "dim"))
        if spans:
            spans.insert(0, (" ", "text"))
        if self.found.error is None and spans:
            spans += [(" \u00b7 ", "dim"), ("9", "key"), (": facets and filters", "dim")]
        self.explorer.query_one("#search-state", Bar).set_spans(spans)
