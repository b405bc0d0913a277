"""What the long actions cost on a big store: `python -m tests.benchmarks.scale [ROWS [FOLDER]]`; the folder is kept as it was.

The store is that of `tests.benchmarks.tui`: a run of 150 clusters, and `big` with a tree of 10,000 nodes. Added are `near`, which is
`big` with every tenth query in the next cluster, 200 edits of `big`, and 1,000 conversations that no run has; all of it in a copy
beside the folder, which is removed. Each line is a process of its own, as a person would start it: printed are seconds of wall and
CPU time and the peak of its memory, mapped files included.
"""

from __future__ import annotations

import json
import multiprocessing
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from db.workspace import Workspace

# The peak of a process begins with that of its parent: what needs much memory is imported where it is needed, in a child.
BIG, NEAR = "big", "near"
EDITS = 200
NEW = 1_000
NOW = "2026-01-01T00:00:00Z"

LINES = (
    f"eval.run run={BIG}",
    f"report.write run={BIG} format=md path={{out}}/report.md",
    f"report.write run={BIG} format=html path={{out}}/report.html",
    f"export.run run={BIG} format=parquet path={{out}}/queries.parquet",
    f"run.compare a={BIG} b={NEAR}",
    f"run.compare a=run b={BIG}",
    f"outlier.list run={BIG} kind=far",
    f"outlier.list run={BIG} kind=lone",
    f"outlier.list run={BIG} kind=duplicates",
    f"outlier.list run={BIG} kind=language",
    f"run.update run={BIG}",
    f"edit.undo run={BIG}",
    f"edit.replay from={BIG} to={NEAR}",
    f"edit.undo run={NEAR} count={EDITS // 2}",
)


def opened(folder: Path) -> Workspace:
    """The store, to be written."""
    from db.workspace import Workspace

    return Workspace.open(folder, create=False, read_only=False, clock=lambda: NOW)


def make(folder: Path, rows: int) -> None:
    """The store of `tests.benchmarks.tui`, as far as it is not there."""
    from tests.benchmarks import search, tui

    words = search.vocabulary(random.Random(1))
    if not (folder / "workspace.db").exists():
        search.build(folder, rows)[0].close()
    workspace = opened(folder)
    if not workspace.value("SELECT count(*) FROM run WHERE name = ?", (BIG,)):
        tui.add_tree(workspace, rows, words)
    workspace.close()


def prepare(folder: Path) -> None:
    """Add the second run, the edits and the new conversations."""
    workspace = opened(folder)
    remove_empty(workspace)
    add_near(workspace)
    add_new(workspace)
    workspace.close()
    start = time.perf_counter()
    made = add_edits(folder)
    print(f"{made} edits by dispatch took {time.perf_counter() - start:.1f} s", flush=True)


def remove_empty(workspace: Workspace) -> None:
    """The clusters of `big` that got no query, which no run of the program has."""
    with workspace.transaction() as c:
        (run,) = c.execute("SELECT id FROM run WHERE name = ?", (BIG,)).fetchone()
        c.execute("DELETE FROM node WHERE hierarchy_id = ? AND kind = 'cluster' AND size = 0", (run,))
        c.execute("DELETE FROM cluster WHERE run_id = ? AND size = 0", (run,))


def add_near(workspace: Workspace) -> None:
    """A run like `big` in which every tenth query is in the next cluster."""
    (old,) = workspace.row("SELECT id FROM run WHERE name = ?", (BIG,)) or (0,)
    new = 1 + int(workspace.value("SELECT max(id) FROM run"))

    def copied(table: str, key: str, changed: dict[str, str]) -> str:
        columns = [row[1] for row in workspace.rows(f"PRAGMA table_info({table})") if row[1] not in changed]
        listed = ", ".join(f'"{column}"' for column in columns)
        return (
            f"INSERT INTO {table} ({', '.join(changed)}, {listed}) SELECT {', '.join(changed.values())}, {listed}"
            f" FROM {table} a WHERE {key} = {old}"
        )

    with workspace.transaction() as c:
        c.execute(
            copied(
                "run",
                "id",
                {"id": str(new), "name": f"'{NEAR}'", "summary_set": str(new), "hierarchy": str(new)},
            )
        )
        c.execute(
            copied("summary_set", "run_id", {"id": str(new), "name": "'names-near'", "run_id": str(new)})
        )
        c.execute(copied("summary", "summary_set_id", {"summary_set_id": str(new)}))
        c.execute(
            copied(
                "hierarchy",
                "run_id",
                {"id": str(new), "name": "'tree-near'", "run_id": str(new), "summary_set_id": str(new)},
            )
        )
        c.execute(copied("node", "hierarchy_id", {"hierarchy_id": str(new)}))
        c.execute(copied("cluster", "run_id", {"run_id": str(new)}))
        following = f"SELECT min(c.number) FROM cluster c WHERE c.run_id = {old} AND c.number > a.cluster"
        moved = f"iif(a.query_id % 10 = 0, coalesce(({following}), a.cluster), a.cluster)"
        c.execute(copied("assignment", "run_id", {"run_id": str(new), "cluster": moved}))
        c.execute(
            "UPDATE cluster SET (size, texts) = (SELECT count(*), count(*) FROM assignment a WHERE a.run_id = cluster.run_id"
            " AND a.cluster = cluster.number) WHERE run_id = ?",
            (new,),
        )


