"""Values as scripts give them, made fit to be checked against the type of a parameter."""

from __future__ import annotations

from typing import Any, get_args

from core.errors import ActionError


def plain_value(name: str, value: Any, annotation: Any) -> Any:
    """A value; of a list of numbers or words, where a text is wanted, its items with commas between.

    Raises:
        ActionError: `bad_parameter` for a text that holds half a character and can be neither kept nor shown.
    """
    wants_text = annotation is str or str in get_args(annotation)
    if isinstance(value, list) and wants_text and all(_is_word(part) for part in value):
        value = ",".join(str(part) for part in value)
    return _unicode(name, value) if isinstance(value, str) else value


def _is_word(part: Any) -> bool:
    return (isinstance(part, int) and not isinstance(part, bool)) or (
        isinstance(part, str) and "," not in part
    )


def _unicode(name: str, text: str) -> str:
    """The text; bytes that a terminal of another locale left in it are read as UTF-8."""
    try:
        return text.encode("utf-8", "surrogateescape").decode("utf-8")
    except UnicodeError:
        raise ActionError("bad_parameter", f"{name}= holds half a character.", "Write it as UTF-8.") from None
