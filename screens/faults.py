"""Faults of this program: what happens in a message handler ends neither the widget that it hit nor the program."""

from __future__ import annotations

import time
import traceback
from collections import deque
from collections.abc import Callable

from textual.message import Message
from textual.message_pump import MessagePump
from textual.worker import WorkerFailed

AGAIN_SECONDS = 1.0
"""A fault that comes again so soon comes for ever."""

MOST, MOST_SECONDS = 5, 5.0
"""So many faults in so many seconds are a loop, too, though each is another."""


class Guarded(MessagePump):
    """A pump that goes on after a fault in one of its handlers. Textual's own stops for good, and its widget hears nothing more."""

    async def _dispatch_message(self, message: Message) -> None:
        try:
            await super()._dispatch_message(message)
        except Exception as error:
            self.app._handle_exception(error)


class Faults:
    """The faults that happened, and whether the program can go on after the newest.

    Args:
        now: Seconds of a clock that never goes back.
    """

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._recent: deque[tuple[float, tuple[object, ...]]] = deque(maxlen=MOST)
        self.seen: list[BaseException] = []
        """The first of each kind."""

    def bearable(self, error: BaseException) -> bool:
        """Take note of a fault; false when it is one of a loop: the same within a second, or too many at once."""
        now, kind = self._now(), kind_of(error)
        again = any(then == kind and now - at < AGAIN_SECONDS for at, then in self._recent)
        crowd = len(self._recent) == MOST and now - self._recent[0][0] < MOST_SECONDS
        if kind not in {kind_of(one) for one in self.seen}:
            self.seen.append(error)
        self._recent.append((now, kind))
        return not again and not crowd


def kind_of(error: BaseException) -> tuple[object, ...]:
    """What tells two faults apart: their type, their words, and the line that raised them."""
    last = traceback.extract_tb(error.__traceback__)[-1:]
    return (type(error), str(error), *((frame.filename, frame.lineno) for frame in last))


def cause(error: BaseException) -> BaseException:
    """The fault itself, of one that Textual has wrapped."""
    return error.error if isinstance(error, WorkerFailed) else error
