"""Spherical k-means on weighted unit vectors, from a thousand rows to a memory map of a million."""

from __future__ import annotations

import numpy as np

from core.cluster.blocks import as_float32, one_blas_thread, take
from core.cluster.breathing import breathe
from core.cluster.finish import by_falling_weight
from core.cluster.lloyd import Fit, lloyd, plus_plus
from core.cluster.result import Clustering, Floats, Labels, Vectors, Weights
from core.control import Control
from core.errors import ActionError

SAMPLE = 25_000
SAMPLE_PER_CLUSTER = 50
SAMPLE_MAX = 100_000
MAX_PASSES = 100
FULL_WORK = 2e13
"""Multiplications allowed for the passes over all rows; the last passes change little."""


def kmeans(
    vectors: Vectors, weights: Weights, k: int, seed: int = 0, control: Control | None = None
) -> Clustering:
    """Group `n` texts into exactly `k` non-empty clusters.

    Spherical k-means (Dhillon and Modha, 2001): nearest by cosine, centroids scaled back to unit length. A greedy
    k-means++ start and breathing k-means on a sample (all rows when there are few), then growing samples (nested
    batches: Newling and Fleuret, 2016), then Lloyd passes over all rows, as many as the shape affords.

    Args:
        vectors: `[n, d]` unit rows, float32 or float16, in memory or mapped; read in blocks.
        weights: `[n]` how often each text was asked, at least 1.
        k: The number of clusters, 1 to `n`.
        seed: The same seed on the same data gives the same bytes, on any number of threads.
        control: Told of every step, and asked whether to stop.

    Raises:
        ActionError: `bad_k` when `k` is below 1 or above `n`.
        Cancelled: When `control` says so.
    """
    control = control or Control()
    n = len(vectors)
    if not 1 <= k <= n:
        raise ActionError("bad_k", f"k={k} does not fit {n} distinct texts.", f"Choose k between 1 and {n}.")
    weights = np.asarray(weights, dtype=np.float64)
    rng = np.random.default_rng(seed)
    order = rng.permutation(n)
    with one_blas_thread():
        size = min(n, max(SAMPLE, k, min(SAMPLE_PER_CLUSTER * k, SAMPLE_MAX)))
        index = np.sort(order[:size])
        rows, shares = take(vectors, index), weights[index]
        fit = breathe(rows, shares, plus_plus(rows, shares, k, rng, control), rng, control)
        del rows
        passes = fit.passes
        while size * 4 < n:
            size *= 4
            control.progress("k-means", size, n, "texts")
            fit = lloyd(vectors, weights, fit.centroids, 4, 1e-3, control, np.sort(order[:size]))
            passes += fit.passes
        control.progress("k-means", n, n, "texts")
        allowed = int(np.clip(FULL_WORK / (n * k * vectors.shape[1]), 3, MAX_PASSES))
        fit = lloyd(vectors, weights, fit.centroids, allowed, 1e-6, control)
        passes += fit.passes
    labels, distances, centroids = _fill_empty(vectors, weights, fit)
    labels, centroids, medoids = by_falling_weight(labels, distances, weights, centroids)
    return Clustering(
        labels=labels,
        distances=distances,
        centroids=centroids,
        medoids=medoids,
        inertia=float(weights @ distances.astype(np.float64)),
        iterations=passes,
        converged=fit.converged,
        engine="spherical k-means, k-means++ start, breathing",
    )


def _fill_empty(vectors: Vectors, weights: Weights, fit: Fit) -> tuple[Labels, Floats, Floats]:
    """Give every empty cluster the row that costs most, out of clusters that keep another one."""
    labels, distances, centroids = fit.labels.copy(), fit.distances.copy(), fit.centroids.copy()
    counts = np.bincount(labels, minlength=len(centroids))
    empty = list(np.flatnonzero(counts == 0))
    for row in np.argsort(-weights * distances, kind="stable") if empty else ():
        if not empty:
            break
        if counts[labels[row]] > 1:
            counts[labels[row]] -= 1
            labels[row] = empty.pop()
            counts[labels[row]] = 1
            centroids[labels[row]] = as_float32(vectors[row])
            distances[row] = 0
    return labels, distances, centroids
