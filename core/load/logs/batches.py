"""Files of the batch APIs: requests, results, or both one after the other.

OpenAI: a request is `custom_id`, `method`, `url`, `body`; a result `id`, `custom_id`, `response` (`status_code`, `body`),
`error`. Anthropic: a request is `custom_id`, `params`; a result `custom_id`, `result` (`type` succeeded, errored, canceled or
expired; `message`). Results hold no questions: they are joined to their requests by `custom_id`, in one file.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping

from core.errors import ActionError
from core.load.clean import excerpt
from core.load.logs.chat import Chat, Row, as_mapping, first_of, without
from core.load.logs.groups import Groups
from core.load.logs.requests import call_chat
from core.load.read_json import Item
from core.load.records import Reject
from core.load.turns import RowError

_TICK = 1_000
_TEXTS = ("messages", "input", "prompt", "system", "instructions", "tools", "model", "user")


def is_openai_batch(row: Row) -> bool:
    """Whether a row is a request or a result of an OpenAI batch."""
    if "custom_id" not in row:
        return False
    body = row.get("body")
    if isinstance(body, Mapping):
        return bool({"messages", "input"} & body.keys()) and "url" in row
    return "response" in row and "error" in row


def is_anthropic_batch(row: Row) -> bool:
    """Whether a row is a request or a result of an Anthropic message batch."""
    if "custom_id" not in row:
        return False
    params, result = row.get("params"), row.get("result")
    return (isinstance(params, Mapping) and "messages" in params) or (
        isinstance(result, Mapping) and result.get("type") in ("succeeded", "errored", "canceled", "expired")
    )


def batch_chats(items: Iterable[Item], tick: Callable[[], None]) -> Iterator[Chat | Reject]:
    """The requests of a batch, each with its result where the file holds that too.

    Raises:
        ActionError: `answers_only` for a file of results alone.
    """
    asked = False
    results = 0
    with Groups[tuple[int, dict[str, object]]]() as pairs:
        for number, (line, row) in enumerate(items):
            if number % _TICK == 0:
                tick()
            if isinstance(row, Reject):
                yield row
                continue
            asked = asked or _question(row) is not None
            results += _question(row) is None
            pairs.add(str(row.get("custom_id")), (line, row))
        if results and not asked:
            raise ActionError(
                "answers_only",
                f"The file holds {results} results of a batch, and no question.",
                "Append the file of requests: cat requests.jsonl results.jsonl > both.jsonl.",
            )
        for pair in pairs:
            yield from _joined(pair)


def _joined(rows: list[tuple[int, dict[str, object]]]) -> Iterator[Chat | Reject]:
    requests = [(line, row) for line, row in rows if _question(row) is not None]
    answers = [(line, row) for line, row in rows if _question(row) is None]
    if not requests:
        for line, row in answers:
            yield Reject(line, "a result without its request", excerpt(row))
    for line, row in requests:
        answer = answers[0][1] if answers else {}
        try:
            yield _chat(line, row, answer)
        except RowError as error:
            yield Reject(line, str(error), excerpt(row))


def _chat(line: int, row: Row, answer: Row) -> Chat:
    key = "body" if isinstance(row.get("body"), Mapping) else "params"
    body = as_mapping(row[key])
    response, result = as_mapping(answer.get("response")), as_mapping(answer.get("result"))
    said = as_mapping(response.get("body")) or as_mapping(result.get("message"))
    metadata = without(row, "custom_id", key)
    settings = without(body, *_TEXTS)
    about = {
        "status": result.get("type") or response.get("status_code"),
        "error": answer.get("error") or result.get("error") or said.get("error"),
        "usage": said.get("usage"),
    }
    return call_chat(line, row, body, said, metadata | ({key: settings} if settings else {}) | without(about))


def _question(row: Row) -> object:
    body = first_of(row, "body", "params")
    return body if isinstance(body, Mapping) else None
