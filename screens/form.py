"""A form made from an action's parameters."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.events import DescendantFocus
from textual.screen import ModalScreen
from textual.strip import Strip
from textual.widget import Widget
from textual.widgets import Input

from core.errors import ActionError
from core.registry import Action, Param
from core.text import one_line, visible
from screens.dialogs import TextBlock
from screens.picks import matching
from screens.widgets.bars import Bar
from screens.widgets.pick import Pick, PickField, PickInput
from screens.widgets.spans import Drawn, Span

LABEL = 18

ROOMY = 30
"""From so many rows on a form shows the whole description of its action."""


class Choice(Drawn, can_focus=True):
    """One of a few values; left, right and space change it."""

    DEFAULT_CSS = "Choice { height: 1; width: 1fr; }"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("right,space,l", "choose(1)", "Next value", show=False),
        Binding("left,h", "choose(-1)", "Previous value", show=False),
    ]

    def __init__(self, values: tuple[str, ...], chosen: str, id: str) -> None:
        super().__init__(id=id)
        self.values = values
        self.value = chosen if chosen in values else values[0]

    def action_choose(self, by: int) -> None:
        """Another value."""
        self.value = self.values[(self.values.index(self.value) + by) % len(self.values)]
        self.refresh()

    def render_line(self, y: int) -> Strip:
        """All values; the chosen one in brackets."""
        spans: list[Span] = [("\u25b6 " if self.has_focus else "  ", "key")]
        for value in self.values:
            here = value == self.value
            spans.append(
                (
                    f"[{value or 'default'}] " if here else f" {value or 'default'}  ",
                    "strong" if here else "dim",
                )
            )
        return self.draw(spans if y == 0 else (), self.size.width, cursor=self.has_focus)


class FormScreen(ModalScreen[dict[str, Any] | None]):
    """Asks for an action's parameters; gives back those that were filled in.

    Args:
        action: What will be run.
        known: Values that are known already.
        given: Values that are not asked for.
        hidden: Parameters that are not asked for.
        about: What it is about, in place of what the action does.
        picks: By parameter what it may be.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "run_form", "Run", show=False),
        Binding("escape", "leave", "Leave", show=False),
        Binding("tab,down", "next_field", "Next field", show=False),
        Binding("shift+tab,up", "previous_field", "Previous field", show=False),
    ]

    def __init__(
        self,
        action: Action,
        known: dict[str, Any],
        *,
        given: Mapping[str, Any] | None = None,
        hidden: frozenset[str] = frozenset(),
        about: str = "",
        picks: Mapping[str, Sequence[Pick]] | None = None,
    ) -> None:
        super().__init__()
        self._action = action
        self._known = known
        self._given = dict(given or {})
        self._told = about
        self._picks = dict(picks or {})
        self._refused = ("", "")
        """The field whose value was refused, and why."""
        self._fields = [p for name, p in action.params.items() if name not in {"yes", *hidden}]

    def compose(self) -> ComposeResult:
        """What it does, a line a parameter, help of the one in focus, keys."""
        with Vertical(classes="dialog form"):
            title = Bar(classes="title")
            title.set_spans(((self._action.title, "heading"), (f"   {self._action.id}", "dim")))
            yield title
            yield TextBlock(self._told or self._about(), "strong" if self._told else "text")
            with VerticalScroll(id="fields", can_focus=False):
                for param in self._fields:
                    yield self._row(param)
            yield TextBlock("", "help")
            keys = Bar()
            keys.set_spans(
                (
                    (" enter", "key"),
                    (" run   ", "text"),
                    ("tab", "key"),
                    (" next field   ", "text"),
                    ("esc", "key"),
                    (" leave", "text"),
                )
            )
            yield keys

    def _about(self) -> str:
        """What the action does: all of it where there is room."""
        told = self._action.doc if self.app.size.height >= ROOMY else self._action.summary
        return "\n\n".join(" ".join(paragraph.split()) for paragraph in told.split("\n\n"))

    def _row(self, param: Param) -> Horizontal:
        """The name of a parameter and its field."""
        label = Bar(classes="label")
        needed = param.required and param.name not in self._known
        label.set_spans(
            (
                (f"{param.name:<{LABEL - 2}}", "strong" if needed else "text"),
                ("* " if param.required else "  ", "warn"),
            )
        )
        value = self._known.get(param.name, param.default)
        if param.name in self._picks:
            field: Widget = PickField(param.name, self._picks[param.name], matching)
            return Horizontal(label, field, classes="field field--pick")
        return Horizontal(label, _field(param, value, self._example(param.name)), classes="field")

    def _example(self, name: str) -> str:
        """The value that the first example gives to the parameter."""
        found = re.search(rf"\b{name}=(\"[^\"]*\"|\S+)", self._action.examples[0])
        return found[1].strip('"') if found else ""

    def on_mount(self) -> None:
        """The focus goes to the first field that must be filled."""
        needed = [p for p in self._fields if p.required and p.name not in self._known]
        first = needed[0] if needed else self._fields[0] if self._fields else None
        if first is not None:
            self.query_one(f"#field-{first.name}").focus()

    @on(DescendantFocus)
    def _focused(self, event: DescendantFocus) -> None:
        name = (event.widget.id or "").removeprefix("field-")
        param = self._action.params.get(name)
        if param is not None and name == self._refused[0]:
            self._say(self._refused[1], "bad")
        elif param is not None:
            self._say(param.help or " ", "help")

    @on(Input.Submitted)
    def _entered(self) -> None:
        self.action_run_form()

    def _say(self, text: str, look: str) -> None:
        block = self.query_one(".block--help", TextBlock)
        block.update(one_line(text, 400))
        block.set_class(look == "bad", "block--bad")

    def values(self) -> dict[str, Any]:
        """What was filled in; what stands at its default is left out."""
        found: dict[str, Any] = {}
        for param in self._fields:
            field = self.query_one(f"#field-{param.name}")
            value = _value(field).strip()
            default = "" if param.default is None else _text(param.default)
            emptied = param.required and param.annotation is str and param.name in self._known
            if emptied or (value and (value != default or param.name in self._known)):
                found[param.name] = value
        return found

    def action_run_form(self) -> None:
        """Check the values; run when they are right."""
        try:
            checked = self._action.validate({**self._given, **self.values()})
        except ActionError as error:
            wrong = next((p.name for p in self._fields if f"{p.name}=" in error.message), "")
            self._refused = (wrong, str(error))
            if wrong:
                self.query_one(f"#field-{wrong}").focus()
            self._say(str(error), "bad")
        else:
            self.dismiss({name: value for name, value in checked.items() if name not in self._given})

    def action_leave(self) -> None:
        """Do nothing."""
        self.dismiss(None)

    def action_next_field(self) -> None:
        """The next field."""
        self.focus_next()

    def action_previous_field(self) -> None:
        """The previous field."""
        self.focus_previous()


def _field(param: Param, value: Any, example: str) -> Input | Choice:
    name = f"field-{param.name}"
    if param.annotation is bool:
        return Choice(("no", "yes"), "yes" if value else "no", name)
    if param.choices:
        return Choice((*(("",) if param.optional else ()), *param.choices), _text(value), name)
    free = "may stay empty" if param.default == "" else "default"
    hint = f"needed; for example {example}" if param.required else free
    # A line that is typed passes what stands in it to the terminal as it is.
    shown = visible(_text(value)).replace("\n", " ")
    return Input(shown, placeholder=hint, id=name, compact=True, select_on_focus=False)


def _value(field: Widget) -> str:
    """What a field holds."""
    if isinstance(field, PickInput):
        return field.picked
    return field.value if isinstance(field, Input | Choice) else ""


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value)
