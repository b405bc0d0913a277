"""`trend.clusters` and `trend.show`: how clusters move from period to period."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from core.errors import ActionError
from core.lookup import bad_cursor, check_cluster, check_limit, find_run
from core.search.restrict import tree_of
from core.tree import node as find_node
from core.trends.analyse import Analysis, analyse
from core.trends.describe import (
    call_of,
    change_of,
    direction,
    is_new,
    is_vanished,
    points,
    trend_row,
    window_name,
)
from core.trends.dispersion import Mask
from core.trends.periods import day_text
from core.trends.prepare import Prepared, Request, prepare
from core.trends.rows import Call, PeriodRow, Sort, Trends, TrendShown
from db.workspace import Workspace

CALLS: tuple[Call, ...] = ("spike", "rising", "vanished", "falling", "new", "change", "none")
"""In the order in which `sort=call` lists them."""


def trends(
    workspace: Workspace,
    request: Request,
    sort: Sort,
    limit: int,
    after: str | None,
    intervals: bool = False,
) -> Trends:
    """Growth against the baseline, spikes and changes of level of every cluster, or of the nodes at a level.

    Raises:
        ActionError: `bad_limit`, `bad_cursor`, and what `core.trends.prepare.prepare` raises.
    """
    check_limit(limit)
    ready = prepare(workspace, request)
    found = _analysed(ready)
    order = _ordered(ready, found, sort)
    start = _start(ready, order, after)
    shown = order[start : start + limit]
    calls = [direction(found.growth, place) for place in order]
    topics = [place for place in order if ready.groups.groups[place].topic]
    early, late = _window_texts(ready)
    return Trends(
        run=ready.run.name,
        period=request.period,
        level=request.level,
        baseline=early,
        recent=late,
        queries=len(ready.asked.second),
        untimed=ready.asked.untimed,
        rising=calls.count("rising"),
        falling=calls.count("falling"),
        new=sum(is_new(ready, found, place) for place in topics),
        vanished=sum(is_vanished(ready, found, place) for place in topics),
        spiking=sum(bool(found.spiked[place].any()) for place in order),
        changed=sum(change_of(ready, found, place) is not None for place in order),
        periods=_period_rows(ready, found),
        rows=tuple(trend_row(ready, found, place, intervals) for place in shown),
        total=len(order),
        after=ready.groups.groups[shown[-1]].id if start + limit < len(order) else None,
        note=" ".join((*ready.notes, "Shares are of all queries of the run in the same time.")),
    )


def show(workspace: Workspace, request: Request, cluster: int | None, node: str | None) -> TrendShown:
    """The series of one cluster, or of one node, tested among all clusters, or all nodes of its level.

    Raises:
        ActionError: `which_trend`, `unknown_cluster`, `unknown_node`, and what `core.trends.prepare.prepare` raises.
    """
    if (cluster is None) == (node is None):
        raise ActionError("which_trend", "Say which cluster or which node.", "Either cluster= or node=.")
    if node is not None:
        run = find_run(workspace, request.run)
        level = find_node(workspace, tree_of(workspace, run), node).level
        request = replace(request, level=level)
    ready = prepare(workspace, request)
    if cluster is not None:
        check_cluster(workspace, ready.run, cluster)
    wanted = str(cluster) if node is None else node
    place = next(at for at, group in enumerate(ready.groups.groups) if group.id == wanted)
    found = _analysed(ready)
    early, late = _window_texts(ready)
    return TrendShown(
        run=ready.run.name,
        period=request.period,
        baseline=early,
        recent=late,
        untimed=ready.asked.untimed,
        trend=trend_row(ready, found, place),
        rows=points(ready, found, place),
        note=" ".join(ready.notes),
    )


def _analysed(ready: Prepared) -> Analysis:
    groups = ready.groups
    return analyse(ready.asked, ready.periods, len(groups.groups), groups.listed, ready.whole, ready.windows)


def _ordered(ready: Prepared, found: Analysis, sort: Sort) -> list[int]:
    """The places of the groups of interest."""
    queries = found.table.queries.sum(axis=1)
    nothing = np.full(len(queries), np.nan)
    growth = found.growth
    low, high, q = (
        (growth.ratios.low, growth.ratios.high, growth.q) if growth else (nothing, nothing, nothing)
    )
    spike_q = np.where(found.spiked, found.spikes.q, 2.0).min(axis=1, initial=2.0)
    first = {
        "call": q,
        "trend": q,
        "growth": -low,
        "decline": high,
        "spike": spike_q,
        "change": found.split_q,
        "size": -queries,
        "cluster": nothing,
    }[sort]
    known = np.where(np.isnan(first), np.inf, first)
    places = np.flatnonzero(ready.groups.listed)
    if sort == "cluster":
        return [int(place) for place in places]
    if sort == "call":
        # Within a call the surest first, of spikes the surest spike.
        calls = [call_of(ready, found, place) for place in places.tolist()]
        rank = np.array([CALLS.index(call) for call in calls])
        sure = np.select(
            [rank == CALLS.index("spike"), rank == CALLS.index("change")],
            [spike_q[places], found.split_q[places]],
            known[places],
        )
        return [int(place) for place in places[np.lexsort((places, -queries[places], sure, rank))]]
    return [int(place) for place in places[np.lexsort((places, -queries[places], known[places]))]]


def _start(ready: Prepared, order: list[int], after: str | None) -> int:
    if after is None:
        return 0
    for at, place in enumerate(order):
        if ready.groups.groups[place].id == after:
            return at + 1
    raise bad_cursor(after)


def _window_texts(ready: Prepared) -> tuple[str | None, str | None]:
    if ready.windows is None:
        return None, None
    early, late = (_days_of(ready, window) for window in ready.windows)
    return early, late


def _days_of(ready: Prepared, window: Mask) -> str:
    numbers = np.flatnonzero(window)
    first, last = ready.periods.window(int(numbers[0])), ready.periods.window(int(numbers[-1]))
    return f"{day_text(first.first)}..{day_text(last.last)}"


def _period_rows(ready: Prepared, found: Analysis) -> tuple[PeriodRow, ...]:
    rows = []
    for number in range(len(ready.periods)):
        days = ready.periods.window(number)
        rows.append(
            PeriodRow(
                period=ready.periods.label(number),
                start=day_text(days.first),
                end=day_text(days.last),
                queries=int(found.table.all_queries[number]),
                partial=bool(ready.partial[number]),
                window=window_name(ready, number),
            )
        )
    return tuple(rows)
