"""The turns of a conversation, from the ways in which chat logs write them."""

from __future__ import annotations

import ast
import json
import re
import warnings
from collections.abc import Mapping

from core.load.clean import clean_text
from core.load.records import Turn

ROLES = {
    "user": "user", "human": "user", "prompter": "user", "customer": "user",
    "assistant": "assistant", "gpt": "assistant", "bot": "assistant", "chatgpt": "assistant",
    "model": "assistant", "ai": "assistant", "bing": "assistant", "bard": "assistant", "claude": "assistant",
    "system": "system", "developer": "system",
    "tool": "tool", "function": "tool", "observation": "tool", "ipython": "tool",
}  # fmt: skip
"""Names of speakers in OpenAI, ShareGPT, OpenAssistant and other logs, and the role that each stands for."""

ROLE_KEYS = ("role", "from", "speaker", "author", "user")
CONTENT_KEYS = ("content", "value", "text", "message")
_MAX_ROLE = 40
_PYTHON_LIST = re.compile(r"\s*\[\s*\{\s*['\"]")


class RowError(Exception):
    """Why a row cannot become a conversation; its text is the reason of the reject."""


def looks_like_turns(value: object) -> bool:
    """Whether `value` is a list whose first item is an object that names a speaker and has a content."""
    if not isinstance(value, list | tuple) or not value or not isinstance(value[0], Mapping):
        return False
    first = value[0]
    return _key(first, ROLE_KEYS) is not None and _key(first, CONTENT_KEYS) is not None


def decoded(value: object) -> object:
    """A list of turns that a table holds as a string of JSON, or as Python writes it, as a list; anything else as it is."""
    if isinstance(value, str) and value[:64].lstrip()[:1] == "[":
        try:
            items = json.loads(value, strict=False)
        except (ValueError, RecursionError):
            items = _written_by_python(value)
        if looks_like_turns(items):
            return items
    return value


def _written_by_python(value: str) -> object:
    """The list in a cell that pandas wrote, as `[{'role': 'user', 'content': "it's"}]`; None where it is none."""
    if not _PYTHON_LIST.match(value):
        return None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return ast.literal_eval(value.strip())
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        return None


def to_turns(value: object) -> tuple[Turn, ...]:
    """The turns in `value`: a string (one user turn), one turn, or a list of turns.

    A turn is an object with a speaker (`role`, `from`, ...) and a content (`content`, `value`, ...): a
    string, or a list of strings and of parts as the OpenAI API has them, of which the texts are joined by
    newlines.

    Raises:
        RowError: A wrong type, no user turn, or a first user turn without text.
    """
    if isinstance(value, str):
        if not value.strip():
            raise RowError("empty text")
        return (Turn("user", clean_text(value)),)
    if isinstance(value, Mapping):
        value = [value]
    if value is None:
        raise RowError("empty text")
    if not isinstance(value, list | tuple):
        raise RowError(f"wrong type: text is {_kind(value)}, not a string or a list of turns")
    turns = tuple(_turn(item, number) for number, item in enumerate(value, 1))
    for turn in turns:
        if turn.role == "user":
            if not turn.content.strip():
                raise RowError("empty text")
            return turns
    raise RowError("no user turn" if turns else "no user turn: the conversation is empty")


def _turn(item: object, number: int) -> Turn:
    if not isinstance(item, Mapping):
        raise RowError(f"wrong type: turn {number} is {_kind(item)}, not an object")
    role = _role(item, number)
    key = _key(item, CONTENT_KEYS)
    content = "" if key is None else _content(item[key], number)
    if not content:
        calls = item.get("tool_calls") or item.get("function_call")
        if calls:
            content = json.dumps(calls, ensure_ascii=False, default=str)
        elif key is None:
            raise RowError(f"turn {number} has no content")
    return Turn(role, clean_text(content))


def _role(item: Mapping[str, object], number: int) -> str:
    key = _key(item, ROLE_KEYS)
    value = None if key is None else item[key]
    if isinstance(value, Mapping):
        value = value.get("role")
    if not isinstance(value, str) or not value.strip():
        raise RowError(f"turn {number} has no role")
    role = ROLES.get(value)
    if role is None:
        word = clean_text(value.strip().lower())[:_MAX_ROLE]
        role = ROLES.get(word, word)
    return role


def _content(value: object, number: int) -> str:
    if isinstance(value, str):
        return value
    if value is None:
        return ""
    if isinstance(value, Mapping):
        value = [value]
    if isinstance(value, list | tuple):
        return "\n".join(text for text in (_part(part, number) for part in value) if text)
    raise RowError(f"wrong type: the content of turn {number} is {_kind(value)}, not a string")


def _part(part: object, number: int) -> str:
    if isinstance(part, str):
        return part
    if isinstance(part, Mapping):
        text = part.get("text")
        if isinstance(text, Mapping):
            text = text.get("value")
        return text if isinstance(text, str) else ""
    raise RowError(f"wrong type: a part of turn {number} is {_kind(part)}, not an object")


def _key(item: Mapping[str, object], keys: tuple[str, ...]) -> str | None:
    present = None
    for key in keys:
        if key in item:
            if item[key] is not None:
                return key
            present = present or key
    return present


def _kind(value: object) -> str:
    names = {
        bool: "a truth value",
        int: "a number",
        float: "a number",
        str: "a string",
        list: "a list",
        dict: "an object",
    }
    return "null" if value is None else names.get(type(value), type(value).__name__)
