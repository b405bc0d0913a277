"""Two runs, or two trees, as groupings of the queries that both hold."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from core.compare.contingency import Contingency, Ints, contingency
from core.errors import ActionError
from core.lookup import HierarchyInfo, RunInfo
from db.titles import SUMMARY_JOIN, TITLE_SQL
from db.workspace import Workspace


@dataclass(frozen=True)
class Class:
    """One class of a grouping: a cluster, a theme, or something that is no topic, such as the noise."""

    id: str
    title: str
    topic: bool


@dataclass(frozen=True)
class Grouping:
    """The classes of one side by the numbers that the contingency uses; `queries` counts all of its own queries."""

    name: str
    label: str
    classes: Mapping[int, Class]
    queries: int


@dataclass(frozen=True, eq=False)
class Pair:
    """Two groupings and how they cross."""

    a: Grouping
    b: Grouping
    table: Contingency


@dataclass(frozen=True, eq=False)
class Both:
    """The queries that two runs hold, rising, and the cluster of each in both."""

    queries: Ints
    a: Ints
    b: Ints


def both(
    workspace: Workspace,
    a: RunInfo,
    b: RunInfo,
    from_cluster: int | None = None,
    to_cluster: int | None = None,
) -> Both:
    """What two runs hold in common; of one cluster of either where one is named."""
    left, right = _assigned(workspace, a.id, from_cluster), _assigned(workspace, b.id, to_cluster)
    queries, at_a, at_b = np.intersect1d(
        left["query"], right["query"], assume_unique=True, return_indices=True
    )
    return Both(queries, left["cluster"][at_a], right["cluster"][at_b])


def _assigned(workspace: Workspace, run_id: int, cluster: int | None) -> np.ndarray:
    """Queries of a run with their clusters, by query; read row by row, so that a million make no lists."""
    found = workspace.raw.execute(
        "SELECT query_id, cluster FROM assignment WHERE run_id = ?"
        + (" AND cluster = ?" if cluster is not None else "")
        + " ORDER BY query_id",
        (run_id,) if cluster is None else (run_id, cluster),
    )
    return np.fromiter(found, dtype=[("query", np.int64), ("cluster", np.int64)])


def crossed(workspace: Workspace, a: RunInfo, b: RunInfo) -> Contingency:
    """The clusters of two runs, crossed over the queries that both hold.

    Raises:
        ActionError: `nothing_shared`.
    """
    return table_of(both(workspace, a, b), a, b)


def table_of(found: Both, a: RunInfo, b: RunInfo) -> Contingency:
    """The contingency of what two runs hold in common.

    Raises:
        ActionError: `nothing_shared`.
    """
    if not len(found.queries):
        raise ActionError(
            "nothing_shared",
            f"{a.name} and {b.name} hold no query in common ({a.dataset}, {b.dataset}).",
            "Compare two runs of one dataset: run.list shows them.",
        )
    return contingency(found.a, found.b)


def of_run(workspace: Workspace, run: RunInfo) -> Grouping:
    """The clusters of a run."""
    rows = workspace.rows(
        f"SELECT c.number, {TITLE_SQL}, c.kind, c.size FROM cluster c JOIN run r ON r.id = c.run_id {SUMMARY_JOIN}"
        " WHERE c.run_id = ?",
        (run.id,),
    )
    classes = {number: Class(str(number), title, kind == "cluster") for number, title, kind, _ in rows}
    return Grouping(run.name, run.label, classes, sum(row[3] for row in rows))


def of_tree(workspace: Workspace, tree: HierarchyInfo, level: int) -> tuple[Grouping, dict[int, int]]:
    """The nodes of a tree at a level (or above, where a branch ends there), and the class of each cluster."""
    rows = workspace.rows(
        'WITH RECURSIVE up (cluster, "key", parent, level) AS ('
        ' SELECT n.cluster, n."key", n.parent, n.level FROM node n WHERE n.hierarchy_id = :tree AND n.cluster IS NOT NULL'
        ' UNION ALL SELECT u.cluster, p."key", p.parent, p.level FROM up u JOIN node p'
        ' ON p.hierarchy_id = :tree AND p."key" = u.parent WHERE u.level > :level)'
        ' SELECT u.cluster, n."key", CASE WHEN n.cluster IS NULL THEN n.title ELSE'
        f' {TITLE_SQL} END, n.kind, n.position, n.size FROM up u JOIN node n ON n.hierarchy_id = :tree AND n."key" = u."key"'
        " JOIN hierarchy h ON h.id = :tree JOIN run r ON r.id = h.run_id"
        " LEFT JOIN cluster c ON c.run_id = r.id AND c.number = n.cluster"
        " LEFT JOIN summary s ON s.summary_set_id = h.summary_set_id AND s.cluster = c.number"
        ' WHERE u.level <= :level ORDER BY n.level, n.position, n."key", u.cluster',
        {"tree": tree.id, "level": level},
    )
    numbers = {key: at for at, key in enumerate(dict.fromkeys(row[1] for row in rows))}
    classes = {
        numbers[key]: Class(key, title, kind in ("theme", "cluster")) for _, key, title, kind, *_ in rows
    }
    sizes = {key: size for _, key, _, _, _, size in rows}
    grouping = Grouping(tree.name, f"level {level}", classes, sum(sizes.values()))
    return grouping, {cluster: numbers[key] for cluster, key, *_ in rows}


def regrouped(table: Contingency, of_a: Mapping[int, int], of_b: Mapping[int, int]) -> Contingency:
    """The contingency of coarser classes, given the class of each finer one."""
    return contingency(
        [of_a[label] for label in table.row_labels[table.rows].tolist()],
        [of_b[label] for label in table.column_labels[table.columns].tolist()],
        table.counts,
    )
