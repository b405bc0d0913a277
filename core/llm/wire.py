"""The body of an answer, as the types of the provider's client want it.

Providers add kinds of blocks and endings as time goes, and servers of one's own leave out what nobody reads here. What was
paid for must not be lost for that: what is read is kept, and all else is left out or filled in.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, get_args

from core.llm.target import Target

_MOST_TOKENS = 10**9
"""A count above is none: it would not fit where it is kept."""


def message_of(target: Target, body: str) -> Any:
    """The message of the client's type that a raw body holds.

    Raises:
        ValueError: It holds none.
    """
    try:
        found = json.loads(body)
        kept = _anthropic(found) if target.provider == "anthropic" else _openai(found)
        # Half a surrogate pair can be written in JSON, but neither stored nor shown.
        kept = json.loads(json.dumps(kept, ensure_ascii=False).encode("utf-8", "replace"))
    except (RecursionError, AttributeError, TypeError) as error:
        raise ValueError(str(error)) from None
    if target.provider == "anthropic":
        from anthropic.types import Message

        return Message.model_validate(kept)
    from openai.types.chat import ChatCompletion

    return ChatCompletion.model_validate(kept)


def tools_used(target: Target, message: Any) -> int:
    """How many tools a message uses."""
    if target.provider == "anthropic":
        return sum(block.type == "tool_use" for block in message.content)
    return len(message.choices[0].message.tool_calls or ())


def ending(target: Target, message: Any) -> tuple[str | None, str | None, bool]:
    """Why a message ended, in what words it was refused (`None`: it was not), and whether it is empty."""
    if target.provider == "anthropic":
        text = " ".join(block.text for block in message.content if block.type == "text")
        return message.stop_reason, text if message.stop_reason == "refusal" else None, not message.content
    if not message.choices:
        return None, None, True
    choice = message.choices[0]
    filtered = "filtered" if choice.finish_reason == "content_filter" else None
    empty = not choice.message.tool_calls and not choice.message.content
    return choice.finish_reason, choice.message.refusal or filtered, empty


def usage_of(body: str) -> tuple[int, int]:
    """Tokens sent, cached ones included, and received; 0 where no count is told that can be one."""
    usage = json.loads(body).get("usage")
    counts = usage if isinstance(usage, dict) else {}
    sent = ("input_tokens", "cache_creation_input_tokens", "cache_read_input_tokens", "prompt_tokens")
    return _counted(counts, sent), _counted(counts, ("output_tokens", "completion_tokens"))


def _counted(usage: Mapping[str, Any], names: Sequence[str]) -> int:
    counts = [usage.get(name) for name in names]
    return sum(n for n in counts if type(n) is int and 0 <= n <= _MOST_TOKENS)


def _anthropic(found: Any) -> dict[str, Any]:
    from anthropic.types import StopReason

    content: list[dict[str, Any]] = []
    for block in found["content"] if isinstance(found.get("content"), list) else _none():
        if block.get("type") == "text":
            content.append({"type": "text", "text": str(block.get("text", ""))})
        if block.get("type") == "tool_use":
            given = _object(block.get("input"))
            content.append({"type": "tool_use", "id": "", "name": str(block.get("name", "")), "input": given})
    stop = found.get("stop_reason")
    return {
        "id": "", "type": "message", "role": "assistant", "model": "", "content": content,
        "stop_reason": stop if stop in get_args(StopReason) else "end_turn",
        "usage": {"input_tokens": 0, "output_tokens": 0},
    }  # fmt: skip


def _openai(found: Any) -> dict[str, Any]:
    choices = found["choices"] if isinstance(found.get("choices"), list) else _none()
    kept = []
    for choice in choices[:1]:
        said = choice["message"] if isinstance(choice.get("message"), dict) else _none()
        calls = [_call(call) for call in said.get("tool_calls") or ()]
        message = {
            "role": "assistant",
            "content": _text(said.get("content")),
            "refusal": said.get("refusal") or None,
            "tool_calls": calls or None,
        }
        ended = choice.get("finish_reason")
        known = ended if ended in ("length", "content_filter") else "stop"
        kept.append({"index": 0, "message": message, "finish_reason": known, "logprobs": None})
    return {"id": "", "object": "chat.completion", "created": 0, "model": "", "choices": kept}


def _call(call: Any) -> dict[str, Any]:
    """A call of a tool; some servers write the arguments as an object rather than as its text."""
    function = call["function"]
    given = function.get("arguments")
    text = given if isinstance(given, str) else json.dumps(_object(given))
    named = {"name": str(function.get("name", "")), "arguments": text}
    return {"id": "", "type": "function", "function": named}


def _text(content: Any) -> str | None:
    """What is said; some servers write it in parts."""
    if isinstance(content, list):
        return "".join(str(part.get("text", "")) for part in content)
    return content if isinstance(content, str) else None


def _object(given: Any) -> dict[str, Any]:
    """The input of a tool; models that write it as text meant the object in it."""
    if isinstance(given, str):
        try:
            given = json.loads(given)
        except ValueError:
            given = None
    return given if isinstance(given, dict) else {}


def _none() -> Any:
    raise ValueError("the body is no answer of this API")
