"""What people export from their accounts of ChatGPT and Claude: `conversations.json`.

ChatGPT writes one list of conversations, each a tree: `mapping` from node id to `message` (`author.role`, `create_time`,
`content` of a `content_type` with `parts` or `text`, `metadata`, `recipient`), `parent` and `children`, and `current_node`,
the end of the branch that was shown last; described in the notes of the public parsers of that file. Claude writes
`chat_messages` in order (`sender` human or assistant, `text`, `content` blocks, `attachments`), and the uuid of the
`account`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from core.load.logs.chat import Chat, Message, Row, as_mapping, first_of, without
from core.load.logs.messages import turns_of
from core.load.turns import ROLES, RowError

_NOT_SHOWN = (
    "user_editable_context",
    "model_editable_context",
    "thoughts",
    "reasoning_recap",
    "tether_browsing_display",
)
"""Kinds of content that are nobody's turn: custom instructions, memory, thoughts."""


def is_chatgpt(row: Row) -> bool:
    """Whether a row is a conversation of a ChatGPT export: a mapping of nodes."""
    mapping = row.get("mapping")
    if not isinstance(mapping, Mapping) or not ({"current_node", "create_time", "title"} & row.keys()):
        return False
    return all(isinstance(node, Mapping) and "message" in node for node in list(mapping.values())[:3])


def chatgpt_chats(line: int, row: Row) -> Iterator[Chat]:
    """The branch that was shown last, from the root; `branches` in the metadata counts the ends of all."""
    mapping = row.get("mapping")
    if not isinstance(mapping, Mapping):
        raise RowError("wrong type: mapping is no object")
    turns: list[Message] = []
    model: object = None
    for message in _branch(mapping, row.get("current_node")):
        turn = _chatgpt_turn(message)
        if turn is not None:
            turns.append(turn)
        if turn is not None and turn["role"] == "assistant":
            model = as_mapping(message.get("metadata")).get("model_slug") or model
    rest = without(row, "mapping", "current_node", "id", "conversation_id", "create_time")
    ends = sum(not as_mapping(node).get("children") for node in mapping.values())
    yield Chat(
        line=line,
        turns=tuple(turns),
        row=row,
        id=first_of(row, "conversation_id", "id"),
        model=model or row.get("default_model_slug"),
        timestamp=row.get("create_time"),
        metadata=rest | ({"branches": ends} if ends > 1 else {}),
    )


def _branch(mapping: Mapping[str, object], end: object) -> list[Row]:
    """The messages from the root to `end`; where that is no node, to the last leaf."""
    nodes = {key: node for key, node in mapping.items() if isinstance(node, Mapping)}
    if not isinstance(end, str) or end not in nodes:
        leaves = [key for key, node in nodes.items() if not node.get("children")]
        end = leaves[-1] if leaves else None
    path: list[Row] = []
    seen: set[str] = set()
    while isinstance(end, str) and end in nodes and end not in seen:
        seen.add(end)
        message = nodes[end].get("message")
        if isinstance(message, Mapping):
            path.append(message)
        end = nodes[end].get("parent")
    return path[::-1]


def _chatgpt_turn(message: Row) -> Message | None:
    content, metadata = as_mapping(message.get("content")), as_mapping(message.get("metadata"))
    kind = content.get("content_type")
    if kind in _NOT_SHOWN or metadata.get("is_visually_hidden_from_conversation"):
        return None
    written = as_mapping(message.get("author")).get("role")
    role = ROLES.get(written, written) if isinstance(written, str) else None
    if role is None:
        return None
    parts = content.get("parts")
    if not isinstance(parts, list | tuple):
        parts = [first_of(content, "text", "result", "content")]
    texts = [part if isinstance(part, str) else as_mapping(part).get("text") for part in parts]
    text = "\n".join(part for part in texts if isinstance(part, str) and part)
    # A user's turn without words (a picture) stays, so that the next one is not taken for the first.
    return {"role": role, "content": text} if text.strip() or role == "user" else None


def is_claude(row: Row) -> bool:
    """Whether a row is a conversation of a Claude export."""
    messages = row.get("chat_messages")
    if not isinstance(messages, list | tuple) or "uuid" not in row:
        return False
    return not messages or (isinstance(messages[0], Mapping) and "sender" in messages[0])


def claude_chats(line: int, row: Row) -> Iterator[Chat]:
    """The messages in order; along the branch shown last where the export says how they hang together."""
    messages = row.get("chat_messages")
    if not isinstance(messages, list | tuple):
        raise RowError("wrong type: chat_messages is no list")
    turns: list[Message] = []
    attachments: list[object] = []
    for number, message in enumerate(_claude_branch(list(messages), row.get("current_leaf_message_uuid")), 1):
        if not isinstance(message, Mapping):
            raise RowError(f"wrong type: message {number} is no object")
        turns += _claude_turns(message)
        for place in ("attachments", "files"):
            files = message.get(place)
            if isinstance(files, list | tuple):
                attachments += [as_mapping(file).get("file_name") for file in files]
    rest = without(
        row, "chat_messages", "uuid", "account", "created_at", "model", "current_leaf_message_uuid"
    )
    yield Chat(
        line=line,
        turns=tuple(turns),
        row=row,
        id=row.get("uuid"),
        model=row.get("model"),
        timestamp=row.get("created_at"),
        user=as_mapping(row.get("account")).get("uuid"),
        metadata=rest | ({"attachments": attachments} if attachments else {}),
    )


def _claude_branch(messages: list[object], leaf: object) -> list[object]:
    by_id = {
        message["uuid"]: message
        for message in messages
        if isinstance(message, Mapping) and isinstance(message.get("uuid"), str)
    }
    if len(by_id) != len(messages) or not all("parent_message_uuid" in node for node in by_id.values()):
        return messages
    path: list[object] = []
    at = leaf if isinstance(leaf, str) and leaf in by_id else next(reversed(by_id), None)
    while isinstance(at, str) and at in by_id and len(path) < len(messages):
        path.append(by_id[at])
        at = by_id[at].get("parent_message_uuid")
    return path[::-1]


def _claude_turns(message: Row) -> list[Message]:
    sender = message.get("sender")
    role = ROLES.get(sender, sender) if isinstance(sender, str) else "unknown"
    content, text = message.get("content"), message.get("text")
    turns = turns_of([{"role": role, "content": content}]) if isinstance(content, list | tuple) else []
    if not any(turn["content"].strip() and turn["role"] == role for turn in turns) and isinstance(text, str):
        said = {"role": role, "content": text}
        turns = [turn for turn in turns if turn["role"] != role] + ([said] if text or role == "user" else [])
    return [turn for turn in turns if turn["content"].strip() or turn["role"] == "user"]
