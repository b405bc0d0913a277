"""The full search by keys: what is typed, facets as filters, groups, saved searches, marks, and the way there and back."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from textual.events import Paste
from textual.widgets import Input

from core.facets.rows import FacetValue
from core.rows import TextRow
from core.search.language import CHARACTERS
from core.session import Session
from screens.conversation.screen import ConversationScreen
from screens.dialogs import ErrorScreen
from screens.explorer.screen import Explorer
from screens.form.screen import FormScreen
from screens.search.line import Note
from screens.search.saved import SavedScreen
from screens.search.screen import SearchScreen
from screens.search.wanted import Wanted, field_chip
from screens.widgets.bars import Bar
from tests.doors import NOW, run_text
from tests.handmade import handmade
from tests.pilots import NARROW, WIDE, Driven, driven, lines_text

CODE = ("write", "python")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A workspace written by hand, with words and no model for their meaning."""
    return handmade(tmp_path / "workspace")


async def press(run: Driven, *keys: str) -> None:
    """Press keys, each when the one before has had its effect; what is typed into a line goes in as fast as one types."""
    for key in keys:
        if len(key) == 1 and isinstance(run.app.focused, Input):
            await run.pilot.press(key)
        else:
            await run.settle()
            await run.press(key)
    await run.settle()


def screen(run: Driven) -> SearchScreen:
    """The full search, which must be on top."""
    found = run.app.screen
    assert isinstance(found, SearchScreen), found
    return found


def hits(run: Driven) -> list[str]:
    """The texts of the hits."""
    return [row.text for row in screen(run).hits.hits]


def state(run: Driven) -> str:
    """The line that says how many were found."""
    return "".join(text for text, _ in screen(run).query_one("#search-found", Bar).spans)


def note(run: Driven) -> str:
    """What is to be known of the hits."""
    return screen(run).query_one(Note).text


def chips(run: Driven) -> list[str]:
    """The filters as they are shown."""
    return [chip.label for chip in screen(run).chips.chips]


async def choose(run: Driven, facet: str, value: str | None, key: str = "enter") -> None:
    """Put the cursor on a value of a facet, and press a key there."""
    shown = screen(run)
    while not shown.side.list.has_focus:
        await press(run, "tab")
    assert shown.side.list.select(
        lambda v: isinstance(v, FacetValue) and (v.facet, v.value) == (facet, value)
    ), lines_text(shown.side.list)
    await press(run, key)


def script(folder: Path, action: str, params: dict[str, Any]) -> Any:
    """What a script is answered."""
    session = Session(folder, clock=lambda: NOW, read_only=True)
    try:
        return session.dispatch(action, params)
    finally:
        session.close()


async def test_words_are_found_as_they_are_typed(folder: Path) -> None:
    async with driven(folder) as run:
        await press(run, "9", *"poem")
        assert screen(run).line.has_focus
        assert hits(run) == ["write a poem about autumn"]
        assert state(run).startswith(" 1 text found · by words")
        assert note(run).startswith("Found by words alone.")
        await press(run, "backspace", "backspace", "backspace", "backspace")
        assert hits(run) == []
        assert "What can be typed" in lines_text(screen(run).hits.list)


async def test_only_the_last_of_what_is_typed_fast_is_shown(folder: Path) -> None:
    async with driven(folder) as run:
        await press(run, "9")
        for key in (
            "p",
            "o",
            "e",
            "m",
            "backspace",
            "backspace",
            "backspace",
            "backspace",
            *"sql",
            "backspace",
        ):
            await run.pilot.press(key)
        await run.settle()
        assert screen(run).line.value == "sq"
        assert hits(run) == [
            row.text for row in script(folder, "search.queries", {"text": "sq", "mode": "text"}).data
        ]


