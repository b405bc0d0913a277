"""Two windows of time side by side: what is asked more, or less, in the second than in the first."""

from __future__ import annotations

import asyncio
from typing import Any, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType

from core.errors import ActionError
from core.registry import REGISTRY
from core.text import one_line
from core.trends.rows import WindowsCompared, WindowTrend
from screens.base import ActionScreen, Desk
from screens.form.screen import FormScreen
from screens.places import keys_spans
from screens.trends.lines import head_spans, note_lines, window_detail, window_line, window_spans
from screens.trends.screen import DEBOUNCE, PAGE, open_row
from screens.widgets.bars import Bar
from screens.widgets.row_list import RowList
from screens.widgets.spans import Line, wrap

WRONG = ("bad_window", "same_window", "empty_window", "missing_parameter", "bad_parameter", "bad_level")
"""Errors of what was filled in: the form asks again, and says why."""


class WindowsScreen(ActionScreen):
    """What `trend.compare` answers.

    Args:
        desk: What the screens share.
        params: Of `trend.compare`; a form asks for the windows where they are missing.
        known: What the form offers.
    """

    HELP = "Trends"
    AUTO_FOCUS = "#windows"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "open_cluster", "Open in the tree"),
        Binding("c", "windows", "Other windows", show=False),
        Binding("x", "swap", "Swap a and b", show=False),
    ]

    def __init__(self, desk: Desk, params: dict[str, Any], known: dict[str, Any] | None = None) -> None:
        super().__init__(desk)
        self._params = dict(params)
        self._known = dict(known or {})
        self.rows = RowList(id="windows")
        """The list of clusters."""
        self._found: WindowsCompared | None = None
        self._listed: tuple[WindowTrend, ...] = ()
        self._after: str | None = None
        self._trouble: ActionError | None = None

    def compose(self) -> ComposeResult:
        """The windows, the clusters, what is known of one, the keys."""
        yield Bar(id="windows-title")
        yield Bar(id="windows-counts")
        yield Bar(id="windows-head")
        yield self.rows
        detail = RowList(id="windows-detail")
        detail.can_focus = False
        yield detail
        yield Bar(id="windows-keys")

    def on_mount(self) -> None:
        """Compare, or ask what."""
        if "a" in self._params and "b" in self._params:
            self._reload()
        else:
            self._ask("")

    def store_changed(self) -> None:
        """Read again."""
        if self._found is not None:
            self._reload()

    def _ask(self, why: str) -> None:
        def filled(params: dict[str, Any] | None) -> None:
            if params is not None:
                kept = {n: v for n, v in self._params.items() if n not in ("level", "within", "run")}
                self._params = {**kept, **params}
                self._reload()
            elif self._found is None:
                self.app.pop_screen()

        known = {**self._known, **self._params}
        hidden = frozenset(("limit", "after"))
        self.app.push_screen(
            FormScreen(REGISTRY.get("trend.compare"), known, hidden=hidden, about=why), filled
        )

    # Reading.

    def _reload(self) -> None:
        self.query_one("#windows-title", Bar).set_spans(
            ((" Two windows ", "tab"), ("   counting \u2026", "warn"))
        )
        self.background("windows", self._show, keys_wait=True)

    async def _show(self) -> None:
        self._trouble = None
        try:
            asked = {"limit": PAGE, **self._params}
            found: WindowsCompared = (await self.desk.searching.dispatch("trend.compare", asked)).data
        except ActionError as error:
            if error.code in WRONG:
                self._ask(f"{error.message} {error.hint}")
            self._trouble, self._found, self._listed, self._after = error, None, (), None
        else:
            self._found, self._listed, self._after = found, found.rows, found.after
        self._draw(top=True)

    @on(RowList.EndNeared, "#windows")
    def _neared(self) -> None:
        if self._after is not None:
            self.background("windows", self._more, self._after)

    async def _more(self, after: str) -> None:
        asked = {"limit": PAGE, **self._params, "after": after}
        found: WindowsCompared = (await self.desk.searching.dispatch("trend.compare", asked)).data
        if self._after == after:
            self._listed, self._after = (*self._listed, *found.rows), found.after
            self._draw()

    # Drawing.

    @on(RowList.WidthChanged, "#windows")
    def _wide(self) -> None:
        keys = (
            ("enter", "open"),
            ("c", "other windows"),
            ("x", "swap a and b"),
            ("y", "copy"),
            ("esc", "back"),
        )
        self.query_one("#windows-keys", Bar).set_spans(keys_spans(keys, self.size.width))
        self._draw()

    def _draw(self, top: bool = False) -> None:
        found = self._found
        title, counts, head = (
            self.query_one(f"#windows-{name}", Bar) for name in ("title", "counts", "head")
        )
        if found is None:
            told = self._trouble
            lines = [Line()]
            for text, look in ((told.message, "warn"), (told.hint, "text")) if told else ():
                lines += [
                    Line(((f"  {part}", look),))
                    for part in wrap(one_line(text, 600), self.rows.inner_width - 4)
                ]
            self.rows.set_lines(lines)
            title.set_spans(((" Two windows ", "tab"),))
            counts.set_spans(())
            head.set_spans(())
        else:
            moved = (
                f"  {found.rising:,} rising \u00b7 {found.falling:,} falling \u00b7 {found.total:,} in all"
            )
            title.set_spans(((" Two windows ", "tab"), (moved, "text")))
            counts.set_spans(window_spans(found))
            head.set_spans(head_spans(self.rows.inner_width, windows=True))
            more = self._after is not None
            lines = [window_line(row) for row in self._listed]
            lines += [] if more else note_lines(found.note, self.rows.inner_width)
            self.rows.set_lines(lines, more=more, top=top)
        self._draw_detail()

    @on(RowList.CursorMoved, "#windows")
    def _moved(self) -> None:
        self.background("detail", self._detail_soon)

    async def _detail_soon(self) -> None:
        await asyncio.sleep(DEBOUNCE)
        self._draw_detail()

    def _draw_detail(self) -> None:
        detail, row, found = self.query_one("#windows-detail", RowList), self.rows.value, self._found
        if not isinstance(row, WindowTrend) or found is None:
            detail.set_lines(())
            return
        width = detail.inner_width
        says = [Line(((f" {part}", "text"),)) for part in wrap(row.says, width - 2)]
        title = Line(((f" {one_line(row.title, 160)}", "heading"),))
        detail.set_lines([title, *window_detail(row, found, width), *says], top=True)

    # Keys.

    def action_windows(self) -> None:
        """Other windows, by a form."""
        self._ask("")

    def action_swap(self) -> None:
        """The second window first."""
        if self._found is not None:
            self._params |= {"a": self._params["b"], "b": self._params["a"]}
            self._reload()

    def action_open_cluster(self) -> None:
        """Open the cluster, or the node, in the first screen."""
        row = self.rows.value
        if isinstance(row, WindowTrend) and self._found is not None:
            open_row(self, self._found.run, row.cluster, row.node)

    def copy_text(self) -> str:
        """What the figures of the cluster under the cursor say."""
        row = self.rows.value
        return f"{row.title}: {row.says}" if isinstance(row, WindowTrend) else ""
