"""How pieces of text become a line: what does not fit is never gone in silence."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.session import Session
from screens.widgets.bars import Bar
from screens.widgets.spans import Span
from tests.doors import NOW
from tests.pilots import driven

CASES: list[tuple[tuple[Span, ...], str]] = [
    ((("abc", "text"), ("def", "dim")), "ab…"),
    ((("ab", "text"), ("cdef", "dim")), "ab…"),
    ((("abc", "text"), ("  ", "dim")), "abc"),
    ((("abc", "text"), ("", "dim")), "abc"),
    ((("abc", "text"),), "abc"),
    ((("a你", "text"), ("x", "dim")), "a …"),
    ((("a", "text"), ("", "dim"), ("b", "dim")), "ab "),
]


@pytest.mark.parametrize(("spans", "shown"), CASES)
async def test_three_cells_of_it(tmp_path: Path, spans: tuple[Span, ...], shown: str) -> None:
    Session(tmp_path / "w", clock=lambda: NOW).open(create=True)
    async with driven(tmp_path / "w") as run:
        bar = run.explorer.query_one("#header", Bar)
        assert bar.draw(spans, 3).text == shown
