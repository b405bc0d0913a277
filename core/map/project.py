"""Two dimensions out of many: principal axes, and how coordinates become a map."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from core.cluster.blocks import as_float32, block_rows, map_blocks, one_blas_thread
from core.cluster.result import Floats, Vectors
from core.control import Control

FEWEST = 3
"""So many clusters span a plane; with fewer the axes are those of the texts."""


def main_axes(vectors: Vectors, centroids: Floats, sizes: NDArray[np.float64], control: Control) -> Floats:
    """The axes `[d, 2]` on which the clusters lie furthest apart.

    Principal components of the centroids, each with the weight of its cluster (between-group PCA; Yendle and MacFie, 1989):
    what varies within clusters does not turn the axes, so clusters overlap less than by the components of all texts. Its
    axes exaggerate differences only where texts are fewer than dimensions (Cardini et al., 2019). With fewer than three
    clusters they are the principal components of the texts, exact by their covariance (Pearson, 1901).

    Args:
        vectors: `[n, d]` rows, of which a block at a time is in memory.
        centroids: `[k, d]`.
        sizes: `[k]` weights, above zero.
        control: Asked whether to stop.
    """
    with one_blas_thread():
        if len(centroids) >= FEWEST:
            rows = np.asarray(centroids, np.float64)
            apart = rows - np.average(rows, axis=0, weights=sizes)
            scatter = (apart * sizes[:, None]).T @ apart
        else:
            scatter = _scatter(vectors, control)
        _, axes = np.linalg.eigh(scatter)
    main = axes[:, ::-1][:, :2]
    # An axis may point either way: its largest part is positive.
    signs = np.sign(main[np.abs(main).argmax(axis=0), np.arange(main.shape[1])])
    main = main * np.where(signs == 0, 1, signs)
    return np.pad(main, ((0, 0), (0, 2 - main.shape[1]))).astype(np.float32)


def _scatter(vectors: Vectors, control: Control) -> NDArray[np.float64]:
    """`[d, d]`: the covariance of the rows, but for a factor."""
    n, width = vectors.shape
    rows = block_rows(width)
    sums = map_blocks(lambda block: as_float32(vectors[block]).sum(axis=0, dtype=np.float64), n, rows)
    mean = (sum(sums) / max(n, 1)).astype(np.float32)

    def part(block: slice) -> NDArray[np.float64]:
        control.check()
        apart = as_float32(vectors[block]) - mean
        return np.asarray(apart.T @ apart, np.float64)

    return np.asarray(sum(map_blocks(part, n, rows)), np.float64)


def projected(vectors: Vectors, axes: Floats, control: Control) -> Floats:
    """`[n, 2]`: the rows on the axes, in blocks."""
    n, width = vectors.shape
    out = np.empty((n, 2), np.float32)
    rows = block_rows(width)
    with one_blas_thread():
        done = 0
        for found in map_blocks(lambda block: as_float32(vectors[block]) @ axes, n, rows):
            out[done : done + len(found)] = found
            done += len(found)
            control.progress("placing texts", done, n, "texts")
    return out


def levelled(points: Floats) -> Floats:
    """The points turned so that they spread most from left to right: a screen is wider than high."""
    wide = np.asarray(points, np.float64)
    wide = wide - wide.mean(axis=0)
    # Written out: for two columns a BLAS that adds in another order must not turn the map.
    xx, yy, xy = ((wide[:, a] * wide[:, b]).sum() for a, b in ((0, 0), (1, 1), (0, 1)))
    angle = 0.5 * np.arctan2(2 * xy, xx - yy)
    cos, sin = np.cos(angle), np.sin(angle)
    return np.column_stack([wide[:, 0] * cos + wide[:, 1] * sin, wide[:, 1] * cos - wide[:, 0] * sin]).astype(
        np.float32
    )


def on_the_map(points: Floats) -> Floats:
    """The points moved and scaled alike in both directions, so that the longer side is 0 to 1 and the other in its middle."""
    if not len(points):
        return points
    low, high = points.min(axis=0).astype(np.float64), points.max(axis=0).astype(np.float64)
    extent = float((high - low).max()) or 1.0
    placed: Floats = (0.5 + (points - (low + high) / 2) / extent).clip(0, 1).astype(np.float32)
    return placed
