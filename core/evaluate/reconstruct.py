"""Reconstruction: are members found again by the names of their clusters alone?"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from core.cluster.blocks import one_blas_thread
from core.cluster.result import Floats, Indices
from core.control import Control
from core.evaluate.figures import figure, missing, share
from core.evaluate.inputs import Grouped, draw
from core.evaluate.rows import Measure

SALT = 11
TOP = (1, 3)
NEAR = "Members drawn from each cluster of two texts and more alike, put to the name (title and description) with the nearest vector; chance is {}."
BOUND = "The same members put to the nearest centroid, each taken out of its own first: what names cannot surpass by much."


def reconstruction(data: Grouped, names: Floats, items: int, seed: int, control: Control) -> list[Measure]:
    """How often a member's own cluster is the first, or among the first three, of those its text is put to.

    Args:
        data: Texts in clusters.
        names: `[k, d]` unit vectors of the names, in the order of the clusters.
        items: Members a cluster, at most.
        seed: Draws them.
        control: Asked whether to stop.
    """
    drawn = [
        one for one in draw(data.labels, data.k, items, seed, SALT) if data.counts[data.labels[one[0]]] > 1
    ]
    if not drawn:
        return [missing("reconstruction@1", "names", "No cluster has two texts.")]
    texts = np.concatenate(drawn)
    by_name, by_centroid = np.empty(len(texts), dtype=np.int64), np.empty(len(texts), dtype=np.int64)
    with one_blas_thread():
        for start in range(0, len(texts), 1024):
            block = slice(start, start + 1024)
            control.progress("reconstruction", start, len(texts), "questions")
            by_name[block] = name_ranks(data, texts[block], names)
            by_centroid[block] = centroid_ranks(data, texts[block])
    rows = []
    for top in TOP:
        chance = min(1.0, top / data.k) if data.k else 1.0
        found, bound = int((by_name < top).sum()), int((by_centroid < top).sum())
        rows.append(share(f"reconstruction@{top}", "names", found, len(texts), NEAR.format(f"{chance:.3f}")))
        rows.append(share(f"reconstruction@{top}", "centroids", bound, len(texts), BOUND))
        rows.append(figure(f"reconstruction@{top}", "chance", chance, len(texts)))
    return rows


def name_ranks(data: Grouped, texts: Indices, names: Floats) -> Indices:
    """How many names are nearer to each text than that of its own cluster; equals count as half, rounded up."""
    return _ranks(data.take(texts) @ names.T, data.labels[texts])


def centroid_ranks(data: Grouped, texts: Indices) -> Indices:
    """The same for centroids, in which the text itself has no part; alone in its cluster it is not found."""
    rows = data.take(texts).astype(np.float64)
    own = data.labels[texts]
    lengths = np.linalg.norm(data.sums, axis=1)
    cosine = (rows @ data.sums.T) / np.where(lengths > 0, lengths, 1.0)
    rest = data.sums[own] - rows
    length = np.linalg.norm(rest, axis=1)
    alone = (data.counts[own] < 2) | (length < 1e-9)
    cosine[np.arange(len(own)), own] = np.where(
        alone, -2.0, (rows * rest).sum(axis=1) / np.where(alone, 1.0, length)
    )
    return _ranks(cosine, own)


def _ranks(cosine: NDArray[np.floating], own: Indices) -> Indices:
    """Names that are equal, as two of the same words are, are as good as each other: neither is found for sure."""
    at = np.round(cosine[np.arange(len(own)), own], 6)[:, None]
    cosine = np.round(cosine, 6)
    nearer, equal = (cosine > at).sum(axis=1), (cosine == at).sum(axis=1) - 1
    return np.asarray(nearer + (equal + 1) // 2, dtype=np.int64)
