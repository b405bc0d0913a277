"""What a person types to search, and the tree that it is read into.

    query    = group {group}                              all of them
    group    = part {"OR" part}                           one or more
    part     = ["-"] (word ["*"] | '"' phrase '"' ["*"] | "NEAR(" word word {word} ["," distance] ")" | field ":" value)
    value    = ['>' | '<' | '>=' | '<='] (characters without white space | '"' text, in which "" is a quotation mark '"')

Only the names in `FIELDS`, and those of facets that the caller knows, are fields; everything else is text, so that an
address, `std::vector` or `TypeError: x` is looked for as it stands. `OR` is an operator between two parts alone, and only
where it is written so. Brackets group nothing. A quotation mark that is not closed quotes the rest, since it is what is just
being typed. The last word counts as the beginning of one while nothing follows it, unless it is excluded.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import islice
from typing import Literal, cast

from core.errors import ActionError

CHARACTERS = 2_000
"""What stands behind so many characters of a query is not read."""

MOST = 400
"""At most so many parts of a query are looked for."""

FIELDS = (
    "language", "chat_model", "in", "cluster", "after", "before", "is", "has", "flag", "tag", "user", "turns", "day",
    "week", "month", "user_conversations", "answer_chars", "answer_length", "flagged", "toxic", "redacted",
)  # fmt: skip
"""The fields that every store has."""

FURTHEST, NEARBY = 1_000, 10
"""The greatest distance of `NEAR`, in words between, and the one where none is given, as in FTS5."""

Operator = Literal["=", "<", "<=", ">", ">="]

_PART = re.compile(
    r"(?P<minus>(?<!\S)-(?=[^\s-]))?(?:"
    r"(?<![^\s-])NEAR\((?P<near>[^()\",]+)(?:,\s*(?P<distance>\d{1,4})\s*)?\)(?!\S)"
    r'|(?<![^\s-])(?P<field>[A-Za-z_][A-Za-z0-9_]*(?:\.[a-z_]+)?):(?P<operator>[<>]=?)?(?:"(?P<quoted>(?:[^"]|"")*)"(?!\S)|(?P<value>[^\s":/][^\s"]*)(?!\S))'
    r'|"(?P<phrase>[^"]*)(?P<closed>"(?P<beginning>\*(?!\S))?)?'
    r'|(?P<word>[^\s"]+))'
)
_BEGINNING = re.compile(r"[^*]*\w\*", re.DOTALL)
_TYPED = re.compile(r"[\w+#.]\Z")
_GROUP = re.compile(r"(?<!\S)-?\((?=[^\s()]+\s)")
_EXCLUDED_GROUP = re.compile(r"(?<!\S)-\((?=[^\s()]+\s)")
_OR = re.compile(r"(?<!\S)OR(?!\S)")
_SAFE_VALUE = re.compile(r'[^\s":/<>=][^\s"]*')


@dataclass(frozen=True)
class Words:
    """A word or an exact phrase, without quotation marks; `prefix`: its last word may go on."""

    text: str
    prefix: bool = False


@dataclass(frozen=True)
class Near:
    """Words with at most `distance` others between them, in any order."""

    words: tuple[str, ...]
    distance: int = NEARBY


@dataclass(frozen=True)
class Restriction:
    """What a field must be."""

    field: str
    value: str
    operator: Operator = "="


@dataclass(frozen=True)
class Part:
    """One thing that is asked for, or with `excluded` one that must not be."""

    what: Words | Near | Restriction
    excluded: bool = False


@dataclass(frozen=True)
class Query:
    """All groups must hold; of the parts of a group, which are joined by OR, one or more."""

    groups: tuple[tuple[Part, ...], ...] = ()

    @property
    def text(self) -> Query:
        """The groups of words."""
        return Query(tuple(g for g in self.groups if not isinstance(g[0].what, Restriction)))

    @property
    def restrictions(self) -> tuple[tuple[Part, ...], ...]:
        """The groups of fields."""
        return tuple(g for g in self.groups if isinstance(g[0].what, Restriction))

    def __str__(self) -> str:
        return render(self)


def parse(text: str, facets: frozenset[str] = frozenset()) -> Query:
    """The tree of what was typed.

    Args:
        text: Anything; `CHARACTERS` of it are read, and `MOST` parts.
        facets: Further names of fields.

    Raises:
        ActionError: `bad_search` where OR joins a field with something else.
    """
    groups: list[tuple[Part, ...]] = []
    joined = False
    text = text[:CHARACTERS]
    for found in islice(_PART.finditer(text), MOST):
        if (
            found["word"] == "OR"
            and not found["minus"]
            and groups
            and not joined
            and not groups[-1][-1].excluded
        ):
            joined = True
            continue
        part = _part(found, text, facets)
        if joined and not part.excluded:
            groups[-1] = _joined(groups[-1], part)
        else:
            if joined:
                # It stands before something that cannot be one of two: a word like any other.
                groups.append((Part(Words("OR")),))
            groups.append((part,))
        joined = False
    if joined:
        groups.append((Part(Words("OR", _typed(text))),))
    return Query(tuple(groups))


def misread(text: str) -> str | None:
    """What of a query is not read as its writer may think: its end, where it is too long, and brackets."""
    if len(text) > CHARACTERS:
        return f"Only the first {CHARACTERS:,} characters are looked for."
    if any(islice(_PART.finditer(text), MOST, None)):
        return f"Only the first {MOST} words, phrases and fields are looked for."
    if _EXCLUDED_GROUP.search(text) or (_GROUP.search(text) and _OR.search(text)):
        return "Brackets group nothing: OR joins two words or phrases, and - leaves out one."
    return None


def render(query: Query) -> str:
    """A query as it is typed; `parse` reads the same tree from it, where it knows the same facets."""
    return "".join(" OR ".join(map(_shown, group)) + " " for group in query.groups)


def _joined(group: tuple[Part, ...], part: Part) -> tuple[Part, ...]:
    one, other = group[0].what, part.what
    fields = [what.field for what in (one, other) if isinstance(what, Restriction)]
    if len(fields) == 1 or len(set(fields)) == 2:
        raise ActionError(
            "bad_search",
            f"OR joins words with words, or values of one field: {_shown(group[-1])} OR {_shown(part)}.",
            "Search twice, or put what is meant as text into quotation marks.",
        )
    return (*group, part)


def _part(found: re.Match[str], text: str, facets: frozenset[str]) -> Part:
    excluded = found["minus"] is not None
    whole = found[0][1:] if excluded else found[0]
    if found["near"] is not None:
        words = tuple(found["near"].split())
        distance = int(found["distance"]) if found["distance"] else NEARBY
        if len(words) > 1 and distance <= FURTHEST:
            return Part(Near(words, distance), excluded)
    elif found["field"] is not None:
        if found["field"] in FIELDS or found["field"] in facets:
            value = found["value"] if found["quoted"] is None else found["quoted"].replace('""', '"')
            operator = cast(Operator, found["operator"] or "=")
            return Part(Restriction(found["field"], value, operator), excluded)
    elif found["phrase"] is not None:
        typed = not excluded and found["closed"] is None and len(found["phrase"]) > 1 and _typed(text)
        return Part(Words(found["phrase"], typed or found["beginning"] is not None), excluded)
    if _BEGINNING.fullmatch(whole):
        return Part(Words(whole[:-1], True), excluded)
    # The quotation marks of a value of no known field.
    typed = not excluded and found.end() == len(text) and len(whole) > 1 and _typed(text)
    return Part(Words(whole.replace('"', " "), typed), excluded)


def _typed(text: str) -> bool:
    """Whether the last word of a text may go on."""
    return _TYPED.search(text) is not None


def _shown(part: Part) -> str:
    minus, what = "-" * part.excluded, part.what
    if isinstance(what, Near):
        return f"{minus}NEAR({' '.join(what.words)}, {what.distance})"
    if isinstance(what, Restriction):
        operator = "" if what.operator == "=" else what.operator
        safe = _SAFE_VALUE.fullmatch(what.value)
        quoted = what.value.replace('"', '""')
        return f"{minus}{what.field}:{operator}" + (what.value if safe else f'"{quoted}"')
    quoted = f'{minus}"{what.text}"'
    return quoted + "*" * what.prefix
