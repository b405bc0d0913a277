"""Two runs, or two trees, side by side: how far they agree, and what became of each cluster."""

from __future__ import annotations

import asyncio
from typing import Any, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical

from core.compare.rows import Cell, Compared, Kind, Piece
from core.errors import ActionError
from core.registry import REGISTRY
from screens.base import ActionScreen, Desk
from screens.compare.lines import (
    detail_lines,
    head_spans,
    kind_spans,
    mass_spans,
    nothing_lines,
    piece_line,
    score_spans,
    side_spans,
)  # fmt: skip
from screens.compare.moved import MovedScreen, portion_of, portions
from screens.compare.pick import PickScreen, run_choices, tree_choices
from screens.keys import binding
from screens.places import keys_spans
from screens.widgets.bars import Bar
from screens.widgets.row_list import RowList
from screens.widgets.spans import Line, Span
from screens.widgets.trouble import NOTHING_YET

PAGE = 1_000
"""Pieces that are read at once: each answer crosses all queries of both sides."""

DEBOUNCE = 0.02

RUNS, TREES = "run.compare", "hierarchy.compare"


class CompareScreen(ActionScreen):
    """What `run.compare` or `hierarchy.compare` answers.

    Args:
        desk: What the screens share.
        action: Which of the two.
        params: Its parameters; those that are not given are the action's own, but for the order.
    """

    HELP = "Comparing"
    AUTO_FOCUS = "#compare-rows"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "show_moved", "The queries that moved"),
        Binding("tab,shift+tab", "next_pane", "List or detail", show=False),
        Binding("f", "filter_kind(1)", "Next kind", show=False),
        Binding("F", "filter_kind(-1)", "Previous kind", show=False),
        Binding("s", "sort", "By what moved, or by size", show=False),
        Binding("x", "swap", "Swap a and b", show=False),
        Binding("a", "pick_side('a')", "Another a", show=False),
        Binding("b", "pick_side('b')", "Another b", show=False),
        Binding("v", "trees", "Runs or trees", show=False),
        Binding("plus,equals_sign", "level(1)", "A level deeper", show=False),
        Binding("minus", "level(-1)", "A level higher", show=False),
        *[binding(REGISTRY.get(action)) for action in ("run.kmeans", "run.hdbscan", "hierarchy.build")],
    ]

    def __init__(self, desk: Desk, action: str, params: dict[str, Any]) -> None:
        super().__init__(desk)
        self._action = action
        self._params: dict[str, Any] = {"sort": "moved", **_without(params, "after", "show")}
        self.rows = RowList(id="compare-rows")
        """The list of pieces."""
        self.detail = RowList(id="compare-detail")
        """The piece under the cursor."""
        self._found: Compared | None = None
        self._listed: tuple[Piece, ...] = ()
        self._kind: Kind | None = self._params.pop("kind", None)
        self._trouble: ActionError | None = None

    def compose(self) -> ComposeResult:
        """Which two, the scores, the pieces, one of them, the keys."""
        for name in ("title", "scores", "mass", "kinds", "head"):
            yield Bar(id=f"compare-{name}")
        with Vertical(id="compare-panes"):
            yield self.rows
            yield self.detail
        yield Bar(id="compare-keys")

    def on_mount(self) -> None:
        """Compare."""
        self._reload()

    def store_changed(self) -> None:
        """Compare again."""
        self._reload()

    @property
    def piece(self) -> Piece | None:
        """The piece under the cursor."""
        value = self.rows.value
        return value if isinstance(value, Piece) else None

    @property
    def _noun(self) -> str:
        return "cluster" if self._action == RUNS else "node"

    @property
    def _word(self) -> str:
        """What the two sides are made of, in a word."""
        if self._action == RUNS:
            return "cluster"
        return "theme" if int(self._params.get("level", 1)) == 1 else "node"

    # Reading.

    def _reload(self) -> None:
        self._draw_bars(reading=True)
        self.background("compare", self._compare, keys_wait=True)

    async def _compare(self) -> None:
        self._trouble = None
        try:
            pages = [await self._page(None)]
        except ActionError as error:
            self._trouble, self._found, self._listed = error, None, ()
        else:
            # What is not in the first page comes when it is neared.
            self._found, self._listed = pages[0], _pieces(pages[0])
            if not any(row.pieces for row in pages[0].kinds if row.kind == self._kind):
                self._kind = None
        self._draw(top=True)

    async def _page(self, after: str | None) -> Compared:
        asked = {"limit": PAGE, **self._params, **({} if after is None else {"after": after})}
        found: Compared = (await self.desk.searching.dispatch(self._action, asked)).data
        return found

    @on(RowList.EndNeared, "#compare-rows")
    def _neared(self) -> None:
        if self._found is not None and self._found.after is not None:
            self.background("compare", self._more, self._found.after)

    async def _more(self, after: str) -> None:
        found = await self._page(after)
        if self._found is not None and self._found.after == after:
            self._found, self._listed = found, (*self._listed, *_pieces(found))
            self._draw()

    # Drawing.

    @on(RowList.WidthChanged)
    def _wide(self, event: RowList.WidthChanged) -> None:
        if event.rows is self.detail:
            self._draw_detail()
        else:
            self._draw()

    def _draw(self, top: bool = False) -> None:
        width = self.rows.inner_width
        self._draw_bars()
        if self._found is None:
            self.rows.set_lines(nothing_lines(self._trouble, width), top=True)
        else:
            listed = [piece for piece in self._listed if self._kind in (None, piece.kind)]
            lines = [piece_line(piece, width) for piece in listed]
            more = self._found.after is not None
            self.rows.set_lines(lines or [Line((("  No cluster here.", "dim"),))], more=more, top=top)
        self._draw_detail()

    def _draw_bars(self, reading: bool = False) -> None:
        found = self._found
        spans: list[Span] = [(" Compare ", "tab")]
        bars: dict[str, tuple[Span, ...]] = dict.fromkeys(("scores", "mass", "kinds", "head"), ())
        if found is None:
            spans.append(("  two runs" if self._action == RUNS else "  two trees", "dim"))
        else:
            spans += side_spans(found, self.size.width, self._word)
            by = "what moved" if self._params["sort"] == "moved" else "size"
            order: Span = (f"   by {by}", "dim")
            bars = {
                "scores": score_spans(found, self.size.width),
                "mass": mass_spans(found),
                "kinds": (*kind_spans(found, self._kind), order),
                "head": head_spans(self.rows.inner_width),
            }
        if reading:
            spans.append(("   comparing \u2026", "warn"))
        self.query_one("#compare-title", Bar).set_spans(spans)
        keys = [
            ("enter", "queries that moved"), ("f", "kind"), ("s", "order"), ("x", "swap"), ("a b", "others"),
            ("v", "trees" if self._action == RUNS else "runs"), ("tab", "detail"), ("esc", "back"),
        ]  # fmt: skip
        if self._trouble is not None and self._trouble.code in NOTHING_YET:
            keys = keys[-1:]
        elif self._trouble is not None:
            keys = [
                ("K", "k-means"),
                ("H", "by density"),
                ("B", "tree"),
                ("a b", "choose"),
                *keys[5:6],
                *keys[-1:],
            ]
        bars["keys"] = keys_spans(keys, self.size.width)
        for name, shown in bars.items():
            self.query_one(f"#compare-{name}", Bar).set_spans(shown)

    @on(RowList.CursorMoved, "#compare-rows")
    def _moved(self) -> None:
        self.background("detail", self._detail_soon)

    async def _detail_soon(self) -> None:
        await asyncio.sleep(DEBOUNCE)
        self._draw_detail()

    def _draw_detail(self) -> None:
        piece = self.piece
        self.detail.display = self._trouble is None
        lines = detail_lines(piece, self.detail.inner_width, self._word) if piece is not None else []
        self.detail.set_lines(lines, top=True)

    # Keys.

    def action_show_moved(self) -> None:
        """The queries that left the piece's clusters or came to them; in the detail those of one line."""
        found, piece, cell = self._found, self.piece, self.detail.value
        if found is None or piece is None:
            return
        offered = portions(piece, self._noun)
        if self.detail.has_focus and isinstance(cell, Cell):
            offered = [portion_of(cell, self._noun)]
        sides: dict[str, Any] = {"a": found.a.name, "b": found.b.name}
        if self._action == TREES:
            sides["level"] = self._params.get("level", 1)
        action = "run.moved" if self._action == RUNS else "hierarchy.moved"
        self.app.push_screen(MovedScreen(self.desk, action, sides, offered))

    def action_next_pane(self) -> None:
        """From the list to the detail, and back."""
        (self.rows if self.detail.has_focus else self.detail).focus()

    def action_filter_kind(self, by: int) -> None:
        """Only pieces of the next kind there is; after the last all of them."""
        if self._found is None:
            return
        kinds: list[Kind | None] = [None, *(row.kind for row in self._found.kinds if row.pieces)]
        self._kind = kinds[(kinds.index(self._kind) + by) % len(kinds)]
        self._draw(top=True)

    def action_sort(self) -> None:
        """By what moved, or by size."""
        self._params["sort"] = "size" if self._params["sort"] == "moved" else "moved"
        self._reload()

    def action_swap(self) -> None:
        """What became of b in a."""
        if self._found is not None:
            self._params |= {"a": self._found.b.name, "b": self._found.a.name}
            self._reload()

    def action_pick_side(self, side: str) -> None:
        """Choose another run, or another tree, for one side."""
        self.background("pick", self._pick, side, keys_wait=True)

    async def _pick(self, side: str) -> None:
        view, found = self.session.view, self._found
        if self._action == RUNS:
            offered = await run_choices(self.desk.reading, view.run)
        else:
            offered = await tree_choices(self.desk.reading, view.hierarchy)
        sides = {"a": found.a.name, "b": found.b.name} if found is not None else {}

        def chosen(name: str | None) -> None:
            if name is not None:
                self._params |= {**sides, side: name}
                self._reload()

        title = f"{'Run' if self._action == RUNS else 'Tree'} {side}"
        self.app.push_screen(PickScreen(title, offered, sides.get(side)), chosen)

    def action_trees(self) -> None:
        """Compare trees in place of runs, or runs in place of trees."""
        self._action = TREES if self._action == RUNS else RUNS
        self._params = _without(self._params, "a", "b", "level")
        self._kind = None
        self._reload()

    def action_level(self, by: int) -> None:
        """Compare the nodes of another level of both trees."""
        if self._action == RUNS:
            self.say("Levels are of trees: v compares them.")
            return
        level = int(self._params.get("level", 1)) + by
        if level >= 1:
            self._params["level"] = level
            self._reload()

    def copy_text(self) -> str:
        """What the piece under the cursor is."""
        piece = self.piece
        if piece is None:
            return ""
        return "\n".join(
            "".join(text for text, _ in line.spans).strip() for line in detail_lines(piece, 200, self._word)
        )


def _pieces(found: Compared) -> tuple[Piece, ...]:
    return tuple(row for row in found.rows if isinstance(row, Piece))


def _without(params: dict[str, Any], *names: str) -> dict[str, Any]:
    return {name: value for name, value in params.items() if name not in names}
