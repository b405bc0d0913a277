"""What the actions on recorded sessions answer with."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class SessionRow:
    """A session that was recorded: from its first line to its last."""

    session: int
    actor: str
    started: str
    ended: str
    lines: int
    changes: int
    """Lines that change the store or write a file; the others only go somewhere."""
    last: str
    """Its last line."""


@dataclass(frozen=True)
class SessionLine:
    """A line of a recorded session, as a script may hold it."""

    session: int
    n: int
    at: str
    actor: str
    action: str
    line: str
    """A comment where it is not done again."""
    cut: str = ""
    """Of a job that kept something and then did not come to its end, why: `cancelled`, or the code of its error."""


@dataclass(frozen=True)
class SessionSaved:
    """A script that was written."""

    path: str
    session: int
    lines: int
    cut: int = 0
    """So many of them are comments: jobs that were cut short."""
