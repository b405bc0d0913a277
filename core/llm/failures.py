"""What can go wrong between us and a provider, and what follows from it."""

from __future__ import annotations

import email.utils
import time
from collections.abc import Mapping
from typing import Any, Literal

from core.text import one_line

Kind = Literal["rate", "server", "timeout", "connection", "garbled", "content", "request", "refused"]
"""`rate` (429), `server` (5xx, 529), `timeout`, `connection` and `garbled` (a body that is no answer) may pass; `content`
is a question that will never be answered, for its length or for what it says; `request` a call that will never work; `refused` holds for every call: key, permission, credit, model."""

PASSING: tuple[Kind, ...] = ("rate", "server", "timeout", "connection", "garbled")

_CREDIT = ("credit balance", "insufficient_quota", "exceeded your current quota", "billing")

_CONTENT = (
    "too long", "too large", "context length", "context_length", "context limit", "context window", "maximum context",
    "content filter", "content_filter", "content management policy", "invalid_prompt", "flagged",
)  # fmt: skip
"""What providers say of a question that they refuse for itself."""


class CallFailed(Exception):
    """A call that was not answered.

    Args:
        kind: What follows from it.
        message: In the provider's words where it had any.
        retry_after: Seconds that the provider asks to wait.
        body: What it sent, raw.
        refused_connection: Nobody listens there, or the name is unknown.
    """

    def __init__(
        self,
        kind: Kind,
        message: str,
        *,
        status: int | None = None,
        retry_after: float | None = None,
        body: str | None = None,
        refused_connection: bool = False,
    ) -> None:
        super().__init__(message)
        self.kind = kind
        self.message = message
        self.status = status
        self.retry_after = retry_after
        self.body = body
        self.refused_connection = refused_connection


class BadAnswer(Exception):
    """An answer that came and cannot be used; the message is told to the model that is asked again.

    Args:
        cut_off: It ended because it reached the limit of tokens.
    """

    def __init__(self, message: str, *, cut_off: bool = False) -> None:
        super().__init__(message)
        self.message = message
        self.cut_off = cut_off


def of_status(status: int, headers: Mapping[str, str], body: str, details: Any) -> CallFailed:
    """The failure that an HTTP status other than 2xx stands for."""
    message = one_line(_message(details) or body or _elsewhere(status, headers) or "no message", 500)
    words = f"{message} {body[:2000]}".lower()
    kind: Kind
    if any(word in words for word in _CREDIT) and status in (400, 402, 403, 429):
        kind = "refused"
    elif status == 429:
        kind = "rate"
    elif status >= 500 or status in (408, 409):
        kind = "server"
    elif status in (400, 413, 422):
        kind = "content" if status == 413 or any(word in words for word in _CONTENT) else "request"
    else:
        kind = "refused"
    retry_after = _retry_after(headers) if kind in PASSING else None
    return CallFailed(kind, f"HTTP {status}: {message}", status=status, retry_after=retry_after, body=body)


def _message(details: Any) -> str:
    """The provider's sentence in an error body of any of the usual shapes."""
    for _ in range(3):
        if isinstance(details, str):
            return details
        if not isinstance(details, dict):
            return ""
        details = details.get("error", details.get("message"))
    return details if isinstance(details, str) else ""


def _elsewhere(status: int, headers: Mapping[str, str]) -> str:
    if status // 100 != 3:
        return ""
    return f"it points to {headers.get('location', 'another address')}; name that as base_url= if it is right"


def _retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds that the headers ask to wait: `retry-after-ms`, or `retry-after` as seconds or a date; at most an hour."""
    try:
        if value := headers.get("retry-after-ms"):
            seconds = float(value) / 1000
        elif value := headers.get("retry-after"):
            date = None if value.strip().replace(".", "", 1).isdigit() else email.utils.parsedate_tz(value)
            seconds = float(value) if date is None else email.utils.mktime_tz(date) - time.time()
        else:
            return None
    except (ValueError, OverflowError):
        return None
    return min(max(seconds, 0.0), 3600.0) if seconds == seconds else None
