"""Small windows: a question, an error, the rows of an action."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Static

from core.session import Result
from core.text import one_line, visible
from screens.widgets.bars import Bar
from screens.widgets.row_list import RowList
from screens.widgets.spans import Line, Span, fit, wrap

CHROME_LINES = 6
"""Lines of a window that are not its text: border, title, keys, and space."""


class ConfirmScreen(ModalScreen[bool]):
    """Asks before something that cannot be undone."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("y", "accept", "Yes"),
        Binding("n,escape,q", "leave", "No"),
    ]

    def __init__(self, question: str, losses: str) -> None:
        super().__init__()
        self._question = question
        self._losses = losses

    def compose(self) -> ComposeResult:
        """The question, what is lost, and the keys."""
        with Vertical(classes="dialog small"):
            yield TextBlock(self._question, "warn")
            yield TextBlock(self._losses, "text")
            bar = Bar()
            bar.set_spans(
                (
                    ("y", "key"),
                    (" yes, do it    ", "text"),
                    ("n", "key"),
                    (" or ", "dim"),
                    ("esc", "key"),
                    (" no", "text"),
                )
            )
            yield bar

    def action_accept(self) -> None:
        """Yes."""
        self.dismiss(True)

    def action_leave(self) -> None:
        """No."""
        self.dismiss(False)


class TextBlock(Static):
    """A paragraph that no markup parser sees."""

    def __init__(self, text: str, look: str) -> None:
        super().__init__(visible(text), markup=False, classes=f"block block--{look}")


class PagerScreen(ModalScreen[None]):
    """A window over lines that can be scrolled and copied."""

    AUTO_FOCUS = "RowList"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,enter", "leave", "Close"),
        Binding("y", "copy", "Copy"),
    ]

    def __init__(self, title: str) -> None:
        super().__init__()
        self._title = title

    def compose(self) -> ComposeResult:
        """Title, lines, keys."""
        with Vertical(classes="dialog large"):
            title = Bar(classes="title")
            title.set_spans(((one_line(self._title), "heading"),))
            yield title
            yield RowList()
            bar = Bar()
            bar.set_spans(
                (
                    ("j k", "key"),
                    (" scroll   ", "text"),
                    ("y", "key"),
                    (" copy   ", "text"),
                    ("esc", "key"),
                    (" close", "text"),
                )
            )
            yield bar

    def on_row_list_width_changed(self) -> None:
        """Wrap for the width."""
        rows = self.query_one(RowList)
        lines = self.lines(rows.inner_width)
        rows.set_lines(lines)
        # As high as its lines, up to most of the screen.
        self.query_one(".dialog").styles.height = min(len(lines) + CHROME_LINES, self.app.size.height - 4)

    def lines(self, width: int) -> Sequence[Line]:
        """What to show in lines of that width."""
        raise NotImplementedError

    def text(self) -> str:
        """What `y` copies."""
        return "\n".join("".join(text for text, _ in line.spans).rstrip() for line in self.lines(400))

    def action_copy(self) -> None:
        """Copy all of it."""
        text = visible(self.text())
        self.app.copy_to_clipboard(text)
        self.app.notify("Copied.", markup=False, timeout=2)

    def action_leave(self) -> None:
        """Close."""
        self.dismiss(None)


class ErrorScreen(PagerScreen):
    """An error, or something else that is worth a window: it can be read and copied."""

    def __init__(
        self, title: str, message: str, hint: str, code: str, trace: str = "", look: str = "bad"
    ) -> None:
        super().__init__(title)
        self._look = look
        self._message, self._hint, self._code, self._trace = message, hint, code, trace

    def lines(self, width: int) -> list[Line]:
        """Message, hint, code, traceback."""
        parts = (
            (self._message, self._look),
            (self._hint, "text"),
            (f"code: {self._code}" if self._code else "", "dim"),
        )
        lines: list[Line] = []
        for text, look in parts:
            if text:
                lines += [Line(((part, look),)) for part in wrap(text, width)] + [Line()]
        return lines + [Line(((part, "dim"),)) for part in wrap(self._trace, width) if self._trace]


class ResultScreen(PagerScreen):
    """What a `read` action answered: a record as name and value, rows as a table."""

    def __init__(self, title: str, result: Result) -> None:
        super().__init__(title)
        self._result = result

    def lines(self, width: int) -> list[Line]:
        """The rows, or the record."""
        data = self._result.data
        if isinstance(data, tuple):
            lines = _table(data, width)
            if self._result.total is not None and self._result.total > len(data):
                lines.append(Line(((f"{len(data):,} of {self._result.total:,}", "dim"),)))
            return lines or [Line((("Nothing: the list is empty.", "dim"),))]
        return _record(data, width)


def _record(data: Any, width: int) -> list[Line]:
    lines: list[Line] = []
    fields = _fields(data)
    pad = max((len(name) for name, _ in fields), default=0) + 2
    for name, value in fields:
        head: Span = (name.replace("_", " ").ljust(pad), "dim")
        if isinstance(value, tuple) and value and dataclasses.is_dataclass(value[0]):
            lines += [Line(), Line((head, (f"{len(value):,}", "number"))), *_table(value, width)]
            continue
        for n, part in enumerate(wrap(plain(value), width - pad)):
            lines.append(Line((head if n == 0 else (" " * pad, "dim"), (part, "text"))))
    return lines


def _table(rows: Sequence[Any], width: int) -> list[Line]:
    """Columns as wide as their values, cut to share the width."""
    if not rows:
        return []
    if not dataclasses.is_dataclass(rows[0]):
        return [Line(((one_line(plain(row), width), "text"),)) for row in rows]
    names = [name for name, _ in _fields(rows[0])]
    names = [name for name in names if any(getattr(row, name, None) not in (None, "", ()) for row in rows)]
    cells = [[one_line(plain(getattr(row, name)), 80) for name in names] for row in rows]
    wide = [max(len(name), *(len(row[n]) for row in cells)) for n, name in enumerate(names)]
    while sum(wide) + 2 * len(wide) > width and max(wide) > 8:
        wide[wide.index(max(wide))] -= 1
    head = "  ".join(fit(name.replace("_", " "), w) for name, w in zip(names, wide, strict=True))
    body = ["  ".join(fit(cell, w) for cell, w in zip(row, wide, strict=True)) for row in cells]
    return [Line(((head, "heading"),)), *(Line(((row, "text"),)) for row in body)]


def _fields(data: Any) -> list[tuple[str, Any]]:
    if dataclasses.is_dataclass(data):
        return [(f.name, getattr(data, f.name)) for f in dataclasses.fields(data)]
    if isinstance(data, dict):
        return list(data.items())
    return [("", data)]


def plain(value: Any) -> str:
    """A value in words."""
    if value is None:
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return f"{value:,}" if abs(value) >= 10_000 else str(value)
    if isinstance(value, float):
        return f"{value:.3g}"
    if isinstance(value, dict):
        return ", ".join(f"{k}={plain(v)}" for k, v in value.items())
    if isinstance(value, tuple | list):
        return ", ".join(plain(v) for v in value)
    return str(value)
