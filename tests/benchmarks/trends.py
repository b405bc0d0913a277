"""Trends on generated logs with known facts: `python -m tests.benchmarks.trends [ROWS] [SEEDS]`.

Makes a store of a million queries in a thousand clusters and checks every count against plain SQL; then, for several
seeds, prints how many unplanted clusters are called trends before and after correction, and whether the planted ones
are found.
"""

from __future__ import annotations

import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from core.session import Session
from core.trends.analyse import SURE, Analysis, analyse
from core.trends.counts import Asked
from core.trends.periods import Kind, Periods, Window, periods_of
from core.trends.windows import choose_windows
from db.workspace import Workspace

NOW = "2026-01-01T00:00:00Z"
DAY = 86_400
START = 19_361
"""The log begins on this day since 1970, Wednesday 2023-01-04, at 09:00: its first day, week and month are partial."""

DAYS = 200
RUN = "kmeans-1000-beef"
PLANTED = ("rising", "falling", "spike", "new", "change")


@dataclass(frozen=True, eq=False)
class Log:
    """Queries in the order of their times: cluster, seconds since 1970, and user (-1: not known)."""

    cluster: np.ndarray
    second: np.ndarray
    user: np.ndarray
    clusters: int
    planted: dict[str, int]
    """The number of the cluster in which each kind of change was planted."""


