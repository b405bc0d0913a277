"""What is told of Message Batches."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class BatchWaiting:
    """Work whose answers are still to come from a provider; it is finished by the same command, later."""

    status: str
    """`submitted`: this command sent something; `in_progress`: it only looked."""
    purpose: str
    batches: tuple[str, ...]
    """Those that have not ended."""
    requests: int
    """Requests of this work that were put into batches so far."""
    done: int
    """How many of them are answered."""
    since: str
    """When the oldest batch that has not ended was sent."""
    cost: float | None
    """Dollars paid for this work so far; `None` where the price is not known."""
    stopped: str | None
    """Why not everything was sent."""
    hint: str


@dataclass(frozen=True)
class BatchRow:
    """A batch; the status is that of the last look: `intended` (no receipt yet), `in_progress`, `canceling`, or `ended`."""

    batch: str
    provider_id: str | None
    status: str
    purpose: str
    model: str
    endpoint: str
    requests: int
    answered: int
    failed: int
    """Requests that are not answered: errored, expired, cancelled, or of no use. They cost nothing and are asked again."""
    waiting: int
    cost: float | None
    submitted_at: str
    ended_at: str | None
    command: str
    """The action that made it, as a line of a script."""
