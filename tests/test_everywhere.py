"""What works on every screen: the `:` prompt with its memory, the palette by initials, the help, themes, pastes, keys of the review."""

from __future__ import annotations

import re
import stat
from pathlib import Path

import pytest
from textual import events
from textual.color import Color
from textual.command import CommandPalette
from textual.widgets import Input

from core.registry import REGISTRY
from core.session import Session
from core.text import visible
from lmsys_tui.app import MOST_PASTED, LmsysApp
from screens.conversation.screen import ConversationScreen
from screens.curate.history import HistoryScreen
from screens.curate.review import ReviewScreen
from screens.help import HelpScreen
from screens.prompt.completion import completions, initials, meaning, wanted
from screens.prompt.line import PromptScreen
from screens.prompt.palette import fitness
from screens.prompt.past import FILE_NAME, MOST_CHARACTERS, MOST_LINES, keep_line, load_past
from screens.widgets.row_list import RowList
from tests.doors import NOW
from tests.handmade import handmade
from tests.mapped import mapped
from tests.pilots import NARROW, WIDE, Driven, driven, lines_text

KEYS = {" ": "space", ".": "full_stop", "=": "equals_sign", "_": "underscore", "@": "at"}

MOST_LETTERS = 6
"""Letters after which every action stands first in the palette; all but a few need at most four."""


def named(text: str) -> list[str]:
    return [KEYS.get(key, key) for key in text]


def line(run: Driven) -> str:
    return run.app.screen.query_one(Input).value


def test_every_action_is_found_by_its_first_letters() -> None:
    actions = list(REGISTRY.load())
    needed = {}
    for wanted_id in actions:
        noun, verb = wanted_id.split(".")
        for count in range(2, MOST_LETTERS + 1):
            queries = [noun[:n] + verb[: count - n] for n in range(1, count) if n <= len(noun)]
            if any(max(actions, key=lambda a: fitness(q, a, 0.0)) == wanted_id for q in queries):
                needed[wanted_id] = count
                break
    assert set(actions) == set(needed)
    assert sum(count <= 3 for count in needed.values()) > 0.9 * len(actions)


@pytest.mark.parametrize("typed", ["r.k", "rk", "runk", "run.k", "rkm", "RUN.KM", "run.kmeans"])
def test_ways_of_typing_run_kmeans(typed: str) -> None:
    best = max(REGISTRY.load(), key=lambda action: fitness(typed, action, 0.0))
    assert best == "run.kmeans"


def test_what_is_not_initials() -> None:
    assert initials("kr", "run.kmeans") == 0
    assert initials("runx", "run.kmeans") == 0
    assert initials("", "run.kmeans") == 0
    assert fitness("merge into", "cluster.merge", 8.0) < 1
    assert fitness("cm", "cluster.merge", 100.0) > 1


def test_completion_of_actions_parameters_and_values() -> None:
    known = {"run": [("kmeans-8-3f9a", "first")]}
    assert [text for text, _ in completions("run.open run=", known)] == ["run=@run ", "run=kmeans-8-3f9a "]
    assert [text for text, _ in completions("run.open run=k", known)] == ["run=kmeans-8-3f9a "]
    assert completions("rk")[0][0] == "run.kmeans "
    assert ("append=true " in [text for text, _ in completions("cluster.note append=")]) is True
    assert wanted("cluster.merge cluster=") == "cluster"
    assert wanted("cluster.merge into=") == "cluster"
    assert wanted("trend.compare a=") is None
    assert wanted("nothing.here run=") is None


def test_what_is_typed_is_explained() -> None:
    assert meaning("run.kmeans")[0].startswith(REGISTRY.get("run.kmeans").summary)
    assert meaning("run.kmeans k=")[0].startswith("k= number")
    assert "kmeans-" not in meaning("run.open ")[0]
    assert meaning("run.kmeans zzz=")[1] == "warn"
    assert meaning("zzz ") == ("There is no action 'zzz'; tab completes names.", "warn")
    for action in REGISTRY.load().values():
        assert meaning(action.id)[0]
        for name in action.params:
            assert meaning(f"{action.id} {name}=")[1] == "dim"


async def test_ids_of_the_workspace_are_completed(tmp_path: Path) -> None:
    async with driven(handmade(tmp_path / "w")) as run:
        await run.press("colon", *named("run.open run=k"), "tab")
        assert line(run) == "run.open run=kmeans-8-3f9a "
        run.app.screen.query_one(Input).value = "cluster.show cluster="
        await run.settle()
        assert "cluster=0" in run.top()
        assert "Write Python functions" in run.top()


async def test_the_prompt_remembers_across_sessions(tmp_path: Path) -> None:
    folder = handmade(tmp_path / "w")
    async with driven(folder) as run:
        await run.press("colon", *named("data.status"), "enter", "escape")
        await run.press("colon", *named("run.list"), "enter", "escape")
    assert stat.S_IMODE((folder / FILE_NAME).stat().st_mode) == 0o600
    async with driven(folder) as run:
        await run.press("colon", *named("da"), "up", "up")
        assert line(run) == "data.status"
        await run.press("down")
        assert line(run) == "run.list"
        await run.press("down")
        assert line(run) == "da"


