"""Pictures of comparisons. Look at each before you accept it: `pytest tests/test_compare_snapshots.py --snapshot-update`."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from textual.widgets import Input

from core.session import Session
from lmsys_tui.app import LmsysApp
from tests.doors import NOW
from tests.handmade import Themes, handmade
from tests.pilots import NARROW, WIDE
from tests.test_curate_snapshots import typed
from tests.test_hostile_text import PAYLOADS
from tests.two_runs import second_run

Compare = Callable[..., bool]

LONG = "an exceedingly long title that goes on and on "

HOSTILE: Themes = {
    f"{PAYLOADS[n]} theme": {
        f"{PAYLOADS[n + 4]} cluster": tuple(f"{p} query {n}" for p in PAYLOADS[n : n + 5]),
        f"{PAYLOADS[n + 8]} other": tuple(f"{p} more {n}" for p in PAYLOADS[n : n + 3]),
    }
    for n in range(4)
}

VERY_LONG: Themes = {
    f"{n} {LONG * 6}": {
        f"{n}{k} cluster {LONG * 8}": tuple(f"{n}{k}{i} {LONG * 30}" for i in range(4)) for k in "ab"
    }
    for n in range(4)
}

pytestmark = pytest.mark.parametrize("size", [WIDE, NARROW], ids=["140x40", "80x24"])


@pytest.fixture(autouse=True)
def _still(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No blinking cursor, and a workspace whose path is the same everywhere."""
    monkeypatch.setattr(Input, "_toggle_cursor", lambda _: None)
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("NO_COLOR", raising=False)


def app_on(folder: Path) -> LmsysApp:
    """The application on a workspace."""
    return LmsysApp(Session(folder, clock=lambda: NOW, actor="tester", read_only=True), now=lambda: 0.0)


def usual() -> LmsysApp:
    """The application on two runs."""
    return app_on(second_run(handmade(Path("workspace"))))


def test_two_runs(snap_compare: Compare, size: tuple[int, int]) -> None:
    assert snap_compare(usual(), terminal_size=size, run_before=typed("6", "j", "j"))


def test_one_kind(snap_compare: Compare, size: tuple[int, int]) -> None:
    assert snap_compare(usual(), terminal_size=size, run_before=typed("6", "F", "tab"))


def test_two_trees(snap_compare: Compare, size: tuple[int, int]) -> None:
    assert snap_compare(usual(), terminal_size=size, run_before=typed("6", "v"))


def test_moved(snap_compare: Compare, size: tuple[int, int]) -> None:
    assert snap_compare(usual(), terminal_size=size, run_before=typed("6", "enter", "tab", "j"))


def test_picker(snap_compare: Compare, size: tuple[int, int]) -> None:
    assert snap_compare(usual(), terminal_size=size, run_before=typed("6", "a", "j"))


def test_one_run_alone(snap_compare: Compare, size: tuple[int, int]) -> None:
    assert snap_compare(app_on(handmade(Path("workspace"))), terminal_size=size, run_before=typed("6"))


@pytest.mark.parametrize("keys", [("6",), ("6", "enter")], ids=["list", "moved"])
def test_hostile(snap_compare: Compare, size: tuple[int, int], keys: tuple[str, ...]) -> None:
    titles = tuple(f"{payload} after" for payload in PAYLOADS[3:10])
    app = app_on(second_run(handmade(Path("workspace"), HOSTILE), titles))
    assert snap_compare(app, terminal_size=size, run_before=typed(*keys))


def test_very_long(snap_compare: Compare, size: tuple[int, int]) -> None:
    titles = tuple(f"{n} after {LONG * 9}" for n in range(7))
    app = app_on(second_run(handmade(Path("workspace"), VERY_LONG, label=LONG * 3), titles))
    assert snap_compare(app, terminal_size=size, run_before=typed("6"))
