"""Tables of a database of chats: one message a row, or one question and its answer a row.

No standard names their columns. Understood are the usual ones, however they are written (`session_id`, `sessionId`,
`Session ID`): a conversation, session, thread, chat or dialogue; a role, sender, author or speaker, with what was said; or
a prompt, query, question, input or message of a user, with a response, answer, reply, output or completion.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import lru_cache

from core.load.clean import excerpt
from core.load.logs.chat import Chat, Message, Row, without
from core.load.logs.groups import Groups
from core.load.logs.langfuse import is_langfuse
from core.load.logs.messages import answer_of, turns_of
from core.load.mapping import label, look_up
from core.load.names import USUAL, folded, spelt
from core.load.read_json import Item
from core.load.records import Reject
from core.load.timestamps import to_utc
from core.load.turns import ROLES, RowError

_TICK = 1_000
_NAMES = {
    "talk": (
        *(f"{kind}{end}" for kind in ("conversation", "session", "thread", "chat", "dialog", "dialogue") for end in ("id", "uuid")),
        "session", "thread",
    ),
    "speaker": ("role", "sender", "author", "speaker", "from", "messagerole", "sendertype"),
    "said": ("content", "text", "message", "body", "messagetext", "messagecontent"),
    "asked": ("prompt", "query", "question", "input", "usermessage", "userinput", "userquery", "userprompt", "message"),
    "answered": (
        "response", "answer", "reply", "output", "completion", "botresponse", "modelresponse", "assistantresponse",
        "botmessage", "assistantmessage",
    ),
    "place": ("turn", "turnindex", "turnnumber", "messageindex", "position", "sequence", "seq", "index"),
    **{role: tuple(map(folded, names)) for role, names in USUAL.items()},
}  # fmt: skip
"""The folded names of what a row may hold, the likeliest first."""
_SPOKEN = tuple((asked, answered) for asked in ("user", "human") for answered in ("assistant", "bot", "gpt"))
"""Columns named by who speaks in them: a question and its answer only where both are there."""
_MESSAGE = ("talk", "speaker", "said", "place", *USUAL)
_EXCHANGE = ("asked", "answered", "talk", "place", *USUAL)

Part = tuple[Chat, object, object]
"""A row as a conversation, its own id and its place in the conversation that it belongs to."""


def is_message(row: Row) -> bool:
    """Whether a row is one message of a conversation that it names."""
    at = _columns(tuple(row), _MESSAGE)
    if not {"talk", "speaker", "said"} <= at.keys() or "message_tree_id" in row:
        return False
    speaker = row[at["speaker"]]
    known = isinstance(speaker, str) and speaker.strip().lower() in ROLES
    return known and isinstance(row[at["said"]], str) and label(look_up(row, (at["talk"],))) is not None


def is_exchange(row: Row) -> bool:
    """Whether a row is a question with its answer (which may be missing), both as text."""
    at = _columns(tuple(row), _EXCHANGE)
    if not {"asked", "answered"} <= at.keys() or "instruction" in row or is_langfuse(row):
        return False
    return isinstance(row[at["asked"]], str) and isinstance(row[at["answered"]], str | None)


def message_chats(items: Iterable[Item], tick: Callable[[], None]) -> Iterator[Chat | Reject]:
    """A conversation of all messages that name it, in the order of their times."""
    return _gathered(items, tick, _MESSAGE, _message, "messages")


def exchange_chats(items: Iterable[Item], tick: Callable[[], None]) -> Iterator[Chat | Reject]:
    """A conversation of all exchanges that name it; an exchange that names none is one by itself."""
    return _gathered(items, tick, _EXCHANGE, _exchange, "exchanges")


@lru_cache(maxsize=256)
def _columns(names: tuple[str, ...], parts: tuple[str, ...]) -> Mapping[str, str]:
    """Which column of a row holds which of the parts; none holds two."""
    written = spelt([dict.fromkeys(names)])
    found: dict[str, str] = {}
    for part in parts:
        for name in _NAMES[part]:
            if name in written:
                found[part] = written.pop(name)
                break
        if part == "answered" and "asked" not in found:
            for asked, answered in _SPOKEN:
                if asked in written and answered in written:
                    found |= {"asked": written.pop(asked), "answered": written.pop(answered)}
                    break
    return found


def _gathered(
    items: Iterable[Item],
    tick: Callable[[], None],
    parts: tuple[str, ...],
    read: Callable[[Mapping[str, object]], list[Message]],
    counted: str,
) -> Iterator[Chat | Reject]:
    """The conversations of rows, of each of which `read` gives the turns. Memory holds one conversation at a time."""
    with Groups[Part]() as talks:
        for number, (line, row) in enumerate(items):
            if number % _TICK == 0:
                tick()
            if isinstance(row, Reject):
                yield row
                continue
            at = _columns(tuple(row), parts)
            values = {part: look_up(row, (column,)) for part, column in at.items()}
            talk = label(values.get("talk"))
            try:
                if talk is None and counted == "messages":
                    raise RowError("the message names no conversation")
                turns = read(values)
            except RowError as error:
                yield Reject(line, str(error), excerpt(row))
                continue
            chat = Chat(
                line=line,
                turns=tuple(turns),
                row=row,
                id=values.get("id") if talk is None else talk,
                model=values.get("model"),
                language=values.get("language"),
                timestamp=values.get("timestamp"),
                user=values.get("user"),
                metadata=without(row, *at.values()),
            )
            part = (chat, values.get("id"), values.get("place"))
            if talk is None:
                yield from _joined([part], counted)
            else:
                talks.add(talk, part)
        for group in talks:
            yield from _joined(group, counted)


def _message(values: Mapping[str, object]) -> list[Message]:
    speaker = values.get("speaker")
    if not isinstance(speaker, str) or not speaker.strip():
        raise RowError("the message has no role")
    said = values.get("said")
    turns = turns_of([{"role": speaker, "content": said}])
    if any(turn["role"] == "user" and not turn["content"].strip() for turn in turns):
        raise RowError("empty text")
    return turns


def _exchange(values: Mapping[str, object]) -> list[Message]:
    asked = values.get("asked")
    if asked is not None and not isinstance(asked, str):
        raise RowError("wrong type: the question is no string")
    if asked is None or not asked.strip():
        raise RowError("empty text")
    return [{"role": "user", "content": asked}, *answer_of(values.get("answered"))]


def _joined(parts: list[Part], counted: str) -> Iterator[Chat | Reject]:
    """The parts of one conversation, one behind the other; a part that comes twice is a reject."""
    if len(parts) == 1:
        yield parts[0][0]
        return
    seen: dict[str, list[tuple[Message, ...]]] = {}
    kept: list[Part] = []
    for part in parts:
        chat, own, _ = part
        said = seen.setdefault(label(own) or f"\0{chat.line}", [])
        if chat.turns in said:
            yield Reject(chat.line, f"the row with the id {str(own)[:80]!r} comes twice", excerpt(chat.row))
            continue
        said.append(chat.turns)
        kept.append(part)
    chats = [chat for chat, _, _ in _in_order(kept)]
    asking = [chat for chat in chats if any(turn["role"] == "user" for turn in chat.turns)]

    def first(name: str, *among: Chat) -> object:
        values = (getattr(chat, name) for chat in among)
        return next((value for value in values if value not in (None, "")), None)

    start = chats[0]
    yield Chat(
        line=min(chat.line for chat in chats),
        turns=tuple(turn for chat in chats for turn in chat.turns),
        row=start.row,
        id=start.id,
        model=first("model", *chats),
        language=first("language", *asking, *chats),
        timestamp=start.timestamp,
        user=first("user", *asking, *chats),
        metadata=dict(start.metadata) | ({counted: len(chats)} if len(chats) > 1 else {}),
    )


def _in_order(parts: list[Part]) -> list[Part]:
    """By time where all have one, then by place where all have one, then as they stand."""
    times = [to_utc(chat.timestamp) or "" for chat, _, _ in parts]
    places = [_place(place) for _, _, place in parts]
    if not all(times):
        times = [""] * len(parts)
    if any(math.isnan(place) for place in places):
        places = [0.0] * len(parts)
    keys = list(zip(times, places, range(len(parts)), strict=True))
    return [parts[number] for _, _, number in sorted(keys)]


def _place(value: object) -> float:
    try:
        return float(value) if isinstance(value, str | int | float) else math.nan
    except (ValueError, OverflowError):
        return math.nan
