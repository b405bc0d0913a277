"""The lines that were typed at the `:` prompt, kept in the workspace's `prompt_history`."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

FILE_NAME = "prompt_history"

MOST_LINES = 500

MOST_CHARACTERS = 2_000
"""A longer line is not kept."""


def load_past(folder: Path) -> list[str]:
    """The lines, oldest first; none when there is no file, or none that can be read."""
    try:
        text = (folder / FILE_NAME).read_text("utf-8", errors="replace")
    except OSError:
        return []
    return [line for line in text.split("\n") if line.strip()][-MOST_LINES:]


def keep_line(folder: Path, past: list[str], line: str) -> None:
    """Put a line behind the others, here and in the file, which its owner alone may read; a repeated one is kept once.

    Another session's lines that came meanwhile stay. A folder that cannot be written is left alone.
    """
    if "\n" in line or len(line) > MOST_CHARACTERS or past[-1:] == [line]:
        return
    past.append(line)
    del past[:-MOST_LINES]
    if not folder.is_dir():
        return
    stored = load_past(folder)
    lines = [*stored, line][-MOST_LINES:] if stored[-1:] != [line] else stored
    target = folder / FILE_NAME
    beside = folder / f"{FILE_NAME}.new"
    with contextlib.suppress(OSError):
        number = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(number, "w", encoding="utf-8", errors="replace", newline="\n") as file:
            file.write("".join(f"{one}\n" for one in lines))
        beside.replace(target)
