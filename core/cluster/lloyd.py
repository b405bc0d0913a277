"""The two steps of k-means: greedy k-means++ starting points, and Lloyd passes in blocks."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from core.cluster.blocks import as_float32, block_rows, map_blocks, take, unit
from core.cluster.result import Floats, Indices, Labels, Vectors, Weights
from core.control import Control


@dataclass(frozen=True, eq=False)
class Fit:
    """Centroids, and the labels and distances that belong to them."""

    centroids: Floats
    labels: Labels
    distances: Floats
    """`[n]` cosine distance to the own centroid."""
    seconds: Floats
    """`[n]` cosine distance to the second nearest centroid (infinite where there is one only)."""
    inertia: float
    passes: int
    converged: bool


def plus_plus(rows: Floats, weights: Weights, k: int, rng: np.random.Generator, control: Control) -> Floats:
    """`[k, d]` starting centroids out of `rows`: greedy k-means++ by weighted cosine distance.

    Arthur and Vassilvitskii (2007), with `2 + log k` candidates a step. Fewer distinct rows than `k` give repeats.
    """
    n = len(rows)
    candidates = 2 + int(np.log(k))
    chosen = [int(rng.choice(n, p=weights / weights.sum()))]
    nearest = np.maximum(1 - rows @ rows[chosen[0]], 0).astype(np.float64)
    for step in range(1, k):
        if step % 64 == 0:
            control.progress("k-means start", step, k, "centroids")
        cumulative = np.cumsum(weights * nearest)
        if cumulative[-1] <= 0:
            rest = np.setdiff1d(np.arange(n), chosen)[: k - step]
            chosen += [int(row) for row in rest]
            break
        picks = np.searchsorted(cumulative, rng.random(candidates) * cumulative[-1], side="right")
        picks = np.minimum(picks, n - 1)
        closer = np.minimum(np.maximum(1 - rows @ rows[picks].T, 0), nearest[:, None])
        best = int(np.argmin(weights @ closer))
        chosen.append(int(picks[best]))
        nearest = closer[:, best]
    return take(rows, np.asarray(chosen))


def lloyd(
    vectors: Vectors,
    weights: Weights,
    centroids: Floats,
    passes: int,
    tolerance: float,
    control: Control,
    index: Indices | None = None,
) -> Fit:
    """At most `passes` passes over the rows `index` (None: all); empty clusters get the row that costs most.

    It stops when no label changes or a pass lowers the inertia by less than the share `tolerance`.
    """
    own = weights if index is None else weights[index]
    labels = np.full(len(own), -1, dtype=np.int32)
    last = np.inf
    for done in range(1, passes + 1):
        control.check()
        new, distances, seconds, sums = assign(vectors, own, centroids, control, index)
        inertia = float(own @ distances.astype(np.float64))
        settled = bool(np.array_equal(new, labels)) or abs(last - inertia) <= tolerance * inertia
        labels, last = new, inertia
        empty = np.flatnonzero(np.bincount(labels, minlength=len(centroids)) == 0)
        costly = np.argsort(-own * distances, kind="stable")[: len(empty)] if len(empty) else empty
        costly = costly[distances[costly] > 0]
        if (settled and len(costly) == 0) or done == passes:
            break
        norm = np.linalg.norm(sums, axis=1, keepdims=True)
        # Members that cancel one another out have no mean direction; the old centroid stays.
        centroids = np.where(norm > 1e-9, unit(sums), centroids)
        if len(costly):
            rows = costly if index is None else index[costly]
            centroids[empty[: len(costly)]] = as_float32(vectors[rows])
    return Fit(centroids, labels, distances, seconds, inertia, done, settled)


def assign(
    vectors: Vectors, weights: Weights, centroids: Floats, control: Control, index: Indices | None = None
) -> tuple[Labels, Floats, Floats, np.ndarray]:
    """The nearest centroid of each row, its distance and the runner-up's (`[n]`), and each cluster's weighted sum.

    The sums are `[k, d]` float64. Call it inside `one_blas_thread` for the same bytes on any number of threads.
    """
    n, k = len(weights), len(centroids)

    def work(block: slice) -> tuple[slice, Labels, Floats, Floats, Labels, np.ndarray]:
        rows = as_float32(vectors[block] if index is None else vectors[index[block]])
        similarity = rows @ centroids.T
        label = similarity.argmax(axis=1).astype(np.int32)
        every = np.arange(len(rows))
        distance = 1 - similarity[every, label]
        similarity[every, label] = -np.inf
        second = 1 - similarity.max(axis=1)
        order = np.argsort(label, kind="stable")
        present, starts = np.unique(label[order], return_index=True)
        sums = np.add.reduceat(rows[order] * weights[block][order, None], starts, axis=0)
        return block, label, distance.clip(0, 2), second, present, sums

    labels = np.empty(n, dtype=np.int32)
    distances, seconds = np.empty(n, dtype=np.float32), np.empty(n, dtype=np.float32)
    sums = np.zeros((k, vectors.shape[1]), dtype=np.float64)
    for block, label, distance, second, present, part in map_blocks(work, n, block_rows(*centroids.shape)):
        labels[block], distances[block], seconds[block] = label, distance, second
        sums[present] += part
        control.check()
    return labels, distances, seconds, sums
