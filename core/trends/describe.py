"""One group's figures as a row, with what they say."""

from __future__ import annotations

import math
from typing import Literal

import numpy as np

from core.trends.analyse import SURE, Analysis, Growth
from core.trends.dispersion import Reals
from core.trends.periods import day_text
from core.trends.prepare import Prepared
from core.trends.rates import LEVEL
from core.trends.rows import Call, Change, Direction, Point, Spike, TrendRow
from core.trends.words import change_says, growth_says, spikes_say


def direction(growth: Growth | None, place: int) -> Direction:
    """Whether a group surely grows or shrinks."""
    if growth is None or not growth.q[place] <= SURE:
        return "none"
    return "rising" if growth.ratios.ratio[place] > 1 else "falling"


def is_new(ready: Prepared, found: Analysis, place: int) -> bool:
    """Whether a group was not asked for before the end of the baseline, but is in the recent window."""
    if ready.windows is None or found.growth is None or not found.growth.late[place]:
        return False
    end = int(np.flatnonzero(ready.windows[0])[-1])
    return not found.table.queries[place, : end + 1].any()


def is_vanished(ready: Prepared, found: Analysis, place: int) -> bool:
    """Whether a group was asked for in the baseline, but not since the beginning of the recent window."""
    if ready.windows is None or found.growth is None or not found.growth.early[place]:
        return False
    start = int(np.flatnonzero(ready.windows[1])[0])
    return not found.table.queries[place, start:].any()


def change_of(ready: Prepared, found: Analysis, place: int) -> Change | None:
    """The change of level of a group, where it is sure."""
    if not found.split_q[place] <= SURE:
        return None
    return Change(
        period=ready.periods.label(int(found.splits.at[place])),
        share_before=round(float(found.splits.before[place]), 6),
        share_after=round(float(found.splits.after[place]), 6),
        p=figure(found.split_p[place]) or 0.0,
        q=figure(found.split_q[place]) or 0.0,
    )


def call_of(ready: Prepared, found: Analysis, place: int) -> Call:
    """What a group is called by what is sure of it."""
    if found.spiked[place].any():
        return "spike"
    way = direction(found.growth, place)
    if way == "rising":
        return "new" if is_new(ready, found, place) else "rising"
    if way == "falling":
        return "vanished" if is_vanished(ready, found, place) else "falling"
    return "change" if found.split_q[place] <= SURE else "none"


def trend_row(ready: Prepared, found: Analysis, place: int, intervals: bool = False) -> TrendRow:
    """All that is known of a group; `intervals` are made on demand, for they take time."""
    group, growth = ready.groups.groups[place], found.growth
    counts, totals = found.table.queries[place], found.table.all_queries
    seen = np.flatnonzero(counts)
    spikes, change = _spikes(ready, found, place), change_of(ready, found, place)
    early, late = (int(growth.early[place]), int(growth.late[place])) if growth else (0, 0)
    shares = (early / growth.all_early, late / growth.all_late) if growth else (None, None)
    ratio, low, high = bounds(growth, place)
    new, vanished = is_new(ready, found, place), is_vanished(ready, found, place)
    way = direction(growth, place)
    ends = share_bounds(found, place) if intervals else ()
    says = [f"{int(counts.sum()):,} queries; there is nothing to compare them with."]
    if shares[0] is not None and shares[1] is not None:
        says = [
            growth_says(
                direction=way, new=new, vanished=vanished, before=early, recent=late, share_before=shares[0],
                share_recent=shares[1], ratio=ratio, low=low, high=high, names=("in the baseline", "recently"),
            )
        ]  # fmt: skip
    says = [spikes_say(spikes, ready.persons), *says, change_says(change, ready.periods.kind)]
    return TrendRow(
        id=group.id,
        cluster=group.cluster,
        node=group.node,
        title=group.title,
        topic=group.topic,
        queries=int(counts.sum()),
        before=early,
        recent=late,
        share_before=None if shares[0] is None else round(shares[0], 6),
        share_recent=None if shares[1] is None else round(shares[1], 6),
        ratio=ratio,
        low=low,
        high=high,
        p=None if growth is None else figure(growth.ratios.p[place]),
        q=None if growth is None else figure(growth.q[place]),
        direction=way,
        call=call_of(ready, found, place),
        dispersion=None if growth is None else round(float(growth.spread.factor[place]), 2),
        first=ready.periods.label(int(seen[0])) if len(seen) else None,
        last=ready.periods.label(int(seen[-1])) if len(seen) else None,
        new=new,
        vanished=vanished,
        spikes=spikes,
        change=change,
        counts=tuple(int(count) for count in counts),
        shares=tuple(round(float(share), 6) for share in counts / np.maximum(totals, 1)),
        lows=tuple(low for low, _ in ends),
        highs=tuple(high for _, high in ends),
        says=" ".join(part for part in says if part),
    )


