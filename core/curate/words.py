"""What a person can write: any text that can be stored and shown; and tags and flags, short words put on things."""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Sequence

from core.errors import ActionError

MAX_WORD = 60
MAX_WORDS = 100


def check_characters(text: str, what: str, code: str = "bad_text", *, seen: bool = False) -> None:
    """Refuse what no store and no file can hold, NUL and halves of surrogate pairs; where it must be `seen`, also what is blank.

    Other controls may come, as they do from logs and models: `core.text.visible` stands before the terminal.

    Raises:
        ActionError: With `code`.
    """
    kinds = [unicodedata.category(character) for character in text]
    for character, kind in zip(text, kinds, strict=True):
        if kind == "Cs" or character == "\0":
            raise ActionError(
                code, f"A {what} cannot have the character U+{ord(character):04X}.", "Leave it out."
            )
    if seen and text and all(kind in ("Cf", "Zs", "Zl", "Zp", "Cc") for kind in kinds):
        raise ActionError(code, f"Of this {what} nothing can be seen.", "Write some words.")


def check_word(word: str, what: str) -> str:
    """A tag or a flag: one line without a comma, trimmed.

    Raises:
        ActionError: `bad_word`.
    """
    check_characters(word, what, "bad_word", seen=True)
    line = " ".join(word.split())
    if not line or len(line) > MAX_WORD or "," in line:
        raise ActionError(
            "bad_word",
            f"{what}={word[:80]!r} is not a {what}.",
            f"1 to {MAX_WORD} characters, without a comma.",
        )
    return line


def check_words(words: str, what: str) -> list[str]:
    """The words of a list with commas between; none for an empty one.

    Raises:
        ActionError: `bad_word`.
    """
    return [check_word(word, what) for word in words.split(",") if word.strip()]


def changed(stored: str, add: Sequence[str], remove: Sequence[str]) -> str:
    """A stored JSON list with some words more and some less, in alphabetical order where it changed.

    Raises:
        ActionError: `bad_word` when it would get too long.
    """
    old = json.loads(stored)
    new = sorted({*old, *add} - set(remove))
    if len(new) > MAX_WORDS:
        raise ActionError("bad_word", f"At most {MAX_WORDS} of them fit on one cluster.", "Remove some.")
    return stored if set(new) == set(old) else json.dumps(new, ensure_ascii=False)
