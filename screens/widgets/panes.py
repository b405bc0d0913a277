"""The four panes of the Explorer: a frame with a title, and what is in it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.events import Paste
from textual.message import Message
from textual.widgets import Input

from core.registry import Action
from core.search.language import CHARACTERS
from core.text import visible
from screens.keymap import rebound
from screens.keys import PANE_SCOPES, everywhere, pane_bindings
from screens.widgets.bars import Bar
from screens.widgets.row_list import RowList
from screens.widgets.tree_list import TreeList

PANES = ("runs", "tree", "cluster", "search")
"""The panes in the order of their numbers."""

PANE_TITLES = {"runs": "Runs", "tree": "Tree", "cluster": "Detail", "search": "Search"}


class Pane(Vertical):
    """A frame; its bindings are those of its scopes in the table of actions, with the user's own keys."""

    def __init__(self, name: str, keymap: Mapping[str, str]) -> None:
        super().__init__(id=name, classes="pane")
        if keymap:
            self._bindings = rebound(self._bindings, keymap, self.takes)
        self.retitle("")

    def takes(self, action: Action) -> bool:
        """Whether a key of the action counts here."""
        return action.scope in PANE_SCOPES[self.id or "runs"] and not everywhere(action)

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

    BINDINGS: ClassVar[list[BindingType]] = [
        *pane_bindings(*PANE_SCOPES["tree"]),
        Binding("apostrophe", "screen.jump", "Jump by letters", show=False),
        Binding("minus", "screen.tree_level(-1)", "A level less", show=False),
        Binding("plus,equals_sign", "screen.tree_level(1)", "A level more", show=False),
    ]

    def compose(self) -> ComposeResult:
        """The tree, and what its marks mean."""
        yield TreeList(id="tree-rows")
        yield Bar(id="legend")


class ClusterPane(Pane):
    """What the cursor's node is."""

    BINDINGS: ClassVar[list[BindingType]] = [*pane_bindings(*PANE_SCOPES["cluster"])]

    def compose(self) -> ComposeResult:
        """The tabs, and what is in the one that is chosen."""
        yield Bar(id="detail-tabs")
        yield from super().compose()


class SearchInput(Input):
    """The search line. It leaves `up` and `down` to the results, and holds no more than a search reads."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("down", "to_results", "Results", show=False)]

    class Cut(Message):
        """Something was pasted that is longer than what a search reads."""

        def __init__(self, length: int) -> None:
            super().__init__()
            self.length = length

    def __init__(self, *, id: str, placeholder: str) -> None:
        super().__init__(
            placeholder=placeholder, id=id, compact=True, max_length=CHARACTERS, select_on_focus=False
        )

    def on_paste(self, event: Paste) -> None:
        """Take what a search reads of a paste: lines become one, and what a terminal would obey is made visible."""
        event.prevent_default()
        event.stop()
        start, end = sorted(self.selection)
        room = CHARACTERS - len(self.value) + end - start
        text = visible(event.text[:room]).replace("\n", " ")[:room]
        self.replace(text, start, end)
        if len(event.text) > room:
            self.post_message(self.Cut(len(event.text)))

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
            placeholder="words to search for; in words first, then by meaning too", id="search-input"
        )
        yield Bar(id="search-state")
        yield RowList(id="search-rows")
