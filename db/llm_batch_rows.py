"""What is known of Message Batches and of the requests in them."""

from __future__ import annotations

from dataclasses import dataclass

from db.llm_log import CallKey

INTENDED, RUNNING, CANCELING, ENDED = "intended", "in_progress", "canceling", "ended"
"""States of a batch. `intended`: no receipt yet. `ended`: all its answers are in the journal."""

WAITING, CANCELED, EXPIRED = "waiting", "canceled", "expired"
"""States of a request, beside `answered` and the kinds of `core.llm.failures`."""


@dataclass(frozen=True)
class Item:
    """One request of a batch: the key of the call that it stands for, and its body as text."""

    key: CallKey
    request: str

    @property
    def custom_id(self) -> str:
        """What the provider calls it."""
        return custom_id(self.key)


def custom_id(key: CallKey) -> str:
    """What a provider calls a request: at most 64 of [a-zA-Z0-9_-]. Made of the question, so that it proves whose a batch is."""
    return f"{key.prompt_hash}-{key.attempt}-{key.vote}"


@dataclass(frozen=True)
class Batch:
    """A batch; `price` is what a million tokens sent and received cost in it, in dollars; `guessed`: found without a receipt."""

    id: int
    name: str
    provider_id: str | None
    endpoint: str
    model: str
    purpose: str
    command: str
    status: str
    requests: int
    newest: str
    guessed: bool
    price: tuple[float, float] | None
    submitted_at: str
    ended_at: str | None


@dataclass(frozen=True)
class NewBatch:
    """What is written down before a batch is sent; `newest` is the provider's id of the newest batch that it has, or empty."""

    endpoint: str
    model: str
    purpose: str
    command: str
    newest: str
    price: tuple[float, float] | None


@dataclass(frozen=True)
class Result:
    """What became of one request: `status` is `answered`, or why not, with `problem` in words; `body` is raw."""

    custom_id: str
    status: str
    body: str
    problem: str = ""
    tokens_in: int = 0
    tokens_out: int = 0
    cost: float | None = 0.0


@dataclass(frozen=True)
class State:
    """Where a question is, or was, in a batch; `settled`: the work that it was asked for has been done."""

    batch: str
    status: str
    problem: str
    settled: bool


@dataclass(frozen=True)
class Counts:
    """Requests of a batch, by what became of them, and what they cost."""

    answered: int
    failed: int
    waiting: int
    cost: float | None
