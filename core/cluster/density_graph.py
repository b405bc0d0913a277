"""HDBSCAN on a graph of nearest neighbours, for more points than the exact algorithm can take."""

from __future__ import annotations

from typing import Any

import numpy as np

from core.cluster.blocks import block_rows, map_blocks, one_blas_thread, take
from core.cluster.neighbours import nearest_neighbours
from core.cluster.result import Floats, Indices, Labels, Vectors
from core.control import Control

NEIGHBOURS = 15
CLOSEST = 1e-3
"""Distances below this are the rounding of float16."""
BRIDGE_ROWS = 20_000


def graph_hdbscan(
    vectors: Vectors, min_cluster_size: int, min_samples: int, seed: int, control: Control
) -> tuple[Labels, Floats]:
    """Labels `[n]` (-1: noise) and strengths of membership `[n]` in [0, 1].

    HDBSCAN* needs a minimum spanning tree by mutual reachability; here that of the graph of each point and its 15 (or
    `min_samples`) nearest neighbours. Parts of the graph without a link are bridged between their nearest sampled
    points: linked at an infinite distance instead, the largest part would outlast all its clusters and be taken for
    one. The clusters are read from the tree by the `hdbscan` library. The same bytes on any number of threads.
    """
    from hdbscan._hdbscan_linkage import label
    from hdbscan.hdbscan_ import _tree_to_labels

    with one_blas_thread():
        tree = _spanning_tree(vectors, min_samples, seed, control)
    edges = np.column_stack([tree.row, tree.col, tree.data]).astype(np.float64)
    edges = edges[np.lexsort((edges[:, 1], edges[:, 0], edges[:, 2]))]
    control.progress("clusters", 0, len(vectors), "texts")
    labels, strength, *_ = _tree_to_labels(None, label(edges), min_cluster_size)
    return np.asarray(labels, dtype=np.int32), np.asarray(strength, dtype=np.float32)


def _spanning_tree(vectors: Vectors, min_samples: int, seed: int, control: Control) -> Any:
    """A scipy sparse array (COO) with the `n - 1` edges of the tree."""
    from scipy.sparse import csr_array
    from scipy.sparse.csgraph import connected_components, minimum_spanning_tree

    n = len(vectors)
    k = min(max(NEIGHBOURS, min_samples), n - 1)
    index, length = nearest_neighbours(vectors, k, seed, control)
    control.progress("spanning tree", 0, n, "texts")
    np.maximum(length, CLOSEST, out=length)
    core = np.partition(length, min_samples - 1, axis=1)[:, min_samples - 1]
    np.maximum(length, core[:, None], out=length)
    np.maximum(length, core[index], out=length)
    graph = csr_array((length.ravel(), index.ravel(), np.arange(0, n * k + 1, k)), shape=(n, n))
    tree = minimum_spanning_tree(graph)
    while (parts := connected_components(tree, directed=False))[0] > 1:
        control.check()
        rows, columns, lengths = _bridges(vectors, core, parts[1])
        tree = minimum_spanning_tree(tree + csr_array((lengths, (rows, columns)), shape=(n, n)))
    return tree.tocoo()


def _bridges(vectors: Vectors, core: Floats, part: Labels) -> tuple[Indices, Indices, Floats]:
    """For each part its shortest link to another, over at most 64 points of each (a round of Boruvka's algorithm)."""
    size = np.bincount(part)
    each = int(np.clip(BRIDGE_ROWS // len(size), 4, 64))
    order = np.argsort(part, kind="stable")
    rank = np.arange(len(part)) - (np.cumsum(size) - size)[part[order]]
    sample = np.sort(order[rank % -(-size // each)[part[order]] == 0])
    rows, own, reach = take(vectors, sample), part[sample], core[sample]
    nearest, length = np.empty(len(sample), dtype=np.int64), np.empty(len(sample), dtype=np.float32)

    def work(block: slice) -> tuple[slice, Indices, Floats]:
        distance = np.sqrt(np.maximum(2 - 2 * (rows[block] @ rows.T), CLOSEST**2))
        distance = np.maximum(np.maximum(distance, reach[block, None]), reach)
        distance[own[block, None] == own] = np.inf
        best = distance.argmin(axis=1)
        return block, best, distance[np.arange(len(best)), best]

    for block, best, distance in map_blocks(work, len(sample), block_rows(len(sample))):
        nearest[block], length[block] = best, distance
    by_part = np.lexsort((np.arange(len(sample)), length, own))
    first = by_part[np.unique(own[by_part], return_index=True)[1]]
    return sample[first], sample[nearest[first]], length[first]