async def test_meaning_follows_after_a_pause(fixture_workspace: Path) -> None:
    async with driven(fixture_workspace, read_only=True) as run:
        await press(run, "9")
        for key in "python":
            await run.pilot.press(key)
        shown = screen(run)
        for _ in range(200):
            await run.pilot.pause(0.01)
            if shown.hits.found.by is not None:
                break
        assert shown.hits.found.by == "text"
        assert "meaning follows" in state(run)
        words = hits(run)
        await run.settle()
        assert shown.hits.found.by == "hybrid"
        assert "match the words · by words and meaning" in state(run)
        assert set(words) <= set(hits(run))
        assert len(hits(run)) > len(words)


async def test_meaning_does_not_move_what_is_being_read(fixture_workspace: Path) -> None:
    async with driven(fixture_workspace, read_only=True) as run:
        await press(run, "9")
        for key in "write":
            await run.pilot.press(key)
        shown = screen(run)
        for _ in range(200):
            await run.pilot.pause(0.01)
            if shown.hits.found.by is not None:
                break
        await run.pilot.press("down", "j")
        here = shown.hits.row
        await run.settle()
        assert shown.hits.found.by == "text"
        assert shown.hits.row == here
        await press(run, "slash", "enter")
        assert shown.hits.found.by == "hybrid"


async def test_modes_go_round(fixture_workspace: Path) -> None:
    async with driven(fixture_workspace, read_only=True) as run:
        await press(run, "9", *"python", "enter", "m")
        assert screen(run).hits.found.by == "text"
        assert "words alone" in state(run)
        await press(run, "m")
        assert screen(run).hits.found.by == "vector"
        assert "nearest" in state(run)
        await press(run, "m")
        assert screen(run).hits.found.by == "hybrid"


async def test_facets_count_what_the_search_leaves(folder: Path) -> None:
    async with driven(folder) as run:
        await press(run, "9", *"write")
        values = screen(run).side.values
        assert list(values) == ["language", "chat_model", "cluster", "week"]
        for facet, rows in values.items():
            counted = script(folder, "facet.count", {"by": facet, "text": "write", "limit": 6}).data
            assert [(row.value, row.title, row.count) for row in rows] == [
                (row.value, row.title, row.count) for row in counted
            ]
        assert "facets: 16 of 57 queries" in state(run)


async def test_a_value_becomes_a_filter_that_a_script_understands(folder: Path) -> None:
    async with driven(folder) as run:
        await press(run, "9", *"write")
        await choose(run, "chat_model", "gpt-4")
        await choose(run, "cluster", "0")
        assert chips(run) == ["chat_model:gpt-4", "cluster:0 Write Python functions"]
        text = screen(run).hits.wanted.text
        assert text == "chat_model:gpt-4 cluster:0 write"
        answer = script(folder, "search.queries", {"text": text})
        assert hits(run) == [row.text for row in answer.data]
        assert answer.total == 1
        assert state(run).startswith(" 1 text found")
        marked = [line for line in lines_text(screen(run).side.list).splitlines() if line.startswith("●")]
        assert [line.split()[0] for line in marked] == ["●gpt-4", "●Write"]
        await choose(run, "chat_model", "gpt-4")
        assert chips(run) == ["cluster:0 Write Python functions"]


async def test_a_value_is_left_out(folder: Path) -> None:
    async with driven(folder) as run:
        await press(run, "9")
        await choose(run, "language", "English", "minus")
        assert chips(run) == ["not language:English"]
        assert len(hits(run)) == 3
        await choose_none(run)
        assert hits(run) == []
        assert "Backspace" in lines_text(screen(run).hits.list)


async def choose_none(run: Driven) -> None:
    """Filter by a language that none of the others has."""
    screen(run).want(screen(run).hits.wanted.toggled(field_chip("cluster", "2")))
    await run.settle()


async def test_filters_are_taken_off_by_keys(folder: Path) -> None:
    async with driven(folder) as run:
        await press(run, "9", *"write")
        await choose(run, "language", "English")
        await choose(run, "chat_model", "gpt-4")
        await press(run, "escape", "slash", *["backspace"] * 5)
        assert chips(run) == ["language:English", "chat_model:gpt-4"]
        await press(run, "backspace")
        assert chips(run) == ["language:English"]
        await press(run, "tab")
        assert screen(run).chips.has_focus
        await press(run, "enter")
        assert chips(run) == []
        assert screen(run).line.value == "language:English "
        await press(run, "enter")
        assert len(hits(run)) > 20


