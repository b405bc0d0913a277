"""How much of the screen a pane takes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from textual.widget import Widget

from tests.handmade import handmade
from tests.pilots import driven


@pytest.mark.parametrize("pane", ["1", "2", "3", "4"])
async def test_the_one_pane_of_a_narrow_screen_takes_all_of_it(pane: str, tmp_path: Path) -> None:
    async with driven(handmade(tmp_path / "workspace"), size=(80, 24)) as run:
        await run.press(pane)
        shown = run.app.screen.query_one(".pane.-active")
        assert shown.region.height >= 20


@pytest.mark.parametrize("tab", ["overview", "facets"])
async def test_a_pane_that_was_filled_while_it_was_hidden_is_laid_out_for_its_width(
    tab: str, tmp_path: Path
) -> None:
    async with driven(handmade(tmp_path / "workspace"), size=(80, 24)) as run:
        await run.press("3", *([] if tab == "overview" else ["."]), "2", "j", "3")
        away = run.text("cluster")
        await run.press("2", "k", "j")
        assert run.text("cluster") == away


async def test_a_pane_that_is_hidden_hands_its_focus_to_nothing_of_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with driven(handmade(tmp_path / "workspace"), size=(80, 24)) as run:
        await run.press("/", *"poem", "enter")
        seen: list[str] = []
        put = run.explorer.set_focus

        def noted(widget: Widget | None, *options: Any, **named: Any) -> None:
            seen.extend([widget.id or ""] if widget is not None else [])
            put(widget, *options, **named)

        monkeypatch.setattr(run.explorer, "set_focus", noted)
        await run.press("2", "4", "3", "1")
        assert seen == ["tree-rows", "search-rows", "cluster-rows", "runs-rows"]


async def test_a_list_that_is_hidden_does_not_scroll_until_it_is_seen(tmp_path: Path) -> None:
    async with driven(handmade(tmp_path / "workspace"), size=(80, 10)) as run:
        await run.press("plus", "plus", "3")
        assert len(run.tree.lines) > 10
        run.tree.step(1)
        await run.press("2")
        assert (run.tree.cursor, run.tree.scroll_y) == (1, 0)
        await run.press("3")
        run.tree.step(9)
        await run.press("2")
        assert run.tree.scroll_y <= run.tree.cursor < run.tree.scroll_y + run.tree.size.height
