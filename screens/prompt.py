"""The `:` line: any action with its parameters, as a script writes it, completed from the table."""

from __future__ import annotations

import re
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Input

from core.registry import REGISTRY
from core.session import Session
from screens.widgets.bars import Bar
from screens.widgets.row_list import RowList
from screens.widgets.spans import Line, fit

SHOWN = 8


def completions(line: str) -> list[tuple[str, str]]:
    """What the last word of the line may become, each with a word about it: an action, a parameter, or a value."""
    actions = REGISTRY.load()
    words = line.split(" ")
    last = words[-1]
    if len(words) == 1:
        starts = [(a.id + " ", a.summary) for a in actions.values() if a.id.startswith(last)]
        inside = [
            (a.id + " ", a.summary) for a in actions.values() if last in a.id and not a.id.startswith(last)
        ]
        return starts + inside
    action = actions.get(words[0])
    if action is None:
        return []
    if "=" in last:
        name, value = last.split("=", 1)
        param = action.params.get(name)
        if param is None:
            return []
        choices = param.choices or (("true", "false") if param.annotation is bool else (f"@{name}",))
        return [(f"{name}={c} ", param.help) for c in choices if c.startswith(value) and c != value]
    used = {word.split("=", 1)[0] for word in words[1:-1]}
    return [
        (f"{p.name}=", p.help)
        for p in action.params.values()
        if p.name.startswith(last) and p.name not in used
    ]


class PromptInput(Input):
    """The line; `up` and `down` bring earlier lines back, `tab` completes."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("tab", "complete", "Complete", show=False),
        Binding("up", "history(-1)", "Earlier line", show=False),
        Binding("down", "history(1)", "Later line", show=False),
    ]

    def __init__(self, history: list[str]) -> None:
        super().__init__(placeholder="action name=value \u2026", id="prompt-input", compact=True)
        self._history = history
        self._at = len(history)

    def action_complete(self) -> None:
        """Complete the last word; as far as all completions agree when there are several."""
        found = [text for text, _ in completions(self.value)]
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
        """An earlier or later line."""
        self._at = max(0, min(self._at + by, len(self._history)))
        self.value = self._history[self._at] if self._at < len(self._history) else ""
        self.cursor_position = len(self.value)


def _common(texts: list[str]) -> str:
    first, last = min(texts), max(texts)
    n = next(
        (i for i, (a, b) in enumerate(zip(first, last, strict=False)) if a != b), min(len(first), len(last))
    )
    return first[:n]


class PromptScreen(ModalScreen[str | None]):
    """Asks for a line.

    Args:
        session: Whose earlier lines `up` brings back.
        history: The lines that were entered before; the new one is added.
    """

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "leave", "Leave", show=False)]

    def __init__(self, session: Session, history: list[str]) -> None:
        super().__init__()
        self._session = session
        self._history = history

    def compose(self) -> ComposeResult:
        """Completions above the line."""
        with Vertical(id="prompt"):
            yield RowList(id="completions")
            colon = Bar(id="prompt-help")
            colon.set_spans(
                (
                    (" enter", "key"),
                    (" run  ", "dim"),
                    ("tab", "key"),
                    (" complete  ", "dim"),
                    ("up", "key"),
                    (" earlier  ", "dim"),
                    ("esc", "key"),
                    (" leave", "dim"),
                )
            )
            yield PromptInput(self._history)
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
        rows = self.query_one("#completions", RowList)
        found = completions(line)
        lines = [Line(((fit(text, 26) + " ", "strong"), (about, "dim"))) for text, about in found[:SHOWN]]
        if len(found) > SHOWN:
            lines[-1] = Line(((f"\u2026 {len(found) - SHOWN + 1} more", "dim"),))
        if not found and re.match(r"\S+ ", line):
            action = REGISTRY.load().get(line.split(" ", 1)[0])
            told = action.summary if action is not None else "There is no such action; tab completes names."
            lines = [Line(((told, "dim" if action else "warn"),))]
        rows.set_lines(lines, top=True)

    @on(Input.Submitted)
    def _entered(self, event: Input.Submitted) -> None:
        line = event.value.strip()
        if line and (not self._history or self._history[-1] != line):
            self._history.append(line)
        self.dismiss(line or None)

    def action_leave(self) -> None:
        """Do nothing."""
        self.dismiss(None)
