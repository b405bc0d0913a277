"""Exact counts of queries by the values of columns, under the filters of a search."""

from __future__ import annotations

from collections import Counter
from typing import Any

from db.columns import Column
from db.search import Filter
from db.text_sets import kept, matching
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
    if match is not None and chosen.all:
        return _count_matching(workspace, column, match)
    narrowed, parameters = _narrowed(chosen, match)
    # Counted here, because SQLite would sort the rows to group them, which takes twice as long.
    return Counter(value for (value,) in workspace.raw.execute(f"SELECT {column.sql} {narrowed}", parameters))


def _count_matching(workspace: Workspace, column: Column, match: str) -> Counter[Scalar | None]:
    """`count_values` where only the text matters: by the values of all queries, which are read once."""
    import numpy as np

    texts, codes, values = kept(workspace, ("values", column), lambda: _values(workspace, column))
    ids = matching(workspace, match)
    asked = np.zeros(int(max(texts.max(initial=0), ids.max(initial=0))) + 1, np.bool_)
    asked[ids] = True
    counts = np.bincount(codes[asked[texts]], minlength=len(values)).tolist()
    return Counter({value: count for value, count in zip(values, counts, strict=True) if count})


def _values(workspace: Workspace, column: Column) -> tuple[Any, Any, list[Scalar | None]]:
    """The text of each query, int64 [n], the place of its value in the list of values, int32 [n], and that list."""
    import numpy as np

    places: dict[Scalar | None, int] = {}
    cursor = workspace.raw.execute(f"SELECT q.text_id, {column.sql} FROM query q")
    found = np.fromiter(
        ((text, places.setdefault(value, len(places))) for text, value in cursor),
        dtype=np.dtype([("text", np.int64), ("place", np.int32)]),
    )
    return found["text"].copy(), found["place"].copy(), list(places)


def count_all(workspace: Workspace, column: Column, dataset: int) -> Counter[Scalar | None]:
    """How many queries of a dataset have each value of a column; under `None` those without one."""
    found: Counter[Scalar | None] = kept(
        workspace, ("all", column, dataset), lambda: _count_all(workspace, column, dataset)
    )
    return found.copy()


def _count_all(workspace: Workspace, column: Column, dataset: int) -> Counter[Scalar | None]:
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
