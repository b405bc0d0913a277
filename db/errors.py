"""The store's own error, and the translation of SQLite's."""

from __future__ import annotations

import contextlib
import errno
import shutil
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import peewee


class StoreError(Exception):
    """The store cannot be used: `code` is one of `store_missing`, `store_locked`, `store_version`, `store_read_only`,
    `store_full`, `store_io` and `store_damaged`; or what was worked on is gone: `removed_meanwhile`."""

    def __init__(self, code: str, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.hint = hint


_HINTS = {
    "store_missing": (
        "The workspace is gone.",
        "Put its folder back, or start again with another --workspace.",
    ),
    "store_locked": (
        "Another process is writing to this workspace.",
        "Wait until it is done, or use another --workspace.",
    ),
    "store_read_only": (
        "The workspace cannot be written.",
        "Check its permissions, or use another --workspace.",
    ),
    "store_full": (
        "The disk is full; nothing was written.",
        "Free some space, or move the workspace with --workspace.",
    ),
    "store_io": (
        "The disk refused to read or write; nothing was changed.",
        "Look at the system's log; try another disk with --workspace.",
    ),
    "store_damaged": (
        "The workspace's database is damaged or is not a database.",
        "Restore a copy, or start a new --workspace.",
    ),
    "removed_meanwhile": (
        "What this step worked on was removed meanwhile; nothing of the step was kept.",
        "See data.list and run.list, then start again from there.",
    ),
}

_BY_WORDS = {
    "locked": "store_locked",
    "busy": "store_locked",
    "readonly": "store_read_only",
    "read-only": "store_read_only",
    "unable to open": "store_read_only",
    "disk is full": "store_full",
    "disk i/o error": "store_io",
    "malformed": "store_damaged",
    "not a database": "store_damaged",
    # Ids are checked when a job starts and never given again: a row that they refer to has been removed since.
    "foreign key constraint failed": "removed_meanwhile",
}

_BY_ERRNO = {
    errno.ENOSPC: "store_full",
    errno.EDQUOT: "store_full",
    errno.EROFS: "store_read_only",
    errno.EACCES: "store_read_only",
}


def store_error(code: str) -> StoreError:
    """The error of that code with its usual words."""
    return StoreError(code, *_HINTS[code])


_ROOM = 1 << 18
"""Bytes free below which a failed read or write is put down to a full disk, as SQLite does not say so of its -shm file."""


def _code_of(words: str, folder: Path) -> str | None:
    code = next((code for part, code in _BY_WORDS.items() if part in words), None)
    if code in ("store_read_only", "store_io") and not folder.exists():
        return "store_missing"
    if code == "store_io" and shutil.disk_usage(folder).free < _ROOM:
        return "store_full"
    return code


@contextlib.contextmanager
def translated(folder: Path) -> Iterator[None]:
    """SQLite's and the file system's errors on the store in `folder` as `StoreError`; any other passes through."""
    try:
        yield
    except (sqlite3.DatabaseError, peewee.DatabaseError) as error:
        code = _code_of(str(error).lower(), folder)
        if code is None:
            raise
        raise store_error(code) from error
    except OSError as error:
        if error.errno in _BY_ERRNO:
            raise store_error(_BY_ERRNO[error.errno]) from error
        raise
