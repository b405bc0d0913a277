"""Building the map of a run and keeping it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from core.cluster.blocks import one_blas_thread, take
from core.cluster.result import Floats, Vectors
from core.cluster.run import gather
from core.errors import ActionError
from core.lookup import RunInfo, check_seed, find_run
from core.map.neighbourhood import LEAST, Index, umap_layout
from core.map.project import FEWEST, levelled, main_axes, on_the_map, projected
from core.map.rows import MapMade
from core.session import Session
from db import projections, vectors
from db.locks import held
from db.projections import find_projection, read_projection, save_projection
from db.workspace import Workspace

Method = Literal["pca", "umap"]

SAMPLE = 20_000
"""Texts that UMAP is fitted to where nobody says how many: a minute or two on one thread."""

MOST = 100_000
"""The most that it is fitted to: on its one thread, that takes minutes, in which it cannot be stopped."""

BLOCK = 32_768
"""Texts that are placed at once, and then asked whether to stop."""

KEEP = 4
"""After so many blocks what is placed is kept."""


@dataclass(frozen=True)
class MapAsked:
    """What to build, in the user's words; see the action `map.build`."""

    run: str | None = None
    method: Method = "pca"
    seed: int = 42
    sample: int | None = None


@dataclass(frozen=True, eq=False)
class _Work:
    """What is known before the first text is placed."""

    run: RunInfo
    asked: MapAsked
    parameters: dict[str, Any]
    text_ids: NDArray[np.int64]
    vectors: Vectors
    centroids: Floats
    sizes: NDArray[np.float64]
    fitted: NDArray[np.int64]
    """Positions of the texts that the layout is fitted to."""
    method: Method
    started: NDArray[np.float32] | None
    """The coordinates that an interrupted build of the same map left; those of the fitted texts are among them."""
    made: MapMade


def build_map(session: Session, asked: MapAsked) -> MapMade:
    """Lay the texts of a run's dataset out in two dimensions, and keep that in the place of the run's last map.

    All texts that have vectors in the run's space are placed. A build by UMAP that is stopped while it places texts goes on
    there when it is asked for again; the map before stays until the new one is done.

    Raises:
        ActionError: `no_run`, `unknown_run`, `no_embeddings`, `bad_seed` or `bad_sample`.
        StoreError: `store_locked` when another process builds a map here.
        Cancelled: Stopped.
    """
    workspace = session.workspace
    busy = "Another process is building a map of this workspace."
    with held(workspace.folder / "vectors" / "map.lock", busy, "Wait until it is done."):
        work = _prepare(session, asked)
        points = _placed_among(session, work) if work.method == "umap" else _flat(session, work)
        session.control.check()
        _save(workspace, work, on_the_map(points), "done")
    return work.made


def plan_map(session: Session, asked: MapAsked) -> MapMade:
    """What `build_map` would answer; raises what it raises before it begins."""
    return _prepare(session, asked).made


