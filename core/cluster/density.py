"""HDBSCAN on weighted unit vectors: clusters of any shape, and an honest rest of noise."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np

from core.cluster.blocks import as_float32, block_rows, map_blocks, one_blas_thread, unit
from core.cluster.density_graph import graph_hdbscan
from core.cluster.finish import by_falling_weight
from core.cluster.result import NOISE, Clustering, Floats, Labels, Vectors, Weights
from core.control import Control
from core.errors import ActionError

REDUCTIONS = ("auto", "umap", "pca", "none")
EXACT_ROWS = 5_000
"""Up to here the exact `hdbscan` on raw vectors takes seconds."""
EXACT_PCA_ROWS = 50_000
"""Up to here it takes seconds in 20 dimensions; in UMAP's 5 it does so at any size that UMAP can take."""
UMAP_ROWS = 50_000
"""Up to here a seeded UMAP, which runs on one thread, takes at most some three minutes."""
UMAP_DIMENSIONS = 5
UMAP_NEIGHBOURS = 15
PCA_DIMENSIONS = 20
GRAPH = "hdbscan on a graph of nearest neighbours"


def hdbscan(
    vectors: Vectors,
    weights: Weights,
    min_cluster_size: int,
    min_samples: int | None = None,
    reduce: str = "auto",
    seed: int = 0,
    control: Control | None = None,
) -> Clustering:
    """Find the dense groups among `n` texts; texts that lie in none are noise (label -1).

    HDBSCAN* (Campello, Moulavi and Sander, 2013) on the distinct texts: a repeated text is one point, so that one
    text asked a thousand times is not a cluster by itself; weights count for centroids, sizes and the numbering.

    `reduce="auto"` takes UMAP to 5 dimensions (McInnes et al., 2018) up to 50,000 texts, where it takes at most
    minutes, and the raw vectors above. On labelled intents, with the default sizes: 2,000 texts, 60 intents, UMAP
    AMI 0.87 and 4% noise, raw 0.72 and 26%, PCA 0.75 and 23%; 22,500 texts, 150 intents, UMAP 0.83 and 9%, raw 0.62
    and 43%, PCA 0.37 and 64%. UMAP draws strays into a cluster; take `none` to see them as noise. The exact `hdbscan`
    runs up to 5,000 raw vectors and after UMAP, `graph_hdbscan` elsewhere.

    Args:
        vectors: `[n, d]` unit rows.
        weights: `[n]` how often each text was asked.
        min_cluster_size: The fewest distinct texts that make a cluster, at least 2.
        min_samples: How many neighbours make a point dense; more means more noise. Default: the smaller of 5 and
            `min_cluster_size`.
        reduce: How to reduce the dimensions first: one of `REDUCTIONS`.
        seed: Of the reduction; the clustering itself has no chance in it.
        control: Told of the stages, and asked between them whether to stop.

    Raises:
        ActionError: `bad_min_cluster_size`, `bad_min_samples` or `bad_reduce` when a value does not fit.
        Cancelled: When `control` says so.
    """
    control = control or Control()
    n = len(vectors)
    if not 2 <= min_cluster_size <= max(n, 2):
        raise ActionError(
            "bad_min_cluster_size",
            f"min_cluster_size={min_cluster_size} does not fit {n} distinct texts.",
            f"Choose it between 2 and {n}.",
        )
    samples = max(1, min(5, min_cluster_size, n - 1)) if min_samples is None else min_samples
    if not 1 <= samples <= max(n - 1, 1):
        raise ActionError(
            "bad_min_samples",
            f"min_samples={samples} does not fit {n} distinct texts.",
            f"Choose it between 1 and {max(n - 1, 1)}.",
        )
    weights = np.asarray(weights, dtype=np.float64)
    reduction, why = _reduction(reduce, n)
    control.progress("reduce", 0, 3, "steps")
    if n < 2 * min_cluster_size:
        # The tree of densities needs a split into two clusters.
        nothing = np.full(n, NOISE, dtype=np.int32)
        return _finish(
            vectors, weights, nothing, np.zeros(n, np.float32), "too few texts for two clusters", control
        )
    with _silence():
        points = _reduced(vectors, reduction, seed)
        control.progress("density", 1, 3, "steps")
        labels, probabilities, engine = _engine(points, reduction, min_cluster_size, samples, seed, control)
    control.progress("centroids", 2, 3, "steps")
    return _finish(vectors, weights, labels, probabilities, f"{engine}, {_names(reduction)} ({why})", control)


def _reduction(asked: str, n: int) -> tuple[str, str]:
    if asked not in REDUCTIONS:
        raise ActionError(
            "bad_reduce", f"reduce={asked} is not a reduction.", f"Choose one of {', '.join(REDUCTIONS)}."
        )
    # UMAP lays out a graph by its eigenvectors, which a handful of points does not have.
    if asked != "none" and n <= UMAP_NEIGHBOURS + 1:
        return "none", "too few texts to reduce"
    if asked != "auto":
        return asked, "as asked"
    if n <= UMAP_ROWS:
        return "umap", f"at most {UMAP_ROWS} texts: UMAP leaves least to noise"
    return "none", f"more than {UMAP_ROWS} texts: UMAP would take too long"


