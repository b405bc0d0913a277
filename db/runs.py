"""Writing a finished run: the run, its clusters and its assignments, in one transaction."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from db.names import short_hash, take_name
from db.workspace import Workspace


@dataclass(frozen=True)
class NewRun:
    """What made a run."""

    algorithm: str
    size: int
    """The number in its name: k, or the minimum cluster size."""
    dataset_id: int
    space_id: int
    fingerprint: tuple[str, ...]
    """What the data was: the dataset's and the space's fingerprints."""
    parameters: dict[str, Any]
    seed: int
    reasons: tuple[str, ...]
    metrics: dict[str, Any]
    description: str
    code_version: str


@dataclass(frozen=True)
class NewCluster:
    """One cluster of a run; lists hold text ids, `neighbours` (cluster, cosine)."""

    number: int
    kind: str
    coherence: float | None
    medoid: int | None
    centroid: bytes | None
    neighbours: Sequence[tuple[int, float]]
    central: Sequence[int]
    boundary: Sequence[int]
    outside: Sequence[int]
    halves: tuple[Sequence[int], Sequence[int]] | None


Label = tuple[int, int, float | None, float | None, int]
"""(text id, cluster, distance, probability, is noise) of one text."""


def save_run(
    workspace: Workspace, run: NewRun, clusters: Iterable[NewCluster], labels: Iterable[Label]
) -> str:
    """Store a run whole or not at all; its name."""
    base = f"{run.algorithm}-{run.size}-" + short_hash(
        run.fingerprint, run.algorithm, run.parameters, run.seed
    )
    with workspace.transaction() as connection:
        name = take_name(connection, base)
        run_id = connection.execute(
            "INSERT INTO run (name, label, description, algorithm, parameters, seed, dataset_id, space_id, filter,"
            " status, reasons, metrics, code_version, created_at)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, '{}', 'done', ?, ?, ?, ?)",
            (
                name, name, run.description, run.algorithm, _json(run.parameters), run.seed, run.dataset_id,
                run.space_id, _json(run.reasons), _json(run.metrics), run.code_version, workspace.clock(),
            ),
        ).lastrowid  # fmt: skip
        connection.execute("DROP TABLE IF EXISTS temp.label")
        connection.execute(
            "CREATE TEMP TABLE label (text_id INTEGER PRIMARY KEY, cluster INTEGER, distance REAL, probability REAL,"
            " is_noise INTEGER)"
        )
        connection.executemany("INSERT INTO temp.label VALUES (?, ?, ?, ?, ?)", labels)
        connection.execute(
            "INSERT INTO assignment (run_id, query_id, cluster, distance, probability, is_noise)"
            " SELECT ?, q.id, l.cluster, l.distance, l.probability, l.is_noise"
            " FROM query q JOIN temp.label l ON l.text_id = q.text_id WHERE q.dataset_id = ? ORDER BY q.id",
            (run_id, run.dataset_id),
        )
        connection.execute("DROP TABLE temp.label")
        connection.executemany(
            "INSERT INTO cluster (run_id, number, kind, size, texts, coherence, medoid_id, centroid, neighbours,"
            " central, boundary, outside, halves, tags, flags, notes)"
            " VALUES (?, ?, ?, 0, 0, ?, ?, ?, ?, ?, ?, ?, ?, '[]', '[]', '')",
            (
                (
                    run_id, c.number, c.kind, c.coherence, c.medoid, c.centroid, _json(c.neighbours), _json(c.central),
                    _json(c.boundary), _json(c.outside), None if c.halves is None else _json(c.halves),
                )
                for c in clusters
            ),
        )  # fmt: skip
        connection.execute(
            "UPDATE cluster SET (size, texts) ="
            " (SELECT count(*), count(DISTINCT q.text_id) FROM assignment a JOIN query q ON q.id = a.query_id"
            "  WHERE a.run_id = cluster.run_id AND a.cluster = cluster.number) WHERE run_id = ?",
            (run_id,),
        )
    return name


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, sort_keys=True)