async def test_a_filter_in_the_row_is_taken_off(folder: Path) -> None:
    async with driven(folder) as run:
        await press(run, "9")
        for facet, value in (("language", "English"), ("chat_model", "gpt-4"), ("week", "2023-07-17")):
            await choose(run, facet, value)
        await press(run, "shift+tab", "shift+tab", "l", "x")
        assert chips(run) == ["language:English", "week:2023-07-17"]
        await press(run, "x", "x")
        assert chips(run) == []
        assert screen(run).line.has_focus


async def test_more_values_of_a_facet(folder: Path) -> None:
    async with driven(folder) as run:
        await press(run, "9", "tab", "F")
        side = screen(run).side
        assert len(side.values["cluster"]) == 6
        while "more" not in "".join(text for text, _ in side.list.lines[side.list.cursor].spans):
            await press(run, "j")
        await press(run, "enter")
        assert len(side.values["cluster"]) == 9


async def test_what_is_wrong_is_said_without_a_dialog(folder: Path) -> None:
    async with driven(folder) as run:
        await press(run, "9", *"language", "colon", *"Germn")
        assert isinstance(run.app.screen, SearchScreen)
        assert "Germn" in state(run)
        assert "Did you mean German?" in lines_text(screen(run).hits.list)
        await press(run, "backspace", *"an")
        assert len(hits(run)) == 1


async def test_hits_by_cluster(folder: Path) -> None:
    async with driven(folder) as run:
        await press(run, "9", *"write", "escape", "b")
        shown = lines_text(screen(run).hits.list)
        assert "▾ Write Python functions  6 match the words  1 of the hits here" in shown
        assert "▾ Poems and songs  5 match the words  2 of the hits here" in shown
        counted = script(folder, "facet.count", {"by": "cluster", "text": "write"}).data
        for row in counted:
            assert f"{row.title}  {row.count:,} match" in shown
        await press(run, "j", "j", "b")
        assert isinstance(screen(run).hits.list.value, TextRow)
        assert "▾" not in lines_text(screen(run).hits.list)


def test_by_meaning_or_nearness_alone_no_query_matches_or_not() -> None:
    near = TextRow(1, 1, "a poem", 1, None, None)
    assert Wanted("write").conditional
    assert Wanted("write", near=near, mode="vector").conditional
    assert not Wanted("write", mode="vector").conditional
    assert not Wanted(near=near).conditional


async def test_filters_alone_match_no_words(folder: Path) -> None:
    async with driven(folder) as run:
        await press(run, "9", *"language", "colon", *"German", "escape", "b")
        shown = lines_text(screen(run).hits.list)
        assert " match" in shown
        assert "the words" not in shown


async def test_searches_are_saved_opened_and_forgotten(folder: Path) -> None:
    async with driven(folder) as run:
        await press(run, "9", *"write")
        await choose(run, "language", "English")
        await press(run, "escape", "S")
        assert isinstance(run.app.screen, FormScreen)
        await press(run, *"mine", "enter")
        saved = script(folder, "search.saved", {}).data
        assert [(row.name, row.text) for row in saved] == [("mine", "language:English write")]
        found = hits(run)
        await press(run, "slash", *"xyz", "enter")
        assert hits(run) == []
        await press(run, "L")
        assert isinstance(run.app.screen, SavedScreen)
        await press(run, "enter")
        assert hits(run) == found
        assert screen(run).line.value == "language:English write"
        await press(run, "L", "d")
        assert script(folder, "search.saved", {}).data == ()
        await press(run, "L", "escape")
        assert isinstance(run.app.screen, SearchScreen)


