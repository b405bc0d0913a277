"""Exact counts of queries by the values of columns, under the filters of a search."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from db.columns import Column, log_column
from db.facet_codes import (
    ChangedError,
    Codes,
    Queries,
    Scalar,
    are_kept,
    codes_of,
    lists,
    steady,
    texts_of,
)
from db.matching import RANKED
from db.search import Filter
from db.text_sets import kept, key_of, listed, matches_more_than, matching
from db.workspace import Workspace

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


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
    dataset = _dataset(workspace, chosen.dataset)
    if column.grouped and not _whole(chosen) and not are_kept(workspace, column, dataset):
        # Looked up query by query: such a filter often leaves few, and all are counted by an index without this.
        narrowed, parameters = _narrowed(chosen, match, column.join)
        (values,) = lists(workspace, 1, f"{column.value} {narrowed}", parameters)
        return Counter(values)
    return steady(lambda: _count_values(workspace, column, chosen, match, dataset))


def _count_values(
    workspace: Workspace, column: Column, chosen: Filter, match: str | None, dataset: int | None
) -> Counter[Scalar | None]:
    codes = codes_of(workspace, column, dataset)
    return _counted(codes, _passing(workspace, codes.queries, chosen, match, dataset))


def _narrowed(chosen: Filter, match: str | None, join: str = "") -> tuple[str, dict[str, Any]]:
    """The tables, the conditions, and their parameters; `match` is an FTS5 expression."""
    sql = f"FROM {chosen.source} {join} WHERE {chosen.where}"
    if match is None:
        return sql, chosen.parameters
    passes = " AND q.text_id IN (SELECT rowid FROM text_fts WHERE text_fts MATCH :match)"
    return sql + passes, {**chosen.parameters, "match": match}


def _dataset(workspace: Workspace, dataset: int | None) -> int | None:
    """`None` where the dataset is all of the store."""
    others = workspace.value("SELECT EXISTS (SELECT 1 FROM dataset WHERE id <> ?)", (dataset,))
    return dataset if others else None


def _whole(chosen: Filter) -> bool:
    """Whether a filter leaves every query of its dataset."""
    return replace(chosen, dataset=None, run=None).all


def _passing(
    workspace: Workspace, queries: Queries, chosen: Filter, match: str | None, dataset: int | None
) -> NDArray[np.bool_] | None:
    """Which of some queries, bool [n], pass a filter and match an FTS5 expression; `None`: all of the filter's dataset."""
    if match is not None and not _whole(chosen) and not matches_more_than(workspace, match, RANKED):
        # Looks only at the queries of the few texts that match.
        return _among(queries.ids, _ids(workspace, chosen, match))
    tests: list[NDArray[np.bool_]] = []
    if match is not None:
        tests.append(_among(texts_of(workspace, queries, dataset), matching(workspace, match)))
    for field, value in (("language", chosen.language), ("chat_model", chosen.chat_model)):
        if value is not None:
            tests.append(_has(workspace, queries, log_column(field), value, dataset))
    rest = replace(chosen, language=None, chat_model=None)
    if not _whole(rest):
        tests.append(_among(queries.ids, _ids(workspace, rest, None)))
    found: NDArray[np.bool_] | None = None
    for test in tests:
        found = test if found is None else found & test
    return found


def _has(
    workspace: Workspace, queries: Queries, column: Column, value: Scalar, dataset: int | None
) -> NDArray[np.bool_]:
    """Which of `queries_of` a dataset have a value."""
    import numpy as np

    codes = codes_of(workspace, column, dataset)
    if codes.queries.state != queries.state:
        raise ChangedError
    if value not in codes.values:
        return np.zeros(len(queries.ids), np.bool_)
    return np.asarray(codes.codes == codes.values.index(value))


