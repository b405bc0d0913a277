"""A job that is stopped, or that fails after it has kept something, stands in the session journal, and no script does it again."""

from __future__ import annotations

import asyncio
import threading
from pathlib import Path
from typing import Any

import pytest

from core.control import Control
from core.errors import ActionError, Cancelled
from core.session import Session
from core.sessions.journal import SessionJournal
from core.sessions.read import entries
from db import vectors
from tests.doors import NOW, copied, run_cli, run_text
from tests.pilots import driven
from tests.test_session_journal import journal_text, world

EMBED: tuple[str, dict[str, Any]] = ("embed.run", {"dataset": "more", "model": "lexical", "batch": 8})


@pytest.fixture
def own_workspace(own_workspace: Path) -> Path:
    """A workspace with a dataset that has no vectors yet."""
    assert run_text(own_workspace, "data.load source=sample name=more").code == 0
    return own_workspace


def stopped_after(session: Session, reports: int, action: str, params: dict[str, Any]) -> None:
    """Run a job that is stopped after so many of its reports."""
    seen: list[object] = []
    fork = session.fork(Control(seen.append, lambda: len(seen) >= reports))
    with pytest.raises(Cancelled):
        fork.dispatch(action, params)


@pytest.fixture
def cut(own_workspace: Path, tmp_path: Path) -> Path:
    """A workspace in whose session embedding was stopped half-way; `before` is its copy from before that."""
    copied(own_workspace, tmp_path / "before")
    session = Session(own_workspace, clock=lambda: NOW, actor="tester")
    journal = SessionJournal(session)
    session.dispatch("run.rename", {"label": "first"})
    stopped_after(session, 3, *EMBED)
    session.dispatch("run.rename", {"label": "second"})
    journal.close()
    session.close()
    return own_workspace


def test_a_stopped_job_that_kept_something_is_recorded_as_cut_short(cut: Path) -> None:
    found = list(entries(cut))
    assert [(e.step.action, e.cut) for e in found] == [
        ("run.open", ""), ("run.rename", ""), ("embed.run", "cancelled"), ("run.rename", ""),
    ]  # fmt: skip
    assert found[2].step.params["model"] == "lexical"
    shown = run_text(cut, "session.show").rows[0]["data"]
    assert shown[2]["cut"] == "cancelled"
    assert shown[2]["line"].startswith(
        "# Cut short (cancelled), not done again: embed.run dataset=more model=lexical"
    )
    listed = run_text(cut, "session.list").rows[0]["data"]
    assert (listed[0]["lines"], listed[0]["changes"]) == (4, 3)


def test_neither_the_journal_nor_a_saved_script_does_it_again(cut: Path, tmp_path: Path) -> None:
    saved = run_text(cut, f"session.save path={tmp_path / 'steps.txt'}").rows[0]["data"]
    assert (saved["lines"], saved["cut"]) == (4, 1)
    script = (tmp_path / "steps.txt").read_text(encoding="utf-8")
    assert "1 was cut short" in script.splitlines()[0]
    assert any(line.startswith("# Cut short (cancelled)") for line in script.splitlines())
    for number, text in enumerate((journal_text(cut), script)):
        copy = copied(tmp_path / "before", tmp_path / f"copy{number}")
        ran = run_text(copy, text)
        assert ran.code == 0, ran.err
        assert [row["action"] for row in ran.rows] == ["run.open", "run.rename", "run.rename"]


def test_what_goes_on_from_there_makes_the_same_workspace(cut: Path, tmp_path: Path) -> None:
    session = Session(cut, clock=lambda: NOW, actor="tester")
    journal = SessionJournal(session)
    session.dispatch(*EMBED)
    journal.close()
    session.close()
    ran = run_text(tmp_path / "before", journal_text(cut))
    assert ran.code == 0, ran.err
    assert world(tmp_path / "before") == world(cut)


def test_a_job_that_failed_half_way_is_cut_short_too(
    own_workspace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    append, calls = vectors.append, []

    def full(*args: Any) -> Any:
        calls.append(1)
        if len(calls) > 2:
            raise OSError(28, "No space left on device")
        return append(*args)

    monkeypatch.setattr(vectors, "append", full)
    session = Session(own_workspace, clock=lambda: NOW)
    journal = SessionJournal(session)
    with pytest.raises(ActionError):
        session.dispatch(*EMBED)
    journal.close()
    session.close()
    assert [(e.step.action, e.cut) for e in entries(own_workspace)] == [("embed.run", "store_full")]


def test_a_job_that_kept_nothing_is_not_recorded(own_workspace: Path) -> None:
    session = Session(own_workspace, clock=lambda: NOW)
    journal = SessionJournal(session)
    stopped_after(session, 2, "run.kmeans", {"k": 5})
    stopped_after(session, 1, "data.load", {"source": "sample", "name": "again"})
    with pytest.raises(ActionError):
        session.dispatch("embed.run", {"model": "no such model"})
    with pytest.raises(ActionError):
        session.dispatch("run.rename", {"run": "unknown", "label": "x"})
    assert not (own_workspace / "session.jsonl").exists()
    journal.close()
    session.close()


async def test_a_job_that_is_stopped_by_key_is_recorded(
    own_workspace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    append, kept, go = vectors.append, threading.Event(), threading.Event()

    def slow(*args: Any) -> Any:
        found = append(*args)
        kept.set()
        assert go.wait(30)
        return found

    monkeypatch.setattr(vectors, "append", slow)
    async with driven(own_workspace) as run:
        run.explorer.run_line("embed.run dataset=more model=lexical batch=8")
        assert await asyncio.to_thread(kept.wait, 30)
        await run.pilot.press("ctrl+c")
        go.set()
        await run.settle()
        await run.press("Y")
        assert "embed.run" not in run.app.clipboard
    assert [(e.step.action, e.cut) for e in entries(own_workspace)][-1] == ("embed.run", "cancelled")


def test_do_refuses_the_line_of_a_job_that_was_cut_short(own_workspace: Path, tmp_path: Path) -> None:
    line = '{"action": "run.list", "params": {}, "cut": "cancelled"}'
    ran = run_cli("do", line, "--workspace", own_workspace, home=tmp_path)
    assert ran.code == 2
    assert "cut" in ran.error["message"]
