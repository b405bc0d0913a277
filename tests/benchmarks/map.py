"""Building the map of a big run and drawing it: `python -m tests.benchmarks.map [ROWS [FOLDER]]`; the folder is kept.

A store of `ROWS` texts with 384 dimensions in 500 clusters of 20 themes, a few clusters of several thousand texts and many small ones. Prints
seconds and the peak of the memory that no file backs for PCA and UMAP, how well each keeps neighbours (trustworthiness of 15
neighbours over 3,000 texts; Venna and Kaski, 2001) and clusters apart (the share of queries in cells that their own cluster
leads), then milliseconds of wall and CPU time of `map.show`
over 300 pans and zooms, and of the screen from key to picture; those hold the test's own waiting.
"""

from __future__ import annotations

import asyncio
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

import numpy as np

from core.cluster.blocks import unit
from core.map.rows import MapShown
from core.session import Session
from db import fts, vectors
from db.projections import find_projection, read_projection
from db.workspace import Workspace
from tests.benchmarks.kmeans import own_memory

CLUSTERS, THEMES, LATENT, DIM = 500, 20, 24, 384
BLOCK = 20_000
NOW = "2026-01-01T00:00:00Z"
STEPS = 300
SCREEN = (104, 36)
"""Cells of the map on a screen of 140 x 40."""


def build(folder: Path, rows: int) -> None:
    """Distinct texts; clusters around their themes in far fewer dimensions than the vectors have."""
    workspace = Workspace.open(folder, create=True, read_only=False, clock=lambda: NOW)
    rng = np.random.default_rng(1)
    spread = rng.standard_normal((LATENT, DIM), dtype=np.float32)
    themes = rng.standard_normal((THEMES, LATENT))
    centres = (themes[np.arange(CLUSTERS) % THEMES] + 0.7 * rng.standard_normal((CLUSTERS, LATENT))).astype(
        "f4"
    )
    shares = 1 / np.arange(1, CLUSTERS + 1)
    labels = rng.choice(CLUSTERS, size=rows, p=shares / shares.sum())
    numbers = range(1, rows + 1)
    with workspace.transaction() as c:
        c.execute(
            "INSERT INTO dataset (id, name, source, shape, mapping, fingerprint, conversations, rejected, loaded_at)"
            " VALUES (1, 'd', '', '', '{}', '', ?, 0, '')",
            (rows,),
        )
        texts = ((i, f"query {i} about {labels[i - 1]}") for i in numbers)
        c.executemany(
            "INSERT INTO text (id, hash, content) VALUES (?, ?, ?)", ((i, f"{i:x}", t) for i, t in texts)
        )
        for first in range(1, rows + 1, BLOCK):
            block = range(first, min(first + BLOCK, rows + 1))
            fts.index_texts(c, [(i, f"query {i} about {labels[i - 1]}") for i in block])
        c.executemany(
            "INSERT INTO conversation (id, dataset_id, external_id, model, language, metadata, turns)"
            " VALUES (?, 1, ?, 'm', 'English', '{}', 1)",
            ((i, str(i)) for i in numbers),
        )
        c.executemany(
            "INSERT INTO query (id, dataset_id, conversation_id, text_id) VALUES (?, 1, ?, ?)",
            ((i, i, i) for i in numbers),
        )
    space = vectors.make_space(workspace, "space", "imported", "1", DIM)
    sums = np.zeros((CLUSTERS, DIM))
    with vectors.writing(workspace, "space"):
        for first in range(0, rows, BLOCK):
            part = labels[first : first + BLOCK]
            inner = rng.standard_normal((len(part), LATENT), dtype=np.float32)
            block_rows = (centres[part] + 0.5 * inner) @ spread
            block_rows += 0.5 * rng.standard_normal(block_rows.shape, dtype=np.float32)
            block_rows = unit(block_rows)
            np.add.at(sums, part, block_rows)
            space = vectors.append(
                workspace, space, list(range(first + 1, first + len(part) + 1)), block_rows
            )
    _add_run(workspace, labels, unit(sums))
    workspace.close()