def test_the_memory_is_bounded_and_takes_no_harm(tmp_path: Path) -> None:
    past: list[str] = []
    for n in range(MOST_LINES + 50):
        keep_line(tmp_path, past, f"line {n}")
    keep_line(tmp_path, past, past[-1])
    keep_line(tmp_path, past, "x" * (MOST_CHARACTERS + 1))
    keep_line(tmp_path, past, "two\nlines")
    assert past == load_past(tmp_path) == [f"line {n}" for n in range(50, MOST_LINES + 50)]
    other: list[str] = []
    keep_line(tmp_path, other, "another session")
    assert load_past(tmp_path)[-2:] == [f"line {MOST_LINES + 49}", "another session"]
    (tmp_path / FILE_NAME).write_bytes(b"\xff\xfe bad \x00\n")
    assert len(load_past(tmp_path)) == 1
    assert load_past(tmp_path / "nowhere") == []
    keep_line(tmp_path / "nowhere", [], "x")


async def test_the_help_shows_only_lines_with_the_words(own_workspace: Path) -> None:
    async with driven(own_workspace, keymap={"run.kmeans": "Z"}) as run:
        await run.press("question_mark", "slash", *"k-means")
        screen = run.app.screen
        assert isinstance(screen, HelpScreen)
        text = run.top()
        assert re.search(r"Z\s+Cluster by k-means", text)
        assert "Actions, everywhere" in text
        assert "Moving" not in text
        await run.press("enter", "escape")
        assert "Moving" in run.top()
        await run.press("slash", *"zzzz")
        assert "Nothing here has these words." in run.top()
        await run.press("escape", "escape")
        assert run.app.screen is run.explorer


async def test_the_help_begins_with_the_screen_it_was_asked_on(own_workspace: Path) -> None:
    async with driven(own_workspace, NARROW) as run:
        for keys, area in (
            ((), "Moving"),
            (("5",), "On the map"),
            (("6",), "Comparing"),
            (("7",), "Trends"),
            (("8",), "Runs and jobs"),
            (("9",), "In the full search"),
            (("2", "j", "l", "l", "3", "enter"), "In the reader of conversations"),
            (("J",), "Marking and editing"),
            (("V",), "Marking and editing"),
        ):
            await run.press(*keys)
            if area == "In the full search":
                await run.press("tab")
            await run.press("question_mark")
            assert isinstance(run.app.screen, HelpScreen)
            lines = lines_text(run.app.screen.query_one(RowList)).splitlines()
            assert lines[0] == area
            assert sum(line == area for line in lines) == 1
            assert not any(line.endswith("\u2026") for line in lines), "nothing is cut off"
            while run.app.screen is not run.explorer:
                await run.press("escape")


