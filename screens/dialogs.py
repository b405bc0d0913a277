"""Small windows: a question, an error, the rows of an action."""

from __future__ import annotations

import traceback
from collections.abc import Sequence
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Input, Static

from core.errors import ActionError
from core.session import Result
from core.text import one_line, visible
from screens.faults import Guarded, cause
from screens.result_lines import record_lines, table_lines
from screens.widgets.bars import Bar
from screens.widgets.row_list import RowList
from screens.widgets.spans import Line, wrap

CHROME_LINES = 6
"""Lines of a window that are not its text: border, title, keys, and space."""


class ConfirmScreen(Guarded, ModalScreen[bool]):
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


class PagerScreen(Guarded, ModalScreen[None]):
    """A window over lines that can be scrolled and copied."""

    AUTO_FOCUS = "RowList"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,enter", "leave", "Close"),
        Binding("y", "copy", "Copy"),
        Binding("W", "write_copy", "Write to a file"),
        Binding("slash", "find", "Show only lines with some words"),
    ]

    MOVES: ClassVar[tuple[str, str]] = ("j k", "scroll")
    """The key that is told first, and what it does."""

    def __init__(self, title: str) -> None:
        super().__init__()
        self._title = title
        self._words = ""

    def compose(self) -> ComposeResult:
        """Title, lines, keys."""
        with Vertical(classes="dialog large"):
            title = Bar(classes="title")
            title.set_spans(((one_line(self._title), "heading"),))
            yield title
            yield RowList()
            yield Input(placeholder="words", classes="pager-find", compact=True)
            bar = Bar()
            bar.set_spans(
                (
                    (self.MOVES[0], "key"),
                    (f" {self.MOVES[1]}   ", "text"),
                    ("/", "key"),
                    (" find   ", "text"),
                    ("y", "key"),
                    (" copy   ", "text"),
                    ("W", "key"),
                    (" write to a file   ", "text"),
                    ("esc", "key"),
                    (" close", "text"),
                )
            )
            yield bar

    def on_row_list_width_changed(self) -> None:
        """Wrap for the width."""
        rows = self.query_one(RowList)
        lines = with_words(self.lines(rows.inner_width), self._words)
        rows.set_lines(lines or [Line((("Nothing here has these words.", "dim"),))])
        if self._words:
            return
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
        from screens.copying import copy

        try:
            self._tell(copy(self.app, self.text()))
        except ActionError as error:
            self._tell(str(error))

    def action_write_copy(self) -> None:
        """Write all of it to a file in the workspace."""
        from screens.copying import session_of, write

        try:
            session = session_of(self.app)
            self._tell(f"Written: {write(session, self.text(), self._title)}")
        except ActionError as error:
            self._tell(str(error))

    def _tell(self, message: str) -> None:
        self.app.notify(one_line(message, 300), markup=False, timeout=6)

    def action_find(self) -> None:
        """Open the line of words: only lines that have them stay, each below its heading."""
        entry = self.query_one(".pager-find", Input)
        entry.add_class("-open")
        entry.focus()

    @on(Input.Changed, ".pager-find")
    def _typed(self, event: Input.Changed) -> None:
        self._words = event.value
        self.on_row_list_width_changed()

    @on(Input.Submitted, ".pager-find")
    def _entered(self) -> None:
        self.query_one(RowList).focus()

    def action_leave(self) -> None:
        """Leave the line of words and show everything again; else close."""
        entry = self.query_one(".pager-find", Input)
        if not entry.has_class("-open"):
            self.dismiss(None)
            return
        entry.remove_class("-open")
        entry.value = ""
        self.query_one(RowList).focus()


def with_words(lines: Sequence[Line], words: str) -> list[Line]:
    """The lines that have all the words, whatever their case, each below the last heading before it."""
    wanted = words.casefold().split()
    if not wanted:
        return list(lines)
    found: list[Line] = []
    heading: Line | None = None
    for line in lines:
        text = "".join(part for part, _ in line.spans).casefold()
        if line.spans and all(look == "heading" for _, look in line.spans):
            heading = line
        elif all(word in text for word in wanted):
            if heading is not None:
                found.append(heading)
                heading = None
            found.append(line)
    return found


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


def is_told(error: BaseException) -> bool:
    """Whether an error says for itself what is wrong, so that nobody needs its traceback."""
    return isinstance(error, ActionError) or bool(
        getattr(error, "code", "") and getattr(error, "message", "")
    )


def error_screen(error: BaseException) -> ErrorScreen:
    """The window of an error: message, hint and code, or the traceback of a fault of this program."""
    error = cause(error)
    code, message, hint = (getattr(error, name, "") for name in ("code", "message", "hint"))
    if is_told(error):
        also = getattr(error, "did_you_mean", ())
        if also:
            hint = f"{hint} Did you mean {' or '.join(also)}?".strip()
        return ErrorScreen("It did not work", message, hint, code)
    trace = "".join(traceback.format_exception(error))
    words = f"{type(error).__name__}: {error}"
    told = "The program goes on; please report it with this text. y copies it, W writes it to a file."
    return ErrorScreen("A fault in lmsys-tui", words, told, "", trace)


class ResultScreen(PagerScreen):
    """What a `read` action answered: a record as name and value, rows as a table."""

    def __init__(self, title: str, result: Result) -> None:
        super().__init__(title)
        self._result = result

    def lines(self, width: int) -> list[Line]:
        """The rows, or the record."""
        data = self._result.data
        if isinstance(data, tuple):
            lines = table_lines(data, width)
            if self._result.total is not None and self._result.total > len(data):
                lines.append(Line(((f"{len(data):,} of {self._result.total:,}", "dim"),)))
            return lines or [Line((("Nothing: the list is empty.", "dim"),))]
        return record_lines(data, width)
