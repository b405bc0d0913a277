"""Clustering the texts of a store, and keeping what came out as a run."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.cluster import choose, measure
from core.cluster.density import hdbscan
from core.cluster.kmeans import kmeans
from core.cluster.representatives import representatives
from core.cluster.result import Clustering
from core.errors import ActionError
from core.lookup import find_dataset, unknown
from core.rows import RunMade
from core.session import Session
from core.version import VERSION
from core.view import run_view
from db import runs, vectors
from db.titles import NOISE
from db.vectors import SpaceInfo
from db.workspace import Workspace

CENTRAL, BOUNDARY, OUTSIDE, NEIGHBOURS, HALF = 12, 8, 8, 5, 400
"""Members and neighbours that are kept with a cluster."""

IN_MEMORY = 200_000_000
"""Bytes of vectors that are gathered in memory; more go to a file that vanishes with the process."""


@dataclass(frozen=True, eq=False)
class Input:
    """The embedded texts of a dataset, by text id: `vectors` [n, dim] float16, `weights` [n]."""

    dataset_id: int
    dataset: str
    fingerprint: str
    space: SpaceInfo
    text_ids: NDArray[np.int64]
    vectors: NDArray[np.float16]
    weights: NDArray[np.float64]


def run_kmeans(
    session: Session, *, k: int | None, seed: int, dataset: str | None, space: str | None, description: str
) -> RunMade:
    """Cluster by spherical k-means.

    Raises:
        ActionError: `no_data`, `no_embeddings`, `embeddings_missing`, `unknown_space`, `bad_k` ...
        Cancelled: Stopped; nothing is kept.
    """
    data = read_input(session, dataset, space)
    reasons: tuple[str, ...] = ()
    if k is None:
        choice = choose.choose_k(len(data.text_ids), data.vectors, seed, session.control)
        k, reasons = choice.value, (choice.reason,)
    found = kmeans(data.vectors, data.weights, k, seed, session.control)
    return _keep(session, data, found, "kmeans", k, {"k": k}, seed, reasons, description)


def run_hdbscan(
    session: Session,
    *,
    min_cluster_size: int | None,
    min_samples: int | None,
    reduce: str,
    seed: int,
    dataset: str | None,
    space: str | None,
    description: str,
) -> RunMade:
    """Cluster by density; what belongs to no cluster is the cluster -1, the noise.

    Raises:
        ActionError: As `run_kmeans`, and `bad_min_cluster_size`, `bad_min_samples`, `no_clusters`.
        Cancelled: Stopped; nothing is kept.
    """
    data = read_input(session, dataset, space)
    reasons: tuple[str, ...] = ()
    if min_cluster_size is None:
        choice = choose.choose_min_cluster_size(len(data.text_ids))
        min_cluster_size, reasons = choice.value, (choice.reason,)
    found = hdbscan(data.vectors, data.weights, min_cluster_size, min_samples, reduce, seed, session.control)
    reasons += (found.engine,) if found.engine else ()
    parameters = {"min_cluster_size": min_cluster_size, "min_samples": min_samples, "reduce": reduce}
    return _keep(session, data, found, "hdbscan", min_cluster_size, parameters, seed, reasons, description)


def read_input(session: Session, dataset: str | None, space: str | None) -> Input:
    """The vectors to cluster."""
    workspace = session.workspace
    dataset_id, name = find_dataset(workspace, dataset or session.view.dataset)
    info = _space(workspace, dataset_id, name, space, session.view.space)
    text_ids, rows, weights = vectors.text_rows(workspace, info.id, dataset_id)
    fingerprint = workspace.value("SELECT fingerprint FROM dataset WHERE id = ?", (dataset_id,))
    return Input(dataset_id, name, fingerprint, info, text_ids, gather(workspace, info, rows), weights)


def _space(
    workspace: Workspace, dataset_id: int, dataset: str, space: str | None, current: str | None
) -> SpaceInfo:
    """The space that is named, else the current one, else the newest; one that has every text of the dataset."""
    known = vectors.spaces(workspace)
    if space is not None:
        known = [s for s in known if s.name == space]
        if not known:
            names = [s.name for s in vectors.spaces(workspace)]
            raise unknown("space", space, names, "embed.list shows them.")
    texts = workspace.value("SELECT count(DISTINCT text_id) FROM query WHERE dataset_id = ?", (dataset_id,))
    best = 0
    for info in sorted(known, key=lambda s: (s.name == current, s.id), reverse=True):
        held = workspace.value(
            "SELECT count(*) FROM vector WHERE space_id = ?"
            " AND text_id IN (SELECT text_id FROM query WHERE dataset_id = ?)",
            (info.id, dataset_id),
        )
        if held == texts:
            return info
        best = max(best, held)
    if not best:
        raise ActionError(
            "no_embeddings", f"The texts of {dataset} have no vectors yet.", "Run embed.run first."
        )
    raise ActionError(
        "embeddings_missing",
        f"Only {best} of {texts} texts of {dataset} have vectors.",
        "Run embed.run; it computes those that are missing.",
    )


def gather(workspace: Workspace, space: SpaceInfo, rows: NDArray[np.int64]) -> NDArray[np.float16]:
    """The rows of a space's file in the order given, float16 [len(rows), dim]."""
    table = vectors.mapped(workspace, space)
    if len(rows) == len(table) and np.array_equal(rows, np.arange(len(rows))):
        return table
    if table[:1].nbytes * len(rows) <= IN_MEMORY:
        return np.asarray(table[rows])
    with tempfile.TemporaryFile(dir=workspace.folder) as handle:
        out = np.memmap(handle, dtype=np.float16, mode="w+", shape=(len(rows), space.dim))
    for start in range(0, len(rows), 65_536):
        out[start : start + 65_536] = table[rows[start : start + 65_536]]
    return out


