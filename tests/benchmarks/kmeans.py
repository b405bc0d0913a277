"""K-means on a memory map of many vectors: `python -m tests.benchmarks.kmeans [ROWS] [K]` prints seconds and memory."""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from core.cluster.blocks import unit
from core.cluster.kmeans import kmeans

DIM = 384
BLOCK = 50_000


def vectors(folder: Path, rows: int, topics: int) -> np.ndarray:
    """Unit rows around `topics` directions, float16, in a file."""
    rng = np.random.default_rng(0)
    centres = unit(rng.standard_normal((topics, DIM)))
    out = np.memmap(folder / "vectors.f16", dtype=np.float16, mode="w+", shape=(rows, DIM))
    for start in range(0, rows, BLOCK):
        size = min(BLOCK, rows - start)
        noise = rng.standard_normal((size, DIM), dtype=np.float32) / np.sqrt(DIM)
        out[start : start + size] = unit(centres[rng.integers(topics, size=size)] + 1.2 * noise)
    out.flush()
    return np.memmap(folder / "vectors.f16", dtype=np.float16, mode="r", shape=(rows, DIM))


def own_memory() -> float:
    """Megabytes of memory that no file backs (RssAnon)."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith("RssAnon"))


def main() -> None:
    """Cluster and print."""
    rows = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    k = int(sys.argv[2]) if len(sys.argv) > 2 else 300
    with tempfile.TemporaryDirectory() as folder:
        table = vectors(Path(folder), rows, k)
        before = own_memory()
        started = time.perf_counter()
        found = kmeans(table, np.ones(rows), k)
        seconds = time.perf_counter() - started
    print("rows       k      seconds  RssAnon MB (before)  passes  mean distance")
    mean = found.inertia / rows
    print(
        f"{rows:<10} {k:<6} {seconds:<8.1f} {own_memory():.0f} ({before:.0f})            {found.iterations:<7} {mean:.3f}"
    )


if __name__ == "__main__":
    main()