@pytest.mark.parametrize("theme", ["dark", "light", "high-contrast"])
async def test_what_is_written_can_be_read_in_every_theme(theme: str, own_workspace: Path) -> None:
    def luminance(color: Color) -> float:
        parts = [part / 255 for part in color.rgb]
        red, green, blue = (p / 12.92 if p <= 0.03928 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue

    async with driven(own_workspace, theme=theme) as run:
        named = run.app.get_css_variables()
        ground, cursor = (Color.parse(named[name]) for name in ("background", "primary-muted"))
        for look in ("text-primary", "text-success", "text-warning", "text-error", "text-accent"):
            ink = luminance(Color.parse(named[look]))
            for behind, least in ((ground, 4.5), (cursor, 4.0)):
                dark, light = sorted((ink, luminance(behind)))
                assert (light + 0.05) / (dark + 0.05) >= least, (look, behind.hex)


async def test_themes_by_short_names_and_by_key(own_workspace: Path) -> None:
    session = Session(own_workspace, clock=lambda: NOW)
    for short, name in (("dark", "textual-dark"), ("light", "textual-light"), ("ansi", "ansi-dark")):
        assert LmsysApp(session, theme=short)._chosen_theme == name
    async with driven(own_workspace, theme="dark") as run:
        seen = {run.app.theme}
        for _ in range(8):
            await run.press("T")
            seen.add(run.app.theme)
        assert seen >= {"textual-dark", "textual-light", "high-contrast", "ansi-dark", "ansi-light"}


@pytest.mark.parametrize("keys", ["slash", "colon", "K", "2", "question_mark", "J"])
async def test_a_hostile_megabyte_is_pasted_anywhere(keys: str, own_workspace: Path) -> None:
    async with driven(own_workspace, NARROW) as run:
        await run.press(keys)
        run.app.post_message(events.Paste("\x1b]0;x\x07\u202e word " * 100_000))
        await run.settle()
        for entry in run.app.screen.query(Input):
            assert len(entry.value) <= MOST_PASTED
            assert visible(entry.value) == entry.value


async def test_keys_of_the_review_are_the_users(tmp_path: Path) -> None:
    folder = handmade(tmp_path / "w")
    session = Session(folder, clock=lambda: NOW, actor="ann")
    session.dispatch("cluster.flag", {"cluster": 5})
    session.close()
    async with driven(folder, keymap={"review.accept": "X", "review.skip": "Z"}) as run:
        await run.press("V")
        screen = run.app.screen
        assert isinstance(screen, ReviewScreen)
        assert "X accept" in run.top()
        assert "Z later" in run.top()
        before = screen._progress
        await run.press("X")
        assert before is not None
        assert screen._progress is not None
        assert screen._progress.accepted == before.accepted + 1


async def test_the_review_and_the_history_open_from_every_screen_with_their_parameters(
    tmp_path: Path,
) -> None:
    folder = handmade(tmp_path / "w")
    session = Session(folder, clock=lambda: NOW, actor="ann")
    session.dispatch("cluster.flag", {"cluster": 5})
    session.dispatch("node.rename", {"node": "t0", "title": "Code"})
    session.close()
    async with driven(folder) as run:
        run.explorer.run_line("query.open query=1")
        await run.settle()
        await run.press("V")
        assert isinstance(run.app.screen, ReviewScreen)
        await run.press("J")
        assert isinstance(run.app.screen, HistoryScreen)
        assert "2 edits" in run.top()
        run.app.screen.run_line("edit.history actor=nobody")
        await run.settle()
        assert "actor=nobody" in run.top()
        assert "Nothing was edited yet." in run.top()
        run.app.screen.run_line("review.find reason=flagged")
        await run.settle()
        assert isinstance(run.app.screen, ReviewScreen)
        await run.press("escape")
        assert run.app.screen is run.explorer


async def test_the_history_of_a_theme(tmp_path: Path) -> None:
    folder = handmade(tmp_path / "w")
    session = Session(folder, clock=lambda: NOW, actor="ann")
    session.dispatch("node.rename", {"node": "t0", "title": "Code"})
    session.dispatch("node.rename", {"node": "t1", "title": "Letters"})
    session.close()
    async with driven(folder) as run:
        await run.press("j", "J")
        text = run.top()
        assert "theme t0" in text
        assert "Code" in text
        assert "1 edit" in text
        assert "Drafting" not in text
        await run.press("enter")
        assert "in tree-local-22bb" in run.top()


async def test_an_empty_history_says_of_what(tmp_path: Path) -> None:
    folder = handmade(tmp_path / "w")
    session = Session(folder, clock=lambda: NOW, actor="ann")
    session.dispatch("node.rename", {"node": "t0", "title": "Code"})
    session.close()
    async with driven(folder) as run:
        await run.press("j", "j", "J")
        assert "theme t1" in run.top()
        assert "Nothing was edited yet in this theme. J on All queries shows all edits." in run.top()
        # What the first screen stands on is not what one looks at on another.
        await run.press("escape", "7", "J")
        assert "1 edit" in run.top()


async def test_all_actions_by_either_key(tmp_path: Path) -> None:
    async with driven(handmade(tmp_path / "w"), read_only=True) as run:
        for key in ("P", "ctrl+p"):
            await run.press(key)
            assert isinstance(run.app.screen, CommandPalette), key
            await run.press("escape")
            await run.press("7", key)
            assert isinstance(run.app.screen, CommandPalette), key
            await run.press("escape", "escape")


async def test_an_action_that_opens_something_does_so_from_every_screen(tmp_path: Path) -> None:
    folder = handmade(tmp_path / "w")
    async with driven(folder) as run:
        for opener in ("J", "V"):
            await run.press(opener)
            run.app.screen.run_line("query.open query=3")  # type: ignore[attr-defined]
            await run.settle()
            assert isinstance(run.app.screen, ConversationScreen)
            run.app.screen.run_line("node.open node=t1")
            await run.settle()
            assert run.app.screen is run.explorer
            assert run.session.view.node == "t1"


@pytest.mark.parametrize("keys", ["/", "9/", "'", "5/", "4/z\r\r/"])
@pytest.mark.parametrize("size", [WIDE, NARROW])
async def test_where_one_types_the_footer_has_the_key_of_the_help_that_is_no_letter(
    keys: str, size: tuple[int, int], tmp_path: Path
) -> None:
    async with driven(mapped(handmade(tmp_path / "w")), size) as run:
        await run.press(*("enter" if key == "\r" else key for key in keys))
        line = run.app.focused
        assert isinstance(line, Input)
        assert "f1 help" in run.top() and "? help" not in run.top()
        await run.press("?")
        assert line.value.endswith("?")
        await run.press("f1")
        assert isinstance(run.app.screen, HelpScreen)
        await run.press("escape", "escape")
        assert "? help" in run.top()


async def test_the_prompt_is_guarded_by_escape(tmp_path: Path) -> None:
    async with driven(handmade(tmp_path / "w")) as run:
        await run.press("colon", *named("data.st"), "escape")
        assert not isinstance(run.app.screen, PromptScreen)
        assert run.app.desk.history == []
