"""Trends: clusters over time, what is surest first, with the series of the one under the cursor as a chart."""

from __future__ import annotations

import asyncio
from typing import Any, ClassVar, get_args

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType

from core.errors import ActionError
from core.registry import REGISTRY
from core.text import one_line
from core.trends.rows import Sort, TrendRow, Trends
from screens.base import ActionScreen, Desk
from screens.keys import binding
from screens.places import keys_spans
from screens.trends.lines import (
    columns,
    count_spans,
    head_spans,
    list_keys,
    note_lines,
    nothing_lines,
    roomy,
    trend_lines,
    wanted,
)
from screens.widgets.bars import Bar
from screens.widgets.chart import Chart, Plot
from screens.widgets.chart_scale import Unit
from screens.widgets.row_list import RowList
from screens.widgets.spans import Line, Span

PAGE = 200
"""Clusters that are read at once."""

SORTS: tuple[Sort, ...] = tuple(sort for sort in get_args(Sort) if sort not in ("trend", "cluster"))
"""The orders that a key goes through."""

SORT_WORDS: dict[str, str] = {
    "call": "spikes first, then what grows, shrinks, is new",
    "trend": "surest trend first",
    "growth": "greatest sure growth first",
    "decline": "greatest sure decline first",
    "spike": "surest spike first",
    "change": "surest change of level first",
    "size": "biggest first",
    "cluster": "by number",
}

DEBOUNCE = 0.02
"""How long the cursor rests before the chart is drawn."""


