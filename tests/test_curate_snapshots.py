"""Pictures of editing. Look at each before you accept it: `pytest tests/test_curate_snapshots.py --snapshot-update`."""

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
from tests.test_curate_screens import planted
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

pytestmark = pytest.mark.parametrize("size", [WIDE, NARROW], ids=["140x40", "80x24"])


@pytest.fixture(autouse=True)
def _still(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No blinking cursor, and a workspace whose path is the same everywhere."""
    monkeypatch.setattr(Input, "_toggle_cursor", lambda _: None)
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("NO_COLOR", raising=False)


def edited(*edits: tuple[str, str, dict[str, Any]], themes: Themes = USUAL) -> LmsysApp:
    """The application on a workspace in which people did these edits: who, what, with which parameters."""
    folder = handmade(Path("workspace"), themes)
    for actor, action, params in edits:
        session = Session(folder, clock=lambda: NOW, actor=actor)
        session.dispatch(action, params)
        session.close()
    return LmsysApp(Session(folder, clock=lambda: NOW, actor="tester"), now=lambda: 0.0)


def typed(*keys: str, aloud: bool = False) -> Before:
    """Press the keys one after the other, each settled; `aloud`: with the messages that the last one brings."""

    async def before(pilot: Pilot[Any]) -> None:
        app = pilot.app
        assert isinstance(app, LmsysApp)
        run = Driven(app, pilot)
        await run.settle()
        await run.press(*keys[:-1])
        app._disable_notifications = not aloud
        await run.press(*keys[-1:])
        while aloud and not app.screen.query("Toast"):
            await run.settle()

    return before


LEAF = ("j", "l", "l")

RENAMED = ("ann", "cluster.rename", {"cluster": 0, "title": "Python, by hand", "reason": "shorter"})
MERGED = ("tester", "cluster.merge", {"cluster": 1, "into": 0, "reason": "both are about code"})
MOVED = ("tester", "query.move", {"text_id": "1,2", "to": 4})
UNDONE: tuple[str, str, dict[str, Any]] = ("tester", "edit.undo", {})
FLAGGED = ("ann", "cluster.flag", {"cluster": 5})
SAID = (
    ("ann", "cluster.tag", {"cluster": 0, "add": "code,work"}),
    ("ann", "cluster.quality", {"cluster": 0, "coherence": 4}),
    ("ann", "cluster.note", {"cluster": 0, "text": "Ask Ben about the German ones."}),
    ("ann", "cluster.flag", {"cluster": 0}),
)


def test_marked_clusters(snap_compare: Compare, size: tuple[int, int]) -> None:
    keys = (*LEAF, "space", "space", "j", "j", "space", "k")
    assert snap_compare(edited(), terminal_size=size, run_before=typed(*keys))


def test_marked_queries(snap_compare: Compare, size: tuple[int, int]) -> None:
    keys = (*LEAF, "enter", "space", "j", "space", "k")
    assert snap_compare(edited(), terminal_size=size, run_before=typed(*keys))


def test_what_people_said(snap_compare: Compare, size: tuple[int, int]) -> None:
    assert snap_compare(edited(*SAID), terminal_size=size, run_before=typed(*LEAF, "enter"))


def test_rename_form(snap_compare: Compare, size: tuple[int, int]) -> None:
    assert snap_compare(edited(), terminal_size=size, run_before=typed(*LEAF, "e"))


def test_merge_picker(snap_compare: Compare, size: tuple[int, int]) -> None:
    keys = (*LEAF, "space", "space", "M", "down")
    assert snap_compare(edited(), terminal_size=size, run_before=typed(*keys))


def test_move_picker_typed(snap_compare: Compare, size: tuple[int, int]) -> None:
    keys = (*LEAF, "enter", "c", *"for")
    assert snap_compare(edited(), terminal_size=size, run_before=typed(*keys))


def test_picker_without_a_match(snap_compare: Compare, size: tuple[int, int]) -> None:
    assert snap_compare(edited(), terminal_size=size, run_before=typed(*LEAF, "M", *"zzz"))


def test_delete_form(snap_compare: Compare, size: tuple[int, int]) -> None:
    assert snap_compare(edited(), terminal_size=size, run_before=typed(*LEAF, "d"))


def test_theme_form(snap_compare: Compare, size: tuple[int, int]) -> None:
    assert snap_compare(edited(), terminal_size=size, run_before=typed(*LEAF, "space", "C"))


def test_toast_after_an_edit(snap_compare: Compare, size: tuple[int, int]) -> None:
    before = typed(*LEAF, "M", "enter", aloud=True)
    assert snap_compare(edited(), terminal_size=size, run_before=before)


def test_toast_after_undo(snap_compare: Compare, size: tuple[int, int]) -> None:
    assert snap_compare(edited(MERGED), terminal_size=size, run_before=typed(*LEAF, "u", aloud=True))


def test_history(snap_compare: Compare, size: tuple[int, int]) -> None:
    app = edited(RENAMED, MERGED, UNDONE, MOVED, FLAGGED)
    assert snap_compare(app, terminal_size=size, run_before=typed("J", "j"))


def test_no_history(snap_compare: Compare, size: tuple[int, int]) -> None:
    assert snap_compare(edited(), terminal_size=size, run_before=typed("J"))


def test_an_edit(snap_compare: Compare, size: tuple[int, int]) -> None:
    assert snap_compare(edited(RENAMED), terminal_size=size, run_before=typed("J", "enter"))


def test_a_merge(snap_compare: Compare, size: tuple[int, int]) -> None:
    assert snap_compare(edited(MERGED), terminal_size=size, run_before=typed("J", "enter"))


def test_review(snap_compare: Compare, size: tuple[int, int]) -> None:
    app = edited(FLAGGED, ("ann", "cluster.quality", {"cluster": 2, "coherence": 1}), *SAID)
    assert snap_compare(app, terminal_size=size, run_before=typed("V", "a"))


def test_review_of_nothing(snap_compare: Compare, size: tuple[int, int]) -> None:
    themes: Themes = {"Code": {"Python": ("2x sort a list", "read a file"), "SQL": ("2x join", "count rows")}}
    assert snap_compare(edited(themes=themes), terminal_size=size, run_before=typed("V"))


HOSTILE_EDIT = ("ann", "cluster.rename", {"cluster": 0, "title": "[/INST] by hand", "reason": "[/b]"})


@pytest.mark.parametrize(
    "keys",
    [
        (*LEAF, "space", "M"),
        (*LEAF, "e"),
        ("J",),
        ("J", "j", "enter"),
        ("V",),
    ],
    ids=["picker", "rename", "history", "edit", "review"],
)
def test_hostile(snap_compare: Compare, size: tuple[int, int], keys: tuple[str, ...]) -> None:
    app = edited(HOSTILE_EDIT, ("ann", "cluster.flag", {"cluster": 0}), themes=HOSTILE)
    planted(Path("workspace"))
    assert snap_compare(app, terminal_size=size, run_before=typed(*keys))
