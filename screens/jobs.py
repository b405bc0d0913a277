"""Long work beside the screen: a job at a time, and beside it an edit at a time, each in a thread, stopped by a flag."""

from __future__ import annotations

import contextlib
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, Literal

from textual.message import Message

from core.control import Control, Progress
from core.errors import ActionError, Cancelled
from core.jobs.pace import Pace
from core.registry import REGISTRY
from core.session import Result, Session
from core.view import View

REPORT_SECONDS = 0.1
"""At most so often a job's progress reaches the screen."""

AGAIN_SECONDS = 0.5
"""An edit that found the store held by the job beside it tries again after so long."""

LaneName = Literal["long", "edits"]


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


@dataclass
class Lane:
    """Where one order at a time runs."""

    running: Order | None = None
    latest: Progress | None = None
    stop: threading.Event = field(default_factory=threading.Event)
    thread: threading.Thread | None = None
    started: float = 0.0
    reported: float = 0.0
    pace: Pace = field(default_factory=Pace)


class Jobs:
    """The queue of everything that changes the store.

    Edits have a lane of their own, so that they need not wait for a long job; they keep their order among themselves. An edit
    waits for what it may have been meant to follow: an order before it that is an edit itself, or that takes something away.
    A long job begins when the edits before it are done, for it is meant to see them.

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
        self.lanes: dict[LaneName, Lane] = {"long": Lane(), "edits": Lane()}
        """What runs."""

    # What is going on.

    @property
    def _shown(self) -> Lane:
        """The lane that a person is told of: the long one while it is busy."""
        return self.lanes["long"] if self.lanes["long"].running is not None else self.lanes["edits"]

    @property
    def running(self) -> Order | None:
        """What runs: the long job where there is one, else an edit."""
        return self._shown.running

    @property
    def all_running(self) -> tuple[Order, ...]:
        """Everything that runs."""
        return tuple(lane.running for lane in self.lanes.values() if lane.running is not None)

    @property
    def latest(self) -> Progress | None:
        """How far it is."""
        return self._shown.latest

    @property
    def stopping(self) -> bool:
        """Whether it was asked to stop."""
        return self.running is not None and self._shown.stop.is_set()

    @property
    def waiting(self) -> int:
        """How many orders wait."""
        return len(self._waiting)

    @property
    def queue(self) -> tuple[Order, ...]:
        """The orders that wait, the next first."""
        return tuple(self._waiting)

    def elapsed(self) -> float:
        """Seconds since it began."""
        return self._now() - self._shown.started

    def pace(self) -> tuple[float, float | None] | None:
        """Units a second, and seconds that are left of its stage; `None` as long as that cannot be told."""
        return self._shown.pace.told(self._now())

    # Orders.

    def start(self, order: Order) -> bool:
        """Run the order, or put it behind what must end before it (false)."""
        self._waiting.append(order)
        self._go_on()
        return order not in self._waiting

    def stop(self) -> None:
        """Ask what runs to stop, and forget what waits."""
        self._drop(self.queue)
        for lane in self.lanes.values():
            lane.stop.set()

    def remove(self, order: Order) -> bool:
        """Take an order out of the queue; false when it does not wait any more."""
        found = [waiting for waiting in self._waiting if waiting is order]
        self._drop(found)
        return bool(found)

    def ended(self, order: Order, failed: bool) -> None:
        """The screen has seen the end of an order: go on with what waits; after a failure with none that waited for it."""
        for name, lane in self.lanes.items():
            if lane.running is order:
                lane.running = lane.latest = None
                if failed:
                    self._drop(self._behind(name, order))
        self._go_on()

    def join(self, seconds: float) -> bool:
        """Wait for the threads; whether they are over."""
        for lane in self.lanes.values():
            if lane.thread is not None:
                lane.thread.join(seconds)
        return all(lane.thread is None or not lane.thread.is_alive() for lane in self.lanes.values())

    def _behind(self, name: LaneName, order: Order) -> list[Order]:
        """The orders that waited for one: those of its lane, and edits that were meant to follow a step that is an edit."""
        if name == "edits":
            return [waiting for waiting in self._waiting if _lane(waiting) == "edits"]
        found: list[Order] = []
        barred = _bars_edits(order)
        for waiting in self._waiting:
            if _lane(waiting) == "long" or barred:
                found.append(waiting)
                barred = barred or _bars_edits(waiting)
        return found

    def _drop(self, unwanted: Iterable[Order]) -> None:
        dropped = {id(order): order for order in unwanted}
        self._waiting = deque(order for order in self._waiting if id(order) not in dropped)
        for order in dropped.values():
            # Who ordered an edit waits for its end, to say what became of it.
            if _lane(order) == "edits":
                self._post(JobEnded(order, None, Cancelled("Not done: taken out of the queue."), {}))

    def _go_on(self) -> None:
        """Start every waiting order that need not wait any more, the first come first."""
        held: set[LaneName] = {name for name, lane in self.lanes.items() if lane.running is not None}
        long = self.lanes["long"].running
        if long is not None and _bars_edits(long):
            held.add("edits")
        if "edits" in held and long is None:
            held.add("long")
        for order in tuple(self._waiting):
            name = _lane(order)
            if name in held:
                if name == "edits" or _bars_edits(order):
                    # What comes behind it is meant to see it.
                    held |= {"edits", "long"}
                continue
            self._waiting = deque(waiting for waiting in self._waiting if waiting is not order)
            self._run(name, order)
            held |= {name, "long"} if name == "edits" or not _bars_edits(order) else {"edits", "long"}

    # Running.

    def _run(self, name: LaneName, order: Order) -> None:
        now = self._now()
        lane = Lane(running=order, started=now)
        self.lanes[name] = lane
        if REGISTRY.get(order.action).creates_store:
            # So that all threads share one open store. What goes wrong is said by the job itself.
            with contextlib.suppress(Exception):
                self._session.open(create=True)
        fork = self._session.fork(Control(lambda progress: self._report(lane, progress), lane.stop.is_set))
        lane.thread = threading.Thread(
            target=self._work, args=(name, order, fork, lane.stop), name=order.action, daemon=True
        )
        lane.thread.start()

    def _report(self, lane: Lane, progress: Progress) -> None:
        now = self._now()
        lane.pace.came(progress, now)
        same = lane.latest is not None and lane.latest.stage == progress.stage
        if same and now - lane.reported < REPORT_SECONDS and progress.done != progress.total:
            return
        lane.reported = now
        lane.latest = progress
        self._post(JobProgressed())

    def _work(self, name: LaneName, order: Order, fork: Session, stop: threading.Event) -> None:
        before = fork.view if fork.exists() else View()
        try:
            result = self._dispatched(name, order, fork, stop)
        except BaseException as problem:
            self._post(JobEnded(order, None, problem, {}))
            return
        after = fork.view
        changes = {
            name: getattr(after, name)
            for name in View.__dataclass_fields__
            if getattr(after, name) != getattr(before, name)
        }
        self._post(JobEnded(order, result, None, changes))

    def _dispatched(self, name: LaneName, order: Order, fork: Session, stop: threading.Event) -> Result:
        """The result; an edit that finds the store held by the long job of this process waits for it."""
        while True:
            beside = name == "edits" and self.lanes["long"].running is not None
            try:
                return fork.dispatch(order.action, order.params)
            except ActionError as error:
                if not beside or error.code != "store_locked":
                    raise
            if stop.wait(AGAIN_SECONDS):
                raise Cancelled("Not done: stopped while it waited for the running job.")


def _lane(order: Order) -> LaneName:
    return "edits" if REGISTRY.get(order.action).effect == "write" else "long"


def _bars_edits(order: Order) -> bool:
    """Whether no edit may pass the order: it is an edit that takes long, or cannot be undone."""
    action = REGISTRY.get(order.action)
    refines = any(order.params.get(name) is not None for name in ("within", "cluster"))
    return action.effect == "destroy" or (action.effect == "job" and "expect" in action.params and refines)
