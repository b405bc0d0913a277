"""How much of the screen a pane takes."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.handmade import handmade
from tests.pilots import driven


@pytest.mark.parametrize("pane", ["1", "2", "3", "4"])
async def test_the_one_pane_of_a_narrow_screen_takes_all_of_it(pane: str, tmp_path: Path) -> None:
    async with driven(handmade(tmp_path / "workspace"), size=(80, 24)) as run:
        await run.press(pane)
        shown = run.app.screen.query_one(".pane.-active")
        assert shown.region.height >= 20
