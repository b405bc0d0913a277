"""The table of facets: for each value of each facet, how many queries and users of the run have it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from core.export.files import ExportColumn, Row
from core.export.source import Source, Table
from core.facets.builtin import LOG, LOG_FIELDS
from core.report.hidden import Group, choose
from db.columns import Column, facet_column, log_column
from db.facets import facets

SMALL = "(small values)"
_COLUMNS = (
    ExportColumn("facet"), ExportColumn("source"), ExportColumn("value"), ExportColumn("queries", "integer"),
    ExportColumn("users", "integer"), ExportColumn("share", "number"),
)  # fmt: skip


def _fields(source: Source) -> list[tuple[str, str, Column]]:
    """(name, source, column) of the facets that were made, then of the log's.

    `user` names people and stays; `answer_chars` is there in bands.
    """
    made = facets(source.workspace, source.run.dataset_id)
    names = {facet.name for facet in made}
    return [
        *((facet.name, facet.source, facet_column(facet)) for facet in made),
        *(
            (LOG * (f in names) + f, "log", log_column(f))
            for f in LOG_FIELDS
            if f not in ("user", "answer_chars")
        ),
    ]


def _facets(source: Source) -> Iterator[Row]:
    """Values of too few users or conversations are counted together, and so is one more where it were just one."""
    for name, origin, column in _fields(source):
        values = source.workspace.rows(
            f"SELECT {column.sql}, count(*), count(DISTINCT v.user) + count(*) - count(v.user) FROM assignment a"
            " JOIN query q ON q.id = a.query_id JOIN conversation v ON v.id = q.conversation_id"
            f" WHERE a.run_id = :of_run AND {source.chosen.where} GROUP BY 1 ORDER BY 2 DESC, 1",
            source.parameters,
        )
        total = sum(queries for _, queries, _ in values)
        held = _held(source, values)
        for at, (value, queries, users) in enumerate(values):
            if at not in held:
                shown = None if value is None else source.redactor.text(str(value))
                yield _row(name, origin, shown, queries, users, total)
        if held:
            together = sum(values[at][1] for at in held)
            # Who is in several of the values cannot be told from their counts.
            yield _row(name, origin, SMALL, together, None, total)


def _held(source: Source, values: Sequence[tuple[object, int, int]]) -> set[int]:
    if not source.threshold.set:
        return set()
    groups = [
        Group(str(at), None, "value", None, users, queries) for at, (_, queries, users) in enumerate(values)
    ]
    return {int(key) for key in choose(groups, source.threshold)[0]}


def _row(name: str, origin: str, value: str | None, queries: int, users: int | None, total: int) -> Row:
    return {
        "facet": name,
        "source": origin,
        "value": value,
        "queries": queries,
        "users": users,
        "share": queries / total,
    }


FACETS = Table(lambda _: _COLUMNS, _facets)
