"""New queries into an old run, and one theme made anew: `python -m tests.benchmarks.update [ROWS] [NEW]`.

A store of `ROWS` + `NEW` conversations as `tests.benchmarks.edits` builds it, of which the run has the first `ROWS`; of the new
ones every twentieth is about something else. Prints seconds and the peak of the memory that no file backs.
"""

from __future__ import annotations

import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

import numpy as np

from core.session import Session
from db import vectors
from db.invariants import violations
from db.workspace import Workspace
from tests.benchmarks.edits import DIM, NOW, build
from tests.benchmarks.kmeans import own_memory

PLANTED = 20


def cut(folder: Path, rows: int, new: int) -> None:
    """Take the last `new` queries out of the run, and let some of them be about something else."""
    workspace = Workspace.open(folder, create=False, read_only=False, clock=lambda: NOW)
    with workspace.transaction() as c:
        c.execute("DELETE FROM assignment WHERE query_id > ?", (rows,))
        c.execute("UPDATE assignment SET distance = 0.34 + query_id % 1000 * 0.00005")
        c.execute(
            "UPDATE cluster SET (size, texts) = (SELECT count(*), count(*) FROM assignment a WHERE a.cluster = cluster.number)"
        )
        c.execute(
            "UPDATE node SET size = (SELECT size FROM cluster c WHERE c.number = node.cluster) WHERE cluster IS NOT NULL"
        )
        for kind in ("theme", "root"):
            c.execute(
                'UPDATE node SET size = (SELECT sum(size) FROM node k WHERE k.parent = node."key") WHERE kind = ?',
                (kind,),
            )
    workspace.close()
    rng = np.random.default_rng(2)
    path = folder / "vectors" / "space" / vectors.FILE_NAME
    table = np.memmap(path, dtype="<f2", mode="r+", shape=(rows + new, DIM))
    centre = rng.standard_normal(DIM) / np.sqrt(DIM)
    for row in range(rows, rows + new, PLANTED):
        vector = centre + 0.8 * rng.standard_normal(DIM) / np.sqrt(DIM)
        table[row] = vector / np.linalg.norm(vector)
    table.flush()


def measured(session: Session, label: str, action: str, **params: Any) -> Any:
    """Run an action; print what it took."""
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
    print(f"{label:34} {seconds:6.2f} s  (CPU {busy:5.2f} s)  peak RssAnon {max(peak):5.0f} MB")
    return data


def main(rows: int, new: int) -> None:
    """Build, update, refine, take it back, check, and throw away."""
    with tempfile.TemporaryDirectory() as base:
        folder = Path(base) / "w"
        started = time.perf_counter()
        build(folder, rows + new)
        cut(folder, rows, new)
        print(f"built {rows:,} + {new:,} rows in {time.perf_counter() - started:.0f} s")
        session = Session(folder, clock=lambda: NOW, actor="bench")
        print(f"RssAnon before {own_memory():.0f} MB")
        told = measured(session, "run.update", "run.update")
        print(f"  {told.queries:,} queries. {told.fit.says}")
        for group in told.outside:
            print(f"  outside: {group.texts:,} texts, likeness {group.likeness}")
        measured(session, "run.update, nothing new", "run.update")
        measured(session, "run.kmeans within=c0 k=10", "run.kmeans", within="c0", k=10)
        measured(session, "  edit.undo", "edit.undo")
        print("violations:", violations(session.workspace))
        session.close()


if __name__ == "__main__":
    main(
        int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000,
        int(sys.argv[2]) if len(sys.argv) > 2 else 100_000,
    )
