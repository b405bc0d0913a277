"""What script mode prints: JSON Lines on standard output, prose and progress on standard error."""

from __future__ import annotations

import contextlib
import json
import math
import os
import re
import threading
import time
from dataclasses import fields, is_dataclass
from pathlib import PurePath
from typing import TYPE_CHECKING, Any, BinaryIO, TextIO

from core.control import Progress
from core.text import one_line, visible

if TYPE_CHECKING:
    from core.errors import ActionError
    from core.session import Result

_UNSAFE = re.compile(
    "[\x00-\x1f\x7f-\x9f\u00ad\u034f\u061c\u115f\u1160\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f"
    "\ud800-\udfff\ufeff\ufff9-\ufffb\U000e0000-\U000e007f]"
)
"""What `core.text.visible` hides, and the joiners: nothing in it reaches a terminal but as `\\uXXXX`."""

TERMINAL_SECONDS = 0.2
"""Between two reports of progress on a terminal, which is drawn over."""

LOG_SECONDS = 5.0
"""Between two reports of progress in a log, which grows."""


def plain(value: Any) -> Any:
    """Rows as dictionaries and lists that JSON can say; what is not a finite number is null."""
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: plain(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, dict):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if isinstance(value, PurePath):
        return str(value)
    return value


def json_line(value: Any) -> str:
    """JSON on one line, readable in any language, in which no character can act on a terminal."""
    text = json.dumps(plain(value), ensure_ascii=False, separators=(", ", ": "), allow_nan=False)
    return _UNSAFE.sub(_escaped, text)


def _escaped(match: re.Match[str]) -> str:
    units = match[0].encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{units[i]:02x}{units[i + 1]:02x}" for i in range(0, len(units), 2))


class OutputLostError(BrokenPipeError):
    """Standard output cannot be written, and not because nobody reads it: its disk is full, say."""


class Output:
    """Where a script's answers go.

    Args:
        stdout: Takes the JSON Lines, each flushed at once.
        stderr: Takes prose and progress.
    """

    def __init__(self, stdout: BinaryIO, stderr: TextIO) -> None:
        self._stdout = stdout
        self._stderr = stderr
        self._terminal = stderr.isatty() and os.environ.get("TERM") != "dumb"
        self._lock = threading.RLock()
        self._drawn = False
        self._stage: tuple[str, str] = ("", "")
        self._since = self._shown = 0.0
        self._first = 0

    def result(self, seq: int, result: Result) -> None:
        """Print the line of an action that succeeded."""
        line: dict[str, Any] = {
            "seq": seq, "action": result.action, "ok": True, "data": result.data, "total": result.total,
            "truncated": result.truncated, "view": result.view.shown(),
        }  # fmt: skip
        if result.truncated:
            line["after"] = result.after
        if result.note:
            line["note"] = result.note
        if result.dry_run:
            line["dry_run"] = True
        self.line(line)

    def error(self, seq: int, action: str | None, error: ActionError, line: int | None) -> None:
        """Print the line of an action that failed, and say it in prose."""
        self.line(
            {
                "seq": seq, "action": action, "ok": False, "code": error.code, "message": error.message,
                "hint": error.hint, "did_you_mean": error.did_you_mean, "line": line,
            }
        )  # fmt: skip
        where = f"line {line}: " if line is not None else ""
        self.explain(error, where + (f"{action}: " if action else ""))

    def explain(self, error: ActionError, where: str = "") -> None:
        """Say in prose what is wrong and what to do."""
        self.note(f"{where}{error.message} [{error.code}]")
        if error.hint:
            self.note(f"hint: {error.hint}")
        if error.did_you_mean:
            self.note(f"did you mean: {', '.join(error.did_you_mean)}")

    def line(self, value: Any) -> None:
        """Print a value as one line of JSON.

        Raises:
            BrokenPipeError: Nobody reads any more; what follows goes nowhere.
        """
        self.text(json_line(value) + "\n")

    def text(self, text: str) -> None:
        """Print text that is safe to show.

        Raises:
            BrokenPipeError: Nobody reads any more, or it cannot be written; what follows goes nowhere.
        """
        data = text.encode()
        with self._lock:
            try:
                self._stdout.write(data)
                self._stdout.flush()
            except BrokenPipeError:
                silence(self._stdout)
                raise
            except OSError as error:
                silence(self._stdout)
                self.note(f"Standard output cannot be written: {error.strerror}.")
                raise OutputLostError(error.errno, error.strerror) from error

    def note(self, text: str) -> None:
        """Say something in prose."""
        with self._lock:
            self._clear()
            self._say(f"{one_line(text, 2000)}\n")

    def traceback(self, text: str) -> None:
        """Print a traceback."""
        with self._lock:
            self._clear()
            self._say(visible(text))

    def progress(self, action: str, report: Progress) -> None:
        """Say how far a job is: over the same line on a terminal, now and then in a log."""
        now = time.monotonic()
        with self._lock:
            if self._stage != (action, report.stage):
                self._stage, self._since, self._first = (action, report.stage), now, report.done
                self._shown = now - LOG_SECONDS + 1.0
            if now - self._shown < (TERMINAL_SECONDS if self._terminal else LOG_SECONDS):
                return
            self._shown = now
            text = one_line(f"{action}: {report.stage} {_amount(report, now - self._since, self._first)}")
            self._clear()
            self._say(text if self._terminal else text + "\n")
            self._drawn = self._terminal

    def finish(self) -> None:
        """Take the progress line away, and count the next job from its start."""
        with self._lock:
            self._clear()
            self._stage = ("", "")

    def _clear(self) -> None:
        if self._drawn:
            self._say("\r\x1b[K")
            self._drawn = False

    def _say(self, text: str) -> None:
        # A closed standard error takes nothing from the results.
        with contextlib.suppress(OSError, ValueError):
            self._stderr.write(text)
            self._stderr.flush()


def silence(stream: BinaryIO) -> None:
    """Let what is still in the stream's buffer go nowhere, so that closing it is quiet."""
    with contextlib.suppress(OSError, ValueError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stream.fileno())
        os.close(nowhere)


def _amount(report: Progress, seconds: float, first: int) -> str:
    """Such as `1,200/22,500 texts, 310/s, 1 min 9 s left`."""
    unit = f" {report.unit}" if report.unit else ""
    if not report.total:
        return f"{report.done:,}{unit}" if report.done else ""
    text = f"{report.done:,}/{report.total:,}{unit}"
    rate = (report.done - first) / seconds if seconds > 0 else 0.0
    if seconds < 1.0 or rate <= 0:
        return text
    return f"{text}, {rate:,.0f}/s, {duration((report.total - report.done) / rate)} left"


def duration(seconds: float) -> str:
    """Such as `9 s`, `1 min 9 s` or `2 h 5 min`."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3600} h {whole % 3600 // 60} min"
