"""The facets beside the hits: their most frequent values with exact counts, drawn when the hits are there."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding, BindingType
from textual.message import Message

from core.errors import ActionError
from core.facets.rows import FacetValue
from core.text import one_line
from screens.search.wanted import Wanted
from screens.widgets.row_list import RowList
from screens.widgets.spans import Line, Span, fit, percent, share_bar

if TYPE_CHECKING:
    from screens.base import ActionScreen

TOP, MORE, MOST = 6, 50, 1_000
"""Values of a facet that are shown at first, those that come when more are wanted, and the most that are read."""

WAIT = 0.15
"""Seconds after the hits until counting begins: who types on does not wait for it."""

USUAL = ("language", "chat_model", "cluster", "week")
"""The facets that every log has: they are counted first."""

BAR = 6
"""Cells of a bar."""


@dataclass(frozen=True)
class FacetRest:
    """The line that stands for the further values of a facet."""

    facet: str


class FacetList(RowList):
    """The list of facets; a value under the cursor is chosen or excluded."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter,space", "choose_value(False)", "Filter by it", show=False),
        Binding("minus", "choose_value(True)", "Leave it out", show=False),
    ]

    class Chosen(Message):
        """A value is to be a filter, or to be one no longer."""

        def __init__(self, value: FacetValue, excluded: bool) -> None:
            super().__init__()
            self.value = value
            self.excluded = excluded

    class MoreWanted(Message):
        """Further values of a facet are to be shown."""

        def __init__(self, facet: str) -> None:
            super().__init__()
            self.facet = facet

    def action_choose_value(self, excluded: bool) -> None:
        """Filter by the value under the cursor, or leave its queries out."""
        value = self.value
        if isinstance(value, FacetValue):
            self.post_message(self.Chosen(value, excluded))
        elif isinstance(value, FacetRest):
            self.post_message(self.MoreWanted(value.facet))


class FacetSide:
    """Counts for the list of facets, one facet after the other.

    Args:
        screen: Where it stands.
        rows: The list.
        changed: Called when all are counted.
    """

    def __init__(self, screen: ActionScreen, rows: FacetList, changed: Callable[[], None]) -> None:
        self.screen = screen
        self.list = rows
        self._changed = changed
        self.values: dict[str, tuple[FacetValue, ...]] = {}
        """By facet, in the order of the list."""
        self.counting = False
        """Whether what is shown is still of another search."""
        self.about = ""
        """Of how many queries the counts are."""
        self._names: tuple[str, ...] = ()
        self._tops: dict[str, int] = {}
        self._wanted = Wanted()

    def forget(self) -> None:
        """The store changed: there may be other facets."""
        self._names = ()

    def count(self, wanted: Wanted, wait: float = WAIT) -> None:
        """Count under the filters of a search."""
        self._wanted = wanted
        self.counting = True
        self.draw()
        self.screen.background("facets", self._count, wanted, wait)

    def more(self, facet: str) -> None:
        """Show further values of a facet."""
        self._tops[facet] = min(self._tops.get(facet, TOP) + MORE, MOST)
        self.count(self._wanted, 0.0)

    async def _count(self, wanted: Wanted, wait: float) -> None:
        await asyncio.sleep(wait)
        found: dict[str, tuple[FacetValue, ...]] = {}
        try:
            self.about = ""
            async for name in self._known():
                rows = await self._values(name, wanted)
                if any(row.value is not None for row in rows):
                    found[name] = rows
                    self.values = {**self.values, name: rows}
                    self.draw()
        except ActionError:
            # The hits say what is wrong with the search.
            found, self.about = {}, ""
        self.values, self.counting = found, False
        self.draw()
        self._changed()

    async def _values(self, name: str, wanted: Wanted) -> tuple[FacetValue, ...]:
        params = {**wanted.counted(), "by": name, "top": self._tops.get(name, TOP)}
        try:
            result = await self.screen.desk.searching.dispatch("search.facets", params)
        except ActionError as error:
            if name == "cluster" and error.code == "no_run":
                return ()
            raise
        self.about = result.note or self.about
        rows: tuple[FacetValue, ...] = result.data
        return rows

    async def _known(self) -> AsyncIterator[str]:
        """The facets that there are: the usual ones at once, then those that were made; which have values is asked once."""
        for name in self._names or USUAL:
            yield name
        if not self._names:
            result = await self.screen.desk.searching.dispatch("search.facets", {"top": 1})
            self._names = tuple(dict.fromkeys(row.facet for row in result.data))
            for name in self._names:
                if name not in USUAL:
                    yield name

    def draw(self) -> None:
        """Draw for the width as it is; the cursor stays on its value."""
        here = self.list.value
        lines = list(facet_lines(self.values, self._wanted, self.list.inner_width, self.counting))
        if not lines:
            words = "counting\u2026" if self.counting else "Nothing to count: no query is left."
            lines = [Line(((words, "dim"),))]
        self.list.set_lines(lines)
        if isinstance(here, FacetValue):
            self.list.select(
                lambda v: isinstance(v, FacetValue) and (v.facet, v.value) == (here.facet, here.value)
            )
        elif isinstance(here, FacetRest):
            self.list.select(lambda v: v == here)

    def text(self) -> str:
        """The counts as lines to copy."""
        rows = [row for values in self.values.values() for row in values]
        return "\n".join(
            f"{row.count:>7,}  {row.facet}: {one_line(row.title or row.value or '(none)', 200)}"
            for row in rows
        )


def facet_lines(
    values: dict[str, tuple[FacetValue, ...]], wanted: Wanted, width: int, stale: bool
) -> Iterable[Line]:
    """Facets with their values: count, share as a bar and in per cent, and words; what is a filter has a mark."""
    first = True
    for name, rows in values.items():
        if not first:
            yield Line()
        first = False
        many = rows[0].values
        heading: tuple[Span, ...] = ((one_line(name.replace("_", " "), 40).capitalize(), "heading"),)
        yield Line((*heading, (f"  {many:,} value{'s' * (many != 1)}", "dim")))
        for row in rows:
            words = "(none)" if row.value is None else one_line(row.title or row.value, 120)
            chosen = wanted.has(row.facet, row.value)
            bar = (((share_bar(row.share, BAR)), "bar"),) if width >= 34 else ()
            yield Line(
                (
                    ("\u25cf" if chosen else " ", "key"),
                    (
                        fit(words, max(width - 14 - BAR * bool(bar), 8)),
                        "dim" if stale or row.value is None else "text",
                    ),
                    (" ", "dim"),
                    *bar,
                    (f"{row.count:>7,}", "dim" if stale else "number"),
                    (f" {percent(row.share)}", "dim"),
                ),
                row,
            )
        if many > len(rows):
            yield Line(((f" \u2026 {many - len(rows):,} more", "dim"),), FacetRest(name))
