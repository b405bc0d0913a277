"""A form made from an action's parameters."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.events import DescendantFocus, Resize
from textual.screen import ModalScreen
from textual.widget import Widget
from textual.widgets import Input

from core.control import Control
from core.errors import ActionError
from core.registry import Action, Param
from core.session import Result
from core.text import one_line
from core.view import View
from screens.dialogs import ResultScreen, TextBlock
from screens.form.defaults import BY_PARAMETER, default_words
from screens.form.fields import field_for, text_of, to_end, value_of
from screens.form.picks import matching
from screens.widgets.bars import Bar
from screens.widgets.pick import Pick, PickField
from screens.widgets.spans import Span

if TYPE_CHECKING:
    from screens.base import Desk

LABEL = 18

ROOMY = 30
"""From so many rows on a form shows the whole description of its action."""

ROOMY_COLUMNS = 100
"""From so many columns on the form of a step says beside each field what it is for."""

LEAP = 8
"""Fields that page down passes."""

STEP_EFFECTS = ("job", "file")
"""Effects of the steps, whose forms say beside each field what it is for."""

OTHER_LINES = 8
"""Lines of a form that are neither its description nor a field nor help: border, title, keys, space."""

HELP_LINES = 3


class Fields(VerticalScroll, inherit_bindings=False):
    """The list of fields: it follows the focus, and takes no key to scroll away from it."""


class FormScreen(ModalScreen[dict[str, Any] | None]):
    """Asks for an action's parameters; gives back those that were filled in.

    Args:
        action: What will be run.
        known: Values that are known already.
        given: Values that are not asked for.
        hidden: Parameters that are not asked for.
        about: What it is about, in place of what the action does.
        picks: By parameter what it may be.
        desk: What the screens share: where the user is, and who can say beforehand what the action would do.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "run_form", "Run", show=False),
        Binding("escape", "leave", "Leave", show=False),
        Binding("tab,down", "next_field", "Next field", show=False),
        Binding("shift+tab,up", "previous_field", "Previous field", show=False),
        Binding("pagedown", "leap(1)", "Several fields down", show=False),
        Binding("pageup", "leap(-1)", "Several fields up", show=False),
        Binding("ctrl+t", "preview", "What it would do", show=False),
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
        desk: Desk | None = None,
    ) -> None:
        super().__init__()
        self.HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (ROOMY_COLUMNS, "-wide")]
        self._action = action
        self._known = known
        self._given = dict(given or {})
        self._told = about
        self._picks = dict(picks or {})
        self._desk = desk
        self._view = View() if desk is None else desk.session.view
        self._refused: dict[str, str] = {}
        """By field whose value was refused: why."""
        self._step = action.effect in STEP_EFFECTS
        self._fields = [p for name, p in action.params.items() if name not in {"yes", *hidden}]

    def compose(self) -> ComposeResult:
        """What it does, a line a parameter, help of the one in focus, keys."""
        with Vertical(classes="dialog form steps" if self._step else "dialog form"):
            yield Bar(classes="title")
            yield TextBlock(self._told or self._about(), "strong" if self._told else "text")
            with Fields(id="fields", can_focus=False):
                for param in self._fields:
                    yield self._row(param)
            yield TextBlock("", "help")
            keys = Bar()
            tries = (("ctrl+t", "key"), (" what it would do   ", "text")) if self._previewed else ()
            keys.set_spans(
                (
                    ("enter", "key"),
                    (" run   ", "text"),
                    ("tab", "key"),
                    (" next field   ", "text"),
                    *tries,
                    ("esc", "key"),
                    (" leave", "text"),
                )
            )
            yield keys

    @property
    def _previewed(self) -> bool:
        """Whether it can be said beforehand, without doing it, what the action would do."""
        return self._step and self._desk is not None and self._action.plan is not None

    def _about(self) -> str:
        """What the action does: all of it where there is room."""
        told = self._action.doc if self.app.size.height >= ROOMY else self._action.summary
        return "\n\n".join(" ".join(paragraph.split()) for paragraph in told.split("\n\n"))

    def _row(self, param: Param) -> Horizontal:
        """The name of a parameter, its field, and in the form of a step what it is for."""
        label = Bar(id=f"label-{param.name}", classes="label")
        label.set_spans(self._label(param))
        value = self._known.get(param.name, param.default)
        if param.name in self._picks:
            field: Widget = PickField(param.name, self._picks[param.name], matching)
            return Horizontal(label, field, classes="field field--pick")
        known = self._step or f"{self._action.id} {param.name}" in BY_PARAMETER
        empty = default_words(self._action, param, self._view) if known else ""
        field = field_for(param, value, self._example(param.name), empty)
        if not self._step:
            return Horizontal(label, field, classes="field")
        hint = Bar(classes="hint")
        hint.set_spans(((one_line(param.help, 200), "dim"),))
        return Horizontal(label, field, hint, classes="field")

    def _label(self, param: Param) -> tuple[Span, ...]:
        """The name; a star where it is needed, an exclamation mark where its value was refused."""
        needed = param.required and param.name not in self._known
        refused = param.name in self._refused
        return (
            (f"{param.name:<{LABEL - 2}}", "bad" if refused else "strong" if needed else "text"),
            ("! ", "bad") if refused else ("* " if param.required else "  ", "warn"),
        )

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

    def on_resize(self, event: Resize) -> None:
        """The fields get the lines that the rest leaves; what is more scrolls."""
        about = self.query_one(".block", TextBlock).size.height or 1
        room = event.size.height - OTHER_LINES - HELP_LINES - about
        self.query_one("#fields").styles.max_height = max(room, 3) if self._step else None

    @on(DescendantFocus)
    def _focused(self, event: DescendantFocus) -> None:
        name = (event.widget.id or "").removeprefix("field-")
        if name in self._action.params:
            self._explain(name)
        if isinstance(event.widget, Input):
            self.call_after_refresh(to_end, event.widget)

    def _explain(self, name: str) -> None:
        """Say what is wrong with a field, or what it is for, what it means to leave it empty, and what it may be."""
        param = self._action.params[name]
        numbers = [field.name for field in self._fields]
        place = f"   {numbers.index(name) + 1} of {len(numbers)}" if self._step and name in numbers else ""
        self.query_one(".title", Bar).set_spans(
            ((self._action.title, "heading"), (f"   {self._action.id}{place}", "dim"))
        )
        if name in self._refused:
            self._say(self._refused[name], "bad")
            return
        words = [param.help or " "]
        if self._step:
            empty = default_words(self._action, param, self._view)
            if empty and empty not in param.help:
                words.append(f"Left empty: {empty}.")
            if len(param.choices) > 2:
                words.append(f"One of {', '.join(param.choices)}.")
            if param.default not in (None, "", False):
                words.append(f"By default {text_of(param.default)}.")
        self._say(" ".join(words), "help")

    @on(Input.Submitted)
    def _entered(self) -> None:
        self.action_run_form()

    @on(Input.Changed)
    def _typed(self, event: Input.Changed) -> None:
        """A value that cannot be is refused where it is typed."""
        name = (event.input.id or "").removeprefix("field-")
        if self._step and name in self._action.params:
            self._check(name, event.value.strip())
            if event.input.has_focus:
                self._explain(name)

    def _check(self, name: str, value: str) -> None:
        others = {param.name: "" for param in self._fields if param.required and param.name != name}
        before = self._refused.pop(name, None)
        if value:
            try:
                self._action.validate({**others, name: value}, frozenset(others))
            except ActionError as error:
                self._refused[name] = str(error)
        if before != self._refused.get(name):
            self.query_one(f"#label-{name}", Bar).set_spans(self._label(self._action.params[name]))

    def _say(self, text: str, look: str) -> None:
        block = self.query_one(".block--help", TextBlock)
        block.update(one_line(text, 400))
        block.set_class(look == "bad", "block--bad")

    def values(self) -> dict[str, Any]:
        """What was filled in; what stands at its default is left out."""
        found: dict[str, Any] = {}
        for param in self._fields:
            field = self.query_one(f"#field-{param.name}")
            value = value_of(field).strip()
            default = "" if param.default is None else text_of(param.default)
            emptied = param.required and param.annotation is str and param.name in self._known
            if emptied or (value and (value != default or param.name in self._known)):
                found[param.name] = value
        return found

    def _checked(self) -> dict[str, Any] | None:
        """The values, when all are right; else the one that is wrong has the focus, and it is said why."""
        try:
            return self._action.validate({**self._given, **self.values()})
        except ActionError as error:
            wrong = next((p.name for p in self._fields if f"{p.name}=" in error.message), "")
            if wrong:
                self._refused[wrong] = str(error)
                self.query_one(f"#label-{wrong}", Bar).set_spans(self._label(self._action.params[wrong]))
                self.query_one(f"#field-{wrong}").focus()
            self._say(str(error), "bad")
            return None

    def action_run_form(self) -> None:
        """Check the values; run when they are right."""
        checked = self._checked()
        if checked is not None:
            self.dismiss({name: value for name, value in checked.items() if name not in self._given})

    def action_preview(self) -> None:
        """Say what the action would do with these values, by its dry run."""
        if not self._previewed:
            self._say("It cannot be said beforehand what this does, short of doing it.", "help")
            return
        checked = self._checked()
        if checked is not None:
            self._say("Looking what it would do\u2026", "help")
            self.run_worker(self._preview(checked), group="preview", exclusive=True)

    async def _preview(self, params: dict[str, Any]) -> None:
        desk = self._desk
        assert desk is not None
        fork = desk.session.fork(Control())
        try:
            result: Result = await desk.searching.call(
                lambda: fork.dispatch(self._action.id, params, dry_run=True)
            )
        except Exception as error:
            # Also a fault of this program: the form stays, with what was typed.
            self._say(str(error) or type(error).__name__, "bad")
        else:
            self._say("Nothing was done yet; enter does it.", "help")
            self.app.push_screen(ResultScreen(f"{self._action.title}: what it would do", result))

    def action_leave(self) -> None:
        """Do nothing."""
        self.dismiss(None)

    def action_next_field(self) -> None:
        """The next field."""
        self.focus_next()

    def action_previous_field(self) -> None:
        """The previous field."""
        self.focus_previous()

    def action_leap(self, way: int) -> None:
        """Several fields further, or back."""
        names = [param.name for param in self._fields]
        here = ((self.focused.id if self.focused else None) or "").removeprefix("field-")
        if here in names:
            at = min(max(names.index(here) + way * LEAP, 0), len(names) - 1)
            self.query_one(f"#field-{names[at]}").focus()
