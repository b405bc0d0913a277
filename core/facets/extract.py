"""Facets by a language model: every answer kept, every record asked once, the rest finished later."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from core.errors import ActionError
from core.facets.ask import Found, Round, ask
from core.facets.builtin import exists
from core.facets.order import Order, Work, new_order, order_of, prepare
from core.facets.rows import FacetMade, FacetPlan
from core.facets.units import Needed, Unit, needed, shown
from core.llm.asking import Manner, asking, in_batch, rehearsing
from core.llm.batch_rows import BatchWaiting
from core.llm.batch_work import detachable
from core.llm.caller import Caller
from core.llm.pace import Pace
from core.llm.provider import tokens_of
from core.lookup import find_dataset
from core.session import Session
from db import facets as stored
from db.facets import FacetInfo, NewFacet, Value

PURPOSE = "facet"

CHUNK, BATCH_CHUNK = 1_000, 20_000
"""Questions between two writes to the store, and that wait in batches together; the journal has every answer at once."""

USUAL_TOKENS, SHORT_TOKENS = 60, 20
"""Tokens of a usual answer about one record, and of a short one."""


@dataclass(frozen=True)
class Request:
    """The parameters of `facet.extract`."""

    name: str
    prompt: str | None
    values: str | None
    unit: Unit
    model: str
    dataset: str | None
    limit: int | None
    per_call: int
    base_url: str | None
    pace: Pace


@dataclass(frozen=True)
class Started:
    """A job that is ready: what is there already, and what is to be asked."""

    work: Work
    facet: FacetInfo | None
    needed: Needed


def start(session: Session, request: Request) -> Started:
    """Read what `facet.extract` asks for, and what of it is there.

    Raises:
        ActionError: `facet_exists` where the name stands for something else; what `new_order` and `prepare` raise.
    """
    workspace = session.workspace
    dataset_id, dataset = find_dataset(workspace, request.dataset or session.view.dataset)
    order = new_order(
        request.name,
        prompt=request.prompt,
        values=request.values,
        unit=request.unit,
        model=request.model,
        base_url=request.base_url,
        per_call=request.per_call,
    )
    facet = stored.find_facet(workspace, dataset_id, request.name)
    if facet is not None and not (
        facet.source == "model" and order.same(order_of(facet.parameters["order"]))
    ):
        raise exists(facet.name, dataset)
    return _started(session, prepare(session, dataset_id, dataset, order, request.pace), facet, request.limit)


def start_again(session: Session, facet: FacetInfo, dataset: str, limit: int | None, pace: Pace) -> Started:
    """Read what a facet by a model lacks."""
    work = prepare(session, facet.dataset_id, dataset, order_of(facet.parameters["order"]), pace)
    return _started(session, work, facet, limit)


def _started(session: Session, work: Work, facet: FacetInfo | None, limit: int | None) -> Started:
    if limit is not None and limit < 1:
        raise ActionError("bad_limit", f"limit={limit} is less than 1.", "Leave it out for all.")
    found = needed(session.workspace, work.dataset_id, facet.id if facet else None, work.order.unit, limit)
    return Started(work, facet, found)


def plan(session: Session, job: Started) -> FacetPlan:
    """What the job would take: the journal is played through, nothing is sent, and no key is needed."""
    work = job.work
    calls = sent = most = usual = short = journal = waiting = 0
    with rehearsing(session, work.target, work.price, PURPOSE) as caller:
        for round_ in _rounds(session, caller, job, CHUNK):
            journal += round_.answered
            for question, outcome in round_.left:
                if in_batch(session.workspace, work.target, question, outcome):
                    waiting += 1
                    continue
                calls += 1
                sent += tokens_of(work.target, question.prompt, question.schema)
                most += question.prompt.max_tokens
            pending = sum(found.status == "pending" for found in round_.found)
            usual += USUAL_TOKENS * pending
            short += SHORT_TOKENS * pending
    price = work.price
    return FacetPlan(
        facet=work.order.name,
        dataset=work.dataset,
        model=work.order.model,
        unit=work.order.unit,
        kind=work.order.kind.name,
        items=len(job.needed.items),
        conversations=sum(len(item.conversations) for item in job.needed.items) + len(job.needed.copies),
        calls=calls,
        from_journal=journal,
        in_batch=waiting,
        tokens_in=sent,
        tokens_out=usual,
        cost_low=None if price is None else round(price.cost(sent, short), 6),
        cost_high=None if price is None else round(2 * price.cost(sent, most), 6),
        prices=price.dated if price else None,
    )


def extract(
    session: Session, begin: Callable[[], Started], pace: Pace, manner: Manner | None = None
) -> FacetMade | BatchWaiting:
    """The job that `begin` makes ready, done; or, with `pace.batch`, where its batches are.

    Raises:
        ActionError: What `begin` and `run` raise.
    """
    return detachable(session, pace, lambda: run(session, begin(), pace, manner))


def run(session: Session, job: Started, pace: Pace, manner: Manner | None = None) -> FacetMade:
    """Ask about every item that has no value, and keep what comes chunk by chunk.

    Raises:
        ActionError: `no_key`, `provider_unreachable`, `provider_refused`, `provider_failed`, `in_batch`; `Detached` where
            `pace.batch` says so and answers are to come.
        StoreError: `store_locked` while another job calls models.
        Cancelled: Stopped; the answers so far are in the journal, and the same command goes on from there.
    """
    workspace, work = session.workspace, job.work
    if not job.needed.items:
        return _made(session, work, _write(session, job, None, (), job.needed.copies, 0.0))
    with asking(session, work.target, work.price, pace, PURPOSE, 0, manner or Manner()) as caller:
        if job.facet is None and stored.find_facet(workspace, work.dataset_id, work.order.name):
            # Made by another process while this one waited for its turn.
            raise exists(work.order.name, work.dataset)
        facet_id: int | None = None
        copies = job.needed.copies
        for round_ in _rounds(session, caller, job, BATCH_CHUNK if pace.batch else CHUNK):
            facet_id = _write(session, job, facet_id, round_.found, copies, round_.cost)
            copies = ()
        made = _made(session, work, facet_id)
        cost = None if work.price is None else round(caller.bill.cost, 6)
        return replace(made, calls=caller.bill.calls, cost=cost, stopped=caller.bill.stopped)


def _rounds(session: Session, caller: Caller[Any], job: Started, chunk: int) -> Iterator[Round]:
    order, items = job.work.order, job.needed.items
    template = order.template
    caller.unit = "calls" if order.per_call > 1 else "queries" if order.unit == "query" else "conversations"
    size = chunk * order.per_call
    parts = range(0, len(items), size)
    for n, begin in enumerate(parts, start=1):
        if len(parts) > 1:
            caller.stage = f"asking the model, part {n} of {len(parts)}"
        part = items[begin : begin + size]
        yield ask(caller, order, template, part, shown(session.workspace, order.unit, part))


def _write(
    session: Session,
    job: Started,
    facet_id: int | None,
    found: Sequence[Found],
    copies: Sequence[tuple[int, int]],
    cost: float,
) -> int:
    """Keep what came; the facet is made with its first values."""
    workspace, work = session.workspace, job.work
    with workspace.transaction() as connection:
        if facet_id is None:
            facet_id = (
                job.facet.id if job.facet else stored.add_facet(connection, _new(work), workspace.clock())
            )
        stored.put_values(connection, facet_id, _values(found))
        stored.copy_values(connection, facet_id, copies)
        stored.settle(workspace, facet_id, work.dataset_id, cost)
    return facet_id


def _new(work: Work) -> NewFacet:
    order = work.order
    price = None if work.price is None else [work.price.sent, work.price.received]
    return NewFacet(
        dataset_id=work.dataset_id,
        name=order.name,
        source="model",
        unit=order.unit,
        kind=order.kind.name,
        values=order.kind.values,
        model=order.model,
        prompt_hash=order.template.hash,
        parameters={"order": order.parameters, "price": price},
    )


def _values(found: Sequence[Found]) -> Iterator[Value]:
    for one in found:
        if one.status == "pending":
            continue
        for conversation in one.item.conversations:
            yield Value(conversation, one.value, one.problem, one.prompt_hash, one.attempt)


def _made(session: Session, work: Work, facet_id: int | None) -> FacetMade:
    assert facet_id is not None
    counts = stored.counts_of(session.workspace, facet_id, work.dataset_id)
    order: Order = work.order
    return FacetMade(
        facet=order.name,
        dataset=work.dataset,
        unit=order.unit,
        kind=order.kind.name,
        known=counts.known,
        failed=counts.failed,
        missing=counts.missing,
        status=counts.status,
    )
