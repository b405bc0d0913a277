"""A thread that reads for the screen: one connection, asked by coroutines, so that the keys never wait for the disk."""

from __future__ import annotations

import asyncio
import contextlib
import queue
import threading
from collections.abc import Callable
from typing import Any

from core.control import Control
from core.session import Result, Session, mapped
from core.view import View

_Job = tuple[asyncio.AbstractEventLoop, "asyncio.Future[Any]", Callable[[], Any]]


class Reading:
    """Reads of one session, one after the other, in a thread of their own.

    A coroutine that was cancelled while it waited takes its request with it: what nobody wants is never read.
    """

    def __init__(self, session: Session, name: str) -> None:
        self._session = session
        self._queue: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None
        self._name = name

    async def dispatch(self, action_id: str, params: dict[str, Any] | None = None) -> Result:
        """The result of a `read` action, with the session's view as it is now.

        Raises:
            ActionError: For everything the user can cause.
        """
        fork = self._session.fork(Control())
        result: Result = await self.call(lambda: fork.dispatch(action_id, params or {}))
        return result

    async def go(self, action_id: str, params: dict[str, Any] | None = None) -> Result:
        """The result of a `view` action that reads much; where it leads the session goes, unless it has left the run since.

        Raises:
            ActionError: For everything the user can cause.
        """
        fork = self._session.fork(Control())
        before = fork.view if fork.exists() else View()
        result: Result = await self.call(lambda: fork.dispatch(action_id, params or {}))
        changes = {
            name: getattr(result.view, name)
            for name in View.__dataclass_fields__
            if getattr(result.view, name) != getattr(before, name)
        }
        if changes and self._session.view.run == before.run:
            self._session.go(**changes)
        return result

    async def data_version(self) -> int:
        """A number that changes when anyone has committed to the store; -1 without a store."""

        def version() -> int:
            if not self._session.exists():
                return -1
            with self._session.workspace.connection():
                return self._session.workspace.data_version()

        found: int = await self.call(version)
        return found

    async def call(self, function: Callable[[], Any]) -> Any:
        """Run a function in the thread."""
        loop = asyncio.get_running_loop()
        future: asyncio.Future[Any] = loop.create_future()
        if self._thread is None:
            self._thread = threading.Thread(target=self._work, name=self._name, daemon=True)
            self._thread.start()
        self._queue.put((loop, future, function))
        return await future

    def close(self) -> None:
        """Let the thread end after what it is doing."""
        self._queue.put(None)

    def _work(self) -> None:
        with contextlib.ExitStack() as stack:
            connected = False
            while (job := self._queue.get()) is not None:
                loop, future, function = job
                if future.cancelled():
                    continue
                try:
                    with mapped(self._session.folder):
                        if not connected and self._session.exists():
                            stack.enter_context(self._session.workspace.connection())
                            connected = True
                        outcome: tuple[Any, BaseException | None] = (function(), None)
                except BaseException as error:
                    outcome = (None, error)
                with contextlib.suppress(RuntimeError):
                    loop.call_soon_threadsafe(_settle, future, *outcome)


def _settle(future: asyncio.Future[Any], value: Any, error: BaseException | None) -> None:
    if future.done():
        return
    if error is None:
        future.set_result(value)
    else:
        future.set_exception(error)
