"""The Message Batches API of Anthropic, one request at a time, by its own client.

A batch ends within 24 hours; its results are kept for 29 days, come in any order, and are told apart by `custom_id`.
https://platform.claude.com/docs/en/build-with-claude/batch-processing
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import quote

from core.llm.failures import CallFailed, Kind
from core.llm.prices import Price
from core.llm.provider import Client
from core.text import one_line
from db.llm_batch_rows import CANCELED, EXPIRED, Item, Result
from db.llm_log import ANSWERED

_ERRORS: dict[str, Kind] = {
    "invalid_request_error": "request",
    "request_too_large": "request",
    "authentication_error": "refused",
    "billing_error": "refused",
    "permission_error": "refused",
    "not_found_error": "refused",
    "rate_limit_error": "rate",
}
"""What follows from an error of one request, by its type; of any other it may pass."""

_PAGE = 100
_PIECE = 65_536


@dataclass(frozen=True)
class Remote:
    """A batch as its provider tells it; `seconds` from its making to its end."""

    id: str
    status: str
    requests: int
    processing: int
    archived: bool
    seconds: float

    @property
    def ended(self) -> bool:
        """Whether every request has a result."""
        return self.status == "ended"


class BatchClient:
    """Speaks of batches through a `Client` of Anthropic's. Whatever fails is a `CallFailed`."""

    def __init__(self, client: Client) -> None:
        self.client = client

    def create(self, items: Sequence[Item]) -> Remote:
        """Send requests as a batch."""
        requests = [{"custom_id": item.custom_id, "params": json.loads(item.request)} for item in items]
        with self.client.talking() as own:
            sent = own.messages.batches.with_raw_response.create(requests=requests)
            return _remote(sent.http_response.text)

    def look(self, provider_id: str) -> Remote:
        """How a batch is."""
        with self.client.talking() as own:
            return _remote(own.messages.batches.with_raw_response.retrieve(provider_id).http_response.text)

    def cancel(self, provider_id: str) -> Remote:
        """Ask for no more answers; those that are there, and some that are being made, stay and are billed."""
        with self.client.talking() as own:
            return _remote(own.messages.batches.with_raw_response.cancel(provider_id).http_response.text)

    def newest(self) -> str:
        """The id of the newest batch of this key; empty when there is none."""
        return next((remote.id for remote in self._pages(1)), "")

    def newer_than(self, provider_id: str) -> Iterator[Remote]:
        """The batches that were made after one, newest first; all where it is empty or gone."""
        for remote in self._pages(_PAGE):
            if remote.id == provider_id:
                return
            yield remote

    def _pages(self, limit: int) -> Iterator[Remote]:
        after: dict[str, str] = {}
        while True:
            with self.client.talking() as own:
                page = own.messages.batches.with_raw_response.list(limit=limit, **after).http_response.text
            found = _checked(page)
            yield from (_remote(json.dumps(one)) for one in found.get("data", ()))
            if not found.get("has_more") or not found.get("last_id"):
                return
            after = {"after_id": found["last_id"]}

    def results(self, provider_id: str, price: Price | None) -> Iterator[Result]:
        """What became of each request of a batch that has ended, in the order in which it comes.

        The address is ours to make: the one that the provider gives is on its own host, and a proxy's key would go there.
        """
        path = f"/v1/messages/batches/{quote(provider_id, safe='')}/results"
        with self.client.talking() as own:
            response = _get(own, path)
        with contextlib.closing(response):
            for line in _lines(response):
                if line.strip():
                    yield self._result(self.client.target.hide(line), price)

    def _result(self, line: str, price: Price | None) -> Result:
        found = _checked(line)
        custom_id, result = found.get("custom_id"), found.get("result")
        if not isinstance(custom_id, str) or not isinstance(result, dict):
            raise CallFailed("garbled", "a line of the results is none", body=line)
        kind = result.get("type")
        if kind == "succeeded":
            body = json.dumps(result.get("message"), ensure_ascii=False)
            try:
                reply = self.client.reply(body)
            except CallFailed as failure:
                return Result(custom_id, failure.kind, line, failure.message)
            cost = price.cost(reply.tokens_in, reply.tokens_out) if price else None
            return Result(custom_id, ANSWERED, body, "", reply.tokens_in, reply.tokens_out, cost)
        if kind == "canceled":
            return Result(custom_id, CANCELED, line, "The batch was cancelled.")
        if kind == "expired":
            return Result(custom_id, EXPIRED, line, "The batch ended before it was its turn.")
        error = _inner(result)
        words = one_line(f"{error.get('type', 'error')}: {error.get('message', 'no message')}", 500)
        return Result(custom_id, _ERRORS.get(str(error.get("type")), "server"), line, words)


def _inner(result: dict[str, Any]) -> dict[str, Any]:
    """The error in an errored result: an object of its own within the API's usual error."""
    error = result.get("error")
    inner = error.get("error", error) if isinstance(error, dict) else None
    return inner if isinstance(inner, dict) else {}


def _checked(text: str) -> dict[str, Any]:
    try:
        found = json.loads(text)
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise CallFailed("garbled", "the body is no answer of this API", body=text[:10_000])
    return found


def _remote(text: str) -> Remote:
    from anthropic.types.messages import MessageBatch
    from pydantic import ValidationError

    try:
        batch = MessageBatch.model_validate_json(text)
    except ValidationError:
        raise CallFailed("garbled", "the body is no batch", body=text[:10_000]) from None
    numbers = batch.request_counts
    total = numbers.canceled + numbers.errored + numbers.expired + numbers.processing + numbers.succeeded
    end: datetime | None = batch.ended_at
    seconds = 0.0 if end is None else (end - batch.created_at).total_seconds()
    return Remote(
        id=batch.id,
        status=batch.processing_status,
        requests=total,
        processing=numbers.processing,
        archived=batch.archived_at is not None,
        seconds=max(seconds, 0.0),
    )


def _get(own: Any, path: str) -> Any:
    """A response whose body has not been read: results are larger than memory likes."""
    import anthropic
    import httpx

    headers = {"headers": {"Accept": "application/binary"}}
    return own.get(
        path, cast_to=httpx.Response, stream=True, stream_cls=anthropic.Stream[Any], options=headers
    )


def _lines(response: Any) -> Iterator[str]:
    """The lines of a body. Nothing but a newline ends one: an answer may hold any other break that Unicode knows."""
    import httpx

    rest = b""
    try:
        for piece in response.iter_bytes(_PIECE):
            *whole, rest = (rest + piece).split(b"\n")
            for line in whole:
                yield line.decode("utf-8", "replace")
    except httpx.TimeoutException:
        raise CallFailed("timeout", "no more results within the time limit") from None
    except httpx.HTTPError as error:
        raise CallFailed("connection", one_line(str(error), 200) or type(error).__name__) from None
    yield rest.decode("utf-8", "replace")
