"""Taking text out of the program: to the terminal's clipboard, or to a file in the workspace."""

from __future__ import annotations

import re
from pathlib import Path

from textual.app import App

from core.errors import ActionError
from core.session import Session
from core.text import visible

MOST_BYTES = 74_994
"""As many bytes of UTF-8 as make 100,000 characters of base64: what terminals and multiplexers take in one OSC 52."""

FOLDER = "exports"


def copy(app: App[None], text: str) -> str:
    """Copy to the terminal's clipboard by OSC 52; what to tell the person.

    Raises:
        ActionError: `nothing_to_copy`, or `too_long` for a clipboard that is reached through a terminal.
    """
    text = _some(text)
    if len(text.encode("utf-8", "replace")) > MOST_BYTES:
        raise ActionError(
            "too_long",
            f"{len(text):,} characters are more than a terminal copies ({MOST_BYTES // 1000} kB).",
            "W writes them to a file.",
        )
    app.copy_to_clipboard(text)
    return f"Copied {len(text):,} characters (needs a terminal that allows it; W writes them to a file)."


def write(session: Session, text: str, name: str) -> Path:
    """Write to a new file in the workspace's folder of exports, readable by its owner alone.

    Args:
        session: Whose workspace; its clock gives the file's name.
        text: What to write.
        name: What the text is, in a word or two.

    Raises:
        ActionError: `nothing_to_copy`, `not_allowed` in a read-only session, or `cannot_write`.
    """
    if session.read_only:
        raise ActionError(
            "not_allowed", "This session is read-only: nothing is written.", "y copies instead."
        )
    text = _some(text)
    words = re.sub(r"[^A-Za-z0-9]+", "-", name).strip("-").lower()[:40] or "copy"
    stem = f"{words}-{re.sub(r'[^0-9T]', '', session.clock()).replace('T', '-')}"
    target = session.folder / FOLDER
    try:
        target.mkdir(parents=True, exist_ok=True)
        for count in range(1, 10_000):
            path = target / (f"{stem}.txt" if count == 1 else f"{stem}-{count}.txt")
            try:
                file = path.open("x", encoding="utf-8", newline="\n")
            except FileExistsError:
                continue
            with file:
                path.chmod(0o600)
                file.write(text if text.endswith("\n") else text + "\n")
            return path
    except OSError as error:
        raise ActionError(
            "cannot_write", f"{target} cannot be written: {error.strerror}.", "y copies instead."
        ) from None
    raise ActionError("cannot_write", f"{target} is full of copies.", "Remove some.")


def session_of(app: App[None]) -> Session:
    """The session of the screens under a window."""
    from screens.base import ActionScreen

    return next(screen.session for screen in app.screen_stack if isinstance(screen, ActionScreen))


def _some(text: str) -> str:
    shown = visible(text)
    if not shown.strip():
        raise ActionError("nothing_to_copy", "There is nothing to copy here.", "")
    return shown
