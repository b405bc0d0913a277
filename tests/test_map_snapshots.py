"""Pictures of the map. Look at each before you accept it: `pytest tests/test_map_snapshots.py --snapshot-update`."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot
from textual.widgets import Input

from core.session import Session
from lmsys_tui.app import LmsysApp
from tests.doors import NOW
from tests.handmade import NOISE, USUAL, Themes, handmade
from tests.mapped import mapped
from tests.pilots import NARROW, WIDE, Driven
from tests.test_hostile_text import PAYLOADS

Compare = Callable[..., bool]
Before = Callable[[Pilot[Any]], Coroutine[Any, Any, None]]

HOSTILE: Themes = {
    f"{PAYLOADS[n]} theme": {
        f"{PAYLOADS[n + 4]} cluster": tuple(f"{p} query {n}" for p in PAYLOADS[n : n + 5]),
        f"{PAYLOADS[n + 7]} other": (f"{PAYLOADS[12]} more {n}",),
    }
    for n in range(4)
}

LONG: Themes = {
    f"Questions number {n} about everything that anybody could ever want to know of a subject that has no end": {
        f"Titles {n}.{m} that go on and on, long past any screen, {'very ' * 30}long": tuple(
            f"{m + 2}x a query {n} {m} {k}" for k in range(4)
        )
        for m in range(5)
    }
    for n in range(5)
}

CROWD: Themes = {
    theme: {
        title: tuple(
            f"{1 + n % 3}x {text}, take {n}" for text in texts for n in range(40 + 25 * (len(title) % 4))
        )
        for title, texts in clusters.items()
    }
    for theme, clusters in USUAL.items()
}
"""The usual themes with some 2,000 queries: enough for braille."""

pytestmark = pytest.mark.parametrize("size", [WIDE, NARROW], ids=["140x40", "80x24"])


@pytest.fixture(autouse=True)
def _still(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No blinking cursor, and a workspace whose path is the same everywhere."""
    monkeypatch.setattr(Input, "_toggle_cursor", lambda _: None)
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("NO_COLOR", raising=False)


def app(
    themes: Themes = USUAL, noise: tuple[str, ...] = NOISE, *, built: bool = True, drop: int = 0
) -> LmsysApp:
    """The application on a workspace by hand."""
    folder = handmade(Path("workspace"), themes, noise)
    if built:
        mapped(folder, drop=drop)
    return LmsysApp(Session(folder, clock=lambda: NOW, actor="tester"), now=lambda: 0.0)


def typed(*keys: str) -> Before:
    """Press the keys one after the other, each settled."""

    async def before(pilot: Pilot[Any]) -> None:
        found = pilot.app
        assert isinstance(found, LmsysApp)
        run = Driven(found, pilot)
        await run.settle()
        found._disable_notifications = True
        await run.press(*keys)

    return before


def test_no_map_yet(snap_compare: Compare, size: tuple[int, int]) -> None:
    assert snap_compare(app(built=False), terminal_size=size, run_before=typed("5"))


def test_no_workspace(snap_compare: Compare, size: tuple[int, int]) -> None:
    none = LmsysApp(Session(Path("workspace"), clock=lambda: NOW, actor="tester"), now=lambda: 0.0)
    assert snap_compare(none, terminal_size=size, run_before=typed("5"))


def test_usual(snap_compare: Compare, size: tuple[int, int]) -> None:
    assert snap_compare(app(CROWD), terminal_size=size, run_before=typed("5"))


def test_by_themes(snap_compare: Compare, size: tuple[int, int]) -> None:
    assert snap_compare(app(CROWD), terminal_size=size, run_before=typed("5", "b", "n"))


def test_zoomed(snap_compare: Compare, size: tuple[int, int]) -> None:
    assert snap_compare(app(CROWD), terminal_size=size, run_before=typed("5", "n", "plus", "plus"))


def test_search_lit(snap_compare: Compare, size: tuple[int, int]) -> None:
    assert snap_compare(
        app(),
        terminal_size=size,
        run_before=typed("5", "slash", *"python", "space", *"OR", "space", *"the", "enter"),
    )


def test_search_typed(snap_compare: Compare, size: tuple[int, int]) -> None:
    assert snap_compare(app(), terminal_size=size, run_before=typed("5", "slash", *"python"))


def test_blocks(snap_compare: Compare, size: tuple[int, int]) -> None:
    assert snap_compare(app(CROWD), terminal_size=size, run_before=typed("5", "m"))


def test_few(snap_compare: Compare, size: tuple[int, int]) -> None:
    assert snap_compare(app(), terminal_size=size, run_before=typed("5"))


def test_stale(snap_compare: Compare, size: tuple[int, int]) -> None:
    assert snap_compare(app(drop=5), terminal_size=size, run_before=typed("5"))


def test_hostile(snap_compare: Compare, size: tuple[int, int]) -> None:
    assert snap_compare(app(HOSTILE, PAYLOADS[:3]), terminal_size=size, run_before=typed("5"))


def test_long(snap_compare: Compare, size: tuple[int, int]) -> None:
    assert snap_compare(app(LONG), terminal_size=size, run_before=typed("5"))


def test_high_contrast(snap_compare: Compare, size: tuple[int, int]) -> None:
    assert snap_compare(app(), terminal_size=size, run_before=typed("5", "T", "T"))


def test_light(snap_compare: Compare, size: tuple[int, int]) -> None:
    assert snap_compare(app(CROWD), terminal_size=size, run_before=typed("5", "T"))
