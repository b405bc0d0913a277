"""The tabs of the detail pane: which there are for what, and how each is read."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from datetime import date, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

from core.errors import ActionError
from core.rows import ClusterRow, NodeRow
from screens.widgets.spans import Line, Span

if TYPE_CHECKING:
    from screens.base import Desk

Draw = Callable[[int], list[Line]]
"""Makes the lines for a width."""

TABS: dict[str, tuple[str, ...]] = {
    "root": ("overview", "facets", "names", "history"),
    "theme": ("overview", "facets"),
    "no_parent": ("overview", "facets"),
    "cluster": ("overview", "facets", "names", "neighbours", "history"),
    "noise": ("overview", "facets"),
    "orphans": ("overview", "facets"),
}
"""By kind of node."""

TOP = 8
"""Values of a facet that are shown; what is less is summed up."""

EDITS = 200
"""Edits that the history shows; the history screen has all."""

PERIODS = 1_000
"""Weeks that are counted at most."""

FEW = 2
"""Weeks up to which days tell more."""


def tabs_of(row: NodeRow | ClusterRow | None) -> tuple[str, ...]:
    """The tabs for a node; none where there is none."""
    return TABS.get(row.kind, ("overview",)) if row is not None else ()


def tabs_bar(tabs: tuple[str, ...], chosen: str) -> tuple[Span, ...]:
    """The tabs in a line; the chosen one stands in brackets."""
    spans: list[Span] = [(" ", "text")]
    for tab in tabs:
        here = tab == chosen
        spans.append(
            (f"[{tab.capitalize()}]" if here else f" {tab.capitalize()} ", "strong" if here else "dim")
        )
    return (*spans, ("  , .", "key")) if len(tabs) > 1 else tuple(spans)


@dataclass(frozen=True)
class Shown:
    """What the tabs are of."""

    row: NodeRow | ClusterRow
    tree: bool
    """Whether there is a tree: a theme is found in it."""

    @property
    def narrow(self) -> dict[str, Any]:
        """The parameters that narrow a count to it."""
        if self.row.kind == "root":
            return {}
        if self.row.cluster is not None:
            return {"cluster": self.row.cluster}
        return {"within": self.row.node} if isinstance(self.row, NodeRow) else {}


class TabReader:
    """Reads what a tab other than the overview shows; each step of the answer can be drawn."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def read(self, tab: str, shown: Shown) -> AsyncIterator[Draw]:
        """What there is to draw, more with each step."""
        if tab == "facets":
            async for draw in self._facets(shown):
                yield draw
        elif tab == "names":
            yield await self._names(shown)
        elif tab == "neighbours":
            yield await self._neighbours(shown)
        else:
            yield await self._history(shown)

    async def _facets(self, shown: Shown) -> AsyncIterator[Draw]:
        """Weeks, languages, models, then each facet that was made: counted one after the other, beside the other readings."""
        from screens.widgets.tab_lines import counts_lines, heading_line, waiting_lines

        desk = self._desk
        blocks: list[Draw] = [lambda _: [heading_line(shown.row)]]

        def drawn(waiting: str) -> Draw:
            done = tuple(blocks)
            return lambda width: [
                *(line for block in done for line in block(width)),
                *waiting_lines(waiting),
            ]

        yield drawn("weeks")
        listed = (await desk.reading.dispatch("facet.list")).data
        made = [row.facet for row in listed if row.source != "log"]
        blocks.append(await self._times(shown))
        names = ["language", "chat_model", *made]
        for at, name in enumerate(names):
            yield drawn(name)
            try:
                page = await desk.searching.dispatch(
                    "facet.count", {"by": name, "limit": TOP, **shown.narrow}
                )
            except ActionError as error:
                if error.code != "unknown_facet":
                    raise
                continue
            title = {"language": "Languages", "chat_model": "Models"}.get(name, name)
            blocks.append(partial(counts_lines, title, page.data, page.total or len(page.data)))
            if at == len(names) - 1:
                yield drawn("")

    async def _times(self, shown: Shown) -> Draw:
        """The weeks, or the days where there are but two weeks."""
        from screens.widgets.tab_lines import times_lines

        series, unknown = await self._series(shown, "week", 7)
        if 0 < len(series) <= FEW:
            series, unknown = await self._series(shown, "day", 1)
            return partial(times_lines, "Days", series, unknown)
        return partial(times_lines, "Weeks", series, unknown)

    async def _series(self, shown: Shown, by: str, step: int) -> tuple[list[tuple[str, int]], int]:
        """Queries by period, and how many have no time."""
        params = {"by": by, "limit": PERIODS, "sort": "value", **shown.narrow}
        rows = (await self._desk.searching.dispatch("facet.count", params)).data
        series = periodic({row.value: row.count for row in rows}, step)
        return series, sum(row.count for row in rows if row.value is None)

    async def _names(self, shown: Shown) -> Draw:
        from screens.widgets.tab_lines import names_lines, sets_lines

        reading = self._desk.reading
        if shown.row.cluster is None:
            sets = (await reading.dispatch("summary.list")).data
            trees = (await reading.dispatch("hierarchy.list")).data
            return lambda width: sets_lines(sets, trees, width)
        names = (await reading.dispatch("cluster.names", {"cluster": shown.row.cluster})).data
        return lambda width: names_lines(names, width)

    async def _neighbours(self, shown: Shown) -> Draw:
        from screens.widgets.tab_lines import neighbours_lines

        found = await self._desk.reading.dispatch("cluster.show", {"cluster": shown.row.cluster})
        return lambda width: neighbours_lines(found.data, width)

    async def _history(self, shown: Shown) -> Draw:
        from screens.widgets.tab_lines import edits_lines

        view, row = self._desk.session.view, shown.row
        of = {"cluster": row.cluster} if row.cluster is not None else {"run": view.run}
        page = await self._desk.reading.dispatch("edit.history", {**of, "limit": EDITS})
        return lambda width: edits_lines(page.data, page.total or 0, self._desk.session.actor, width)


def periodic(counts: dict[str | None, int], step: int) -> list[tuple[str, int]]:
    """Counts by the first day of each period, those without any included; what is no date is left out.

    Args:
        counts: By a date such as `2023-04-03`.
        step: Days of a period.
    """
    found: dict[date, int] = {}
    for value, count in counts.items():
        try:
            found[date.fromisoformat(value or "")] = count
        except ValueError:
            continue
    if not found:
        return []
    day, last = min(found), max(found)
    series: list[tuple[str, int]] = []
    while day <= last and len(series) < PERIODS:
        series.append((day.isoformat(), found.get(day, 0)))
        day += timedelta(step)
    return series
