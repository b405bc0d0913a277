"""Reading the journal back: which sessions there were, and what was done in each."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from core.errors import ActionError
from core.export.target import check_target, replacing
from core.lookup import check_limit, row_cursor
from core.page import Page
from core.registry import REGISTRY
from core.session import Session
from core.sessions.journal import FILE_NAME, KEPT, older
from core.sessions.lines import Step, plain_step, script_line
from core.sessions.rows import SessionLine, SessionRow, SessionSaved
from core.text import one_line

MAX_LAST = 100_000


@dataclass(frozen=True)
class Entry:
    """A line of the journal, understood."""

    session: int
    n: int
    at: str
    actor: str
    step: Step
    cut: str = ""
    """Why it is not done again: the job was cut short with this code."""

    @property
    def line(self) -> str:
        """The line of script; a comment where it is not done again."""
        line = script_line(self.step)
        return f"# Cut short ({one_line(self.cut, 40)}), not done again: {line}" if self.cut else line

    def row(self) -> SessionLine:
        """The line as it is listed."""
        return SessionLine(self.session, self.n, self.at, self.actor, self.step.action, self.line, self.cut)


def entries(folder: Path) -> Iterator[Entry]:
    """Every line of the journal of a workspace, oldest first; lines that were cut off are passed over."""
    for path in (*(older(folder, age) for age in range(KEPT, 0, -1)), folder / FILE_NAME):
        try:
            data = path.read_bytes()
        except FileNotFoundError:
            continue
        except OSError as error:
            raise ActionError(
                "journal_unreadable", f"{path} cannot be read: {error.strerror}.", "Is it yours?"
            ) from None
        for line in data.split(b"\n"):
            found = _entry(line)
            if found is not None:
                yield found


def _entry(line: bytes) -> Entry | None:
    try:
        row: Any = json.loads(line)
        step = plain_step(row["action"], row["params"])
        cut = str(row.get("cut", ""))
        return Entry(int(row["session"]), int(row["n"]), str(row["at"]), str(row["actor"]), step, cut)
    except (ValueError, TypeError, KeyError, RecursionError):
        return None


def sessions(folder: Path, limit: int, after: str | None) -> Page:
    """The sessions, newest first, as `SessionRow`s; a cursor is a session's number.

    Raises:
        ActionError: `bad_limit` or `bad_cursor`.
    """
    check_limit(limit)
    below = row_cursor(after)
    by_number: dict[int, list[Entry]] = {}
    for entry in entries(folder):
        by_number.setdefault(entry.session, []).append(entry)
    found = sorted((n for n in by_number if below is None or n < below), reverse=True)
    rows = tuple(_row(by_number[number]) for number in found[:limit])
    return Page(rows, len(by_number), str(rows[-1].session) if len(found) > limit else None)


def _row(lines: list[Entry]) -> SessionRow:
    first, last = lines[0], lines[-1]
    known = REGISTRY.load()
    changes = sum(e.step.action in known and known[e.step.action].effect != "view" for e in lines)
    return SessionRow(first.session, first.actor, first.at, last.at, len(lines), changes, last.line)


def chosen(folder: Path, number: int | None, last: int | None) -> list[Entry]:
    """The lines of a session in order: of the newest by default, and only the last so many if wanted.

    Raises:
        ActionError: `no_sessions`, `unknown_session` or `bad_last`.
    """
    if last is not None and not 1 <= last <= MAX_LAST:
        raise ActionError("bad_last", f"last={last} is not from 1 to {MAX_LAST:,}.", "How many lines.")
    found = list(entries(folder))
    if not found:
        raise ActionError(
            "no_sessions",
            "Nothing was recorded in this workspace yet.",
            "The Explorer records what is done in it.",
        )
    wanted = max(entry.session for entry in found) if number is None else number
    lines = [entry for entry in found if entry.session == wanted]
    if not lines:
        raise ActionError("unknown_session", f"There is no session {wanted}.", "session.list shows them.")
    return lines[-last:] if last is not None else lines


def session_lines(folder: Path, number: int | None, last: int | None, limit: int, after: str | None) -> Page:
    """The lines of a session as `SessionLine`s, in order; a cursor is a line's number.

    Raises:
        ActionError: As `chosen`; `bad_limit` or `bad_cursor`.
    """
    check_limit(limit)
    passed = row_cursor(after) or 0
    lines = chosen(folder, number, last)
    rows = [entry.row() for entry in lines if entry.n > passed]
    page = tuple(rows[:limit])
    return Page(page, len(lines), str(page[-1].n) if len(rows) > limit else None)


def plan_save(
    session: Session, path: str | None, number: int | None, last: int | None, overwrite: bool
) -> SessionSaved:
    """What `save` would answer."""
    lines = chosen(session.folder, number, last)
    default = session.folder / "exports" / f"session-{lines[0].session}.txt"
    target = check_target(path, default, overwrite=overwrite)
    return SessionSaved(str(target), lines[0].session, len(lines), sum(1 for line in lines if line.cut))


def save(
    session: Session, path: str | None, number: int | None, last: int | None, overwrite: bool
) -> SessionSaved:
    """Write the lines of a session as a script that `--script` runs.

    Raises:
        ActionError: As `chosen`; `bad_path` or `file_exists`.
    """
    made = plan_save(session, path, number, last, overwrite)
    lines = chosen(session.folder, number, last)
    target = Path(made.path)
    target.parent.mkdir(exist_ok=True)
    head = f"# Session {made.session}, {lines[0].at} to {lines[-1].at}: {len(lines)} lines."
    if made.cut:
        head += f" {made.cut} {'was' if made.cut == 1 else 'were'} cut short; what was kept of that this script does not make."
    with replacing(target) as part:
        part.write_text("\n".join((head, *(entry.line for entry in lines), "")), encoding="utf-8")
    return made
