"""The rows behind a search: which texts a filter leaves, which of them match, and what is shown of them.

A hit is a distinct text. A filter is about queries: it leaves a text when somebody asked it in a conversation that passes.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from db.columns import Test
from db.titles import DESCRIPTION_SQL, SUMMARY_JOIN, TITLE_SQL
from db.workspace import Workspace

_FEW = 50_000


@dataclass(frozen=True)
class Filter:
    """Which queries count; `None` leaves all.

    `run` is the run whose clusters are meant and shown, `clusters` are numbers in it, `excluded` is an FTS5 expression
    for texts that are left out, `conditions` are tests of facets and of fields of the log.
    """

    dataset: int | None = None
    run: int | None = None
    clusters: tuple[int, ...] | None = None
    language: str | None = None
    chat_model: str | None = None
    excluded: str | None = None
    conditions: tuple[Test, ...] = ()

    @property
    def all(self) -> bool:
        """Whether every text of the store passes."""
        narrowed = (self.dataset, self.clusters, self.language, self.chat_model, self.excluded)
        return narrowed == (None,) * 5 and not self.conditions

    @property
    def parameters(self) -> dict[str, Any]:
        """The values behind the names in `source` and `where`."""
        return {
            "dataset": self.dataset,
            "run": self.run,
            "clusters": None if self.clusters is None else json.dumps(self.clusters),
            "language": self.language,
            "chat_model": self.chat_model,
            "excluded": self.excluded,
            **{f"where_{n}": condition.parameter for n, condition in enumerate(self.conditions)},
        }

    @property
    def source(self) -> str:
        """`query q`, with `conversation v` and `assignment a` where a condition needs them."""
        source = "query q"
        if self.language is not None or self.chat_model is not None:
            source += " JOIN conversation v ON v.id = q.conversation_id"
        if self.clusters is not None:
            source += " JOIN assignment a ON a.run_id = :run AND a.query_id = q.id"
        return source

    @property
    def source_by_text(self) -> str:
        """`source` with the assignments looked up query by query."""
        return self.source.replace(" JOIN assignment", " CROSS JOIN assignment")

    @property
    def where(self) -> str:
        """The conditions on the tables of `source`."""
        conditions = {
            "q.dataset_id = :dataset": self.dataset,
            "a.cluster IN (SELECT value FROM json_each(:clusters))": self.clusters,
            "v.language = :language": self.language,
            "v.model = :chat_model": self.chat_model,
            "q.text_id NOT IN (SELECT rowid FROM text_fts WHERE text_fts MATCH :excluded)": self.excluded,
        }
        wanted = [sql for sql, value in conditions.items() if value is not None]
        wanted += [condition.sql(f"where_{n}") for n, condition in enumerate(self.conditions)]
        return " AND ".join(wanted) or "true"


@dataclass(frozen=True)
class ClusterText:
    """The words and the vectors of a cluster that a search looks at; `phrases` are joined by line breaks.

    `title_vector` and `centroid` are float32 bytes in the run's space.
    """

    number: int
    title: str
    description: str
    phrases: str
    size: int
    title_vector: bytes | None
    centroid: bytes | None
    node: str | None


@dataclass(frozen=True)
class FoundText:
    """What is shown of a text: counts and facets are of the queries that pass the filter.

    `query` is the lowest query that asks it; language, model and cluster are those of most of its queries.
    """

    text_id: int
    query: int
    text: str
    times: int
    language: str | None
    chat_model: str | None
    cluster: int | None
    cluster_title: str | None


def few(workspace: Workspace, chosen: Filter) -> bool:
    """Whether the clusters of a filter hold so few queries that to list them beats looking each match up."""
    if chosen.clusters is None:
        return False
    size = workspace.value(
        "SELECT coalesce(sum(size), 0) FROM cluster WHERE run_id = ? AND number IN (SELECT value FROM json_each(?))",
        (chosen.run, json.dumps(chosen.clusters)),
    )
    return bool(size <= _FEW)


def found_texts(workspace: Workspace, text_ids: Sequence[int], chosen: Filter) -> dict[int, FoundText]:
    """What is shown of some texts, by id; a text that the filter does not leave is missing."""
    rows = workspace.rows(
        "SELECT q.text_id, v.language, v.model, a.cluster, count(*), min(q.id) FROM query q"
        " JOIN conversation v ON v.id = q.conversation_id"
        " LEFT JOIN assignment a ON a.run_id = :run AND a.query_id = q.id"
        f" WHERE q.text_id IN (SELECT value FROM json_each(:ids)) AND {chosen.where} GROUP BY 1, 2, 3, 4",
        {**chosen.parameters, "ids": json.dumps(list(text_ids))},
    )
    contents = dict(
        workspace.rows(
            "SELECT id, content FROM text WHERE id IN (SELECT value FROM json_each(?))",
            (json.dumps(list(text_ids)),),
        )
    )
    groups: dict[int, list[tuple[Any, ...]]] = {}
    for text_id, *group in rows:
        groups.setdefault(text_id, []).append(tuple(group))
    clusters = {i: _most(group, 2) for i, group in groups.items()}
    titles = cluster_titles(workspace, chosen.run, {c for c in clusters.values() if c is not None})
    return {
        text_id: FoundText(
            text_id=text_id,
            query=min(row[4] for row in group),
            text=contents[text_id],
            times=sum(row[3] for row in group),
            language=_most(group, 0),
            chat_model=_most(group, 1),
            cluster=clusters[text_id],
            cluster_title=titles.get(clusters[text_id]),
        )
        for text_id, group in groups.items()
    }


def cluster_titles(workspace: Workspace, run: int | None, numbers: Iterable[int]) -> dict[int | None, str]:
    """The shown titles of some clusters of a run, by number."""
    return dict(
        workspace.rows(
            f"SELECT c.number, {TITLE_SQL} FROM cluster c JOIN run r ON r.id = c.run_id {SUMMARY_JOIN}"
            " WHERE c.run_id = ? AND c.number IN (SELECT value FROM json_each(?))",
            (run, json.dumps(sorted(numbers))),
        )
    )


def cluster_texts(workspace: Workspace, chosen: Filter, hierarchy: int | None) -> list[ClusterText]:
    """The clusters of the filter's run that have a query that it leaves, by number, with their leaf in a tree."""
    passes = (
        f" AND c.number IN (SELECT m.cluster FROM {chosen.source}"
        f" JOIN assignment m ON m.run_id = :run AND m.query_id = q.id WHERE {chosen.where})"
    )
    rows = workspace.rows(
        f"SELECT c.number, {TITLE_SQL}, {DESCRIPTION_SQL}, coalesce(s.phrases, '[]'), c.size,"
        " iif(c.title IS NULL, s.vector, c.title_vector), c.centroid,"
        ' (SELECT n."key" FROM node n WHERE n.hierarchy_id = :tree AND n.cluster = c.number)'
        f" FROM cluster c JOIN run r ON r.id = c.run_id {SUMMARY_JOIN} WHERE c.run_id = :run"
        f"{'' if chosen.all else passes} ORDER BY c.number",
        {**chosen.parameters, "tree": hierarchy},
    )
    return [
        ClusterText(number, title, description, "\n".join(json.loads(phrases)), *rest)
        for number, title, description, phrases, *rest in rows
    ]


