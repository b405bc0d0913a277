"""The values of a column as an array of small numbers, one a query, read in one go and kept for as long as the store stays as it is.

To read them costs a second a million queries at most; then every count under every filter is one addition over an array.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from db.columns import USER_BANDS, Column, log_column
from db.text_sets import has_kept, kept, listed
from db.workspace import Workspace

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

Scalar = str | int

BLOCK = 100_000
"""Rows that are read at once: as texts of Python they take twenty times the room of their numbers."""

_USERS = log_column("user_conversations")
_Made = TypeVar("_Made")


@dataclass(frozen=True, eq=False)
class Queries:
    """The queries of a dataset, or of all: int64 [n] each. `state` tells the store that they were read from."""

    ids: NDArray[np.int64]
    conversations: NDArray[np.int64]
    state: tuple[int, int]


@dataclass(frozen=True, eq=False)
class Codes:
    """For each of n queries the place of its value in `values`, unsigned [n]; `None` stands for none, and first."""

    queries: Queries
    codes: NDArray[Any]
    values: list[Scalar | None]


class ChangedError(Exception):
    """The store is no longer the one whose queries were read."""


def steady(make: Callable[[], _Made]) -> _Made:
    """What `make` reads of one state of the store; read again where somebody wrote in between."""
    while True:
        try:
            return make()
        except ChangedError:
            continue


def codes_of(workspace: Workspace, column: Column, dataset: int | None) -> Codes:
    """The values of a column for the queries of a dataset, or of all.

    Raises:
        ChangedError: Somebody wrote in between; `steady` asks again.
    """
    queries = queries_of(workspace, dataset)
    if column.follows is None:
        read = _read_users if column == _USERS else _read
        found: Codes = kept(
            workspace, ("codes", column, dataset), lambda: read(workspace, column, queries), "column"
        )
    else:
        of, how = column.follows
        base = codes_of(workspace, log_column(of), dataset)
        found = kept(
            workspace, ("codes", column, dataset), lambda: _following(workspace, base, how), "column"
        )
    if found.queries.state != queries.state:
        raise ChangedError
    return found


def are_kept(workspace: Workspace, column: Column, dataset: int | None) -> bool:
    """Whether `codes_of` need not read the values."""
    return has_kept(workspace, ("codes", column, dataset), "column")


def queries_of(workspace: Workspace, dataset: int | None) -> Queries:
    """The queries of a dataset, or of all."""
    found: Queries = kept(
        workspace, ("queries", dataset), lambda: _read_queries(workspace, dataset), "column"
    )
    return found


def lists(
    workspace: Workspace, count: int, selected: str, parameters: dict[str, Any] | None = None
) -> list[list[Any]]:
    """The columns of a SELECT of `count` columns, each as one JSON text: to fetch row by row takes twice as long."""
    names = [f"c{n}" for n in range(count)]
    arrays = ", ".join(f"json_group_array({name})" for name in names)
    sql = f"WITH found ({', '.join(names)}) AS (SELECT {selected})"
    try:
        texts = workspace.row(f"{sql} SELECT {arrays} FROM found", parameters or {}) or ("[]",) * count
    except sqlite3.DataError:
        # More than a thousand million bytes of values, which is the most that SQLite puts into one text.
        rows = workspace.rows(f"{sql} SELECT * FROM found", parameters or {})
        return [list(column) for column in zip(*rows, strict=True)] or [[] for _ in names]
    return [json.loads(text) for text in texts]


@contextmanager
def _same(workspace: Workspace, queries: Queries) -> Iterator[None]:
    """The state of the store from which some queries were read, for several reads."""
    with _snapshot(workspace) as state:
        if state != queries.state:
            raise ChangedError
        yield


@contextmanager
def _snapshot(workspace: Workspace) -> Iterator[tuple[int, int]]:
    """One state of the store for several reads; which one."""
    connection = workspace.raw
    begun = not connection.in_transaction
    if begun:
        connection.execute("BEGIN")
    try:
        version = connection.execute("PRAGMA data_version").fetchone()[0]
        yield version, connection.total_changes
    finally:
        if begun:
            connection.execute("COMMIT")


def _read_queries(workspace: Workspace, dataset: int | None) -> Queries:
    import numpy as np

    source = "FROM query q NOT INDEXED" + ("" if dataset is None else f" WHERE q.dataset_id = {dataset:d}")
    with _snapshot(workspace) as state:
        count, first, last, unlike = workspace.row(
            f"SELECT (SELECT count(*) {source}), (SELECT min(q.id) {source}), (SELECT max(q.id) {source}),"
            " EXISTS (SELECT 1 FROM query NOT INDEXED WHERE id <> conversation_id)"
        ) or (0, None, None, False)
        dense = count > 0 and last - first + 1 == count
        ids = np.arange(first, last + 1) if dense else listed(workspace, f"SELECT q.id {source}")
        conversations = listed(workspace, f"SELECT q.conversation_id {source}") if unlike else ids
    return Queries(ids, conversations, state)


def texts_of(workspace: Workspace, queries: Queries, dataset: int | None) -> NDArray[np.int64]:
    """The text of each of `queries_of` a dataset, int64 [n].

    Raises:
        ChangedError: The store is no longer the one that they were read from.
    """
    source = "FROM query q NOT INDEXED" + ("" if dataset is None else f" WHERE q.dataset_id = {dataset:d}")

    def read() -> tuple[Queries, NDArray[np.int64]]:
        with _same(workspace, queries):
            return queries, listed(workspace, f"SELECT q.text_id {source}")

    found: tuple[Queries, NDArray[np.int64]] = kept(workspace, ("texts", dataset), read, "column")
    of, texts = found
    if of.state != queries.state:
        raise ChangedError
    return texts


def _read(workspace: Workspace, column: Column, queries: Queries) -> Codes:
    """By the keys of the column's table, block after block."""
    import numpy as np

    own = queries.ids if column.by == "id" else queries.conversations
    places: dict[Scalar | None, int] = {None: 0}
    low, high = (int(own.min()), int(own.max())) if len(own) else (0, -1)
    found = np.zeros(high - low + 1, np.int32)
    with _same(workspace, queries):
        for first in range(low, high + 1, BLOCK):
            last = min(first + BLOCK - 1, high)
            source = f"FROM {column.table} WHERE {column.test} AND {column.key} BETWEEN {first} AND {last}"
            keys, values = _block(workspace, column, source, first, last)
            for value in dict.fromkeys(values):
                places.setdefault(value, len(places))
            found[keys - low] = np.fromiter(map(places.__getitem__, values), np.int32, len(values))
    return Codes(queries, _small(found[own - low], len(places)), list(places))


