"""Logs of calls to the OpenAI and Anthropic APIs: the body of each request, with the response where it was kept.

Body and response are those of the API references: chat completions (`messages`; `choices`), Responses (`input`,
`instructions`; `output`), Messages (`system`, `messages`; `content`). How a log wraps them differs by whoever wrote it:
understood are `request` and `response` (also `request_body`, `requestBody`, `response_body`, `responseBody`) with or without
an HTTP envelope whose `body` holds them, as objects or as JSON strings, and a response beside the fields of the body.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping

from core.load.logs.chat import (
    Assemble,
    Chat,
    Message,
    Row,
    as_json,
    as_mapping,
    first_of,
    row_by_row,
    without,
)
from core.load.logs.messages import answer_of, system_of, turns_of
from core.load.logs.threads import joined
from core.load.read_json import Item
from core.load.records import Reject
from core.load.turns import RowError

_REQUESTS = ("request", "request_body", "requestBody")
_RESPONSES = ("response", "response_body", "responseBody")
_IDS = ("id", "request_id", "requestId", "custom_id", "call_id", "uuid")
_TIMES = (
    "timestamp",
    "created_at",
    "createdAt",
    "created",
    "time",
    "datetime",
    "date",
    "start_time",
    "startTime",
)
_USERS = ("user", "user_id", "userId", "end_user", "user_hash")
_TEXTS = (
    "messages",
    "input",
    "prompt",
    "system",
    "instructions",
    "choices",
    "output",
    "content",
    "tools",
    "text",
)
"""Fields of a body that hold texts (or are as long as texts), and so are no metadata."""
_ANTHROPIC_PARTS = ("tool_use", "tool_result", "thinking")


def dialect(row: Row) -> str:
    """Which API a logged call speaks: `openai-chat`, `openai-responses`, `anthropic`; empty where it is no call."""
    body, _ = _request(row)
    response, _ = _response(row)
    if isinstance(body.get("messages"), list):
        if _is_anthropic(body, response):
            return "anthropic"
        told = any(key in row for key in _REQUESTS) or "choices" in response
        return "openai-chat" if told and ("model" in body or "choices" in response) else ""
    if "input" in body and ("output" in response or _is_responses(body)):
        return "openai-responses"
    return ""


def call_chats(line: int, row: Row) -> Iterator[Chat]:
    """The conversation that a call sent, with the answer behind it."""
    body, body_key = _request(row)
    response, response_key = _response(row)
    raw = as_json(row.get(response_key)) if response_key else None
    rest = without(row, *_IDS, *_TIMES, *_USERS, "language", "model", body_key, response_key)
    if body_key:
        rest |= _kept(body_key, body)
    else:
        rest = without(rest, *_TEXTS)
    rest |= _kept("response", response)
    yield call_chat(line, row, body, response or raw, rest)


def call_chat(line: int, row: Row, body: Row, answer: object, metadata: Mapping[str, object]) -> Chat:
    """A conversation of the body of a request, and of a response where there is one.

    Raises:
        RowError: The body holds no list of messages.
    """
    said = as_mapping(answer)
    turns = request_turns(body)
    answers = answer_of(answer)
    about = as_mapping(body.get("metadata"))
    answer_id, previous = said.get("id"), body.get("previous_response_id")
    return Chat(
        line=line,
        turns=(*turns, *answers),
        row=row,
        id=first_of(row, *_IDS) or said.get("id"),
        model=first_of(body, "model") or row.get("model") or said.get("model"),
        language=row.get("language"),
        timestamp=first_of(row, *_TIMES) or first_of(said, "created", "created_at"),
        user=first_of(row, *_USERS) or first_of(body, "user", "safety_identifier") or about.get("user_id"),
        metadata=metadata,
        answered=len(answers),
        answer_id=answer_id if isinstance(answer_id, str) else None,
        previous=previous if isinstance(previous, str) and previous else None,
    )


def request_turns(body: Row) -> list[Message]:
    """The turns in the body of a request of any of the APIs; the instructions come first, as a system turn."""
    turns = system_of(body.get("system") or body.get("instructions"))
    messages = as_json(body.get("messages"))
    if isinstance(messages, list):
        return turns + turns_of(messages)
    for key in ("input", "prompt"):
        if body.get(key) is not None:
            return turns + turns_of(as_json(body[key]))
    raise RowError("no messages in the request")


def calls_of(name: str) -> Callable[[Row], bool]:
    """Whether a row is a call of the API `name`."""
    return lambda row: dialect(row) == name


def calls(items: Iterable[Item], tick: Callable[[], None]) -> Iterator[Chat | Reject]:
    """The conversations of a log of calls, each once."""
    each: Assemble = row_by_row(call_chats)
    return joined(each(items, tick), tick)


def _request(row: Row) -> tuple[Row, str]:
    for key in _REQUESTS:
        found = _body(row.get(key))
        if found:
            return found, key
    return row, ""


def _response(row: Row) -> tuple[Row, str]:
    for key in _RESPONSES:
        if row.get(key) is not None:
            return _body(row[key]), key
    return {}, ""


def _body(value: object) -> Row:
    """What an HTTP envelope holds, or the value itself."""
    found = as_mapping(value)
    return as_mapping(found["body"]) if "body" in found and "messages" not in found else found


def _kept(key: str, body: Row) -> dict[str, object]:
    rest = without(body, *_TEXTS, "id", "model", "user", "role", "type", "object", "created", "created_at")
    return {key: rest} if rest else {}


def _is_responses(body: Row) -> bool:
    value = body["input"]
    items = (
        isinstance(value, list)
        and value
        and isinstance(value[0], Mapping)
        and bool({"role", "type"} & value[0].keys())
    )
    told = {"instructions", "max_output_tokens", "previous_response_id"} & body.keys()
    return "model" in body and (bool(items) or (isinstance(value, str) and bool(told)))


def _is_anthropic(body: Row, response: Row) -> bool:
    if response.get("type") == "message" or "anthropic_version" in body or "anthropic-version" in body:
        return True
    if str(body.get("model", "")).startswith(("claude", "anthropic")) or (
        "system" in body and "max_tokens" in body
    ):
        return True
    messages = body["messages"]
    return isinstance(messages, list) and any(
        isinstance(part, Mapping) and part.get("type") in _ANTHROPIC_PARTS
        for message in messages
        if isinstance(message, Mapping) and isinstance(message.get("content"), list)
        for part in message["content"]
    )
