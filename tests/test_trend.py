"""Trends through a script: counts that are plain SQL's, what was planted found, and words for what cannot be done."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.benchmarks.trends import RUN, Log, check_counts, log, stored
from tests.doors import copied, run_text
from tests.naming import rows, said

POEM, CODE = "write a poem about the sea and the moon", "python function that sorts a list of numbers"


@pytest.fixture(scope="module")
def made() -> Log:
    return log(60_000, 120, 3)


@pytest.fixture(scope="module")
def planted(made: Log, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store of some 60,000 queries over 200 days; not to be changed."""
    folder = tmp_path_factory.mktemp("trend") / "w"
    stored(folder, made)
    return folder


@pytest.mark.parametrize("kind", ["day", "month"])
def test_every_count_is_the_one_of_plain_sql(planted: Path, made: Log, kind: str) -> None:
    check_counts(planted, made, kind)


def test_what_was_planted_is_found_and_nothing_else(planted: Path, made: Log) -> None:
    weeks = said(planted, "trend.clusters limit=1000")
    moved = {row["cluster"]: row["direction"] for row in weeks["rows"] if row["direction"] != "none"}
    assert moved[made.planted["new"]] == "rising"
    assert moved[made.planted["falling"]] == "falling"
    assert moved[made.planted["rising"]] == "rising"
    assert set(moved) <= set(made.planted.values())
    assert (weeks["rising"], weeks["falling"]) == (
        list(moved.values()).count("rising"),
        list(moved.values()).count("falling"),
    )
    by_cluster = {row["cluster"]: row for row in weeks["rows"]}
    assert by_cluster[made.planted["new"]]["new"] and weeks["new"] == 1
    change = by_cluster[made.planted["change"]]["change"]
    assert change["period"] in ("2023-W13", "2023-W14", "2023-W15")
    assert change["share_after"] > 2 * change["share_before"]
    days = said(planted, "trend.clusters period=day sort=spike limit=1000")
    spiking = [row for row in days["rows"] if row["spikes"]]
    assert {row["cluster"] for row in spiking} <= set(made.planted.values())
    assert spiking[0]["cluster"] == made.planted["spike"]
    assert spiking[0]["spikes"][0]["period"] == "2023-05-04"
    assert "2023-05-04" in spiking[0]["says"]


def test_the_noise_is_no_new_topic(planted: Path, tmp_path: Path) -> None:
    """What the new cluster had goes to the noise: it is asked as late, and no topic."""
    own = copied(planted, tmp_path / "w")
    before = said(own, "trend.clusters limit=1000")
    (new,) = [row["cluster"] for row in before["rows"] if row["new"]]
    said(own, f"query.move search='cluster:{new}' to=-1")
    after = said(own, "trend.clusters limit=1000")
    noise = next(row for row in after["rows"] if not row["topic"])
    assert noise["recent"] and noise["new"] and (before["new"], after["new"]) == (1, 0)
    windows = "trend.compare a=2023-02 b=2023-06-05..2023-06-25 limit=1000"
    compared = said(own, windows)
    assert compared["new"] == sum(row["new"] and row["topic"] for row in compared["rows"])
    assert any(row["new"] and not row["topic"] for row in compared["rows"])


def test_shares_windows_and_themes_add_up(planted: Path, made: Log) -> None:
    weeks = said(planted, "trend.clusters limit=1000 sort=cluster")
    totals = [period["queries"] for period in weeks["periods"]]
    assert sum(totals) == weeks["queries"] == len(made.cluster)
    for at, total in enumerate(totals):
        assert sum(row["counts"][at] for row in weeks["rows"]) == total
        assert sum(row["shares"][at] for row in weeks["rows"]) == pytest.approx(1, abs=1e-3)
    for window, name in (("baseline", "before"), ("recent", "recent")):
        inside = [at for at, period in enumerate(weeks["periods"]) if period["window"] == window]
        for row in weeks["rows"]:
            assert row[name] == sum(row["counts"][at] for at in inside)
    themes = said(planted, "trend.clusters level=1 limit=1000")
    assert themes["total"] == 10
    for theme in themes["rows"]:
        under = said(planted, f"trend.clusters within={theme['node']} limit=1000")
        assert theme["counts"] == [
            sum(column) for column in zip(*(r["counts"] for r in under["rows"]), strict=True)
        ]
        assert under["total"] == len(under["rows"])
        assert [period["queries"] for period in under["periods"]] == totals
    whole = said(planted, "trend.show node=root")
    assert [point["queries"] for point in whole["rows"]] == totals
    assert all(point["share"] == 1 for point in whole["rows"])