def clusters_under(workspace: Workspace, hierarchy: int, node: str) -> tuple[int, ...]:
    """The numbers of the clusters whose leaves stand at or under a node of a tree."""
    rows = workspace.rows(
        "WITH RECURSIVE below (node) AS (SELECT :node UNION SELECT k.key FROM below"
        " JOIN node k ON k.hierarchy_id = :tree AND k.parent = below.node)"
        " SELECT DISTINCT n.cluster FROM below JOIN node n ON n.hierarchy_id = :tree AND n.key = below.node"
        " WHERE n.cluster IS NOT NULL ORDER BY 1",
        {"tree": hierarchy, "node": node},
    )
    return tuple(row[0] for row in rows)


def facet_values(workspace: Workspace, column: str, dataset: int | None) -> list[str]:
    """The values of `language` or `model` in a dataset, most frequent first."""
    rows = workspace.rows(
        f"SELECT {column} FROM conversation WHERE {column} IS NOT NULL AND (:dataset IS NULL OR dataset_id = :dataset)"
        " GROUP BY 1 ORDER BY count(*) DESC, 1",
        {"dataset": dataset},
    )
    return [row[0] for row in rows]


def _most(group: list[tuple[Any, ...]], field: int) -> Any:
    """The value of most queries, the least of those where several are as frequent."""
    counts: Counter[Any] = Counter()
    for row in group:
        if row[field] is not None:
            counts[row[field]] += row[3]
    return min(counts, key=lambda value: (-counts[value], value), default=None)