def _names(reduction: str) -> str:
    return {
        "none": "raw vectors",
        "umap": f"UMAP to {UMAP_DIMENSIONS} dimensions",
        "pca": f"PCA to {PCA_DIMENSIONS} dimensions",
    }[reduction]


def _reduced(vectors: Vectors, reduction: str, seed: int) -> Vectors:
    if reduction == "umap":
        from umap import UMAP

        with one_blas_thread():
            model = UMAP(
                n_neighbors=UMAP_NEIGHBOURS,
                n_components=UMAP_DIMENSIONS,
                min_dist=0.0,
                metric="cosine",
                random_state=seed,
                n_jobs=1,
            )
            return as_float32(model.fit_transform(as_float32(vectors)))
    return _main_dimensions(vectors) if reduction == "pca" else vectors


def _main_dimensions(vectors: Vectors) -> Floats:
    """`[n, at most 20]`: coordinates on the main principal axes, in blocks."""
    n, width = vectors.shape
    with one_blas_thread():
        rows = block_rows(width)
        total = sum(
            map_blocks(lambda block: as_float32(vectors[block]).sum(axis=0, dtype=np.float64), n, rows)
        )
        mean = (total / n).astype(np.float32)

        def scatter(block: slice) -> np.ndarray:
            part = as_float32(vectors[block]) - mean
            return np.asarray(part.T @ part, dtype=np.float64)

        _, axes = np.linalg.eigh(sum(map_blocks(scatter, n, rows)))
        main = axes[:, ::-1][:, :PCA_DIMENSIONS].astype(np.float32)
        parts = list(map_blocks(lambda block: (as_float32(vectors[block]) - mean) @ main, n, rows))
    return as_float32(np.concatenate(parts))


def _engine(
    points: Vectors, reduction: str, min_cluster_size: int, min_samples: int, seed: int, control: Control
) -> tuple[Labels, Floats, str]:
    """Exact where it is quick; else the tree of a graph of nearest neighbours."""
    if len(points) > EXACT_ROWS and reduction == "none":
        return *graph_hdbscan(points, min_cluster_size, min_samples, seed, control), GRAPH
    if len(points) > EXACT_PCA_ROWS and reduction == "pca":
        return *graph_hdbscan(unit(points), min_cluster_size, min_samples, seed, control), GRAPH
    import hdbscan as exact

    model = exact.HDBSCAN(min_cluster_size=min_cluster_size, min_samples=min_samples, core_dist_n_jobs=1)
    labels = np.asarray(model.fit_predict(as_float32(points)), dtype=np.int32)
    strength = np.nan_to_num(np.asarray(model.probabilities_, dtype=np.float32))
    return labels, np.clip(strength, 0, 1), "exact hdbscan"


def _finish(
    vectors: Vectors, weights: Weights, labels: Labels, probabilities: Floats, engine: str, control: Control
) -> Clustering:
    """Centroids in the space of the texts, distances for members and noise, clusters by falling weight."""
    k = int(labels.max(initial=-1)) + 1
    sums = np.zeros((k, vectors.shape[1]))

    def add(block: slice) -> tuple[Labels, np.ndarray]:
        label = labels[block]
        order = np.argsort(label, kind="stable")
        present, starts = np.unique(label[order], return_index=True)
        rows = as_float32(vectors[block])[order] * weights[block][order, None]
        return present, np.add.reduceat(rows, starts, axis=0)

    distances = np.ones(len(labels), dtype=np.float32)
    with one_blas_thread():
        for present, part in map_blocks(add, len(labels), block_rows(vectors.shape[1])):
            member = present >= 0
            sums[present[member]] += part[member]
        centroids = unit(sums)

        def measure(block: slice) -> tuple[slice, Floats]:
            cosine = as_float32(vectors[block]) @ centroids.T
            label = labels[block]
            own = cosine[np.arange(len(label)), np.maximum(label, 0)]
            return block, 1 - np.where(label < 0, cosine.max(axis=1), own)

        if k:
            for block, distance in map_blocks(measure, len(labels), block_rows(k, vectors.shape[1])):
                distances[block] = distance.clip(0, 2)
                control.check()
    probabilities = np.where(labels == NOISE, 0, probabilities).astype(np.float32)
    labels, centroids, medoids = by_falling_weight(labels, distances, weights, centroids)
    member = labels >= 0
    inertia = float(weights[member] @ distances[member].astype(np.float64))
    return Clustering(labels, distances, centroids, medoids, inertia, 0, True, probabilities, engine)


@contextmanager
def _silence() -> Iterator[None]:
    """Keep the libraries' warnings (a seed turns threads off, a graph has several parts) off the terminal."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield
