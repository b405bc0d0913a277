"""Adding conversations to a dataset, in batches, inside one transaction of the caller."""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from db import fts, traits

_MARKS = 500


@dataclass(frozen=True)
class NewConversation:
    """A conversation to add: `text` is the normalised first query, `metadata` JSON, `turns` (role, content)."""

    external_id: str
    text: str
    model: str | None
    language: str | None
    timestamp: str | None
    user: str | None
    metadata: str
    turns: Sequence[tuple[str, str]]


@dataclass(frozen=True)
class DatasetInfo:
    """A dataset's row."""

    id: int
    name: str
    source: str
    fingerprint: str


def find_dataset(connection: sqlite3.Connection, name: str) -> DatasetInfo | None:
    """The dataset of that name."""
    row = connection.execute(
        "SELECT id, name, source, fingerprint FROM dataset WHERE name = ?", (name,)
    ).fetchone()
    return None if row is None else DatasetInfo(*row)


def make_dataset(
    connection: sqlite3.Connection, name: str, source: str, shape: str, mapping: str, at: str
) -> int:
    """A new, empty dataset; its id."""
    cursor = connection.execute(
        "INSERT INTO dataset (name, source, shape, mapping, fingerprint, conversations, rejected, loaded_at)"
        " VALUES (?, ?, ?, ?, '', 0, 0, ?)",
        (name, source, shape, mapping, at),
    )
    assert cursor.lastrowid is not None
    return cursor.lastrowid


class Adder:
    """Adds batches to one dataset; numbers rows itself, which needs the transaction's write lock."""

    def __init__(self, connection: sqlite3.Connection, dataset_id: int) -> None:
        self._connection = connection
        self._dataset = dataset_id
        self._next = _after(connection, "conversation")
        self._next_text = _after(connection, "text")
        self.grown = 0
        """How many of those that the dataset has already have more turns now."""

    def add(self, batch: Sequence[NewConversation]) -> int:
        """Add those whose id the dataset does not have; how many were added."""
        fresh = self._fresh(batch)
        texts = self._text_ids(fresh)
        numbered = list(enumerate(fresh, start=self._next))
        self._next += len(fresh)
        execute = self._connection.executemany
        execute(
            "INSERT INTO conversation VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                (
                    i,
                    self._dataset,
                    c.external_id,
                    c.model,
                    c.language,
                    c.timestamp,
                    c.user,
                    c.metadata,
                    len(c.turns),
                )
                for i, c in numbered
            ),
        )
        execute(
            "INSERT INTO turn VALUES (?, ?, ?, ?)",
            ((i, n, role, content) for i, c in numbered for n, (role, content) in enumerate(c.turns)),
        )
        execute(
            "INSERT INTO query VALUES (?, ?, ?, ?)",
            ((i, self._dataset, i, texts[c.text]) for i, c in numbered),
        )
        if numbered:
            traits.fill(self._connection, numbered[0][0])
        return len(fresh)

    def _fresh(self, batch: Sequence[NewConversation]) -> list[NewConversation]:
        found: dict[str, NewConversation] = {}
        for conversation in batch:
            found.setdefault(conversation.external_id, conversation)
        for ids in _blocks(list(found)):
            marks = ",".join("?" * len(ids))
            for known, turns in self._connection.execute(
                f"SELECT external_id, turns FROM conversation WHERE dataset_id = ? AND external_id IN ({marks})",
                (self._dataset, *ids),
            ):
                self.grown += len(found.pop(known).turns) > turns
        return list(found.values())

    def _text_ids(self, batch: Sequence[NewConversation]) -> dict[str, int]:
        """The id of each text, new ones stored and indexed."""
        by_hash = {text_hash(c.text): c.text for c in batch}
        found: dict[str, int] = {}
        for hashes in _blocks(list(by_hash)):
            marks = ",".join("?" * len(hashes))
            for known, text_id in self._connection.execute(
                f"SELECT hash, id FROM text WHERE hash IN ({marks})", hashes
            ):
                found[by_hash.pop(known)] = text_id
        new = [(self._next_text + n, key, text) for n, (key, text) in enumerate(by_hash.items())]
        self._next_text += len(new)
        self._connection.executemany("INSERT INTO text VALUES (?, ?, ?)", new)
        fts.index_texts(self._connection, [(text_id, text) for text_id, _, text in new])
        found.update((text, text_id) for text_id, _, text in new)
        return found


def finish_dataset(connection: sqlite3.Connection, dataset_id: int, fingerprint: str, at: str) -> None:
    """Bring the counts of a dataset up to date after a load that added something."""
    connection.execute(
        "UPDATE dataset SET fingerprint = ?, loaded_at = ?,"
        " conversations = (SELECT count(*) FROM conversation WHERE dataset_id = dataset.id) WHERE id = ?",
        (fingerprint, at, dataset_id),
    )


def clear_rejects(connection: sqlite3.Connection, dataset_id: int, source: str) -> None:
    """Forget the rejected rows of a source that is read again."""
    connection.execute("DELETE FROM reject WHERE dataset_id = ? AND source = ?", (dataset_id, source))


def count_rejects(connection: sqlite3.Connection, dataset_id: int) -> None:
    """Bring the number of a dataset's rejected rows, of all its sources, up to date."""
    connection.execute(
        "UPDATE dataset SET rejected = (SELECT count(*) FROM reject WHERE dataset_id = dataset.id) WHERE id = ?",
        (dataset_id,),
    )


def add_rejects(
    connection: sqlite3.Connection, dataset_id: int, source: str, rows: Iterable[tuple[int, str, str]]
) -> None:
    """Keep (line, reason, raw) of rows of a source that could not be loaded; the same line and reason once."""
    connection.executemany(
        "INSERT OR IGNORE INTO reject (dataset_id, source, line, reason, raw) VALUES (?, ?, ?, ?, ?)",
        ((dataset_id, source, *row) for row in rows),
    )


def text_hash(text: str) -> str:
    """32 hexadecimal digits of the SHA-256 of a normalised text."""
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def _after(connection: sqlite3.Connection, table: str) -> int:
    """The next id of a table: never one that a removed row had, as other work may still hold it."""
    row = connection.execute("SELECT seq FROM sqlite_sequence WHERE name = ?", (table,)).fetchone()
    return 1 if row is None else int(row[0]) + 1


def _blocks(values: list[str]) -> Iterable[list[str]]:
    for start in range(0, len(values), _MARKS):
        yield values[start : start + _MARKS]
