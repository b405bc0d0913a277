"""Breathing k-means: a way out of the local optimum in which Lloyd passes end."""

from __future__ import annotations

import numpy as np

from core.cluster.blocks import unit
from core.cluster.lloyd import Fit, lloyd
from core.cluster.result import Floats, Indices, Weights
from core.control import Control

TOLERANCE = 1e-3
MAX_PASSES = 50
MAX_BREATHS = 40


def breathe(
    rows: Floats, weights: Weights, centroids: Floats, rng: np.random.Generator, control: Control
) -> Fit:
    """Improve `centroids` (`[k, d]`) on `rows` (`[n, d]`, in memory): Fritzke, "Breathing k-means", 2020.

    In turns, centroids are added where the error is largest and as many of the least useful ones are taken away, with
    Lloyd passes after each; a breath that does not lower the inertia is undone and the next one is smaller.
    """
    n, k = len(rows), len(centroids)
    depth = min(max(5, k // 10), k, n - k)
    best = lloyd(rows, weights, centroids, MAX_PASSES, TOLERANCE, control)
    passes = best.passes
    for breath in range(MAX_BREATHS):
        if depth < 1:
            break
        control.progress("k-means", breath, MAX_BREATHS, "breaths")
        error = np.bincount(best.labels, weights=weights * best.distances, minlength=k)
        worst = np.argsort(-error, kind="stable")[:depth]
        noise = rng.standard_normal((depth, rows.shape[1])) * (0.1 / np.sqrt(rows.shape[1]))
        added = np.vstack([best.centroids, unit(best.centroids[worst] + noise)])
        wide = lloyd(rows, weights, added, MAX_PASSES, TOLERANCE, control)
        kept = np.delete(wide.centroids, least_useful(wide, weights, depth), axis=0)
        fit = lloyd(rows, weights, kept, MAX_PASSES, TOLERANCE, control)
        passes += wide.passes + fit.passes
        if fit.inertia < best.inertia * (1 - 1e-4):
            best = fit
        else:
            depth = depth - 1 if depth <= 5 else depth // 3
    return Fit(
        best.centroids, best.labels, best.distances, best.seconds, best.inertia, passes, best.converged
    )


def least_useful(fit: Fit, weights: Weights, count: int) -> Indices:
    """`count` centroids whose loss costs least, no two of them nearest neighbours as long as that can be had.

    A centroid's use is what its rows would pay more at their second nearest centroid.
    """
    k = len(fit.centroids)
    use = np.bincount(fit.labels, weights=weights * (fit.seconds - fit.distances), minlength=k)
    cosine = fit.centroids @ fit.centroids.T
    np.fill_diagonal(cosine, -np.inf)
    nearest = cosine.argmax(axis=1)
    order = np.argsort(use, kind="stable")
    free = np.ones(k, dtype=bool)
    gone: list[int] = []
    for cluster in order:
        if len(gone) < count and free[cluster]:
            gone.append(int(cluster))
            free[[cluster, nearest[cluster]]] = False
    taken = set(gone)
    gone += [int(cluster) for cluster in order if int(cluster) not in taken][: count - len(gone)]
    return np.asarray(gone, dtype=np.int64)
