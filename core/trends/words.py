"""What the figures of a trend say, in plain sentences."""

from __future__ import annotations

from core.trends.rows import Change, Direction, Spike

_SHOWN = 3


def growth_says(
    *,
    direction: Direction,
    new: bool,
    vanished: bool,
    before: int,
    recent: int,
    share_before: float,
    share_recent: float,
    ratio: float | None,
    low: float | None,
    high: float | None,
    names: tuple[str, str],
) -> str:
    """How a share moved between two windows, whose names are given."""
    early, late = names
    if not before and not recent:
        return f"Asked neither {early} nor {late}."
    doubt = "" if direction != "none" else " That may be chance."
    if not before:
        word = "New" if new else "Back"
        return f"{word}: {_queries(recent)} {late}, {percent(share_recent)} of all, and none {early}.{doubt}"
    if not recent:
        word = "Vanished" if vanished else "Not asked lately"
        return f"{word}: {_queries(before)} {early}, {percent(share_before)} of all, and none {late}.{doubt}"
    opening = {"rising": "Rising: ", "falling": "Falling: ", "none": "No sure trend: "}[direction]
    bounds = f"{times(low or 0)} to {times(high)}" if high is not None else f"{times(low or 0)} or more"
    return (
        f"{opening}{times(ratio or 0)} times its share {early} (95%: {bounds}), from {percent(share_before)}"
        f" ({_queries(before)}) to {percent(share_recent)} ({_queries(recent)})."
    )


def spikes_say(spikes: tuple[Spike, ...], persons: bool) -> str:
    """Where the highest peaks are."""
    if not spikes:
        return ""
    highest = sorted(spikes, key=lambda spike: -spike.ratio)[:_SHOWN]
    parts = []
    for spike in sorted(highest, key=lambda spike: spike.period):
        who = f"{spike.askers:,} askers ({_queries(spike.queries)})" if persons else _queries(spike.queries)
        parts.append(f"{spike.period} with {who} where {_count(spike.expected)} were expected")
    more = f"; and {len(spikes) - _SHOWN} more" if len(spikes) > _SHOWN else ""
    return f"Spike{'s' if len(spikes) > 1 else ''}: {'; '.join(parts)}{more}."


def change_says(change: Change | None, kind: str) -> str:
    """Since when the level is another one."""
    if change is None:
        return ""
    return (
        f"Its level changed with the {kind} {change.period}: from {percent(change.share_before)}"
        f" to {percent(change.share_after)} of askers."
    )


def percent(share: float) -> str:
    """A share with two digits that mean something."""
    value = 100 * share
    return f"{value:.0f}%" if value >= 10 else f"{value:.2g}%"


def times(ratio: float) -> str:
    """A ratio with two digits that mean something, never as a power of ten."""
    return f"{ratio:,.0f}" if ratio >= 99.5 else f"{ratio:.2g}" if ratio >= 0.0001 else "0"


def _queries(count: int) -> str:
    return "1 query" if count == 1 else f"{count:,} queries"


def _count(expected: float) -> str:
    return f"{expected:.0f}" if expected >= 10 else f"{expected:.2g}"
