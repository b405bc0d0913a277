"""Opening a workspace: a folder with `workspace.db`, `vectors/`, `exports/` and `logs/`."""

from __future__ import annotations

import contextlib
import os
import sqlite3
import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from peewee import SqliteDatabase

from db import migrations, models, titles
from db.errors import StoreError, store_error, translated

BUSY_SECONDS = 10
"""How long a writer waits for another process before `store_locked`."""

FILE_NAME = "workspace.db"


class Workspace:
    """An open store. Each thread works inside `connection()`; writes go through `transaction()`.

    Args:
        folder: The workspace's folder.
        database: Peewee's database, already pointed at the file.
        clock: Gives the time that is stored, as UTC ISO 8601.
        writable: Whether writing was asked for and is possible.
    """

    def __init__(
        self, folder: Path, database: SqliteDatabase, clock: Callable[[], str], writable: bool
    ) -> None:
        self.folder = folder
        self.database = database
        self.clock = clock
        self.writable = writable
        self.kept: dict[str, Any] = {}
        """What is dear to make and holds as long as the store is open, by its owner's name."""
        self._committed = threading.local()

    @classmethod
    def open(cls, folder: Path, *, create: bool, read_only: bool, clock: Callable[[], str]) -> Workspace:
        """Open the store in `folder`, migrated to this version.

        Raises:
            StoreError: `store_missing`, `store_version`, `store_locked`, `store_read_only`, `store_full` or `store_damaged`.
        """
        path = folder / FILE_NAME
        with translated(folder):
            if (folder.exists() or folder.is_symlink()) and not folder.is_dir():
                raise StoreError(
                    "store_missing", f"{folder} is not a folder.", "Name a folder with --workspace."
                )
            if not path.is_file():
                if not create or read_only:
                    raise StoreError(
                        "store_missing",
                        f"There is no workspace in {folder}.",
                        "Load a log first: lmsys-tui do data.load source=sample (or a file).",
                    )
                folder.mkdir(parents=True, exist_ok=True)
            writable = not read_only and _can_write(folder, path)
            database = _database(path, writable)
            database.register_function(titles.still_true, "still_true", 3)
            workspace = cls(folder, database, clock, writable)
            try:
                workspace._prepare()
            except BaseException:
                database.close()
                raise
        models.database.initialize(database)
        return workspace

    def _prepare(self) -> None:
        self.database.connect(reuse_if_open=True)
        raw = self.raw
        found = migrations.version(raw)
        known = len(migrations.MIGRATIONS)
        if found > known:
            raise StoreError(
                "store_version",
                f"This workspace is of version {found}; this program knows versions up to {known}.",
                "Update lmsys-tui, or use another --workspace.",
            )
        if found == 0 and raw.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]:
            raise StoreError(
                "store_damaged",
                f"{self.folder / FILE_NAME} is not a workspace of lmsys-tui.",
                "Use another --workspace.",
            )
        if found == known:
            return
        if not self.writable:
            raise StoreError(
                "store_version",
                f"This workspace is of version {found} and must be brought to {known} first.",
                "Open it once without --read-only.",
            )
        raw.execute("PRAGMA journal_mode = WAL")
        migrations.migrate(raw)

    @property
    def raw(self) -> sqlite3.Connection:
        """This thread's SQLite connection."""
        return self.database.connection()  # type: ignore[no-any-return, no-untyped-call]

    def close(self) -> None:
        """Close this thread's connection."""
        self.database.close()

    @contextlib.contextmanager
    def connection(self) -> Iterator[sqlite3.Connection]:
        """This thread's connection, opened for the block when the thread has none.

        Raises:
            StoreError: `store_missing` when its file was removed since, or why it cannot be opened.
        """
        if not (self.folder / FILE_NAME).is_file():
            # SQLite would make it anew, or go on with what nobody finds again.
            raise store_error("store_missing")
        opened = self.database.is_closed()
        if opened:
            with translated(self.folder):
                self.database.connect()
        try:
            yield self.raw
        finally:
            if opened:
                self.database.close()

    @contextlib.contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """All or nothing: takes the write lock at once, rolls back on any exception.

        Raises:
            StoreError: `store_read_only`, `store_locked` or `store_missing`.
        """
        if not self.writable:
            raise store_error("store_read_only")
        with self.connection() as connection, translated(self.folder):
            if connection.in_transaction:
                with _savepoint(connection):
                    yield connection
                return
            connection.execute("BEGIN IMMEDIATE")
            changes = connection.total_changes
            try:
                yield connection
                connection.execute("COMMIT")
                if connection.total_changes != changes:
                    self._committed.count = self.commits + 1
            finally:
                _roll_back(connection)

    @property
    def commits(self) -> int:
        """So many transactions of this thread have changed the store."""
        return getattr(self._committed, "count", 0)

    @contextlib.contextmanager
    def rolled_back(self) -> Iterator[sqlite3.Connection]:
        """A transaction of which nothing stays: for `--dry-run`."""
        with self.connection() as connection, translated(self.folder):
            connection.execute("BEGIN")
            try:
                yield connection
            finally:
                _roll_back(connection)

    def rows(self, sql: str, parameters: Sequence[Any] | dict[str, Any] = ()) -> list[tuple[Any, ...]]:
        """The rows of a SELECT, as tuples."""
        return self.raw.execute(sql, parameters).fetchall()

    def row(self, sql: str, parameters: Sequence[Any] | dict[str, Any] = ()) -> tuple[Any, ...] | None:
        """The first row of a SELECT, or `None`."""
        found = self.raw.execute(sql, parameters).fetchone()
        return None if found is None else tuple(found)

    def value(self, sql: str, parameters: Sequence[Any] | dict[str, Any] = ()) -> Any:
        """The first field of the first row of a SELECT, or `None`."""
        found = self.row(sql, parameters)
        return None if found is None else found[0]

    def data_version(self) -> int:
        """A number that changes when another connection has committed."""
        return int(self.value("PRAGMA data_version"))


