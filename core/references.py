"""`@run`, `@cluster` and the like in a parameter: the current one, whatever it is when the action begins."""

from __future__ import annotations

from typing import Any

from core.view import View

_BY_WORD = {"set": "summary_set"}
"""Words that are not the name of their field."""


def referred(value: Any) -> str:
    """The field of the view that a parameter such as `@run` refers to; empty for any other value."""
    if not isinstance(value, str) or not value.startswith("@"):
        return ""
    name = _BY_WORD.get(value[1:], value[1:])
    return name if name in View.__dataclass_fields__ else ""


def literal(text: str) -> str:
    """What is said for a text, so that it refers to nothing: `@@run` for `@run`; any other text as it is."""
    return f"@{text}" if referred(text) else text


def meant(value: Any) -> Any:
    """The text that `@@run` stands for; any other value as it is."""
    return value[1:] if isinstance(value, str) and value.startswith("@") and referred(value[1:]) else value
