"""The map by keys: what a person does with it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from textual.widgets import Input

from core.map.rows import MapShown
from core.registry import REGISTRY
from screens.explorer.screen import Explorer
from screens.form.screen import FormScreen
from screens.map.screen import MapScreen
from screens.widgets.map_canvas import LIT, Label, labels
from tests.doors import copied, run_text
from tests.handmade import USUAL, handmade
from tests.mapped import mapped
from tests.naming import said
from tests.pilots import NARROW, WIDE, Driven, driven


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A workspace by hand, with a map."""
    return mapped(handmade(tmp_path / "w"))


def screen(run: Driven) -> MapScreen:
    found = run.app.screen
    assert isinstance(found, MapScreen)
    return found


def seen(run: Driven) -> MapShown:
    shown = screen(run).canvas.shown
    assert shown is not None
    return shown


def picture(run: Driven) -> str:
    """The canvas as text."""
    canvas = screen(run).canvas
    return "\n".join(canvas.render_line(y).text for y in range(canvas.size.height))


async def test_the_map_is_a_key_away_and_a_cluster_another(folder: Path) -> None:
    async with driven(folder, WIDE) as run:
        await run.press("5")
        assert seen(run).queries == seen(run).total
        biggest = seen(run).clusters[0]
        assert screen(run)._under()[0] == biggest
        assert biggest.title in run.top() and f"{biggest.size:,}" in run.top()
        await run.press("enter")
        assert isinstance(run.app.screen, Explorer)
        assert run.session.view.cluster == biggest.cluster


async def test_a_cluster_is_told_with_its_own_theme(folder: Path) -> None:
    # Where a cluster has most queries of a cell, another theme may have more in its several clusters.
    async with driven(folder, WIDE) as run:
        await run.press("5")
        shown, biggest = seen(run), seen(run).clusters[0]
        own = next(one for one in shown.themes if one.node == biggest.theme)
        other = next(one for one in shown.themes if one is not own)
        cells = replace(shown.cells, theme=(other.node,) * len(shown.cells.theme))
        screen(run)._shown = replace(shown, cells=cells)
        screen(run)._draw_here()
        assert f"{biggest.title}  in {own.title}" in run.top()
        screen(run)._by = "themes"
        screen(run)._draw_here()
        assert other.title in run.top() and "here mostly" not in run.top()
        cells = replace(shown.cells, theme=(own.node,) * len(shown.cells.theme))
        screen(run)._shown = replace(shown, cells=cells)
        screen(run)._draw_here()
        assert f"{own.title}  here mostly {biggest.title}" in run.top()


async def test_without_a_map_one_key_builds_it(own_workspace: Path) -> None:
    async with driven(own_workspace, NARROW) as run:
        await run.press("5")
        assert "There is no map of this run yet." in run.top()
        assert screen(run).canvas.shown is None
        await run.press("j", "b", "m", "plus", "n", "tab", "0", "y", "slash")
        assert screen(run).canvas.shown is None
        await run.press("enter")
        assert seen(run).method == "pca"
        assert "no map" not in run.top()
        assert run.session.view.run == seen(run).run


async def test_it_can_be_built_anew_by_a_form(folder: Path) -> None:
    async with driven(folder, WIDE) as run:
        await run.press("5", "r")
        assert isinstance(run.app.screen, FormScreen)
        assert "map.build" in run.top()
        await run.press("escape")
        assert isinstance(run.app.screen, MapScreen)


async def test_nothing_is_built_where_nothing_may_change(own_workspace: Path) -> None:
    async with driven(own_workspace, NARROW, read_only=True) as run:
        await run.press("5", "enter")
        assert screen(run).canvas.shown is None
        assert "no map" in run.top()


async def test_an_empty_workspace_says_what_to_do(tmp_path: Path) -> None:
    async with driven(tmp_path / "none", NARROW) as run:
        await run.press("5")
        assert isinstance(run.app.screen, MapScreen)
        assert "There is no" in run.top()
        await run.press("enter", "u", "escape")
        assert isinstance(run.app.screen, Explorer)


