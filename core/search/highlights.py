"""Where a text shows what was searched for."""

from __future__ import annotations

import re

from core.search.expression import highlighted
from core.search.language import parse
from db.fts import fold, shown, tokens, unspaced

_MAX_SPANS = 200


def highlights(text: str, user_text: str) -> tuple[tuple[int, int], ...]:
    """The places in `text` where words and phrases of a search stand: (start, end) in characters, none overlapping.

    Case and accents are folded as in the index. At most 200 places; give it the part of a text that is shown.
    """
    pattern = _pattern(user_text)
    if pattern is None:
        return ()
    folded, places = _folded(text)
    spans: list[tuple[int, int]] = []
    for match in pattern.finditer(folded):
        start, end = places[match.start()], places[match.end() - 1] + 1
        while end < len(text) and not fold(text[end]):
            end += 1
        if spans and start < spans[-1][1]:
            continue
        spans.append((start, end))
        if len(spans) == _MAX_SPANS:
            break
    return tuple(spans)


def _folded(text: str) -> tuple[str, list[int]]:
    """The folded text, and for each of its characters the place in `text` that it comes from."""
    parts: list[str] = []
    places: list[int] = []
    for place, character in enumerate(text):
        part = fold(character)
        parts.append(part)
        places.extend([place] * len(part))
    return "".join(parts), places


def _pattern(user_text: str) -> re.Pattern[str] | None:
    """One of the words and phrases; between the tokens of a phrase stands what is no part of a word."""
    found = [(tokens(word.text), word.prefix) for word in highlighted(parse(user_text))]
    alternatives = []
    for parts, prefix in sorted(found, key=lambda term: -len("".join(term[0]))):
        if not parts:
            continue
        words = [shown(token) for token in parts]
        start = "" if unspaced(words[0][0]) else r"(?<![^\W_])"
        end = "" if unspaced(words[-1][-1]) or prefix else r"(?![^\W_])"
        alternatives.append(start + r"[\W_]*?".join(re.escape(word) for word in words) + end)
    return re.compile("|".join(alternatives)) if alternatives else None
