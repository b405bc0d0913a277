"""A caller that is ready to ask: the client, the limits and the journal's lock, opened and closed in one place."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

from core.llm.caller import Caller
from core.llm.limits import Backoff, Limits
from core.llm.pace import Pace
from core.llm.prices import Price
from core.llm.provider import TIMEOUT, Client
from core.llm.question import Budget
from core.llm.target import Target, with_key
from core.session import Session
from db import llm_log


@dataclass(frozen=True)
class Manner:
    """How long a provider may be silent, in seconds, and how a call that failed is tried again; tests set their own."""

    timeout: float = TIMEOUT
    backoff: Backoff | None = None


@contextmanager
def asking(
    session: Session, target: Target, price: Price | None, pace: Pace, purpose: str, seed: int, manner: Manner
) -> Iterator[Caller[Any]]:
    """A caller that holds the right to call models; all that it is asked within the block shares limits, budget and bill.

    Raises:
        ActionError: `no_key`.
        StoreError: `store_locked` while another job calls models.
    """
    client = Client(with_key(target), manner.timeout)
    try:
        with llm_log.calling(session.workspace):
            yield _caller(session, client, price, pace, purpose, manner.backoff or _backoff(seed))
    finally:
        client.close()


@contextmanager
def rehearsing(session: Session, target: Target, price: Price | None, purpose: str) -> Iterator[Caller[Any]]:
    """A caller that answers from the journal alone: it sends nothing, and needs no key."""
    client = Client(replace(target, key="none"))
    try:
        yield _caller(session, client, price, Pace(max_calls=0), purpose, _backoff(0))
    finally:
        client.close()


def _backoff(seed: int) -> Backoff:
    return Backoff(random=random.Random(seed))


def _caller(
    session: Session, client: Client, price: Price | None, pace: Pace, purpose: str, backoff: Backoff
) -> Caller[Any]:
    return Caller(
        client=client,
        workspace=session.workspace,
        limits=Limits(pace.concurrency, pace.rpm, pace.tpm),
        backoff=backoff,
        budget=Budget(pace.max_cost, pace.max_calls),
        price=price,
        purpose=purpose,
        control=session.control,
    )
