"""What moves, for a report; nothing where no query has a time."""

from __future__ import annotations

from datetime import date
from typing import Literal

from core.errors import ActionError
from core.lookup import RunInfo
from core.redact.mask import Redactor
from core.report.content import Bar, Movement, TrendPart
from core.report.hidden import Hidden
from db.workspace import Workspace

Kind = Literal["day", "week", "month"]

_MOST = 12
_DAYS_BY_DAY, _DAYS_BY_WEEK = 42, 500
"""Up to so many days of log, periods are days, or weeks; beyond that they are months."""


def trend_part(workspace: Workspace, run: RunInfo, hidden: Hidden, redactor: Redactor) -> TrendPart | None:
    """The clusters that move most surely, and all queries over time."""
    first, last = workspace.row(
        "SELECT date(min(v.timestamp)), date(max(v.timestamp)) FROM assignment a JOIN query q ON q.id = a.query_id"
        " JOIN conversation v ON v.id = q.conversation_id WHERE a.run_id = ?",
        (run.id,),
    ) or (None, None)
    if first is None or last is None:
        return None
    from core.trends.prepare import Request
    from core.trends.series import trends

    days = (date.fromisoformat(last) - date.fromisoformat(first)).days + 1
    kind: Kind = "day" if days <= _DAYS_BY_DAY else "week" if days <= _DAYS_BY_WEEK else "month"
    try:
        found = trends(workspace, Request(run.name, kind), "trend", 1000, None)
    except ActionError as error:
        if error.code in ("no_times", "too_many_periods"):
            return None
        raise
    moves = [
        Movement(redactor.text(row.title), row.direction, row.says, row.counts)
        for row in found.rows
        if row.topic
        and row.cluster not in hidden.clusters
        and (row.direction != "none" or row.spikes or row.change)
    ]
    bars = tuple(Bar(period.period, period.queries, period.partial) for period in found.periods)
    return TrendPart(kind, bars, tuple(moves[:_MOST]), found.note)
