"""How the full search stands on the screen: its line, its filters, its hits and its facets follow what is searched for."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.events import DescendantBlur, DescendantFocus, Resize
from textual.widgets import Input

from core.search.language import CHARACTERS
from core.text import one_line
from screens.base import ActionScreen, Desk
from screens.places import keys_spans, run_spans
from screens.search.chips import ChipBar
from screens.search.facets import FacetList, FacetSide
from screens.search.hit_list import HitList
from screens.search.hits import MODES, found_spans
from screens.search.line import Note, QueryLine
from screens.search.wanted import LONGEST_VALUE, Wanted, field_chip, typed
from screens.widgets.bars import Bar
from screens.widgets.panes import SearchInput
from screens.widgets.row_list import RowList
from screens.widgets.spans import Span

if TYPE_CHECKING:
    from screens.explorer.screen import Explorer

WIDE, NARROW = 120, 72
"""From so many columns on the facets are always there; below so many they take the place of the hits."""

SAVED = 1_000
"""Saved searches that are listed."""

PLACES = ("query-line", "chips", "hits", "facets")
"""What `tab` goes through."""

LINE_KEYS = (
    ("enter", "hits"), ("tab", "filters, hits, facets"), ("esc", "leave the line"), ("backspace", "in the empty line: last filter off"),
)  # fmt: skip
HIT_KEYS = (
    ("/", "type"), ("F", "facets"), ("enter", "read"), ("space", "mark"), ("b", "group"), ("s", "similar"), ("esc", "back"),
    ("o", "its cluster"), ("m", "mode"), ("S", "save"), ("L", "saved"), ("c", "move"), ("f", "flag"), ("w", "here"), ("y", "copy"),
)  # fmt: skip
MARKED_KEYS = (("c", "move to a cluster"), ("f", "flag"), ("space", "mark"), ("esc", "unmark"))
FACET_KEYS = (
    ("enter", "filter by it, or not"),
    ("-", "leave it out"),
    ("F", "hits"),
    ("tab", "next"),
    ("y", "copy counts"),
)
CHIP_KEYS = (("x", "take it off"), ("enter", "change it"), ("h l", "others"), ("tab", "hits"))
"""Keys with what they do, by what has the focus."""


class SearchView(ActionScreen):
    """The parts of the full search.

    Args:
        desk: What the screens share.
        wanted: What to search for; `None`: what the first screen's search pane searches for.
    """

    def __init__(
        self,
        desk: Desk,
        wanted: Wanted | None = None,
    ) -> None:
        super().__init__(desk)
        self.HORIZONTAL_BREAKPOINTS = [(0, "-tiny"), (NARROW, "-narrow"), (WIDE, "-wide")]
        self.line = QueryLine(
            placeholder='words, "phrases", -without, language:German \u2026', id="query-line"
        )
        """What is typed."""
        self.chips = ChipBar(id="chips")
        """The filters."""
        self.hits = HitList(self, RowList(id="hits"), self.draw_state)
        """What was found."""
        self.side = FacetSide(self, FacetList(id="facets"), self.draw_state)
        """The facets."""
        self.before: list[Wanted] = []
        """The searches from which similar ones were asked for."""
        self._counted: tuple[object, ...] = ()
        explorer = desk.explorer
        carried = explorer.search_control.wanted if explorer is not None else Wanted()
        self._first = wanted if wanted is not None else carried

    def compose(self) -> ComposeResult:
        """Where, the line, the filters, how many, what is found and the facets, what to know, the keys."""
        yield Bar(id="search-title")
        yield self.line
        yield self.chips
        yield Bar(id="search-found")
        with Horizontal(id="search-body"):
            yield self.side.list
            yield self.hits.list
        yield Note(id="search-note")
        yield Bar(id="search-keys")

    @property
    def explorer(self) -> Explorer:
        """The first screen."""
        assert self.desk.explorer is not None
        return self.desk.explorer

    def on_mount(self) -> None:
        """Search for what is known already."""
        marks = self.explorer.mark_control.marks
        self.hits.list.is_marked = marks.has
        self.side.list.is_marked = None
        self.want(self._first)
        (self.line if self._first.blank else self.hits.list).focus()

    def on_unmount(self) -> None:
        """The search pane of the first screen goes on with this search."""
        explorer = self.desk.explorer
        if explorer is not None and explorer.is_running and self.app.is_running:
            explorer.search_control.adopt(self.hits.wanted)

    # Searching.

    def want(self, wanted: Wanted) -> None:
        """Search for something else than what was typed."""
        line = typed(wanted.line)
        wanted = replace(wanted, line=line)
        self.hits.want(wanted)
        with self.prevent(Input.Changed):
            self.line.value = line
            self.line.cursor_position = len(line)
        self._narrowed()

    def _narrowed(self) -> None:
        """The filters are others: draw the chips, count anew."""
        wanted = self.hits.wanted
        self.chips.set_chips(wanted.shown())
        if self.chips.has_focus and not self.chips.chips:
            self.line.focus()
        counted = (wanted.text, wanted.mode == "vector", wanted.within, wanted.chips)
        if counted != self._counted:
            self._counted = counted
            self.side.count(wanted)
        self.draw_state()

    @on(Input.Changed, "#query-line")
    def _typed(self, event: Input.Changed) -> None:
        self.hits.typed(event.value)
        self._narrowed()

    @on(Input.Submitted, "#query-line")
    def _submitted(self) -> None:
        self.hits.submitted()
        self.show_hits()
        self.hits.list.focus()

    @on(SearchInput.Cut)
    def _cut(self, event: SearchInput.Cut) -> None:
        self.say(f"Pasted {event.length:,} characters: a search reads the first {CHARACTERS:,}.", "warning")

    @on(QueryLine.ChipDropped)
    def _last_chip(self) -> None:
        self._drop(len(self.hits.wanted.shown()) - 1)

    @on(ChipBar.Dropped)
    def _chip(self, event: ChipBar.Dropped) -> None:
        self._drop(event.index)

    def _drop(self, index: int) -> None:
        wanted = self.hits.wanted
        left = wanted.dropped(index)
        if left is not wanted:
            if wanted.near is not None and left.near is None and self.before:
                left = self.before.pop()
            self.want(left)

    @on(ChipBar.Edited)
    def _edit(self, event: ChipBar.Edited) -> None:
        wanted = self.hits.wanted
        row = wanted.shown()
        chip = row[event.index] if event.index < len(row) else None
        if chip is None or not chip.text:
            self.say("This one cannot be changed; x takes it off.", "warning")
            return
        self.want(replace(wanted.without(chip), line=f"{chip.text} {wanted.line}"))
        self.line.focus()

    @on(FacetList.Chosen)
    def _value(self, event: FacetList.Chosen) -> None:
        row = event.value
        if row.facet == "cluster" and row.value is None:
            self.say("These queries are in no cluster of the run: run.update lets them join.", "warning")
        elif row.value is not None and len(row.value) > LONGEST_VALUE:
            self.say("This value is too long for a filter.", "warning")
        else:
            wanted = self.hits.wanted
            self.want(wanted.toggled(field_chip(row.facet, row.value, row.title, event.excluded)))

    @on(FacetList.MoreWanted)
    def _values(self, event: FacetList.MoreWanted) -> None:
        self.side.more(event.facet)

    def action_set_mode(self) -> None:
        """Search by words and then by meaning, by words alone, or by meaning alone."""
        self.hits.next_mode()
        self._narrowed()

    def action_toggle_within(self) -> None:
        """Search in the node that is open in the tree, or everywhere."""
        path = self.explorer.tree_control.path
        node = self.session.view.node
        if self.hits.search_within(node, path[-1] if path else str(node)):
            self._narrowed()
        else:
            self.say("No node is open in the tree: w searches in the one that is.", "warning")

    # Bars.

    def draw_state(self) -> None:
        """Say how many were found and how, and what is to be known of them."""
        if not self.is_mounted:
            return
        found, wanted = self.hits.found, self.hits.wanted
        spans: list[Span] = [(" ", "dim"), *found_spans(found)]
        if found.by is None and found.error is None:
            told = "nothing is searched for yet" if wanted.blank else "searching\u2026"
            spans.append((told, "dim"))
        if wanted.mode is not None:
            spans.append((f" \u00b7 m: {MODES[wanted.mode]} alone", "other"))
        if self.hits.grouped:
            spans.append((" \u00b7 by cluster", "other"))
        about = "counting\u2026" if self.side.counting else self.side.about
        if about:
            spans.append((f" \u00b7 facets: {about}", "dim"))
        self.query_one("#search-found", Bar).set_spans(spans)
        note = found.note if found.error is None else ""
        self.query_one("#search-note", Note).set_text(one_line(note, 600))

    def draw_bars(self) -> None:
        """Say where this is, and what the keys do where the focus is."""
        run = self.explorer.runs_control.current
        self.query_one("#search-title", Bar).set_spans(
            ((" Search ", "tab"), ("  ", "text"), *run_spans(run, self.session.view))
        )
        marks = self.explorer.mark_control.marks
        keys: tuple[tuple[str, str], ...] = HIT_KEYS
        head = ""
        if self.line.has_focus:
            keys = LINE_KEYS
        elif self.chips.has_focus:
            keys = CHIP_KEYS
        elif self.side.list.has_focus:
            keys = FACET_KEYS
        elif marks.texts:
            keys, head = MARKED_KEYS, f"\u25c6 {len(marks.texts):,} marked"
        spans = keys_spans(keys, self.size.width, head, typing=self.line.has_focus)
        self.query_one("#search-keys", Bar).set_spans(spans)

    @on(DescendantFocus)
    @on(DescendantBlur)
    @on(Resize)
    def _bars(self) -> None:
        self.call_after_refresh(self.draw_bars)

    @on(RowList.WidthChanged)
    def _width(self, event: RowList.WidthChanged) -> None:
        if event.rows is self.hits.list:
            self.hits.draw()
        else:
            self.side.draw()

    @on(RowList.CursorMoved)
    def _moved(self) -> None:
        self.refresh_bindings()

    @on(RowList.EndNeared, "#hits")
    def _neared(self) -> None:
        self.hits.more()

    @on(RowList.Clicked)
    def _clicked(self, event: RowList.Clicked) -> None:
        if event.rows is self.side.list:
            self.side.list.action_choose_value(False)
        elif self.hits.row is not None:
            self.action_do("query.open")

    # Moving about.

    def action_show_facets(self) -> None:
        """To the facets, and back; where there is little room they come and go."""
        if self.side.list.has_focus:
            self.remove_class("-facets")
            self.hits.list.focus()
        else:
            self.add_class("-facets")
            self.call_after_refresh(self.side.list.focus)

    def show_hits(self) -> None:
        """Where there is room for one of them alone, the hits come in the place of the facets."""
        if self.size.width < NARROW:
            self.remove_class("-facets")

    def action_next_pane(self) -> None:
        """To the next of line, filters, hits and facets."""
        self._go(1)

    def action_previous_pane(self) -> None:
        """To the previous one."""
        self._go(-1)

    def _go(self, by: int) -> None:
        shown = [name for name in PLACES if self.query_one(f"#{name}").display]
        here = self.focused.id if self.focused is not None else ""
        at = shown.index(here) + by if here in shown else 0
        if shown[at % len(shown)] != "facets":
            self.show_hits()
        self.query_one(f"#{shown[at % len(shown)]}").focus()

    def action_group(self) -> None:
        """By cluster, or one after the other."""
        self.hits.toggle_groups()
        self.draw_state()
