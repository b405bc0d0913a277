"""Keys typed ahead, as they come over a slow line: a burst does what the same keys do when each waits for the one before."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
from textual.message import Message
from textual.message_pump import MessagePump

from screens import typed as typed_ahead
from screens.widgets.panes import ClusterPane, TreePane
from screens.widgets.tree_list import TreeList
from tests.doors import copied
from tests.pilots import WIDE, Driven, driven
from tests.terminal import Terminal

BURSTS = {
    "down, in, down": "l j l j j",
    "a pane, and in": "3 enter enter",
    "a theme, its pane, a conversation": "j j 3 enter enter enter",
    "a search and its words": "/ b r e a d enter",
    "a search, and down its hits": "4 b r e a d enter j j",
    "a hit and its conversation": "/ b r e a d enter enter",
    "a form and its words": "j j e ctrl+u L o a v e s enter",
    "a form, and what is done after it": "j l j e ctrl+u L o a v e s enter j f",
    "a line": "colon n o d e full_stop o p e n space n o d e equals_sign t 1 enter",
    "a line and keys": "colon n o d e full_stop o p e n space n o d e equals_sign t 1 enter l j",
    "a jump and its letters": "apostrophe b r e enter l",
    "a jump to what is not shown": "apostrophe c a k e enter f",
    "another screen and in": "J down enter",
    "a window, and out of it": "question_mark q 3 j",
    "the map and its words": "M slash p o e m enter",
    "levels": "minus plus j j",
    "search in full, and down": "9 p o e m enter j enter",
    "out again": "9 escape j l",
}


async def screen_after(run: Driven, keys: str, *, at_once: bool) -> str:
    """What is drawn when the keys were typed."""
    if at_once:
        run.send(*keys.split())
    else:
        await run.press(*keys.split())
    await run.settle()
    return drawn(run)


def drawn(run: Driven) -> str:
    """The lines of the screen."""
    lines = run.app.screen._compositor.render_strips()
    return "\n".join(strip.text for strip in lines)


@pytest.mark.parametrize("burst", BURSTS)
async def test_a_burst_does_what_the_keys_do_one_by_one(
    burst: str, fixture_workspace: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A machine that is busy is not what this is about.
    monkeypatch.setattr(typed_ahead, "MOST_SECONDS", 60.0)
    screens = {}
    for way in ("slow", "fast"):
        folder = copied(fixture_workspace, tmp_path / way / "w")
        async with driven(folder, WIDE) as run:
            run.app.clear_notifications()
            screens[way] = (await screen_after(run, BURSTS[burst], at_once=way == "fast")).replace(way, "")
    assert screens["fast"] == screens["slow"]


@pytest.mark.parametrize("burst", ["a pane, and in", "down, in, down", "a line and keys", "levels"])
async def test_a_burst_waits_for_widgets_that_are_at_work(
    burst: str, fixture_workspace: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(typed_ahead, "MOST_SECONDS", 60.0)
    handle = MessagePump._dispatch_message
    held: list[type] = []

    async def held_up(pump: MessagePump, message: Message) -> None:
        if type(pump) in held:
            for _ in range(50):
                await asyncio.sleep(0)
        await handle(pump, message)

    monkeypatch.setattr(MessagePump, "_dispatch_message", held_up)
    screens = {}
    for way, widgets in {"slow": [], "tree": [TreeList, TreePane], "detail": [ClusterPane]}.items():
        async with driven(copied(fixture_workspace, tmp_path / way / "w"), WIDE) as run:
            run.app.clear_notifications()
            held.extend(widgets)
            if held:
                run.send(*BURSTS[burst].split())
                await asyncio.sleep(0.2)
            else:
                await run.press(*BURSTS[burst].split())
            await run.settle()
            held.clear()
            await run.settle()
            # The first line has the workspace.
            screens[way] = drawn(run).split("\n")[1:]
    assert screens["tree"] == screens["slow"]
    assert screens["detail"] == screens["slow"]


@pytest.mark.parametrize("keys", ["jj3\r\r\r", "jje\x15Loaves\r"])
def test_a_burst_in_a_terminal(keys: str, fixture_workspace: Path, tmp_path: Path) -> None:
    slow, fast = (copied(fixture_workspace, tmp_path / way / "w") for way in ("slow", "fast"))
    with Terminal(["--workspace", slow], home=tmp_path) as terminal:
        terminal.wait_for("What people ask for")
        for key in keys:
            terminal.settle()
            terminal.press(key)
        wanted = settled(terminal)
    with Terminal(["--workspace", fast], home=tmp_path) as terminal:
        terminal.wait_for("What people ask for")
        terminal.settle()
        terminal.press(keys)
        assert settled(terminal) == wanted


def settled(terminal: Terminal) -> list[str]:
    """The lines of the screen but the first, which has the workspace, when nothing is under way any more."""
    terminal.settle()
    terminal.wait_for(lambda text: "starting" not in text and "stops" not in text)
    return terminal.settle().split("\n")[1:]


async def test_what_takes_long_holds_keys_up_for_a_moment_only(
    own_workspace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(typed_ahead, "MOST_SECONDS", 0.2)
    async with driven(own_workspace) as run:
        never = asyncio.Event()

        async def long(*_: Any) -> None:
            await never.wait()

        run.explorer.background("long", long, keys_wait=True)
        await run.pilot.press("j")
        assert run.tree.branch is run.tree.roots[0]
        await asyncio.sleep(0.4)
        await run.pilot.pause()
        assert run.tree.branch is run.tree.roots[0].children[0]
        never.set()
