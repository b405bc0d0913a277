"""The journal: each thing that a person did on the screens, as a line of script in the workspace's `session.jsonl`.

A line is a JSON object with the session's number, its own number in the session, the stored time, who acted, and the action
with its parameters; `lmsys-tui --script session.jsonl` runs it. It is written, whole, as soon as the action has succeeded.

A job that was stopped or failed when it had kept something is written, too, with why (`cut`). How far it came is chance, so a
script passes over it: to go on from there is an action of its own, and that is what makes the same store.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import threading
from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from core.registry import Action
from core.session import Clock, Result, Session
from core.sessions.lines import Step, recorded, steps_of
from core.view import View

FILE_NAME = "session.jsonl"
LOCK_NAME = "session.lock"

ROTATE_BYTES = 4_000_000
"""A session that begins when the file is larger than this begins a new one."""

KEPT = 4
"""So many older files are kept: `session.1.jsonl` is the newest of them."""

RECENT = 200
"""So many of the last steps are at hand without reading the file."""

_LEFT_OUT = ("session.save", "job.cancel")
"""What is done with the journal is no part of it; a job that was stopped says so itself, where it had kept something."""

_NUMBER = re.compile(rb'^\{"session": (\d+),', re.MULTILINE)


def older(folder: Path, age: int) -> Path:
    """The file before the current one (`age` 1), the one before that (2), and so on."""
    return folder / f"session.{age}.jsonl"


class SessionJournal:
    """Writes down what is done in one session; what it cannot write stops nothing.

    Args:
        session: Whose actions are written down, those of its forks among them.
        limit: Bytes from which on the next session begins a new file.
    """

    def __init__(self, session: Session, limit: int = ROTATE_BYTES) -> None:
        self.problem = ""
        """Why it cannot be written; empty as long as it can."""
        self.number: int | None = None
        """The session's number, once it has a line."""
        self.recent: deque[tuple[Step, ...]] = deque(maxlen=RECENT)
        """The last actions, each as the steps that do it again."""
        self._clock: Clock = session.clock
        self._actor = session.actor
        self._folder = session.folder
        self._limit = limit
        self._silent = session.read_only
        self._file: int | None = None
        self._torn = False
        self._lines = 0
        self._there: View | None = None
        self._lock = threading.Lock()
        session.listeners.append(self._done)
        session.cut_listeners.append(self._cut)

    def close(self) -> None:
        """Let the file go."""
        with self._lock:
            if self._file is not None:
                os.close(self._file)
                self._file = None

    def _done(self, act: Action, params: dict[str, Any], result: Result, before: View) -> None:
        if act.effect == "read" or result.dry_run or act.id in _LEFT_OUT:
            return
        with self._lock:
            self._note(act, params, result, before)

    def _cut(self, act: Action, params: dict[str, Any], code: str, before: View) -> None:
        steps = steps_of(act, params, Result(act.id, None, before), before)
        with self._lock:
            self._write(steps, {"cut": code})

    def _note(self, act: Action, params: dict[str, Any], result: Result, before: View) -> None:
        moving = self._moving(before)
        there = self._there
        if moving:
            there = replace(before, node=before.hierarchy and "root", cluster=None, query=None)
        self._there = result.view
        if act.effect == "view" and there == result.view:
            # A script that came so far is there already.
            self._write(moving)
            return
        steps = steps_of(act, params, result, before)
        self.recent.append(steps)
        # What opens a run need not be led to where it was opened from.
        self._write(steps if act.id in ("run.open", "data.open") else (*moving, *steps))

    def _moving(self, before: View) -> tuple[Step, ...]:
        """What brings a script that came so far to where the user was: jobs end elsewhere than where they were begun."""
        there = self._there
        if there is not None and (there.dataset, there.run, there.hierarchy) == (
            before.dataset,
            before.run,
            before.hierarchy,
        ):
            return ()
        if before.run is not None:
            return (Step("run.open", {"run": before.run}),)
        return (Step("data.open", {"dataset": before.dataset}),) if before.dataset is not None else ()

    # The file.

    def _write(self, steps: tuple[Step, ...], also: Mapping[str, str] | None = None) -> None:
        if self._silent or not steps:
            return
        try:
            if self._file is not None:
                self._append(steps, also or {})
                return
            with _locked(self._folder / LOCK_NAME):
                self._file = self._begin()
                self._append(steps, also or {})
        except OSError as error:
            self._torn = True
            self.problem = f"{self._folder / FILE_NAME} cannot be written: {error.strerror}."

    def _append(self, steps: tuple[Step, ...], also: Mapping[str, str]) -> None:
        assert self._file is not None
        for step in steps:
            about = {
                "session": self.number, "n": self._lines + 1, "at": self._clock(), "actor": self._actor,
            }  # fmt: skip
            line = json.dumps({**about, **recorded(step), **also}).encode() + b"\n"
            # A line that was cut off must not take the next one with it.
            data = b"\n" + line if self._torn else line
            while data:
                data = data[os.write(self._file, data) :]
            self._torn = False
            self._lines += 1

    def _begin(self) -> int:
        """Open the file, a new one where the old one is large and nobody writes it, and take the next number."""
        import fcntl

        path = self._folder / FILE_NAME
        if path.exists() and path.stat().st_size > self._limit:
            self._rotate(path)
        file = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o600)
        # As long as this is held nobody puts the file away: a session is never cut in two.
        fcntl.flock(file, fcntl.LOCK_SH)
        os.fchmod(file, 0o600)
        size = os.fstat(file).st_size
        self._torn = size > 0 and os.pread(file, 1, size - 1) != b"\n"
        if self.number is None:
            self.number = (_highest(path) or _highest(older(self._folder, 1))) + 1
        return file

    def _rotate(self, path: Path) -> None:
        import fcntl

        with path.open("rb") as handle:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return
            for age in range(KEPT, 0, -1):
                source = older(self._folder, age - 1) if age > 1 else path
                if source.exists():
                    source.replace(older(self._folder, age))


def _highest(path: Path) -> int:
    """The highest number of a session in a file; 0 where there is none."""
    with contextlib.suppress(FileNotFoundError):
        return max((int(found) for found in _NUMBER.findall(path.read_bytes())), default=0)
    return 0


@contextlib.contextmanager
def _locked(path: Path) -> Iterator[None]:
    """Hold a lock that other processes respect."""
    import fcntl

    file = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
    finally:
        os.close(file)
