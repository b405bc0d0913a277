"""What is asked about: each distinct query once, or each conversation with its turns."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Literal

from core.llm.prompts import within
from core.text import one_line
from db import facets as stored
from db.facets import KNOWN
from db.workspace import Workspace

Unit = Literal["query", "conversation"]

QUERY_LENGTH = 2_000
TURN_LENGTH = 1_200
"""Characters of a query, and of a turn, that a model is shown."""

CONVERSATION_TOKENS = 3_000
"""Tokens of a conversation that one prompt holds at most, about: its first turns."""

Said = tuple[tuple[str, str], ...]
"""(role, text) of what is shown of a record; the role of a query alone is empty."""


@dataclass(frozen=True)
class Item:
    """One thing to ask about: the conversations that get the value, of which the first is shown.

    What failed for good before is asked from the attempt after its last one: `first_attempt`.
    """

    conversations: tuple[int, ...]
    first_attempt: int = 0


@dataclass(frozen=True)
class Needed:
    """What an extraction has to do: `copies` are conversations that say the same as one with a value (from, to)."""

    items: tuple[Item, ...]
    copies: tuple[tuple[int, int], ...]


def needed(
    workspace: Workspace, dataset_id: int, facet_id: int | None, unit: Unit, limit: int | None
) -> Needed:
    """The items of a dataset, or its first `limit`, that have no value yet. What is shown alike is one item."""
    known = {} if facet_id is None else stored.statuses(workspace, facet_id)
    items: list[Item] = []
    copies: list[tuple[int, int]] = []
    for n, conversations in enumerate(_groups(workspace, dataset_id, unit)):
        if limit is not None and n >= limit:
            break
        source = next((c for c in conversations if known.get(c, ("", 0))[0] == KNOWN), None)
        left = [c for c in conversations if known.get(c, ("", 0))[0] != KNOWN]
        if source is not None:
            copies += [(source, c) for c in left]
        else:
            tried = [known[c][1] for c in left if c in known]
            items.append(Item(tuple(left), max(tried) + 1 if tried else 0))
    return Needed(tuple(items), tuple(copies))


def _groups(workspace: Workspace, dataset_id: int, unit: Unit) -> list[list[int]]:
    """The conversations of each item, in the order of their first ones."""
    groups: dict[bytes, list[int]] = {}
    if unit == "query":
        keys = {i: _key(_query(text)) for i, text in stored.texts(workspace, dataset_id)}
        for conversation, text_id in stored.asked_texts(workspace, dataset_id):
            groups.setdefault(keys[text_id], []).append(conversation)
    else:
        for conversation, said in groupby(stored.turns(workspace, dataset_id), key=lambda row: row[0]):
            shown = _conversation([(role, content) for _, role, content in said])
            groups.setdefault(_key(shown), []).append(conversation)
    return list(groups.values())


def _key(said: Said) -> bytes:
    return hashlib.blake2b(json.dumps(said).encode(), digest_size=16).digest()


def shown(workspace: Workspace, unit: Unit, items: Sequence[Item]) -> list[Said]:
    """What is shown of each item."""
    first = [item.conversations[0] for item in items]
    if unit == "query":
        texts = stored.text_of(workspace, first)
        return [_query(texts[conversation]) for conversation in first]
    turns = stored.turns_of(workspace, first)
    return [_conversation(turns[conversation]) for conversation in first]


def _query(text: str) -> Said:
    return (("", one_line(text, QUERY_LENGTH)),)


def _conversation(turns: Sequence[tuple[str, str]]) -> Said:
    said = tuple((one_line(role, 20), one_line(content, TURN_LENGTH)) for role, content in turns)
    return said[: len(within(lines_of(1, said), CONVERSATION_TOKENS))]


def lines_of(number: int, said: Said) -> list[str]:
    """A record as lines of JSON with its number, which cannot hold the end of their own quotation."""
    return list(_lines(number, said))


def _lines(number: int, said: Said) -> Iterator[str]:
    for role, text in said:
        fields = {"n": number, "role": role, "text": text} if role else {"n": number, "text": text}
        yield json.dumps(fields, ensure_ascii=False).replace("</", "<\\/")
