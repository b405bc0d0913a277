"""What an evaluation looks at: the texts of a run with their vectors and clusters, the names and the tree."""

from __future__ import annotations

import json
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.cluster.blocks import as_float32, block_rows, map_blocks, one_blas_thread
from core.cluster.result import Floats, Indices, Vectors
from core.control import Control
from core.errors import ActionError
from core.lookup import HierarchyInfo, RunInfo, unknown
from db import vectors
from db.vectors import SpaceInfo
from db.workspace import Workspace


@dataclass(frozen=True, eq=False)
class Grouped:
    """`n` distinct texts in `k` clusters.

    `labels` `[n]` are places among the clusters, -1 for what is in none; `weights` `[n]` how often each was asked; row i of
    text i is `table[rows[i]]`, of unit length; `sums` `[k, d]` are the sums of the members' vectors, `counts` `[k]` how many
    there are.
    """

    text_ids: Indices
    labels: Indices
    weights: Indices
    rows: Indices
    table: Vectors
    sums: NDArray[np.float64]
    counts: Indices

    @property
    def k(self) -> int:
        return len(self.counts)

    @property
    def means(self) -> NDArray[np.float64]:
        """`[k, d]`, not of unit length: its dot product with a row is that row's mean cosine to the members."""
        return self.sums / np.maximum(self.counts, 1)[:, None]

    def take(self, index: Indices) -> Floats:
        """The vectors of some texts, float32."""
        return as_float32(self.table[self.rows[index]])


@dataclass(frozen=True)
class Name:
    """What a cluster is called in the set of names that is evaluated."""

    cluster: int
    title: str
    description: str
    phrases: tuple[str, ...]
    cited: tuple[int, ...]


def grouped(text_ids: Indices, labels: Indices, weights: Indices, rows: Indices, table: Vectors, k: int,
            control: Control | None = None) -> Grouped:  # fmt: skip
    """Texts with the sums of their clusters, in one pass over the vectors."""
    sums = np.zeros((k, table.shape[1]))

    def work(block: slice) -> tuple[Indices, NDArray[np.float64]]:
        inside = np.flatnonzero(labels[block] >= 0) + block.start
        order = inside[np.argsort(labels[inside], kind="stable")]
        present, starts = np.unique(labels[order], return_index=True)
        wide = as_float32(table[rows[order]]).astype(np.float64)
        return present, np.add.reduceat(wide, starts, axis=0) if len(order) else wide

    with one_blas_thread():
        for done, (present, part) in enumerate(map_blocks(work, len(labels), block_rows(table.shape[1]))):
            sums[present] += part
            (control or Control()).progress("centroids", done + 1, 0, "blocks")
    counts = np.bincount(labels[labels >= 0], minlength=k)
    return Grouped(text_ids, labels, weights, rows, table, sums, counts)


def read_grouped(
    workspace: Workspace, run: RunInfo, space: SpaceInfo, clusters: list[int], control: Control
) -> Grouped:
    """The texts of a run; one that is in several clusters counts for the first that holds most of its queries.

    Raises:
        ActionError: `embeddings_missing` when the space has not all texts.
    """
    found = workspace.raw.execute(
        "SELECT text_id, cluster, sum(times) OVER (PARTITION BY text_id), at FROM (SELECT q.text_id, a.cluster,"
        ' count(*) AS times, coalesce(v."row", -1) AS at,'
        " row_number() OVER (PARTITION BY q.text_id ORDER BY count(*) DESC, a.cluster) AS place"
        " FROM assignment a JOIN query q ON q.id = a.query_id"
        " LEFT JOIN vector v ON v.space_id = ? AND v.text_id = q.text_id WHERE a.run_id = ? GROUP BY 1, 2)"
        " ORDER BY text_id, place",
        (space.id, run.id),
    )
    names = ("text", "cluster", "times", "row")
    cells = np.fromiter(found, dtype=[(name, np.int64) for name in names])
    cells = cells[np.diff(cells["text"], prepend=-1) != 0]
    bare = int((cells["row"] < 0).sum())
    if bare:
        raise ActionError(
            "embeddings_missing",
            f"{bare} texts of {run.name} have no vector in {space.name}.",
            "Run embed.run; it computes those that are missing.",
        )
    places = np.full(max(clusters, default=-1) + 2, -1, dtype=np.int64)
    places[clusters] = np.arange(len(clusters))
    numbers = np.where(cells["cluster"] < len(places) - 1, cells["cluster"], -1)
    labels = np.where(numbers >= 0, places[numbers], -1)
    table = vectors.mapped(workspace, space)
    return grouped(cells["text"], labels, cells["times"], cells["row"], table, len(clusters), control)


def judging_space(workspace: Workspace, run: RunInfo, name: str | None) -> SpaceInfo:
    """The space whose vectors judge: the run's own, or another one.

    Raises:
        ActionError: `unknown_space`.
    """
    found = vectors.find_space(workspace, name or run.space)
    if found is None:
        names = [space.name for space in vectors.spaces(workspace)]
        raise unknown("space", name or run.space, names, "embed.list shows them.")
    return found


def cluster_numbers(workspace: Workspace, run: RunInfo) -> list[int]:
    """The ordinary clusters of a run that hold something, by number."""
    rows = workspace.rows(
        "SELECT number FROM cluster WHERE run_id = ? AND kind = 'cluster' AND size > 0 ORDER BY number",
        (run.id,),
    )
    return [row[0] for row in rows]


def read_names(workspace: Workspace, run: RunInfo, set_id: int, clusters: list[int]) -> list[Name]:
    """The names of clusters in a set, as they are shown: a title by hand wins."""
    rows = workspace.rows(
        "SELECT c.number, coalesce(c.title, s.title, ''), coalesce(c.description, s.description, ''),"
        " coalesce(s.phrases, '[]'), coalesce(s.cited, '[]') FROM cluster c"
        " LEFT JOIN summary s ON s.summary_set_id = ? AND s.cluster = c.number WHERE c.run_id = ?",
        (set_id, run.id),
    )
    named = {
        row[0]: Name(row[0], row[1], row[2], *(tuple(json.loads(part)) for part in row[3:])) for row in rows
    }
    return [named[number] for number in clusters]


def read_levels(
    workspace: Workspace, tree: HierarchyInfo, clusters: list[int]
) -> tuple[list[list[str]], list[list[str]]]:
    """For each cluster the keys of the nodes from the first level down to its own, and their kinds."""
    rows = workspace.rows('SELECT "key", parent, kind, cluster FROM node WHERE hierarchy_id = ?', (tree.id,))
    nodes = {key: (parent, kind) for key, parent, kind, _ in rows}
    leaves = {cluster: key for key, _, _, cluster in rows if cluster is not None}
    paths: list[list[str]] = []
    for number in clusters:
        path: list[str] = []
        here: str | None = leaves.get(number)
        while here is not None and here != "root":
            path.append(here)
            here = nodes[here][0]
        paths.append(path[::-1])
    return paths, [[nodes[key][1] for key in path] for path in paths]


def draw(labels: Indices, k: int, each: int, seed: int, salt: int) -> list[Indices]:
    """At most `each` texts of each cluster, drawn by a seed; the same ones whatever is drawn elsewhere."""
    order = np.argsort(labels, kind="stable")
    starts = np.searchsorted(labels[order], np.arange(k + 1))
    return [
        np.random.default_rng([seed, salt, c]).permutation(order[starts[c] : starts[c + 1]])[:each]
        for c in range(k)
    ]
