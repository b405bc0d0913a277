"""A real terminal for tests: the program in a pseudo-terminal, its bytes, and the screen that they draw."""

from __future__ import annotations

import contextlib
import fcntl
import os
import pty
import select
import signal
import struct
import termios
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from types import TracebackType

import pyte

from tests.doors import command, environment
from tests.shared_data import ROOT

QUIET = 0.25
"""Seconds without a byte after which the program is taken to have drawn everything."""


class Terminal:
    """The program in a pseudo-terminal.

    Args:
        arguments: Those of the command line.
        home: The home folder of the process.
        size: Columns and rows.
        variables: More environment variables.
        program: The command line in place of the program's own.
    """

    def __init__(
        self,
        arguments: Sequence[str | Path],
        *,
        home: Path,
        size: tuple[int, int] = (140, 40),
        variables: dict[str, str] | None = None,
        program: Sequence[str] | None = None,
    ) -> None:
        columns, rows = size
        self.screen = pyte.Screen(columns, rows)
        self.raw = b""
        self.started = time.perf_counter()
        self._stream = pyte.ByteStream(self.screen)
        chosen = {"TERM": "xterm-256color", "COLORTERM": "truecolor", "LANG": "C.UTF-8", **(variables or {})}
        env = environment(home, **chosen)
        self.pid, self._fd = pty.fork()
        if self.pid == 0:  # pragma: no cover
            os.chdir(ROOT)
            words = list(program or command(*arguments))
            os.execve(words[0], words, env)
        fcntl.ioctl(self._fd, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        self._code: int | None = None

    def __enter__(self) -> Terminal:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def press(self, keys: str) -> None:
        """Type characters; `\\x1b` is escape, `\\r` enter."""
        os.write(self._fd, keys.encode())

    def read(self, seconds: float) -> bytes:
        """What the program writes within the time; at once when it writes nothing more."""
        waiting = select.poll()
        waiting.register(self._fd, select.POLLIN)
        if not waiting.poll(seconds * 1000):
            return b""
        try:
            data = os.read(self._fd, 1 << 16)
        except OSError:
            return b""
        self.raw += data
        self._stream.feed(data)
        return data

    def wait_for(self, drawn: Callable[[str], bool] | str, seconds: float = 30.0) -> str:
        """Read until the screen is as wanted: shows the text, or passes the test.

        Raises:
            AssertionError: It never was; the message is the screen.
        """
        wanted = (lambda text: drawn in text) if isinstance(drawn, str) else drawn
        end = time.perf_counter() + seconds
        while time.perf_counter() < end:
            if wanted(self.text()):
                return self.text()
            self.read(0.05)
        raise AssertionError(f"{drawn!r} was never on the screen:\n{self.text()}")

    def settle(self, seconds: float = 10.0) -> str:
        """Read until the program has been quiet for a moment and waits for something, not only for its turn on a busy machine."""
        end = time.perf_counter() + seconds
        while time.perf_counter() < end and (self.read(QUIET) or self._at_work()):
            pass
        return self.text()

    def _at_work(self) -> bool:
        """Whether a thread of the program runs, would run, or waits for a disk; where that cannot be told, none does."""
        for task in Path(f"/proc/{self.pid}/task").glob("*/stat"):
            with contextlib.suppress(OSError):
                if task.read_text(encoding="utf-8").rsplit(")", 1)[1].split()[0] in "RD":
                    return True
        return False

    def text(self) -> str:
        """The screen's lines."""
        return "\n".join(self.screen.display)

    def exit_code(self, seconds: float = 20.0) -> int:
        """Wait until the program is over."""
        end = time.perf_counter() + seconds
        while self._code is None and time.perf_counter() < end:
            self.read(0.05)
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                self._code = os.waitstatus_to_exitcode(status)
        assert self._code is not None, f"the program is still running:\n{self.text()}"
        return self._code

    def close(self) -> None:
        """End the program if it still runs."""
        if self._code is None:
            os.kill(self.pid, signal.SIGKILL)
            os.waitpid(self.pid, 0)
            self._code = -signal.SIGKILL
        os.close(self._fd)
