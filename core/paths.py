"""Paths as people write them: questions about them have an answer whatever was written."""

from __future__ import annotations

import contextlib
from pathlib import Path


def user_path(written: str | Path) -> Path:
    """The path with its `~` filled; as it stands where that names nobody."""
    with contextlib.suppress(RuntimeError):
        return Path(written).expanduser()
    return Path(written)


def is_file(path: Path) -> bool:
    """Whether there is such a file; `Path.is_file` raises for a name that is too long for the file system."""
    try:
        return path.is_file()
    except OSError:
        return False


def is_folder(path: Path) -> bool:
    """Whether there is such a folder; as `is_file`."""
    try:
        return path.is_dir()
    except OSError:
        return False
