"""Reads hits: by words at once, by meaning too after a pause; what is stale is dropped."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from core.errors import ActionError
from core.rows import TextRow
from core.session import Result
from core.text import one_line
from screens.search.wanted import Wanted
from screens.widgets.spans import Span

if TYPE_CHECKING:
    from screens.base import ActionScreen

DEBOUNCE = 0.12
"""Seconds without a key before a search by words begins."""

PAUSE = 0.6
"""Seconds without a key before a search by meaning begins."""

PAGE = 100
"""Hits that are read at once."""

MOST = 1_000
"""Hits that are read again at most."""

MODES: dict[str | None, str] = {
    None: "words and meaning",
    "hybrid": "words and meaning",
    "text": "words",
    "vector": "meaning",
    "near": "nearness",
}
"""What a mode means; `None` leaves the choice to the action."""

ORDER: tuple[str | None, ...] = (None, "text", "vector")
"""The ways of searching, as a key goes through them."""


@dataclass(frozen=True)
class Found:
    """What is shown: how many there are, how they were found, and what is to be said of it."""

    total: int | None = None
    count: int = 0
    by: str | None = None
    """How they were found; `None`: nothing was searched for."""
    note: str = ""
    error: ActionError | None = None
    follows: str = ""
    """What is still being read, or waits to be asked for."""


class SearchHits:
    """What was found for what is wanted. Who shows it fills in `hits_changed` and `found_changed`."""

    def __init__(self, screen: ActionScreen) -> None:
        self.screen = screen
        self.wanted = Wanted()
        self.hits: tuple[TextRow, ...] = ()
        self.after: str | None = None
        self.found = Found()
        self._asked: tuple[str, dict[str, Any], bool] = ("", {}, False)
        """The action, its parameters and whether it is slow: what the next page is asked of."""

    # What the places that show hits fill in.

    def hits_changed(self, top: bool) -> None:
        """Other hits are here; `top`: they answer another search."""
        raise NotImplementedError

    def hits_added(self, rows: tuple[TextRow, ...]) -> None:
        """The next page is here."""
        raise NotImplementedError

    def found_changed(self) -> None:
        """There is another thing to say of them."""
        raise NotImplementedError

    def being_read(self) -> bool:
        """Whether the person goes through the hits, so that they must not change places."""
        return False

    # Asking.

    def want(self, wanted: Wanted, wait: float = 0.0, pause: float = 0.0) -> None:
        """Search for something else.

        Args:
            wanted: What.
            wait: Seconds until it begins.
            pause: Seconds until the search by meaning begins, where that comes after the words.
        """
        self.wanted = wanted
        self.screen.background("search", self._run, wait, pause, keys_wait=wait == 0.0)

    def typed(self, line: str) -> None:
        """The line changed."""
        if line != self.wanted.line:
            self.want(replace(self.wanted, line=line), DEBOUNCE, PAUSE)

    def submitted(self) -> None:
        """Enter: by meaning too, without a pause."""
        self.want(self.wanted)

    def next_mode(self) -> None:
        """The next way of searching."""
        at = ORDER.index(self.wanted.mode) if self.wanted.mode in ORDER else 0
        self.want(replace(self.wanted, mode=ORDER[(at + 1) % len(ORDER)]))

    def search_within(self, node: str | None, title: str) -> bool:
        """Search in a node, or everywhere; false where no node is open."""
        if self.wanted.within is not None:
            self.want(replace(self.wanted, within=None, within_title=""))
        elif node in (None, "root"):
            return False
        else:
            self.want(replace(self.wanted, within=node, within_title=title))
        return True

    # Reading.

    async def _run(self, wait: float, pause: float) -> None:
        await asyncio.sleep(wait)
        wanted = self.wanted
        if wanted.blank:
            self._put(Found(), (), None, top=True)
            return
        if wanted.near is not None:
            await self._read(wanted, "near", slow=True)
            return
        if wanted.mode != "vector":
            both = wanted.mode is None and wanted.wordy
            found = await self._read(wanted, "text", follows="meaning follows\u2026" if both else "")
            if not both or not found:
                return
            await asyncio.sleep(max(0.0, pause - wait))
        await self._read(wanted, wanted.mode, slow=True)

    async def _read(self, wanted: Wanted, mode: str | None, slow: bool = False, follows: str = "") -> bool:
        """Read the first page and show it; false where it was refused."""
        action, params = wanted.hits()
        if action == "search.queries" and mode is not None:
            params["mode"] = mode
        if slow and mode is not None:
            self.found = replace(self.found, follows="searching\u2026")
            self.found_changed()
        desk = self.screen.desk
        reading = desk.searching if slow else desk.reading
        try:
            result = await reading.dispatch(action, {**params, "limit": PAGE})
        except ActionError as error:
            self._put(Found(error=error), (), None, top=True)
            return False
        if slow and mode is None and self.being_read():
            self.found = replace(self.found, follows="enter in the line: by meaning too")
            self.found_changed()
            return True
        self._asked = (action, params, slow)
        self._put(self._told(result, mode, follows), result.data, result.after, top=True)
        return True

    def _told(self, result: Result, mode: str | None, follows: str = "") -> Found:
        by = "near" if mode == "near" else result.mode or mode
        return Found(result.total, len(result.data), by, result.note or "", None, follows)

    def _put(self, found: Found, rows: tuple[TextRow, ...], after: str | None, top: bool) -> None:
        self.found, self.hits, self.after = found, rows, after
        self.hits_changed(top)
        self.found_changed()

    def more(self) -> None:
        """Read the next page."""
        if self.after is not None:
            self.screen.background("more results", self._more, self.after)

    async def _more(self, after: str) -> None:
        action, params, slow = self._asked
        reading = self.screen.desk.searching if slow else self.screen.desk.reading
        try:
            result = await reading.dispatch(action, {**params, "limit": PAGE, "after": after})
        except ActionError as error:
            # The store changed between two pages, say.
            self.found = replace(self.found, error=error)
            self.found_changed()
            return
        if after != self.after:
            return
        self.hits, self.after = (*self.hits, *result.data), result.after
        self.found = replace(self.found, count=len(self.hits))
        self.hits_added(result.data)
        self.found_changed()

    async def refresh(self) -> None:
        """Read again, as far as was shown; the cursor stays on its row."""
        action, params, slow = self._asked
        if self.wanted.blank or not action or self.found.by is None:
            return
        reading = self.screen.desk.searching if slow else self.screen.desk.reading
        limit = min(max(PAGE, len(self.hits)), MOST)
        before = self.wanted
        try:
            result = await reading.dispatch(action, {**params, "limit": limit})
        except ActionError as error:
            # The node in which was searched is gone, say.
            self.found = replace(self.found, error=error)
            self.found_changed()
            return
        if before is self.wanted:
            by = "near" if action == "search.similar" else params.get("mode")
            self._put(self._told(result, by), result.data, result.after, top=False)


def found_spans(found: Found, hints: bool = True) -> list[Span]:
    """How many were found and how; or what is wrong with what was typed."""
    if found.error is not None:
        return [(one_line(found.error.message, 300), "warn")]
    if found.by is None:
        return []
    spans: list[Span] = []
    if found.total is not None:
        one = found.total == 1
        words = f" match{'es' * one} the words" if found.by == "hybrid" else " found"
        spans += [(f"{found.total:,}", "number"), (f" text{'s' * (not one)}{words}", "dim")]
    else:
        spans += [(f"{found.count:,}", "number"), (" nearest", "dim")]
    spans.append((f" \u00b7 by {MODES[found.by]}", "dim"))
    if found.follows and hints:
        spans.append((f" \u00b7 {found.follows}", "other"))
    return spans
