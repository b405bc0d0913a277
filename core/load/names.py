"""The usual names of columns, however they are written: `user_id`, `userId`, `User ID`."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

IDS = (
    "id", "conversation_id", "conversation_hash", "custom_id", "uuid", "query_id", "question_id", "prompt_id", "request_id",
)  # fmt: skip
USUAL = {
    "id": IDS,
    "language": ("language", "lang"),
    "model": ("model", "chat_model", "model_name", "model_id"),
    "timestamp": (
        "timestamp", "created_at", "created", "time", "datetime", "date", "tstamp", "ts", "create_time", "created_date",
        "start_time", "@timestamp",
    ),
    "user": ("user", "user_id", "hashed_ip", "user_hash"),
}  # fmt: skip
"""For each role the columns that may fill it, the likeliest first."""

_BETWEEN = re.compile(r"[\s_-]+")


def folded(name: str) -> str:
    """A name without case and without what parts its words."""
    return _BETWEEN.sub("", name).casefold()


def spelt(rows: Iterable[Mapping[str, object]]) -> dict[str, str]:
    """How the columns of `rows` are written, by their folded names; of two alike the first."""
    found: dict[str, str] = {}
    for row in rows:
        for name in row:
            found.setdefault(folded(name), name)
    return found
