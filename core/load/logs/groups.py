"""Rows gathered by a key in bounded memory: they wait in a temporary file, not in memory."""

from __future__ import annotations

import pickle
import sqlite3
from collections.abc import Iterator
from types import TracebackType
from typing import Generic, TypeVar

from core.errors import ActionError

T = TypeVar("T")
_BATCH = 500


class Groups(Generic[T]):
    """Values by key, given back group by group in the order in which the keys came first, each in its own order.

    SQLite keeps them in a file without a name that the system removes with the process; memory holds its page cache and a
    number for each key. Used in a `with` block, at whose end all is gone.

    Raises:
        ActionError: at the end of the block, `temporary_full` where the system has no room.
    """

    def __init__(self) -> None:
        self._connection = sqlite3.connect("", isolation_level=None, check_same_thread=False)
        self._numbers: dict[str, int] = {}
        self._waiting: list[tuple[int, bytes]] = []

    def __enter__(self) -> Groups[T]:
        """Make the file."""
        self._connection.execute("PRAGMA journal_mode = OFF")
        self._connection.execute("PRAGMA cache_size = -16000")
        self._connection.execute("CREATE TABLE item (place INTEGER PRIMARY KEY, number INTEGER, data BLOB)")
        self._connection.execute("BEGIN")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Remove the file."""
        self._connection.close()
        if isinstance(error, sqlite3.Error):
            raise ActionError(
                "temporary_full",
                f"The rows could not be sorted in a temporary file: {error}.",
                "Free space, or name a folder that has some by the variable TMPDIR.",
            ) from error

    def add(self, key: str, value: T) -> None:
        """Put a value into the group `key`."""
        number = self._numbers.setdefault(key, len(self._numbers))
        # Only this process ever reads what it has written here.
        self._waiting.append((number, pickle.dumps(value, pickle.HIGHEST_PROTOCOL)))
        if len(self._waiting) >= _BATCH:
            self._write()

    def __iter__(self) -> Iterator[list[T]]:
        """The groups; nothing can be added afterwards."""
        self._write()
        self._numbers.clear()
        self._connection.execute("CREATE INDEX by_number ON item (number, place)")
        group: list[T] = []
        last = -1
        for number, data in self._connection.execute("SELECT number, data FROM item ORDER BY number, place"):
            if number != last and group:
                yield group
                group = []
            last = number
            group.append(pickle.loads(data))
        if group:
            yield group

    def at(self, place: int) -> T:
        """The value that was added as number `place`, from 0."""
        self._write()
        row = self._connection.execute("SELECT data FROM item WHERE place = ?", (place + 1,)).fetchone()
        value: T = pickle.loads(row[0])
        return value

    def _write(self) -> None:
        self._connection.executemany("INSERT INTO item (number, data) VALUES (?, ?)", self._waiting)
        self._waiting.clear()
