"""A lock that one process at a time holds, and that the system lets go when it dies."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

from db.errors import StoreError


@contextlib.contextmanager
def held(path: Path, message: str, hint: str) -> Iterator[None]:
    """Hold the lock file at `path`, made where it is missing.

    Raises:
        StoreError: `store_locked` with `message` and `hint` when another process holds it.
    """
    import fcntl

    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise StoreError("store_locked", message, hint) from error
        yield
