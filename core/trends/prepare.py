"""From the words of a request to the queries, periods and windows that it is about."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from core.errors import ActionError
from core.lookup import RunInfo, find_run
from core.trends.analyse import KNOWN
from core.trends.counts import Asked, partial, read_asked
from core.trends.dispersion import Mask
from core.trends.groups import Groups, find_groups
from core.trends.periods import MOST_CELLS, Kind, Periods, Window, day_text, periods_of, read_window
from core.trends.windows import choose_windows
from db.workspace import Workspace

_FIRST, _LAST = -(2**40), 2**40


@dataclass(frozen=True)
class Request:
    """What is asked for, in the user's words."""

    run: str | None
    period: Kind
    baseline: str | None = None
    recent: int | None = None
    since: str | None = None
    until: str | None = None
    level: int | None = None
    within: str | None = None
    partial: bool = False


@dataclass(frozen=True, eq=False)
class Prepared:
    """The same, found in the store."""

    run: RunInfo
    groups: Groups
    asked: Asked
    periods: Periods
    partial: Mask
    """`[periods]` which the log covers only in part."""
    whole: Mask
    """`[periods]` which take part in tests."""
    windows: tuple[Mask, Mask] | None
    notes: tuple[str, ...]

    @property
    def persons(self) -> bool:
        """Whether it is known who asked."""
        return self.asked.named >= KNOWN


def prepare(workspace: Workspace, request: Request) -> Prepared:
    """Read and cut.

    Raises:
        ActionError: `no_run`, `unknown_run`, `no_times`, `bad_window`, `empty_window`, `bad_baseline`, `bad_recent`,
            `too_many_periods`, and what `find_groups` raises.
    """
    run = find_run(workspace, request.run)
    groups = find_groups(workspace, run, request.level, request.within)
    days = _days(request.since, request.until)
    everything = read_asked(workspace, run)
    asked = inside(everything, days, "since= and until=").regrouped(groups.of_cluster)
    held = Window(int(asked.day.min()), int(asked.day.max()))
    periods = periods_of(request.period, held)
    if len(groups.groups) * len(periods) > MOST_CELLS:
        raise ActionError(
            "too_many_periods",
            f"{len(groups.groups):,} clusters in {len(periods):,} {request.period}s are too many counts for one table.",
            "Take a longer period=, a level= of the tree, or narrow the time with since= and until=.",
        )
    in_part = np.zeros(len(periods), dtype=bool)
    first, last = partial(asked, periods, days)
    in_part[0] |= first
    in_part[-1] |= last
    whole = np.ones(len(periods), dtype=bool) if request.partial else ~in_part
    windows = choose_windows(periods, whole, request.baseline, request.recent)
    notes = _notes(everything, asked, periods, in_part, request.partial, windows is None)
    return Prepared(run, groups, asked, periods, in_part, whole, windows, notes)


def _days(since: str | None, until: str | None) -> Window:
    first = _FIRST if since is None else read_window(since, "since").first
    last = _LAST if until is None else read_window(until, "until").last
    if first > last:
        raise ActionError("bad_window", f"since={since} is after until={until}.", "Turn them round.")
    return Window(first, last)


def inside(asked: Asked, days: Window, what: str) -> Asked:
    """The queries of some days.

    Raises:
        ActionError: `empty_window` when there are none.
    """
    found = asked.inside(days)
    if not len(found.second):
        first, last = (day_text(int(day)) for day in (asked.day.min(), asked.day.max()))
        raise ActionError(
            "empty_window", f"No query lies inside {what}.", f"The log has times from {first} to {last}."
        )
    return found


def variance_note(asked: Asked) -> str:
    """How the tests take bursts into account."""
    if asked.named >= KNOWN:
        return "Tests take persons, not queries, for independent: one who asks a hundred times is no trend."
    return "It is not known who asked, so tests take how much counts vary between periods for what bursts of one person add."


def untimed_note(asked: Asked) -> list[str]:
    """What is not counted for want of a time."""
    if not asked.untimed:
        return []
    total = asked.untimed + len(asked.second)
    return [f"{asked.untimed:,} of {total:,} queries have no time and are not counted."]


def _notes(
    everything: Asked, asked: Asked, periods: Periods, in_part: Mask, used: bool, nothing: bool
) -> tuple[str, ...]:
    notes = untimed_note(everything)
    cut = [periods.label(int(number)) for number in np.flatnonzero(in_part)]
    if cut:
        what = "but tested all the same" if used else "and not tested"
        notes.append(f"The log covers {' and '.join(cut)} only in part: counted, {what}.")
    if nothing:
        notes.append(
            f"There are no two whole {periods.kind}s to compare: take a shorter period=, or partial=true."
        )
    else:
        notes.append(variance_note(asked))
    return tuple(notes)
