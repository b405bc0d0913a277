"""Work on blocks of rows: bounded memory, all cores, and the same bytes whatever the number of threads.

A multi-threaded BLAS may add in another order on another number of threads. Here BLAS runs on one thread, blocks have a
size that depends on the shapes alone, several blocks run side by side, and their results are taken in order.
"""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import TypeVar

import numpy as np

from core.cluster.result import Floats, Indices, Vectors

T = TypeVar("T")
BLOCK_BYTES = 16 << 20
MAX_WORKERS = 8


@contextmanager
def one_blas_thread() -> Iterator[None]:
    """Hold BLAS and OpenMP at one thread inside the block."""
    from threadpoolctl import threadpool_limits

    with threadpool_limits(limits=1):
        yield


def block_rows(*widths: int) -> int:
    """How many rows keep a float32 array of the widest of `widths` within `BLOCK_BYTES`."""
    return int(np.clip(BLOCK_BYTES // (4 * max(widths)), 64, 16_384))


def map_blocks(work: Callable[[slice], T], n: int, rows: int) -> Iterator[T]:
    """Yield `work(slice)` for each block of `rows` rows of `n`, in order, computed side by side.

    Few results wait at any time. Call it inside `one_blas_thread`.
    """
    workers = min(MAX_WORKERS, os.cpu_count() or 1)
    slices = (slice(start, min(start + rows, n)) for start in range(0, n, rows))
    if workers == 1 or n <= rows:
        yield from map(work, slices)
        return
    with ThreadPoolExecutor(workers) as pool:
        waiting: deque[Future[T]] = deque()
        try:
            for block in slices:
                waiting.append(pool.submit(work, block))
                if len(waiting) > 2 * workers:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            for future in waiting:
                future.cancel()


def as_float32(rows: Vectors) -> Floats:
    """`rows` as a contiguous float32 array; a copy only where it is needed."""
    return np.ascontiguousarray(rows, dtype=np.float32)


def take(vectors: Vectors, index: Indices) -> Floats:
    """The rows `index` as float32; the index should rise, so that a memory map is read in order."""
    return as_float32(vectors[index])


def unit(rows: np.ndarray) -> Floats:
    """Rows scaled to unit length; a row of zeros stays zeros."""
    wide = np.asarray(rows, dtype=np.float64)
    norm = np.linalg.norm(wide, axis=1, keepdims=True)
    return (wide / np.where(norm > 0, norm, 1.0)).astype(np.float32)
