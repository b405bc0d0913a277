"""The loop that asks many questions: within limits, from the journal first, again where that helps, never beyond the budget.

One thread decides; the others send one request each, journal what came, and report. So every rule stands in one place,
and an answer is on disk before anything looks at it.
"""

from __future__ import annotations

import heapq
import json
import time
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor
from concurrent.futures import wait as wait_for
from dataclasses import dataclass, field, replace
from typing import Generic

from core.control import Control
from core.errors import ActionError
from core.llm.failures import PASSING, BadAnswer, CallFailed
from core.llm.forms import FormRefused
from core.llm.limits import Backoff, Limits
from core.llm.prices import Price
from core.llm.provider import Client, Reply, prompt_hash, tokens_of
from core.llm.question import Bill, Budget, Outcome, Question, Status, T
from core.llm.task import Task
from core.llm.tokens import estimate
from db import llm_batch, llm_log
from db.llm_log import Call, CallKey
from db.workspace import Workspace

ASKS = 3
"""Times that a question is asked until its answers have failed for good."""

TICK = 0.1
"""Seconds after which the loop looks whether it should stop."""

UNREACHABLE = 3
"""Refused connections in a row, before any answer, after which nobody is there."""

HOPELESS = 30
"""Failures in a row, of any calls, after which a provider is taken to be down."""


