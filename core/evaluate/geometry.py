"""How well clusters are apart: silhouette and Davies-Bouldin index of unit vectors without a matrix of all pairs."""

from __future__ import annotations

import numpy as np

from core.cluster.blocks import as_float32, block_rows, map_blocks, one_blas_thread
from core.cluster.result import Indices, Vectors
from core.control import Control
from core.evaluate.inputs import Grouped, grouped


def silhouette(data: Grouped, texts: Indices, control: Control | None = None) -> float:
    """Mean silhouette (Rousseeuw, 1987) of some texts by cosine distance, each against all members of every cluster.

    The mean cosine distance to a cluster is one product with the sum of its members, so this is exact, and equals
    scikit-learn's `silhouette_score(metric="cosine")` where `texts` are all. A text alone in its cluster counts 0; texts in
    no cluster are passed over.

    Raises:
        ValueError: Fewer than two clusters hold a text.
    """
    filled = np.flatnonzero(data.counts)
    if len(filled) < 2:
        raise ValueError("a silhouette needs two clusters")
    texts = texts[data.labels[texts] >= 0]
    sums = data.sums.T

    def work(block: slice) -> np.ndarray:
        index = texts[block]
        near = data.take(index).astype(np.float64) @ sums
        own, at = data.labels[index], np.arange(len(index))
        counts = data.counts[own]
        inner = (counts - near[at, own]) / np.maximum(counts - 1, 1)
        apart = 1 - near / np.maximum(data.counts, 1)
        apart[:, data.counts == 0] = np.inf
        apart[at, own] = np.inf
        outer = apart.min(axis=1)
        largest = np.maximum(inner, outer)
        width = np.divide(outer - inner, largest, out=np.zeros(len(index)), where=largest > 0)
        return np.where(counts > 1, width, 0.0)

    total = 0.0
    with one_blas_thread():
        for part in map_blocks(work, len(texts), block_rows(2 * data.k, 2 * data.table.shape[1])):
            total += float(part.sum())
            (control or Control()).check()
    return total / len(texts)


def davies_bouldin(data: Grouped, control: Control | None = None) -> float:
    """The index of Davies and Bouldin (1979) by Euclidean distance over distinct texts, as scikit-learn has it.

    Raises:
        ValueError: Fewer than two clusters hold a text.
    """
    filled = np.flatnonzero(data.counts)
    if len(filled) < 2:
        raise ValueError("the index needs two clusters")
    means = data.means
    squares = (means * means).sum(axis=1)
    spread = np.zeros(data.k)
    inside = np.flatnonzero(data.labels >= 0)

    def work(block: slice) -> tuple[np.ndarray, np.ndarray]:
        index = inside[block]
        rows, own = data.take(index).astype(np.float64), data.labels[index]
        squared = (rows * rows).sum(axis=1) - 2 * (rows * means[own]).sum(axis=1) + squares[own]
        return own, np.sqrt(np.maximum(squared, 0))

    with one_blas_thread():
        for own, distance in map_blocks(work, len(inside), block_rows(4 * data.table.shape[1])):
            spread += np.bincount(own, distance, minlength=data.k)
            (control or Control()).check()
        spread = (spread / np.maximum(data.counts, 1))[filled]
        centres = means[filled]
        apart = np.sqrt(
            np.maximum(squares[filled][:, None] - 2 * centres @ centres.T + squares[filled][None, :], 0)
        )
    if np.allclose(spread, 0) or np.allclose(apart[~np.eye(len(filled), dtype=bool)], 0):
        return 0.0
    np.fill_diagonal(apart, np.inf)
    apart[apart < 1e-12] = np.inf
    worst = ((spread[:, None] + spread[None, :]) / apart).max(axis=1)
    return float(worst.mean())


def over(
    vectors: Vectors, labels: Indices, weights: Indices, k: int, control: Control | None = None
) -> Grouped:
    """Vectors in memory and their labels as the data of these measures."""
    index = np.arange(len(labels))
    return grouped(index, labels, weights, index, as_float32(vectors), k, control)
