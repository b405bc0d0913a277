"""Pictures of the reader, in every theme that a person may need. Look at each before you accept it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from textual.widgets import Input

from core.session import Session
from lmsys_tui.app import LmsysApp
from screens.conversation.screen import ConversationScreen
from tests.doors import NOW
from tests.handmade import handmade
from tests.pilots import NARROW, WIDE, Driven
from tests.test_conversation import ANSWER, conversation
from tests.test_curate_snapshots import typed
from tests.test_hostile_text import PAYLOADS

Compare = Callable[..., bool]

sizes = pytest.mark.parametrize("size", [WIDE, NARROW], ids=["140x40", "80x24"])

CODE = [
    ("system", "You answer briefly."),
    ("user", "How do I sort a list in python without changing it? Please explain **why**."),
    ("assistant", ANSWER + "\n> It is stable, 你好 \U0001f469\u200d\U0001f469\u200d\U0001f466 too.\n\n1. First `sorted`,\n2. then [the docs](https://docs.python.org).\n"),
    ("user", "And in SQL?"),
    ("assistant", "```sql\nSELECT name, count(*) AS n\nFROM chats -- all of them\nGROUP BY name ORDER BY n DESC\n```"),
]  # fmt: skip

HOSTILE = [
    ("user", "\n".join(PAYLOADS)),
    ("assistant", "```[/INST]\n" + "\n".join(PAYLOADS[7:13]) + "\n```\n\n| [/b] | \x1b[31m |\n|---|---|\n| $v | \u202e x |"),
    ("\x1b[31m[/role]", "> " * 40 + "deep\n" + "- " * 30 + "deeper"),
]  # fmt: skip

LONG = [
    ("user", "word " * 2_000 + "x" * 3_000),
    ("assistant", "\n\n".join(f"## Part {n}\n\nLine {n} of a long answer, with words." for n in range(400))),
]


@pytest.fixture(autouse=True)
def _still(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(Input, "_toggle_cursor", lambda _: None)
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("NO_COLOR", raising=False)


def app_of(folder: Path, **more: Any) -> LmsysApp:
    return LmsysApp(Session(folder, clock=lambda: NOW, actor="tester"), now=lambda: 0.0, **more)


def reading(*keys: str, query: int = 1, searched_for: str = "") -> Any:
    """Open the conversation, then press the keys."""

    async def before(pilot: Any) -> None:
        app = pilot.app
        run = Driven(app, pilot)
        await run.settle()
        if query:
            detail = app.session.dispatch("query.open", {"query": query}).data
            app.push_screen(ConversationScreen(app.desk, None, detail, searched_for=searched_for))
        else:
            app.push_screen(ConversationScreen(app.desk, None))
        await run.settle()
        await run.press(*keys)

    return before


@sizes
def test_empty(snap_compare: Compare, size: tuple[int, int]) -> None:
    app = app_of(handmade(Path("workspace")))
    assert snap_compare(app, terminal_size=size, run_before=reading(query=0))


@sizes
def test_usual(snap_compare: Compare, size: tuple[int, int]) -> None:
    app = app_of(handmade(Path("workspace")))
    assert snap_compare(app, terminal_size=size, run_before=typed("j", "l", "l", "enter", "enter"))


@sizes
def test_markdown_and_code(snap_compare: Compare, size: tuple[int, int]) -> None:
    app = app_of(conversation(Path("workspace"), CODE))
    assert snap_compare(app, terminal_size=size, run_before=reading())


@sizes
def test_raw(snap_compare: Compare, size: tuple[int, int]) -> None:
    app = app_of(conversation(Path("workspace"), CODE))
    assert snap_compare(app, terminal_size=size, run_before=reading("m"))


@sizes
def test_find(snap_compare: Compare, size: tuple[int, int]) -> None:
    app = app_of(conversation(Path("workspace"), CODE))
    assert snap_compare(app, terminal_size=size, run_before=reading("slash", *"sort", "enter", "n", "n"))


@sizes
def test_find_typed(snap_compare: Compare, size: tuple[int, int]) -> None:
    app = app_of(conversation(Path("workspace"), CODE))
    assert snap_compare(app, terminal_size=size, run_before=reading("slash", *"sort"))


@sizes
def test_from_a_search(snap_compare: Compare, size: tuple[int, int]) -> None:
    app = app_of(conversation(Path("workspace"), CODE))
    assert snap_compare(app, terminal_size=size, run_before=reading(searched_for="python list"))


@sizes
def test_facts(snap_compare: Compare, size: tuple[int, int]) -> None:
    more = {
        "turn": 2,
        "openai_moderation": [{"flagged": False, "categories": {"hate": False}}],
        "redacted": True,
    }
    folder = conversation(Path("workspace"), CODE, **more)
    assert snap_compare(app_of(folder), terminal_size=size, run_before=reading("i"))


@sizes
def test_facts_of_a_clustered_one(snap_compare: Compare, size: tuple[int, int]) -> None:
    app = app_of(handmade(Path("workspace")))
    assert snap_compare(app, terminal_size=size, run_before=reading("f", "i", query=5))


@sizes
def test_hostile(snap_compare: Compare, size: tuple[int, int]) -> None:
    app = app_of(conversation(Path("workspace"), HOSTILE))
    assert snap_compare(app, terminal_size=size, run_before=reading())


@sizes
def test_hostile_end(snap_compare: Compare, size: tuple[int, int]) -> None:
    app = app_of(conversation(Path("workspace"), HOSTILE))
    assert snap_compare(app, terminal_size=size, run_before=reading("G"))


@sizes
def test_very_long(snap_compare: Compare, size: tuple[int, int]) -> None:
    app = app_of(conversation(Path("workspace"), LONG))
    assert snap_compare(app, terminal_size=size, run_before=reading("right_curly_bracket", "pagedown"))


@sizes
def test_history_of_a_theme(snap_compare: Compare, size: tuple[int, int]) -> None:
    folder = handmade(Path("workspace"))
    session = Session(folder, clock=lambda: NOW, actor="ann")
    session.dispatch("node.rename", {"node": "t0", "title": "All about code", "reason": "shorter"})
    session.dispatch("node.rename", {"node": "t1", "title": "Letters"})
    session.close()
    assert snap_compare(app_of(folder), terminal_size=size, run_before=typed("j", "J"))


@sizes
def test_an_edit_of_a_theme_names_its_tree(snap_compare: Compare, size: tuple[int, int]) -> None:
    folder = handmade(Path("workspace"))
    session = Session(folder, clock=lambda: NOW, actor="ann")
    session.dispatch("node.rename", {"node": "t0", "title": "All about code", "reason": "shorter"})
    session.close()
    assert snap_compare(app_of(folder), terminal_size=size, run_before=typed("j", "J", "enter"))


@sizes
def test_prompt_with_a_value(snap_compare: Compare, size: tuple[int, int]) -> None:
    app = app_of(handmade(Path("workspace")))
    keys = ["underscore" if key == "_" else "full_stop" if key == "." else key for key in "cluster.show"]
    assert snap_compare(app, terminal_size=size, run_before=typed("colon", *keys, "space", *"cl", "tab"))


THEMES = ["high-contrast", "ansi-dark", "textual-light", "no-color"]


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("screen", ["explorer", "reader", "review"])
def test_every_theme(snap_compare: Compare, screen: str, theme: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without colours everything is still told apart; the other themes are readable."""
    plain = theme == "no-color"
    if plain:
        monkeypatch.setenv("NO_COLOR", "1")
    folder = conversation(Path("workspace"), CODE) if screen == "reader" else handmade(Path("workspace"))
    app = app_of(folder, theme=None if plain else theme)
    before = {
        "explorer": typed("j", "l", "l", "space", "j", "f"), "reader": reading("slash", *"sort", "enter", "n"),
        "review": typed("V", "j"),
    }  # fmt: skip
    assert snap_compare(app, terminal_size=WIDE, run_before=before[screen])