def test_pages_are_one_list(planted: Path) -> None:
    for sort in ("trend", "growth"):
        everything = said(planted, f"trend.clusters sort={sort} limit=1000")["rows"]
        paged: list[Any] = []
        after = ""
        while True:
            page = said(planted, f"trend.clusters sort={sort} limit=70 {after}")
            paged += page["rows"]
            if page["after"] is None:
                break
            after = f"after={page['after']}"
        assert paged == everything


def test_each_order_puts_first_what_it_says(planted: Path, made: Log) -> None:
    def first(sort: str) -> Any:
        return said(planted, f"trend.clusters sort={sort} limit=1000")["rows"]

    grown = [row["low"] for row in first("growth") if row["low"] is not None]
    assert grown == sorted(grown, reverse=True)
    shrunk = [row["high"] for row in first("decline") if row["high"] is not None]
    assert shrunk == sorted(shrunk)
    sizes = [row["queries"] for row in first("size")]
    assert sizes == sorted(sizes, reverse=True)
    assert first("change")[0]["change"] is not None
    assert [row["cluster"] for row in first("cluster")] == list(range(made.clusters))


def test_one_series_is_the_row_of_the_list(planted: Path, made: Log) -> None:
    number = made.planted["spike"]
    listed = said(planted, "trend.clusters period=day limit=1000 sort=cluster")["rows"][number]
    shown = said(planted, f"trend.show cluster={number} period=day")
    assert shown["trend"] == listed
    assert [point["queries"] for point in shown["rows"]] == listed["counts"]
    for point in shown["rows"]:
        assert point["low"] <= point["share"] <= point["high"]
    assert [point["period"] for point in shown["rows"] if point["spike"]] == [
        spike["period"] for spike in listed["spikes"]
    ]
    node = said(planted, f"trend.show node=c{number} period=day")
    assert [point["queries"] for point in node["rows"]] == listed["counts"]


def test_two_windows_are_counted_as_sql_does(planted: Path, made: Log) -> None:
    found = said(planted, "trend.compare a=2023-02 b=2023-06-05..2023-06-25 limit=1000")
    plain = dict(
        rows(
            planted,
            "SELECT a.cluster, sum(v.timestamp >= '2023-02-01' AND v.timestamp < '2023-03-01') || ' ' ||"
            " sum(v.timestamp >= '2023-06-05' AND v.timestamp < '2023-06-26') FROM assignment a"
            " JOIN query q ON q.id = a.query_id JOIN conversation v ON v.id = q.conversation_id GROUP BY 1",
        )
    )
    assert {row["cluster"]: f"{row['in_a']} {row['in_b']}" for row in found["rows"]} == plain
    assert sum(row["in_a"] for row in found["rows"]) == found["a"]["queries"]
    assert sum(row["share_b"] for row in found["rows"]) == pytest.approx(1, abs=1e-3)
    by_cluster = {row["cluster"]: row for row in found["rows"]}
    new = by_cluster[made.planted["new"]]
    assert (new["direction"], new["new"], new["ratio"], new["high"]) == ("rising", True, None, None)
    assert new["low"] > 1
    called = {row["cluster"] for row in found["rows"] if row["direction"] != "none"}
    assert called <= set(made.planted.values())
    turned = said(planted, "trend.compare b=2023-02 a=2023-06-05..2023-06-25 limit=1000")
    back = next(row for row in turned["rows"] if row["cluster"] == made.planted["new"])
    assert (back["direction"], back["vanished"], back["ratio"]) == ("falling", True, 0)