def _block(
    workspace: Workspace, column: Column, source: str, first: int, last: int
) -> tuple[NDArray[np.int64], list[Any]]:
    """The keys and values of some rows of a column's table."""
    import numpy as np

    if column.in_order:
        (values,) = lists(workspace, 1, f"{column.value} {source}")
        dense = len(values) == last - first + 1
        return np.arange(first, last + 1) if dense else listed(
            workspace, f"SELECT {column.key} {source}"
        ), values
    keys, values = lists(workspace, 2, f"{column.key}, {column.value} {source}")
    return np.array(keys, np.int64), values


def _following(workspace: Workspace, base: Codes, how: str) -> Codes:
    """What follows from each value of another column."""
    import numpy as np

    sql = f"SELECT json_group_array({how.replace('{}', 'value')}) FROM json_each(?)"
    listed = json.loads(workspace.value(sql, (json.dumps(base.values),)))
    places: dict[Scalar | None, int] = {None: 0}
    table = np.array([places.setdefault(value, len(places)) for value in listed], np.int64)
    return Codes(base.queries, _small(table[base.codes], len(places)), list(places))


def _read_users(workspace: Workspace, _: Column, queries: Queries) -> Codes:
    """How often the user of each conversation came, by an index that has those of a user together."""
    import numpy as np

    came = 'FROM conversation INDEXED BY conversation_user WHERE "user" IS NOT NULL'
    with _same(workspace, queries):
        times = listed(workspace, f'SELECT n FROM (SELECT count(*) AS n {came} GROUP BY dataset_id, "user")')
        ids = listed(workspace, f"SELECT id {came}")
    high = int(max(queries.conversations.max(initial=0), ids.max(initial=0)))
    starts = [int(band.split("-")[0].removesuffix("+")) for band in USER_BANDS]
    found = np.zeros(high + 1, np.uint8)
    found[ids] = np.repeat(np.searchsorted(starts, times, side="right"), times)
    return Codes(queries, found[queries.conversations], [None, *USER_BANDS])


def _small(codes: NDArray[Any], count: int) -> NDArray[Any]:
    import numpy as np

    return codes.astype(np.min_scalar_type(count))