async def test_a_saved_search_keeps_its_parameters(folder: Path) -> None:
    ran = run_text(folder, "search.save name=de text=python language=German mode=text")
    assert ran.code == 0, ran.err
    async with driven(folder) as run:
        await press(run, "colon")
        run.app.screen.query_one(Input).value = "search.queries saved=de"
        await press(run, "enter")
        assert chips(run) == ["language=German"]
        assert hits(run) == [row.text for row in script(folder, "search.queries", {"saved": "de"}).data]
        assert "words alone" in state(run)


async def test_marked_hits_are_moved_and_put_back(folder: Path) -> None:
    async with driven(folder) as run:
        await press(run, "9")
        screen(run).want(Wanted(line="poem OR haiku"))
        await run.settle()
        await press(run, "escape", "space", "space")
        assert len(run.explorer.mark_control.marks.texts) == 2
        assert "2 marked" in run.top()
        await press(run, "c")
        assert isinstance(run.app.screen, FormScreen)
        await press(run, *"SQL", "enter")
        assert isinstance(run.app.screen, SearchScreen), run.top()
        assert len(run.explorer.mark_control.marks.texts) == 0
        moved = script(folder, "search.queries", {"text": "poem OR haiku"}).data
        assert {row.cluster_title for row in moved} == {"SQL queries and joins"}
        await reread(run)
        assert {row.cluster_title for row in screen(run).hits.hits} == {"SQL queries and joins"}
        await press(run, "u")
        back = script(folder, "search.queries", {"text": "poem OR haiku"}).data
        assert {row.cluster_title for row in back} == {"Poems and songs"}


async def reread(run: Driven) -> None:
    """Let the screens read again what was changed."""
    run.explorer.action_refresh_view()
    await run.settle()


async def test_the_hit_under_the_cursor_is_flagged(folder: Path) -> None:
    async with driven(folder) as run:
        await press(run, "9", *"haiku", "enter", "f")
        found = script(folder, "search.queries", {"text": "has:flag"}).data
        assert [row.text for row in found] == ["haiku about rain"]


async def test_a_query_of_a_cluster_is_flagged_in_the_explorer(folder: Path) -> None:
    async with driven(folder) as run:
        await press(run, "j", "l", "l", "enter")
        while not isinstance(run.explorer.value, TextRow):
            await press(run, "j")
        text = run.explorer.value.text
        await press(run, "f")
        found = script(folder, "search.queries", {"text": "has:flag"}).data
        assert [row.text for row in found] == [text]


async def test_reading_goes_through_the_hits(folder: Path) -> None:
    async with driven(folder) as run:
        await press(run, "9", *"write", "enter", "enter")
        assert isinstance(run.app.screen, ConversationScreen)
        first = run.session.view.query
        await press(run, "n")
        assert run.session.view.query != first
        await press(run, "p", "escape")
        assert isinstance(run.app.screen, SearchScreen)
        assert screen(run).hits.list.at_first


async def test_similar_and_back(fixture_workspace: Path) -> None:
    async with driven(fixture_workspace, read_only=True) as run:
        await press(run, "9", *"python", "enter")
        row = screen(run).hits.row
        assert row is not None
        before = hits(run)
        await press(run, "s")
        assert chips(run)[0].startswith("near “")
        near = script(fixture_workspace, "search.similar", {"text_id": row.text_id, "limit": 100}).data
        assert hits(run) == [found.text for found in near]
        assert "nearest" in state(run)
        await press(run, "escape")
        assert hits(run) == before
        assert screen(run).line.value == "python"


async def test_the_way_to_a_cluster_and_the_text_that_goes_along(folder: Path) -> None:
    async with driven(folder) as run:
        await press(run, "slash", *"write", "escape", "9")
        assert screen(run).line.value == "write"
        await choose(run, "cluster", "4")
        await press(run, "escape", "o")
        assert isinstance(run.app.screen, Explorer)
        await run.settle()
        assert run.session.view.cluster == 4
        assert run.explorer.query_one("#search-input", Input).value == "cluster:4 write"
        assert "poem about autumn" in run.text("search")
        await press(run, "9")
        assert chips(run) == ["cluster:4 Poems and songs"]
        assert screen(run).line.value == "write"
        await press(run, "escape", "slash", *"xx")
        assert run.explorer.search_control.wanted.chips == ()


