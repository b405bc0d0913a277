"""The four panes of the Explorer: a frame with a title, and what is in it."""

from __future__ import annotations

from typing import ClassVar

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.widgets import Input

from screens.keys import PANE_SCOPES, pane_bindings
from screens.widgets.bars import Bar
from screens.widgets.row_list import RowList
from screens.widgets.tree_list import TreeList

PANES = ("runs", "tree", "cluster", "search")
"""The panes in the order of their numbers."""

PANE_TITLES = {"runs": "Runs", "tree": "Tree", "cluster": "Detail", "search": "Search"}


class Pane(Vertical):
    """A frame; its bindings are those of its scopes in the table of actions."""

    def __init__(self, name: str) -> None:
        super().__init__(id=name, classes="pane")
        self.retitle("")

    @property
    def rows(self) -> RowList:
        """The list in the pane."""
        return self.query_one(RowList)

    def retitle(self, about: str) -> None:
        """Show the pane's number, its name and a word about what is in it."""
        number = PANES.index(self.id or "runs") + 1
        title = Text.assemble((f"{number} {PANE_TITLES[self.id or 'runs']}", "bold"))
        if about:
            title.append(f"  {about}")
        self.border_title = title

    def compose(self) -> ComposeResult:
        """The list."""
        yield RowList(id=f"{self.id}-rows")


class RunsPane(Pane):
    """The runs of the workspace."""

    BINDINGS: ClassVar[list[BindingType]] = [*pane_bindings(*PANE_SCOPES["runs"])]


class TreePane(Pane):
    """The tree of the current run."""

    BINDINGS: ClassVar[list[BindingType]] = [*pane_bindings(*PANE_SCOPES["tree"])]

    def compose(self) -> ComposeResult:
        """The tree, and what its marks mean."""
        yield TreeList(id="tree-rows")
        yield Bar(id="legend")


class ClusterPane(Pane):
    """What the cursor's node is."""

    BINDINGS: ClassVar[list[BindingType]] = [*pane_bindings(*PANE_SCOPES["cluster"])]


class SearchInput(Input):
    """The search line. It leaves `up` and `down` to the results."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("down", "to_results", "Results", show=False)]

    def action_to_results(self) -> None:
        """Put the focus on the results."""
        rows = self.screen.query_one("#search-rows", RowList)
        if rows.lines:
            rows.focus()


class SearchPane(Pane):
    """The search line and its results."""

    BINDINGS: ClassVar[list[BindingType]] = [
        *pane_bindings(*PANE_SCOPES["search"]),
        Binding("w", "screen.toggle_within", "Here or everywhere"),
        Binding("m", "screen.set_mode", "Words or meaning"),
    ]

    def compose(self) -> ComposeResult:
        """The line, the count, the results."""
        yield SearchInput(
            placeholder="words to search for; enter searches by meaning too", id="search-input", compact=True
        )
        yield Bar(id="search-state")
        yield RowList(id="search-rows")
