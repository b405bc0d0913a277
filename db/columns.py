"""Values of queries that are counted and filtered by: facets, fields of the log, and clusters."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, Literal, Protocol

from db.facets import FacetInfo

Operator = Literal["=", "!=", "<", "<=", ">", ">="]

USER_BANDS = ("1", "2-4", "5-19", "20+")
"""Conversations of a user in the dataset, in the order of their numbers."""

ANSWER_BANDS = ("0-99", "100-499", "500-999", "1000-1999", "2000-3999", "4000+")
"""Characters of the first answer."""


def _banded(value: str, bands: tuple[str, ...]) -> str:
    """The band that a number lies in; null for null."""
    starts = [int(band.split("-")[0].removesuffix("+")) for band in bands]
    cases = "".join(
        f" WHEN {value} < {end} THEN '{band}'" for band, end in zip(bands, starts[1:], strict=False)
    )
    return f"CASE WHEN {value} IS NULL THEN NULL{cases} ELSE '{bands[-1]}' END"


_CONVERSATION = "conversation w INDEXED BY conversation_log"
"""Read by an index that holds these fields alone: rows of conversations are long."""

_DAY = "substr(w.timestamp, 1, 10)"
"""Times are stored in one form, which begins with the day."""

_LOG = {
    "language": "w.language",
    "chat_model": "w.model",
    "user": 'w."user"',
    "turns": "w.turns",
    "day": _DAY,
    # Counted as far as the last band begins: a user may have come a hundred thousand times.
    "user_conversations": f'iif(w."user" IS NULL, NULL, (SELECT {_banded("n", USER_BANDS)} FROM (SELECT count(*) AS n'
    ' FROM (SELECT 1 FROM conversation u WHERE u.dataset_id = w.dataset_id AND u."user" = w."user" LIMIT 20))))',
}

_TRAITS = {
    "answer_chars": "w.answer_chars",
    **{
        name: f"CASE w.{name} WHEN 1 THEN 'yes' WHEN 0 THEN 'no' END"
        for name in ("flagged", "toxic", "redacted")
    },
}

_FOLLOWING = {
    # The Monday: back to it from the Sunday that is not before the day.
    "week": ("day", "date({}, 'weekday 0', '-6 days')"),
    "month": ("day", "substr({}, 1, 7)"),
    "answer_length": ("answer_chars", _banded("{}", ANSWER_BANDS)),
}
"""Fields that follow from the value of another: which, and how."""

_BANDS = {
    "user_conversations": USER_BANDS,
    "answer_length": ANSWER_BANDS,
    **dict.fromkeys(("flagged", "toxic", "redacted"), ("yes", "no")),
}


@dataclass(frozen=True)
class Column:
    """A value of each query: whole numbers where it is `numeric`, else text; null where it has none.

    It is `value` of the one row of `table` that passes `test` and whose `key` is the query's `by`, if there is one.
    """

    name: str
    table: str
    key: str
    value: str
    by: Literal["id", "conversation_id"] = "conversation_id"
    test: str = "true"
    grouped: str | None = None
    """The column of `table` by which an index has the rows in the order of their values."""
    in_order: bool = False
    """Whether `table` names the index by which it is read, so that a range of its rows comes by their keys."""
    numeric: bool = False
    bands: tuple[str, ...] = ()
    """All values in their order, where that is not the order of the texts."""
    follows: tuple[str, str] | None = None
    """The field of the log from whose value it follows, and how: SQL with `{}` for that value."""

    @property
    def sql(self) -> str:
        """The value of `query q`."""
        return f"(SELECT {self.value} FROM {self.table} WHERE {self.test} AND {self.key} = q.{self.by})"

    @property
    def join(self) -> str:
        """What joins the row that has the value, or nulls, to `query q`."""
        return f"LEFT JOIN {self.table} ON {self.test} AND {self.key} = q.{self.by}"


def facet_column(facet: FacetInfo) -> Column:
    """The values of a facet."""
    numeric = facet.kind == "scale"
    return Column(
        facet.name,
        "facet_value w",
        "w.conversation_id",
        "CAST(w.value AS INTEGER)" if numeric else "w.value",
        test=f"w.facet_id = {facet.id:d}",
        grouped="w.value",
        numeric=numeric,
    )


def log_column(field: str) -> Column:
    """A field of the log: language, chat_model, user, turns; day, week (its Monday) or month of the time; a trait.

    `user_conversations`: how many conversations of the dataset the user has, in bands; `answer_chars` and, in bands,
    `answer_length`: characters of the first answer; `flagged`, `toxic`, `redacted`: yes or no, as the log says.
    """
    follows = _FOLLOWING.get(field)
    own, how = follows or (field, "{}")
    known = {**_LOG, **_TRAITS}[own]
    return Column(
        field,
        "trait w NOT INDEXED" if own in _TRAITS else _CONVERSATION,
        "w.conversation_id" if own in _TRAITS else "w.id",
        how.replace("{}", known),
        in_order=True,
        numeric=field in ("turns", "answer_chars"),
        bands=_BANDS.get(field, ()),
        follows=follows,
    )


def cluster_column(run: int) -> Column:
    """The number of the cluster in a run; none for queries that came after it."""
    return Column(
        "cluster",
        "assignment w",
        "w.query_id",
        "w.cluster",
        by="id",
        test=f"w.run_id = {run:d}",
        grouped="w.cluster",
        numeric=True,
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
