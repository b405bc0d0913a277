"""OpenAssistant conversations (OASST1, OASST2): message trees, flat or nested.

The shapes are those of the dataset cards: flat rows (`message_id`, `parent_id`, `user_id`, `created_date`, `text`, `role`
prompter or assistant, `lang`, `review_count`, `review_result`, `deleted`, `rank`, `synthetic`, `model_name`, `detoxify`,
`message_tree_id`, `tree_state`, `emojis`, `labels`), and trees of JSON Lines (`message_tree_id`, `tree_state`, `prompt` with
`replies` in each message).

A tree is one conversation: the first prompt and, at each message, the reply that people ranked best.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from core.load.clean import excerpt
from core.load.logs.chat import Chat, Message, Row, as_mapping, without
from core.load.logs.groups import Groups
from core.load.read_json import Item
from core.load.records import Reject
from core.load.turns import ROLES, RowError

_TICK = 1_000
_UNRANKED = 1e9


def is_flat(row: Row) -> bool:
    """Whether a row is one message of a tree."""
    return {"message_id", "parent_id", "text", "role", "message_tree_id"} <= row.keys()


def is_tree(row: Row) -> bool:
    """Whether a row is a whole tree."""
    prompt = row.get("prompt")
    return "message_tree_id" in row and isinstance(prompt, Mapping) and "text" in prompt


def tree_chats(line: int, row: Row) -> Iterator[Chat]:
    """The conversation of a nested tree."""
    path: list[Row] = []
    message: Row | None = as_mapping(row.get("prompt"))
    while message is not None:
        path.append(message)
        message = _best(_replies(message))
    rest = without(row, "prompt", "origin")
    yield _chat(line, row, path, rest, _count(as_mapping(row.get("prompt"))))


def flat_chats(items: Iterable[Item], tick: Callable[[], None]) -> Iterator[Chat | Reject]:
    """The conversations of flat messages in any order; memory holds one tree at a time."""
    with Groups[tuple[int, dict[str, object]]]() as trees:
        for number, (line, row) in enumerate(items):
            if number % _TICK == 0:
                tick()
            if isinstance(row, Reject):
                yield row
            elif not isinstance(row.get("message_tree_id"), str):
                yield Reject(line, "no message_tree_id", excerpt(row))
            else:
                trees.add(str(row["message_tree_id"]), (line, row))
        for tree in trees:
            yield from _assembled(tree)


def _assembled(messages: list[tuple[int, dict[str, object]]]) -> Iterator[Chat | Reject]:
    by_id: dict[object, tuple[int, dict[str, object]]] = {}
    children: dict[object, list[Row]] = {}
    roots: list[tuple[int, dict[str, object]]] = []
    for line, row in messages:
        key = row.get("message_id")
        if not isinstance(key, str) or key in by_id:
            reason = f"message {key[:80]!r} comes twice" if isinstance(key, str) else "no message_id"
            yield Reject(line, reason, excerpt(row))
            continue
        parent = row.get("parent_id")
        if not isinstance(parent, str | None):
            yield Reject(line, "wrong type: parent_id is no text", excerpt(row))
            continue
        by_id[key] = (line, row)
        if parent is None or parent == "":
            roots.append((line, row))
        else:
            children.setdefault(parent, []).append(row)
    root, *others = roots or [(0, {})]
    reached = _reached(root[1].get("message_id"), children) if roots else set()
    apart = reached | {row.get("message_id") for _, row in others}
    for key, (line, row) in by_id.items():
        if key not in apart:
            yield Reject(line, "the message it replies to is not in the file", excerpt(row))
    for line, row in others:
        yield Reject(line, "its tree has another first prompt", excerpt(row))
    if not roots:
        return
    path: list[Row] = []
    message: Row | None = root[1]
    while message is not None and len(path) <= len(messages):
        path.append(message)
        message = _best(children.get(message.get("message_id"), []))
    try:
        rest = without(root[1], *_MAPPED) | {"message_tree_id": root[1]["message_tree_id"]}
        yield _chat(root[0], root[1], path, rest, len(reached))
    except RowError as error:
        yield Reject(root[0], str(error), excerpt(root[1]))


_MAPPED = (
    "message_id",
    "parent_id",
    "user_id",
    "created_date",
    "text",
    "role",
    "lang",
    "model_name",
    "rank",
    "replies",
)


def _reached(root: object, children: Mapping[object, list[Row]]) -> set[object]:
    reached: set[object] = set()
    waiting = [root]
    while waiting:
        at = waiting.pop()
        if at not in reached:
            reached.add(at)
            waiting += [row.get("message_id") for row in children.get(at, [])]
    return reached


def _chat(line: int, row: Row, path: list[Row], rest: dict[str, object], count: int) -> Chat:
    root = path[0]
    turns: list[Message] = []
    for number, message in enumerate(path, 1):
        role, text = message.get("role"), message.get("text") or ""
        if not isinstance(role, str) or not isinstance(text, str):
            raise RowError(f"wrong type: role and text of message {number} are no strings")
        turns.append({"role": ROLES.get(role, role), "content": text})
    models = [message["model_name"] for message in path[1:] if message.get("model_name")]
    prompt = {key: root[key] for key in ("detoxify", "labels", "emojis", "review_result", "synthetic")
              if root.get(key) is not None}  # fmt: skip
    return Chat(
        line=line,
        turns=tuple(turns),
        row=row,
        id=rest.pop("message_tree_id", None) or root.get("message_id"),
        model=models[0] if models else None,
        language=root.get("lang"),
        timestamp=root.get("created_date"),
        user=root.get("user_id"),
        metadata=prompt | rest | {"messages": count},
    )


def _replies(message: Row) -> list[Row]:
    replies = message.get("replies")
    return [reply for reply in replies if isinstance(reply, Mapping)] if isinstance(replies, list) else []


def _best(replies: list[Row]) -> Row | None:
    """The reply of the lowest rank that was not deleted; of equals the first. Rows without a rank come last."""
    left = [reply for reply in replies if str(reply.get("deleted")).lower() not in ("true", "1")]
    return min(left, key=_rank, default=None)


def _rank(reply: Row) -> float:
    written: Any = reply.get("rank")
    try:
        rank = float(written)
    except (TypeError, ValueError):
        return _UNRANKED
    return rank if math.isfinite(rank) else _UNRANKED


def _count(message: Row) -> int:
    count, waiting = 0, [message]
    while waiting:
        count += 1
        waiting += _replies(waiting.pop())
    return count
