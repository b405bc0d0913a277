"""A workspace written by hand in which each cluster has a course of its own over half a year."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from core.session import Session
from tests.doors import NOW
from tests.handmade import USUAL, Themes, handmade

WEEKS = 26
START = datetime(2025, 1, 6, tzinfo=UTC)
"""A Monday; the log ends in the night to the Monday after the last week."""

COURSES: tuple[Callable[[int], float], ...] = (
    lambda _: 2.0,
    lambda week: 1 + week / 4,
    lambda week: 12.0 if week == 15 else 1.0,
    lambda week: 7.5 - week / 4,
    lambda week: 3.0 if week >= 16 else 0.0,
    lambda week: 1.0 if week < 11 else 3.0,
    lambda week: 3.0 if week < 9 else 0.0,
    lambda week: 1 + week % 2,
)
"""By cluster: how much is asked in a week. Steady; growing; a spike; shrinking; new; another level; gone; up and down."""

EACH = 234
"""Queries of a cluster."""


def many(themes: Themes = USUAL) -> Themes:
    """The same themes and clusters with as many queries in each."""
    return {
        theme: {title: tuple(f"9x {n} {title.lower()}" for n in range(EACH // 9)) for title in clusters}
        for theme, clusters in themes.items()
    }


def timed(folder: Path, themes: Themes = USUAL, *, persons: bool = True) -> Path:
    """A workspace whose clusters follow `COURSES`; it is known who asked, each query another person, unless told not to."""
    handmade(folder, many(themes), ())
    session = Session(folder, clock=lambda: NOW, actor="tester")
    with session.workspace.connection(), session.workspace.transaction() as c:
        rows = c.execute(
            "SELECT a.cluster, q.conversation_id FROM assignment a JOIN query q ON q.id = a.query_id ORDER BY 1, 2"
        ).fetchall()
        by_cluster: dict[int, list[int]] = {}
        for cluster, conversation in rows:
            by_cluster.setdefault(cluster, []).append(conversation)
        for cluster, conversations in by_cluster.items():
            times = moments(COURSES[cluster % len(COURSES)], len(conversations))
            c.executemany(
                "UPDATE conversation SET timestamp = ?, user = ? WHERE id = ?",
                (
                    (when.strftime("%Y-%m-%dT%H:%M:%SZ"), f"u{number}" if persons else None, number)
                    for when, number in zip(times, conversations, strict=True)
                ),
            )
    session.close()
    return folder


def moments(course: Callable[[int], float], count: int) -> list[datetime]:
    """So many times, spread as the course says, evenly within each week."""
    weights = [course(week) for week in range(WEEKS)]
    total, found = sum(weights), []
    for at in range(count):
        goal = (at + 0.5) / count * total
        week = 0
        while goal > weights[week]:
            goal -= weights[week]
            week += 1
        found.append(START + timedelta(weeks=week + goal / weights[week] * 0.999))
    return found


def untimed(folder: Path) -> Path:
    """A workspace without a single time."""
    handmade(folder)
    session = Session(folder, clock=lambda: NOW, actor="tester")
    with session.workspace.connection(), session.workspace.transaction() as c:
        c.execute("UPDATE conversation SET timestamp = NULL")
    session.close()
    return folder
