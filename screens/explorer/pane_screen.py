"""A screen of four panes: which of them are in sight, and which has the focus."""

from __future__ import annotations

from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.events import DescendantFocus, Resize
from textual.widgets import Input

from screens.base import ActionScreen, Desk
from screens.widgets.bars import Bar
from screens.widgets.panes import PANES, ClusterPane, Pane, RunsPane, SearchPane, TreePane

WIDE = 120
"""From so many columns on all panes are shown."""


class PaneScreen(ActionScreen):
    """Panes side by side on a wide screen, one at a time on a narrow one, with the same keys."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("tab", "next_pane", "Next pane", show=False),
        Binding("shift+tab", "previous_pane", "Previous pane", show=False),
        *[Binding(str(n), f"pane('{name}')", name, show=False) for n, name in enumerate(PANES, 1)],
        Binding("z", "zoom", "One pane or all", show=False),
    ]

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self.HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (WIDE, "-wide")]
        self.active = "tree"

    def compose(self) -> ComposeResult:
        """Bars above and below, the panes between."""
        keymap = self.desk.keymap
        yield Bar(id="header")
        yield Bar(id="crumbs")
        with Horizontal(id="panes"):
            with Vertical(id="left"):
                yield RunsPane("runs", keymap)
                yield TreePane("tree", keymap)
            with Vertical(id="right"):
                yield ClusterPane("cluster", keymap)
                yield SearchPane("search", keymap)
        yield Bar(id="job")
        yield Bar(id="footer")

    def draw_bars(self) -> None:
        """Say where the person is, and what the keys do here."""
        raise NotImplementedError

    def pane(self, name: str) -> Pane:
        """A pane by name."""
        return self.query_one(f"#{name}", Pane)

    def activate(self, name: str) -> None:
        """Make a pane the active one and put the focus into it."""
        if self.single and name != self.active:
            # Else the pane that is hidden hands its focus on to what stands beside the list, which would show it again.
            self.set_focus(None)
        self.mark(name)
        pause = self.desk.typed.pause()

        def shown() -> None:
            self._focus_active()
            pause.set_result(None)

        self.call_after_refresh(shown)

    def mark(self, name: str) -> None:
        """The active pane and the column that it stands in: on a narrow screen the others are hidden."""
        self.active = name
        for pane in self.query(Pane):
            pane.set_class(pane.id == name, "-active")
        self.query_one("#left").set_class(name in ("runs", "tree"), "-active")
        self.query_one("#right").set_class(name in ("cluster", "search"), "-active")

    def _focus_active(self) -> None:
        rows = self.pane(self.active).rows
        if self.active == "search" and not rows.lines:
            self.query_one("#search-input", Input).focus()
        else:
            rows.focus()
        self.draw_bars()
        self.pane_entered(self.active)

    def pane_entered(self, name: str) -> None:
        """The focus was put into a pane."""

    @on(DescendantFocus)
    def _focused(self, event: DescendantFocus) -> None:
        pane = next((node for node in event.widget.ancestors if isinstance(node, Pane)), None)
        if pane is not None and pane.id != self.active:
            self.mark(pane.id or "tree")
        self.draw_bars()

    def action_pane(self, name: str) -> None:
        """Go to a pane."""
        self.activate(name)

    def action_next_pane(self) -> None:
        """Go to the next pane."""
        self.activate(PANES[(PANES.index(self.active) + 1) % len(PANES)])

    def action_previous_pane(self) -> None:
        """Go to the previous pane."""
        self.activate(PANES[(PANES.index(self.active) - 1) % len(PANES)])

    def action_zoom(self) -> None:
        """Show one pane alone, or all."""
        self.toggle_class("-zoom")
        self.draw_bars()

    @property
    def single(self) -> bool:
        """Whether one pane is shown at a time."""
        return self.has_class("-zoom") or self.size.width < WIDE

    @on(Resize)
    def _resized(self) -> None:
        self.call_after_refresh(self.draw_bars)
