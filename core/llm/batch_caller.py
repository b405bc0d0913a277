"""The loop that asks by Message Batches: from the journal first, what is left in a batch, and back later for the answers.

Each time that it is called it plays through what is known and sends what is not on its way yet. While something is,
it raises `Detached`; the same questions, asked again, go on from there. So it has no state of its own but the store's.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence, Set
from dataclasses import dataclass, field
from functools import partial
from typing import TypeVar

from core.errors import ActionError
from core.llm.batch_desk import Desk, told
from core.llm.batch_rows import BatchWaiting
from core.llm.caller import Caller
from core.llm.failures import CallFailed
from core.llm.question import Outcome, Question, T
from core.llm.task import Task
from db import llm_batch
from db.llm_batch_rows import CANCELED, WAITING, Batch, Item, State, custom_id
from db.llm_log import ANSWERED, Call, CallKey

R = TypeVar("R")

MOST_REQUESTS = 100_000
"""Requests of a batch."""

MOST_BYTES = 250_000_000
"""Bytes of a batch: a little below the provider's 256 MB."""

TRIES = 3
"""Times that a request is put into a batch until it has failed for good; each may take a day."""

HINT = "Repeat the command to go on, with wait=true to stay until it is done; batch.list shows what is under way."

_AROUND = len('{"custom_id":"","params":},') + 64
"""Bytes that a request has around its body in a batch."""


class Detached(ActionError):
    """The work goes on at the provider; `row` says where it is. Its answer to a user, where nothing asks for more, is an error."""

    def __init__(self, row: BatchWaiting) -> None:
        names = ", ".join(row.batches)
        super().__init__("in_progress", f"{names}: {row.done} of {row.requests} requests answered.", row.hint)
        self.row = row