def bounds(growth: Growth | None, place: int) -> tuple[float | None, float | None, float | None]:
    """Ratio and interval; `None` for what is infinite or not known."""
    if growth is None:
        return None, None, None
    found = growth.ratios
    ratio, low, high = (figure(values[place], 4) for values in (found.ratio, found.low, found.high))
    return ratio, low, high


def figure(value: float, digits: int = 3) -> float | None:
    """A number with so many digits that mean something; `None` where it is none or infinite."""
    return float(f"{value:.{digits}g}") if math.isfinite(value) else None


def _spikes(ready: Prepared, found: Analysis, place: int) -> tuple[Spike, ...]:
    rows = []
    for number in np.flatnonzero(found.spiked[place]).tolist():
        askers, expected = int(found.table.askers[place, number]), float(found.spikes.expected[place, number])
        rows.append(
            Spike(
                period=ready.periods.label(number),
                queries=int(found.table.queries[place, number]),
                askers=askers,
                expected=round(expected, 2),
                ratio=round(askers / expected, 2),
                p=figure(found.spikes.p[place, number]) or 0.0,
                q=figure(found.spikes.q[place, number]) or 0.0,
            )
        )
    return tuple(rows)


def window_name(ready: Prepared, number: int) -> Literal["baseline", "recent"] | None:
    """In which of the two windows a period lies."""
    if ready.windows is None:
        return None
    if ready.windows[0][number]:
        return "baseline"
    return "recent" if ready.windows[1][number] else None


def share_bounds(found: Analysis, place: int) -> tuple[tuple[float | None, float | None], ...]:
    """The 95% interval of a group's share in each period, `None` where nothing was asked at all.

    It is wider by what a person asks at a time, and by how the group's periods differ.
    """
    counts, totals = found.table.queries[place], found.table.all_queries
    clumps = np.maximum(counts, 1) / np.maximum(found.table.askers[place], 1)
    spread = float(found.splits.spread.factor[place]) * clumps
    low, high = _share_bounds(counts / spread, totals / spread)
    return tuple(
        (figure(low[at]), figure(high[at])) if totals[at] else (None, None) for at in range(len(totals))
    )


def points(ready: Prepared, found: Analysis, place: int) -> tuple[Point, ...]:
    """The series of a group."""
    counts, totals = found.table.queries[place], found.table.all_queries
    ends = share_bounds(found, place)
    rows = []
    for number in range(len(ready.periods)):
        days, total = ready.periods.window(number), int(totals[number])
        rows.append(
            Point(
                period=ready.periods.label(number),
                start=day_text(days.first),
                end=day_text(days.last),
                queries=int(counts[number]),
                askers=int(found.table.askers[place, number]),
                of=total,
                share=round(int(counts[number]) / total, 6) if total else None,
                low=ends[number][0],
                high=ends[number][1],
                expected=figure(found.spikes.expected[place, number]),
                spike=bool(found.spiked[place, number]),
                partial=bool(ready.partial[number]),
                window=window_name(ready, number),
            )
        )
    return tuple(rows)


def _share_bounds(counts: Reals, totals: Reals) -> tuple[Reals, Reals]:
    """Clopper and Pearson's interval of a share."""
    from scipy.stats import beta

    rest = np.maximum(totals - counts, 0)
    with np.errstate(invalid="ignore"):
        low = np.where(counts > 0, beta.ppf(LEVEL / 2, counts, rest + 1), 0.0)
        high = np.where(rest > 0, beta.isf(LEVEL / 2, counts + 1, rest), 1.0)
    return low, high
