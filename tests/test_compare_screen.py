"""Comparing two runs and two trees by keys, on a workspace whose every number is known."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.compare.rows import Piece
from core.session import Session
from screens.compare.moved import MovedScreen
from screens.compare.pick import PickScreen
from screens.compare.screen import CompareScreen
from screens.conversation.screen import ConversationScreen
from screens.form.screen import FormScreen
from tests.doors import NOW, copied, run_text
from tests.handmade import handmade
from tests.naming import said
from tests.pilots import NARROW, WIDE, Driven, driven
from tests.two_runs import RUN, TREE, second_run

FIRST = "kmeans-8-3f9a"


@pytest.fixture(scope="module")
def two(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two runs with a tree each; not to be changed."""
    return second_run(handmade(tmp_path_factory.mktemp("compare") / "w"))


def screen_of(run: Driven) -> CompareScreen:
    assert isinstance(run.app.screen, CompareScreen), run.top()
    return run.app.screen


def listed(run: Driven) -> list[Piece]:
    return [line.value for line in screen_of(run).rows.lines if isinstance(line.value, Piece)]


async def test_a_key_compares_with_the_run_before(two: Path) -> None:
    async with driven(two, read_only=True) as run:
        await run.press("6")
        top = run.top()
        assert f"a {FIRST}" in top and f"b {RUN}" in top
        assert "ARI 0.73" in top and "AMI 0.83" in top and "NMI 0.88" in top
        assert "14 of 57 queries" in top
        masses = [piece.moved for piece in listed(run)]
        assert masses == sorted(masses, reverse=True) and masses[0] == 4
        assert "2 clusters were grouped anew into 2. 18 queries stayed" in top
        await run.press("escape")
        assert run.app.screen is run.explorer


async def test_a_label_that_is_the_runs_own_name_is_not_said_twice(two: Path, tmp_path: Path) -> None:
    folder = copied(two, tmp_path / "w")
    said(folder, f"run.rename run={FIRST} label={FIRST}")
    said(folder, f"run.rename run={RUN} label=Spring")
    async with driven(folder, read_only=True) as run:
        await run.press("6")
        assert run.top().count(FIRST) == 1
        assert f"{RUN} Spring \u00b7" in run.top()


async def test_what_the_screen_shows_is_what_a_script_says(two: Path) -> None:
    data = said(two, "run.compare sort=moved limit=1000")
    async with driven(two, read_only=True) as run:
        await run.press("6")
        found = [(p.kind, [x.title for x in p.a], [x.title for x in p.b], p.moved) for p in listed(run)]
    assert found == [
        (row["kind"], [x["title"] for x in row["a"]], [x["title"] for x in row["b"]], row["moved"])
        for row in data["rows"]
    ]


async def test_kinds_are_gone_through_by_a_key(two: Path) -> None:
    async with driven(two, read_only=True) as run:
        await run.press("6", "f")
        assert {piece.kind for piece in listed(run)} == {"same"}
        assert "[same 2]" in run.top()
        await run.press("f")
        assert [piece.b[1].title for piece in listed(run)] == ["Letters"]
        await run.press("F", "F")
        assert len(listed(run)) == 6
        await run.press("F")
        assert {piece.kind for piece in listed(run)} == {"gone"}


async def test_sides_are_swapped_and_picked(two: Path) -> None:
    async with driven(two, read_only=True) as run:
        await run.press("6", "x")
        assert f"a {RUN}" in run.top() and f"b {FIRST}" in run.top()
        assert "new" in {piece.kind for piece in listed(run)}
        await run.press("a")
        assert isinstance(run.app.screen, PickScreen)
        assert "open now" in run.top()
        await run.press("g", "j", "enter")
        assert f"a {FIRST}" in run.top() and f"b {FIRST}" in run.top()
        assert {piece.kind for piece in listed(run)} == {"same"}
        await run.press("b", "escape")
        assert f"b {FIRST}" in run.top()


