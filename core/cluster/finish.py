"""The last step of every algorithm: centroids, medoids, and clusters numbered from the heaviest down."""

from __future__ import annotations

import numpy as np

from core.cluster.result import Floats, Indices, Labels, Weights


def medoids_of(labels: Labels, distances: Floats, k: int) -> Indices:
    """`[k]`: the member nearest to each centroid, the lowest index among equals; every cluster needs a member."""
    members = np.flatnonzero(labels >= 0)
    order = members[np.lexsort((members, distances[members], labels[members]))]
    present, first = np.unique(labels[order], return_index=True)
    medoids = np.full(k, -1, dtype=np.int64)
    medoids[present] = order[first]
    return medoids


def by_falling_weight(
    labels: Labels, distances: Floats, weights: Weights, centroids: Floats
) -> tuple[Labels, Floats, Indices]:
    """Renumber clusters so that 0 is the heaviest, ties by medoid index; noise stays noise.

    Returns:
        The new labels `[n]`, the centroids `[k, d]` and the medoids `[k]` in the new order.
    """
    k = len(centroids)
    medoids = medoids_of(labels, distances, k)
    member = labels >= 0
    mass = np.bincount(labels[member], weights=weights[member], minlength=k)
    order = np.lexsort((medoids, -mass))
    rank = np.empty(k + 1, dtype=np.int32)
    rank[order] = np.arange(k, dtype=np.int32)
    rank[k] = -1
    return rank[labels], centroids[order], medoids[order]
