"""Pictures of the screens. Look at each before you accept it: `pytest tests/test_snapshots.py --snapshot-update`."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot
from textual.widgets import Input

from core.control import Progress
from core.session import Session
from lmsys_tui.app import LmsysApp
from screens.jobs import Lane, Order
from screens.widgets.bars import Bar
from tests.doors import NOW
from tests.handmade import USUAL, handmade
from tests.pilots import Driven
from tests.test_hostile_text import PAYLOADS

Compare = Callable[..., bool]
Before = Callable[[Pilot[Any]], Coroutine[Any, Any, None]]

WIDE, NARROW = (140, 40), (80, 24)


@pytest.fixture(autouse=True)
def _still(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No blinking cursor, and a workspace whose path is the same everywhere."""
    monkeypatch.setattr(Input, "_toggle_cursor", lambda _: None)
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("NO_COLOR", raising=False)


def app_on(folder: Path, now: Callable[[], float] = lambda: 0.0) -> LmsysApp:
    """The application on a workspace that is named by a relative path."""
    return LmsysApp(Session(folder, clock=lambda: NOW, actor="tester", read_only=True), now=now)


def usual(**options: Any) -> LmsysApp:
    """The application on the usual workspace."""
    return app_on(handmade(Path("workspace"), **options))


def writable() -> LmsysApp:
    """The application on the usual workspace, where keys may change something."""
    session = Session(handmade(Path("workspace")), clock=lambda: NOW, actor="tester")
    return LmsysApp(session, now=lambda: 0.0)


def typed(*keys: str, then: Callable[[Driven], None] | None = None) -> Before:
    """Press the keys one after the other, each settled."""

    async def before(pilot: Pilot[Any]) -> None:
        app = pilot.app
        assert isinstance(app, LmsysApp)
        run = Driven(app, pilot)
        await run.settle()
        await run.press(*keys)
        if then is not None:
            then(run)
        await run.settle()

    return before


def test_explorer_140x40(snap_compare: Compare) -> None:
    keys = ("j", "l", "l", "slash", *"write", "escape", "2")
    assert snap_compare(usual(), terminal_size=WIDE, run_before=typed(*keys))


def test_explorer_140x40_at_the_start(snap_compare: Compare) -> None:
    assert snap_compare(usual(), terminal_size=WIDE, run_before=typed())


def test_explorer_80x24(snap_compare: Compare) -> None:
    assert snap_compare(usual(), terminal_size=NARROW, run_before=typed("j", "l"))


def test_detail_80x24(snap_compare: Compare) -> None:
    assert snap_compare(usual(), terminal_size=NARROW, run_before=typed("j", "l", "l", "enter"))


def test_search_80x24(snap_compare: Compare) -> None:
    assert snap_compare(usual(), terminal_size=NARROW, run_before=typed("slash", *"write", "down"))


def test_runs_80x24(snap_compare: Compare) -> None:
    assert snap_compare(usual(label="All of spring"), terminal_size=NARROW, run_before=typed("1"))


def test_theme_140x40(snap_compare: Compare) -> None:
    assert snap_compare(usual(), terminal_size=WIDE, run_before=typed("j", "enter"))


def test_reader_80x24(snap_compare: Compare) -> None:
    assert snap_compare(usual(), terminal_size=NARROW, run_before=typed("j", "l", "l", "enter", "enter"))


@pytest.mark.parametrize("size", [WIDE, NARROW], ids=["140x40", "80x24"])
def test_empty(snap_compare: Compare, size: tuple[int, int]) -> None:
    Session(Path("workspace"), clock=lambda: NOW).open(create=True)
    assert snap_compare(app_on(Path("workspace")), terminal_size=size, run_before=typed())


def test_no_tree_yet_140x40(snap_compare: Compare) -> None:
    assert snap_compare(usual(tree=False), terminal_size=WIDE, run_before=typed("j"))


