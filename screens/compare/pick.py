"""A window in which the run, or the tree, is chosen that is compared."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen

from core.rows import HierarchyRow, RunRow
from core.text import one_line
from screens.dialogs import CHROME_LINES
from screens.reading import Reading
from screens.widgets.bars import Bar
from screens.widgets.row_list import RowList
from screens.widgets.spans import Line, Span, fit

MOST_RUNS = 200
"""Runs that are offered."""

MOST_TREES = 50
"""Runs whose trees are offered."""


@dataclass(frozen=True)
class Choice:
    """A run or a tree: its id, what it is like, and whether it is the one that is open."""

    name: str
    label: str
    about: str
    current: bool


async def run_choices(reading: Reading, current: str | None) -> list[Choice]:
    """The finished runs, newest first."""
    rows: tuple[RunRow, ...] = (await reading.dispatch("run.list", {"limit": MOST_RUNS})).data
    return [
        Choice(row.run, row.label, f"{row.clusters:,} clusters \u00b7 {row.queries:,} queries \u00b7 {row.dataset}", row.run == current)
        for row in rows
        if row.status == "done"
    ]  # fmt: skip


async def tree_choices(reading: Reading, current: str | None) -> list[Choice]:
    """The trees of the newest runs."""
    found: list[Choice] = []
    for run in (await run_choices(reading, None))[:MOST_TREES]:
        trees: tuple[HierarchyRow, ...] = (await reading.dispatch("hierarchy.list", {"run": run.name})).data
        found += [
            Choice(tree.hierarchy, "", f"{tree.nodes:,} nodes \u00b7 {tree.levels} levels \u00b7 {run.name}", tree.hierarchy == current)
            for tree in trees
        ]  # fmt: skip
    return found


class PickScreen(ModalScreen[str | None]):
    """Gives back the id of what was chosen.

    Args:
        title: What is chosen.
        offered: What there is to choose.
        chosen: The id on which the cursor begins.
    """

    AUTO_FOCUS = "RowList"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "accept", "Take it"),
        Binding("escape,q", "leave", "Leave"),
    ]

    def __init__(self, title: str, offered: Sequence[Choice], chosen: str | None) -> None:
        super().__init__()
        self._title = title
        self._offered = tuple(offered)
        self._chosen = chosen

    def compose(self) -> ComposeResult:
        """Title, what there is, keys."""
        with Vertical(classes="dialog large"):
            title = Bar(classes="title")
            title.set_spans(((self._title, "heading"),))
            yield title
            yield RowList()
            keys = Bar()
            keys.set_spans((("j k", "key"), (" choose   ", "text"), ("enter", "key"), (" take it   ", "text"), ("esc", "key"), (" leave", "text")))  # fmt: skip
            yield keys

    @on(RowList.WidthChanged)
    def _wide(self) -> None:
        rows = self.query_one(RowList)
        first = rows.cursor < 0
        rows.set_lines(
            [choice_line(choice) for choice in self._offered] or [Line((("  There is none yet.", "dim"),))]
        )
        self.query_one(".dialog").styles.height = min(
            len(rows.lines) + CHROME_LINES, self.app.size.height - 2
        )
        if first:
            rows.select(lambda value: isinstance(value, Choice) and value.name == self._chosen)

    def action_accept(self) -> None:
        """Take what the cursor stands on."""
        value = self.query_one(RowList).value
        self.dismiss(value.name if isinstance(value, Choice) else None)

    def action_leave(self) -> None:
        """Take nothing."""
        self.dismiss(None)


def choice_line(choice: Choice) -> Line:
    """A run or a tree in a line."""
    spans: list[Span] = [
        (fit(one_line(choice.name, 60), 30) + " ", "strong" if choice.current else "text"),
        ("open now  " if choice.current else "          ", "good"),
    ]
    if choice.label:
        spans.append((one_line(choice.label, 60) + "  ", "other"))
    return Line((*spans, (one_line(choice.about, 120), "dim")), choice)