async def test_zoom_keeps_what_is_under_the_cursor(folder: Path) -> None:
    async with driven(folder, WIDE) as run:
        await run.press("5", "n")
        whole = seen(run)
        here = screen(run)._under()[0]
        assert here is not None
        cursor = screen(run).canvas.cursor
        await run.press("plus")
        assert screen(run).canvas.cursor == cursor
        assert seen(run).right - seen(run).left == pytest.approx((whole.right - whole.left) / 2)
        assert seen(run).queries < whole.queries
        await run.press("equals_sign", "plus")
        assert seen(run).right - seen(run).left == pytest.approx((whole.right - whole.left) / 8)
        for _ in range(20):
            await run.press("plus")
        await run.press("0")
        assert seen(run) == whole
        assert screen(run)._under()[0] == here
        await run.press("plus", "minus")
        assert seen(run) == whole
        await run.press("minus")
        assert seen(run) == whole


async def test_the_cursor_takes_the_map_along(folder: Path) -> None:
    async with driven(folder, NARROW) as run:
        await run.press("5", "plus", "plus")
        left = seen(run).left
        for _ in range(60):
            await run.press("h")
        moved = seen(run)
        assert moved.left < left
        assert moved.right - moved.left == pytest.approx(seen(run).right - seen(run).left)
        run.send(*["l"] * 300)
        await run.settle()
        middle = (seen(run).left + seen(run).right) / 2
        assert 0 <= middle <= 1
        assert 0 <= (screen(run).canvas.cursor or (-1, 0))[0] < screen(run).canvas.size.width
        top = seen(run).top
        await run.press("shift+down")
        assert seen(run).top < top
        await run.press("shift+up")
        assert seen(run).top == pytest.approx(top)


async def test_walking_visits_every_cluster_by_size(folder: Path) -> None:
    async with driven(folder, WIDE) as run:
        await run.press("5")
        named = [one.cluster for one in seen(run).clusters]
        walked = []
        for _ in named:
            under = screen(run)._under()[0]
            assert under is not None
            walked.append(under.cluster)
            await run.press("n")
        assert walked == named
        assert screen(run)._under()[0] == seen(run).clusters[0]
        await run.press("p")
        assert screen(run)._under()[0] == seen(run).clusters[-1]


async def test_tab_goes_to_the_nearest_where_one_was_not_yet(folder: Path) -> None:
    async with driven(folder, WIDE) as run:
        await run.press("5")
        visited = []
        for _ in range(4):
            under = screen(run)._under()[0]
            assert under is not None
            visited.append(under.cluster)
            await run.press("tab")
        assert len(set(visited)) == 4
        first, second = (next(c for c in seen(run).clusters if c.cluster == n) for n in visited[:2])
        apart = (first.x - second.x) ** 2 + (first.y - second.y) ** 2
        others = [c for c in seen(run).clusters if c.cluster != first.cluster]
        # From the cell under the cursor, so within a cell of the nearest.
        assert apart**0.5 <= min(((first.x - c.x) ** 2 + (first.y - c.y) ** 2) ** 0.5 for c in others) + 0.05


async def test_a_search_lights_up_and_esc_puts_it_out(folder: Path) -> None:
    async with driven(folder, WIDE) as run:
        await run.press("5", "slash", *"python", "enter")
        hits = said(folder, "search.queries text=python mode=text limit=100")
        assert seen(run).lit == sum(hit["times"] for hit in hits) > 0
        assert LIT in picture(run)
        assert "lit up" in run.top() and "python" in run.top()
        assert {one.cluster for one in seen(run).clusters if one.lit} == {hit["cluster"] for hit in hits}
        await run.press("slash")
        assert run.app.screen.query_one("#map-search", Input).value == "python"
        await run.press("escape")
        assert seen(run).lit is not None
        await run.press("escape")
        assert seen(run).lit is None and LIT not in picture(run)
        await run.press("escape")
        assert isinstance(run.app.screen, Explorer)


async def test_a_search_that_cannot_be_read_leaves_the_map(folder: Path) -> None:
    async with driven(folder, NARROW) as run:
        await run.press("5", "slash", *"in:none", "enter")
        await run.press("escape")
        assert isinstance(run.app.screen, MapScreen)
        assert seen(run).lit is None


