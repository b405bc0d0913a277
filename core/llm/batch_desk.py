"""Sending batches, finding those whose receipt was lost, and fetching results: never twice, whatever is killed between.

What is about to be sent is written down first. A batch without a receipt is looked for at the provider, among those that are newer
than the newest was before, unclaimed and of as many requests; that it is ours is proved by the ids in its results.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence, Set
from dataclasses import dataclass
from typing import TypeVar

from core.control import Control
from core.errors import ActionError
from core.llm.batch_client import BatchClient, Remote
from core.llm.failures import PASSING, CallFailed, Kind
from core.llm.limits import Backoff
from core.llm.prices import Price
from core.llm.target import Target
from db import llm_batch
from db.llm_batch_rows import CANCELED, EXPIRED, RUNNING, Batch, Item, NewBatch, Result
from db.workspace import Workspace

R = TypeVar("R")

Bodies = Callable[[Set[str]], Mapping[str, str]]

LOOKS = 3
"""Looks for a batch without a receipt until it is taken never to have arrived: a list may lag behind what it lists."""

UNREACHABLE = 3
"""Refused connections after which nobody is there."""

CHUNK = 500
"""Results that are put on disk at once."""

TICK = 0.1

_UNSURE: tuple[Kind, ...] = ("server", "timeout", "connection", "garbled")
"""Failures after which a batch may nevertheless have been made."""


@dataclass
class Desk:
    """Batches of one key at one address.

    Args:
        client: Sends.
        workspace: Where they are written down. Hold `db.llm_log.calling` but to look.
        backoff: How a request that failed is tried again.
        control: Told of progress, and asked whether to stop.
    """

    client: BatchClient
    workspace: Workspace
    backoff: Backoff
    control: Control

    @property
    def target(self) -> Target:
        return self.client.client.target

    def heal(self) -> None:
        """Find the batches whose receipt never arrived, or forget them: after this, what waits is at the provider.

        Raises:
            CallFailed: The provider does not tell.
        """
        for batch in llm_batch.batches(self.workspace, under_way=True, endpoint=self.target.base_url):
            if batch.provider_id is None and self._found(batch, LOOKS) is None:
                llm_batch.withdraw(self.workspace, batch)

    def _found(self, batch: Batch, looks: int) -> Remote | None:
        """The batch at the provider that must be this one, now noted as such."""
        taken = llm_batch.taken_ids(self.workspace, batch)
        for look in range(looks):
            if look:
                rest(self.backoff.delay(look, None), self.control)
            newer = self.trying(lambda: list(self.client.newer_than(batch.newest)))
            # The oldest comes next after what was newest before; later ones are of other programs.
            for remote in reversed(newer):
                if remote.id not in taken and remote.requests == batch.requests:
                    llm_batch.received(self.workspace, batch, remote.id, guessed=True)
                    return remote
        return None

    def submit(
        self, items: Sequence[Item], model: str, purpose: str, command: str, price: Price | None
    ) -> str:
        """Send requests as one batch, and give back its name.

        Raises:
            CallFailed: It was not sent; or, where nobody can know, the next `heal` finds out.
        """
        newest = self.trying(self.client.newest)
        prices = None if price is None else (price.sent, price.received)
        new = NewBatch(self.target.base_url, model, purpose, command, newest, prices)
        batch = llm_batch.intend(self.workspace, new, items)
        failures = 0
        while True:
            try:
                remote = self.client.create(items)
            except CallFailed as failure:
                failures += 1
                unsure = failure.kind in _UNSURE and not failure.refused_connection
                if self._hopeless(failure, failures):
                    if not unsure:
                        llm_batch.withdraw(self.workspace, batch)
                    raise
                rest(self.backoff.delay(failures, failure.retry_after), self.control)
                if unsure and self._found(batch, 1) is not None:
                    return batch.name
                continue
            llm_batch.received(self.workspace, batch, remote.id, guessed=False)
            return batch.name

    def look(self, batch: Batch) -> Remote:
        """How a batch is at the provider.

        Raises:
            ActionError: `batch_gone`: the provider does not know it, or not by this key.
            CallFailed: The provider does not tell.
        """
        try:
            return self.trying(lambda: self.client.look(batch.provider_id or ""))
        except CallFailed as failure:
            if failure.status == 404:
                raise ActionError(
                    "batch_gone",
                    f"The provider does not know {batch.name} ({batch.provider_id}): {failure.message}",
                    f"Another key may have made it. batch.cancel batch={batch.name} gives it up for good.",
                ) from None
            raise

    def fetch(self, batch: Batch, bodies: Bodies) -> bool:
        """Put the results of a batch into the journal if it has ended; whether anything changed.

        Args:
            batch: Sent before.
            bodies: Gives those requests of some custom ids that are at hand: chat text may have been forgotten here.

        Raises:
            ActionError: `batch_gone`.
            CallFailed: The provider does not tell.
        """
        remote = self.look(batch)
        if not remote.ended:
            if remote.status != batch.status:
                llm_batch.mark(self.workspace, batch, remote.status)
            return False
        if remote.archived:
            llm_batch.finish(
                self.workspace,
                batch,
                EXPIRED,
                "Its results were fetched too late: they are kept 29 days.",
            )
            return True
        if batch.guessed and not self.trying(lambda: self._is_ours(batch)):
            llm_batch.disown(self.workspace, batch)
            self.heal()
            return True
        forgotten = llm_batch.forgotten(self.workspace, batch)
        requests = bodies(forgotten) if forgotten else {}
        self.trying(lambda: self._take(batch, remote, requests))
        llm_batch.finish(self.workspace, batch, "garbled", "The results do not hold it.")
        return True

    def cancel(self, batch: Batch) -> None:
        """Ask for no more answers of a batch; one that the provider never had, or does not know any more, is given up.

        Raises:
            CallFailed: The provider does not tell.
        """
        self.heal()
        now = llm_batch.find(self.workspace, batch.name)
        if now is None:
            return
        try:
            remote = self.look(now)
        except ActionError:
            llm_batch.finish(self.workspace, now, CANCELED, "The provider does not know the batch any more.")
            return
        if not remote.ended:
            remote = self.trying(lambda: self.client.cancel(remote.id))
        llm_batch.mark(self.workspace, now, RUNNING if remote.ended else remote.status)

    def _is_ours(self, batch: Batch) -> bool:
        held = {result.custom_id for result in self.client.results(batch.provider_id or "", None)}
        return held == llm_batch.custom_ids(self.workspace, batch)

    def _take(self, batch: Batch, remote: Remote, requests: Mapping[str, str]) -> None:
        price = None if batch.price is None else Price(*batch.price, "batch")
        chunk: list[Result] = []
        taken = 0

        def put() -> None:
            nonlocal taken
            llm_batch.take(self.workspace, batch, chunk, remote.seconds, requests)
            taken += len(chunk)
            chunk.clear()
            self.control.progress("fetching answers", taken, batch.requests, "requests")

        for result in self.client.results(batch.provider_id or "", price):
            chunk.append(result)
            if len(chunk) == CHUNK:
                put()
        put()

    def trying(self, call: Callable[[], R]) -> R:
        """What a call gives that may be made again; what passes is waited for.

        Raises:
            CallFailed: The last failure.
        """
        failures = 0
        while True:
            try:
                return call()
            except CallFailed as failure:
                failures += 1
                if self._hopeless(failure, failures):
                    raise
                rest(self.backoff.delay(failures, failure.retry_after), self.control)

    def _hopeless(self, failure: CallFailed, failures: int) -> bool:
        most = UNREACHABLE if failure.refused_connection else self.backoff.tries
        return failure.kind not in PASSING or failures >= most


def rest(seconds: float, control: Control) -> None:
    """Wait, and hear whether to stop meanwhile."""
    until = time.monotonic() + seconds
    while (left := until - time.monotonic()) > 0:
        control.check()
        time.sleep(min(TICK, left))


def told(failure: CallFailed, target: Target) -> ActionError:
    """What a user is told of a failure of the provider."""
    if failure.kind not in PASSING:
        return ActionError("provider_refused", failure.message, "Nothing was charged for it.")
    if failure.refused_connection:
        words = f"{target.base_url} cannot be reached: {failure.message}."
        return ActionError(
            "provider_unreachable",
            words,
            "Check base_url= and the network; the same command goes on where it was.",
        )
    words = f"The provider does not answer; the last time it said: {failure.message}."
    return ActionError("provider_failed", words, "The same command goes on where it was.")
