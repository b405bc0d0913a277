"""Stopping work cleanly: by a signal, by a time limit, and at once when it does not listen."""

from __future__ import annotations

import contextlib
import queue
import signal
import threading
import time
from collections.abc import Callable, Iterator
from typing import Literal

from core.errors import ActionError, Cancelled

GRACE_SECONDS = 3.0
"""How long work may go on after it was asked to stop; native code hears nothing until it returns."""

_SIGNALS = tuple(
    getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP", "SIGBREAK") if hasattr(signal, name)
)

Event = Literal["done", "signal"]


class Stop:
    """Whether the work should stop, and why."""

    def __init__(self) -> None:
        self._error: ActionError | None = None

    def request(self, error: ActionError) -> None:
        """Ask the work to stop; the first reason stays."""
        self._error = self._error or error

    @property
    def requested(self) -> bool:
        return self._error is not None

    @property
    def error(self) -> ActionError:
        """What to report for the action that was stopped."""
        return self._error or Cancelled()


def run_stoppable(
    work: Callable[[Stop], None],
    *,
    timeout: float | None,
    asked: Callable[[str], None],
    kill: Callable[[Stop], None],
) -> None:
    """Run `work` in a thread of its own, so that this one hears signals while native code runs.

    Args:
        work: Looks at the `Stop` between batches. What it raises is raised here.
        timeout: Seconds until it is asked to stop.
        asked: Told, for people, that the work was asked to stop.
        kill: Called when the work has not stopped `GRACE_SECONDS` after it was asked, or at a second signal;
            must not return.
    """
    stop = Stop()
    # SimpleQueue.put may be called in a signal handler; an Event could deadlock there.
    events: queue.SimpleQueue[Event] = queue.SimpleQueue()
    raised: list[BaseException] = []

    def target() -> None:
        try:
            work(stop)
        except BaseException as error:
            raised.append(error)
        finally:
            events.put("done")

    limit = None if timeout is None else time.monotonic() + timeout
    with _handled(lambda: events.put("signal")):
        threading.Thread(target=target, name="work", daemon=True).start()
        while True:
            try:
                event = events.get(timeout=None if limit is None else max(0.0, limit - time.monotonic()))
            except queue.Empty:
                if stop.requested:
                    kill(stop)
                stop.request(
                    ActionError(
                        "timeout", f"Stopped: more than {timeout:g} s.", "Give --timeout more seconds."
                    )
                )
                limit = time.monotonic() + GRACE_SECONDS
                continue
            if event == "done":
                break
            if stop.requested:
                kill(stop)
            stop.request(Cancelled("Stopped by a signal; what was finished is kept."))
            asked("Stopping; once more stops at once.")
            limit = time.monotonic() + GRACE_SECONDS
    if raised:
        raise raised[0]


@contextlib.contextmanager
def _handled(heard: Callable[[], None]) -> Iterator[None]:
    """Call `heard` for every signal that ends a program; signals that the caller ignores stay ignored."""
    before = {}
    if threading.current_thread() is threading.main_thread():
        for number in _SIGNALS:
            if signal.getsignal(number) != signal.SIG_IGN:
                before[number] = signal.signal(number, lambda *_: heard())
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