@pytest.mark.parametrize("size", [WIDE, NARROW], ids=["140x40", "80x24"])
def test_hostile(snap_compare: Compare, size: tuple[int, int]) -> None:
    themes = {
        f"{PAYLOADS[n]} theme": {
            f"{PAYLOADS[n + 4]} cluster": tuple(f"{p} query {n}" for p in PAYLOADS[n : n + 5])
        }
        for n in range(6)
    }
    app = app_on(handmade(Path("workspace"), themes, label="".join(PAYLOADS[:4])))
    assert snap_compare(app, terminal_size=size, run_before=typed("j", "l", "l", "2"))


@pytest.mark.parametrize("size", [WIDE, NARROW], ids=["140x40", "80x24"])
def test_very_long(snap_compare: Compare, size: tuple[int, int]) -> None:
    long = "an exceedingly long title that goes on and on " * 8
    themes = {f"{n} {long}": {f"{n} cluster {long}": (f"{n} query {long * 30}",)} for n in range(40)}
    app = app_on(handmade(Path("workspace"), themes, label=long))
    assert snap_compare(app, terminal_size=size, run_before=typed("j", "l", "l"))


@pytest.mark.parametrize("size", [WIDE, NARROW], ids=["140x40", "80x24"])
def test_job_running(snap_compare: Compare, size: tuple[int, int]) -> None:
    app = app_on(handmade(Path("workspace")), now=lambda: 12.0)

    def running(run: Driven) -> None:
        """The bar as it stands in the middle of a job; no job runs, so that the picture stands still."""
        jobs = app.desk.jobs
        lane = Lane(Order("embed.run"), Progress("embed", 1_240, 2_449, "texts"))
        lane.pace.came(Progress("embed", 0, 2_449), 0.0)
        lane.pace.came(Progress("embed", 1_240, 2_449), 12.0)
        jobs.lanes["long"] = lane
        run.explorer.jobs_changed()
        bar = run.explorer.query_one("#job", Bar)
        assert bar.display
        jobs.lanes["long"] = Lane()

    assert snap_compare(app, terminal_size=size, run_before=typed("j", then=running))


@pytest.mark.parametrize("size", [WIDE, NARROW], ids=["140x40", "80x24"])
def test_help(snap_compare: Compare, size: tuple[int, int]) -> None:
    assert snap_compare(usual(), terminal_size=size, run_before=typed("question_mark"))


def test_form_80x24(snap_compare: Compare) -> None:
    assert snap_compare(writable(), terminal_size=NARROW, run_before=typed("L"))


def test_choices_140x40(snap_compare: Compare) -> None:
    assert snap_compare(writable(), terminal_size=WIDE, run_before=typed("H", "tab", "tab"))


def test_prompt_80x24(snap_compare: Compare) -> None:
    assert snap_compare(usual(), terminal_size=NARROW, run_before=typed("colon", *"run"))


def test_confirm_80x24(snap_compare: Compare) -> None:
    assert snap_compare(writable(), terminal_size=NARROW, run_before=typed("1", "D"))


def test_error_80x24(snap_compare: Compare) -> None:
    def fail(run: Driven) -> None:
        run.explorer.run_line("run.lisst [/b]=1")

    assert snap_compare(usual(), terminal_size=NARROW, run_before=typed(then=fail))


def test_result_140x40(snap_compare: Compare) -> None:
    def ask(run: Driven) -> None:
        run.explorer.run_line("cluster.list")

    assert snap_compare(usual(), terminal_size=WIDE, run_before=typed(then=ask))


@pytest.mark.parametrize("theme", ["textual-light", "high-contrast"])
def test_themes(snap_compare: Compare, theme: str) -> None:
    folder = handmade(Path("workspace"))
    app = LmsysApp(Session(folder, clock=lambda: NOW, read_only=True), theme=theme, now=lambda: 0.0)
    assert snap_compare(app, terminal_size=WIDE, run_before=typed("j", "l"))


def test_the_hand_made_numbers_add_up(tmp_path: Path) -> None:
    session = Session(handmade(tmp_path / "w"), clock=lambda: NOW, read_only=True)
    root = session.dispatch("node.open").data
    assert root.size == sum(row.size for row in root.rows)
    assert len(root.rows) == len(USUAL) + 1
    session.close()