@pytest.mark.parametrize(
    ("words", "early", "late"),
    [
        ("", "2023-01-09..2023-04-16", "2023-04-17..2023-07-16"),
        ("recent=2", "2023-01-09..2023-07-02", "2023-07-03..2023-07-16"),
        ("baseline=4", "2023-06-12..2023-07-09", "2023-07-10..2023-07-16"),
        ("baseline=4 recent=3", "2023-05-29..2023-06-25", "2023-06-26..2023-07-16"),
        ("baseline=2023-04", "2023-04-03..2023-04-30", "2023-05-01..2023-07-16"),
        ("baseline=2023-W10..2023-W12 recent=1", "2023-03-06..2023-03-26", "2023-07-10..2023-07-16"),
        ("period=day", "2023-01-08..2023-04-15", "2023-04-16..2023-07-22"),
        ("period=month", "2023-02-01..2023-04-30", "2023-05-01..2023-06-30"),
        ("period=month partial=true", "2023-01-01..2023-04-30", "2023-05-01..2023-07-31"),
        ("since=2023-03-01 until=2023-05", "2023-03-06..2023-04-16", "2023-04-17..2023-05-28"),
    ],
)
def test_the_windows_are_those_that_were_asked_for(planted: Path, words: str, early: str, late: str) -> None:
    found = said(planted, f"trend.clusters limit=1 {words}")
    assert (found["baseline"], found["recent"]) == (early, late)


def test_periods_that_the_log_covers_in_part_are_told_and_left_out(planted: Path) -> None:
    found = said(planted, "trend.clusters limit=1")
    assert [p["period"] for p in found["periods"] if p["partial"]] == ["2023-W01", "2023-W29"]
    assert "2023-W01 and 2023-W29 only in part" in found["note"]
    cut = said(planted, "trend.clusters limit=1 since=2023-03-01 until=2023-03-28")
    assert [p["period"] for p in cut["periods"] if p["partial"]] == ["2023-W09", "2023-W13"]
    assert cut["queries"] == sum(p["queries"] for p in cut["periods"]) < found["queries"]
    whole = said(planted, "trend.clusters limit=1 since=2023-W10 until=2023-W12")
    assert not any(p["partial"] for p in whole["periods"]) and "in part" not in whole["note"]


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("trend.clusters since=2023-05 until=2023-04", "bad_window"),
        ("trend.clusters since=yesterday", "bad_window"),
        ("trend.clusters since=2023-02-30", "bad_window"),
        ("trend.clusters since=2024", "empty_window"),
        ("trend.clusters baseline=40", "bad_baseline"),
        ("trend.clusters baseline=0", "bad_baseline"),
        ("trend.clusters baseline=2022", "bad_baseline"),
        ("trend.clusters baseline=2023-06..2023-12", "bad_baseline"),
        ("trend.clusters baseline=2023-05..2023-02", "bad_window"),
        ("trend.clusters recent=0", "bad_recent"),
        ("trend.clusters recent=99", "bad_recent"),
        ("trend.clusters limit=0", "bad_limit"),
        ("trend.clusters after=x", "bad_cursor"),
        ("trend.clusters level=9", "bad_level"),
        ("trend.clusters level=1 within=c3", "bad_level"),
        ("trend.clusters within=nowhere", "unknown_node"),
        ("trend.clusters run=none", "unknown_run"),
        ("trend.show cluster=9999", "unknown_cluster"),
        ("trend.show node=nowhere", "unknown_node"),
        ("trend.show", "which_trend"),
        ("trend.show cluster=1 node=c1", "which_trend"),
        ("trend.compare a=2023-02 b=2023-02-10..2023-03", "same_window"),
        ("trend.compare a=2023-02 b=2025", "empty_window"),
        ("trend.compare a=2023-02 b=soon", "bad_window"),
    ],
)
def test_what_cannot_be_done_is_said(planted: Path, line: str, code: str) -> None:
    ran = run_text(planted, line)
    assert (ran.code, ran.error["code"]) == (1, code), ran.out