def _prepare(session: Session, asked: MapAsked) -> _Work:
    workspace = session.workspace
    run = find_run(workspace, asked.run or session.view.run)
    check_seed(asked.seed)
    if asked.sample is not None and not LEAST <= asked.sample <= MOST:
        raise ActionError(
            "bad_sample",
            f"sample={asked.sample} is not from {LEAST} to {MOST:,}.",
            f"The default is {SAMPLE:,}.",
        )
    space = next(one for one in vectors.spaces(workspace) if one.id == run.space_id)
    text_ids, rows, _ = vectors.text_rows(workspace, space.id, run.dataset_id)
    if not len(text_ids):
        raise ActionError(
            "no_embeddings",
            f"The texts of {run.dataset} have no vectors in {space.name}.",
            "Run embed.run first.",
        )
    found = workspace.rows(
        "SELECT centroid, size FROM cluster WHERE run_id = ? AND centroid IS NOT NULL AND size > 0 ORDER BY number",
        (run.id,),
    )
    centroids = np.array([np.frombuffer(row[0], "<f4") for row in found], np.float32).reshape(-1, space.dim)
    count = len(text_ids)
    method: Method = asked.method if count >= LEAST else "pca"
    sample = min(asked.sample or SAMPLE, count) if method == "umap" else count
    chosen = np.arange(count)
    if sample < count:
        chosen = np.sort(np.random.default_rng(asked.seed).choice(count, sample, replace=False))
    parameters: dict[str, Any] = {"space": space.checksum}
    if method == "umap":
        parameters = {"sample": sample, **parameters}
    started = _started(workspace, run, method, parameters, asked.seed, text_ids)
    before = find_projection(workspace, run.id)
    resumed = 0 if started is None else int(np.isfinite(started[:, 0]).sum())
    made = MapMade(
        run.name, space.name, method, asked.seed, count, sample, resumed, before.method if before else None,
        _reason(asked.method, method, count, sample, len(centroids)),
    )  # fmt: skip
    return _Work(
        run, asked, parameters, text_ids, gather(workspace, space, rows), centroids,
        np.array([row[1] for row in found], np.float64), chosen, method, started, made,
    )  # fmt: skip


def _reason(asked: Method, method: Method, count: int, sample: int, clusters: int) -> str:
    if method == "pca":
        axes = "the clusters' centroids, by size" if clusters >= FEWEST else "the texts: too few clusters"
        few = f" UMAP needs {LEAST} texts or more." if asked != method else ""
        return f"The two principal axes of {axes}.{few}"
    if sample == count:
        return "UMAP of all texts, by the cosine of their vectors."
    return f"UMAP of {sample:,} texts; each other one in the mean of its nearest of them."


def _started(
    workspace: Workspace,
    run: RunInfo,
    method: Method,
    parameters: dict[str, Any],
    seed: int,
    text_ids: NDArray[np.int64],
) -> NDArray[np.float32] | None:
    """The coordinates of an interrupted build, if it was of the very same map."""
    info = find_projection(workspace, run.id, "partial")
    if info is None or (info.method, info.parameters, info.seed) != (method, parameters, seed):
        return None
    ids, coordinates = read_projection(workspace, info.id)
    return coordinates.copy() if np.array_equal(ids, text_ids) else None


def _save(workspace: Workspace, work: _Work, points: Floats, status: projections.Status) -> None:
    save_projection(
        workspace, work.run.id, work.method, work.parameters, work.asked.seed, work.text_ids, points, status
    )


def _flat(session: Session, work: _Work) -> Floats:
    axes = main_axes(work.vectors, work.centroids, work.sizes, session.control)
    return projected(work.vectors, axes, session.control)


def _placed_among(session: Session, work: _Work) -> Floats:
    """UMAP of the fitted texts, then the others block by block, kept now and then."""
    control, count = session.control, len(work.text_ids)
    everything = len(work.fitted) == count
    points = work.started
    sample = take(work.vectors, work.fitted)
    if points is None:
        control.progress("laying out", 0, len(work.fitted), "texts")
        axes = main_axes(work.vectors, work.centroids, work.sizes, control)
        with one_blas_thread():
            start = on_the_map(sample @ axes)
        points = np.full((count, 2), np.nan, np.float32)
        points[work.fitted] = levelled(umap_layout(sample, start, work.asked.seed))
        control.check()
        if not everything:
            _save(session.workspace, work, points, "partial")
    index = Index(sample, points[work.fitted], work.centroids) if not everything else None
    left = np.flatnonzero(np.isnan(points[:, 0]))
    for at, first in enumerate(range(0, len(left), BLOCK), 1):
        assert index is not None
        block = left[first : first + BLOCK]
        with one_blas_thread():
            points[block] = index.place(work.vectors, block)
        if at % KEEP == 0:
            _save(session.workspace, work, points, "partial")
        control.progress("placing texts", count - len(left) + first + len(block), count, "texts")
    return points
