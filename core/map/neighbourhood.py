"""UMAP of a sample, and the other texts among their nearest of it."""

from __future__ import annotations

import warnings

import numpy as np
from numpy.typing import NDArray

from core.cluster.blocks import as_float32, block_rows, map_blocks, one_blas_thread, take
from core.cluster.result import Floats, Vectors

NEIGHBOURS = 15
MIN_DISTANCE = 0.1
LEAST = NEIGHBOURS + 2
"""Fewer texts have no graph of neighbours to lay out."""
NEAREST = 5
"""Among so many fitted texts another one stands."""
LISTS = 4
"""Lists of the index that are looked into: that of the text's nearest centroid and of its neighbours."""
SPREAD = 10.0
"""The extent of the starting layout, as UMAP's own has it."""


def umap_layout(vectors: Floats, start: Floats, seed: int) -> Floats:
    """`[n, 2]`: texts that are close in many dimensions lie close, by UMAP (McInnes et al., 2018).

    It starts at the principal axes, which keeps the clusters' places to one another better than chance does (Kobak and
    Linderman, 2021). Seeded, it runs on one thread. The same seed gives the same bytes on one machine.

    Args:
        vectors: `[n, d]` unit rows, at least `LEAST`.
        start: `[n, 2]` within 0 to 1.
        seed: Of its sampling.
    """
    from umap import UMAP

    with one_blas_thread(), warnings.catch_warnings():
        # A seed turns threads off, a graph has several parts: nothing that a person need read.
        warnings.simplefilter("ignore")
        model = UMAP(
            n_neighbors=NEIGHBOURS,
            n_components=2,
            min_dist=MIN_DISTANCE,
            metric="cosine",
            init=(start - 0.5) * SPREAD,
            random_state=seed,
            n_jobs=1,
        )
        return as_float32(model.fit_transform(as_float32(vectors)))


class Index:
    """Fitted texts by their nearest centroid (an inverted file; Jégou et al., 2011).

    Args:
        vectors: `[m, d]` unit rows of the fitted texts.
        points: `[m, 2]` where they lie.
        centroids: `[k, d]` unit rows; with none, one list holds all.
    """

    def __init__(self, vectors: Floats, points: Floats, centroids: Floats) -> None:
        self._vectors, self._points = vectors, points
        self._centroids = centroids if len(centroids) else vectors.mean(axis=0, keepdims=True)
        near = self._centroids @ self._centroids.T
        self._order = np.argsort(-near, axis=1, kind="stable")
        own = self._nearest_centroids(vectors)
        self._members = [np.flatnonzero(own == number) for number in range(len(self._centroids))]

    def place(self, vectors: Vectors, rows: NDArray[np.int64]) -> Floats:
        """`[len(rows), 2]`: each text in the mean of its nearest fitted ones, by the inverse of their distance (Shepard, 1968).

        That is where `UMAP.transform` starts from; what it does then would not end in the same bytes after an interruption.
        """
        asked = take(vectors, rows)
        out = np.empty((len(rows), 2), np.float32)
        own = self._nearest_centroids(asked)
        for number in np.unique(own).tolist():
            here = np.flatnonzero(own == number)
            known = self._candidates(number)
            step = block_rows(len(known), asked.shape[1])
            for start in range(0, len(here), step):
                part = here[start : start + step]
                out[part] = self._mean(asked[part], known)
        return out

    def _mean(self, asked: Floats, known: NDArray[np.int64]) -> NDArray[np.float64]:
        cosine = asked @ self._vectors[known].T
        count = min(NEAREST, len(known))
        best = np.argpartition(-cosine, count - 1, axis=1)[:, :count]
        weight = 1 / (1e-6 + (1 - np.take_along_axis(cosine, best, axis=1)).clip(0).astype(np.float64))
        points = self._points[known[best]].astype(np.float64)
        return np.asarray((points * weight[..., None]).sum(axis=1) / weight.sum(axis=1, keepdims=True))

    def _candidates(self, number: int) -> NDArray[np.int64]:
        """Members of the nearest lists; of more where those hold too few."""
        lists: list[NDArray[np.int64]] = []
        found = 0
        for other in self._order[number].tolist():
            if len(lists) >= LISTS and found >= NEAREST:
                break
            lists.append(self._members[other])
            found += len(lists[-1])
        return np.sort(np.concatenate(lists))

    def _nearest_centroids(self, vectors: Floats) -> NDArray[np.int64]:
        rows = block_rows(len(self._centroids), vectors.shape[1])
        parts = map_blocks(
            lambda block: (vectors[block] @ self._centroids.T).argmax(axis=1), len(vectors), rows
        )
        return np.concatenate([np.empty(0, np.int64), *parts])