def _keep(
    session: Session,
    data: Input,
    found: Clustering,
    algorithm: str,
    size: int,
    parameters: dict[str, Any],
    seed: int,
    reasons: tuple[str, ...],
    description: str,
) -> RunMade:
    """Measure the clusters, store the run and go there."""
    workspace = session.workspace
    session.control.progress("measure", 0, found.k, "clusters")
    metrics = _metrics(data, found)
    new = runs.NewRun(
        algorithm=algorithm,
        size=size,
        dataset_id=data.dataset_id,
        space_id=data.space.id,
        fingerprint=(data.fingerprint, data.space.name, data.space.revision),
        parameters=parameters,
        seed=seed,
        reasons=reasons,
        metrics=metrics,
        description=description,
        code_version=VERSION,
    )
    name = runs.save_run(workspace, new, _clusters(session, data, found), _labels(data, found))
    session.view = run_view(workspace, name)
    noise, queries = workspace.row(
        "SELECT coalesce(sum(size) FILTER (WHERE kind = 'noise'), 0), sum(size) FROM cluster"
        " WHERE run_id = (SELECT id FROM run WHERE name = ?)",
        (name,),
    ) or (0, 0)
    return RunMade(name, found.k, noise, queries, metrics, reasons)


def _metrics(data: Input, found: Clustering) -> dict[str, Any]:
    """What the run list shows: rounded, so that they read well and compare equal."""
    sizes = np.bincount(found.labels[found.labels >= 0], minlength=found.k)
    metrics: dict[str, Any] = {
        "texts": len(found.labels),
        "queries": int(data.weights.sum()),
        "inertia": round(found.inertia, 4),
        "mean_distance": round(
            float(np.average(found.distances[found.labels >= 0], weights=data.weights[found.labels >= 0])), 4
        )
        if found.k
        else None,
        "smallest": int(sizes.min()) if found.k else 0,
        "largest": int(sizes.max()) if found.k else 0,
        "iterations": found.iterations,
        "converged": found.converged,
    }
    return metrics


def _clusters(session: Session, data: Input, found: Clustering) -> list[runs.NewCluster]:
    """Every cluster with its measures and members; the noise last, where there is any."""
    control = session.control
    coherence = measure.coherence(data.vectors, data.weights, found.labels, found.k, control)
    near = measure.neighbour_clusters(found.centroids, NEIGHBOURS)
    order = np.argsort(found.labels, kind="stable")
    starts = np.searchsorted(found.labels[order], np.arange(found.k + 1))
    clusters = []
    shown = representatives(
        data.vectors, found.labels, found.distances, found.centroids, range(found.k), CENTRAL, BOUNDARY, OUTSIDE, control
    )  # fmt: skip
    for number, three in enumerate(shown):
        members = np.sort(order[starts[number] : starts[number + 1]])
        cut = measure.mixture(data.vectors, data.weights, members, coherence.background)
        cosines = found.centroids[near[number]] @ found.centroids[number]
        clusters.append(
            runs.NewCluster(
                number=number,
                kind="cluster",
                coherence=round(float(coherence.clusters[number]), 4),
                medoid=int(data.text_ids[found.medoids[number]]),
                centroid=found.centroids[number].astype("<f4").tobytes(),
                neighbours=[(int(n), round(float(c), 4)) for n, c in zip(near[number], cosines, strict=True)],
                central=_ids(data, three.central),
                boundary=_ids(data, three.boundary),
                outside=_ids(data, three.outside),
                halves=(_ids(data, cut.first[:HALF]), _ids(data, cut.second[:HALF])) if cut.mixed else None,
            )
        )
        control.progress("measure", number + 1, found.k, "clusters")
    noise = np.flatnonzero(found.labels < 0)
    if len(noise):
        by_distance = noise[np.argsort(found.distances[noise], kind="stable")]
        clusters.append(
            runs.NewCluster(
                NOISE, "noise", None, None, None, [], _ids(data, by_distance[:CENTRAL]),
                _ids(data, by_distance[::-1][:BOUNDARY]), [], None,
            )
        )  # fmt: skip
    return clusters


def _ids(data: Input, rows: Sequence[int] | NDArray[np.int64]) -> list[int]:
    return [int(i) for i in data.text_ids[np.asarray(rows, dtype=np.int64)]]


def _labels(data: Input, found: Clustering) -> Iterator[runs.Label]:
    probabilities = found.probabilities
    for i, text_id in enumerate(data.text_ids.tolist()):
        cluster = int(found.labels[i])
        probability = None if probabilities is None else round(float(probabilities[i]), 6)
        yield text_id, cluster, round(float(found.distances[i]), 6), probability, int(cluster < 0)
