"""Pictures of the states that no other module draws: panes, dialogs and lists, empty, hostile and very long. Look at each before
you accept it: `pytest tests/test_states_snapshots.py --snapshot-update`."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot
from textual.widgets import Input, OptionList

from core.session import Session
from lmsys_tui.app import LmsysApp
from tests.doors import NOW
from tests.handmade import USUAL, handmade
from tests.pilots import NARROW, WIDE, Driven
from tests.test_compare_snapshots import VERY_LONG
from tests.test_curate_snapshots import HOSTILE, edited
from tests.test_hostile_text import PAYLOADS
from tests.test_snapshots import Before, Compare, typed
from tests.timed import untimed
from tests.two_runs import second_run

LONG = "an exceedingly long text that goes on and on "

pytestmark = pytest.mark.parametrize("size", [WIDE, NARROW], ids=["140x40", "80x24"])


@pytest.fixture(autouse=True)
def _still(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No blinking cursor, and a workspace whose path is the same everywhere."""
    monkeypatch.setattr(Input, "_toggle_cursor", lambda _: None)
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("NO_COLOR", raising=False)


def app_on(folder: Path) -> LmsysApp:
    """The application on a workspace."""
    return LmsysApp(Session(folder, clock=lambda: NOW, actor="tester"), now=lambda: 0.0)


def made(state: str) -> Path:
    """A workspace in a state."""
    folder = Path("workspace")
    if state == "empty":
        Session(folder, clock=lambda: NOW).open(create=True)
        return folder
    themes = {"usual": USUAL, "hostile": HOSTILE, "very-long": VERY_LONG}[state]
    label = {"usual": "", "hostile": "".join(PAYLOADS[:4]), "very-long": LONG * 3}[state]
    return handmade(folder, themes, label=label)


def line(text: str) -> Callable[[Driven], None]:
    """Run a line of script."""
    return lambda run: run.explorer.run_line(text)


def words(text: str) -> Callable[[Driven], None]:
    """Type a text into the line that has the focus."""

    def into(run: Driven) -> None:
        entry = run.app.focused
        assert isinstance(entry, Input)
        entry.insert_text_at_cursor(text)

    return into


def shot(snap: Compare, app: LmsysApp, size: tuple[int, int], before: Before) -> bool:
    """Whether the picture is as it was."""
    return snap(app, terminal_size=size, run_before=before)


STATES = ("empty", "usual", "hostile", "very-long")
SOUGHT = {"empty": "zebra", "usual": "write", "hostile": "query", "very-long": "exceedingly"}


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("pane", ["runs", "detail", "search"])
def test_pane(snap_compare: Compare, pane: str, state: str, size: tuple[int, int]) -> None:
    keys = {
        "runs": ("1",),
        "detail": ("j", "l", "l", "enter", "3"),
        "search": ("slash", *SOUGHT[state], "down"),
    }
    assert shot(snap_compare, app_on(made(state)), size, typed(*keys[pane]))


@pytest.mark.parametrize("state", ["empty", "very-long"])
def test_moved(snap_compare: Compare, state: str, size: tuple[int, int]) -> None:
    titles = tuple(f"{n} after {LONG * 9}" for n in range(7))
    app = app_on(second_run(made("usual" if state == "empty" else state), titles))
    keys = ("6", "G", "enter") if state == "empty" else ("6", "enter")
    assert shot(snap_compare, app, size, typed(*keys))


@pytest.mark.parametrize("state", STATES)
def test_pick(snap_compare: Compare, state: str, size: tuple[int, int]) -> None:
    folder = made(state)
    app = app_on(folder if state == "empty" else second_run(folder))
    assert shot(snap_compare, app, size, typed("6", "a"))


def test_windows_without_times(snap_compare: Compare, size: tuple[int, int]) -> None:
    before = typed(then=line("trend.compare a=2023-04 b=2023-05"))
    assert shot(snap_compare, app_on(untimed(Path("workspace"))), size, before)