async def test_the_prompt_opens_it_with_what_was_asked(folder: Path) -> None:
    async with driven(folder) as run:
        await press(run, "colon")
        run.app.screen.query_one(Input).value = "search.queries text=write language=English mode=text"
        await press(run, "enter")
        assert screen(run).line.value == "write"
        assert chips(run) == ["language=English"]
        asked = {"text": "write", "language": "English", "mode": "text"}
        assert hits(run) == [row.text for row in script(folder, "search.queries", asked).data]
        await press(run, "escape")
        assert isinstance(run.app.screen, Explorer)
        await press(run, "colon")
        run.app.screen.query_one(Input).value = "search.saved"
        await press(run, "enter")
        assert isinstance(run.app.screen, SavedScreen)


async def test_the_slash_stays_the_explorers_own(folder: Path) -> None:
    async with driven(folder) as run:
        await press(run, "slash")
        assert isinstance(run.app.screen, Explorer)
        assert run.explorer.query_one("#search-input", Input).has_focus
        await press(run, "escape", "J", "9")
        screen(run)
        await press(run, "9", "escape", "escape")
        assert isinstance(run.app.screen, Explorer)


@pytest.mark.parametrize("where", ["slash", "9"])
async def test_a_huge_paste_is_cut(folder: Path, where: str) -> None:
    async with driven(folder) as run:
        await press(run, where)
        line = run.app.screen.query_one("#query-line" if where == "9" else "#search-input", Input)
        line.post_message(Paste("write \x1b[31m a\npoem " + "x" * 1_000_000))
        await run.settle()
        assert len(line.value) == CHARACTERS
        assert "\x1b" not in line.value
        assert line.value.startswith("write ")
        line.post_message(Paste("more"))
        await run.settle()
        assert len(line.value) == CHARACTERS
        assert not isinstance(run.app.screen, ErrorScreen)


async def test_facets_come_and_go_where_there_is_little_room(folder: Path) -> None:
    async with driven(folder, NARROW) as run:
        await press(run, "9", *"write", "enter")
        assert not screen(run).side.list.display
        await press(run, "F")
        assert screen(run).side.list.has_focus
        await press(run, "F")
        assert not screen(run).side.list.display
        await run.pilot.resize_terminal(60, 15)
        await run.settle()
        await press(run, "F")
        assert screen(run).side.list.display
        assert not screen(run).hits.list.display
        await press(run, "enter")
        assert chips(run)
        await press(run, "slash")
        assert screen(run).hits.list.display
        assert not screen(run).side.list.display
        await run.pilot.resize_terminal(*WIDE)
        await run.settle()
        assert screen(run).side.list.display
        assert screen(run).hits.list.display


async def test_only_in_the_open_node(folder: Path) -> None:
    async with driven(folder) as run:
        await press(run, "j", "enter", "9", *"write", "escape", "w")
        assert chips(run) == ["in Writing and debugging code"]
        assert hits(run) == ["write a python function that reverses a string"]
        await press(run, "w")
        assert len(hits(run)) == 4


async def test_without_a_store_nothing_breaks(tmp_path: Path) -> None:
    async with driven(tmp_path / "nothing") as run:
        await press(run, "9", *"poem", "enter")
        screen(run)
        assert state(run).strip()
        await press(run, "b", "m", "F", "escape", "S", "escape", "escape")


async def test_copying(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    copied: list[str] = []
    async with driven(folder) as run:
        monkeypatch.setattr(run.app, "copy_to_clipboard", copied.append)
        await press(run, "9", *"haiku", "enter", "y")
        assert copied == ["haiku about rain"]
        await press(run, "F", "y")
        assert "1  language: English" in copied[1]
        await choose(run, "language", "English")
        await press(run, "Y")
        assert copied[2] == 'search.queries text="language:English haiku"'
        ran = run_text(folder, copied[2])
        assert [row["text"] for row in ran.rows[0]["data"]] == hits(run)