async def test_enter_lists_the_queries_that_moved_and_reads_them(two: Path) -> None:
    async with driven(two, read_only=True) as run:
        await run.press("6")
        screen_of(run).rows.select(lambda value: isinstance(value, Piece) and value.kind == "split")
        await run.press("enter")
        screen = run.app.screen
        assert isinstance(screen, MovedScreen)
        asked = said(two, f"run.moved a={FIRST} b={RUN} from_cluster=3")
        shown = [line.value.text for line in screen.rows.lines if line.value is not None]  # type: ignore[attr-defined]
        assert shown == [row["text"] for row in asked]
        assert "1 of 2: Left Formal e-mails" in run.top() and "\u2192 Letters" in run.top()
        await run.press("tab")
        assert "2 of 2: Came to Letters" in run.top()
        await run.press("shift+tab", "enter")
        assert isinstance(run.app.screen, ConversationScreen)
        assert asked[0]["text"] in run.top()
        await run.press("n")
        assert asked[1]["text"] in run.top()
        await run.press("escape", "escape")
        assert screen_of(run)


async def test_a_line_of_the_detail_is_one_cell(two: Path) -> None:
    async with driven(two, read_only=True) as run:
        await run.press("6", "tab", "j", "enter")
        assert isinstance(run.app.screen, MovedScreen)
        title = "SQL queries and joins \u2192 Python, functions and data"
        assert f"In both {title}" in run.top()
        cell = said(two, f"run.moved a={FIRST} b={RUN} from_cluster=2 to_cluster=0")
        assert f"{len(cell)} different texts" in run.top()


async def test_trees_by_themes_and_by_level(two: Path) -> None:
    async with driven(two, read_only=True) as run:
        await run.press("6", "v")
        top = run.top()
        assert "tree-local-22bb" in top and TREE in top
        assert [piece.kind for piece in listed(run)] == ["gone", "same", "same", "same"]
        assert "1 theme is gone" in top
        await run.press("enter")
        assert "Left Playing roles" in run.top() and "\u2192 Noise" in run.top()
        await run.press("escape", "plus")
        assert "split" in {piece.kind for piece in listed(run)}
        await run.press("minus")
        assert "1 theme is gone" in run.top()
        await run.press("v")
        assert f"a {FIRST}" in run.top()


async def test_the_prompt_opens_it_with_parameters(two: Path) -> None:
    async with driven(two, read_only=True) as run:
        run.explorer.run_line(f"run.compare a={RUN} b={RUN} kind=same sort=size")
        await run.settle()
        assert f"a {RUN}" in run.top() and "[same 7]" in run.top() and "by size" in run.top()
        screen_of(run).run_line("hierarchy.compare level=2")
        await run.settle()
        assert TREE in run.top() and "regrouped" in run.top()


async def test_one_run_alone_says_how_to_make_another(tmp_path: Path) -> None:
    folder = handmade(tmp_path / "w")
    ran = run_text(folder, "run.compare")
    assert ran.error["code"] == "one_run"
    assert run_text(folder, "hierarchy.compare").error["code"] == "one_tree"
    async with driven(folder, NARROW) as run:
        await run.press("6")
        assert "K clusters by k-means" in run.top() and "only finished run" in run.top()
        await run.press("K")
        assert isinstance(run.app.screen, FormScreen)
        await run.press("escape", "v")
        assert "only tree" in run.top() and "B builds another tree" in run.top()
        await run.press("x", "f", "enter", "tab", "s", "plus")
        assert "only tree" in run.top()


async def test_nothing_at_all(tmp_path: Path) -> None:
    Session(tmp_path / "w", clock=lambda: NOW).open(create=True)
    async with driven(tmp_path / "w", NARROW) as run:
        await run.press("6")
        assert "There is no run yet." in run.top()


async def test_a_second_run_is_compared_as_soon_as_it_is_there(
    fixture_workspace: Path, tmp_path: Path
) -> None:
    folder = copied(fixture_workspace, tmp_path / "w")
    async with driven(folder) as run:
        first = run.session.view.run
        await run.press("6")
        assert "only finished run" in run.top()
        await run.press("K", *"4", "enter")
        await run.settle()
        await run.explorer.runs_control.look()
        await run.settle()
        assert f"a {first}" in run.top()
        assert run.session.view.run != first


@pytest.mark.parametrize("size", [(60, 15), NARROW, WIDE, (30, 8)])
async def test_any_size(two: Path, size: tuple[int, int]) -> None:
    async with driven(two, size, read_only=True) as run:
        await run.press("6", "j", "tab", "tab", "enter", "escape", "b", "escape", "v", "T")
        await run.pilot.resize_terminal(100, 30)
        await run.settle()
        assert isinstance(run.app.screen, CompareScreen)
