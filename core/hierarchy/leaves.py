"""The clusters of a run as a tree shows them, and what it is built from: their centroids, and what their texts say."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from core.cluster.result import Floats
from core.lookup import RunInfo
from core.name.phrases import Phrase
from core.name.terms import cluster_terms
from db.titles import DESCRIPTION_SQL, TITLE_SQL
from db.workspace import Workspace

READ, READ_ALL = 150, 30_000
"""Texts that are read of one cluster, and of all of them about, to name the themes."""


@dataclass(frozen=True)
class Leaf:
    """A cluster as the tree shows it; the noise has number -1."""

    number: int
    kind: str
    title: str
    description: str
    size: int
    coherence: float | None


def read_leaves(workspace: Workspace, run: RunInfo, set_id: int) -> list[Leaf]:
    """Every cluster of a run under the names of a set: the ordinary ones by number, then the noise."""
    rows = workspace.rows(
        f"SELECT c.number, c.kind, {TITLE_SQL}, {DESCRIPTION_SQL}, c.size, c.coherence"
        " FROM cluster c LEFT JOIN summary s ON s.summary_set_id = ? AND s.cluster = c.number"
        " WHERE c.run_id = ? ORDER BY c.kind = 'noise', c.number",
        (set_id, run.id),
    )
    return [Leaf(*row) for row in rows]


def read_terms(workspace: Workspace, run: RunInfo, leaves: Sequence[Leaf]) -> list[tuple[Phrase, ...]]:
    """What the texts of each leaf say, of big clusters every so many texts in the order of their ids."""
    quota = max(10, min(READ, READ_ALL // len(leaves)))
    rows = workspace.rows(
        "SELECT m.cluster, substr(t.content, 1, 4000) FROM (SELECT cluster, text_id, row_number() OVER (PARTITION BY cluster ORDER BY text_id)"
        " AS place, count(*) OVER (PARTITION BY cluster) AS texts FROM (SELECT DISTINCT a.cluster, q.text_id"
        " FROM assignment a JOIN query q ON q.id = a.query_id WHERE a.run_id = ? AND a.is_noise = 0)) m"
        " JOIN text t ON t.id = m.text_id WHERE (m.place - 1) % ((m.texts + ? - 1) / ?) = 0"
        " ORDER BY m.cluster, m.place",
        (run.id, quota, quota),
    )
    place = {leaf.number: i for i, leaf in enumerate(leaves)}
    found = [(place[number], text) for number, text in rows if number in place]
    labels = np.array([i for i, _ in found], dtype=np.int64)
    return cluster_terms([text for _, text in found], labels, len(leaves))


def read_centroids(workspace: Workspace, run: RunInfo) -> Floats:
    """`[k, d]`: the centroids of the ordinary clusters of a run, by number."""
    blobs = workspace.rows(
        "SELECT centroid FROM cluster WHERE run_id = ? AND kind = 'cluster' ORDER BY number", (run.id,)
    )
    return np.stack([np.frombuffer(blob, dtype="<f4") for (blob,) in blobs])
