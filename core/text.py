"""Text from data, made safe to show and cheap to crop."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

_CONTROL = {n: 0x2400 + n for n in range(0x20) if n not in (0x09, 0x0A)}
_CONTROL[0x7F] = 0x2421
_CONTROL |= dict.fromkeys(range(0x80, 0xA0), 0xFFFD)
_HIDDEN = [
    0x00AD, 0x034F, 0x061C, 0x115F, 0x1160, 0x180E, 0x200B, 0x200E, 0x200F, 0xFEFF,
    *range(0x2028, 0x202F), *range(0x2060, 0x2070), *range(0xFFF9, 0xFFFC),
]  # fmt: skip
_CONTROL |= dict.fromkeys(_HIDDEN, 0xFFFD)
_CONTROL |= dict.fromkeys(range(0xD800, 0xE000), 0xFFFD)
_CONTROL |= dict.fromkeys(range(0xE0000, 0xE0080), 0xFFFD)
_TABLE: dict[int, int | str] = {**_CONTROL, 0x09: "    "}
_SPACES = re.compile(r"\s+")


def visible(text: str) -> str:
    """Text without a byte that a terminal obeys.

    C0 controls and DEL become Control Pictures (U+2400+n); C1, bidi controls, zero-width and tag characters, line and
    paragraph separators, the BOM and lone surrogates become U+FFFD; a tab becomes four spaces; a newline stays.
    """
    return text.translate(_TABLE)


def one_line(text: str, limit: int = 200) -> str:
    """`visible` text on a single line, newlines shown as U+23CE, at most `limit` characters, cut with an ellipsis."""
    head = text[: limit * 2 + 64].strip()
    line = _SPACES.sub(lambda m: " \u23ce " if "\n" in m.group() else " ", head)
    line = visible(line)
    if len(line) > limit or len(head) < len(text.strip()):
        return line[: max(limit - 1, 1)].rstrip() + "\u2026"
    return line


def first_few(names: Sequence[str], most: int = 8) -> str:
    """The first of some names, and how many more there are."""
    listed = ", ".join(names[:most])
    return f"{listed} and {len(names) - most} more" if len(names) > most else listed


def normalise(text: str) -> str:
    """The form in which a query counts as the same text: trimmed, white space folded, Unicode NFC, nothing else."""
    return _SPACES.sub(" ", unicodedata.normalize("NFC", text)).strip()
