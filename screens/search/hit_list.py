"""The hits of the full search: one after the other, or by cluster."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from core.errors import ActionError
from core.rows import TextRow
from screens.explorer.cursor import same_row
from screens.search.hits import SearchHits
from screens.search.lines import empty_lines, grouped_lines, search_line
from screens.widgets.row_list import RowList

if TYPE_CHECKING:
    from screens.base import ActionScreen

CLUSTERS = 1_000
"""Clusters whose counts are read."""


class HitList(SearchHits):
    """Draws the hits.

    Args:
        screen: Where they stand.
        rows: The list.
        changed: Called when there is something else to say of them.
    """

    def __init__(self, screen: ActionScreen, rows: RowList, changed: Callable[[], None]) -> None:
        super().__init__(screen)
        self.list = rows
        self.grouped = False
        self._changed = changed
        self._counts: dict[int | None, int] = {}
        self._counted: object = None
        """The search that the counts are of."""

    @property
    def row(self) -> TextRow | None:
        """The hit under the cursor."""
        value = self.list.value
        return value if isinstance(value, TextRow) else None

    def being_read(self) -> bool:
        """Whether the cursor went down the hits."""
        return self.list.has_focus and not self.list.at_first

    def toggle_groups(self) -> None:
        """By cluster, or one after the other."""
        self.grouped = not self.grouped
        self._redrawn(top=False)

    def hits_changed(self, top: bool) -> None:
        """Draw other hits."""
        self._redrawn(top)

    def hits_added(self, rows: tuple[TextRow, ...]) -> None:
        """Draw the next page; by cluster its hits go to their groups."""
        if self.grouped:
            self._redrawn(top=False)
        else:
            width, words = self.list.inner_width, self.wanted.text
            self.list.add_lines([search_line(row, width, words) for row in rows], more=self.after is not None)

    def _redrawn(self, top: bool) -> None:
        here = self.list.value
        self.draw(top)
        if not top:
            self.list.select_near(lambda value: same_row(value, here))
        due = self.grouped and bool(self.hits) and self.wanted.conditional
        if due and self._counted is not self.wanted:
            self.screen.background("groups", self._count)

    async def _count(self) -> None:
        wanted = self.wanted
        try:
            result = await self.screen.desk.searching.dispatch(
                "facet.count", {**wanted.counted(), "by": "cluster", "limit": CLUSTERS}
            )
        except ActionError:
            # The heads stand without counts; the hits say what is wrong with the search.
            return
        if wanted is self.wanted:
            self._counted = wanted
            self._counts = {None if r.value is None else int(r.value): r.count for r in result.data}
            self._redrawn(top=False)

    def draw(self, top: bool = False) -> None:
        """Draw for the width as it is."""
        width, words = self.list.inner_width, self.wanted.text
        if not self.hits:
            pending = self.found.by is None and not self.wanted.blank
            lines = list(empty_lines(self.wanted, self.found.error, pending, width))
        elif self.grouped:
            counts = self._counts if self._counted is self.wanted else {}
            lines = grouped_lines(self.hits, width, words, counts, self.wanted.wordy)
        else:
            lines = [search_line(row, width, words) for row in self.hits]
        self.list.set_lines(lines, more=self.after is not None, top=top)

    def found_changed(self) -> None:
        """Say how many and how."""
        self._changed()
