"""The Message Batches API of the server on loopback: a test decides when a batch ends, and what becomes of each request."""

from __future__ import annotations

import json
import random
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

if TYPE_CHECKING:
    from tests.messages_server import Fault

ROOT_PATH = "/v1/messages/batches"

ERRORS = {
    400: "invalid_request_error", 401: "authentication_error", 402: "billing_error", 404: "not_found_error",
    413: "request_too_large", 429: "rate_limit_error", 529: "overloaded_error",
}  # fmt: skip


@dataclass
class ServedBatch:
    """A batch at the provider; `answered` is how many of its requests a cancel comes too late for."""

    id: str
    requests: list[dict[str, Any]]
    status: str = "in_progress"
    answered: int = 0
    archived: bool = False
    results: list[dict[str, Any]] = field(default_factory=list)
    made: datetime = field(default_factory=lambda: datetime.now(UTC))

    @property
    def shown(self) -> dict[str, Any]:
        """As the API shows it."""
        kinds = [result["result"]["type"] for result in self.results]
        numbers = {kind: kinds.count(kind) for kind in ("succeeded", "errored", "canceled", "expired")}
        ended = self.status == "ended"
        return {
            "id": self.id, "type": "message_batch", "processing_status": self.status,
            "request_counts": numbers | {"processing": 0 if ended else len(self.requests)},
            "created_at": self.made.isoformat(), "expires_at": (self.made + timedelta(days=1)).isoformat(),
            "ended_at": (self.made + timedelta(minutes=7)).isoformat() if ended else None,
            "archived_at": self.made.isoformat() if self.archived else None, "cancel_initiated_at": None,
            "results_url": f"https://elsewhere.invalid{ROOT_PATH}/{self.id}/results" if ended else None,
        }  # fmt: skip


@dataclass
class ServedBatches:
    """What the API does. `result` makes the result of a request; `choose` the fault of a call by its ordinal and `METHOD path`."""

    result: Callable[[dict[str, Any]], dict[str, Any]] = lambda _: {"type": "expired"}
    choose: Callable[[int, str], Fault | None] = lambda _, __: None
    at_once: bool = False
    """End each batch when it is made."""
    lag: int = 0
    """Calls for the list that do not show the newest batch yet."""
    made: list[ServedBatch] = field(default_factory=list)
    ordinal: int = 0
    calls: list[str] = field(default_factory=list)
    """`METHOD path` of each call, without what identifies a batch."""
    keys: set[str] = field(default_factory=set)
    lock: threading.RLock = field(default_factory=threading.RLock)

    @property
    def requests(self) -> list[str]:
        """Every request in every batch, as what makes two the same."""
        return [
            json.dumps(one["params"], ensure_ascii=False, sort_keys=True)
            for batch in self.made
            for one in batch.requests
        ]

    def end(self, *, expired: bool = False) -> None:
        """End every batch that is under way."""
        with self.lock:
            for batch in self.made:
                if batch.status != "ended":
                    self._end(batch, expired)

    def _end(self, batch: ServedBatch, expired: bool) -> None:
        canceling = batch.status == "canceling"
        for at, request in enumerate(batch.requests):
            if canceling and at >= batch.answered:
                result: dict[str, Any] = {"type": "canceled"}
            else:
                result = {"type": "expired"} if expired else self.result(request["params"])
            batch.results.append({"custom_id": request["custom_id"], "result": result})
        random.Random(len(batch.requests)).shuffle(batch.results)
        batch.status = "ended"

    def call(self, method: str, url: str, key: str, body: Any) -> tuple[int, str, Fault | None]:
        """The status and body of a call, and the fault with which they are sent."""
        parts = urlsplit(url)
        path = parts.path.removeprefix(ROOT_PATH).strip("/").split("/")
        what = f"{method} {'/'.join('ID' if part.startswith('msgbatch_') else part for part in path)}".strip()
        with self.lock:
            fault = self.choose(len(self.calls), what)
            self.calls.append(what)
            self.keys.add(key)
            if fault is not None and fault.kind == "status":
                return *self._error(fault.status, fault.message), fault
            if what == "POST":
                return 200, json.dumps(self._create(body)), fault
            if what == "GET":
                return 200, json.dumps(self._list(parse_qs(parts.query))), fault
            found = next((batch for batch in self.made if batch.id == path[0]), None)
            if found is None:
                return *self._error(404, f"no batch {path[0]}"), fault
            return *self._one(what, found), fault

    def _create(self, body: Any) -> dict[str, Any]:
        ids = [request["custom_id"] for request in body["requests"]]
        assert len(set(ids)) == len(ids)
        assert all(1 <= len(one) <= 64 and set(one) <= _ALLOWED for one in ids)
        self.ordinal += 1
        batch = ServedBatch(f"msgbatch_{self.ordinal:04}", body["requests"])
        self.made.append(batch)
        if self.at_once:
            self._end(batch, False)
        return batch.shown

    def _list(self, query: dict[str, list[str]]) -> dict[str, Any]:
        shown = self.made
        if self.lag:
            self.lag -= 1
            shown = shown[:-1]
        batches = list(reversed(shown))
        if after := query.get("after_id"):
            batches = batches[[batch.id for batch in batches].index(after[0]) + 1 :]
        limit = int(query.get("limit", ["20"])[0])
        page = batches[:limit]
        return {
            "data": [batch.shown for batch in page], "has_more": len(batches) > limit,
            "first_id": page[0].id if page else None, "last_id": page[-1].id if page else None,
        }  # fmt: skip

    def _one(self, what: str, batch: ServedBatch) -> tuple[int, str]:
        if what == "GET ID/results":
            if batch.status != "ended" or batch.archived:
                return self._error(404, "no results")
            return 200, "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in batch.results)
        if what == "POST ID/cancel":
            if batch.status == "ended":
                return self._error(400, "it has ended")
            batch.status = "canceling"
        return 200, json.dumps(batch.shown)

    def _error(self, status: int, message: str) -> tuple[int, str]:
        error = {"type": ERRORS.get(status, "api_error"), "message": message}
        return status, json.dumps({"type": "error", "error": error})


_ALLOWED = set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-")
