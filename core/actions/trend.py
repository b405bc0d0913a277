"""What is asked more, or less, than before."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from core.registry import action

if TYPE_CHECKING:
    from core.session import Session
    from core.trends.rows import Trends, TrendShown, WindowsCompared


@action(
    "trend.clusters",
    title="Trends of clusters",
    scope="global",
    effect="read",
    keys=("7",),
    examples=(
        "trend.clusters",
        "trend.clusters period=day sort=spike limit=10",
        "trend.clusters period=month level=1 partial=true",
    ),
)
def clusters(
    session: Session,
    *,
    run: str | None = None,
    period: Literal["day", "week", "month"] = "week",
    baseline: str | None = None,
    recent: int | None = None,
    within: str | None = None,
    level: int | None = None,
    since: str | None = None,
    until: str | None = None,
    partial: bool = False,
    intervals: bool = False,
    sort: Literal["call", "trend", "growth", "decline", "spike", "change", "size", "cluster"] = "trend",
    limit: int = 50,
    after: str | None = None,
) -> Trends:
    """Which clusters grow, shrink, appear, vanish, peak or change their level, and how sure that is.

    Shares of all queries are compared, not counts; who asks a hundred times is no trend. Days, ISO weeks and months are UTC.

    Args:
        run: The run's id; the default is the current one.
        period: What is counted by.
        baseline: What is compared with: a number of periods or a time (4, 2023-04, 2023-04..2023-06); by default the
            earlier half.
        recent: How many periods at the end are compared with it.
        within: Only clusters under this node of the run's current tree; shares stay those of all queries.
        level: Nodes at this level of the tree instead of clusters; 1 are the themes.
        since: Only queries from then on: 2023-04-09, 2023-W14, 2023-04 or 2023.
        until: Only queries up to then, that day, week, month or year included.
        partial: Test the first and the last period, too, where the log covers them only in part.
        intervals: Also the 95% interval of each share of each row.
        sort: `call`: spikes first, then what grows, shrinks, is new, changed its level, and all others; the surest trend
            first; the greatest sure growth or decline; the surest spike or change of level; size.
        limit: At most so many rows.
        after: Go on after this cursor of an earlier answer.
    """
    from core.trends.prepare import Request
    from core.trends.series import trends

    asked = Request(run or session.view.run, period, baseline, recent, since, until, level, within, partial)
    return trends(session.workspace, asked, sort, limit, after, intervals)


@action(
    "trend.show",
    title="Trend of a cluster",
    scope="cluster",
    effect="read",
    examples=("trend.show cluster=0", "trend.show node=root period=day"),
)
def show(
    session: Session,
    *,
    cluster: int | None = None,
    node: str | None = None,
    run: str | None = None,
    period: Literal["day", "week", "month"] = "week",
    baseline: str | None = None,
    recent: int | None = None,
    since: str | None = None,
    until: str | None = None,
    partial: bool = False,
) -> TrendShown:
    """The series of one cluster or node: counts, shares with intervals, spikes, and its trend among all others.

    Args:
        cluster: The cluster's number; -1 is the noise.
        node: Instead of a cluster: a node of the run's current tree.
        run: The run's id; the default is the current one.
        period: What is counted by.
        baseline: As in trend.clusters.
        recent: As in trend.clusters.
        since: Only queries from then on.
        until: Only queries up to then.
        partial: Test periods that the log covers only in part, too.
    """
    from core.trends.prepare import Request
    from core.trends.series import show

    asked = Request(run or session.view.run, period, baseline, recent, since, until, partial=partial)
    return show(session.workspace, asked, cluster, node)


@action(
    "trend.compare",
    title="Compare two windows of time",
    scope="runs",
    effect="read",
    examples=("trend.compare a=2025-03-01..2025-03-02 b=2025-03-03..2025-03-31",),
)
def compare(
    session: Session,
    *,
    a: str,
    b: str,
    run: str | None = None,
    level: int | None = None,
    within: str | None = None,
    limit: int = 50,
    after: str | None = None,
) -> WindowsCompared:
    """What is asked more, or less, in one window of time than in another; what is new in it, and what has vanished.

    Args:
        a: The window to start from: 2023-04, 2023-W14 or FROM..TO, both included.
        b: The window that is compared with it.
        run: The run's id; the default is the current one.
        level: Nodes at this level of the run's current tree instead of clusters; 1 are the themes.
        within: Only clusters under this node of that tree.
        limit: At most so many rows.
        after: Go on after this cursor of an earlier answer.
    """
    from core.trends.compare import compare_windows

    return compare_windows(session.workspace, run or session.view.run, a, b, level, within, limit, after)
