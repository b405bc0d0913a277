"""A conversation as a log holds it, put together but not yet checked; and how rows are turned into such."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from core.load.clean import excerpt
from core.load.read_json import Item
from core.load.records import Reject
from core.load.turns import RowError

Row = Mapping[str, object]
Message = dict[str, str]
"""A turn that is not checked yet: `role` and `content`."""


@dataclass(frozen=True, slots=True)
class Chat:
    """A conversation put together from one row or from many.

    Args:
        line: Where its first row stands.
        turns: Its turns in order, each with `role` and `content`.
        row: The row (the first of many) that a reject shows and that named columns are looked up in.
        id, model, language, timestamp, user: As the source has them, of any type; None where it has none.
        metadata: What else a reader may want to filter by.
        answered: How many turns at the end are the answer to a request rather than part of it.
        answer_id: How a later request may call the answer.
        previous: The answer that the request goes on from, where the server keeps the turns before it.
    """

    line: int
    turns: tuple[Message, ...]
    row: Row
    id: object = None
    model: object = None
    language: object = None
    timestamp: object = None
    user: object = None
    metadata: Mapping[str, object] = field(default_factory=dict)
    answered: int = 0
    answer_id: str | None = None
    previous: str | None = None

    @property
    def asked(self) -> tuple[Message, ...]:
        """The turns that were sent, without the answer."""
        return self.turns[: len(self.turns) - self.answered]

    def as_row(self) -> dict[str, object]:
        """The row that the mapping of `CHAT_COLUMNS` reads."""
        return dict(self.metadata) | {
            "turns": self.turns,
            "id": self.id,
            "model": self.model,
            "language": self.language,
            "timestamp": self.timestamp,
            "user": self.user,
        }


CHAT_COLUMNS = {
    "text": ("turns",), "id": ("id",), "language": ("language",), "model": ("model",),
    "timestamp": ("timestamp",), "user": ("user",),
}  # fmt: skip
"""Where each role lies in `Chat.as_row()`."""

Assemble = Callable[[Iterable[Item], "Callable[[], None]"], Iterator[Chat | Reject]]
"""Makes conversations of the rows of a source; calls its second argument now and then while it only reads."""


def row_by_row(build: Callable[[int, Row], Iterable[Chat]]) -> Assemble:
    """An `Assemble` for a layout in which no conversation needs more than its own row.

    Args:
        build: Makes the conversations of one row; raises `RowError` where there is none.
    """

    def assemble(items: Iterable[Item], _tick: Callable[[], None]) -> Iterator[Chat | Reject]:
        for line, row in items:
            if isinstance(row, Reject):
                yield row
                continue
            try:
                yield from build(line, row)
            except RowError as error:
                yield Reject(line, str(error), excerpt(row))

    return assemble


def as_json(value: object) -> object:
    """A JSON object or list that stands in a string, as in the cells of a table; anything else as it is."""
    if isinstance(value, str) and value[:64].lstrip()[:1] in ("{", "["):
        try:
            return json.loads(value, strict=False)
        except (ValueError, RecursionError):
            return value
    return value


def as_mapping(value: object) -> Row:
    """`value` as an object, also where it stands in a string; an empty one where it is none."""
    value = as_json(value)
    return value if isinstance(value, Mapping) else {}


def first_of(row: Row, *names: str) -> object:
    """The first of the columns that holds anything; None where none does."""
    for name in names:
        value = row.get(name)
        if value is not None and value != "":
            return value
    return None


def without(row: Row, *names: str) -> dict[str, object]:
    """The row less some columns and less what is empty."""
    return {key: value for key, value in row.items() if key not in names and value not in (None, "", {}, [])}
