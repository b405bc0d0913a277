"""The noise of a density run, by how much farther out than a cluster it lies."""

from __future__ import annotations

import numpy as np

from core.centroids import Centroids
from core.cluster.blocks import block_rows, map_blocks, one_blas_thread
from core.cluster.result import Floats, Indices
from core.control import Control
from core.outliers.found import Found, ranked
from core.outliers.texts import Texts, no_vectors
from db.titles import NOISE

NEIGHBOURS = 5
MOST_MEMBERS = 20_000
"""Members of a cluster that noise is compared with, evenly spread over the cluster."""
CORES = 500
"""Members whose own distances say how dense a cluster is."""

NOTE = (
    f"The score is as in GLOSH: 1 less the distance at which a typical text of the nearest cluster has {NEIGHBOURS} others"
    " of it around itself over the distance at which this text has; 0 lies as close as the members, 1 infinitely far."
    " Distances are of the stored vectors, since the tree of the clustering is not kept."
)


def noise(texts: Texts, centroids: Centroids, control: Control) -> Found:
    """The noise, the farthest out first: GLOSH (Campello et al., 2015) against the nearest cluster.

    Raises:
        ActionError: `no_vectors`.
    """
    places = np.flatnonzero(texts.clusters == NOISE)
    if not len(places):
        note = "The run has no noise: kind=far and kind=lone find what fits badly."
        return Found(places, np.empty(0), lambda _: "", note)
    if texts.table is None or not len(centroids.numbers):
        raise no_vectors()
    places = places[texts.rows[places] >= 0]
    with one_blas_thread():
        nearest = _nearest(texts, places, centroids)
        reach = np.ones(len(places))
        usual = np.ones(len(centroids.numbers))
        order = np.argsort(nearest, kind="stable")
        starts = np.searchsorted(nearest[order], np.arange(len(centroids.numbers) + 1))
        member_order = np.argsort(texts.clusters, kind="stable")
        clusters = texts.clusters[member_order]
        for at, number in enumerate(centroids.numbers.tolist()):
            mine = np.sort(order[starts[at] : starts[at + 1]])
            if not len(mine):
                continue
            first, last = np.searchsorted(clusters, [number, number + 1])
            members = _spread(member_order[first:last], MOST_MEMBERS)
            members = np.sort(members[texts.rows[members] >= 0])
            rows = texts.vectors(members)
            k = min(NEIGHBOURS, len(members))
            reach[mine] = _kth(texts, places[mine], rows, k)
            cores = _spread(members, CORES)
            # A member is its own nearest.
            usual[at] = np.median(_kth(texts, cores, rows, min(k + 1, len(members))))
            control.progress("noise", int(starts[at + 1]), len(places), "texts")
    scores = np.clip(1 - usual[nearest] / np.maximum(reach, 1e-6), 0, 1).round(4)
    sorting = ranked(places, scores)
    places, scores, nearest, reach = places[sorting], scores[sorting], nearest[sorting], reach[sorting]

    def reason(at: int) -> str:
        typical = usual[nearest[at]]
        times = f"{reach[at] / typical:.1f} times" if typical > 1e-3 else "far more than"
        return f"in no cluster: {times} as far from its nearest texts in the nearest cluster as a typical text there"

    return Found(places, scores, reason, NOTE)


def _nearest(texts: Texts, places: Indices, centroids: Centroids) -> Indices:
    """The place of the nearest centroid of each text."""

    def work(block: slice) -> Indices:
        cosine = texts.vectors(places[block]) @ centroids.centroids.T
        best: Indices = cosine.argmax(axis=1)
        return best

    rows = block_rows(len(centroids.numbers), centroids.centroids.shape[1])
    return np.concatenate(list(map_blocks(work, len(places), rows)))


def _kth(texts: Texts, places: Indices, rows: Floats, k: int) -> np.ndarray:
    """The Euclidean distance of each text to the `k`-th nearest of some rows."""

    def work(block: slice) -> Floats:
        cosine = texts.vectors(places[block]) @ rows.T
        return np.partition(cosine, len(rows) - k, axis=1)[:, len(rows) - k]

    parts = list(map_blocks(work, len(places), block_rows(len(rows), rows.shape[1])))
    return np.sqrt(np.maximum(2 - 2 * np.concatenate(parts), 0))


def _spread(places: Indices, most: int) -> Indices:
    """At most so many of them, evenly spread."""
    if len(places) <= most:
        return places
    return places[np.linspace(0, len(places), most, endpoint=False).astype(np.int64)]
