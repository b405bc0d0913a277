"""Pictures of the full search. Look at each before you accept it: `pytest tests/test_search_screen_snapshots.py --snapshot-update`."""

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
from tests.handmade import USUAL, Themes, handmade
from tests.pilots import NARROW, WIDE, Driven
from tests.test_hostile_text import PAYLOADS
from tests.test_search_screen import press

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
    "Very long things": {
        f"A cluster whose title goes on and on, number {n}, and does not end where a title should end": tuple(
            f"{9 - n}x please write {'a very long query ' * 30} number {n} {m}" for m in range(12)
        )
        for n in range(8)
    }
}

SAVED = (
    {"name": "poems", "text": "poem OR haiku OR song", "mode": "text"},
    {"name": "German code", "text": "language:German python", "within": "t0"},
    {"name": "hostile", "text": "[b]x[/b] \u202e \x1b[31m red"},
)

pytestmark = pytest.mark.parametrize("size", [WIDE, NARROW], ids=["140x40", "80x24"])


@pytest.fixture(autouse=True)
def _still(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No blinking cursor, and a workspace whose path is the same everywhere."""
    monkeypatch.setattr(Input, "_toggle_cursor", lambda _: None)
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("NO_COLOR", raising=False)


def app(themes: Themes = USUAL, saved: tuple[dict[str, Any], ...] = ()) -> LmsysApp:
    """The application on a workspace with these searches."""
    folder = handmade(Path("workspace"), themes)
    session = Session(folder, clock=lambda: NOW, actor="tester")
    for one in saved:
        session.dispatch("search.save", one)
    session.close()
    return LmsysApp(Session(folder, clock=lambda: NOW, actor="tester"), now=lambda: 0.0)


def typed(*keys: str) -> Before:
    """Press the keys one after the other, each settled."""

    async def before(pilot: Pilot[Any]) -> None:
        application = pilot.app
        assert isinstance(application, LmsysApp)
        run = Driven(application, pilot)
        await run.settle()
        await press(run, *keys)
        application._disable_notifications = True

    return before


WRITE = ("9", *"write")


def test_empty(snap_compare: Compare, size: tuple[int, int]) -> None:
    assert snap_compare(app(), terminal_size=size, run_before=typed("9"))


def test_usual(snap_compare: Compare, size: tuple[int, int]) -> None:
    assert snap_compare(app(), terminal_size=size, run_before=typed(*WRITE, "enter"))


def test_facets_and_filters(snap_compare: Compare, size: tuple[int, int]) -> None:
    keys = (*WRITE, "enter", "F", "enter", "j", "enter", "j", "j", "minus")
    assert snap_compare(app(), terminal_size=size, run_before=typed(*keys))


def test_a_filter_is_chosen(snap_compare: Compare, size: tuple[int, int]) -> None:
    keys = (*WRITE, "enter", "F", "enter", "j", "enter", "escape", "shift+tab", "l")
    assert snap_compare(app(), terminal_size=size, run_before=typed(*keys))


def test_grouped(snap_compare: Compare, size: tuple[int, int]) -> None:
    assert snap_compare(app(), terminal_size=size, run_before=typed(*WRITE, "enter", "b", "j"))


def test_marked(snap_compare: Compare, size: tuple[int, int]) -> None:
    assert snap_compare(app(), terminal_size=size, run_before=typed(*WRITE, "enter", "space", "space"))


def test_moving_marks(snap_compare: Compare, size: tuple[int, int]) -> None:
    assert snap_compare(app(), terminal_size=size, run_before=typed(*WRITE, "enter", "space", "space", "c"))


def test_no_hits(snap_compare: Compare, size: tuple[int, int]) -> None:
    assert snap_compare(app(), terminal_size=size, run_before=typed("9", *"zebra"))


def test_error(snap_compare: Compare, size: tuple[int, int]) -> None:
    keys = ("9", *"language", "colon", *"Germn")
    assert snap_compare(app(), terminal_size=size, run_before=typed(*keys))


def test_saved(snap_compare: Compare, size: tuple[int, int]) -> None:
    assert snap_compare(app(saved=SAVED), terminal_size=size, run_before=typed(*WRITE, "enter", "L", "j"))


def test_none_saved(snap_compare: Compare, size: tuple[int, int]) -> None:
    assert snap_compare(app(), terminal_size=size, run_before=typed(*WRITE, "enter", "L"))


def test_saving(snap_compare: Compare, size: tuple[int, int]) -> None:
    assert snap_compare(app(), terminal_size=size, run_before=typed(*WRITE, "enter", "S"))


def test_hostile(snap_compare: Compare, size: tuple[int, int]) -> None:
    assert snap_compare(app(HOSTILE), terminal_size=size, run_before=typed("9", *"query", "enter", "F", "G"))


def test_hostile_groups(snap_compare: Compare, size: tuple[int, int]) -> None:
    keys = ("9", *"query", "enter", "F", *["j"] * 9, "enter", "escape", "b")
    assert snap_compare(app(HOSTILE), terminal_size=size, run_before=typed(*keys))


def test_very_long(snap_compare: Compare, size: tuple[int, int]) -> None:
    keys = ("9", *"please", "enter", "F", *["j"] * 6, "enter", "j", "j")
    assert snap_compare(app(LONG), terminal_size=size, run_before=typed(*keys))


def test_tiny(snap_compare: Compare, size: tuple[int, int]) -> None:
    """In 60 columns and 15 lines, and in 72 and 18."""
    small = (60, 15) if size == NARROW else (72, 18)
    assert snap_compare(app(), terminal_size=small, run_before=typed(*WRITE, "enter", "F", "enter"))
