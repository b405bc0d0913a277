"""Phrases made fit for a title, and words compared as a reader compares them."""

from __future__ import annotations

import re
from collections.abc import Sequence

from core.name.corpus import respell
from core.name.tokens import is_unspaced
from core.text import one_line

LIMIT = 60
"""Characters of a title."""
VARIOUS = "Various requests in "
"""How the title of a cluster opens that has more of a language than of a topic."""
OTHERS = "other languages"
MISCELLANEOUS = "Miscellaneous: "
"""How the title of a cluster opens that has no one topic."""

_ENDINGS = "ations ation ional ions ion al ating ated ates ate ings ing ies ed es s e y"
_LEAD = re.compile(
    r"^(?:(?:hey|hi|hello|ok|okay|so|well|and|please|kindly|also|now|assistant|thanks|just)\b[\s,.!]*"
    r"|(?:can|could|would|will) (?:you|u)(?: please)?(?: help me)?(?: to)?\b[\s,]*"
    r"|i(?: want|'d like| would like| need|'d love| would love| wanna)(?: you)?(?: to)?(?: know)?\b[\s,]*"
    r"|(?:please )?(?:tell|inform|let) me(?: know)?(?: about)? (?=the |a |an |my |your |some )|do you know\b[\s,]*)+",
    re.IGNORECASE,
)


def spoken(text: str, limit: int = LIMIT) -> str:
    """A short text as a title: one line, without the courtesies before it; empty where it is longer than `limit`."""
    line = one_line(text, 2 * limit)
    bare = _LEAD.sub("", line).strip(" .,;!?") or line.strip(" .,;!?")
    bare = re.sub(r",? (?:please|pls|thanks|thank you)$", "", bare, flags=re.IGNORECASE)
    bare = respell(bare)
    return sentence(bare) if 0 < len(bare) <= limit else ""


def sentence(text: str) -> str:
    """`text` with its first letter in upper case, unless its first word has a spelling of its own (iPhone, node.js)."""
    first = text.split(" ", 1)[0]
    if not text or not first.islower() or "." in first:
        return text
    return text[0].upper() + text[1:]


def fit(text: str, limit: int = LIMIT) -> str:
    """At most `limit` characters, cut between words where there are any, with an ellipsis."""
    if len(text) <= limit:
        return text
    cut = text[: limit - 1]
    if " " in cut[limit // 2 :] and not is_unspaced(cut):
        cut = cut.rsplit(" ", 1)[0]
    return cut.rstrip(" ,:;") + "…"


def joined(parts: Sequence[str], limit: int = LIMIT) -> str:
    """As many of the parts, a comma between, as `limit` characters hold; the first one cut where it alone is longer."""
    out = fit(parts[0], limit) if parts else ""
    for part in parts[1:]:
        if len(out) + 2 + len(part) > limit:
            break
        out += f", {part}"
    return out


def stem(word: str) -> str:
    """A key under which forms of one word meet ("card", "cards"; "translate", "translation"); never shown."""
    word = word.casefold()
    if not word.isascii() or len(word) < 4:
        return word
    for ending in _ENDINGS.split():
        if word.endswith(ending) and len(word) - len(ending) >= 3:
            return word[: -len(ending)]
    return word


def alike(one: str, other: str) -> bool:
    """Whether two words are forms of one, as far as spelling tells."""
    if stem(one) == stem(other):
        return True
    shared = 0
    for a, b in zip(one, other, strict=False):
        if a != b:
            break
        shared += 1
    return shared >= 5 and shared >= 0.7 * max(len(one), len(other))
