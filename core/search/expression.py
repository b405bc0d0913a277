"""The words of a query as an FTS5 expression, as the text that is embedded, and as what is highlighted."""

from __future__ import annotations

from core.search.language import CHARACTERS, Near, Part, Query, Restriction, Words
from db import fts


def match_expression(query: Query, any_word: bool = False) -> str | None:
    """An FTS5 expression for all words, phrases and alternatives of a query, and none of what it excludes.

    `None` when nothing is left to look for: only punctuation, only fields, or only what is excluded. `any_word` asks for one
    or more of them instead of all.
    """
    wanted = []
    for group in query.text.groups:
        found = [said for part in group if not part.excluded and (said := _said(part)) is not None]
        if found:
            wanted.append(f"({' OR '.join(found)})" if len(found) > 1 else found[0])
    if not wanted:
        return None
    expression = (" OR " if any_word else " AND ").join(wanted)
    excluded = excluded_expression(query)
    return f"({expression}) NOT ({excluded})" if excluded else expression


def excluded_expression(query: Query) -> str | None:
    """An FTS5 expression for the texts that are not wanted; `None` when there are no such words."""
    parts = [part for group in query.text.groups for part in group if part.excluded]
    return " OR ".join(said for part in parts if (said := _said(part)) is not None) or None


def wanted_text(query: Query, typed: str) -> str:
    """What is embedded: what was typed without fields and what is excluded, or as it stands where it has neither.

    Cut to `CHARACTERS`; lone surrogates, which no model takes, become question marks.
    """
    parts = [part for group in query.groups for part in group]
    wanted = [
        _written(part) for part in parts if not part.excluded and not isinstance(part.what, Restriction)
    ]
    plain = all(isinstance(part.what, Words) and not part.excluded for part in parts)
    text = typed[:CHARACTERS] if plain or not wanted else " ".join(wanted)
    return text.encode("utf-8", "replace").decode("utf-8")


def highlighted(query: Query) -> list[Words]:
    """The words and phrases that are wanted, each by itself."""
    found: list[Words] = []
    for group in query.groups:
        for part in group:
            if part.excluded:
                continue
            if isinstance(part.what, Words):
                found.append(part.what)
            elif isinstance(part.what, Near):
                found += map(_word, part.what.words)
    return found


def _said(part: Part) -> str | None:
    what = part.what
    if isinstance(what, Words):
        return fts.phrase(what.text, what.prefix)
    if isinstance(what, Near):
        words = [fts.phrase(word.text, word.prefix) for word in map(_word, what.words)]
        known = [word for word in words if word is not None]
        return fts.near(known, what.distance) if known else None
    return None


def _word(written: str) -> Words:
    """A word of NEAR, which may be the beginning of one."""
    return Words(written.removesuffix("*"), written.endswith("*"))


def _written(part: Part) -> str:
    what = part.what
    if isinstance(what, Near):
        return " ".join(_word(word).text for word in what.words)
    return what.text if isinstance(what, Words) else ""