def store(folder: Path, asked: Iterable[tuple[str, str | None, str | None]]) -> Path:
    """A workspace of (text, time, user), clustered in two."""
    path = folder / "log.jsonl"
    lines = [json.dumps({"text": text, "timestamp": time, "user": user}) for text, time, user in asked]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    ran = run_text(
        folder / "w",
        f"data.load source={path} text=text timestamp=timestamp user=user\nembed.run model=lexical\nrun.kmeans k=2",
    )
    assert ran.code == 0, ran.out + ran.err
    return folder / "w"


def times(start: str, count: int, hours: float) -> list[str]:
    first = datetime.fromisoformat(start).replace(tzinfo=UTC)
    return [(first + timedelta(hours=hours * n)).strftime("%Y-%m-%dT%H:%M:%SZ") for n in range(count)]


def test_a_log_without_times_says_so(tmp_path: Path) -> None:
    folder = store(tmp_path, [(text, None, None) for text in (POEM, CODE) * 3])
    for line in ("trend.clusters", "trend.show cluster=0", "trend.compare a=2023 b=2024"):
        assert run_text(folder, line).error["code"] == "no_times"


def test_queries_without_a_time_are_counted_and_told(tmp_path: Path) -> None:
    timed = [(POEM, time, None) for time in times("2024-01-01", 60, 12)]
    folder = store(
        tmp_path, [*timed, (CODE, None, None), (CODE, None, None), (CODE, "2024-01-05T00:00:00Z", None)]
    )
    found = said(folder, "trend.clusters limit=10")
    assert (found["queries"], found["untimed"]) == (61, 2)
    assert "2 of 63 queries have no time" in found["note"]
    assert sum(sum(row["counts"]) for row in found["rows"]) == 61


def test_one_period_is_shown_but_not_tested(tmp_path: Path) -> None:
    folder = store(tmp_path, [(text, "2024-02-14T10:00:00Z", None) for text in (POEM, CODE, POEM)])
    found = said(folder, "trend.clusters period=month")
    assert [(p["period"], p["queries"]) for p in found["periods"]] == [("2024-02", 3)]
    assert found["baseline"] is None and "no two whole months" in found["note"]
    for row in found["rows"]:
        assert row["p"] is row["q"] is row["ratio"] is None and row["direction"] == "none"
        assert "nothing to compare" in row["says"]
    shown = said(folder, "trend.show cluster=0 period=day")
    assert [point["queries"] for point in shown["rows"]] == [2]


def test_weeks_are_iso_weeks_and_times_are_utc(tmp_path: Path) -> None:
    asked = [
        (POEM, "2020-12-28T00:00:00+00:00", None),
        (POEM, "2021-01-03T23:59:59Z", None),
        # Still Sunday in New York, Monday in UTC.
        (POEM, "2021-01-03T20:00:00-05:00", None),
        (CODE, "2021-01-10T12:00:00Z", None),
    ]
    folder = store(tmp_path, asked)
    weeks = said(folder, "trend.clusters")["periods"]
    assert [(p["period"], p["start"], p["end"], p["queries"]) for p in weeks] == [
        ("2020-W53", "2020-12-28", "2021-01-03", 2),
        ("2021-W01", "2021-01-04", "2021-01-10", 2),
    ]


def test_a_gap_in_the_log_is_a_row_of_zeros(tmp_path: Path) -> None:
    asked = [(POEM, time, None) for start in ("2024-01-01", "2024-04-01") for time in times(start, 60, 12)]
    found = said(
        store(tmp_path, [*asked, (CODE, "2024-01-02T00:00:00Z", None)]), "trend.clusters period=month"
    )
    assert [(p["period"], p["queries"]) for p in found["periods"]] == [
        ("2024-01", 61), ("2024-02", 0), ("2024-03", 0), ("2024-04", 60),
    ]  # fmt: skip


