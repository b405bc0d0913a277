"""Exact counts of queries by the values of columns, under the filters of a search."""

from __future__ import annotations

from collections import Counter
from typing import Any

from db.columns import Column
from db.search import Filter
from db.workspace import Workspace

Scalar = str | int


def _narrowed(chosen: Filter, match: str | None) -> tuple[str, dict[str, Any]]:
    """The tables, the conditions, and their parameters; `match` is an FTS5 expression."""
    sql = f"FROM {chosen.source} WHERE {chosen.where}"
    if match is None:
        return sql, chosen.parameters
    passes = " AND q.text_id IN (SELECT rowid FROM text_fts WHERE text_fts MATCH :match)"
    return sql + passes, {**chosen.parameters, "match": match}


def count_values(
    workspace: Workspace, column: Column, chosen: Filter, match: str | None
) -> Counter[Scalar | None]:
    """How many queries that pass a filter have each value of a column; under `None` those without one.

    Args:
        workspace: The store.
        column: What is counted by.
        chosen: Which queries count.
        match: An FTS5 expression that the text must match; `None`: any text.
    """
    narrowed, parameters = _narrowed(chosen, match)
    # Counted here, because SQLite would sort the rows to group them, which takes twice as long.
    return Counter(value for (value,) in workspace.raw.execute(f"SELECT {column.sql} {narrowed}", parameters))


def count_all(workspace: Workspace, column: Column, dataset: int) -> Counter[Scalar | None]:
    """How many queries of a dataset have each value of a column; under `None` those without one."""
    found: Counter[Scalar | None] = Counter()
    for value, count in workspace.raw.execute(column.whole, {"dataset": dataset}):
        found[value] += count
    del found[None]
    queries = workspace.value("SELECT count(*) FROM query WHERE dataset_id = ?", (dataset,))
    without = queries - found.total()
    if without:
        found[None] = without
    return found


def count_cells(
    workspace: Workspace, rows: Column, columns: Column, chosen: Filter, match: str | None
) -> Counter[tuple[Scalar, Scalar]]:
    """How many queries that pass a filter have each pair of values; those without one of the two are left out."""
    narrowed, parameters = _narrowed(chosen, match)
    cursor = workspace.raw.execute(f"SELECT {rows.sql}, {columns.sql} {narrowed}", parameters)
    return Counter((row, column) for row, column in cursor if row is not None and column is not None)


def distinct_values(workspace: Workspace, column: Column, dataset: int, limit: int) -> list[str]:
    """The most frequent values of a column in a dataset, as text."""
    found = count_all(workspace, column, dataset)
    del found[None]
    return [str(value) for value in sorted(found, key=lambda value: (-found[value], value))[:limit]]


def has_value(workspace: Workspace, column: Column, dataset: int, value: Scalar) -> bool:
    """Whether a query of a dataset has a value."""
    return bool(
        workspace.value(
            f"SELECT EXISTS (SELECT 1 FROM query q WHERE q.dataset_id = ? AND {column.sql} = ?)",
            (dataset, value),
        )
    )
