"""Fills the search pane: by words while typing, by words and meaning at enter."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from core.errors import ActionError
from core.session import Result
from core.text import one_line
from screens.cursor import same_row
from screens.widgets.bars import Bar
from screens.widgets.detail_lines import hit_line
from screens.widgets.panes import SearchPane
from screens.widgets.row_list import RowList
from screens.widgets.spans import Span

if TYPE_CHECKING:
    from screens.explorer import Explorer

DEBOUNCE = 0.15
"""Seconds without a key before a search begins."""

PAGE = 100
"""Results that are read at once."""

MOST = 1_000
"""Results that are read again at most."""

MODES: dict[str | None, str] = {None: "words and meaning", "text": "words", "vector": "meaning"}
"""What `mode=` means; `None` leaves the choice to the action."""


class SearchControl:
    """Reads for the search pane and puts into it what was read."""

    def __init__(self, screen: Explorer) -> None:
        self.screen = screen
        self.text = ""
        self.mode: str | None = "text"
        self.within: str | None = None
        self.within_title = ""
        self._after: str | None = None
        self._rows: tuple[Any, ...] = ()

    @property
    def rows(self) -> RowList:
        """The list."""
        return self.screen.query_one(SearchPane).rows

    def typed(self, text: str) -> None:
        """The search line changed."""
        self.text = text
        self.mode = "text"
        self._search(DEBOUNCE)

    def submitted(self) -> None:
        """Enter: by meaning too."""
        self.mode = None
        self._search(0.0)

    def next_mode(self) -> None:
        """The other ways of searching, one after the other."""
        modes = list(MODES)
        self.mode = modes[(modes.index(self.mode) + 1) % len(modes)]
        self._search(0.0)

    def toggle_within(self) -> None:
        """Search in the open node, or everywhere."""
        if self.within is not None:
            self.within = None
        else:
            node = self.screen.session.view.node
            if node in (None, "root"):
                self.screen.say("Open a node first; then w searches in it alone.", "warning")
                return
            self.within = node
            path = self.screen.tree_control.path
            self.within_title = path[-1] if path else str(node)
        self._search(0.0)

    def _search(self, wait: float) -> None:
        self.screen.background("search", self._run, wait)

    async def refresh(self) -> None:
        """Search again, as far as was shown; the cursor stays on its row."""
        if not self.text.strip():
            return
        reading = self.screen.desk.reading if self.mode == "text" else self.screen.desk.searching
        limit = min(max(PAGE, len(self._rows)), MOST)
        try:
            result = await reading.dispatch("search.queries", {**self._params(), "limit": limit})
        except ActionError as error:
            # The node in which was searched is gone, say.
            self._say(((str(error), "warn"),))
            return
        here = self.rows.value
        self._rows, self._after = result.data, result.after
        self.draw()
        self.rows.select_near(lambda value: same_row(value, here))
        self._count(result)

    def _params(self) -> dict[str, Any]:
        params: dict[str, Any] = {"text": self.text, "limit": PAGE}
        if self.mode is not None:
            params["mode"] = self.mode
        if self.within is not None:
            params["within"] = self.within
        return params

    async def _run(self, wait: float) -> None:
        await asyncio.sleep(wait)
        if not self.text.strip():
            self._show((), None)
            self._say(())
            return
        if self.mode == "text":
            reading = self.screen.desk.reading
        else:
            self._say((("searching by meaning\u2026", "dim"),))
            reading = self.screen.desk.searching
        try:
            result = await reading.dispatch("search.queries", self._params())
        except ActionError as error:
            self._show((), None)
            self._say(((str(error), "warn"),))
            return
        self._show(result.data, result.after)
        self._count(result)

    def _show(self, rows: tuple[Any, ...], after: str | None) -> None:
        self._rows, self._after = rows, after
        self.screen.query_one(SearchPane).set_class(bool(self.text.strip()), "-filled")
        width = self.rows.inner_width
        self.rows.set_lines(
            [hit_line(row, width, self.text) for row in rows], more=after is not None, top=True
        )

    def draw(self) -> None:
        """Draw again for the new width."""
        width = self.rows.inner_width
        self.rows.set_lines(
            [hit_line(row, width, self.text) for row in self._rows], more=self._after is not None
        )

    def more(self) -> None:
        """Read the next results."""
        if self._after is not None:
            self.screen.background("more results", self._more, self._after)

    async def _more(self, after: str) -> None:
        reading = self.screen.desk.reading if self.mode == "text" else self.screen.desk.searching
        result = await reading.dispatch("search.queries", {**self._params(), "after": after})
        if after != self._after:
            return
        self._rows, self._after = (*self._rows, *result.data), result.after
        width = self.rows.inner_width
        self.rows.add_lines(
            [hit_line(row, width, self.text) for row in result.data], more=result.after is not None
        )

    def _count(self, result: Result) -> None:
        spans: list[Span] = []
        if result.total is not None:
            spans += [
                (f"{result.total:,}", "number"),
                (" match the words" if self.mode is None else " found", "dim"),
            ]
        else:
            spans += [(f"{len(result.data):,}", "number"), (" nearest", "dim")]
        spans.append((f" \u00b7 by {MODES[self.mode]}", "dim"))
        if self.mode == "text":
            spans.append((" \u00b7 enter: by meaning too", "dim"))
        where = f" \u00b7 in {one_line(self.within_title, 30)}" if self.within else " \u00b7 everywhere"
        spans.append((where, "other" if self.within else "dim"))
        self._say(tuple(spans))

    def _say(self, spans: tuple[Span, ...]) -> None:
        self.screen.query_one("#search-state", Bar).set_spans(spans)
