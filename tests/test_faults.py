"""A fault of the program is shown where it can be copied, and the program goes on; a loop of faults ends it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from textual.css.query import NoMatches
from textual.strip import Strip

from core.errors import ActionError
from screens.dialogs import ErrorScreen
from screens.explorer.screen import Explorer
from screens.faults import AGAIN_SECONDS, MOST, Faults
from screens.widgets.bars import Bar
from screens.widgets.row_list import RowList
from tests.pilots import Driven, driven


def broken(*_: Any) -> Any:
    raise ValueError("planted [/b] \x1b[31m")


async def planted_coroutine() -> None:
    broken()


Plant = Callable[[Driven], Any]

PLANTS: dict[str, Plant] = {
    "callback": lambda run: run.explorer.call_later(broken),
    "after a refresh": lambda run: run.explorer.call_after_refresh(broken),
    "timer": lambda run: run.explorer.set_timer(0.01, broken),
    "list": lambda run: run.tree.call_later(broken),
    "worker": lambda run: run.explorer.run_worker(planted_coroutine()),
    "thread": lambda run: run.explorer.run_worker(broken, thread=True),
    "background": lambda run: run.explorer.background("x", planted_coroutine),
    "application": lambda run: run.app.call_later(broken),
}


@pytest.mark.parametrize("name", PLANTS)
async def test_a_fault_anywhere_is_shown_and_the_program_goes_on(name: str, fixture_workspace: Path) -> None:
    async with driven(fixture_workspace, read_only=True) as run:
        PLANTS[name](run)
        for _ in range(50):
            await run.settle()
            if isinstance(run.app.screen, ErrorScreen):
                break
        screen = run.app.screen
        assert isinstance(screen, ErrorScreen)
        assert "ValueError: planted [/b] \u241b[31m" in run.top()
        assert "Traceback (most recent call last)" in screen.text()
        await run.press("y")
        assert "in broken" in run.app.clipboard
        assert "\x1b" not in run.app.clipboard
        await run.press("escape", "j")
        assert run.app.screen is run.explorer
        assert run.tree.cursor == 1
        run.app.faults.seen.clear()


async def test_a_fault_in_a_key_and_in_a_message_handler(
    fixture_workspace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Explorer, "action_zoom", broken)
    monkeypatch.setattr(Bar, "on_click", lambda *_: {}["planted"], raising=False)
    async with driven(fixture_workspace, read_only=True) as run:
        await run.press("z")
        assert isinstance(run.app.screen, ErrorScreen)
        await run.press("escape")
        await run.pilot.click(Bar)
        await run.settle()
        assert isinstance(run.app.screen, ErrorScreen)
        await run.press("escape", "j")
        assert run.tree.cursor == 1
        run.app.faults.seen.clear()


async def test_a_fault_in_drawing_is_told_once(
    fixture_workspace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with driven(fixture_workspace, read_only=True) as run:
        whole = RowList.render_line

        def half(self: RowList, y: int) -> Strip:
            return broken() if self.id == "tree-rows" else whole(self, y)

        monkeypatch.setattr(RowList, "render_line", half)
        run.tree.refresh()
        await run.settle()
        assert isinstance(run.app.screen, ErrorScreen)
        await run.press("escape", "j", "j")
        assert run.app.screen is run.explorer
        assert run.tree.cursor == 2
        monkeypatch.undo()
        run.app.faults.seen.clear()


async def test_the_same_fault_again_at_once_ends_the_program(fixture_workspace: Path) -> None:
    with pytest.raises(ValueError, match="planted"):
        async with driven(fixture_workspace, read_only=True) as run:
            run.explorer.set_interval(0.05, broken)
            for _ in range(100):
                await run.pilot.pause(0.05)
                if run.app.return_code:
                    break
            assert run.app.return_code == 1


async def test_the_text_of_an_error_can_be_written_to_a_file(own_workspace: Path) -> None:
    async with driven(own_workspace) as run:
        run.explorer.explain(ActionError("bad", "It is bad. " * 30, "Make it good."))
        await run.press("W")
        (path,) = (own_workspace / "exports").iterdir()
        assert "Make it good." in path.read_text("utf-8")
        assert path.name.startswith("it-did-not-work-")


def test_what_is_a_loop() -> None:
    now = [0.0]
    faults = Faults(lambda: now[0])

    def fault(kind: type[Exception], words: str = "x") -> Exception:
        try:
            raise kind(words)
        except Exception as error:
            return error

    assert faults.bearable(fault(ValueError))
    now[0] += AGAIN_SECONDS / 2
    assert not faults.bearable(fault(ValueError))
    now[0] += AGAIN_SECONDS
    assert faults.bearable(fault(ValueError))
    assert faults.bearable(fault(NoMatches))
    crowd = [faults.bearable(fault(ValueError, str(n))) for n in range(MOST)]
    assert crowd[-1] is False
    now[0] += 60
    assert faults.bearable(fault(ValueError))
    assert len([one for one in faults.seen if isinstance(one, NoMatches)]) == 1
