"""The lines of a script: `ACTION key=value ...` with shell quoting, or one JSON object.

`#` at the start of a word begins a comment. `$NAME` and `${NAME}` are filled, in double quotes too, and never
split again; `'$NAME'`, `\\$NAME` and `$$NAME` are the text `$NAME`; a `$` that no name follows is a dollar.
"""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from core.errors import ActionError

NAME = r"[A-Za-z_][A-Za-z0-9_]*"

_PIECE = re.compile(
    r"(?P<space>[ \t]+)"
    r"|'(?P<single>[^']*)'"
    r'|"(?P<double>(?:[^"\\]|\\.)*)"'
    r"|\\(?P<escaped>.)"
    r"""|(?P<plain>[^ \t'"\\]+)"""
)
_VARIABLE = re.compile(
    rf"\$(?P<literal>\$(?:{NAME}|\{{{NAME}\}}))|\$(?:(?P<name>{NAME})|\{{(?P<braced>{NAME})\}})"
)
_IN_QUOTES = re.compile(rf'\\(?P<escaped>["\\$`])|{_VARIABLE.pattern}')
_KEY = re.compile(rf"({NAME}(?:-[A-Za-z0-9_]+)*)=(.*)", re.DOTALL)

RECORDED = ("session", "n", "at", "actor")
"""What the session journal says of each of its lines; a script passes over it."""

CUT = "cut"
"""What it says of a job that was cut short, which no script does again."""

Lookup = Callable[[str, str], str]
"""From a name and the text that refers to it to what stands in its place."""


@dataclass(frozen=True)
class Command:
    """One action to run; `line` is where in the script it stands, `None` for `do`."""

    action: str
    params: dict[str, Any]
    line: int | None = None


def strict(names: Mapping[str, str]) -> Lookup:
    """A look-up in `names` that raises `ActionError` (`bad_script`) for a name that is not there."""

    def look_up(name: str, _reference: str) -> str:
        if name in names:
            return names[name]
        close = tuple(difflib.get_close_matches(name, names, 3))
        raise ActionError("bad_script", f"${name} is not set.", f"Give it with --set {name}=value.", close)

    return look_up


def lenient(names: Mapping[str, str]) -> Lookup:
    """A look-up in `names` that leaves a reference to any other name as it stands."""
    return lambda name, reference: names.get(name, reference)


def parse_line(line: str, look_up: Lookup, number: int | None = None) -> Command | None:
    """The command on a line, or `None` for a blank line, a comment, and a recorded job that was cut short.

    Raises:
        ActionError: `bad_script`.
    """
    if line.lstrip(" \t").startswith("{"):
        found = decode(line)
        return None if CUT in found else _command(found, look_up, number)
    words = split(line, look_up)
    return parse_words(words, number) if words else None


def parse_words(words: list[str], number: int | None = None) -> Command:
    """The command of an action id and its `key=value` words.

    Raises:
        ActionError: `bad_script`.
    """
    action, *rest = words
    params: dict[str, Any] = {}
    for word in rest:
        match = _KEY.fullmatch(word)
        if match is None:
            raise ActionError(
                "bad_script",
                f"{_short(word)!r} is not of the form key=value.",
                'Quote a value that has spaces: text="two words".',
            )
        if match[1] in params:
            raise ActionError("bad_script", f"{match[1]}= is given twice.", "Leave one of them out.")
        params[match[1]] = match[2]
    return Command(action, params, number)


def parse_object(line: str, look_up: Lookup, number: int | None = None) -> Command:
    """The command of a JSON object `{"action": ..., "params": {...}}`.

    Raises:
        ActionError: `bad_script`.
    """
    return _command(decode(line), look_up, number)


def _command(found: dict[str, Any], look_up: Lookup, number: int | None) -> Command:
    extra = sorted(found.keys() - {"action", "params", *RECORDED})
    if extra or not isinstance(found.get("action"), str):
        what = f"has the key {extra[0]!r}" if extra else "has no action"
        raise ActionError(
            "bad_script", f"The object {what}.", 'Write {"action": "run.kmeans", "params": {"k": 20}}.'
        )
    params = found.get("params", {})
    if not isinstance(params, dict):
        raise ActionError("bad_script", "params is not an object.", 'Write "params": {"k": 20}.')
    filled = {key: fill(value, look_up) if isinstance(value, str) else value for key, value in params.items()}
    return Command(fill(found["action"], look_up), filled, number)


def decode(text: str) -> dict[str, Any]:
    """A JSON object; a key that stands twice, `NaN` and `Infinity` are refused.

    Raises:
        ActionError: `bad_script`.
    """
    try:
        found = json.loads(text, object_pairs_hook=_once, parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        reason = "nested too deeply" if isinstance(error, RecursionError) else str(error)
        raise ActionError(
            "bad_script", f"Not a JSON object: {reason}.", "Write one object, on one line."
        ) from None
    if not isinstance(found, dict):
        raise ActionError("bad_script", "Not a JSON object.", "Write one object, on one line.")
    return found


def split(line: str, look_up: Lookup) -> list[str]:
    """The words of a line, quotes taken off and names filled.

    Raises:
        ActionError: `bad_script`: a quote that is not closed, a backslash at the end, a name that is not set.
    """
    words: list[str] = []
    word: str | None = None
    at = 0
    while at < len(line):
        if word is None and line[at] == "#":
            break
        piece = _PIECE.match(line, at)
        if piece is None:
            what = "A backslash ends the line" if line[at] == "\\" else f"The quote {line[at]} is not closed"
            raise ActionError("bad_script", f"{what}.", "Put a value with quotes or spaces in a JSON object.")
        at = piece.end()
        kind = piece.lastgroup
        if kind == "space":
            if word is not None:
                words.append(word)
            word = None
            continue
        text = piece[kind or 0]
        if kind == "double":
            text = _IN_QUOTES.sub(lambda m: m["escaped"] or _filled(m, look_up), text)
        elif kind == "plain":
            text = fill(text, look_up)
        word = (word or "") + text
    if word is not None:
        words.append(word)
    return words


def fill(text: str, look_up: Lookup) -> str:
    """Text with its `$NAME`s filled."""
    return _VARIABLE.sub(lambda match: _filled(match, look_up), text)


def _filled(match: re.Match[str], look_up: Lookup) -> str:
    if match["literal"]:
        return match["literal"]
    return look_up(match["name"] or match["braced"], match[0])


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in pairs:
        if key in found:
            raise ValueError(f"the key {_short(key)!r} stands twice")
        found[key] = value
    return found


def _no_constant(name: str) -> float:
    raise ValueError(f"{name} is not a JSON number")


def _short(text: str) -> str:
    return text if len(text) <= 60 else text[:57] + "..."
