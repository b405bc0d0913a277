"""Pictures of trends. Look at each before you accept it: `pytest tests/test_trends_snapshots.py --snapshot-update`."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from textual.widgets import Input

from core.session import Session
from lmsys_tui.app import LmsysApp
from tests.doors import NOW
from tests.handmade import Themes
from tests.pilots import NARROW, WIDE
from tests.test_curate_snapshots import typed
from tests.test_hostile_text import PAYLOADS
from tests.timed import timed, untimed

Compare = Callable[..., bool]

LONG = "an exceedingly long title that goes on and on "

HOSTILE: Themes = {
    f"{PAYLOADS[n]} theme": {f"{PAYLOADS[n + k]} cluster {k}": () for k in (4, 8)} for n in range(4)
}

VERY_LONG: Themes = {
    f"{n} {LONG * 6}": {f"{n}{k} cluster {LONG * 8}": () for k in range(8)} for n in range(3)
}

pytestmark = pytest.mark.parametrize("size", [WIDE, NARROW], ids=["140x40", "80x24"])


@pytest.fixture(scope="module")
def half_year(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The usual workspace, made once."""
    return timed(tmp_path_factory.mktemp("trends") / "w")


@pytest.fixture(autouse=True)
def _still(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No blinking cursor, and a workspace whose path is the same everywhere."""
    monkeypatch.setattr(Input, "_toggle_cursor", lambda _: None)
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("NO_COLOR", raising=False)


def app_on(folder: Path) -> LmsysApp:
    """The application on a workspace."""
    return LmsysApp(Session(folder, clock=lambda: NOW, actor="tester", read_only=True), now=lambda: 0.0)


def usual(half_year: Path) -> LmsysApp:
    """The application on half a year."""
    shutil.copytree(half_year, "workspace")
    return app_on(Path("workspace"))


@pytest.mark.parametrize(
    "keys",
    [("7",), ("7", "j", "j", "d"), ("7", "m", "j", "n"), ("7", "v"), ("7", "c", "enter"), ("7", "c")],
    ids=["weeks", "days", "months", "themes", "windows", "form"],
)
def test_usual(snap_compare: Compare, size: tuple[int, int], half_year: Path, keys: tuple[str, ...]) -> None:
    assert snap_compare(usual(half_year), terminal_size=size, run_before=typed(*keys))


def test_no_times(snap_compare: Compare, size: tuple[int, int]) -> None:
    assert snap_compare(app_on(untimed(Path("workspace"))), terminal_size=size, run_before=typed("7"))


@pytest.mark.parametrize("keys", [("7",), ("7", "c", "enter")], ids=["list", "windows"])
def test_hostile(snap_compare: Compare, size: tuple[int, int], keys: tuple[str, ...]) -> None:
    app = app_on(timed(Path("workspace"), HOSTILE))
    assert snap_compare(app, terminal_size=size, run_before=typed(*keys))


@pytest.mark.parametrize("keys", [("7",), ("7", "c", "enter")], ids=["list", "windows"])
def test_very_long(snap_compare: Compare, size: tuple[int, int], keys: tuple[str, ...]) -> None:
    app = app_on(timed(Path("workspace"), VERY_LONG))
    assert snap_compare(app, terminal_size=size, run_before=typed(*keys))
