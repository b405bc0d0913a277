"""Layouts of chat logs whose conversations are put together from more than one column: the table of them.

A layout is told by its rows alone. Those of `core.load.shapes` take each value from one column; these here unfold trees,
join requests with their answers, or gather the rows of a conversation. No library is needed for any of them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from core.load.logs.accounts import chatgpt_chats, claude_chats, is_chatgpt, is_claude
from core.load.logs.arena import arena_chats, arena_pair_chats, is_arena, is_arena_pair
from core.load.logs.batches import batch_chats, is_anthropic_batch, is_openai_batch
from core.load.logs.chat import CHAT_COLUMNS, Assemble, Chat, Row, row_by_row
from core.load.logs.langfuse import is_langfuse, langfuse_chats
from core.load.logs.oasst import flat_chats, is_flat, is_tree, tree_chats
from core.load.logs.requests import calls, calls_of
from core.load.logs.spans import is_otlp, is_span, span_chats
from core.load.logs.tables import exchange_chats, is_exchange, is_message, message_chats

__all__ = ["CHAT_COLUMNS", "LAYOUTS", "Chat", "Layout"]


@dataclass(frozen=True)
class Layout:
    """A layout: its name, which rows are laid out so, how conversations are made of them, and where its values lie."""

    name: str
    fits: Callable[[Row], bool]
    assemble: Assemble
    columns: Mapping[str, str]


def _columns(
    text: str, id: str, model: str, timestamp: str, user: str = "", language: str = ""
) -> dict[str, str]:
    named = {
        "text": text,
        "id": id,
        "model": model,
        "timestamp": timestamp,
        "user": user,
        "language": language,
    }
    return {role: column for role, column in named.items() if column}


_ARENA = _columns("conversation_a", "question_id", "model_a", "tstamp", "judge", "language")
_OASST = _columns("text", "message_tree_id", "model_name", "created_date", "user_id", "lang")
_NESTED = {role: f"prompt.{column}" for role, column in _OASST.items()} | {"id": "message_tree_id"}
_SPANS = _columns(
    "llm.input_messages, gen_ai.input.messages", "session.id, trace_id", "llm.model_name, gen_ai.request.model",
    "start_time", "user.id",
)  # fmt: skip

LAYOUTS: tuple[Layout, ...] = (
    Layout("arena", is_arena, row_by_row(arena_chats), _ARENA),
    Layout("arena-pairs", is_arena_pair, row_by_row(arena_pair_chats),
           {"text": "prompt", "id": "id", "model": "model_a"}),
    Layout("oasst", is_flat, flat_chats, _OASST),
    Layout("oasst-trees", is_tree, row_by_row(tree_chats), _NESTED),
    Layout("chatgpt", is_chatgpt, row_by_row(chatgpt_chats),
           _columns("mapping", "conversation_id", "mapping.message.metadata.model_slug", "create_time")),
    Layout("claude", is_claude, row_by_row(claude_chats),
           _columns("chat_messages", "uuid", "model", "created_at", "account.uuid")),
    Layout("otlp", is_otlp, span_chats, _SPANS),
    Layout("langfuse", is_langfuse, langfuse_chats,
           _columns("input", "session_id, trace_id", "model", "start_time", "user_id", "metadata.language")),
    Layout("openinference", is_span, span_chats, _SPANS),
    Layout("openai-batch", is_openai_batch, batch_chats,
           _columns("body.messages", "custom_id", "body.model", "response.body.created", "body.user")),
    Layout("anthropic-batch", is_anthropic_batch, batch_chats,
           _columns("params.messages", "custom_id", "params.model", "", "params.metadata.user_id")),
    Layout("openai-chat", calls_of("openai-chat"), calls,
           _columns("request.messages", "id", "request.model", "timestamp", "request.user")),
    Layout("openai-responses", calls_of("openai-responses"), calls,
           _columns("request.input", "id", "request.model", "timestamp", "request.user")),
    Layout("anthropic", calls_of("anthropic"), calls,
           _columns("request.messages", "id", "request.model", "timestamp", "request.metadata.user_id")),
    Layout("message-rows", is_message, message_chats,
           _columns("content", "conversation_id", "model", "timestamp", "user", "language")),
    Layout("exchange-rows", is_exchange, exchange_chats,
           _columns("prompt, response", "conversation_id, id", "model", "timestamp", "user", "language")),
)  # fmt: skip
"""Of two that fit as many rows the first is taken."""
