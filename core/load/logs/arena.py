"""Battles of Chatbot Arena: one query, two models, one vote.

The shapes are those of the dataset cards: chatbot_arena_conversations (`question_id`, `model_a`, `model_b`, `winner`,
`judge`, `conversation_a`, `conversation_b`, `turn`, `anony`, `language`, `tstamp`, `openai_moderation`,
`toxic_chat_tag`), arena-human-preference-100k and -140k (`conv_metadata`, `category_tag`, `is_code`; contents as lists of
parts; `evaluation_session_id`, `evaluation_order`, `full_conversation`), and lmsys-arena-human-preference-55k (`prompt`,
`response_a`, `response_b` as JSON lists, `winner_model_a`, `winner_model_b`, `winner_tie`).

The conversation with model A becomes the turns, so that a query asked of two models counts once; what model B answered is
kept in the metadata.
"""

from __future__ import annotations

from collections.abc import Iterator

from core.load.logs.chat import Chat, Message, Row, as_json, first_of, without
from core.load.logs.messages import turns_of
from core.load.turns import RowError

_WINNERS = ("model_a", "model_b", "tie")


def is_arena(row: Row) -> bool:
    """Whether a row holds two models and two conversations."""
    return {"model_a", "model_b", "conversation_a", "conversation_b"} <= row.keys()


def is_arena_pair(row: Row) -> bool:
    """Whether a row holds two models, the prompts, and two lists of responses."""
    return {"model_a", "model_b", "prompt", "response_a", "response_b"} <= row.keys()


def arena_chats(line: int, row: Row) -> Iterator[Chat]:
    """The conversation of a battle, with the answers of model B as `answers_b` in the metadata."""
    turns = turns_of(as_json(row.get("conversation_a")))
    other = turns_of(as_json(row.get("conversation_b")))
    # `full_conversation` repeats both sides and what was said in earlier battles, each of which has a row of its own.
    rest = without(
        row, "question_id", "id", "conversation_a", "conversation_b", "full_conversation", "language", "tstamp",
        "timestamp", "judge", "model_a",
    )  # fmt: skip
    yield _battle(line, row, turns, [turn["content"] for turn in other if turn["role"] == "assistant"], rest)


def arena_pair_chats(line: int, row: Row) -> Iterator[Chat]:
    """The conversation of a battle whose prompts and responses stand in lists of their own."""
    prompts, answers = _list(row, "prompt"), _list(row, "response_a")
    turns: list[Message] = []
    for number, prompt in enumerate(prompts):
        turns.append({"role": "user", "content": prompt})
        if number < len(answers) and answers[number]:
            turns.append({"role": "assistant", "content": answers[number]})
    votes = {name: f"winner_{name}" for name in _WINNERS}
    winner = next(
        (name for name, column in votes.items() if str(row.get(column)).lower() in ("1", "true")), None
    )
    rest = without(row, "id", "prompt", "response_a", "response_b", "model_a", *votes.values())
    if winner:
        rest["winner"] = winner
    yield _battle(line, row, turns, _list(row, "response_b"), rest)


def _battle(line: int, row: Row, turns: list[Message], answers_b: list[str], rest: dict[str, object]) -> Chat:
    model = row.get("model_a")
    return Chat(
        line=line,
        turns=tuple(turns),
        row=row,
        id=first_of(row, "question_id", "id"),
        model=model,
        language=row.get("language"),
        timestamp=first_of(row, "tstamp", "timestamp"),
        user=row.get("judge"),
        metadata=rest | {"model_a": model, "answers_b": answers_b},
    )


def _list(row: Row, column: str) -> list[str]:
    value = as_json(row.get(column))
    if isinstance(value, str):
        return [value]
    if not isinstance(value, list | tuple):
        raise RowError(f"wrong type: {column} is no list")
    return [item if isinstance(item, str) else "" for item in value]