def add_new(workspace: Workspace) -> None:
    """Conversations with vectors that no run has."""
    import numpy as np

    from db import vectors
    from db.ingest import Adder, NewConversation, finish_dataset

    first = int(workspace.value("SELECT coalesce(max(id), 0) FROM text")) + 1
    with workspace.transaction() as connection:
        new = [
            NewConversation(f"new{n}", f"a new text {n}", "gpt-4", "en", "2023-12-30T00:00:00Z", None, "{}", [("user", "x")])
            for n in range(NEW)
        ]  # fmt: skip
        Adder(connection, 1).add(new)
        finish_dataset(connection, 1, "grown", NOW)
    space = vectors.find_space(workspace, "lexical")
    assert space is not None
    table = vectors.mapped(workspace, space)
    chosen = np.random.default_rng(3)
    near = np.asarray(table[chosen.integers(len(table), size=NEW)], np.float32)
    near += 0.02 * chosen.standard_normal(near.shape, dtype=np.float32)
    with vectors.writing(workspace, "lexical"):
        vectors.append(
            workspace,
            space,
            list(range(first, first + NEW)),
            near / np.linalg.norm(near, axis=1, keepdims=True),
        )


def edits(workspace: Workspace) -> Iterator[tuple[str, dict[str, Any]]]:
    """What a person would do to `big`, a fifth of each kind."""
    numbers = [row[0] for row in workspace.rows(
        "SELECT c.number FROM cluster c JOIN run r ON r.id = c.run_id WHERE r.name = ? AND c.size > 3 ORDER BY c.size DESC, 1",
        (BIG,),
    )]  # fmt: skip
    picked = random.Random(9).sample(numbers[10:], EDITS // 5 * 2)
    for n in range(EDITS // 5):
        cluster, other = picked[2 * n : 2 * n + 2]
        query = workspace.value(
            "SELECT query_id FROM assignment WHERE run_id = (SELECT id FROM run WHERE name = ?) AND cluster = ? LIMIT 1",
            (BIG, cluster),
        )
        yield "cluster.rename", {"cluster": cluster, "title": f"Renamed {n}"}
        yield "cluster.note", {"cluster": cluster, "text": f"note {n}"}
        yield "query.move", {"query": query, "to": other}
        yield "cluster.tag", {"cluster": other, "add": f"tag{n % 7}"}
        yield "cluster.merge", {"cluster": cluster, "into": other}


def add_edits(folder: Path) -> int:
    """Do them; how many were done."""
    from core.session import Session

    session = Session(folder, clock=lambda: NOW, actor="bench")
    made = 0
    with session.workspace.connection():
        for action, params in list(edits(session.workspace)):
            made += session.dispatch(action, {**params, "run": BIG}).data.edit is not None
    session.close()
    return made


def measured(folder: Path, out: Path, line: str) -> None:
    """Run one line and print what it cost.

    Raises:
        SystemExit: It failed; with what it said.
    """
    from tests.doors import command

    words = ["--workspace", str(folder), "--as", "bench", "do", *line.format(out=out).split()]
    with (out / "answer.json").open("wb") as answer, (out / "told.txt").open("wb") as told:
        start = time.perf_counter()
        process = subprocess.Popen(command(*words), stdout=answer, stderr=told)
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    seconds = time.perf_counter() - start
    if process.returncode:
        raise SystemExit(
            f"{line}: {(out / 'answer.json').read_text()}\n{(out / 'told.txt').read_text()[-2000:]}"
        )
    kept = json.loads((out / "answer.json").read_text())
    print(
        f"{line.replace('{out}/', ''):58} {seconds:7.1f} s  cpu {used.ru_utime + used.ru_stime:7.1f} s"
        f"  peak {used.ru_maxrss / 1024:6.0f} MB  {str(kept.get('note') or '')[:90]}",
        flush=True,
    )


def apart(work: Any, *arguments: Any) -> None:
    """Call a function in a process of its own."""
    process = multiprocessing.get_context("spawn").Process(target=work, args=arguments)
    process.start()
    process.join()
    if process.exitcode:
        raise SystemExit(process.exitcode)


def main(rows: int, kept: Path | None = None) -> None:
    """Build the store unless it is there, and measure on a copy."""
    with tempfile.TemporaryDirectory(dir=kept.parent if kept else None) as base:
        folder = kept or Path(base) / "built"
        apart(make, folder, rows)
        copy, out = Path(base) / "copy", Path(base) / "out"
        shutil.copytree(folder, copy)
        out.mkdir()
        apart(prepare, copy)
        print(f"load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
        for line in LINES:
            measured(copy, out, line)


if __name__ == "__main__":
    main(
        int(sys.argv[1]) if len(sys.argv) > 1 else 100_000,
        Path(sys.argv[2]).resolve() if len(sys.argv) > 2 else None,
    )
