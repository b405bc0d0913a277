"""Walking the tree by keys: sort, filter, letters, levels, back and forward, tabs, and the same view at the next start."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from textual.widgets import Input

from core.rows import NodeRow
from core.session import Session
from core.view import View
from screens.conversation.screen import ConversationScreen
from screens.dialogs import ErrorScreen
from screens.explorer.detail_tabs import TABS, periodic
from screens.explorer.trail import Trail
from screens.form.screen import FormScreen
from screens.places import crumbs_spans
from screens.state import ScreenState, load_state, save_state
from tests.doors import NOW
from tests.handmade import USUAL, handmade
from tests.pilots import NARROW, WIDE, Driven, driven


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A workspace by hand."""
    return handmade(tmp_path / "w")


def titles(run: Driven) -> list[str]:
    """The titles of the lines of the tree."""
    return [branch.row.title for branch in (line.value for line in run.tree.lines) if hasattr(branch, "row")]


def crumbs(run: Driven) -> str:
    from screens.widgets.bars import Bar

    return "".join(text for text, _ in run.explorer.query_one("#crumbs", Bar).spans)


def tabs(run: Driven) -> str:
    from screens.widgets.bars import Bar

    return "".join(text for text, _ in run.explorer.query_one("#detail-tabs", Bar).spans)


async def write(run: Driven, text: str) -> None:
    names = {" ": "space", ".": "full_stop", "=": "equals_sign", "_": "underscore", "-": "minus"}
    await run.press(*[names.get(letter, letter) for letter in text])


async def fill(run: Driven, *values: str) -> None:
    """Open the form of the filter, fill its fields from above, and run it."""
    await run.press("F")
    assert isinstance(run.app.screen, FormScreen)
    for n, value in enumerate(values):
        if n:
            await run.press("tab")
        field = run.app.focused
        assert isinstance(field, Input)
        field.value = ""
        await write(run, value)
    await run.press("enter")


async def test_sorting_goes_through_the_orders_and_keeps_the_cursor(folder: Path) -> None:
    async with driven(folder, read_only=True) as run:
        await run.press("j", "enter", "l")
        here, sizes = run.tree.branch, titles(run)
        assert here is not None
        for sort in ("coherence", "title", "growth"):
            await run.press("S")
            assert run.session.view.tree_sort == sort
            assert run.session.view.node == "t0"
            assert run.tree.branch is not None
            assert run.tree.branch.key == here.key
            wanted = run.session.dispatch("node.list", {"sort": sort}).data
            assert [b.row.title for b in run.tree.roots[0].children] == [row.title for row in wanted]
            assert {"coherence": "coherence", "title": "name", "growth": "growth"}[sort] in crumbs(run)
        assert "\u2191" in run.text("tree")
        await run.press("S")
        assert run.session.view.tree_sort is None
        assert titles(run) == sizes
        assert "by" not in crumbs(run).split("All")[0]


async def test_filtering_shows_matches_with_what_is_above_and_esc_takes_it_off(folder: Path) -> None:
    async with driven(folder, read_only=True) as run:
        before = titles(run)
        await fill(run, "write", "English")
        assert run.session.view.tree_text == "write"
        wanted = run.session.dispatch("node.list", {"depth": 10, "text": "write", "language": "English"})
        assert titles(run)[1:] == [row.title for row in wanted.data]
        root = run.tree.roots[0].row
        assert root.size == sum(row.size for row in wanted.data if row.parent == "root")
        assert "filter: write \u00b7 English" in crumbs(run)
        assert f"{root.size:,}" in run.text("tree").splitlines()[0]
        await run.press("escape")
        assert run.session.view.tree_text is None
        assert titles(run) == before
        assert "filter" not in crumbs(run)


