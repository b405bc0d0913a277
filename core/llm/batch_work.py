"""Work that goes on at a provider after its command has ended: waiting for it, and what can be done to its batches."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from typing import TypeVar

from core.errors import ActionError, Cancelled
from core.llm.asking import Manner
from core.llm.batch_caller import Detached
from core.llm.batch_client import BatchClient
from core.llm.batch_desk import Desk, rest, told
from core.llm.batch_rows import BatchRow, BatchWaiting
from core.llm.failures import PASSING, CallFailed
from core.llm.limits import Backoff
from core.llm.pace import Pace
from core.llm.provider import Client
from core.llm.target import find_target, with_key
from core.page import Page
from core.session import Session
from db import llm_batch, llm_log
from db.llm_batch_rows import ENDED, Batch

R = TypeVar("R")

FIRST_POLL, LAST_POLL = 2.0, 60.0
"""Seconds between two looks at batches that are waited for: at first, and in the end."""


def detachable(session: Session, pace: Pace, work: Callable[[], R]) -> R | BatchWaiting:
    """The work's result; or where it is, when answers are still to come. With `pace.wait` it stays for them.

    While it waits, others may call models. Whoever stops it then loses nothing, and is told where the work is.

    Raises:
        ActionError: What the work raises; `batch_gone`, `provider_refused`.
    """
    while True:
        try:
            return work()
        except Detached as detached:
            row = detached.row
        if not pace.wait:
            return row
        try:
            _until_one_ended(session, row)
        except Cancelled:
            return replace(row, status="in_progress")


def _until_one_ended(session: Session, row: BatchWaiting) -> None:
    """Wait until one of the batches has ended."""
    pause = FIRST_POLL
    while True:
        done, ended = row.done, False
        for desk, batch in _desks(session, _named(session, row.batches)):
            try:
                remote = desk.look(batch)
            except CallFailed as failure:
                if failure.kind not in PASSING:
                    raise told(failure, desk.target) from None
                continue
            ended |= remote.ended
            done += remote.requests - remote.processing
        session.control.progress("waiting for the batch", done, row.requests, "requests")
        if ended:
            return
        rest(pause, session.control)
        pause = min(1.5 * pause, LAST_POLL)


def list_batches(session: Session) -> Page:
    """The batches, newest first, as they were when last looked at."""
    found = llm_batch.batches(session.workspace)
    return Page(tuple(_row(session, batch) for batch in reversed(found)))


def look(session: Session, name: str | None) -> Page:
    """How one batch, or every batch that has not ended, is at its provider; nothing is fetched or noted.

    Raises:
        ActionError: `unknown_batch`, `batch_gone`, `no_key`, `provider_refused`, `provider_failed`, `provider_unreachable`.
    """
    rows = []
    for desk, batch in _desks(session, _asked(session, name)):
        with _telling(desk):
            known = batch.provider_id is None or batch.status == ENDED
            status = batch.status if known else desk.look(batch).status
        rows.append(replace(_row(session, batch), status=status))
    return Page(tuple(rows))


def collect(session: Session, name: str | None, manner: Manner | None = None) -> Page:
    """Fetch the answers of one batch, or of every batch that has ended, into the journal of calls.

    What fails for one batch does not keep the others; it is raised in the end.

    Raises:
        ActionError: What `look` raises.
        StoreError: `store_locked` while another job calls models.
    """
    names: list[str] = []
    failed: list[ActionError] = []
    with llm_log.calling(session.workspace):
        for desk, batch in _desks(session, _asked(session, name), manner):
            names.append(batch.name)
            try:
                with _telling(desk):
                    desk.heal()
                    now = llm_batch.find(session.workspace, batch.name)
                    if now is not None and now.status != ENDED:
                        desk.fetch(now, lambda _: {})
            except Cancelled:
                raise
            except ActionError as error:
                failed.append(error)
    if failed:
        raise failed[0]
    return Page(tuple(_row(session, batch) for batch in _named(session, names)))


def cancel(session: Session, name: str, manner: Manner | None = None) -> BatchRow:
    """Ask the provider for no more answers of a batch. Those that are there are billed, and kept when they are fetched.

    A batch that the provider does not know is given up: its requests wait no longer.

    Raises:
        ActionError: `batch_ended`, and what `look` raises.
        StoreError: `store_locked` while another job calls models.
    """
    with llm_log.calling(session.workspace):
        for desk, batch in _desks(session, _asked(session, name), manner):
            if batch.status == ENDED:
                raise ActionError("batch_ended", f"{batch.name} has ended.", "Its answers are kept.")
            with _telling(desk):
                desk.cancel(batch)
    found = llm_batch.find(session.workspace, name)
    if found is None:
        raise ActionError(
            "batch_ended", f"{name} never reached the provider.", "Its requests wait no longer."
        )
    return _row(session, found)


def _asked(session: Session, name: str | None) -> list[Batch]:
    if name is None:
        return llm_batch.batches(session.workspace, under_way=True)
    found = llm_batch.find(session.workspace, name)
    if found is None:
        raise ActionError("unknown_batch", f"There is no batch {name[:80]!r}.", "batch.list shows them.")
    return [found]


def _named(session: Session, names: Iterable[str]) -> list[Batch]:
    found = (llm_batch.find(session.workspace, name) for name in names)
    return [batch for batch in found if batch is not None]


def _desks(
    session: Session, batches: Iterable[Batch], manner: Manner | None = None
) -> Iterator[tuple[Desk, Batch]]:
    """Each batch with who can speak of it to its provider."""
    manner = manner or Manner()
    for batch in batches:
        client = Client(with_key(find_target(batch.model, batch.endpoint)), manner.timeout)
        try:
            backoff = manner.backoff or Backoff()
            yield Desk(BatchClient(client), session.workspace, backoff, session.control), batch
        finally:
            client.close()


@contextlib.contextmanager
def _telling(desk: Desk) -> Iterator[None]:
    try:
        yield
    except CallFailed as failure:
        raise told(failure, desk.target) from None


def _row(session: Session, batch: Batch) -> BatchRow:
    counts = llm_batch.counts(session.workspace, batch)
    return BatchRow(
        batch=batch.name,
        provider_id=batch.provider_id,
        status=batch.status,
        purpose=batch.purpose,
        model=batch.model,
        endpoint=batch.endpoint,
        requests=batch.requests,
        answered=counts.answered,
        failed=counts.failed,
        waiting=counts.waiting,
        cost=counts.cost,
        submitted_at=batch.submitted_at,
        ended_at=batch.ended_at,
        command=batch.command,
    )