def test_a_wrong_clock_is_told_and_can_be_cut_off(tmp_path: Path) -> None:
    asked = [
        (POEM, "1971-01-01T00:00:00Z", None),
        *((CODE, time, None) for time in times("2024-01-01", 30, 12)),
    ]
    folder = store(tmp_path, asked)
    error = run_text(folder, "trend.clusters period=week").error
    assert error["code"] == "too_many_periods" and "since=" in error["hint"]
    assert said(folder, "trend.clusters period=day since=2024")["queries"] == 30


def of_poems(folder: Path, asked: list[tuple[str, str | None, str | None]], words: str) -> Any:
    """The row of the rarer cluster."""
    folder.mkdir()
    found = said(store(folder, asked), f"trend.clusters {words}")
    return min(found["rows"], key=lambda row: row["queries"])


def test_one_person_who_asks_a_hundred_times_is_no_trend(tmp_path: Path) -> None:
    others = [(CODE, time, f"u{n}") for n, time in enumerate(times("2024-01-01", 240, 12))]
    few = [(POEM, time, f"p{n}") for n, time in enumerate(times("2024-01-03", 8, 24 * 14))]
    later = times("2024-03-05", 100, 12.5)
    rows = [
        of_poems(
            tmp_path / name,
            [*others, *few, *((POEM, time, person.format(n)) for n, time in enumerate(later))],
            "baseline=2024-01..2024-02",
        )
        for name, person in (("one", "somebody"), ("many", "c{}"))
    ]
    one, many = rows
    assert one["counts"] == many["counts"] and one["ratio"] == many["ratio"] > 10
    assert (one["direction"], many["direction"]) == ("none", "rising")
    assert one["p"] > 0.05 > 1e-6 > many["p"]


def test_one_person_who_asks_a_hundred_times_in_a_day_is_no_spike(tmp_path: Path) -> None:
    others = [(CODE, time, f"u{n}") for n, time in enumerate(times("2024-01-01", 240, 6))]
    few = [(POEM, time, f"p{n}") for n, time in enumerate(times("2024-01-03", 20, 48))]
    rows = [
        of_poems(
            tmp_path / name,
            [
                *others,
                *few,
                *((POEM, time, person.format(n)) for n, time in enumerate(times("2024-02-01", 100, 0.1))),
            ],
            "period=day",
        )
        for name, person in (("one", "somebody"), ("many", "c{}"))
    ]
    one, many = rows
    assert one["counts"] == many["counts"] and max(one["counts"]) >= 100
    assert one["spikes"] == []
    assert [(spike["period"], spike["askers"]) for spike in many["spikes"]] == [("2024-02-01", 100)]
    assert "2024-02-01" in many["says"]


def test_the_same_question_has_the_same_answer(planted: Path) -> None:
    line = "trend.clusters period=day limit=20\ntrend.compare a=2023-03 b=2023-05\n"
    assert run_text(planted, line).out == run_text(planted, line).out


def test_reading_a_run_that_was_edited_follows_the_edit(tmp_path: Path) -> None:
    asked = [(text, time, None) for text in (POEM, CODE) for time in times("2024-01-01", 40, 24)]
    folder = store(tmp_path, asked)
    before = {row["cluster"]: row["queries"] for row in said(folder, "trend.clusters")["rows"]}
    assert before == {0: 40, 1: 40}
    said(folder, "query.move query=1,2,3 to=1")
    after = {row["cluster"]: row["queries"] for row in said(folder, "trend.clusters")["rows"]}
    assert sum(after.values()) == 80 and sorted(after.values()) == [37, 43]


def test_the_run_of_the_generated_store_is_found(planted: Path) -> None:
    assert said(planted, f"trend.clusters run={RUN} limit=1")["run"] == RUN
