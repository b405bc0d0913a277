"""The fields of a form, by the type of the parameter."""

from __future__ import annotations

from typing import Any

from textual.widget import Widget
from textual.widgets import Input

from core.registry import Param
from core.text import visible
from screens.widgets.choice import Choice
from screens.widgets.pick import PickInput


def field_for(param: Param, value: Any, example: str, empty: str) -> Input | Choice:
    """The field of a parameter, with what it starts with; `example` and `empty` say what may stand in it."""
    name = f"field-{param.name}"
    if param.annotation is bool:
        return Choice(("no", "yes"), "yes" if value else "no", name)
    if param.choices:
        return Choice((*(("",) if param.optional else ()), *param.choices), text_of(value), name)
    free = empty or ("may stay empty" if param.default == "" else "default")
    hint = f"needed; for example {example}" if param.required else free
    # A line that is typed passes what stands in it to the terminal as it is.
    shown = visible(text_of(value)).replace("\n", " ")
    return Input(shown, placeholder=hint, id=name, compact=True, select_on_focus=False)


def value_of(field: Widget) -> str:
    """What a field holds."""
    if isinstance(field, PickInput):
        return field.picked
    return field.value if isinstance(field, Input | Choice) else ""


def text_of(value: Any) -> str:
    """A value as it is typed."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value)


def to_end(field: Input) -> None:
    """Put the cursor behind what stands in a field, and in sight: a long value is first drawn from its beginning."""
    field.action_home()
    field.action_end()
