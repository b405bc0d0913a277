"""The reader: one whole conversation, and from there the next of the list it was opened from."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType

from core.registry import REGISTRY, Action
from core.rows import QueryDetail, TextRow
from core.session import Result
from core.text import one_line
from screens.base import ActionScreen, Desk
from screens.widgets.bars import Bar
from screens.widgets.row_list import RowList
from screens.widgets.spans import Line, Span, wrap

ROLES = {
    "user": ("\u2503 USER", "user"),
    "assistant": ("  ASSISTANT", "other"),
    "system": ("\u2506 SYSTEM", "dim"),
}
"""Head and look of a turn by role; an unknown role is shown by its name."""

GUTTERS = {"user": "\u2503 ", "system": "\u2506 "}


class ConversationScreen(ActionScreen):
    """Reads conversations one after the other; each is opened by `query.open`.

    Args:
        desk: What the screens share.
        source: The list whose cursor says what is read.
        detail: A conversation that is open already and comes from no list.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("n", "neighbour(1)", "Next"),
        Binding("p", "neighbour(-1)", "Previous"),
    ]

    def __init__(self, desk: Desk, source: RowList | None, detail: QueryDetail | None = None) -> None:
        super().__init__(desk)
        self._source = source
        self._detail = detail

    def compose(self) -> ComposeResult:
        """What it is, the turns, the keys."""
        yield Bar(id="reader-title")
        yield Bar(id="reader-facts")
        yield RowList(id="reader")
        yield Bar(id="reader-keys")

    def on_mount(self) -> None:
        """Open the conversation under the list's cursor."""
        self.query_one(RowList).focus()
        keys = (
            ("n", " next  "),
            ("p", " previous  "),
            ("j k", " scroll  "),
            ("y", " copy  "),
            ("esc", " back  "),
            ("?", " help"),
        )
        self.query_one("#reader-keys", Bar).set_spans(
            [s for key, word in keys for s in ((f" {key}", "key"), (word, "dim"))]
        )
        self._open()

    def _open(self) -> None:
        value = self._source.value if self._source is not None else None
        if isinstance(value, TextRow):
            self.perform(REGISTRY.get("query.open"), {"query": value.query})

    def shown(self, action: Action, result: Result) -> None:
        """Draw the conversation that was opened."""
        if action.id == "query.open":
            self._detail = result.data
            self._draw(top=True)

    def on_row_list_width_changed(self) -> None:
        """Wrap again."""
        self._draw()

    def _draw(self, top: bool = False) -> None:
        detail = self._detail
        if detail is None:
            return
        rows = self.query_one(RowList)
        rows.set_lines(conversation_lines(detail, rows.inner_width), top=top)
        if top:
            rows.scroll_to(y=0, animate=False, force=True)
        self.query_one("#reader-title", Bar).set_spans(
            ((" ", "text"), (one_line(detail.text, 200), "strong"))
        )
        self.query_one("#reader-facts", Bar).set_spans(facts(detail, self.session.view.run))

    def action_neighbour(self, by: int) -> None:
        """The next or previous conversation of the list."""
        source = self._source
        if source is None:
            self.say("This conversation was opened by its number; there is no list to go through.")
            return
        moved = source.step(by)
        while moved and not isinstance(source.value, TextRow):
            moved = source.step(by)
        if moved and isinstance(source.value, TextRow):
            self._open()
        else:
            while not isinstance(source.value, TextRow) and source.step(-by):
                pass
            self.say("That was the last one." if by > 0 else "That was the first one.")

    def copy_text(self) -> str:
        """The whole conversation."""
        if self._detail is None:
            return ""
        return "\n\n".join(f"{turn.role}: {turn.content}" for turn in self._detail.turns)


def facts(detail: QueryDetail, run: str | None) -> tuple[Span, ...]:
    """Who asked which model when, how often, and where it belongs."""
    parts = [
        detail.language, detail.chat_model, detail.timestamp, f"user {detail.user}" if detail.user else None,
        f"asked {detail.times:,} times" if detail.times > 1 else None, f"id {detail.conversation_id}",
    ]  # fmt: skip
    spans: list[Span] = [(" " + " \u00b7 ".join(one_line(part, 60) for part in parts if part), "dim")]
    here = next((m for m in detail.clusters if m.run == run), None)
    if here is not None:
        path = here.path or (here.title,)
        spans.append((" \u00b7 " + " \u203a ".join(one_line(title, 40) for title in path), "other"))
    return tuple(spans)


def conversation_lines(detail: QueryDetail, width: int) -> list[Line]:
    """The turns in wrapped lines; roles differ by word, gutter and colour."""
    lines: list[Line] = []
    for turn in detail.turns:
        head, look = ROLES.get(turn.role, (f"  {one_line(turn.role, 30).upper()}", "dim"))
        gutter = GUTTERS.get(turn.role, "  ")
        lines.append(Line(((head, "heading" if turn.role == "user" else look),)))
        lines += [
            Line(((gutter, look), (part, "user" if turn.role == "user" else "text")))
            for part in wrap(turn.content, width - 3)
        ]
        lines.append(Line())
    if not detail.turns:
        lines = [Line(((part, "text"),)) for part in wrap(detail.text, width)]
    if detail.metadata:
        lines.append(Line((("METADATA", "dim"),)))
        for name, value in detail.metadata.items():
            lines += [
                Line(((part, "dim"),))
                for part in wrap(f"  {one_line(str(name))}: {one_line(str(value), 500)}", width)
            ]
    return lines
