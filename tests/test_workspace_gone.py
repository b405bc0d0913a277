"""The workspace is removed while the program is open: everything says so, and nothing makes it anew."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from core.errors import ActionError
from core.registry import REGISTRY
from core.session import Session
from tests.doors import NOW
from tests.pilots import Driven, driven

GONE = "The workspace is gone."


def told(run: Driven) -> str:
    """What the screen says, in lists, bars and messages; the messages are taken away."""
    said = " ".join(note.message for note in run.app._notifications)
    run.app.clear_notifications()
    return f"{run.top()} {said}"


def removed(folder: Path, what: str) -> None:
    shutil.rmtree(folder)
    if what == "file":
        folder.mkdir()


@pytest.mark.parametrize("what", ["folder", "file"])
@pytest.mark.parametrize(
    "keys", [("6",), ("7",), ("5",), ("9", "a"), ("4", "slash", "a", "enter"), ("3", "j", "enter")]
)
async def test_reading(keys: tuple[str, ...], what: str, own_workspace: Path) -> None:
    async with driven(own_workspace) as run:
        removed(own_workspace, what)
        await run.press(*keys)
        assert GONE in told(run)


@pytest.mark.parametrize("what", ["folder", "file"])
@pytest.mark.parametrize(
    "line", ["run.kmeans k=2", "cluster.flag cluster=0", "run.open run=x", "run.delete run=x yes=true"]
)
async def test_actions(line: str, what: str, own_workspace: Path) -> None:
    async with driven(own_workspace) as run:
        removed(own_workspace, what)
        run.explorer.run_line(line)
        await run.settle()
        assert GONE in told(run)
    assert not (own_workspace / "workspace.db").exists()


async def test_it_is_said_once_without_a_key(own_workspace: Path) -> None:
    async with driven(own_workspace) as run:
        removed(own_workspace, "folder")
        await run.explorer.runs_control.look()
        await run.settle()
        assert GONE in told(run)
        await run.explorer.runs_control.look()
        await run.settle()
        assert GONE not in told(run)


@pytest.mark.parametrize("what", ["folder", "file"])
@pytest.mark.parametrize("line", ["run.list", "cluster.flag", "run.kmeans"])
def test_an_open_session(line: str, what: str, own_workspace: Path) -> None:
    session = Session(own_workspace, clock=lambda: NOW, actor="tester")
    session.dispatch("run.list")
    removed(own_workspace, what)
    params = {"k": 2} if "k" in REGISTRY.get(line).params else {"cluster": 0} if line != "run.list" else {}
    with pytest.raises(ActionError) as caught:
        session.dispatch(line, params)
    session.close()
    assert (caught.value.code, caught.value.message) == ("store_missing", GONE)
    assert caught.value.hint