class TrendsScreen(ActionScreen):
    """What `trend.clusters` answers.

    Args:
        desk: What the screens share.
        params: Of `trend.clusters`; those that are not given are the action's own, but for the order.
        goal: The cluster, or the node, on which the cursor begins.
    """

    HELP = "Trends"
    AUTO_FOCUS = "RowList"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "open_cluster", "Open in the tree"),
        Binding("d", "period('day')", "By day", show=False),
        Binding("w", "period('week')", "By week", show=False),
        Binding("m", "period('month')", "By month", show=False),
        Binding("s", "sort", "Another order", show=False),
        Binding("v", "themes", "Clusters or themes", show=False),
        Binding("n", "unit", "Shares or numbers", show=False),
        Binding("h,left", "pan(-1)", "Earlier", show=False),
        Binding("l,right", "pan(1)", "Later", show=False),
        Binding("c", "windows", "Compare two windows", show=False),
        binding(REGISTRY.get("data.load")),
    ]

    def __init__(self, desk: Desk, params: dict[str, Any], goal: int | str | None = None) -> None:
        super().__init__(desk)
        given = {name: value for name, value in params.items() if name != "after"}
        self._params: dict[str, Any] = {"sort": "call", "period": "week", **given}
        self._goal = goal
        self._unit: Unit = "share"
        self.rows = RowList(id="trends")
        """The list of clusters."""
        self._found: Trends | None = None
        self._listed: tuple[TrendRow, ...] = ()
        self._trouble: ActionError | None = None
        self._answers: dict[tuple[tuple[str, Any], ...], tuple[Trends, tuple[TrendRow, ...]]] = {}
        """What was read, by parameters: each answer looks at every query of the run."""

    def compose(self) -> ComposeResult:
        """What it is of, the clusters, the chart of one, the keys."""
        yield Bar(id="trends-title")
        yield Bar(id="trends-counts")
        yield Bar(id="trends-head")
        yield self.rows
        yield Chart(id="trends-chart")
        yield Bar(id="trends-keys")

    def on_mount(self) -> None:
        """Read the first page."""
        self._reload()

    def store_changed(self) -> None:
        """Read again."""
        self._answers.clear()
        self._reload()

    # Reading.

    def _reload(self) -> None:
        self._draw_title(reading=True)
        self.background("trends", self._show, keys_wait=True)

    def _asked(self) -> dict[str, Any]:
        return {"limit": PAGE, **self._params, "intervals": True}

    async def _show(self) -> None:
        asked = self._asked()
        key = tuple(sorted(asked.items()))
        self._trouble = None
        try:
            if key not in self._answers:
                found: Trends = (await self.desk.searching.dispatch("trend.clusters", asked)).data
                self._answers[key] = (found, found.rows)
        except ActionError as error:
            self._trouble, self._found, self._listed = error, None, ()
        else:
            self._found, self._listed = self._answers[key]
        self._draw(top=True)

    @property
    def _after(self) -> str | None:
        """Where the list goes on."""
        more = self._found is not None and len(self._listed) < self._found.total
        return self._listed[-1].id if more and self._listed else None

    @on(RowList.EndNeared)
    def _neared(self) -> None:
        if self._after is not None:
            self.background("trends", self._more, self._after)

    async def _more(self, after: str) -> None:
        asked = self._asked()
        page: Trends = (await self.desk.searching.dispatch("trend.clusters", {**asked, "after": after})).data
        if self._found is not None and self._after == after:
            self._listed = (*self._listed, *page.rows)
            self._answers[tuple(sorted(asked.items()))] = (self._found, self._listed)
            self._draw()

    # Drawing.

    @on(RowList.WidthChanged)
    def _wide(self) -> None:
        self._draw()

    def _draw(self, top: bool = False) -> None:
        found, width = self._found, self.rows.inner_width
        self._draw_title()
        if found is None:
            self.rows.set_lines(nothing_lines(self._trouble, width), top=True)
        else:
            calls = self._params["sort"] == "call"
            lines = trend_lines(self._listed, found.periods, width, calls)
            if lines and self._after is None:
                lines += note_lines(found.note, width)
            here = self.rows.value
            self.rows.set_lines(
                lines or [Line((("  No cluster here.", "dim"),))], more=self._after is not None, top=top
            )
            goal = self._goal if self._goal is not None else here.id if isinstance(here, TrendRow) else None
            if goal is not None:
                self.rows.select(lambda value: isinstance(value, TrendRow) and value.id == str(goal))
                self._goal = None
        self._draw_chart()

    def _draw_title(self, reading: bool = False) -> None:
        found = self._found
        spans: list[Span] = [(" Trends ", "tab")]
        for period, key in (("day", "d"), ("week", "w"), ("month", "m")):
            chosen = period == self._params["period"]
            spans.append(
                (f" [{key} {period}]" if chosen else f"  {key} {period} ", "strong" if chosen else "dim")
            )
        of, other = ("clusters", "themes") if self._params.get("level") is None else ("themes", "clusters")
        order = SORT_WORDS[self._params["sort"]]
        spans.append((f"   {of}: {order if roomy(self.size.width) else order.partition(',')[0]}", "text"))
        if reading:
            spans.append(("   counting \u2026", "warn"))
        self.query_one("#trends-title", Bar).set_spans(spans)
        counts: tuple[Span, ...] = ()
        if found is not None:
            compared = f"   {found.baseline} with {found.recent}" if found.baseline and found.recent else ""
            counts = (*count_spans(found), (compared if roomy(self.size.width) else "", "text"))
        self.query_one("#trends-counts", Bar).set_spans(counts)
        head = head_spans(self.rows.inner_width, title=of[:-1]) if found is not None else ()
        self.query_one("#trends-head", Bar).set_spans(head)
        keys = list_keys(other, self._trouble)
        self.query_one("#trends-keys", Bar).set_spans(keys_spans(keys, self.size.width))

    @on(RowList.CursorMoved)
    def _moved(self) -> None:
        self.background("chart", self._chart_soon)

    async def _chart_soon(self) -> None:
        await asyncio.sleep(DEBOUNCE)
        self._draw_chart()

    def _draw_chart(self) -> None:
        row, found, chart = self.rows.value, self._found, self.query_one(Chart)
        chart.display = self._trouble is None
        if not isinstance(row, TrendRow) or found is None:
            chart.show(Plot())
            return
        what = "share of all queries" if self._unit == "share" else "queries"
        title = (
            (" ", "text"),
            (one_line(row.title, 120), "heading"),
            (f"   {what} by {found.period}", "dim"),
        )
        places = wanted(row, found.periods)
        chart.show(Plot(title, row.says, columns(row, found.periods, self._unit), self._unit, places))

    # Keys.

    def action_period(self, period: str) -> None:
        """Count by day, week or month."""
        if period != self._params["period"]:
            self._change(period=period)

    def action_sort(self) -> None:
        """The next order."""
        here = self._params["sort"]
        self._change(sort=SORTS[(SORTS.index(here) + 1) % len(SORTS)] if here in SORTS else SORTS[0])

    def action_themes(self) -> None:
        """Themes in place of clusters, and back."""
        self._change(level=1 if self._params.get("level") is None else None)

    def _change(self, **changes: Any) -> None:
        self._params = {
            name: value for name, value in {**self._params, **changes}.items() if value is not None
        }
        self._reload()

    def action_unit(self) -> None:
        """Shares with their intervals in the chart, or plain numbers."""
        self._unit = "count" if self._unit == "share" else "share"
        self._draw_chart()

    def action_pan(self, by: int) -> None:
        """Earlier or later periods of the chart."""
        self.query_one(Chart).pan(by)

    def action_windows(self) -> None:
        """Compare two windows of time: by default those that are compared here."""
        from screens.trends.windows import WindowsScreen

        found = self._found
        if found is None:
            self.say("There is nothing to compare here.", "warning")
            return
        known = {"a": found.baseline, "b": found.recent}
        kept = {name: self._params[name] for name in ("run", "level", "within") if name in self._params}
        given = {name: value for name, value in known.items() if value is not None}
        self.app.push_screen(WindowsScreen(self.desk, kept, given))

    def action_open_cluster(self) -> None:
        """Open the cluster, or the node, in the first screen."""
        row = self.rows.value
        if isinstance(row, TrendRow) and self._found is not None:
            open_row(self, self._found.run, row.cluster, row.node)

    def copy_text(self) -> str:
        """What the figures of the cluster under the cursor say."""
        row = self.rows.value
        return f"{row.title}: {row.says}" if isinstance(row, TrendRow) else ""


def open_row(screen: ActionScreen, run: str, cluster: int | None, node: str | None) -> None:
    """Open a cluster, or a node, of a run in the first screen, when that run is open there."""
    explorer = screen.desk.explorer
    if explorer is None:
        return
    if run != screen.session.view.run:
        screen.say(f"The tree shows another run: open {run} first.", "warning")
    elif cluster is not None:
        screen.visit(cluster)
    elif node is not None:
        while screen.app.screen is not explorer:
            screen.app.pop_screen()
        explorer.perform(REGISTRY.get("node.open"), {"node": node})
