"""What the reader shows: a conversation laid out a slice at a time, and what is found in it."""

from __future__ import annotations

import asyncio
import time
from bisect import bisect_right
from functools import partial
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.widgets import Input

from core.rows import Membership, QueryDetail
from core.text import one_line
from screens.base import ActionScreen, Desk
from screens.conversation.bars import facts_spans, keys_spans_of, state_words
from screens.conversation.find import Find, searched, typed
from screens.conversation.lines import Layout
from screens.widgets.bars import Bar
from screens.widgets.markdown import prepare
from screens.widgets.reader import Reader
from screens.widgets.row_list import RowList
from screens.widgets.spans import Line

SLICE, REST = 0.005, 0.005
"""Seconds of laying out at a time, and between two times, so that keys come first."""

SHOW = 0.15
"""Seconds after which the list is given what was laid out meanwhile: each time it is drawn anew."""

FIRST = 0.02
"""Seconds for what is seen first."""

NOTHING = (
    "No conversation is open. Put the cursor on a query and press enter,",
    "or type :query.open query= and its number.",
)

READING = ("Reading the conversation \u2026",)


class LaidOutScreen(ActionScreen):
    """Shows a conversation, and finds words in it.

    Args:
        desk: What the screens share.
        detail: The conversation, if it is open already.
        searched_for: The words of the search that found it: they are marked.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("N", "hit(-1)", "Previous hit"),
        Binding("slash", "find", "Find"),
        Binding("right_curly_bracket", "turn(1)", "Next turn"),
        Binding("left_curly_bracket", "turn(-1)", "Previous turn"),
        Binding("m", "markdown", "Markdown or text"),
        Binding("i", "facts", "Facts and clusters"),
    ]

    def __init__(self, desk: Desk, detail: QueryDetail | None, searched_for: str) -> None:
        super().__init__(desk)
        self.detail = detail
        """The conversation that is read."""
        self.awaited = False
        """Whether a conversation is being read."""
        self.finding = False
        """Whether `n` means the next hit."""
        self._wanted: tuple[int, int] | None = None
        """The turn, and the line of it, that stands at the top when it is laid out."""
        self._jump = False
        """Whether the first hit is gone to when there is one."""
        self._markdown, self._facts = True, False
        self._layout: Layout | None = None
        self._put = 0
        """Lines that the list has."""
        self.reader = Reader(id="reader")
        """The list of lines."""
        self.reader.find = searched(searched_for)

    def compose(self) -> ComposeResult:
        """What it is, the turns, the line of the find, the keys."""
        yield Bar(id="reader-title")
        yield Bar(id="reader-facts")
        yield self.reader
        yield Input(placeholder="find in this conversation", id="reader-find", compact=True)
        yield Bar(id="reader-keys")

    @property
    def here(self) -> Membership | None:
        """Where the query belongs in the current run."""
        clusters = self.detail.clusters if self.detail is not None else ()
        return next((one for one in clusters if one.run == self.session.view.run), None)

    def show_detail(self, detail: QueryDetail) -> None:
        """Show another conversation, from its beginning."""
        self.detail, self.awaited, self._wanted, self._jump = detail, False, None, False
        self.reader.turn = -1
        if self.reader.find is not None:
            self.reader.find.at = -1
        self.lay()

    @on(RowList.WidthChanged)
    def _wide(self) -> None:
        self.lay(keep=True)

    # Laying out.

    def lay(self, keep: bool = False) -> None:
        """Lay out anew; `keep`: with the same turn at the top."""
        if self.detail is None:
            told = READING if self.awaited else NOTHING
            self.reader.set_lines([Line(((part, "dim"),)) for part in told])
            self.draw_bars()
            return
        if keep and self._layout is not None and self._layout.turn_lines and self._wanted is None:
            top = self.reader.top
            turn = bisect_right(self._layout.turn_lines, top) - 1
            self._wanted = (turn, top - self._layout.turn_lines[turn]) if turn >= 0 else None
        self._layout = Layout(
            self.detail, self.reader.inner_width, markdown=self._markdown, facts=self._facts, run=self.session.view.run
        )  # fmt: skip
        self._put = 0
        if self.reader.find is not None:
            self.reader.find.restart()
        self.background("lay", self._laying)

    async def _laying(self) -> None:
        """Lay out and look through, a slice at a time, from wherever it stands."""
        if self._markdown and self.detail is not None:
            await self.desk.reading.call(partial(prepare, [turn.content for turn in self.detail.turns]))
        seconds, given = FIRST, 0.0
        while self._layout is not None:
            layout, find = self._layout, self.reader.find
            laid = layout.done or layout.step(seconds)
            read = find is None or find.step(layout, SLICE)
            if (laid and read) or time.perf_counter() - given >= SHOW:
                self._put_lines(layout)
                self._reach()
                given = time.perf_counter()
            if laid and read:
                break
            seconds = SLICE
            await asyncio.sleep(REST)
        self.draw_bars()
        self.reader.refresh()

    def _put_lines(self, layout: Layout) -> None:
        """Give the list the lines that it does not have; the first ones together with the turn that is wanted."""
        wanted = self._wanted
        if wanted is not None and not layout.done and len(layout.turn_lines) <= wanted[0] + 1:
            return
        new = layout.lines[self._put :]
        if self._put == 0:
            top = wanted is None
            self.reader.set_lines(new, top=top)
            if top:
                self.reader.go(0)
            elif wanted is not None:
                turn = min(wanted[0], len(layout.turn_lines) - 1)
                self.reader.go(layout.turn_lines[turn] + wanted[1])
                self._wanted = None
            self._read_turn()
        elif new:
            self.reader.add_lines(new, more=False)
        self._put = len(layout.lines)

    def _reach(self) -> None:
        """Go to the first hit when it is wanted and there is one."""
        find = self.reader.find
        if self._jump and find is not None and find.hits and self._put:
            self._jump = False
            self._go_to(self._nearest(find))
        self.draw_bars()

    def _nearest(self, find: Find) -> int:
        """The first hit that stands at the top line or below; the first of all where none does."""
        assert self._layout is not None
        top = self.reader.top
        lines = self._layout.block_lines
        return next((n for n, hit in enumerate(find.hits) if lines[hit[0]] >= top), 0)

    # Finding.

    def action_find(self) -> None:
        """Open the line in which words are typed."""
        entry = self.query_one("#reader-find", Input)
        entry.add_class("-open")
        entry.value = self.reader.find.words if self.reader.find is not None else ""
        entry.focus()
        self.draw_bars()

    @on(Input.Changed, "#reader-find")
    def _typed(self, event: Input.Changed) -> None:
        words = self.reader.find.words if self.reader.find is not None else ""
        if event.input.has_class("-open") and event.value.strip() != words:
            self.look_for(typed(event.value))

    @on(Input.Submitted, "#reader-find")
    def _entered(self) -> None:
        self.close_line()
        self.finding = self.reader.find is not None
        self._jump = self.finding
        if self._jump:
            self.background("lay", self._laying)

    def look_for(self, find: Find | None) -> None:
        """Mark other words, or none."""
        self.reader.find = find
        if self._layout is not None:
            self.background("lay", self._laying)

    def close_line(self) -> None:
        """Back from the line of the find to the conversation."""
        self.query_one("#reader-find", Input).remove_class("-open")
        self.reader.focus()

    def action_hit(self, by: int) -> None:
        """Go to the next or previous hit; after the last comes the first."""
        find = self.reader.find
        if find is None:
            self.say("/ finds words in this conversation.")
            return
        self.finding = True
        finished = self._layout is not None and self._layout.done
        if not find.hits:
            self.say("It is not in this conversation." if finished else "Still reading the conversation.")
        elif find.at < 0:
            self._go_to(self._nearest(find))
        elif not finished and not 0 <= find.at + by < len(find.hits):
            self.say("Still reading the conversation.")
        else:
            self._go_to((find.at + by) % len(find.hits))
        self.draw_bars()

    def _go_to(self, number: int) -> None:
        find, layout = self.reader.find, self._layout
        if find is None or layout is None:
            return
        find.at = number
        block, start, _ = find.hits[number]
        line = layout.place_of(block, start)
        self.reader.bring(line)
        self.reader.turn = layout.lines[line].turn
        self.reader.refresh()
        self.draw_bars()

    # Moving.

    def action_turn(self, by: int) -> None:
        """The next or previous turn."""
        if self._layout is None or not self._layout.turn_lines:
            return
        turns = self._layout.turn_lines
        here = self.reader.turn
        inside = by < 0 and 0 <= here < len(turns) and self.reader.top > turns[here]
        to = max(0, min(here if inside else here + by, len(turns) - 1))
        self.reader.go(turns[to])
        self.reader.turn = to
        self.reader.refresh()
        self.draw_bars()

    @on(Reader.Scrolled)
    def _read_turn(self) -> None:
        """Take the turn at the top for the one that is read, unless the one that was gone to is in sight."""
        if self._layout is None or not self._layout.turn_lines:
            return
        turns, here = self._layout.turn_lines, self.reader.turn
        if not 0 <= here < len(turns) or not self.reader.in_sight(turns[here]):
            self.reader.turn = max(bisect_right(turns, self.reader.top) - 1, 0)
            self.reader.refresh()
        self.draw_bars()

    def action_markdown(self) -> None:
        """Show Markdown as such, or the text as it stands."""
        self._markdown = not self._markdown
        self.lay(keep=True)

    def action_facts(self) -> None:
        """Show or hide what is known of the conversation, and its clusters."""
        self._facts = not self._facts
        self._wanted = None
        self.lay()

    # Bars.

    def draw_bars(self) -> None:
        """Say what is read, where one is in it, and what the keys do."""
        detail = self.detail
        if detail is not None:
            title = one_line(detail.text, 200)
            self.query_one("#reader-title", Bar).set_spans(((" ", "text"), (title, "strong")))
            self.query_one("#reader-facts", Bar).set_spans(facts_spans(detail, self.here))
        words = state_words(self._layout, self.reader, self.reader.find) if self._layout is not None else ""
        typing = self.query_one("#reader-find", Input).has_focus
        found = self.reader.find is not None and bool(self.reader.find.hits)
        keys = keys_spans_of(
            self.size.width, words, typing=typing, finding=self.finding, found=found, empty=detail is None
        )
        self.query_one("#reader-keys", Bar).set_spans(keys)
