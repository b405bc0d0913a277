"""Ward's tree over a few thousand points, and exact cuts of it."""

from __future__ import annotations

import numpy as np

from core.cluster.blocks import block_rows, map_blocks, one_blas_thread
from core.cluster.result import Floats, Labels


def ward(points: Floats) -> np.ndarray:
    """Ward's linkage (`[n - 1, 4]`, scipy's form) of `[n, d]` points by Euclidean distance.

    Memory is 8 n^2 bytes and a bit: 0.8 GB at 10,000 points. Distances come from one matrix product, which takes a
    tenth of the time of pairwise differences.
    """
    from scipy.cluster.hierarchy import linkage

    n = len(points)
    condensed = np.empty(n * (n - 1) // 2, dtype=np.float64)
    squares = np.einsum("ij,ij->i", points, points)

    def work(block: slice) -> tuple[slice, np.ndarray]:
        return block, squares[block, None] + squares - 2 * (points[block] @ points.T)

    with one_blas_thread():
        for block, distance in map_blocks(work, n, block_rows(n)):
            for at, row in zip(range(block.start, block.stop), distance, strict=True):
                start = at * n - at * (at + 1) // 2
                condensed[start : start + n - 1 - at] = row[at + 1 :]
    np.maximum(condensed, 0, out=condensed)
    np.sqrt(condensed, out=condensed)
    return np.asarray(linkage(condensed, "ward"))


def cut(merges: np.ndarray, groups: int) -> Labels:
    """`[n]`: exactly `groups` groups, by undoing the last `groups` - 1 of the `[n - 1, 4]` merges.

    scipy's own cut goes by height and gives fewer groups where heights are equal. Groups are numbered by their
    lowest member.
    """
    n = len(merges) + 1
    group_of = np.arange(2 * n - 1)
    # A later merge is nearer to the root, so a walk from the root down hands each point its topmost kept merge.
    for step in range(n - groups - 1, -1, -1):
        left, right = merges[step, :2].astype(np.int64)
        group_of[left] = group_of[right] = group_of[n + step]
    _, first, labels = np.unique(group_of[:n], return_index=True, return_inverse=True)
    rank = np.empty(len(first), dtype=np.int32)
    rank[np.argsort(first)] = np.arange(len(first), dtype=np.int32)
    return rank[labels]