@pytest.mark.parametrize("size", [WIDE, NARROW])
@pytest.mark.parametrize("tree", [True, False])
async def test_the_detail_of_a_cluster_says_how_much_of_it_a_filter_leaves(
    tmp_path: Path, size: tuple[int, int], tree: bool
) -> None:
    async with driven(handmade(tmp_path / "w", tree=tree), size, read_only=True) as run:
        await fill(run, "python", "English")
        await run.press("G")
        row = run.tree.branch.row if run.tree.branch else None
        assert row is not None
        whole = run.session.dispatch("cluster.show", {"cluster": row.cluster}).data.size
        assert row.size < whole
        shown = " ".join(run.text("cluster").split())
        assert f"{whole} queries," in shown
        assert f"The filter leaves {row.size} of them; all of them are counted and listed here." in shown
        await run.press("F")
        assert "The filter" not in run.text("cluster")
        await fill(run, "python", "")
        await run.press("G")
        assert "The filter leaves all of them." in run.text("cluster")


async def test_f_again_takes_the_filter_off_and_the_form_remembers_it(folder: Path) -> None:
    async with driven(folder, read_only=True) as run:
        await run.press("j", "l")
        before = titles(run)
        await fill(run, "poems")
        assert titles(run) == ["All queries", "Drafting letters and texts", "Poems and songs"]
        await run.press("F")
        assert titles(run) == before
        await run.press("F")
        field = run.app.focused
        assert isinstance(field, Input)
        assert field.value == "poems"
        await run.press("escape")
        assert run.app.screen is run.explorer
        assert titles(run) == before


async def test_a_filter_that_leaves_nothing_says_so(folder: Path) -> None:
    async with driven(folder, NARROW, read_only=True) as run:
        await fill(run, "zebra")
        assert "Nothing passes the filter" in run.text("tree")
        await run.press("F")
        assert "Nothing passes" not in run.text("tree")


async def test_a_value_that_is_not_there_is_refused_and_the_tree_stays(folder: Path) -> None:
    async with driven(folder, read_only=True) as run:
        before = titles(run)
        await fill(run, "", "Klingon")
        assert isinstance(run.app.screen, ErrorScreen)
        assert "Klingon" in run.top()
        await run.press("escape")
        assert titles(run) == before
        assert run.session.view.tree_language is None


async def test_what_a_filter_hides_can_be_opened_all_the_same(folder: Path) -> None:
    async with driven(folder, read_only=True) as run:
        await fill(run, "poems")
        run.explorer.run_line("node.open node=c6")
        await run.settle()
        assert run.session.view.tree_text is None
        assert run.tree.branch is not None
        assert run.tree.branch.key == "c6"


async def test_sort_and_filter_from_the_prompt_are_those_of_the_keys(folder: Path) -> None:
    async with driven(folder, read_only=True) as run:
        run.explorer.run_line("node.filter text=poems")
        await run.settle()
        assert titles(run)[-1] == "Poems and songs"
        run.explorer.run_line("node.sort sort=title")
        await run.settle()
        assert run.tree.sort == "title"
        assert titles(run)[-1] == "Poems and songs"


async def test_another_tree_is_shown_as_it_stands(own_workspace: Path) -> None:
    async with driven(own_workspace) as run:
        run.explorer.run_line("node.filter text=e")
        await run.settle()
        await run.press("S")
        run.explorer.run_line("run.kmeans k=3")
        await run.settle()
        assert run.session.view.tree_sort is None
        assert run.session.view.tree_text is None
        assert len(titles(run)) >= 4
        assert "filter" not in crumbs(run)


async def test_clusters_are_sorted_and_filtered_without_a_tree(tmp_path: Path) -> None:
    async with driven(handmade(tmp_path / "w", tree=False), read_only=True) as run:
        await run.press("S", "S")
        found = titles(run)[1:-1]
        assert found == sorted(found, key=str.casefold)
        await fill(run, "poems")
        assert titles(run)[1:] == ["Poems and songs"]


async def test_flags_and_tags_stand_in_the_tree(folder: Path) -> None:
    session = Session(folder, clock=lambda: NOW, actor="tester")
    session.dispatch("cluster.flag", {"cluster": 0, "flag": "check"})
    session.dispatch("cluster.tag", {"cluster": 0, "add": "urgent"})
    session.close()
    async with driven(folder, read_only=True) as run:
        await run.press("plus")
        (line,) = [line for line in run.text("tree").splitlines() if "Write Python functions" in line]
        assert "\u2691" in line
        assert "#urgent" in line


