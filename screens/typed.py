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
from textual.widget import Widget
from textual.worker import Worker

ROUNDS = 3
"""How often the queues are gone through: for the key itself, for the messages it caused, and for those of a screen it opened."""

MOST_SECONDS = 1.0
"""A key waits no longer than this for another: what takes longer is shown to be under way, and keys go on meanwhile."""

CALM_SECONDS = 0.03
"""How long after a key its way is gone, where no other key waits for it."""

Typed = events.Key | events.Paste


def waits(pump: MessagePump) -> bool:
    """Whether nothing is queued for a widget and it is at work on nothing: it stands waiting at its queue."""
    # Textual's queue does not tell who waits at it, but its event knows.
    queue: Any = pump._message_queue
    return queue.empty() and bool(queue.ready_event._waiters)


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
        self._fresh = False
        """Whether the way of the key under way has not been begun to be gone."""
        self._inside: dict[Widget, int] = {}
        """In how many of the widgets that stand in a widget something queued is still to be done."""
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

    def sent(self) -> None:
        """A key was handed on."""
        self._begin(0)
        self._fresh = True
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
        """Something that was done beside the keys may be over: it may have moved a cursor, or opened a screen, so that the
        queues are gone through once more from the beginning."""
        if self._rounds is None:
            return
        if self._rounds < ROUNDS:
            self._rounds = min(self._rounds, ROUNDS - 2)
        elif not self._busy():
            self._rounds = ROUNDS - 1
            self._sweep()

    def _busy(self) -> bool:
        self._work = [work for work in self._work if not work.done()]
        return bool(self._work)

    def _begin(self, rounds: int) -> None:
        self._number += 1
        self._rounds = rounds
        self._fresh = False
        if self._limit is not None:
            self._limit.cancel()
        self._limit = asyncio.get_running_loop().call_later(MOST_SECONDS, self._give_up, self._number)

    def _follow(self, number: int) -> None:
        """Begin to go the way of the key under way, unless that has begun."""
        if number == self._number and self._fresh:
            self._fresh = False
            self._sweep()

    def _sweep(self) -> None:
        """Come after everything that is queued anywhere on the screen, from its innermost widgets up to the application.

        What one widget has to say climbs to the screen through the queues of those it stands in, whichever has the focus, and
        any of them may be at work.
        """
        widgets = self._app.screen.walk_children(Widget, with_self=True)
        self._inside = {widget: len(widget.children) for widget in widgets}
        for widget in [widget for widget, inside in self._inside.items() if not inside]:
            self._send(widget, self._number)

    def _send(self, pump: MessagePump, number: int) -> None:
        if waits(pump) or not pump.call_later(self._passed, pump, number):
            # Nothing is queued there, or it was closed.
            self._passed(pump, number)

    def _passed(self, pump: MessagePump, number: int) -> None:
        """What was queued in a widget is done, and so it is in those that stand in it."""
        if number != self._number or self._rounds is None:
            return
        if pump is self._app:
            self._swept()
            return
        parent = pump._parent
        if not isinstance(parent, Widget) or parent not in self._inside:
            self._send(self._app, number)
            return
        self._inside[parent] -= 1
        if not self._inside[parent]:
            self._send(parent, number)

    def _swept(self) -> None:
        self._rounds = (self._rounds or 0) + 1
        if self._rounds < ROUNDS:
            self._sweep()
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
