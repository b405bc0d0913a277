"""What was done on the screens, as lines of script."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.registry import action

if TYPE_CHECKING:
    from core.page import Page
    from core.session import Session
    from core.sessions.rows import SessionSaved


@action(
    "session.list",
    title="Recorded sessions",
    scope="global",
    effect="read",
    needs_store=False,
    examples=("session.list", "session.list limit=5"),
)
def list_(session: Session, *, limit: int = 50, after: str | None = None) -> Page:
    """The sessions that the screens recorded in this workspace, newest first: who, when, how much, and the last line.

    Args:
        limit: At most so many.
        after: Go on after this cursor of an earlier page.
    """
    from core.sessions.read import sessions

    return sessions(session.folder, limit, after)


@action(
    "session.show",
    title="What was done, as script",
    scope="global",
    effect="read",
    needs_store=False,
    examples=("session.show", "session.show number=1 last=20"),
)
def show(
    session: Session,
    *,
    number: int | None = None,
    last: int | None = None,
    limit: int = 200,
    after: str | None = None,
) -> Page:
    """What a person did on the screens in a session, in order: lines of script that do the same again.

    Args:
        number: The session's number; the default is the newest.
        last: Only its last so many lines.
        limit: At most so many.
        after: Go on after this cursor of an earlier page.
    """
    from core.sessions.read import session_lines

    return session_lines(session.folder, number, last, limit, after)


def _plan(
    session: Session,
    *,
    path: str | None = None,
    number: int | None = None,
    last: int | None = None,
    overwrite: bool = False,
) -> SessionSaved:
    from core.sessions.read import plan_save

    return plan_save(session, path, number, last, overwrite)


@action(
    "session.save",
    title="Save what was done as a script",
    scope="global",
    effect="file",
    needs_store=False,
    plan=_plan,
    examples=("session.save", "session.save path=steps.txt number=1 last=20 overwrite=true"),
)
def save(
    session: Session,
    *,
    path: str | None = None,
    number: int | None = None,
    last: int | None = None,
    overwrite: bool = False,
) -> SessionSaved:
    """Write a session as a script: run on a copy of the workspace as it was before, it makes the same workspace.

    Jobs that were cut short stand in it as comments: what they had kept until then is not made again.

    Args:
        path: Where to write; the default is in the workspace's exports folder.
        number: The session's number; the default is the newest.
        last: Only its last so many lines.
        overwrite: Replace the file when it is there.
    """
    from core.sessions.read import save as save_script

    return save_script(session, path, number, last, overwrite)
