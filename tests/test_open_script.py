"""`lmsys-tui --open FILE`: the Explorer begins where the script ends, or says what was wrong with the script."""

from __future__ import annotations

import io
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from textual.widgets import Input

from core.errors import ActionError, ExitCode
from core.session import Session
from core.sessions.journal import SessionJournal
from lmsys_tui.opening import run_opening
from lmsys_tui.options import parse_arguments
from screens.conversation.screen import ConversationScreen
from screens.starting import Start
from tests.doors import NOW, Ran
from tests.pilots import driven
from tests.terminal import Terminal

SCRIPT = "run.kmeans k=3 seed=5\nsummary.create\nhierarchy.build levels=2 width=2\nrun.open run=$RUN\n"


def first_run(folder: Path) -> tuple[str, str]:
    """The run of the workspace, and the last leaf of its tree."""
    session = Session(folder, clock=lambda: NOW, read_only=True)
    leaf = [row for row in session.dispatch("node.list", {"depth": 9}).data if not row.children][-1]
    session.close()
    return str(session.view.run), leaf.node


def ended(folder: Path, text: str, **names: str) -> tuple[ExitCode, Start]:
    """What a script leaves to begin with."""
    path = folder.with_name("script.txt")
    path.write_text(text, encoding="utf-8")
    session = Session(folder, clock=lambda: NOW, actor="tester")
    try:
        return run_opening(session, str(path), names, None)
    finally:
        session.close()


async def test_the_screen_begins_where_the_script_ends(own_workspace: Path) -> None:
    run_id, leaf = first_run(own_workspace)
    code, start = ended(
        own_workspace, SCRIPT + "search.queries text=poem\nnode.open node=$LEAF", RUN=run_id, LEAF=leaf
    )
    assert code is ExitCode.OK
    async with driven(own_workspace, start=start) as run:
        await run.settle()
        view = run.session.view
        assert (view.run, view.node, view.cluster) == (run_id, leaf, start.view.cluster)
        assert run.tree.branch is not None
        assert run.tree.branch.key == leaf
        assert run.explorer.query_one("#search-input", Input).value == "poem"
        assert run.rows("search").lines


async def test_a_conversation_that_a_script_opened_is_on_the_screen(own_workspace: Path) -> None:
    code, start = ended(own_workspace, "node.open node=t1\nquery.open query=3")
    assert code is ExitCode.OK
    async with driven(own_workspace, start=start) as run:
        await run.settle()
        assert isinstance(run.app.screen, ConversationScreen)
        assert run.session.view.query == 3
        await run.press("escape")
        assert run.app.screen is run.explorer
        assert run.session.view.node == start.view.node


@pytest.mark.parametrize(
    "line", ["search.queries text=poem mode=text", "edit.history", "trend.clusters period=day"]
)
async def test_a_screen_whose_action_comes_last_is_open(own_workspace: Path, line: str) -> None:
    from screens.doors import DOORS

    _, start = ended(own_workspace, line)
    async with driven(own_workspace, start=start) as run:
        await run.settle()
        assert (run.app.screen is not run.explorer) == (line.split()[0] in DOORS)


async def test_a_recorded_session_is_a_script(own_workspace: Path) -> None:
    run_id, leaf = first_run(own_workspace)
    session = Session(own_workspace, clock=lambda: NOW, actor="tester")
    journal = SessionJournal(session)
    session.dispatch("node.open", {"node": leaf})
    session.close()
    journal.close()
    code, start = ended(own_workspace, (own_workspace / "session.jsonl").read_text())
    assert (code, start.view.run, start.view.node) == (ExitCode.OK, run_id, leaf)


async def test_where_a_person_was_before_does_not_count(own_workspace: Path) -> None:
    _, leaf = first_run(own_workspace)
    async with driven(own_workspace) as run:
        run.explorer.run_line(f"node.open node={leaf}")
        await run.settle()
        run.explorer.save_state()
    _, start = ended(own_workspace, "node.open node=t1")
    async with driven(own_workspace, start=start) as run:
        await run.settle()
        assert run.session.view.node == "t1"
    async with driven(own_workspace) as run:
        await run.settle()
        assert run.session.view.node == leaf


@pytest.mark.parametrize(
    ("script", "code", "said"),
    [
        ("run.nothing", ExitCode.USAGE, "run.nothing"),
        ("node.open node=t1\nnode.open node=$X", ExitCode.USAGE, "$X is not set"),
        ("run.open run=nothing", ExitCode.FAILED, "unknown_run"),
        ('{"action": "node.open", "oops": 1}', ExitCode.USAGE, "oops"),
    ],
)
def test_what_is_wrong_with_the_script_is_said(
    own_workspace: Path, script: str, code: ExitCode, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = io.StringIO()
    monkeypatch.setattr(sys, "stderr", told)
    assert ended(own_workspace, script)[0] is code
    assert said in told.getvalue()


def test_without_a_terminal_nothing_is_run(
    cli: Callable[..., Ran], own_workspace: Path, tmp_path: Path
) -> None:
    script = tmp_path / "steps.txt"
    script.write_text("run.rename label=New")
    ran = cli("--open", script, "--workspace", own_workspace)
    assert (ran.code, ran.out) == (2, "")
    assert "not a terminal" in ran.err
    session = Session(own_workspace, read_only=True)
    assert session.dispatch("run.show").data.label != "New"
    session.close()


@pytest.mark.parametrize(
    "words",
    [
        ["--open", "-"], ["--open", "x", "--script", "y"], ["do", "run.list", "--open", "x"], ["--open", "x", "--dry-run"],
        ["demo", "--open", "x"], ["--open", "x", "--on-error", "continue"], ["--set", "A=b"], ["--port", "80"],
        ["serve", "--port", "0"], ["serve", "x"], ["serve", "--set", "A=b"],
    ],
    ids=" ".join,
)  # fmt: skip
def test_options_that_do_not_go_together_are_refused(words: list[str]) -> None:
    with pytest.raises(ActionError) as caught:
        parse_arguments(words)
    assert caught.value.code == "bad_usage"


def begun(words: list[Any], home: Path) -> Terminal:
    return Terminal(words, home=home)


def test_in_a_terminal_the_script_runs_and_the_screen_opens(own_workspace: Path, tmp_path: Path) -> None:
    script = tmp_path / "steps.txt"
    script.write_text("run.rename label=$NAME\nnode.open node=t1\n")
    words = ["--open", script, "--set", "NAME=Fromscript", "--workspace", own_workspace]
    with begun(words, tmp_path) as terminal:
        terminal.wait_for("Fromscript")
        terminal.press("q")
        assert terminal.exit_code() == 0
    script.write_text("run.open run=nothing\n")
    with begun(words, tmp_path) as terminal:
        assert terminal.exit_code() == 1
        assert b"\x1b[?1049h" not in terminal.raw
        assert b"unknown_run" in terminal.raw
