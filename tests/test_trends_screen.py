"""Trends by keys, on a workspace in which each cluster has a course of its own."""

from __future__ import annotations

from pathlib import Path

import pytest
from textual.widgets import Input

from core.session import Session
from core.trends.rows import TrendRow
from screens.form.screen import FormScreen
from screens.trends.screen import TrendsScreen
from screens.trends.windows import WindowsScreen
from screens.widgets.chart import Chart
from screens.widgets.spans import Line
from tests.doors import NOW
from tests.naming import said
from tests.pilots import NARROW, WIDE, Driven, driven
from tests.timed import timed, untimed


@pytest.fixture(scope="module")
def half_year(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Eight clusters over 26 weeks; not to be changed."""
    return timed(tmp_path_factory.mktemp("trends") / "w")


def screen_of(run: Driven) -> TrendsScreen:
    assert isinstance(run.app.screen, TrendsScreen), run.top()
    return run.app.screen


def listed(run: Driven) -> list[TrendRow]:
    return [line.value for line in screen_of(run).rows.lines if isinstance(line.value, TrendRow)]


def words(line: Line) -> str:
    return "".join(text for text, _ in line.spans)


def chart(run: Driven) -> str:
    return "\n".join(words(line) for line in run.app.screen.query_one(Chart).lines)


async def test_spikes_come_first_then_what_grows_shrinks_is_new(half_year: Path) -> None:
    async with driven(half_year, read_only=True) as run:
        await run.press("7")
        calls = [(row.call, row.cluster) for row in listed(run)]
        assert calls == [
            ("spike", 2), ("rising", 1), ("rising", 5), ("vanished", 6), ("falling", 3), ("new", 4), ("none", 0), ("none", 7),
        ]  # fmt: skip
        headings = [
            words(line)
            for line in screen_of(run).rows.lines
            if line.spans[:1] and line.spans[0][1] == "heading"
        ]
        assert [heading.split()[0] for heading in headings] == [
            "Spikes:", "Growing", "Vanished", "Shrinking", "New", "No",
        ]  # fmt: skip
        top = run.top()
        assert "in 2025-W17   sure q<0.001" in top
        assert "from 0" in top and "or more" in top
        assert "chance q=" in top
        assert "Tests take persons, not queries" in top
        await run.press("escape")
        assert run.app.screen is run.explorer


async def test_the_list_is_what_a_script_says(half_year: Path) -> None:
    data = said(half_year, "trend.clusters sort=call intervals=true period=month")
    async with driven(half_year, read_only=True) as run:
        await run.press("7", "m")
        assert [row.id for row in listed(run)] == [row["id"] for row in data["rows"]]
        assert [list(row.counts) for row in listed(run)] == [row["counts"] for row in data["rows"]]


def test_intervals_of_the_list_are_those_of_one_series(half_year: Path) -> None:
    rows = said(half_year, "trend.clusters sort=cluster intervals=true")["rows"]
    for row in rows:
        points = said(half_year, f"trend.show cluster={row['cluster']}")["rows"]
        assert row["lows"] == [point["low"] for point in points]
        assert row["highs"] == [point["high"] for point in points]
    assert said(half_year, "trend.clusters")["rows"][0]["lows"] == []


async def test_the_chart_is_of_the_cluster_under_the_cursor(half_year: Path) -> None:
    async with driven(half_year, read_only=True) as run:
        await run.press("7")
        assert "SQL queries and joins   share of all queries by week" in chart(run)
        assert "Spike: 2025-W17 with 76 askers" in chart(run).replace("\n ", " ")
        assert "\u25b2" in chart(run) and "80%" in chart(run) and "2025-01-06" in chart(run)
        await run.press("j")
        assert "Fix error messages" in chart(run) and "\u2591" in chart(run)
        await run.press("n")
        assert (
            "queries by week" in chart(run)
            and "%\u2524" not in chart(run)
            and "\u2591" not in chart(run).split("\u2524", 1)[1].split("\u253c")[0]
        )
        await run.press("m")
        assert "queries by month" in chart(run) and "2025-01" in chart(run)


async def test_days_are_more_than_fit_and_can_be_gone_through(half_year: Path) -> None:
    async with driven(half_year, NARROW, read_only=True) as run:
        await run.press("7", "d", "s", "s", "s", "s", "s")
        assert "biggest first" in run.top()
        assert "of 182, h l" in chart(run)
        assert "77 to 148 of 182" in chart(run), "the week of the spike is in the middle"
        await run.press("l", "l")
        last = chart(run)
        assert "111 to 182" in last
        await run.press("l")
        assert chart(run) == last
        await run.press("h")
        assert chart(run) != last
        for _ in range(9):
            await run.press("left")
        assert "1 to 72 of 182" in chart(run)
        await run.press("right")
        assert "37 to 108" in chart(run)


async def test_periods_are_read_once(half_year: Path) -> None:
    async with driven(half_year, read_only=True) as run:
        asked: list[str] = []
        dispatch = run.app.desk.searching.dispatch

        async def counted(action: str, params: dict[str, object] | None = None) -> object:
            asked.append(str((params or {}).get("period")))
            return await dispatch(action, params)

        run.app.desk.searching.dispatch = counted  # type: ignore[method-assign, assignment]
        await run.press("7", "m", "w", "m", "w", "n", "j")
        assert asked == ["week", "month"]


async def test_enter_opens_the_cluster_in_the_tree(half_year: Path) -> None:
    async with driven(half_year, read_only=True) as run:
        await run.press("7", "j", "enter")
        await run.settle()
        assert run.app.screen is run.explorer
        assert run.session.view.node == "c1"


async def test_themes_in_place_of_clusters(half_year: Path) -> None:
    async with driven(half_year, read_only=True) as run:
        await run.press("7")
        assert "v themes" in run.top() and "how sure      cluster" in run.top()
        await run.press("v")
        assert {row.title for row in listed(run)} >= {"Writing and debugging code", "Playing roles"}
        assert "v clusters" in run.top() and "how sure      theme" in run.top()
        node = listed(run)[0].node
        await run.press("enter")
        assert run.app.screen is run.explorer and run.session.view.node == node


async def test_two_windows_by_a_form_whose_dates_are_checked(half_year: Path) -> None:
    async with driven(half_year, read_only=True) as run:
        await run.press("7", "c")
        assert isinstance(run.app.screen, FormScreen)
        assert run.app.screen.query_one("#field-a", Input).value == "2025-01-06..2025-04-06"
        run.app.screen.query_one("#field-a", Input).value = "2025-02-30"
        await run.press("enter")
        assert isinstance(run.app.screen, FormScreen)
        assert run.app.screen.query_one("#field-a", Input).value == "2025-02-30"
        told = str(run.app.screen.query_one(".block--strong").render())
        assert "is no time" in told and "2023-W14" in told
        run.app.screen.query_one("#field-a", Input).value = "2025-01"
        run.app.screen.query_one("#field-b", Input).value = "2025-05"
        await run.press("enter")
        screen = run.app.screen
        assert isinstance(screen, WindowsScreen)
        top = run.top()
        assert "a 2025-01-01..2025-01-31" in top and "b 2025-05-01..2025-05-31" in top
        assert "+ new" in top and "\u00d7 gone" in top
        data = said(half_year, "trend.compare a=2025-01 b=2025-05")
        assert f"{data['rising']} rising" in top
        assert data["rows"][0]["says"] in run.top().replace("\n ", " ")
        await run.press("x")
        assert "a 2025-05-01..2025-05-31" in run.top()
        await run.press("escape")
        assert screen_of(run)


async def test_the_prompt_opens_both_with_parameters(half_year: Path) -> None:
    async with driven(half_year, read_only=True) as run:
        run.explorer.run_line("trend.clusters period=month baseline=2025-01..2025-02 level=1 sort=size")
        await run.settle()
        assert "[m month]" in run.top() and "themes: biggest first" in run.top()
        assert "2025-01-01..2025-02-28" in run.top() or "2025-02-01..2025-02-28" in run.top()
        screen_of(run).run_line("trend.compare a=2025-02 b=2025-03")
        await run.settle()
        assert isinstance(run.app.screen, WindowsScreen)
        run.app.screen.run_line("trend.compare a=2025-02 b=2025-02")
        await run.settle()
        assert isinstance(run.app.screen, FormScreen)
        assert "have days in common" in str(run.app.screen.query_one(".block--strong").render())


async def test_the_palette_asks_for_the_windows(half_year: Path) -> None:
    async with driven(half_year, read_only=True) as run:
        run.explorer.action_do("trend.compare")
        await run.settle()
        assert isinstance(run.app.screen, FormScreen)
        await run.press("escape")
        assert run.app.screen is run.explorer


async def test_a_log_without_times_says_what_to_do(tmp_path: Path) -> None:
    async with driven(untimed(tmp_path / "w"), NARROW) as run:
        await run.press("7")
        assert "has a time" in run.top() and "timestamp=" in run.top()
        await run.press("d", "s", "v", "n", "h", "enter")
        assert "timestamp=" in run.top()
        await run.press("L")
        assert isinstance(run.app.screen, FormScreen)


async def test_nothing_at_all(tmp_path: Path) -> None:
    Session(tmp_path / "w", clock=lambda: NOW).open(create=True)
    async with driven(tmp_path / "w", NARROW) as run:
        await run.press("7")
        assert "There is no run yet." in run.top()


@pytest.mark.parametrize("size", [(60, 15), NARROW, WIDE, (30, 8)])
async def test_any_size(half_year: Path, size: tuple[int, int]) -> None:
    async with driven(half_year, size, read_only=True) as run:
        await run.press("7", "j", "d", "h", "c", "enter", "j", "escape", "T")
        await run.pilot.resize_terminal(100, 30)
        await run.settle()
        assert isinstance(run.app.screen, TrendsScreen)