async def test_colours_by_themes_and_back(folder: Path) -> None:
    async with driven(folder, WIDE) as run:
        await run.press("5")
        clusters = run.top()
        await run.press("b")
        assert "by themes" in run.top()
        for theme in USUAL:
            assert theme in run.top()
        await run.press("n", "b")
        assert "by clusters" in run.top() and clusters != ""


async def test_blocks_show_the_same_queries(folder: Path) -> None:
    async with driven(folder, WIDE) as run:
        await run.press("5", "n")
        blocks, total, cluster = picture(run), seen(run).queries, screen(run)._under()[0]
        braille = set(map(chr, range(0x2801, 0x2900)))
        assert cluster is not None
        assert set(blocks) & set("\u2580\u2584\u2588") and not set(blocks) & braille
        await run.press("m")
        assert seen(run).queries == total
        assert set(picture(run)) & braille and not set(picture(run)) & set("\u2580\u2584\u2588")
        here = screen(run)._under()[0]
        assert here is not None and here.cluster == cluster.cluster
        await run.press("m")
        assert picture(run) == blocks


async def test_the_prompt_opens_a_place(folder: Path) -> None:
    async with driven(folder, WIDE) as run:
        await run.press("colon")
        run.app.screen.query_one(Input).value = "map.show x=0.4 y=0.6 width=0.3 text=python"
        await run.press("enter")
        assert (seen(run).left + seen(run).right) / 2 == pytest.approx(0.4)
        assert (seen(run).bottom + seen(run).top) / 2 == pytest.approx(0.6)
        assert seen(run).right - seen(run).left == pytest.approx(0.3)
        assert seen(run).lit
        await run.press("l", "plus")
        assert seen(run).right - seen(run).left == pytest.approx(0.15)


async def test_it_follows_edits_and_sizes(folder: Path) -> None:
    async with driven(folder, WIDE) as run:
        await run.press("5")
        await run.pilot.resize_terminal(60, 15)
        await run.settle()
        assert seen(run).columns == screen(run).canvas.size.width <= 60
        await run.pilot.resize_terminal(*WIDE)
        await run.settle()
        assert seen(run).columns == screen(run).canvas.size.width
        ran = run_text(folder, "cluster.rename cluster=0 title='Called otherwise'")
        assert ran.code == 0
        await run.press("escape", "R", "5")
        assert "Called otherwise" in run.top()


async def test_a_stale_map_says_so(tmp_path: Path) -> None:
    folder = mapped(handmade(tmp_path / "w"), drop=3)
    async with driven(folder, NARROW) as run:
        await run.press("5")
        assert "3 newer queries are not on the map" in run.top()


async def test_the_whole_journey_on_vectors(fixture_workspace: Path, tmp_path: Path) -> None:
    """Build, look for words, go to a cluster, and read a query there."""
    folder = copied(fixture_workspace, tmp_path / "w")
    async with driven(folder, NARROW) as run:
        await run.press("5", "enter", "slash", *"the", "enter", "n", "enter")
        assert isinstance(run.app.screen, Explorer)
        assert run.session.view.cluster is not None
        lines = [entry for entry in REGISTRY.load() if entry.startswith("map.")]
        assert lines == ["map.build", "map.show", "map.near"]


def test_labels_never_overlap(folder: Path) -> None:
    from tests.naming import opened

    session = opened(folder)
    for size in ((104, 36), (80, 20), (60, 11), (20, 4), (3, 2)):
        for by in ("clusters", "themes"):
            shown = session.dispatch("map.show", {"columns": size[0], "rows": size[1], "limit": 100}).data
            found: list[Label] = labels(shown, by, "braille", *size)  # type: ignore[arg-type]
            cells = [(label.row, label.column + n) for label in found for n in range(label.cells)]
            assert len(set(cells)) == len(cells)
            assert all(0 <= column < size[0] and 0 <= row < size[1] for row, column in cells)
            assert found or size[0] < 60