async def test_letters_go_to_the_next_title_that_has_them(folder: Path) -> None:
    async with driven(folder, NARROW, read_only=True) as run:
        await run.press("apostrophe")
        await write(run, "pla")
        assert run.tree.branch is not None
        assert run.tree.branch.row.title == "Playing roles"
        await run.press("enter")
        assert run.app.focused is run.tree
        assert run.tree.branch.row.title == "Playing roles"


async def test_letters_find_what_is_not_loaded_and_esc_goes_back(folder: Path) -> None:
    async with driven(folder, read_only=True) as run:
        await run.press("j")
        here = run.tree.branch
        await run.press("apostrophe")
        await write(run, "formal")
        assert run.tree.branch is not None
        assert run.tree.branch.row.title == "Formal e-mails"
        await run.press("escape")
        assert run.app.focused is run.tree
        assert run.tree.branch is here
        assert not run.explorer.query("#jump-input")


async def test_down_and_up_go_through_titles_with_the_letters(folder: Path) -> None:
    async with driven(folder, read_only=True) as run:
        await run.press("plus", "apostrophe")
        await write(run, "w")
        seen = []
        for _ in range(2):
            assert run.tree.branch is not None
            seen.append(run.tree.branch.row.title)
            await run.press("down")
        assert seen == ["Writing and debugging code", "Write Python functions"]
        await run.press("up")
        assert run.tree.branch.row.title == seen[1]
        await write(run, "xyz")
        assert "No title has these letters" in run.top()


async def test_a_level_more_and_a_level_less(folder: Path) -> None:
    async with driven(folder, read_only=True) as run:
        themes = titles(run)
        await run.press("plus")
        for titles_of in USUAL.values():
            assert set(titles_of) <= set(titles(run))
        await run.press("G", "k", "minus")
        assert titles(run) == themes
        assert run.tree.branch is not None
        assert run.tree.branch.row.title == "Playing roles"
        await run.press("equals_sign")
        assert len(titles(run)) > len(themes)


async def test_back_and_forward_through_what_was_opened(folder: Path) -> None:
    async with driven(folder, read_only=True) as run:
        await run.press("j", "enter", "j", "j", "j", "j", "enter")
        first, second = "t0", run.session.view.node
        assert second not in (first, None)
        await run.press("left_square_bracket")
        assert run.session.view.node == first
        assert run.tree.branch is not None
        assert run.tree.branch.key == first
        await run.press("left_square_bracket")
        assert "nothing to go back to" in str([n.message for n in run.app._notifications])
        await run.press("right_square_bracket")
        assert run.session.view.node == second


def test_a_trail_forgets_what_lay_ahead() -> None:
    trail = Trail()
    for node in ("a", "b", "c"):
        trail.went(node)
    assert [trail.step(-1), trail.step(-1), trail.step(-1)] == ["b", "a", None]
    trail.went("d")
    assert trail.step(1) is None
    assert trail.step(-1) == "a"
    trail.drop()
    assert trail.step(1) is None


async def test_each_tab_of_a_cluster(folder: Path) -> None:
    session = Session(folder, clock=lambda: NOW, actor="ann")
    session.dispatch("cluster.rename", {"cluster": 0, "title": "Python by hand", "reason": "clearer"})
    session.close()
    async with driven(folder, read_only=True) as run:
        await run.press("j", "l", "l")
        assert run.tree.branch is not None
        assert run.tree.branch.row.cluster == 0
        assert "[Overview]" in tabs(run)
        assert "Most typical" in run.text("cluster")
        await run.press("full_stop")
        assert "[Facets]" in tabs(run)
        facets = run.text("cluster")
        for by in ("language", "chat_model"):
            for row in run.session.dispatch("facet.count", {"by": by, "cluster": 0}).data[:3]:
                assert f"{row.value}" in facets
                assert f"{row.count:,}" in facets
        assert "Days" in facets
        assert "counting" not in facets
        await run.press("full_stop")
        assert "by hand" in run.text("cluster")
        assert "Write Python functions" in run.text("cluster")
        await run.press("full_stop")
        near = run.session.dispatch("cluster.show", {"cluster": 0}).data.neighbours
        assert all(one.title in run.text("cluster") for one in near)
        await run.press("full_stop")
        assert "ann" in run.text("cluster")
        assert "clearer" in run.text("cluster")
        await run.press("full_stop")
        assert "[Overview]" in tabs(run)
        await run.press("comma", "comma", "3", "enter")
        assert run.session.view.cluster == near[0].cluster


