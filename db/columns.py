"""Values of queries that are counted and filtered by: facets, fields of the log, and clusters."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, Literal, Protocol

from db.facets import FacetInfo

Operator = Literal["=", "!=", "<", "<=", ">", ">="]

_LOG = {
    "language": "w.language",
    "chat_model": "w.model",
    "user": "w.user",
    "turns": "w.turns",
    "day": "date(w.timestamp)",
    # The Monday: back to it from the Sunday that is not before the day.
    "week": "date(w.timestamp, 'weekday 0', '-6 days')",
    "month": "strftime('%Y-%m', w.timestamp)",
}


@dataclass(frozen=True)
class Column:
    """A value of `query q`, as an SQL expression on it; whole numbers where it is `numeric`, else text.

    `whole` selects the values of all queries of `:dataset`, with how many have it; a value may come in several rows.
    """

    name: str
    sql: str
    whole: str
    numeric: bool = False


def facet_column(facet: FacetInfo) -> Column:
    """The values of a facet."""
    numeric = facet.kind == "scale"
    value = "CAST(f.value AS INTEGER)" if numeric else "f.value"
    source = f"FROM facet_value f WHERE f.facet_id = {facet.id:d}"
    return Column(
        facet.name,
        f"(SELECT {value} {source} AND f.conversation_id = q.conversation_id)",
        # By the index on values, which is in their order.
        f"SELECT {value}, count(*) {source} AND f.value IS NOT NULL GROUP BY f.value",
        numeric,
    )


def log_column(field: str) -> Column:
    """A field of the log: language, chat_model, user, turns, or day, week (its Monday) or month of the time."""
    value = _LOG[field]
    return Column(
        field,
        f"(SELECT {value} FROM conversation w WHERE w.id = q.conversation_id)",
        # Not grouped: SQLite would sort all rows for it.
        f"SELECT {value}, 1 FROM conversation w WHERE w.dataset_id = :dataset",
        field == "turns",
    )


def cluster_column(run: int) -> Column:
    """The number of the cluster in a run; none for queries that came after it."""
    source = f"FROM assignment b WHERE b.run_id = {run:d}"
    return Column(
        "cluster",
        f"(SELECT b.cluster {source} AND b.query_id = q.id)",
        f"SELECT b.cluster, count(*) {source} GROUP BY b.cluster",
        True,
    )


class Test(Protocol):
    """A test of `query q` that a filter makes."""

    def sql(self, parameter: str) -> str:
        """The condition, which reads its values from a parameter of that name."""

    @property
    def parameter(self) -> Any:
        """What the parameter holds."""


@dataclass(frozen=True)
class Condition:
    """A test of a column: `=` one of the values, `!=` none of them, or a comparison with the only one.

    Without a value, `=` leaves the queries that have none, and `!=` those that have one. `=` and `!=` always part all
    queries in two, so `!=` leaves those without a value, too.
    """

    column: Column
    operator: Operator
    values: tuple[str | int, ...]

    def sql(self, parameter: str) -> str:
        """The condition, which reads its values from a parameter of that name."""
        value = self.column.sql
        if not self.values:
            return f"{value} IS {'' if self.operator == '=' else 'NOT '}NULL"
        listed = f"(SELECT value FROM json_each(:{parameter}))"
        if self.operator == "=":
            return f"{value} IN {listed}"
        if self.operator == "!=":
            return f"coalesce({value} NOT IN {listed}, 1)"
        return f"{value} {self.operator} {listed}"

    @property
    def parameter(self) -> Any:
        """What the parameter holds."""
        return json.dumps(self.values)
