"""The table of queries: one row each, no row twice."""

from __future__ import annotations

from collections.abc import Iterator

from core.distances import measured_again
from core.export.files import GROUP, ExportColumn, Row
from core.export.source import Source, Table, places
from db.facets import FacetInfo, facets, values_of_conversations

_BLOCK = 1_000
_COLUMNS = (
    ExportColumn("query_id", "integer"), ExportColumn("conversation_id"), ExportColumn("text"), ExportColumn("language"),
    ExportColumn("model"), ExportColumn("timestamp"), ExportColumn("cluster_id", "integer"), ExportColumn("cluster_title"),
    ExportColumn("is_noise", "truth"), ExportColumn("distance", "number"), ExportColumn("path", "path"),
    ExportColumn("path_ids", "ids"),
)  # fmt: skip


def _columns(source: Source) -> list[ExportColumn]:
    return [
        *_COLUMNS,
        *(
            ExportColumn(facet.name, "integer" if facet.kind == "scale" else "text", facet=True)
            for facet in facets(source.workspace, source.run.dataset_id)
        ),
    ]


def _count(source: Source) -> int:
    return int(
        source.workspace.value(
            f"SELECT count(*) FROM assignment a JOIN query q ON q.id = a.query_id WHERE {source.where}",
            source.parameters,
        )
    )


def _rows(source: Source) -> Iterator[Row]:
    workspace, mask = source.workspace, source.redactor
    of_cluster = places(source)
    made = facets(workspace, source.run.dataset_id)
    cursor = workspace.raw.execute(
        "SELECT q.id, v.external_id, (SELECT content FROM turn u WHERE u.conversation_id = v.id AND u.role = 'user'"
        " ORDER BY u.position LIMIT 1), v.language, v.model, v.timestamp, a.cluster, a.is_noise, a.distance, v.id, q.text_id"
        " FROM assignment a JOIN query q ON q.id = a.query_id JOIN conversation v ON v.id = q.conversation_id"
        f" WHERE {source.where} ORDER BY a.query_id",
        source.parameters,
    )
    while block := cursor.fetchmany(_BLOCK):
        rows = []
        again = measured_again(workspace, source.run, ((values[6], values[-1]) for values in block))
        for query, conversation, text, language, model, at, cluster, is_noise, distance, _, text_id in block:
            place = of_cluster[cluster]
            rows.append(
                {
                    "query_id": query,
                    "conversation_id": mask.identifier(conversation),
                    "text": mask.maybe(text),
                    "language": mask.maybe(language),
                    "model": mask.maybe(model),
                    "timestamp": at,
                    "cluster_id": cluster,
                    "cluster_title": place.title,
                    "is_noise": bool(is_noise),
                    "distance": again.get((cluster, text_id), distance),
                    "path": list(place.path),
                    "path_ids": list(place.path_ids),
                }
            )
        if made:
            _add_facets(source, rows, made, [values[-2] for values in block])
        yield from rows


def _add_facets(source: Source, rows: list[Row], made: list[FacetInfo], conversations: list[int]) -> None:
    found = values_of_conversations(source.workspace, source.run.dataset_id, conversations)
    for row, conversation in zip(rows, conversations, strict=True):
        values = found.get(conversation, {})
        row[GROUP] = {facet.name: _facet_value(source, facet, values.get(facet.name)) for facet in made}


def _facet_value(source: Source, facet: FacetInfo, value: str | None) -> str | int | None:
    """A value as it is written: a number of a scale as a number."""
    if value is not None and facet.kind == "scale":
        return int(value)
    return source.redactor.maybe(value)


QUERIES = Table(_columns, _rows, _count)