def _among(some: NDArray[np.int64], chosen: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Which of some ids are among others."""
    import numpy as np

    found = np.zeros(int(max(some.max(initial=0), chosen.max(initial=0))) + 1, np.bool_)
    found[chosen] = True
    return found[some]


def _ids(workspace: Workspace, chosen: Filter, match: str | None) -> NDArray[np.int64]:
    """The queries that pass."""

    def read() -> NDArray[np.int64]:
        narrowed, parameters = _narrowed(chosen, match)
        return listed(workspace, f"SELECT q.id {narrowed}", parameters)

    found: NDArray[np.int64] = kept(workspace, (*key_of(chosen), "queries", match), read)
    return found


def _counted(codes: Codes, passes: NDArray[np.bool_] | None) -> Counter[Scalar | None]:
    import numpy as np

    chosen = codes.codes if passes is None else codes.codes[passes]
    counts = np.bincount(chosen, minlength=len(codes.values)).tolist()
    return Counter({value: count for value, count in zip(codes.values, counts, strict=True) if count})


def count_all(workspace: Workspace, column: Column, dataset: int) -> Counter[Scalar | None]:
    """How many queries of a dataset have each value of a column; under `None` those without one."""
    found: Counter[Scalar | None] = kept(
        workspace, ("all", column, dataset), lambda: _count_all(workspace, column, dataset), "column"
    )
    return found.copy()


def _count_all(workspace: Workspace, column: Column, dataset: int) -> Counter[Scalar | None]:
    among = _dataset(workspace, dataset)
    if not column.grouped or are_kept(workspace, column, among):
        return _counted(steady(lambda: codes_of(workspace, column, among)), None)
    grouped = (
        f"{column.value}, count(*) FROM {column.table} WHERE {column.test} AND {column.grouped} IS NOT NULL"
        f" GROUP BY {column.grouped}"
    )
    found: Counter[Scalar | None] = Counter()
    for value, times in zip(*lists(workspace, 2, grouped, {}), strict=True):
        found[value] += times
    queries = workspace.value("SELECT count(*) FROM query WHERE dataset_id = ?", (dataset,))
    without = queries - found.total()
    if without:
        found[None] = without
    return found


def count_cells(
    workspace: Workspace, rows: Column, columns: Column, chosen: Filter, match: str | None
) -> Counter[tuple[Scalar, Scalar]]:
    """How many queries that pass a filter have each pair of values; those without one of the two are left out."""
    dataset = _dataset(workspace, chosen.dataset)
    return steady(lambda: _count_cells(workspace, rows, columns, chosen, match, dataset))


def _count_cells(
    workspace: Workspace,
    rows: Column,
    columns: Column,
    chosen: Filter,
    match: str | None,
    dataset: int | None,
) -> Counter[tuple[Scalar, Scalar]]:
    import numpy as np

    first, second = codes_of(workspace, rows, dataset), codes_of(workspace, columns, dataset)
    if first.queries.state != second.queries.state:
        raise ChangedError
    both = (first.codes > 0) & (second.codes > 0)
    passes = _passing(workspace, first.queries, chosen, match, dataset)
    if passes is not None:
        both &= passes
    pairs = first.codes[both].astype(np.int64) * len(second.values) + second.codes[both]
    found: Counter[tuple[Scalar, Scalar]] = Counter()
    for pair, count in zip(*(part.tolist() for part in np.unique(pairs, return_counts=True)), strict=True):
        row, column = divmod(pair, len(second.values))
        found[first.values[row], second.values[column]] = count
    return found


def count_known(workspace: Workspace, fields: Sequence[str], dataset: int) -> tuple[int, dict[str, int]]:
    """How many queries a dataset has, and how many of them have a value of each of some fields of the log."""
    # One has a value where the one from which it follows does, and a user came so often where there is one.
    origins = {field: _origin(log_column(field)) for field in fields}
    known: dict[Column, int] = {}
    total = 0
    for join in dict.fromkeys(origin.join for origin in origins.values()):
        read = [origin for origin in dict.fromkeys(origins.values()) if origin.join == join]
        counts = ", ".join(f"count({origin.value})" for origin in read)
        total, *found = workspace.row(
            f"SELECT count(*), {counts} FROM query q {join} WHERE q.dataset_id = ?", (dataset,)
        ) or (0, *(0 for _ in read))
        known |= dict(zip(read, found, strict=True))
    return total, {field: known[origin] for field, origin in origins.items()}


def _origin(column: Column) -> Column:
    if column.follows:
        return log_column(column.follows[0])
    return log_column("user") if column.name == "user_conversations" else column


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
