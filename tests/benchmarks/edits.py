"""Big edits on a big run: `python -m tests.benchmarks.edits [ROWS]`.

A store of `ROWS` conversations with 384 dimensions in ten clusters and a tree. A tenth of them is moved in one edit, undone and
done again: once as a whole cluster, once from all clusters by a filter. Prints seconds and the peak of the memory that no file
backs.
"""

from __future__ import annotations

import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

import numpy as np

from core.cluster.blocks import unit
from core.session import Session
from db import fts, vectors
from db.invariants import violations
from db.workspace import Workspace
from tests.benchmarks.kmeans import own_memory

CLUSTERS = 10
DIM = 384
BLOCK = 20_000
RUN = "run"
NOW = "2026-01-01T00:00:00Z"


def build(folder: Path, rows: int) -> None:
    """Every tenth conversation is in German; texts are distinct; cluster `c` has the rows `c` modulo ten of mixed numbers."""
    workspace = Workspace.open(folder, create=True, read_only=False, clock=lambda: NOW)
    rng = np.random.default_rng(1)
    labels = rng.integers(CLUSTERS, size=rows)
    centres = unit(rng.standard_normal((CLUSTERS, DIM)))
    with workspace.transaction() as c:
        c.execute(
            "INSERT INTO dataset (id, name, source, shape, mapping, fingerprint, conversations, rejected, loaded_at)"
            " VALUES (1, 'd', '', '', '{}', '', ?, 0, '')",
            (rows,),
        )
        c.executemany(
            "INSERT INTO text (id, hash, content) VALUES (?, ?, ?)",
            ((i, f"{i:x}", f"query {i}") for i in range(1, rows + 1)),
        )
        for first in range(1, rows + 1, BLOCK):
            fts.index_texts(c, [(i, f"query {i}") for i in range(first, min(first + BLOCK, rows + 1))])
        c.executemany(
            "INSERT INTO conversation (id, dataset_id, external_id, model, language, metadata, turns)"
            " VALUES (?, 1, ?, 'm', ?, '{}', 1)",
            ((i, str(i), "German" if i % 10 == 0 else "English") for i in range(1, rows + 1)),
        )
        c.executemany(
            "INSERT INTO query (id, dataset_id, conversation_id, text_id) VALUES (?, 1, ?, ?)",
            ((i, i, i) for i in range(1, rows + 1)),
        )
    space = vectors.make_space(workspace, "space", "imported", "1", DIM)
    with vectors.writing(workspace, "space"):
        for first in range(0, rows, BLOCK):
            part = labels[first : first + BLOCK]
            noise = rng.standard_normal((len(part), DIM), dtype=np.float32) / np.sqrt(DIM)
            ids = list(range(first + 1, first + len(part) + 1))
            space = vectors.append(workspace, space, ids, unit(centres[part] + 1.2 * noise))
    add_run(workspace, rows, labels, centres)
    workspace.close()


def add_run(workspace: Workspace, rows: int, labels: np.ndarray, centres: np.ndarray) -> None:
    """A run with names and a tree of two themes."""
    with workspace.transaction() as c:
        c.execute(
            "INSERT INTO run (id, name, label, description, algorithm, parameters, seed, dataset_id, space_id, filter, status,"
            " reasons, metrics, code_version, summary_set, hierarchy, created_at)"
            " VALUES (1, ?, '', '', 'kmeans', '{}', 1, 1, 1, '{}', 'done', '[]', '{}', '', 1, 1, '')",
            (RUN,),
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
        sizes = np.bincount(labels, minlength=CLUSTERS).tolist()
        themes = [sum(sizes[n] for n in range(CLUSTERS) if n % 2 == t) for t in (0, 1)]
        nodes: list[tuple[Any, ...]] = [("root", None, 0, 0, "root", None, "All", rows)]
        nodes += [(f"t{t}", "root", t, 1, "theme", None, f"Theme {t}", themes[t]) for t in (0, 1)]
        for number, size in enumerate(sizes):
            c.execute(
                "INSERT INTO cluster (run_id, number, kind, size, texts, coherence, centroid, neighbours, central, boundary,"
                " outside, tags, flags, notes) VALUES (1, ?, 'cluster', ?, ?, 0.5, ?, '[]', '[]', '[]', '[]', '[]', '[]', '')",
                (number, size, size, centres[number].astype("<f4").tobytes()),
            )
            nodes.append(
                (f"c{number}", f"t{number % 2}", number // 2, 2, "cluster", number, f"Cluster {number}", size)
            )
        c.executemany(
            'INSERT INTO node (hierarchy_id, "key", parent, position, level, kind, cluster, title, size, description, low_fit)'
            " VALUES (1, ?, ?, ?, ?, ?, ?, ?, ?, '', 0)",
            nodes,
        )


def measured(session: Session, label: str, action: str, **params: Any) -> int:
    """Run an action; print what it took. The number of queries that it moved."""
    peak, stop = [own_memory()], threading.Event()

    def watch() -> None:
        while not stop.wait(0.01):
            peak.append(own_memory())

    watcher = threading.Thread(target=watch)
    watcher.start()
    started, busy = time.perf_counter(), time.process_time()
    data = session.dispatch(action, params).data
    seconds, busy = time.perf_counter() - started, time.process_time() - busy
    stop.set()
    watcher.join()
    moved = int(data[0].moved if isinstance(data, tuple) else data.moved)
    print(
        f"{label:34} {seconds:6.2f} s  (CPU {busy:5.2f} s)  {moved:>9,} moved  peak RssAnon {max(peak):5.0f} MB"
    )
    return moved


def main(rows: int) -> None:
    """Build, edit, undo, do again, check, and throw away."""
    with tempfile.TemporaryDirectory() as base:
        folder = Path(base) / "w"
        started = time.perf_counter()
        build(folder, rows)
        print(f"built {rows:,} rows in {time.perf_counter() - started:.0f} s")
        session = Session(folder, clock=lambda: NOW, actor="bench")
        print(f"RssAnon before {own_memory():.0f} MB")
        for label, action, params in (
            ("rename", "cluster.rename", {"cluster": 3, "title": "Renamed"}),
            ("move one query", "query.move", {"query": "11", "to": 3}),
            ("move a whole cluster", "query.move", {"from_cluster": 0, "to": 1}),
            ("move a tenth of every cluster", "query.move", {"language": "German", "to": 4}),
            ("orphan a cluster", "cluster.delete", {"cluster": 5, "orphan": True}),
            ("split by 2-means", "cluster.split", {"cluster": 6, "title": "Half"}),
        ):
            measured(session, label, action, **params)
            for again in ("edit.undo", "edit.redo", "edit.undo"):
                measured(session, f"  {again}", again)
        print("violations:", violations(session.workspace))
        session.close()


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000)
