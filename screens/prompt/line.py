"""The `:` line: any action with its parameters, as a script writes it, completed from the table and the workspace."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Input

from core.errors import ActionError
from core.registry import REGISTRY
from core.text import one_line, visible
from screens.faults import Guarded
from screens.prompt.completion import SOURCES, completions, meaning, wanted
from screens.prompt.past import keep_line
from screens.widgets.bars import Bar
from screens.widgets.row_list import RowList
from screens.widgets.spans import Line, fit

if TYPE_CHECKING:
    from screens.base import Desk

SHOWN = 8

MOST = 200
"""Ids of a kind that are offered."""


class PromptInput(Input):
    """The line; `up` and `down` bring earlier lines back, `tab` completes.

    Args:
        history: The lines that were entered before, oldest first.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("tab", "complete", "Complete", show=False),
        Binding("up", "history(-1)", "Earlier line", show=False),
        Binding("down", "history(1)", "Later line", show=False),
    ]

    def __init__(self, history: list[str]) -> None:
        super().__init__(placeholder="action name=value \u2026", id="prompt-input", compact=True)
        self._history = history
        self._at = len(history)
        self._typed = ""
        self.known: dict[str, list[tuple[str, str]]] = {}
        """Ids of the workspace that were read, by parameter."""

    def action_complete(self) -> None:
        """Complete the last word; as far as all completions agree when there are several."""
        found = [text for text, _ in completions(self.value, self.known)]
        if not found:
            return
        words = self.value.split(" ")
        common = found[0] if len(found) == 1 else _common(found)
        if len(common) > len(words[-1]) or len(found) == 1:
            self.value = " ".join((*words[:-1], common))
        elif not found[0].startswith(words[-1]):
            self.value = " ".join((*words[:-1], found[0]))
        self.cursor_position = len(self.value)

    def action_history(self, by: int) -> None:
        """An earlier or later line; after the last the one that was being typed."""
        if self._at == len(self._history):
            self._typed = self.value
        self._at = max(0, min(self._at + by, len(self._history)))
        self.value = visible(self._history[self._at]) if self._at < len(self._history) else self._typed
        self.cursor_position = len(self.value)


def _common(texts: list[str]) -> str:
    first, last = min(texts), max(texts)
    n = next(
        (i for i, (a, b) in enumerate(zip(first, last, strict=False)) if a != b), min(len(first), len(last))
    )
    return first[:n]


class PromptScreen(Guarded, ModalScreen[str | None]):
    """Asks for a line.

    Args:
        desk: Its history gives earlier lines back and takes the new one; its reader gives ids to complete.
    """

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "leave", "Leave", show=False)]

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self._desk = desk
        self._asked: set[str] = set()

    def compose(self) -> ComposeResult:
        """Completions above the line, what it means below."""
        with Vertical(id="prompt"):
            yield RowList(id="completions")
            yield Bar(id="prompt-about")
            yield PromptInput(self._desk.history)
            colon = Bar(id="prompt-help")
            keys = (("enter", "run"), ("tab", "complete"), ("up", "earlier"), ("esc", "leave"))
            colon.set_spans(
                [span for key, word in keys for span in ((f" {key}", "key"), (f" {word} ", "dim"))]
            )
            yield colon

    def on_mount(self) -> None:
        """The focus is on the line."""
        self.query_one("#completions", RowList).can_focus = False
        self.query_one(PromptInput).focus()
        self.call_after_refresh(self._complete, "")

    @on(Input.Changed)
    def _changed(self, event: Input.Changed) -> None:
        self._complete(event.value)

    def _complete(self, line: str) -> None:
        rows, entry = self.query_one("#completions", RowList), self.query_one(PromptInput)
        found = completions(line, entry.known)
        width = min(max((len(text) for text, _ in found[:SHOWN]), default=0) + 1, 48)
        lines = [
            Line(((fit(text, max(width, 26)) + " ", "strong"), (one_line(about, 200), "dim")))
            for text, about in found[:SHOWN]
        ]
        if len(found) > SHOWN:
            lines[-1] = Line(((f"\u2026 {len(found) - SHOWN + 1} more", "dim"),))
        rows.set_lines(lines, top=True)
        told, look = meaning(line)
        self.query_one("#prompt-about", Bar).set_spans(((" ", "text"), (one_line(told, 400), look)))
        source = wanted(line)
        if source is not None and source not in self._asked:
            self._asked.add(source)
            self.run_worker(self._read(source), group="ids")

    async def _read(self, source: str) -> None:
        """Read the ids that a parameter may name; where there are none, there is nothing to offer."""
        action, field, about = SOURCES[source]
        limit = {"limit": MOST} if "limit" in REGISTRY.get(action).params else {}
        try:
            page = await self._desk.reading.dispatch(action, limit)
        except ActionError:
            return
        rows = [(str(getattr(row, field)), str(getattr(row, about, "") or "")) for row in page.data[:MOST]]
        entry = self.query_one(PromptInput)
        entry.known[source] = rows
        self._complete(entry.value)

    @on(Input.Submitted)
    def _entered(self, event: Input.Submitted) -> None:
        line = event.value.strip()
        if line:
            keep_line(self._desk.session.folder, self._desk.history, line)
        self.dismiss(line or None)

    def action_leave(self) -> None:
        """Do nothing."""
        self.dismiss(None)
