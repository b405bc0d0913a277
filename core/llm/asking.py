"""A caller that is ready to ask: the client, the limits and the journal's lock, opened and closed in one place."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

from core.llm.batch_caller import BatchCaller
from core.llm.batch_client import BatchClient
from core.llm.batch_desk import Desk
from core.llm.caller import Caller
from core.llm.limits import Backoff, Limits
from core.llm.pace import Pace, no_batch
from core.llm.prices import Price
from core.llm.provider import TIMEOUT, Client
from core.llm.question import Budget, Outcome, Question, T
from core.llm.target import Target, with_key
from core.session import Session
from db import llm_batch, llm_log
from db.llm_log import CallKey
from db.workspace import Workspace


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

    With `pace.batch` it asks by Message Batches: `ask` may raise `Detached`, and the block is to let it pass.

    Raises:
        ActionError: `no_key`, or `no_batch`.
        StoreError: `store_locked` while another job calls models.
    """
    if pace.batch and target.provider != "anthropic":
        raise no_batch(target.provider)
    client = Client(with_key(target), manner.timeout)
    backoff = manner.backoff or _backoff(seed)
    try:
        with llm_log.calling(session.workspace):
            if not pace.batch:
                yield _caller(session, client, price, pace, purpose, backoff)
                return
            caller = _batch_caller(session, client, price, pace, purpose, backoff)
            yield caller
            caller.settle()
    finally:
        client.close()


@contextmanager
def rehearsing(
    session: Session, target: Target, price: Price | None, purpose: str, *, again: bool = False
) -> Iterator[Caller[Any]]:
    """A caller that answers from the journal alone: it sends nothing, and needs no key."""
    client = Client(replace(target, key="none"))
    try:
        yield _caller(session, client, price, Pace(max_calls=0, again=again), purpose, _backoff(0))
    finally:
        client.close()


def in_batch(workspace: Workspace, target: Target, question: Question[T], outcome: Outcome[T]) -> bool:
    """Whether a question that is `pending` waits in a batch for its answer."""
    key = CallKey(outcome.prompt_hash, f"{target.provider}/{target.model}", outcome.attempt, question.vote)
    return llm_batch.waits_in(workspace, key) is not None


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
        again=pace.again,
    )


def _batch_caller(
    session: Session, client: Client, price: Price | None, pace: Pace, purpose: str, backoff: Backoff
) -> BatchCaller[Any]:
    action, params = session.doing
    return BatchCaller(
        client=client,
        workspace=session.workspace,
        limits=Limits(),
        backoff=backoff,
        budget=Budget(pace.max_cost, pace.max_calls),
        price=price,
        purpose=purpose,
        control=session.control,
        desk=Desk(BatchClient(client), session.workspace, backoff, session.control),
        command=json.dumps({"action": action, "params": params}, ensure_ascii=False),
    )