@contextlib.contextmanager
def _savepoint(connection: sqlite3.Connection) -> Iterator[None]:
    connection.execute("SAVEPOINT inner_step")
    try:
        yield
    except BaseException:
        # SQLite rolls the whole transaction back by itself when the disk is full.
        if connection.in_transaction:
            connection.execute("ROLLBACK TO inner_step")
            connection.execute("RELEASE inner_step")
        raise
    connection.execute("RELEASE inner_step")


def _roll_back(connection: sqlite3.Connection) -> None:
    if connection.in_transaction:
        connection.execute("ROLLBACK")


def _can_write(folder: Path, path: Path) -> bool:
    return os.access(folder, os.W_OK) and (not path.exists() or os.access(path, os.W_OK))


def _database(path: Path, writable: bool) -> SqliteDatabase:
    pragmas: dict[str, Any] = {"foreign_keys": 1, "cache_size": -65536, "temp_store": "memory"}
    if writable:
        pragmas |= {"synchronous": "NORMAL", "journal_mode": "wal"}
        return SqliteDatabase(str(path), pragmas=pragmas, timeout=BUSY_SECONDS)
    mode = "mode=ro"
    if not os.access(path.parent, os.W_OK):
        wal = path.with_name(path.name + "-wal")
        if wal.exists() and wal.stat().st_size:
            raise StoreError(
                "store_read_only",
                f"{path.parent} cannot be written and holds changes that are not merged yet ({wal.name}).",
                "Open it once where it can be written, or copy it.",
            )
        # A WAL database needs its shared-memory file, which cannot be made here.
        mode = "immutable=1"
    if not path.is_file():
        raise store_error("store_read_only")
    return SqliteDatabase(f"file:{_quoted(path)}?{mode}", pragmas=pragmas, timeout=BUSY_SECONDS, uri=True)


def _quoted(path: Path) -> str:
    from urllib.parse import quote

    return quote(str(path.resolve()))
