"""Keys that were typed ahead: each is handed on when what the one before did is done, as if they had been typed slowly.

Textual hands every key to the widget that has the focus when the key arrives. What a key does comes later: it climbs to its binding
through a queue at each step, the focus moves through another, and what is read for it is read beside the keys. Over a slow line a
burst of keys arrives at once, and all of them would go where the first one leads away from.
"""

from __future__ import annotations

import asyncio
from collections import deque
from typing import Any

from textual import events
from textual.app import App
from textual.message_pump import MessagePump
from textual.worker import Worker

ROUNDS = 3
"""How often the queues are gone through: for the key itself, for the messages it caused, and for those of a screen it opened."""

MOST_SECONDS = 1.0
"""A key waits no longer than this for another: what takes longer is shown to be under way, and keys go on meanwhile."""

CALM_SECONDS = 0.03
"""How long after a key its way is gone, where no other key waits for it."""

Typed = events.Key | events.Paste


class TypedKeys:
    """The keys that have not been handed on yet.

    Args:
        app: Whose keys.
    """

    def __init__(self, app: App[Any]) -> None:
        self._app = app
        self._waiting: deque[Typed] = deque()
        self._next: Typed | None = None
        """Taken out of the waiting ones, and on its way through the application's queue."""
        self._work: list[asyncio.Future[Any]] = []
        self._number = 0
        """Of the key under way; what comes back from an earlier one says nothing."""
        self._rounds: int | None = None
        """Rounds that the key under way has made; none is under way without one."""
        self._target: MessagePump | None = None
        """Where the key under way was handed to; none when its way is being gone, or has been."""
        self._limit: asyncio.TimerHandle | None = None

    @property
    def waiting(self) -> bool:
        """Whether a key is under way or waits."""
        return self._rounds is not None or self._next is not None or bool(self._waiting)

    def wait(self, event: Typed) -> bool:
        """Whether the key has to wait; one that has not is to be handed on at once, and `sent` to be called."""
        if event is self._next:
            self._next = None
            return False
        if self._rounds is None and self._next is None and self._busy():
            self._begin(ROUNDS)
        if self._rounds is None and self._next is None:
            return False
        self._waiting.append(event)
        self._follow(self._number)
        return True

    def sent(self, target: MessagePump) -> None:
        """A key was handed on.

        Args:
            target: The widget or screen that got it.
        """
        self._begin(0)
        self._target = target
        if self._waiting:
            self._follow(self._number)
        else:
            # First the key is to be painted.
            asyncio.get_running_loop().call_later(CALM_SECONDS, self._follow, self._number)

    def works(self, worker: Worker[Any]) -> None:
        """Something is done beside the keys, and where the next one goes depends on it."""
        # The worker itself does not know that it is over when it was cancelled before it began.
        if worker._task is not None:
            self._await(worker._task)

    def pause(self) -> asyncio.Future[None]:
        """Let the next key wait until what is begun now is over, and the future has its result."""
        pause: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._await(pause)
        return pause

    def _await(self, work: asyncio.Future[Any]) -> None:
        self._work.append(work)
        work.add_done_callback(lambda _: self._look())

    def _look(self) -> None:
        """Something that was done beside the keys may be over."""
        if self._rounds is not None and self._rounds >= ROUNDS and not self._busy():
            # Once more through the queues: it may have opened a screen.
            self._rounds = ROUNDS - 1
            self._climb(self._app.focused or self._app.screen, self._number)

    def _busy(self) -> bool:
        self._work = [work for work in self._work if not work.done()]
        return bool(self._work)

    def _begin(self, rounds: int) -> None:
        self._number += 1
        self._rounds = rounds
        self._target = None
        if self._limit is not None:
            self._limit.cancel()
        self._limit = asyncio.get_running_loop().call_later(MOST_SECONDS, self._give_up, self._number)

    def _follow(self, number: int) -> None:
        """Begin to go the way of the key under way, unless that has begun."""
        target = self._target
        if number == self._number and target is not None:
            self._target = None
            self._climb(target, number)

    def _climb(self, pump: MessagePump | None, number: int) -> None:
        """Come after everything that is queued, at each step from a widget up to the application."""
        while pump is not None and not pump.call_later(self._climbed, pump, number):
            pump = pump._parent
        if pump is None:
            # The key has closed what it was handed to.
            self._app.call_later(self._climbed, self._app, number)

    def _climbed(self, pump: MessagePump, number: int) -> None:
        if number != self._number or self._rounds is None:
            return
        if pump is not self._app:
            self._climb(pump._parent, number)
            return
        self._rounds += 1
        if self._rounds < ROUNDS:
            self._climb(self._app.focused or self._app.screen, number)
        elif not self._busy():
            self._done()

    def _give_up(self, number: int) -> None:
        if number == self._number and self._rounds is not None:
            self._work.clear()
            self._done()

    def _done(self) -> None:
        """Hand on the next key."""
        self._rounds = None
        if self._limit is not None:
            self._limit.cancel()
            self._limit = None
        if self._waiting:
            self._next = self._waiting.popleft()
            self._app.post_message(self._next)
