"""The queries that moved: those that left a cluster of a, came to one of b, or are in one of each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType

from core.compare.rows import Cell, MovedRow, NodeMovedRow, Piece
from core.registry import Action
from core.rows import TextRow
from core.text import one_line
from screens.base import ActionScreen, Desk
from screens.places import keys_spans
from screens.widgets.bars import Bar
from screens.widgets.row_list import RowList
from screens.widgets.spans import Line, Span, fit, wrap

PAGE = 200
"""Texts that are read at once."""

MOST = 24
"""Clusters of a piece whose queries can be gone through."""


@dataclass(frozen=True)
class Portion:
    """Some of the queries that moved: what they are, and the parameters that name them."""

    words: str
    title: str
    params: dict[str, Any] = field(default_factory=dict)


def portions(piece: Piece, noun: str) -> list[Portion]:
    """Of each cluster of a piece the queries that left it, or came to it: those first from, or to, which most moved.

    Args:
        piece: What was compared.
        noun: `cluster` or `node`.
    """
    found = [(part.moved, Portion("Left", part.title, {f"from_{noun}": part.id})) for part in piece.a]
    found += [(part.moved, Portion("Came to", part.title, {f"to_{noun}": part.id})) for part in piece.b]
    found.sort(key=lambda one: -one[0])
    # Where nothing moved, that is to be seen, too.
    return [portion for moved, portion in found if moved or not found[0][0]][:MOST]


def portion_of(cell: Cell, noun: str) -> Portion:
    """The queries in one cluster of a and one of b."""
    words = f"{one_line(cell.a.title, 80)} \u2192 {one_line(cell.b.title, 80)}"
    return Portion("In both", words, {f"from_{noun}": cell.a.id, f"to_{noun}": cell.b.id})


class MovedScreen(ActionScreen):
    """What `run.moved` or `hierarchy.moved` answers.

    Args:
        desk: What the screens share.
        action: Which of the two.
        params: The two sides that are compared.
        offered: The portions of the queries that can be gone through.
    """

    HELP = "Comparing"
    AUTO_FOCUS = "RowList"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "screen.do('query.open')", "Read the conversation"),
        Binding("tab", "portion(1)", "Other queries", show=False),
        Binding("shift+tab", "portion(-1)", "Other queries", show=False),
    ]

    def __init__(self, desk: Desk, action: str, params: dict[str, Any], offered: Sequence[Portion]) -> None:
        super().__init__(desk)
        self._action = action
        self._params = params
        self._offered = tuple(offered)
        self._at = 0
        self.rows = RowList(id="moved")
        """The list of queries."""
        self._listed: tuple[MovedRow | NodeMovedRow, ...] | None = None
        self._total = 0
        self._after: str | None = None

    def compose(self) -> ComposeResult:
        """Which queries, the list, the keys."""
        yield Bar(id="moved-title")
        yield Bar(id="moved-facts")
        yield self.rows
        yield Bar(id="moved-keys")

    def on_mount(self) -> None:
        """Read the first page."""
        self.background("moved", self._page, None, keys_wait=True)

    def store_changed(self) -> None:
        """Read again."""
        self.background("moved", self._page, None, keys_wait=True)

    async def _page(self, after: str | None) -> None:
        asked = {**self._params, **self._offered[self._at].params, "limit": PAGE}
        if after is not None:
            asked["after"] = after
        result = await self.desk.searching.dispatch(self._action, asked)
        known = self._listed or ()
        self._listed = result.data if after is None else (*known, *result.data)
        self._total, self._after = result.total or 0, result.after
        self._draw(top=after is None)

    @on(RowList.EndNeared)
    def _neared(self) -> None:
        if self._after is not None:
            self.background("moved", self._page, self._after)

    @on(RowList.WidthChanged)
    def _wide(self) -> None:
        keys = [("enter", "read"), ("n p", "in the reader: next, previous"), ("y", "copy"), ("esc", "back")]
        if len(self._offered) > 1:
            keys.insert(1, ("tab", "other queries of it"))
        self.query_one("#moved-keys", Bar).set_spans(keys_spans(keys, self.size.width))
        self._draw()

    def _draw(self, top: bool = False) -> None:
        portion, width = self._offered[self._at], self.rows.inner_width
        place = f"{self._at + 1} of {len(self._offered)}: " if len(self._offered) > 1 else ""
        self.query_one("#moved-title", Bar).set_spans(
            (
                (" Moved ", "tab"),
                (f"  {place}{portion.words} ", "dim"),
                (one_line(portion.title, 200), "strong"),
            )
        )
        if self._listed is None:
            self.rows.set_lines([Line((("  Looking \u2026", "dim"),))])
            return
        total = f" {self._total:,} different texts"
        self.query_one("#moved-facts", Bar).set_spans(
            ((total, "number"), ("   times, query, and where it is", "dim"))
        )
        lines = [moved_line(row, portion, width) for row in self._listed]
        empty = wrap(
            "No query moved here: all of them are in the cluster that stands for this one.", width - 4
        )
        told = [Line(((f"  {part}", "dim"),)) for part in empty]
        self.rows.set_lines(lines or told, more=self._after is not None, top=top)

    def action_portion(self, by: int) -> None:
        """Other queries of what was compared."""
        if len(self._offered) > 1:
            self._at = (self._at + by) % len(self._offered)
            self._listed = None
            self._draw()
            self.background("moved", self._page, None, keys_wait=True)

    def applies(self, action: Action) -> bool:
        """`enter` counts on a query."""
        return action.id != "query.open" or isinstance(self.rows.value, TextRow)

    def intercept(self, action: Action) -> bool:
        """A conversation is read in its own screen, which goes on through this list."""
        if action.id != "query.open":
            return False
        from screens.conversation.screen import ConversationScreen

        self.app.push_screen(ConversationScreen(self.desk, self.rows, None))
        return True

    def copy_text(self) -> str:
        """The query under the cursor."""
        value = self.rows.value
        return value.text if isinstance(value, TextRow) else ""


def moved_line(row: MovedRow | NodeMovedRow, portion: Portion, width: int) -> Line:
    """A query: how often it was asked, its words, and the side of it that the portion leaves open."""
    known = {name.partition("_")[0] for name in portion.params}
    open_sides: list[Span] = []
    if "from" not in known:
        open_sides.append((f"from {one_line(row.a_title, 80)}", "other"))
    if "to" not in known:
        open_sides.append((f"{' ' if open_sides else ''}\u2192 {one_line(row.b_title, 80)}", "other"))
    words = max(width - 8 - (max(width // 3, 16) if open_sides else 0), 16)
    value = TextRow(row.text_id, row.query, row.text, row.times, None, None)
    return Line(
        (
            (f"{row.times:>5,}\u00d7 ", "number"),
            (fit(one_line(row.text, 400), words) + " ", "text"),
            *open_sides,
        ),
        value,
    )