@dataclass
class Caller(Generic[T]):
    """Asks questions of one provider.

    Args:
        client: Sends.
        workspace: Whose journal answers first and keeps everything. Hold `db.llm_log.calling` around `ask`.
        limits: When a call may start.
        backoff: How a call that failed is tried again.
        budget: What may be spent.
        price: Of the model; `None` when it is not known.
        purpose: What the journal says the calls were for.
        control: Told of progress, and asked whether to stop.
        stage: What the progress says is being done.
        unit: What is counted meanwhile.
        clock: Seconds, for limits and latency.
        again: Ask anew what the journal has nothing but bad answers to.
    """

    client: Client
    workspace: Workspace
    limits: Limits
    backoff: Backoff
    budget: Budget
    price: Price | None
    purpose: str
    control: Control
    stage: str = "asking the model"
    unit: str = "clusters"
    clock: Callable[[], float] = time.monotonic
    bill: Bill = field(default_factory=Bill)
    again: bool = False

    def ask(self, questions: Sequence[Question[T]]) -> list[Outcome[T]]:
        """Ask every question; the outcomes in the same order.

        Raises:
            ActionError: `provider_unreachable`, `provider_refused` or `provider_failed` when nothing was answered at all.
            Cancelled: Stopped; what was answered is in the journal.
        """
        self._begin(questions)
        self._delayed: list[tuple[float, int, Task[T]]] = []
        self._running: dict[Future[Reply], Task[T]] = {}
        self._in_a_row = 0
        with ThreadPoolExecutor(self.limits.concurrency, "llm") as pool:
            while self._waiting or self._delayed or self._running:
                self._report(len(questions))
                now = self.clock()
                while self._delayed and self._delayed[0][0] <= now:
                    self._waiting.appendleft(heapq.heappop(self._delayed)[2])
                self._start(pool)
                self._collect()
        self._report(len(questions))
        return [outcome for outcome in self._outcomes if outcome is not None]

    def _begin(self, questions: Sequence[Question[T]]) -> None:
        self._outcomes: list[Outcome[T] | None] = [None] * len(questions)
        self._waiting = deque(Task(at, question) for at, question in enumerate(questions))

    def _report(self, total: int) -> None:
        settled = [o.cost or 0.0 for o in self._outcomes if o is not None and o.status != "pending"]
        done = len(settled)
        spent = f"{self.bill.tokens_in + self.bill.tokens_out:,} tokens"
        if self.price is not None and self.price.dated != "local":
            spent = f"${self.bill.cost:.4f}"
            if done:
                # What the journal answered has cost nothing now, but says what the others will.
                spent += f" of about ${self.bill.cost + (total - done) * sum(settled) / done:.2f}"
        self.control.progress(self.stage, done, total, f"{self.unit} ({spent})")

    def _start(self, pool: ThreadPoolExecutor) -> None:
        """Start what may start now. Answers in the journal are taken even where nothing may be sent any more."""
        if self.bill.stopped is not None:
            self._waiting.extend(task for *_, task in self._delayed)
            self._delayed.clear()
        while self._waiting:
            task = self._waiting[0]
            if (known := self._known(task)) is not None:
                self._waiting.popleft()
                self._read(task, known.response or "", known.tokens_in, known.tokens_out, known.cost)
                continue
            if self.bill.stopped is None:
                under_way = sum(self._bound(other) for other in self._running.values())
                self.bill.stopped = self._over_budget(task, under_way)
            if self.bill.stopped is not None:
                self._waiting.popleft()
                self._put_off(task, self.bill.stopped)
                continue
            if (batch := llm_batch.waits_in(self.workspace, self._key(task))) is not None:
                raise _in_batch(batch)
            now = self.clock()
            if self.limits.wait(now, len(self._running)) > 0:
                return
            self._waiting.popleft()
            if any(self._key(other) == self._key(task) for other in self._running.values()):
                # Two clusters of the same texts: the answer that is under way serves both.
                heapq.heappush(self._delayed, (now + TICK, task.at, task))
                continue
            self.limits.take(now, task.expected + task.prompt.max_tokens)
            self.bill.calls += 1
            task.sent = True
            self._running[pool.submit(self._send, task, self._key(task))] = task

    def _known(self, task: Task[T]) -> Call | None:
        """The answer in the journal; else the task is made ready to be sent."""
        task.hash = prompt_hash(self.client.target, task.prompt, task.question.schema)
        known = llm_log.answered(self.workspace, self._key(task))
        if known is None or known.response is None:
            task.expected = tokens_of(self.client.target, task.prompt, task.question.schema)
            return None
        return known

    def _put_off(self, task: Task[T], why: str) -> None:
        """Leave a task for later, with what it has."""
        self._settle(task, task.usable or self._outcome(task, "pending", why))

    def _bound(self, task: Task[T]) -> float:
        """The most that a call can cost, in dollars."""
        return self.price.cost(task.expected * 5 // 4, task.prompt.max_tokens) if self.price else 0.0

    def _over_budget(self, task: Task[T], under_way: float) -> str | None:
        """Why the next call may not be sent: every call that is under way is counted at the most that it can cost."""
        most = self.budget.max_calls
        if most is not None and self.bill.calls >= most:
            return f"max_calls={most} is reached"
        if self.budget.max_cost is None or self.price is None:
            return None
        if self.bill.cost + under_way + self._bound(task) > self.budget.max_cost:
            return f"max_cost={self.budget.max_cost:g} would be passed"
        return None

    def _collect(self) -> None:
        """Wait for the next thing to happen, and take in what came."""
        now = self.clock()
        pause = TICK
        if self._waiting:
            pause = min(pause, self.limits.wait(now, len(self._running)))
        if self._delayed:
            pause = min(pause, max(self._delayed[0][0] - now, 0.0))
        if not self._running:
            if self._waiting or self._delayed:
                time.sleep(pause)
            return
        done, _ = wait_for(self._running, timeout=pause, return_when=FIRST_COMPLETED)
        for future in done:
            task = self._running.pop(future)
            try:
                reply = future.result()
            except CallFailed as failure:
                self.limits.settle(task.expected + task.prompt.max_tokens, task.expected)
                self._failed(task, failure)
                continue
            self._in_a_row = 0
            tokens_in, tokens_out, cost = self._counted(task, reply)
            self.bill.answered += 1
            self.bill.tokens_in += tokens_in
            self.bill.tokens_out += tokens_out
            self.bill.cost += cost or 0.0
            self.limits.settle(task.expected + task.prompt.max_tokens, tokens_in + tokens_out)
            self._read(task, reply.body, tokens_in, tokens_out, cost)

    def _send(self, task: Task[T], key: CallKey) -> Reply:
        """In a thread of its own: send once, and journal what came before anybody reads it."""
        request = self.client.request(task.prompt, task.question.schema)
        text = json.dumps(request, ensure_ascii=False, sort_keys=True)
        call = Call(key, self.purpose, self.client.target.base_url, text, None, "", 0, 0, 0.0, 0.0)
        start = self.clock()
        try:
            reply = self.client.send(request)
        except CallFailed as failure:
            body = failure.body if failure.body is not None else failure.message
            llm_log.record(
                self.workspace,
                replace(call, response=body, status=failure.kind, latency=self.clock() - start),
            )
            raise
        tokens_in, tokens_out, cost = self._counted(task, reply)
        llm_log.record(
            self.workspace,
            replace(
                call,
                response=reply.body,
                status=llm_log.ANSWERED,
                tokens_in=tokens_in,
                tokens_out=tokens_out,
                cost=cost,
                latency=self.clock() - start,
            ),
        )
        return reply

    def _counted(self, task: Task[T], reply: Reply) -> tuple[int, int, float | None]:
        """Tokens and dollars of a reply; estimated where a server does not count."""
        tokens_in = reply.tokens_in or task.expected
        tokens_out = reply.tokens_out or estimate(reply.body)
        return tokens_in, tokens_out, self.price.cost(tokens_in, tokens_out) if self.price else None

    def _key(self, task: Task[T]) -> CallKey:
        model = f"{self.client.target.provider}/{self.client.target.model}"
        return CallKey(task.hash, model, task.attempt, task.question.vote)

    def _read(self, task: Task[T], body: str, tokens_in: int, tokens_out: int, cost: float | None) -> None:
        """Take an answer, or ask again."""
        task.tokens_in += tokens_in
        task.tokens_out += tokens_out
        task.cost = None if task.cost is None or cost is None else task.cost + cost
        task.asked += 1
        task.failures = 0
        try:
            answer = self.client.read(body, task.question.schema)
        except BadAnswer as bad:
            if task.usable is not None:
                self._settle(task, task.usable)
            elif task.asked >= ASKS:
                if not self._anew(task):
                    self._settle(task, self._outcome(task, "failed", bad.message))
            else:
                self._again(task, bad.message, bad.cut_off)
            return
        problem = task.question.judge(answer)
        if not problem:
            self._settle(task, self._outcome(task, "answered", "", answer))
        elif task.usable is not None or task.asked >= ASKS:
            self._settle(task, self._outcome(task, "unsupported", problem, answer))
        else:
            task.usable = self._outcome(task, "unsupported", problem, answer)
            self._again(task, problem, False)

    def _again(self, task: Task[T], complaint: str, cut_off: bool) -> None:
        complaint = f"Your answer before this one could not be used. {complaint} Answer again."
        most = task.prompt.max_tokens * 2 if cut_off else task.prompt.max_tokens
        task.prompt = replace(task.prompt, complaint=complaint, max_tokens=most)
        task.attempt += 1
        self._waiting.appendleft(task)

    def _anew(self, task: Task[T]) -> bool:
        """Go on with a question of which the journal has bad answers alone, where it was asked anew before or is to be."""
        question = task.question
        key = replace(
            self._key(task),
            prompt_hash=prompt_hash(self.client.target, question.prompt, question.schema),
            attempt=task.attempt + 1,
        )
        if task.sent or not (self.again or llm_log.answered(self.workspace, key)):
            return False
        task.prompt, task.attempt, task.asked = question.prompt, task.attempt + 1, 0
        self._waiting.appendleft(task)
        return True

    def _failed(self, task: Task[T], failure: CallFailed) -> None:
        """What follows from a call that was not answered."""
        if not isinstance(failure, FormRefused):
            # Calls under way when a server refuses a form say nothing against the server, or against the question.
            self._in_a_row += 1
            task.failures += 1
        nothing = not self._any_answer() and not self.bill.answered
        if failure.kind == "refused" or (failure.kind == "request" and nothing):
            self._stop("provider_refused", failure.message, "Nothing was charged for it.")
        elif failure.kind == "content" and nothing and self._in_a_row >= UNREACHABLE:
            hint = "Nothing was charged for it. Where questions are too long for the model, ask for less in each."
            self._stop("provider_refused", failure.message, hint)
        elif failure.kind in ("request", "content"):
            self._settle(task, task.usable or self._outcome(task, "failed", failure.message))
            return
        elif failure.refused_connection and not self.bill.answered and self._in_a_row >= UNREACHABLE:
            where = self.client.target.base_url
            hint = "Check base_url= and the network; the same command goes on where it was."
            self._stop("provider_unreachable", f"{where} cannot be reached: {failure.message}.", hint)
        elif self._in_a_row >= HOPELESS:
            words = f"{self._in_a_row} calls in a row failed, the last with: {failure.message}."
            self._stop("provider_failed", words, "The same command goes on where it was.")
        if self.bill.stopped is not None:
            self._put_off(task, self.bill.stopped)
        elif task.failures >= self.backoff.tries:
            self._settle(task, task.usable or self._outcome(task, "failed", failure.message))
        else:
            assert failure.kind in PASSING
            now = self.clock()
            due = now + self.backoff.delay(task.failures, failure.retry_after)
            if failure.retry_after is not None:
                self.limits.pause(now + failure.retry_after)
            elif failure.kind == "rate":
                self.limits.pause(due)
            heapq.heappush(self._delayed, (due, task.at, task))

    def _any_answer(self) -> bool:
        """Whether any question has an answer that can be used."""
        return any(outcome is not None and outcome.answer is not None for outcome in self._outcomes)

    def _stop(self, code: str, message: str, hint: str) -> None:
        """End the work: as an error when it has nothing to show, else with what it has."""
        if not self.bill.answered and not self._any_answer():
            raise ActionError(code, message, hint)
        self.bill.stopped = self.bill.stopped or message

    def _outcome(
        self,
        task: Task[T],
        status: Status,
        problem: str,
        answer: T | None = None,
    ) -> Outcome[T]:
        return Outcome(status, answer, problem, task.hash, task.attempt)

    def _settle(self, task: Task[T], outcome: Outcome[T]) -> None:
        if outcome.status != "pending":
            # What was paid after the answer that is kept counts, too. Of a pending one it counts when it is settled.
            outcome = replace(outcome, tokens_in=task.tokens_in, tokens_out=task.tokens_out, cost=task.cost)
        self._outcomes[task.at] = outcome


def _in_batch(batch: str) -> ActionError:
    return ActionError(
        "in_batch",
        f"{batch} holds this question, and its answer will be paid for.",
        f"Go on with batch=true; or batch.collect when it has ended; batch.cancel batch={batch} gives it up.",
    )