async def test_a_tab_without_rows_is_copied_whole_and_offers_no_marks(folder: Path) -> None:
    async with driven(folder, NARROW, read_only=True) as run:
        await run.press("j", "3")
        assert "space mark" in run.top()
        await run.press("full_stop", "y")
        assert "[Facets]" in tabs(run)
        assert run.app.clipboard == "\n".join(line.rstrip() for line in run.text("cluster").splitlines())
        assert "English" in run.app.clipboard
        assert "space mark" not in run.top()
        await run.press("1")
        assert "space mark" not in run.top()
        await run.press("2")
        assert "space mark" in run.top()


async def test_themes_and_the_run_have_tabs_of_their_own(folder: Path) -> None:
    async with driven(folder, read_only=True) as run:
        await run.press("full_stop", "full_stop")
        assert "names-local-11aa" in run.text("cluster")
        assert "tree-local-22bb" in run.text("cluster")
        await run.press("j")
        # A theme has no names: its overview is shown, and the choice is kept for what has them.
        assert "[Overview]" in tabs(run)
        await run.press("g")
        assert "[Names]" in tabs(run)
        await run.press("comma", "j")
        assert "[Facets]" in tabs(run)
        theme = run.session.dispatch("facet.count", {"by": "language", "within": "t0"}).data
        assert f"{theme[0].count:,}" in run.text("cluster")
        await run.press("G")
        assert "[Facets]" in tabs(run)
        assert "Noise" in run.text("cluster")


