"""Pictures of the Explorer sorted, filtered, in each tab, with hostile and with very long texts. Look at each before you accept it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from textual.widgets import Input

from core.session import Session
from tests.doors import NOW
from tests.handmade import USUAL, handmade
from tests.pilots import NARROW, WIDE, Driven
from tests.test_hostile_text import PAYLOADS
from tests.test_snapshots import Compare, app_on, typed, usual

SIZES = pytest.mark.parametrize("size", [WIDE, NARROW], ids=["140x40", "80x24"])


@pytest.fixture(autouse=True)
def _still(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No blinking cursor, and a workspace whose path is the same everywhere."""
    monkeypatch.setattr(Input, "_toggle_cursor", lambda _: None)
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("NO_COLOR", raising=False)


def line(text: str) -> Callable[[Driven], None]:
    """Run a line of script."""
    return lambda run: run.explorer.run_line(text)


def edited() -> Path:
    """The usual workspace after a few edits."""
    folder = handmade(Path("workspace"))
    session = Session(folder, clock=lambda: NOW, actor="ann")
    for action, params in (
        ("cluster.rename", {"cluster": 0, "title": "Python by hand", "reason": "says what it is"}),
        ("cluster.tag", {"cluster": 0, "add": "urgent"}),
        ("cluster.flag", {"cluster": 0, "flag": "check"}),
        ("cluster.flag", {"cluster": 1, "flag": "check"}),
    ):
        session.dispatch(action, params)
    session.dispatch("edit.undo")
    session.close()
    return folder


@SIZES
@pytest.mark.parametrize("sort", ["coherence", "title", "growth"])
def test_sorted(snap_compare: Compare, sort: str, size: tuple[int, int]) -> None:
    keys = ("plus", "j", *"SSS"[: ["coherence", "title", "growth"].index(sort) + 1])
    assert snap_compare(usual(), terminal_size=size, run_before=typed(*keys))


@SIZES
def test_filtered(snap_compare: Compare, size: tuple[int, int]) -> None:
    before = typed("j", "enter", then=line("node.filter text=write language=English"))
    assert snap_compare(usual(), terminal_size=size, run_before=before)


@SIZES
def test_filtered_to_nothing(snap_compare: Compare, size: tuple[int, int]) -> None:
    assert snap_compare(
        usual(), terminal_size=size, run_before=typed("S", then=line("node.filter text=zebra"))
    )


@SIZES
def test_filter_form(snap_compare: Compare, size: tuple[int, int]) -> None:
    assert snap_compare(usual(), terminal_size=size, run_before=typed("F", *"code"))


@SIZES
def test_letters(snap_compare: Compare, size: tuple[int, int]) -> None:
    assert snap_compare(usual(), terminal_size=size, run_before=typed("j", "apostrophe", *"formal"))


@SIZES
@pytest.mark.parametrize("tab", ["facets", "names", "neighbours", "history"])
def test_tab_of_a_cluster(snap_compare: Compare, tab: str, size: tuple[int, int]) -> None:
    turns = ("full_stop",) * (["facets", "names", "neighbours", "history"].index(tab) + 1)
    keys = ("j", "l", "l", "enter", *turns)
    assert snap_compare(app_on(edited()), terminal_size=size, run_before=typed(*keys))


@SIZES
@pytest.mark.parametrize("tab", ["facets", "names", "history"])
def test_tab_of_the_run(snap_compare: Compare, tab: str, size: tuple[int, int]) -> None:
    turns = ("full_stop",) * (["facets", "names", "history"].index(tab) + 1)
    assert snap_compare(app_on(edited()), terminal_size=size, run_before=typed("3", *turns))


@SIZES
def test_facets_of_a_theme(snap_compare: Compare, size: tuple[int, int]) -> None:
    assert snap_compare(usual(), terminal_size=size, run_before=typed("j", "j", "full_stop", "3"))


@SIZES
@pytest.mark.parametrize("tab", ["names", "neighbours", "history"])
def test_hostile(snap_compare: Compare, tab: str, size: tuple[int, int]) -> None:
    themes = {
        f"{PAYLOADS[n]} theme": {
            f"{PAYLOADS[n + 4]} cluster": tuple(f"{p} query {n}" for p in PAYLOADS[n : n + 5])
        }
        for n in range(6)
    }
    folder = handmade(Path("workspace"), themes)
    session = Session(folder, clock=lambda: NOW, actor=f"ann{PAYLOADS[0]}")
    session.dispatch(
        "cluster.rename", {"cluster": 0, "title": f"{PAYLOADS[2]} by hand", "reason": PAYLOADS[3]}
    )
    session.dispatch("cluster.tag", {"cluster": 0, "add": "a[/b]tag"})
    session.close()
    turns = ("full_stop",) * (["facets", "names", "neighbours", "history"].index(tab) + 1)
    keys = ("plus", "j", "j", "enter", *turns, *(("2",) if size == WIDE else ()))
    before = typed(*keys, then=line("node.filter tag=a[/b]tag"))
    assert snap_compare(app_on(folder), terminal_size=size, run_before=before)


@SIZES
@pytest.mark.parametrize("tab", ["overview", "names", "neighbours"])
def test_very_long(snap_compare: Compare, tab: str, size: tuple[int, int]) -> None:
    long = "an exceedingly long title that goes on and on " * 8
    themes = {f"{n} {long}": {f"{n} cluster {long}": (f"{n} query {long * 30}",)} for n in range(40)}
    folder = handmade(Path("workspace"), themes, label=long)
    turns = ("full_stop",) * ["overview", "facets", "names", "neighbours"].index(tab)
    keys = ("j", "l", "l", "enter", *turns)
    before = typed(*keys, then=line("node.filter text='exceedingly long title that goes'"))
    assert snap_compare(app_on(folder), terminal_size=size, run_before=before)


@SIZES
def test_no_tree_filtered(snap_compare: Compare, size: tuple[int, int]) -> None:
    folder = handmade(Path("workspace"), USUAL, tree=False)
    before = typed("S", "S", then=line("node.filter language=English"))
    assert snap_compare(app_on(folder), terminal_size=size, run_before=before)
