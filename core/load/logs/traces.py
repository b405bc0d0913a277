"""Traces of applications: steps of one request, put together to the conversation that a person had."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from core.load.clean import excerpt
from core.load.logs.chat import Chat, Message, Row, as_json
from core.load.logs.groups import Groups
from core.load.logs.messages import answer_of, turns_of
from core.load.logs.threads import goes_on
from core.load.read_json import Item
from core.load.records import Reject
from core.load.timestamps import to_utc
from core.load.turns import RowError

_TICK = 1_000
_INPUTS = (
    "messages",
    "input",
    "question",
    "query",
    "user_input",
    "chat_input",
    "prompt",
    "message",
    "text",
    "content",
)
"""Names under which applications hand on what a person wrote."""
_OUTPUTS = ("output", "answer", "response", "result", "completion", "text", "content")


@dataclass(frozen=True, slots=True)
class Step:
    """A trace as a whole, a span or an observation.

    Args:
        line, row: Where it stands, and what a reject shows of it.
        trace, session, user, start, model, language: What the source says; None where it says nothing.
        rank: 0 for the trace itself, 1 for its outermost step, 2 for any other. What a person wrote stands outermost; a
            call of a model further in may hold it wrapped in a prompt.
        called: Whether it is a call of a model.
        asked, answered: The turns that went in and came out; empty where they are no conversation.
        metadata: What else it says.
    """

    line: int
    row: Row
    trace: str
    session: object
    user: object
    start: object
    rank: int
    called: bool
    asked: list[Message]
    answered: list[Message]
    model: object
    language: object = None
    metadata: Mapping[str, object] = field(default_factory=dict)


def steps_of(
    items: Iterable[Item], read: Callable[[int, Row], Iterable[Step | None]], problem: str
) -> Iterator[Step | Reject]:
    """The steps of each row, as `read` finds them at a line; a row without any is a reject with that `problem`."""
    for line, row in items:
        if isinstance(row, Reject):
            yield row
            continue
        known = False
        for step in read(line, row):
            if step is not None:
                known = True
                yield step
        if not known:
            yield Reject(line, problem, excerpt(row))


def sessions(steps: Iterable[Step | Reject], tick: Callable[[], None]) -> Iterator[Chat | Reject]:
    """A conversation a session, of one trace a turn; a trace without a session is a conversation by itself.

    A trace without a user's words (a check, a tool alone) is a reject. Memory holds one session at a time.
    """
    with Groups[tuple[str, Chat]]() as by_session:
        with Groups[Step]() as by_trace:
            for number, step in enumerate(steps):
                if number % _TICK == 0:
                    tick()
                if isinstance(step, Reject):
                    yield step
                else:
                    by_trace.add(step.trace, step)
            for group in by_trace:
                chat, session = _trace(group)
                if isinstance(chat, Reject):
                    yield chat
                else:
                    by_session.add(f"s{session}" if session else f"t{group[0].trace}", (session, chat))
        for chats in by_session:
            yield _session(chats)


def payload_turns(value: object) -> list[Message]:
    """The turns in what an application says went into a step: a text, messages, or an object that holds either under a
    usual name, also as JSON in a string, also among the arguments of a function. Empty where there are none.
    """
    value = as_json(value)
    if isinstance(value, str | list | tuple):
        try:
            return turns_of(value)
        except RowError:
            return []
    if not isinstance(value, Mapping):
        return []
    if "role" in value:
        return payload_turns([value])
    for key in _INPUTS:
        found = payload_turns(value.get(key))
        if found:
            return found
    arguments, named = value.get("args"), value.get("kwargs")
    first = next((item for item in arguments if item), None) if isinstance(arguments, list) else None
    return payload_turns(named) or payload_turns(first)


def payload_answer(value: object) -> list[Message]:
    """The turns in what came out of a step. Empty where there are none."""
    value = as_json(value)
    if isinstance(value, Mapping) and not {"role", "choices"} & value.keys():
        texts = (value[key] for key in _OUTPUTS if isinstance(value.get(key), str))
        text = next(texts, None)
        if text is not None:
            return answer_of(text)
        messages = value.get("messages")
        return answer_of(messages[-1:]) if isinstance(messages, list) else answer_of(value)
    return answer_of(value)


def _when(start: object) -> str:
    return to_utc(start) or ""


def _asks(step: Step) -> bool:
    return any(turn["role"] == "user" and turn["content"].strip() for turn in step.asked)


def _trace(steps: list[Step]) -> tuple[Chat | Reject, str]:
    """The conversation of one trace, and its session: what its outermost step says, or its calls one after another."""
    steps = sorted(steps, key=lambda step: (step.rank, _when(step.start)))
    session = next((str(step.session) for step in steps if step.session not in (None, "")), "")
    calls = sorted((step for step in steps if step.called), key=lambda step: _when(step.start))
    asking = [step for step in steps if _asks(step)]
    if not asking:
        first = min(steps, key=lambda step: step.line)
        return Reject(
            first.line, "no user turn: no step of the trace holds a user's words", excerpt(first.row)
        ), ""
    chosen = asking[0]
    if chosen.rank > 1:
        chosen = next((step for step in calls if _asks(step)), chosen)
        for step in calls:
            if len(step.asked) > len(chosen.asked) and goes_on(step.asked, chosen.asked):
                chosen = step
    answered = chosen.answered or next((step.answered for step in reversed(calls) if step.answered), [])

    def said(name: str) -> object:
        values = (getattr(step, name) for step in [chosen, *calls, *steps])
        return next((value for value in values if value not in (None, "")), None)

    times = sorted(filter(None, (_when(step.start) for step in steps)))
    metadata: dict[str, object] = {}
    for step in reversed(steps):
        metadata |= step.metadata
    if calls:
        metadata["calls"] = len(calls)
    chat = Chat(
        line=min(step.line for step in steps),
        turns=(*chosen.asked, *answered),
        row=chosen.row,
        id=chosen.trace,
        model=said("model"),
        language=said("language"),
        timestamp=times[0] if times else None,
        user=said("user"),
        metadata=metadata,
        answered=len(answered),
    )
    return chat, session


def _session(traces: list[tuple[str, Chat]]) -> Chat:
    """The traces of a session as one conversation; what a trace repeats of the one before is said once."""
    chats = sorted((chat for _, chat in traces), key=lambda chat: str(chat.timestamp or ""))
    first = chats[0]
    turns = list(first.turns)
    before = first
    for chat in chats[1:]:
        if goes_on(chat.asked, before.asked):
            start = len(turns) - len(before.turns)
            turns[start:] = chat.turns
        else:
            turns += [turn for turn in chat.turns if turn["role"] != "system"]
        before = chat
    session = traces[0][0]
    metadata = dict(first.metadata) | ({"session": session} if session else {})
    if len(chats) > 1:
        metadata["traces"] = len(chats)
    return Chat(
        line=min(chat.line for chat in chats),
        turns=tuple(turns),
        row=first.row,
        id=session or first.id,
        model=first.model,
        language=first.language,
        timestamp=first.timestamp,
        user=next((chat.user for chat in chats if chat.user is not None), None),
        metadata=metadata,
    )
