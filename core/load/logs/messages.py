"""Messages of the model interfaces as turns: OpenAI chat and Responses items, Anthropic blocks, OpenInference and
OpenTelemetry messages.

The shapes are those of the OpenAI API reference (chat completions: `role`, `content`, `tool_calls`; Responses: items of
type `message`, `function_call`, `function_call_output`), the Anthropic Messages API (`content` blocks of type `text`,
`tool_use`, `tool_result`, `thinking`, `image`), the OpenInference semantic conventions (`message.role`,
`message.contents`) and the OpenTelemetry conventions for generative AI (`parts` of type `text`, `tool_call`,
`tool_call_response`).
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping

from core.load.logs.chat import Message, as_json
from core.load.turns import ROLES, RowError

# Tuples, and no sets: what stands in a log may be a list, which no set can be asked for.
_TOOL_CALLS = ("tool_use", "server_tool_use", "tool_call", "function_call", "custom_tool_call")
_TOOL_RESULTS = (
    "tool_result", "web_search_tool_result", "tool_call_response", "function_call_output", "custom_tool_call_output",
)  # fmt: skip
_UNSAID = ("reasoning", "thinking", "redacted_thinking", "thoughts")
"""Parts that the other side never saw as an answer."""


def turns_of(value: object) -> list[Message]:
    """The turns in a string (one user turn), in one message or in a list of messages.

    What a tool gave back becomes a turn of the role `tool`, also where it travels in a user message, as in the Anthropic
    API: it is nothing that a user asked. Calls of tools are the content of an assistant turn that says nothing else.
    Images, audio and files leave no text.

    Raises:
        RowError: What is there is no list of messages.
    """
    if isinstance(value, str):
        return [{"role": "user", "content": value}] if value else []
    if isinstance(value, Mapping):
        value = [value]
    if not isinstance(value, list | tuple):
        raise RowError("wrong type: the messages are not a list")
    turns: list[Message] = []
    for number, item in enumerate(value, 1):
        turns += _message(item, number)
    return turns


def answer_of(value: object) -> list[Message]:
    """The turns of what a model answered: a string, a message, or a response of the OpenAI or Anthropic API.

    Of several choices the first counts. An answer that holds none (an error, null) gives no turn.
    """
    value = as_json(value)
    if isinstance(value, str):
        return [{"role": "assistant", "content": value}] if value.strip() else []
    if isinstance(value, list | tuple):
        return _messages_only(value)
    if not isinstance(value, Mapping):
        return []
    choices = value.get("choices")
    if isinstance(choices, list | tuple):
        first = choices[0] if choices and isinstance(choices[0], Mapping) else {}
        message = first.get("message")
        return answer_of(first.get("text") if message is None else message)
    for key in ("output", "output_text", "completion"):
        if key in value:
            return answer_of(value[key])
    return _messages_only([value])


def _messages_only(items: list[object] | tuple[object, ...]) -> list[Message]:
    turns: list[Message] = []
    for item in items:
        if isinstance(item, Mapping):
            try:
                turns += _message({"role": "assistant", **_unwrapped(item)}, 1)
            except RowError:
                continue
    return [turn for turn in turns if turn["content"].strip()]


def system_of(value: object) -> list[Message]:
    """System instructions (a string, or a list of parts) as a turn."""
    value = as_json(value)
    text = value if isinstance(value, str) else _texts(value)
    return [{"role": "system", "content": text}] if text.strip() else []


def _message(item: object, number: int) -> Iterator[Message]:
    if isinstance(item, str):
        yield {"role": "user", "content": item}
        return
    if not isinstance(item, Mapping):
        raise RowError(f"wrong type: message {number} is no object")
    item = _unwrapped(item)
    kind = item.get("type")
    if kind in _UNSAID:
        return
    if kind in _TOOL_RESULTS and "role" not in item:
        yield {"role": "tool", "content": _result(item)}
        return
    if kind in _TOOL_CALLS and item.get("role") in (None, "assistant"):
        yield {"role": "assistant", "content": _calls([_plain_call(item)], "assistant")}
        return
    role = item.get("role") or (kind if isinstance(kind, str) and kind in ROLES else None)
    if not isinstance(role, str) or not role.strip():
        raise RowError(f"message {number} has no role")
    yield from _said(item, ROLES.get(role.strip().lower(), role.strip().lower()), number)


def _said(item: Mapping[str, object], role: str, number: int) -> Iterator[Message]:
    """The turns of a message that has a role, in their order: what is said, and results of tools between it."""
    content = next((item[key] for key in ("content", "parts", "contents") if item.get(key) is not None), None)
    if isinstance(content, Mapping):
        content = [content]
    if content is not None and not isinstance(content, str | list | tuple):
        raise RowError(f"wrong type: the content of message {number} is no text")
    calls = item.get("tool_calls") or item.get("function_call")
    if content is None or isinstance(content, str):
        yield {"role": role, "content": content or _calls(calls, role)}
        return
    said: list[Mapping[str, object]] = []
    silent = True
    for part in map(_part, content):
        if part.get("type") in _TOOL_RESULTS:
            text = _spoken(said, role)
            if text:
                yield {"role": role, "content": text}
            yield {"role": "tool", "content": _result(part)}
            said, silent = [], False
        else:
            said.append(part)
    text = _spoken(said, role) or _calls(calls, role)
    if text or silent:
        yield {"role": role, "content": text}


def _spoken(parts: list[Mapping[str, object]], role: str) -> str:
    calls = [_plain_call(part) for part in parts if part.get("type") in _TOOL_CALLS]
    return _texts(parts) or _calls(calls, role)


def _calls(calls: object, role: str) -> str:
    """Calls of tools as the content of a turn; only an assistant makes any."""
    if not calls or role != "assistant":
        return ""
    return json.dumps(as_json(calls), ensure_ascii=False, default=str)


def _unwrapped(item: Mapping[str, object]) -> Mapping[str, object]:
    """OpenInference messages without their prefixes; others as they are."""
    inner = item.get("message")
    if isinstance(inner, Mapping) and "role" not in item:
        return _unwrapped(inner)
    if "message.role" in item:
        return {key.removeprefix("message."): value for key, value in item.items()}
    return item


def _part(part: object) -> Mapping[str, object]:
    if isinstance(part, str):
        return {"type": "text", "text": part}
    if not isinstance(part, Mapping):
        return {}
    inner = part.get("message_content")
    if isinstance(inner, Mapping):
        return inner
    if any(key.startswith("message_content.") for key in part):
        return {key.removeprefix("message_content."): value for key, value in part.items()}
    return part


def _texts(content: object) -> str:
    if isinstance(content, str):
        return content
    if not isinstance(content, list | tuple):
        return ""
    found: list[str] = []
    for part in map(_part, content):
        kind = part.get("type")
        if kind in _UNSAID or kind in _TOOL_RESULTS or kind in _TOOL_CALLS:
            continue
        text = part.get("text", part.get("content") if kind in ("text", None) else part.get("refusal"))
        if isinstance(text, Mapping):
            text = text.get("value")
        if isinstance(text, str) and text:
            found.append(text)
    return "\n".join(found)


def _result(part: Mapping[str, object]) -> str:
    for key in ("content", "output", "result", "response"):
        value = part.get(key)
        if isinstance(value, str):
            return value
        if value is not None:
            return _texts(value) or json.dumps(value, ensure_ascii=False, default=str)
    return ""


def _plain_call(part: Mapping[str, object]) -> dict[str, object]:
    arguments = part.get("input", part.get("arguments"))
    return {"name": part.get("name"), "arguments": arguments}