def _add_run(workspace: Workspace, labels: np.ndarray, centroids: np.ndarray) -> None:
    sizes = np.bincount(labels, minlength=CLUSTERS).tolist()
    with workspace.transaction() as c:
        c.execute(
            "INSERT INTO run (id, name, label, description, algorithm, parameters, seed, dataset_id, space_id, filter, status,"
            " reasons, metrics, code_version, summary_set, hierarchy, created_at)"
            " VALUES (1, 'run', '', '', 'kmeans', '{}', 1, 1, 1, '{}', 'done', '[]', '{}', '', NULL, 1, '')"
        )
        c.execute(
            "INSERT INTO summary_set (id, name, run_id, alias, model, prompt_hash, parameters, cost, status, created_at)"
            " VALUES (1, 'names', 1, '', 'local', '', '{}', 0, 'done', '')"
        )
        c.execute(
            "INSERT INTO hierarchy (id, name, run_id, summary_set_id, method, parameters, levels, created_at)"
            " VALUES (1, 'tree', 1, 1, 'local', '{}', 2, '')"
        )
        c.executemany(
            "INSERT INTO assignment VALUES (1, ?, ?, 0.5, NULL, 0)",
            ((i, int(label)) for i, label in enumerate(labels.tolist(), 1)),
        )
        c.executemany(
            "INSERT INTO cluster (run_id, number, kind, size, texts, coherence, centroid, neighbours, central, boundary,"
            " outside, tags, flags, notes) VALUES (1, ?, 'cluster', ?, ?, 0.5, ?, '[]', '[]', '[]', '[]', '[]', '[]', '')",
            ((n, size, size, centroids[n].astype("<f4").tobytes()) for n, size in enumerate(sizes)),
        )
        nodes: list[tuple[Any, ...]] = [("root", None, 0, 0, "root", None, "All", len(labels))]
        nodes += [
            (f"t{t}", "root", t, 1, "theme", None, f"Theme {t}", sum(sizes[t::THEMES])) for t in range(THEMES)
        ]
        nodes += [
            (f"c{n}", f"t{n % THEMES}", n // THEMES, 2, "cluster", n, f"Cluster {n}", size)
            for n, size in enumerate(sizes)
        ]
        c.executemany(
            'INSERT INTO node (hierarchy_id, "key", parent, position, level, kind, cluster, title, size, description, low_fit)'
            " VALUES (1, ?, ?, ?, ?, ?, ?, ?, ?, '', 0)",
            nodes,
        )


def measured(session: Session, **params: Any) -> None:
    """Build a map; print what it took, and how good it is."""
    peak, stop = [own_memory()], threading.Event()

    def watch() -> None:
        while not stop.wait(0.01):
            peak.append(own_memory())

    watcher = threading.Thread(target=watch)
    watcher.start()
    started = time.perf_counter()
    made = session.dispatch("map.build", params).data
    seconds = time.perf_counter() - started
    stop.set()
    watcher.join()
    trust, own = quality(session)
    what = f"{made.method}, {made.fitted:,} fitted of {made.texts:,}"
    print(
        f"{what:36} {seconds:7.1f} s   RssAnon {peak[0]:5.0f} -> {max(peak):5.0f} MB   trustworthiness {trust:.3f}"
        f"   in cells of their own cluster {own:.1%}"
    )


def quality(session: Session) -> tuple[float, float]:
    """Trustworthiness over a sample, and the share of queries in a grid of 100 x 50 that stand in a cell which their cluster leads."""
    from sklearn.manifold import trustworthiness

    workspace = session.workspace
    with workspace.connection():
        (space,) = vectors.spaces(workspace)
        info = find_projection(workspace, 1)
        assert info is not None
        _, points = read_projection(workspace, info.id)
        labels = np.array(
            [
                row[0]
                for row in workspace.rows("SELECT cluster FROM assignment WHERE run_id = 1 ORDER BY query_id")
            ]
        )
        chosen = np.sort(np.random.default_rng(5).choice(len(points), min(3_000, len(points)), replace=False))
        rows = np.asarray(vectors.mapped(workspace, space)[chosen], np.float32)
    cell = (points[:, 1] * 49.999).astype(int) * 100 + (points[:, 0] * 99.999).astype(int)
    counts = np.zeros((5_000, labels.max() + 1), np.int64)
    np.add.at(counts, (cell, labels), 1)
    return float(trustworthiness(rows, points[chosen], n_neighbors=15, metric="cosine")), counts.max(
        axis=1
    ).sum() / len(labels)


def drawn(session: Session, label: str, **more: Any) -> None:
    """Pan and zoom through the map as a person would; print what `map.show` takes."""
    rng = np.random.default_rng(7)
    base = {"columns": SCREEN[0], "rows": SCREEN[1], "limit": 1_000, **more}
    started = time.perf_counter()
    first: MapShown = session.dispatch("map.show", base).data
    opening = (time.perf_counter() - started) * 1e3
    spent: dict[str, list[tuple[float, float]]] = {"whole": [], "zoomed": []}
    for step in range(STEPS):
        whole = step % 3 == 0
        asked = dict(base)
        if not whole:
            width = (first.right - first.left) / 2 ** rng.integers(1, 7)
            at = rng.random(2) * 0.8 + 0.1
            asked |= {"width": float(width), "x": float(at[0]), "y": float(at[1])}
        started, busy = time.perf_counter(), time.process_time()
        session.dispatch("map.show", asked)
        spent["whole" if whole else "zoomed"].append(
            ((time.perf_counter() - started) * 1e3, (time.process_time() - busy) * 1e3)
        )
    for name, times in spent.items():
        print(f"map.show {label:6} {name:7} first {opening:6.0f} ms   {percentiles(times)}")


def percentiles(times: list[tuple[float, float]]) -> str:
    """Median and p95 of wall and CPU time."""
    (p50, cpu50), (p95, cpu95) = np.percentile(np.array(times), [50, 95], axis=0)
    return f"p50 {p50:5.1f} ms (CPU {cpu50:5.1f})   p95 {p95:5.1f} ms (CPU {cpu95:5.1f})"


async def by_keys(folder: Path) -> None:
    """From a key to the picture that follows from it, on the screen itself."""
    from screens.map.screen import MapScreen
    from tests.pilots import WIDE, driven

    async with driven(folder, WIDE, read_only=True) as run:
        await run.press("5")
        screen = run.app.screen
        assert isinstance(screen, MapScreen)
        spent = []
        for key in ("plus", "l", "j", "plus", "h", "b", "minus", "0", "n", "n", "tab") * 8:
            before = screen.canvas.drawings
            started, busy = time.perf_counter(), time.process_time()
            await run.pilot.press(key)
            await run.settle()
            _ = [screen.canvas.render_line(y) for y in range(screen.canvas.size.height)]
            if screen.canvas.drawings != before:
                spent.append(((time.perf_counter() - started) * 1e3, (time.process_time() - busy) * 1e3))
        print(f"screen, {len(spent)} keys to picture   {percentiles(spent)}")


def main() -> None:
    """Build the store where it is missing, the maps, and draw."""
    rows = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(sys.argv[2]) if len(sys.argv) > 2 else Path(temporary) / "w"
        if not (folder / "workspace.db").exists():
            started = time.perf_counter()
            build(folder, rows)
            print(f"store of {rows:,} rows: {time.perf_counter() - started:.0f} s")
        session = Session(folder, clock=lambda: NOW)
        measured(session, method="umap")
        measured(session, method="pca")
        drawn(session, "plain")
        drawn(session, "lit", text="about 3")
        session.close()
        asyncio.run(by_keys(folder))


if __name__ == "__main__":
    main()
