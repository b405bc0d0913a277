"""What a chat log becomes: conversations of turns, and the rows that could not be read."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TypeAlias

JSON: TypeAlias = "bool | int | float | str | list[JSON] | dict[str, JSON] | None"
"""A value that JSON can hold."""

RAW_LIMIT = 2_000
"""Characters of a rejected row that are kept with it."""


@dataclass(frozen=True, slots=True)
class Turn:
    """One message. `role` is `user`, `assistant`, `system` or `tool`, else the source's own word in lower
    case.
    """

    role: str
    content: str


@dataclass(frozen=True, slots=True)
class Conversation:
    """A whole conversation with at least one user turn, whose first one is not blank.

    Args:
        external_id: The id of the source, or one derived from the turns (`auto-` and 16 hex digits).
        turns: All turns in order; text holds no lone surrogates and so can be stored as UTF-8.
        model: The model that answered.
        language: As the source writes it (`en`, `English`).
        timestamp: UTC, ISO 8601 with `Z`.
        user: Whoever asked, as the source names them.
        metadata: What was not mapped, at most 20 kB as JSON.
        line: Where it stood: the line of a text file, else the number of the row, from 1.
        digest: 15 hex digits of the turns; two rows of one id but another digest contradict each other.
    """

    external_id: str
    turns: tuple[Turn, ...]
    model: str | None = None
    language: str | None = None
    timestamp: str | None = None
    user: str | None = None
    metadata: dict[str, JSON] = field(default_factory=dict)
    line: int = 0
    digest: str = ""

    @property
    def first_query(self) -> str:
        """The text of the first turn by the user: the unit that is counted and clustered."""
        return next(turn.content for turn in self.turns if turn.role == "user")


@dataclass(frozen=True, slots=True)
class Reject:
    """A row that was kept aside: where it stood, why, and its first 2,000 characters."""

    line: int
    reason: str
    raw: str


@dataclass(frozen=True, slots=True)
class SourceInfo:
    """What a source turned out to be.

    Args:
        source: As the user named it.
        format: `jsonl`, `json`, `csv`, `tsv`, `parquet` or `hub`; with `.gz`, `.zst` or `.zip` when compressed.
        shape: `lmsys`, `wildchat`, `sharegpt`, `messages`, `conversation`, `first-turn`, `mapped`, or the name of one
            of `core.load.logs.LAYOUTS`.
        mapping: Which column (dotted path) fills `text`, `id`, `language`, `model`, `timestamp`, `user`.
    """

    source: str
    format: str
    shape: str
    mapping: dict[str, str]
