"""Measures of clusters: coherence, nearest neighbour clusters, and whether a cluster mixes two topics."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from core.cluster.blocks import as_float32, block_rows, map_blocks, one_blas_thread, take
from core.cluster.kmeans import kmeans
from core.cluster.result import Indices, Labels, Vectors, Weights
from core.control import Control

MIXTURE_APART = 0.65
MIXTURE_COHERENCE = 0.15
MIXTURE_SHARE = 0.15
MIXTURE_SAMPLE = 1_000


@dataclass(frozen=True, eq=False)
class Coherence:
    """How close the members of clusters are, against the close of random pairs."""

    clusters: np.ndarray
    """`[k]` float64 in [0, 1]."""
    background: float
    """Mean cosine of two texts drawn from everything; what `mixture` needs."""


@dataclass(frozen=True, eq=False)
class Mixture:
    """A cluster cut in two."""

    mixed: bool
    """True when the halves are two topics, not two ends of one."""
    first: Indices
    """Row indices of the heavier half."""
    second: Indices
    apart: float
    """1 minus the correlation of the halves' centres: 0 one topic, 1 as unlike as random texts."""


def coherence(
    vectors: Vectors, weights: Weights, labels: Labels, k: int, control: Control | None = None
) -> Coherence:
    """Coherence of each of `k` clusters, in [0, 1]; one pass over the rows.

    `(within - background) / (1 - background)`, clipped, where `within` is the weighted mean cosine over all pairs of
    different members and `background` the same over all texts, noise included. A random handful of texts scores 0,
    identical texts 1, and a cluster of two unrelated topics about half of what each would score alone, since half of
    its pairs are random ones. Taking the background away makes models comparable: some put every text into a narrow
    cone, in which a plain mean cosine is always high. A silhouette compares with the nearest cluster instead, so it
    falls as `k` grows though the cluster itself did not change. Pairs of one text with itself, however often asked,
    do not count: repetition is not coherence. A cluster of one text scores 1.

    Args:
        vectors: `[n, d]` unit rows.
        weights: `[n]` how often each text was asked.
        labels: `[n]` clusters 0 to `k` - 1; negative is noise.
        k: The number of clusters.
        control: Asked whether to stop.
    """
    control = control or Control()
    weights = np.asarray(weights, dtype=np.float64)

    def work(block: slice) -> tuple[Labels, np.ndarray]:
        label = labels[block]
        order = np.argsort(label, kind="stable")
        present, starts = np.unique(label[order], return_index=True)
        rows = as_float32(vectors[block])[order] * weights[block][order, None]
        return present, np.add.reduceat(rows, starts, axis=0)

    # Row k collects the noise.
    sums = np.zeros((k + 1, vectors.shape[1]))
    for present, part in map_blocks(work, len(labels), block_rows(vectors.shape[1])):
        sums[np.where(present < 0, k, present)] += part
        control.check()
    own = np.where(labels < 0, k, labels)
    mass = np.bincount(own, weights=weights, minlength=k + 1)
    squares = np.bincount(own, weights=weights**2, minlength=k + 1)
    background = mean_cosine(sums.sum(axis=0), mass.sum(), squares.sum())
    clusters = np.asarray([mean_cosine(*cell) for cell in zip(sums, mass, squares, strict=True)][:k])
    if background >= 1 - 1e-6:
        return Coherence(np.ones(k), background)
    return Coherence(np.clip((clusters - background) / (1 - background), 0, 1), background)


def mean_cosine(total: np.ndarray, mass: float, squares: float) -> float:
    """Weighted mean cosine over pairs of different rows: their sum's square less the pairs of a row with itself."""
    pairs = mass**2 - squares
    return float((total @ total - squares) / pairs) if pairs > 1e-9 * mass**2 else 1.0


def neighbour_clusters(centroids: np.ndarray, m: int) -> Labels:
    """`[k, min(m, k - 1)]`: the clusters with the nearest centroids by cosine, nearest first."""
    k = len(centroids)
    m = max(0, min(m, k - 1))
    found = np.empty((k, m), dtype=np.int32)

    def work(block: slice) -> tuple[slice, Labels]:
        cosine = centroids[block] @ centroids.T
        cosine[np.arange(len(cosine)), np.arange(block.start, block.stop)] = -np.inf
        near = np.argpartition(-cosine, m - 1, axis=1)[:, :m]
        order = np.lexsort((near, -np.take_along_axis(cosine, near, axis=1)), axis=1)
        return block, np.take_along_axis(near, order, axis=1).astype(np.int32)

    if m:
        with one_blas_thread():
            for block, near in map_blocks(work, k, block_rows(k)):
                found[block] = near
    return found


def mixture(vectors: Vectors, weights: Weights, members: Indices, background: float) -> Mixture:
    """Cut the cluster of `members` (rising row indices) in two and tell whether the halves are two topics.

    Any cluster can be cut by 2-means. The halves count as topics when each is coherent by itself, neither is a few
    strays, and their centres, less the background, do not correlate: `apart`, the mean cosine between the halves
    over the geometric mean of that within them (all less `background`), taken from 1. On labelled intents this tells
    one intent from two of different domains with an area under the curve of 0.99, and from two of one domain 0.94.
    At most `MIXTURE_SAMPLE` members are looked at to decide; every member is put into a half.

    Args:
        vectors: `[n, d]` unit rows of all texts.
        weights: `[n]` how often each text was asked.
        members: Row indices of the cluster.
        background: `Coherence.background` of the run.
    """
    nothing = Mixture(False, members, members[:0], 0.0)
    if len(members) < 6:
        return nothing
    weights = np.asarray(weights, dtype=np.float64)
    step = -(-len(members) // MIXTURE_SAMPLE)
    looked = members[::step]
    rows = take(vectors, looked)
    halves = kmeans(rows, weights[looked], 2)
    first, second = (halves.labels == side for side in (0, 1))
    if min(first.sum(), second.sum()) < 3:
        return nothing
    share = weights[looked][second].sum() / weights[looked].sum()
    within = [
        mean_cosine(rows[side].sum(axis=0), side.sum(), side.sum()) - background for side in (first, second)
    ]
    between = float(rows[first].mean(axis=0) @ rows[second].mean(axis=0)) - background
    scale = max(1 - background, 1e-6)
    if min(within) <= 0.02 * scale:
        return nothing
    apart = float(np.clip(1 - between / np.sqrt(within[0] * within[1]), 0, 2))
    mixed = apart >= MIXTURE_APART and min(within) / scale >= MIXTURE_COHERENCE and share >= MIXTURE_SHARE
    side = halves.labels
    if step > 1:
        side = np.concatenate(
            [
                (take(vectors, part) @ halves.centroids.T).argmax(axis=1)
                for part in np.array_split(members, len(members) // MIXTURE_SAMPLE + 1)
            ]
        )
    return Mixture(bool(mixed), members[side == 0], members[side == 1], apart)
