"""Long work beside the screen: one job at a time, in a thread, with progress, and stopped by a flag."""

from __future__ import annotations

import contextlib
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from textual.message import Message

from core.control import Control, Progress
from core.registry import REGISTRY
from core.session import Result, Session
from core.view import View

REPORT_SECONDS = 0.1
"""At most so often a job's progress reaches the screen."""


@dataclass(frozen=True)
class Order:
    """What to run."""

    action: str
    params: dict[str, Any] = field(default_factory=dict)


class JobProgressed(Message):
    """The running job came further."""

    def can_replace(self, message: Message) -> bool:
        return isinstance(message, JobProgressed)


class JobEnded(Message):
    """The job is over: with a result, or with the error that ended it."""

    def __init__(
        self, order: Order, result: Result | None, error: BaseException | None, changes: dict[str, Any]
    ) -> None:
        super().__init__()
        self.order = order
        self.result = result
        self.error = error
        self.changes = changes
        """The fields of the view that the job changed."""


class Jobs:
    """The queue of everything that changes the store.

    Args:
        session: Each job works on a fork of it.
        post: Takes messages from any thread.
        now: Seconds of a clock that never goes back.
    """

    def __init__(
        self, session: Session, post: Callable[[Message], object], now: Callable[[], float] = time.monotonic
    ) -> None:
        self._session = session
        self._post = post
        self._now = now
        self._waiting: deque[Order] = deque()
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        self._reported = 0.0
        self.running: Order | None = None
        self.latest: Progress | None = None
        self.started = 0.0
        self.stage_started = 0.0

    def start(self, order: Order) -> bool:
        """Run the order, or put it behind the running one (false)."""
        if self.running is not None:
            self._waiting.append(order)
            return False
        self._run(order)
        return True

    def stop(self) -> None:
        """Ask the running job to stop, and forget those that wait."""
        self._waiting.clear()
        self._stop.set()

    @property
    def stopping(self) -> bool:
        """Whether the running job was asked to stop."""
        return self.running is not None and self._stop.is_set()

    @property
    def waiting(self) -> int:
        """How many orders wait."""
        return len(self._waiting)

    def ended(self, failed: bool) -> None:
        """The screen has seen the end of the running job: go on with the next; after a failure with none."""
        self.running = None
        self.latest = None
        if failed:
            self._waiting.clear()
        elif self._waiting:
            self._run(self._waiting.popleft())

    def join(self, seconds: float) -> bool:
        """Wait for the thread; whether it is over."""
        if self._thread is not None:
            self._thread.join(seconds)
        return self._thread is None or not self._thread.is_alive()

    def elapsed(self) -> tuple[float, float]:
        """Seconds since the job began, and since its stage began."""
        now = self._now()
        return now - self.started, now - self.stage_started

    def _run(self, order: Order) -> None:
        self._stop = stop = threading.Event()
        self.running = order
        self.latest = None
        self.started = self.stage_started = self._now()
        if REGISTRY.get(order.action).creates_store:
            # So that all threads share one open store. What goes wrong is said by the job itself.
            with contextlib.suppress(Exception):
                self._session.open(create=True)
        fork = self._session.fork(Control(self._report, stop.is_set))
        self._thread = threading.Thread(target=self._work, args=(order, fork), name=order.action, daemon=True)
        self._thread.start()

    def _report(self, progress: Progress) -> None:
        now = self._now()
        if self.latest is None or self.latest.stage != progress.stage:
            self.stage_started = now
        elif now - self._reported < REPORT_SECONDS and progress.done != progress.total:
            return
        self._reported = now
        self.latest = progress
        self._post(JobProgressed())

    def _work(self, order: Order, fork: Session) -> None:
        before = fork.view if fork.exists() else View()
        try:
            result, error = fork.dispatch(order.action, order.params), None
        except BaseException as problem:
            self._post(JobEnded(order, None, problem, {}))
            return
        after = fork.view
        changes = {
            name: getattr(after, name)
            for name in View.__dataclass_fields__
            if getattr(after, name) != getattr(before, name)
        }
        self._post(JobEnded(order, result, error, changes))