def log(
    rows: int, clusters: int, seed: int, *, plant: bool = True, users: bool = True, bursts: bool = True
) -> Log:
    """A log whose clusters keep their shares, but for the planted ones, which come on top as the last numbers.

    Cluster sizes follow Zipf's law, the volume triples, weekends are quieter (and half the clusters quieter still then),
    people come for some weeks, favour a few clusters and ask in bursts, some clusters more than others.
    """
    rng = np.random.default_rng(seed)
    zipf = 1 / np.arange(1, clusters + 1) ** 0.9
    weight = zipf / zipf.sum()
    mean_burst = rng.choice([1.2, 2.0, 5.0], clusters) if bursts else np.ones(clusters)
    sessions = int(1.17 * rows / (weight @ mean_burst))
    people = max(sessions // 6, 1)
    favourite = rng.choice(clusters, (people, 2), p=weight)
    arrival, stay = _days(rng, people), rng.exponential(14, people)
    who = rng.integers(people, size=sessions)
    day = arrival[who] + rng.exponential(1.0, sessions) * stay[who] * rng.integers(0, 2, sessions)
    anywhere = rng.choice(clusters, sessions, p=weight)
    about = np.where(rng.random(sessions) < 0.6, favourite[who, rng.integers(2, size=sessions)], anywhere)
    kept = _open(rng, day, about)
    who, day, about = who[kept], day[kept], about[kept]
    size = rng.geometric(1 / mean_burst[about])
    cluster, second, user = _asked(rng, about, day, who, size)
    fresh = people
    planted = {}
    parts = [(cluster, second, user)]
    for number, kind in enumerate(PLANTED if plant else ()):
        planted[kind] = clusters + number
        days = _planted(rng, kind, rows)
        who = fresh + np.arange(len(days))
        fresh += len(days)
        burst = rng.geometric(0.5, len(days)) if bursts else np.ones(len(days), np.int64)
        parts.append(_asked(rng, np.full(len(days), clusters + number), days, who, burst))
    cluster, second, user = (np.concatenate(column) for column in zip(*parts, strict=True))
    order = np.argsort(second, kind="stable")
    user = user[order] if users else np.full(len(order), -1)
    return Log(cluster[order], second[order], user, clusters + len(planted), planted)


def _days(rng: np.random.Generator, count: int) -> np.ndarray:
    """Days since the start, three times as many at the end as at the beginning."""
    u = rng.random(count)
    return DAYS * (np.sqrt(1 + 8 * u) - 1) / 2


def _open(rng: np.random.Generator, day: np.ndarray, about: np.ndarray) -> np.ndarray:
    """Which sessions take place: fewer on weekends, and of odd clusters fewer still."""
    weekend = (day.astype(np.int64) + START + 3) % 7 >= 5
    kept = rng.random(len(day)) < np.where(weekend, np.where(about % 2, 0.5, 0.7), 1.0)
    return kept & (day < DAYS) & (day > 9 / 24)


def _asked(
    rng: np.random.Generator, about: np.ndarray, day: np.ndarray, who: np.ndarray, size: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The queries of sessions: the first at the session's time, the others in the hours after it."""
    each = np.repeat(np.arange(len(size)), size)
    later = rng.exponential(1 / 12, len(each))
    later[np.cumsum(size) - size] = 0
    when = day[each] + later
    inside = when < DAYS
    seconds = ((START + when) * DAY).astype(np.int64)
    return about[each][inside], seconds[inside], who[each][inside]


def _planted(rng: np.random.Generator, kind: str, rows: int) -> np.ndarray:
    """The days of the sessions of a planted cluster, a few in a thousand of all, more in a small log."""
    count = max(rows // 500, 400)
    day = _days(rng, 4 * count)
    if kind == "rising":
        keep = rng.random(len(day)) < 0.1 + 0.4 * day / DAYS
    elif kind == "falling":
        keep = rng.random(len(day)) < 0.5 - 0.4 * day / DAYS
    elif kind == "spike":
        burst = 120 + rng.random(max(count // 4, 12))
        return np.concatenate([day[rng.random(len(day)) < 0.25], burst])
    elif kind == "new":
        keep = (day > 130) & (rng.random(len(day)) < 0.3)
    else:
        keep = rng.random(len(day)) < np.where(day < 90, 0.12, 0.36)
    return day[keep]


def stored(folder: Path, made: Log) -> None:
    """A workspace that holds the log, one text a query, in a run with a tree of two levels."""
    workspace = Workspace.open(folder, create=True, read_only=False, clock=lambda: NOW)
    rows = len(made.cluster)
    times = np.datetime_as_string(made.second.astype("datetime64[s]")).tolist()
    people = [None if user < 0 else f"u{user:x}" for user in made.user.tolist()]
    with workspace.connection(), workspace.transaction() as c:
        c.execute(
            "INSERT INTO dataset (id, name, source, shape, mapping, fingerprint, conversations, rejected, loaded_at)"
            " VALUES (1, 'log', '', '', '{}', '', ?, 0, '')",
            (rows,),
        )
        c.executemany(
            "INSERT INTO text (id, hash, content) VALUES (?, ?, ?)",
            ((i, f"{i:x}", f"text {i}") for i in range(1, rows + 1)),
        )
        c.executemany(
            "INSERT INTO conversation (id, dataset_id, external_id, timestamp, user, metadata, turns)"
            " VALUES (?, 1, ?, ?, ?, '{}', 2)",
            ((i, str(i), f"{t}Z", u) for i, (t, u) in enumerate(zip(times, people, strict=True), start=1)),
        )
        c.executemany(
            "INSERT INTO query (id, dataset_id, conversation_id, text_id) VALUES (?, 1, ?, ?)",
            ((i, i, i) for i in range(1, rows + 1)),
        )
        _run(c, made)
    workspace.close()


def _run(c: Any, made: Log) -> None:
    c.execute("INSERT INTO space VALUES (1, 's', 'm', '', '', 4, 'float16', 0, 0, '')")
    c.execute(
        "INSERT INTO run (id, name, label, description, algorithm, parameters, seed, dataset_id, space_id, filter, status,"
        " reasons, metrics, code_version, summary_set, hierarchy, created_at)"
        " VALUES (1, ?, '', '', 'kmeans', '{}', 1, 1, 1, '{}', 'done', '[]', '{}', '', 1, 1, '')",
        (RUN,),
    )
    c.execute("INSERT INTO summary_set VALUES (1, 'names', 1, '', 'local', '', '{}', 0, 'done', '')")
    c.execute(
        "INSERT INTO hierarchy (id, name, run_id, summary_set_id, method, parameters, levels, created_at)"
        " VALUES (1, 'tree', 1, 1, 'local', '{}', 2, '')"
    )
    c.executemany(
        "INSERT INTO assignment VALUES (1, ?, ?, 0.5, NULL, 0)",
        ((i, n) for i, n in enumerate(made.cluster.tolist(), start=1)),
    )
    sizes = np.bincount(made.cluster, minlength=made.clusters).tolist()
    c.executemany(
        "INSERT INTO cluster (run_id, number, kind, size, texts, neighbours, central, boundary, outside, tags, flags, notes)"
        " VALUES (1, ?, 'cluster', ?, ?, '[]', '[]', '[]', '[]', '[]', '[]', '')",
        [(n, size, size) for n, size in enumerate(sizes)],
    )
    themes = [sum(sizes[t::10]) for t in range(10)]
    nodes = [("root", None, 0, 0, "root", None, "All queries", sum(sizes))]
    nodes += [(f"t{t}", "root", t, 1, "theme", None, f"Theme {t}", size) for t, size in enumerate(themes)]
    nodes += [
        (f"c{n}", f"t{n % 10}", n, 2, "cluster", n, f"Cluster {n}", size) for n, size in enumerate(sizes)
    ]
    c.executemany("INSERT INTO node VALUES (1, ?, ?, ?, ?, ?, ?, ?, '', NULL, 0, NULL, ?)", nodes)


def asked_of(made: Log) -> Asked:
    """The log as `core.trends.counts.read_asked` finds it in a store."""
    user = made.user.copy()
    unknown = user < 0
    user[unknown] = user.max() + 1 + np.arange(unknown.sum())
    return Asked(made.cluster, made.second, user, float(1 - unknown.mean()), 0)


def analysed(made: Log, kind: Kind) -> tuple[Periods, Analysis]:
    """All tests of a log, its first and last period left out."""
    asked = asked_of(made)
    periods = periods_of(kind, Window(int(asked.day.min()), int(asked.day.max())))
    whole = np.ones(len(periods), dtype=bool)
    whole[[0, -1]] = False
    windows = choose_windows(periods, whole, None, None)
    listed = np.ones(made.clusters, dtype=bool)
    return periods, analyse(asked, periods, made.clusters, listed, whole, windows)


@dataclass(frozen=True)
class Calls:
    """What was called among the clusters in which nothing was planted, and which planted changes were found."""

    before: float
    """Share of unplanted clusters whose growth has p < 0.05."""
    after: int
    """Unplanted clusters that are called rising or falling."""
    spikes: int
    changes: int
    found: tuple[str, ...]


def calls(made: Log, kind: Kind) -> Calls:
    """Count them."""
    _, found = analysed(made, kind)
    assert found.growth is not None
    plain = np.ones(made.clusters, dtype=bool)
    plain[list(made.planted.values())] = False
    sure = found.growth.q <= SURE
    changed = found.split_q <= SURE
    hit = {
        "rising": lambda at: sure[at] and found.growth.ratios.ratio[at] > 1,
        "falling": lambda at: sure[at] and found.growth.ratios.ratio[at] < 1,
        "new": lambda at: sure[at] and not found.growth.early[at],
        "spike": lambda at: found.spiked[at].any(),
        "change": lambda at: changed[at],
    }
    return Calls(
        before=float((found.growth.ratios.p[plain] < 0.05).mean()),
        after=int(sure[plain].sum()),
        spikes=int(found.spiked[plain].sum()),
        changes=int(changed[plain].sum()),
        found=tuple(name for name, at in made.planted.items() if hit[name](at)),
    )


def check_counts(folder: Path, made: Log, kind: str) -> float:
    """Compare every count of `trend.clusters` with plain SQL; the seconds that its first page took."""
    form = {"day": "%Y-%m-%d", "month": "%Y-%m"}[kind]
    session = Session(folder, read_only=True)
    with session.workspace.connection():
        plain = {
            (cluster, period): count
            for cluster, period, count in session.workspace.rows(
                "SELECT a.cluster, strftime(?, v.timestamp), count(*) FROM assignment a JOIN query q ON q.id = a.query_id"
                " JOIN conversation v ON v.id = q.conversation_id GROUP BY 1, 2",
                (form,),
            )
        }
    start = time.perf_counter()
    page = session.dispatch("trend.clusters", {"period": kind, "sort": "cluster", "limit": 1000}).data
    taken = time.perf_counter() - start
    rows = list(page.rows)
    while page.after is not None:
        params = {"period": kind, "sort": "cluster", "limit": 1000, "after": page.after}
        page = session.dispatch("trend.clusters", params).data
        rows += page.rows
    counted = {
        (row.cluster, period.period): count
        for row in rows
        for period, count in zip(page.periods, row.counts, strict=True)
        if count
    }
    assert counted == plain
    assert len(rows) == made.clusters and sum(counted.values()) == len(made.cluster)
    session.close()
    return taken


def main() -> None:
    """Measure and print."""
    rows = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    seeds = int(sys.argv[2]) if len(sys.argv) > 2 else 5
    with tempfile.TemporaryDirectory() as name:
        made = log(rows, 1000, 1)
        stored(Path(name), made)
        for kind in ("day", "month"):
            taken = check_counts(Path(name), made, kind)
            print(
                f"{len(made.cluster):,} queries, {made.clusters} clusters by {kind}: equal to SQL, {taken:.1f} s"
            )
    kinds: tuple[Kind, ...] = ("day", "week", "month")
    for known in (True, False):
        for seed in range(1, seeds + 1):
            made = log(rows, 1000, seed, users=known)
            for kind in kinds:
                got = calls(made, kind)
                print(
                    f"persons {'known  ' if known else 'unknown'} seed {seed} {kind:5}: p < 0.05 {got.before:.1%},"
                    f" called {got.after}, spikes {got.spikes}, changes {got.changes}; found {', '.join(got.found)}"
                )


if __name__ == "__main__":
    main()
