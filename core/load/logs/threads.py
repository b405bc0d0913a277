"""Requests that belong to one conversation, joined, so that each query counts once.

A model keeps nothing between two calls: a client sends the whole conversation again with each question, and a program
with tools sends it again after each result. A log of calls holds a conversation of five turns five times. Where the server
keeps the turns (Responses API), a request names the answer that it goes on from, and sends what is new alone.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from core.load.logs.chat import Chat, Message
from core.load.logs.groups import Groups
from core.load.records import Reject

_TICK = 1_000


def joined(chats: Iterable[Chat | Reject], tick: Callable[[], None]) -> Iterator[Chat | Reject]:
    """The requests without those that another one goes on from.

    A request goes on from another where the turns before its last answer are what the other one sent, both by the same
    user, or where it names the answer of the other one. By its turns each is gone on from at most once, so two people who
    ask the same stay two, and so do a question and its repetition. The joined conversation has the id and the time of its
    first request, all turns up to its last, and their number as `requests` in its metadata. System turns may differ: they
    often hold the time of day.

    Memory holds a few numbers a request; the requests themselves wait in a temporary file.
    """
    sent: dict[bytes, list[int]] = {}
    sought: dict[bytes, list[int]] = {}
    earlier: dict[int, int] = {}
    places: dict[bytes, int] = {}
    named: dict[int, bytes] = {}
    with Groups[Chat | Reject]() as store:
        for place, item in enumerate(chats):
            store.add(str(place), item)
            if place % _TICK == 0:
                tick()
            if isinstance(item, Reject):
                continue
            if item.answer_id is not None:
                places[_digest(item.answer_id)] = place
            if item.previous is not None:
                named[place] = _digest(item.previous)
                continue
            turns = _spoken(item.asked)
            whole, before = _key(item.user, turns), _key(item.user, _before_last_answer(turns))
            if before and sent.get(before):
                earlier[place] = sent[before].pop()
            elif before:
                sought.setdefault(before, []).append(place)
            if whole and sought.get(whole):
                later = sought[whole].pop(0)
                earlier[later] = place
            elif whole:
                sent.setdefault(whole, []).append(place)
        sent.clear()
        sought.clear()
        earlier |= {place: places[answer] for place, answer in named.items() if answer in places}
        places.clear()
        _break_loops(earlier)
        gone_on_from = set(earlier.values())
        begun: set[int] = set()
        firsts = {place: _first(place, earlier) for place in earlier if place not in gone_on_from}
        for place, (item,) in enumerate(store):
            if place in gone_on_from:
                continue
            if place in firsts and isinstance(item, Chat):
                first, count = firsts[place]
                start = store.at(first)
                if isinstance(start, Chat):
                    metadata = dict(item.metadata) | {"requests": count}
                    item = replace(
                        item,
                        turns=_whole(store, place, item, earlier, named.keys()),
                        # A second branch needs an id of its own.
                        id=item.id if first in begun else start.id,
                        timestamp=start.timestamp or item.timestamp,
                        metadata=metadata,
                    )
                    begun.add(first)
            yield item


def goes_on(later: Sequence[Message], earlier: Sequence[Message]) -> bool:
    """Whether the turns `later` begin with all of `earlier` and say more, system turns aside."""
    first, second = _spoken(earlier), _spoken(later)
    return 0 < len(first) < len(second) and second[: len(first)] == first


def _first(place: int, earlier: dict[int, int]) -> tuple[int, int]:
    """Where a chain of requests began, and how many it has."""
    count = 1
    while place in earlier:
        place = earlier[place]
        count += 1
    return place, count


def _whole(
    store: Groups[Chat | Reject], place: int, item: Chat, earlier: Mapping[int, int], named: Container[int]
) -> tuple[Message, ...]:
    """The turns of a request behind those of the requests whose answers it and they go on from by name."""
    turns = item.turns
    while place in named and place in earlier:
        place = earlier[place]
        before = store.at(place)
        if isinstance(before, Chat):
            turns = (*before.turns, *_spoken(turns))
    return turns


def _spoken(turns: Sequence[Message]) -> list[Message]:
    return [turn for turn in turns if turn["role"] != "system"]


def _before_last_answer(turns: list[Message]) -> list[Message]:
    end = len(turns)
    while end and turns[end - 1]["role"] == "assistant":
        # The beginning of an answer, given for the model to complete, is part of the question.
        end -= 1
    while end and turns[end - 1]["role"] != "assistant":
        end -= 1
    while end and turns[end - 1]["role"] == "assistant":
        end -= 1
    return turns[:end]


def _key(user: object, turns: Sequence[Message]) -> bytes:
    if not turns:
        return b""
    written = "".join(f"{turn['role']}\x1f{len(turn['content'])}\x1f{turn['content']}" for turn in turns)
    return _digest(f"{user}\x1e{written}")


def _digest(text: str) -> bytes:
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).digest()


def _break_loops(earlier: dict[int, int]) -> None:
    """Take one link out of each chain that leads back to itself."""
    known: set[int] = set()
    for start in list(earlier):
        path: set[int] = set()
        at = start
        while at in earlier and at not in known and at not in path:
            path.add(at)
            at = earlier[at]
        if at in path:
            del earlier[at]
        known |= path
