"""What is counted of each conversation and would take long to read out of its turns and metadata each time.

`answer_chars` are the characters of the first answer. `flagged`, `toxic` and `redacted` are 1 or 0, or null where the log does
not say: `openai_moderation` of LMSYS-Chat-1M, WildChat and Chatbot Arena, of one result or several; `toxic` and `redacted` of
WildChat and LMSYS-Chat-1M; `toxic_chat_tag` of Chatbot Arena. To read them otherwise takes a migration that makes them anew.
"""

from __future__ import annotations

import sqlite3

_ANSWER = (
    "(SELECT length(t.content) FROM turn t WHERE t.conversation_id = c.id AND t.role = 'assistant'"
    " ORDER BY t.position LIMIT 1)"
)
_FLAGGED = (
    "CASE json_type(c.metadata, '$.openai_moderation')"
    " WHEN 'object' THEN iif(json_type(c.metadata, '$.openai_moderation.flagged') IN ('true', 'false'),"
    " json_extract(c.metadata, '$.openai_moderation.flagged'), NULL)"
    " WHEN 'array' THEN (SELECT max(json_extract(m.value, '$.flagged')) FROM json_each(c.metadata, '$.openai_moderation') m"
    " WHERE m.type = 'object' AND json_type(m.value, '$.flagged') IN ('true', 'false')) END"
)
_TAGGED = (
    "iif(json_type(c.metadata, '$.toxic_chat_tag') = 'object', (SELECT max(json_extract(m.value, '$.flagged'))"
    " FROM json_each(c.metadata, '$.toxic_chat_tag') m"
    " WHERE m.type = 'object' AND json_type(m.value, '$.flagged') IN ('true', 'false')), NULL)"
)


def _truth(field: str) -> str:
    return f"iif(json_type(c.metadata, '$.{field}') IN ('true', 'false'), json_extract(c.metadata, '$.{field}'), NULL)"


_FROM = f"SELECT c.id, {_ANSWER}, {_FLAGGED}, coalesce({_truth('toxic')}, {_TAGGED}), {_truth('redacted')}"


def fill(connection: sqlite3.Connection, first: int = 0) -> None:
    """Make the traits of the conversations from an id on, in the caller's transaction; they must have none yet."""
    metadata = "iif(json_valid(metadata), metadata, '{}') AS metadata"
    connection.execute(
        f"INSERT INTO trait {_FROM} FROM (SELECT id, {metadata} FROM conversation WHERE id >= ?) c", (first,)
    )
