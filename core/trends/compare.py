"""`trend.compare`: two windows of time side by side."""

from __future__ import annotations

import numpy as np

from core.errors import ActionError
from core.lookup import bad_cursor, check_limit, find_run
from core.trends.analyse import Growth, compare
from core.trends.counts import Asked, read_asked, tabulate
from core.trends.describe import bounds, direction, figure
from core.trends.groups import Groups, find_groups
from core.trends.periods import MOST_CELLS, MOST_PERIODS, Periods, Window, day_text, read_window
from core.trends.prepare import inside, untimed_note, variance_note
from core.trends.rows import WindowRow, WindowsCompared, WindowTrend
from core.trends.words import growth_says
from db.workspace import Workspace


def compare_windows(
    workspace: Workspace,
    run: str | None,
    a: str,
    b: str,
    level: int | None,
    within: str | None,
    limit: int,
    after: str | None,
) -> WindowsCompared:
    """The share of every cluster, or of the nodes at a level, in window `b` against that in `a`, the surest first.

    Raises:
        ActionError: `no_run`, `unknown_run`, `no_times`, `bad_window`, `same_window`, `empty_window`, `bad_limit`,
            `bad_cursor`, and what `find_groups` raises.
    """
    check_limit(limit)
    found_run = find_run(workspace, run)
    first, second = read_window(a, "a"), read_window(b, "b")
    if first.first <= second.last and second.first <= first.last:
        raise ActionError(
            "same_window", f"a={a} and b={b} have days in common.", "Take windows that do not overlap."
        )
    groups = find_groups(workspace, found_run, level, within)
    everything = read_asked(workspace, found_run)
    parts = [inside(everything, days, f"{name}={days}") for name, days in (("a", first), ("b", second))]
    growth = _growth(everything.regrouped(groups.of_cluster), groups, first, second)
    order = _ordered(groups, growth)
    start = _start(groups, order, after)
    shown = order[start : start + limit]
    calls = [direction(growth, place) for place in order]
    topics = [place for place in order if groups.groups[place].topic]
    return WindowsCompared(
        run=found_run.name,
        level=level,
        a=_window_row(first, parts[0]),
        b=_window_row(second, parts[1]),
        untimed=everything.untimed,
        rising=calls.count("rising"),
        falling=calls.count("falling"),
        new=sum(bool(growth.late[place] and not growth.early[place]) for place in topics),
        vanished=sum(bool(growth.early[place] and not growth.late[place]) for place in topics),
        rows=tuple(_row(groups, growth, place) for place in shown),
        total=len(order),
        after=groups.groups[shown[-1]].id if start + limit < len(order) else None,
        note=" ".join(
            (*untimed_note(everything), *_short(first, second, everything), variance_note(everything))
        ),
    )


def _growth(asked: Asked, groups: Groups, first: Window, second: Window) -> Growth:
    """The windows are cut into days, or into longer steps where they are long, to see how far those differ."""
    days = Window(min(first.first, second.first), max(first.last, second.last))
    both = ((asked.day >= first.first) & (asked.day <= first.last)) | (
        (asked.day >= second.first) & (asked.day <= second.last)
    )
    taken = Asked(asked.group[both], asked.second[both], asked.user[both], asked.named, asked.untimed)
    earlier, later = sorted((first, second), key=lambda window: window.first)
    most = min(MOST_PERIODS, MOST_CELLS // len(groups.groups))
    step = -(-(days.last - days.first + 1) // most)
    edges = np.unique(
        np.concatenate(
            [np.arange(window.first, window.last + 1, step) for window in (earlier, later)]
            + [[earlier.last + 1, later.last + 1]]
        )
    )
    periods = Periods("day", edges.astype(np.int64))
    starts = periods.edges[:-1]
    windows = (
        (starts >= first.first) & (starts <= first.last),
        (starts >= second.first) & (starts <= second.last),
    )
    period = periods.of_days(taken.day)
    table = tabulate(taken, period, len(groups.groups), len(periods))
    return compare(taken, period, table, windows, groups.listed)


def _ordered(groups: Groups, growth: Growth) -> list[int]:
    both = growth.early + growth.late
    places = np.flatnonzero(groups.listed)
    q = np.where(np.isnan(growth.q), 2.0, growth.q)
    return [int(place) for place in places[np.lexsort((places, -both[places], q[places]))]]


def _start(groups: Groups, order: list[int], after: str | None) -> int:
    if after is None:
        return 0
    for at, place in enumerate(order):
        if groups.groups[place].id == after:
            return at + 1
    raise bad_cursor(after)


def _window_row(days: Window, asked: Asked) -> WindowRow:
    first, last = int(asked.day.min()), int(asked.day.max())
    return WindowRow(str(days), len(asked.second), day_text(first), day_text(last))


def _short(first: Window, second: Window, everything: Asked) -> list[str]:
    """Windows of which the log covers a part alone."""
    start, end = int(everything.day.min()), int(everything.day.max())
    cut = [name for name, days in (("a", first), ("b", second)) if days.first < start or days.last > end]
    if not cut:
        return []
    return [
        f"The log has times from {day_text(start)} to {day_text(end)}: it does not cover all of {' and '.join(cut)}."
    ]


def _row(groups: Groups, growth: Growth, place: int) -> WindowTrend:
    group = groups.groups[place]
    early, late = int(growth.early[place]), int(growth.late[place])
    share_a, share_b = early / growth.all_early, late / growth.all_late
    ratio, low, high = bounds(growth, place)
    way = direction(growth, place)
    new, vanished = not early and late > 0, early > 0 and not late
    return WindowTrend(
        id=group.id,
        cluster=group.cluster,
        node=group.node,
        title=group.title,
        topic=group.topic,
        in_a=early,
        in_b=late,
        share_a=round(share_a, 6),
        share_b=round(share_b, 6),
        ratio=ratio,
        low=low,
        high=high,
        p=figure(growth.ratios.p[place]),
        q=figure(growth.q[place]),
        direction=way,
        dispersion=round(float(growth.spread.factor[place]), 2),
        new=new,
        vanished=vanished,
        says=growth_says(
            direction=way, new=new, vanished=vanished, before=early, recent=late, share_before=share_a,
            share_recent=share_b, ratio=ratio, low=low, high=high, names=("in a", "in b"),
        ),
    )  # fmt: skip