SAVED: dict[str, tuple[dict[str, Any], ...]] = {
    "hostile": tuple({"name": f"payload {n}", "text": PAYLOADS[n]} for n in (0, 2, 5, 7)),
    "very-long": tuple({"name": f"{n} {LONG}"[:60].strip(), "text": LONG * 9} for n in range(40)),
}


@pytest.mark.parametrize("state", SAVED)
def test_saved(snap_compare: Compare, state: str, size: tuple[int, int]) -> None:
    app = edited(*(("tester", "search.save", one) for one in SAVED[state]))
    assert shot(snap_compare, app, size, typed(then=line("search.saved")))


LONG_EDITS = tuple(
    ("an actor with an exceedingly long name", "cluster.rename", {"cluster": n % 8, "title": f"{n} {LONG * 2}", "reason": LONG * 6})
    for n in range(30)
)  # fmt: skip


@pytest.mark.parametrize("keys", [("J",), ("J", "enter")], ids=["history", "edit"])
def test_very_long(snap_compare: Compare, size: tuple[int, int], keys: tuple[str, ...]) -> None:
    assert shot(snap_compare, edited(*LONG_EDITS, themes=VERY_LONG), size, typed(*keys))


def test_very_long_review(snap_compare: Compare, size: tuple[int, int]) -> None:
    flags = [("ann", "cluster.flag", {"cluster": n, "flag": (LONG * 2)[:60].strip()}) for n in range(8)]
    assert shot(snap_compare, edited(*flags, themes=VERY_LONG), size, typed("V"))


ASKED = {"usual": "kmeans-8-3f9a", "hostile": "".join(PAYLOADS[:5]), "very-long": LONG * 20}


@pytest.mark.parametrize("state", ASKED)
def test_confirm(snap_compare: Compare, state: str, size: tuple[int, int]) -> None:
    def ask(run: Driven) -> None:
        from core.registry import REGISTRY

        run.explorer.run(REGISTRY.get("run.delete"), {"run": ASKED[state]})

    assert shot(snap_compare, app_on(made("usual")), size, typed(then=ask))


WRONG = {
    "usual": "run.lisst",
    "hostile": f"search.queries '{PAYLOADS[0]}'=1",
    "very-long": f"node.open '{LONG * 60}'",
}


@pytest.mark.parametrize("state", WRONG)
def test_error(snap_compare: Compare, state: str, size: tuple[int, int]) -> None:
    assert shot(snap_compare, app_on(made("usual")), size, typed(then=line(WRONG[state])))


@pytest.mark.parametrize("state", STATES)
def test_result(snap_compare: Compare, state: str, size: tuple[int, int]) -> None:
    asked = "outlier.list kind=duplicates" if state == "empty" else "cluster.list"
    folder = made("usual" if state == "empty" else state)
    assert shot(snap_compare, app_on(folder), size, typed(then=line(asked)))


TYPED = {"empty": "", "usual": "node", "hostile": "".join(PAYLOADS[:7]), "very-long": "node.open " + LONG * 9}


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("key", ["colon", "P"], ids=["prompt", "palette"])
def test_typed(snap_compare: Compare, key: str, state: str, size: tuple[int, int]) -> None:
    """A key is pressed first, for a line keeps to its beginning until somebody types."""
    before = typed(key, "x", "backspace", then=words(TYPED[state]))

    async def answered(pilot: Pilot[Any]) -> None:
        await before(pilot)
        for _ in range(100):
            found = pilot.app.screen.query(OptionList)
            if not found or found.first().option_count:
                break
            await pilot.pause(0.05)

    assert shot(snap_compare, app_on(made("usual")), size, answered)


def test_help_without_a_match(snap_compare: Compare, size: tuple[int, int]) -> None:
    keys = ("question_mark", "slash", *"zebra")
    assert shot(snap_compare, app_on(made("usual")), size, typed(*keys))


def test_rename_of_a_very_long_title(snap_compare: Compare, size: tuple[int, int]) -> None:
    """The end of the title is in sight, where one types on."""
    assert shot(snap_compare, app_on(made("very-long")), size, typed("j", "l", "l", "e"))
