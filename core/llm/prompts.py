"""Prompt templates, and texts from chats made fit to stand in one.

A template is a text file with a part `[system]` and a part `[user]`. Texts from chats go into the user part alone, each as
a line of JSON: it cannot end its own quotation, and cannot look like one of ours.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

from core.errors import ActionError
from core.llm.tokens import estimate
from core.text import one_line

ITEM_LENGTH = 400
"""Characters of a text that are shown to a model."""

LONGEST = 50_000
"""Characters of a template."""

_PLACE = re.compile(r"\{\{|\}\}|\{([A-Za-z_]\w*)\}")
_PART = re.compile(r"(?m)^\[(system|user)\][ \t]*$")


@dataclass(frozen=True)
class Template:
    """A prompt with places to be filled in the user part."""

    system: str
    user: str

    @property
    def hash(self) -> str:
        """16 hex digits that stand for its words."""
        return hashlib.sha256(json.dumps([self.system, self.user]).encode()).hexdigest()[:16]

    @property
    def text(self) -> str:
        """As it is written in a file."""
        return f"[system]\n{self.system}\n[user]\n{self.user}\n"

    def fill(self, values: Mapping[str, str]) -> tuple[str, str]:
        """The system part, and the user part with its places filled; what is filled in is not looked at again."""
        return _PLACE.sub(_brace, self.system), _PLACE.sub(
            lambda found: values[found[1]] if found[1] else _brace(found), self.user
        )


def bundled(name: str, places: Iterable[str]) -> Template:
    """The template of that name that comes with the program."""
    text = files("core.data").joinpath(f"prompts/{name}.txt").read_text(encoding="utf-8")
    return parse(text, places, needed=places, source=name)


def from_file(path: Path, places: Iterable[str], needed: Iterable[str]) -> Template:
    """The template in a file of the user's.

    Raises:
        ActionError: `bad_prompt`: not readable, not UTF-8, too long, or with places that are not right.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        raise ActionError(
            "bad_prompt", f"{path} cannot be read: {reason}.", "Name a text file with prompt=."
        ) from None
    return parse(text, places, needed, str(path))


def parse(text: str, places: Iterable[str], needed: Iterable[str], source: str) -> Template:
    """A template from its text; without `[system]` and `[user]` all of it is the user part.

    Raises:
        ActionError: `bad_prompt`.
    """
    if len(text) > LONGEST:
        raise ActionError("bad_prompt", f"{source} has more than {LONGEST:,} characters.", "Shorten it.")
    pieces = _PART.split(text)
    parts = {"system": "", "user": "" if len(pieces) > 1 else text.strip()}
    if len(pieces) > 1 and pieces[0].strip():
        raise ActionError(
            "bad_prompt", f"{source}: text before [system] or [user].", "Move it below one of them."
        )
    for name, body in zip(pieces[1::2], pieces[2::2], strict=True):
        if parts[name]:
            raise ActionError("bad_prompt", f"{source}: [{name}] stands there twice.", "Join the two parts.")
        parts[name] = body.strip()
    _check(parts, tuple(places), tuple(needed), source)
    return Template(parts["system"], parts["user"])


def _check(parts: Mapping[str, str], places: tuple[str, ...], needed: tuple[str, ...], source: str) -> None:
    known = ", ".join(f"{{{name}}}" for name in places)
    hint = f"The user part may hold {known}; write {{{{ and }}}} for braces."
    system = [found[1] for found in _PLACE.finditer(parts["system"]) if found[1]]
    if system:
        # What chats say must not speak with the system's voice.
        raise ActionError("bad_prompt", f"{source}: {{{system[0]}}} stands in the system part.", hint)
    used = [found[1] for found in _PLACE.finditer(parts["user"]) if found[1]]
    for name in used:
        if name not in places:
            raise ActionError("bad_prompt", f"{source}: {{{name}}} stands for nothing.", hint)
    for name in needed:
        if name not in used:
            raise ActionError("bad_prompt", f"{source}: {{{name}}} is missing from the user part.", hint)


def _brace(found: re.Match[str]) -> str:
    return found[0][0]


def item(number: int, text: str) -> str:
    """A text from a chat as one line of JSON with its number: bounded, visible, and without a closing tag."""
    line = json.dumps({"n": number, "text": one_line(text, ITEM_LENGTH)}, ensure_ascii=False)
    return line.replace("</", "<\\/")


def within(lines: Iterable[str], tokens: int) -> list[str]:
    """As many of the first lines as fit into about so many tokens; at least one, where there is one."""
    kept: list[str] = []
    for line in lines:
        tokens -= estimate(line)
        if kept and tokens < 0:
            break
        kept.append(line)
    return kept