async def test_a_tab_reads_only_when_it_is_shown(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    original = Session.dispatch

    def dispatch(self: Session, action: str, *arguments: Any, **more: Any) -> Any:
        asked.append(action)
        return original(self, action, *arguments, **more)

    monkeypatch.setattr(Session, "dispatch", dispatch)
    async with driven(folder, read_only=True) as run:
        await run.press("plus", "j", "j", "j")
        assert not {"facet.count", "cluster.names", "summary.list"} & set(asked)
        await run.press("full_stop")
        assert "facet.count" in asked
        assert "cluster.names" not in asked


def test_weeks_without_a_query_are_weeks_too() -> None:
    assert periodic({"2024-01-01": 3, None: 2, "2024-01-15": 1, "no date": 9}, 7) == [
        ("2024-01-01", 3),
        ("2024-01-08", 0),
        ("2024-01-15", 1),
    ]
    assert periodic({None: 4}, 7) == []


def test_every_kind_of_node_begins_with_an_overview() -> None:
    assert {tabs[0] for tabs in TABS.values()} == {"overview"}


@pytest.mark.parametrize("width", [20, 40, 60, 80, 140])
@pytest.mark.parametrize("depth", [0, 1, 3, 9])
@pytest.mark.parametrize(
    "view", [View(), View(tree_sort="growth", tree_text="a long filter", tree_tag="tag")]
)
def test_crumbs_fit(width: int, depth: int, view: View) -> None:
    from dataclasses import replace

    from rich.cells import cell_len

    path = [f"{n} a theme with a rather long title \u4e00\u4e8c\u4e09" for n in range(depth)]
    spans = crumbs_spans(replace(view, run="r", hierarchy="h"), path, width)
    text = "".join(part for part, _ in spans)
    assert text.strip().startswith(("by growth", "All"))
    if view == View() and width >= 40:
        assert cell_len(text) <= width
        if depth:
            assert f"{depth - 1} a theme"[: 8 if width < 60 else 12] in text


async def test_the_same_view_at_the_next_start(folder: Path) -> None:
    async with driven(folder) as run:
        await run.press("S", "S", "plus", "j", "j", "full_stop")
        await fill(run, "w")
        await run.press("j", "enter")
        await run.app.action_quit()
        view, lines = run.session.view, titles(run)
        assert run.tree.branch is not None
        cursor = run.tree.branch.key
    async with driven(folder) as run:
        assert run.session.view == view
        assert titles(run) == lines
        assert run.tree.branch is not None
        assert run.tree.branch.key == cursor
        assert "[Facets]" in tabs(run)
        assert "filter: w" in crumbs(run)


async def test_where_one_is_is_kept_without_leaving(folder: Path) -> None:
    async with driven(folder) as run:
        await run.press("j", "l", "l", "full_stop")
        await run.pilot.pause(0.6)
        state = load_state(folder)
        assert state.cursor == "c0"
        assert state.expanded == ("root", "t0")
        assert state.tab == "facets"


async def test_the_scroll_is_found_again(tmp_path: Path) -> None:
    themes = {f"Theme {n}": {f"Cluster {n} {m}": (f"query {n} {m}",) for m in range(4)} for n in range(12)}
    folder = handmade(tmp_path / "w", themes)
    async with driven(folder, NARROW) as run:
        await run.press("plus", "G", "k", "k", "k")
        top = run.tree.scroll_y
        assert top > 0
        await run.app.action_quit()
    async with driven(folder, NARROW) as run:
        await run.pilot.pause()
        assert run.tree.scroll_y == top


STALE = (
    {"run": "gone", "hierarchy": "gone", "node": "x"},
    {"node": "gone", "cursor": "gone", "expanded": ["gone", 7, None]},
    {"arrangement": [["language", "Klingon"], ["sort", "growth"]]},
    {"arrangement": [["tag", "gone"]]},
    {"arrangement": [["sort", "by moon"], ["text", 3], "x", [], ["limit", "1"]]},
    {"tab": "nowhere", "scroll": -4, "detail_scroll": "x", "zoom": "yes"},
    {"tab": ["a"], "scroll": 10**30, "node": "\ud800", "expanded": {"a": 1}},
    {"expanded": ["t0"] * 100_000, "node": "n" * 100_000},
)


@pytest.mark.parametrize("stale", STALE)
async def test_a_stale_state_does_no_harm(folder: Path, stale: dict[str, Any]) -> None:
    here = {"run": "kmeans-8-3f9a", "hierarchy": "tree-local-22bb", "pane": "tree"}
    (folder / "state.json").write_text(json.dumps(here | stale))
    async with driven(folder) as run:
        assert run.app.screen is run.explorer
        assert "Writing and debugging code" in titles(run)
        assert isinstance(run.tree.roots[0].row, NodeRow)
        await run.press("j", "enter")
        assert run.session.view.node == "t0"


def test_what_is_saved_is_what_is_loaded(tmp_path: Path) -> None:
    state = ScreenState(
        "r",
        "h",
        "n",
        "cluster",
        ("a", "b"),
        "c",
        "nord",
        (("sort", "title"), ("text", "x")),
        "facets",
        3,
        9,
        True,
    )
    save_state(tmp_path, state)
    assert load_state(tmp_path) == state


@pytest.mark.parametrize("size", [(60, 15), NARROW, WIDE])
async def test_every_key_works_at_every_size(folder: Path, size: tuple[int, int]) -> None:
    async with driven(folder, size, read_only=True) as run:
        for key in (
            "plus",
            "j",
            "full_stop",
            "full_stop",
            "comma",
            "S",
            "minus",
            "left_square_bracket",
            "3",
            "2",
        ):
            await run.press(key)
        await run.press("apostrophe", "f", "o", "enter", "F", "escape")
        await run.press("enter", "enter")
        assert isinstance(run.app.screen, ConversationScreen) or run.app.screen is run.explorer