@dataclass
class BatchCaller(Caller[T]):
    """Asks questions of one provider by batches.

    Limits on calls and tokens a minute are not those of batches. The budget is that of the whole work, however often it
    is taken up: a request counts from when it is sent until `settle`.

    Args:
        desk: Sends and fetches.
        command: The action that asks, as a line of a script.
    """

    desk: Desk = field(kw_only=True)
    command: str = field(kw_only=True)

    def __post_init__(self) -> None:
        self._billed: set[tuple[str, CallKey]] = set()
        self._used: set[str] = set()
        self._sent = False
        self._refusal = ""

    def ask(self, questions: Sequence[Question[T]]) -> list[Outcome[T]]:
        """Ask every question; the outcomes in the same order.

        Raises:
            Detached: Answers are to come.
            ActionError: `provider_unreachable`, `provider_refused`, `provider_failed`, `batch_gone`.
            Cancelled: Stopped; what was sent is written down.
        """
        self._begin(questions)
        self._guarded(self.desk.heal)
        while missing := self._play():
            self._report(len(questions))
            if self._fetched(missing):
                self._waiting.extend(missing)
                continue
            if under_way := self._send_new(missing):
                raise Detached(self._where(under_way))
        self._report(len(questions))
        self._check_refused()
        return [outcome for outcome in self._outcomes if outcome is not None]

    def settle(self) -> None:
        """The work is done: its batches count for no budget any more, and what failed in them may be asked anew."""
        llm_batch.settle(self.workspace, sorted(self._used))

    def _play(self) -> list[Task[T]]:
        """Take every answer that the journal has; the questions that it has none for."""
        missing = []
        while self._waiting:
            task = self._waiting.popleft()
            if (known := self._known(task)) is None:
                missing.append(task)
                continue
            self._count(task, known)
            self._read(task, known.response or "", known.tokens_in, known.tokens_out, known.cost)
        return missing

    def _count(self, task: Task[T], known: Call | None) -> list[State]:
        """Where a question is in batches, each request of this work on the bill once."""
        key = self._key(task)
        found = llm_batch.states(self.workspace, key)
        for state in found:
            self._used.add(state.batch)
            if state.settled or state.status == CANCELED or (state.batch, key) in self._billed:
                continue
            self._billed.add((state.batch, key))
            self.bill.calls += 1
        if known is not None and ("", key) not in self._billed:
            self._billed.add(("", key))
            if any(state.status == ANSWERED and not state.settled for state in found):
                self.bill.answered += 1
                self.bill.tokens_in += known.tokens_in
                self.bill.tokens_out += known.tokens_out
                self.bill.cost += known.cost or 0.0
        return found

    def _fetched(self, missing: Sequence[Task[T]]) -> bool:
        """Fetch what has ended of the batches that hold these questions; whether anything came."""
        holding = {llm_batch.waits_in(self.workspace, self._key(task)) for task in missing}

        def bodies(custom_ids: Set[str]) -> dict[str, str]:
            tasks = {custom_id(self._key(task)): task for task in missing}
            return {one: self._item(tasks[one]).request for one in custom_ids if one in tasks}

        changed = False
        for batch in self._batches(holding):
            changed |= self._guarded(partial(self.desk.fetch, batch, bodies))
        return changed

    def _guarded(self, call: Callable[[], R]) -> R:
        try:
            return call()
        except CallFailed as failure:
            raise told(failure, self.client.target) from None

    def _batches(self, names: Set[str | None]) -> list[Batch]:
        return [batch for batch in llm_batch.batches(self.workspace, under_way=True) if batch.name in names]

    def _send_new(self, missing: Sequence[Task[T]]) -> list[Task[T]]:
        """Put into batches what is in none and may be sent; the tasks that wait for an answer then."""
        under_way: list[Task[T]] = []
        new: dict[CallKey, Item] = {}
        fresh: list[Task[T]] = []
        for task in missing:
            found = self._count(task, None)
            if any(state.status == WAITING for state in found):
                under_way.append(task)
            elif not self._given_up(task, [state for state in found if state.status != CANCELED]):
                fresh.append(task)
        bound = sum(self._bound(task) for task in {self._key(task): task for task in under_way}.values())
        for task in fresh:
            key = self._key(task)
            if key not in new:
                self.bill.stopped = self.bill.stopped or self._over_budget(task, bound)
                if self.bill.stopped is not None:
                    self._put_off(task, self.bill.stopped)
                    continue
                bound += self._bound(task)
                new[key] = self._item(task)
                self.bill.calls += 1
            under_way.append(task)
        unsent = self._submit(list(new.values()))
        return [task for task in under_way if not self._left_out(task, unsent)]

    def _given_up(self, task: Task[T], failed: Sequence[State]) -> bool:
        """Settle a question whose requests failed for good."""
        if not failed:
            return False
        last = failed[-1]
        if last.status in ("refused", "request", "content"):
            self._refusal = self._refusal or last.problem
        if last.status == "refused":
            self.bill.stopped = self.bill.stopped or last.problem
            self._put_off(task, last.problem)
        elif last.status in ("request", "content") or len(failed) >= TRIES:
            self._settle(task, task.usable or self._outcome(task, "failed", last.problem))
        else:
            return False
        return True

    def _submit(self, items: Sequence[Item]) -> set[CallKey]:
        """Send requests in as many batches as they need; the keys of those that could not be sent."""
        unsent = {item.key for item in items}
        for part in _parts(items):
            try:
                name = self.desk.submit(part, self._model, self.purpose, self.command, self.price)
            except CallFailed as failure:
                error = told(failure, self.client.target)
                if not self._sent and not self.bill.answered and not self._any_answer():
                    raise error from None
                self.bill.stopped = self.bill.stopped or error.message
                break
            self._sent = True
            self._used.add(name)
            self._billed.update((name, item.key) for item in part)
            unsent -= {item.key for item in part}
        self.bill.calls -= len(unsent)
        return unsent

    def _left_out(self, task: Task[T], unsent: set[CallKey]) -> bool:
        if self._key(task) in unsent:
            self._put_off(task, self.bill.stopped or "")
            return True
        return False

    def _where(self, under_way: Sequence[Task[T]]) -> BatchWaiting:
        names = {llm_batch.waits_in(self.workspace, self._key(task)) or "" for task in under_way}
        batches = self._batches(names)
        return BatchWaiting(
            status="submitted" if self._sent else "in_progress",
            purpose=self.purpose,
            batches=tuple(batch.name for batch in batches),
            requests=self.bill.calls,
            done=self.bill.answered,
            since=min((batch.submitted_at for batch in batches), default=""),
            cost=None if self.price is None else round(self.bill.cost, 6),
            stopped=self.bill.stopped,
            hint=HINT,
        )

    def _check_refused(self) -> None:
        """Fail where nothing at all was answered and the provider said why: there is nothing to show."""
        if self._refusal and not self.bill.answered and not self._any_answer():
            self.settle()
            raise ActionError("provider_refused", self._refusal, "Nothing was charged for it.")

    @property
    def _model(self) -> str:
        return f"{self.client.target.provider}/{self.client.target.model}"

    def _item(self, task: Task[T]) -> Item:
        request = self.client.request(task.prompt, task.question.schema)
        return Item(self._key(task), json.dumps(request, ensure_ascii=False, sort_keys=True))


def _parts(items: Sequence[Item]) -> Iterator[list[Item]]:
    """The requests in as few batches as the provider's bounds allow."""
    part: list[Item] = []
    size = 0
    for item in items:
        more = len(item.request.encode()) + _AROUND
        if part and (len(part) == MOST_REQUESTS or size + more > MOST_BYTES):
            yield part
            part, size = [], 0
        part.append(item)
        size += more
    if part:
        yield part
