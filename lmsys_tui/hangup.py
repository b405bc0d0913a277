"""Leaving when the system says so: a terminal that is gone (SIGHUP, or its end of the line) or a request to end (SIGTERM)."""

from __future__ import annotations

import asyncio
import contextlib
import os
import select
import signal
import stat
import sys
import threading
from collections.abc import Callable

SIGNALS = tuple(getattr(signal, name) for name in ("SIGHUP", "SIGTERM") if hasattr(signal, name))

HANGUP = 128 + int(getattr(signal, "SIGHUP", 1))
"""The exit code when the terminal is gone."""

GRACE_SECONDS = 10.0
"""After so many seconds the program ends in any case: a terminal may take no byte any more."""

GONE_SECONDS = 4.0
"""Likewise where the terminal is gone: what is drawn goes nowhere, and who draws may wait for that for ever."""


def listen(loop: asyncio.AbstractEventLoop, leave: Callable[[int], None]) -> None:
    """Call `leave` once with the exit code, 128 and the signal's number, when the program is to end.

    Signals that the caller ignores stay ignored; where signals cannot be heard none is. A terminal that is gone ends the
    program all the same: nobody could see it or type any more, and to read from what is gone would go on for ever.
    """
    if threading.current_thread() is not threading.main_thread():
        return
    heard: list[int] = []

    def hear(code: int) -> None:
        heard.append(code)
        if len(heard) == 1:
            _end_in(GRACE_SECONDS, code)
            leave(code)

    for number in SIGNALS:
        if signal.getsignal(number) != signal.SIG_IGN:
            with contextlib.suppress(NotImplementedError, RuntimeError):
                loop.add_signal_handler(number, hear, 128 + number)

    def gone() -> None:
        # Not by the loop: it may be what waits.
        _end_in(GONE_SECONDS, HANGUP)
        with contextlib.suppress(RuntimeError):
            loop.call_soon_threadsafe(hear, HANGUP)

    terminal = _terminal()
    if terminal is not None and hasattr(select, "poll"):
        threading.Thread(target=_wait, args=(terminal, gone), name="terminal", daemon=True).start()


def _terminal() -> int | None:
    """The terminal that is read. One that is gone already is none any more by `isatty`, but still a device."""
    with contextlib.suppress(OSError, ValueError, AttributeError):
        number = sys.__stdin__.fileno()  # type: ignore[union-attr]
        return number if stat.S_ISCHR(os.fstat(number).st_mode) else None
    return None


def _wait(terminal: int, gone: Callable[[], None]) -> None:
    """Sleep until the other end of the terminal is closed."""
    waiting = select.poll()
    # Nothing is asked for: that it is gone is told in any case.
    waiting.register(terminal, 0)
    with contextlib.suppress(OSError):
        if any(event & select.POLLHUP for _, event in waiting.poll()):
            gone()


def _end_in(seconds: float, code: int) -> None:
    watch = threading.Timer(seconds, os._exit, (code,))
    watch.daemon = True
    watch.start()
