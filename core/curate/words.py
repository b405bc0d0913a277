"""Tags and flags: short words that a person puts on things."""

from __future__ import annotations

import json
from collections.abc import Sequence

from core.errors import ActionError

MAX_WORD = 60
MAX_WORDS = 100


def check_word(word: str, what: str) -> str:
    """A tag or a flag: one line without a comma, trimmed.

    Raises:
        ActionError: `bad_word`.
    """
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
