"""The Explorer on a million queries and ten thousand nodes, in a pseudo-terminal: `python -m tests.benchmarks.tui [ROWS [FOLDER [ROUNDS]]]`.

The store is that of `tests.benchmarks.search` with one more run: a tree of 10,000 nodes on four levels, the widest node with
`WIDEST` children. The folder is kept. Prints first paint, expanding, key to paint, text search as one types, and the memory that
no file backs (RssAnon) of the process, before and after its first search by vectors. Bars: first paint under 0.7 s, expanding
under 100 ms, key to paint under 50 ms at p95, under 300 MB before the first vector search.
"""

from __future__ import annotations

import os
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from db.workspace import Workspace
from screens.state import FILE_NAME
from tests.benchmarks.explorer import compile_imports, first_paint
from tests.benchmarks.search import build, vocabulary
from tests.terminal import Terminal

RUN = "big"
NODES = 10_000
TOPS = 40
WIDEST = 1_500
DIM = 256
KEYS = "jjjjkkjkjjjjhkkjjjkjjkjjjjjjkkkkjjjjjjjjjjkkjjjjkkkjjjjjjkjj"


def add_tree(workspace: Workspace, rows: int, words: Sequence[str]) -> None:
    """A run of its own: themes, themes within them, and clusters; the first theme is by far the widest."""
    rng = random.Random(5)
    middles = [(f"m{n}", f"t{n % TOPS}") for n in range(TOPS * 6)]
    clusters = NODES - 1 - TOPS - len(middles)
    labels = (
        np.minimum(np.random.default_rng(5).zipf(1.3, rows) - 1, 10**9) % clusters
    )  # few are large, most are small
    sizes = np.bincount(labels, minlength=clusters).tolist()
    home = [middles[0][0] if n < WIDEST else rng.choice(middles[1:])[0] for n in range(clusters)]

    def title(number: int) -> str:
        return " ".join(rng.choices(words[:20_000], k=5)) + f" {number}"

    with workspace.transaction() as c:
        c.execute(
            "INSERT INTO run (id, name, label, description, algorithm, parameters, seed, dataset_id, space_id, filter, status,"
            " reasons, metrics, code_version, summary_set, hierarchy, created_at)"
            " VALUES (2, ?, '', '', 'kmeans', '{}', 1, 1, 1, '{}', 'done', '[]', '{}', '', 2, 2, '')",
            (RUN,),
        )
        c.execute("INSERT INTO summary_set VALUES (2, 'names-big', 2, '', 'local', '', '{}', 0, 'done', '')")
        c.execute(
            "INSERT INTO hierarchy (id, name, run_id, summary_set_id, method, parameters, levels, created_at)"
            " VALUES (2, 'tree-big', 2, 2, 'local', '{}', 3, '')"
        )
        c.executemany(
            "INSERT INTO assignment VALUES (2, ?, ?, 0.5, NULL, 0)",
            ((i, label) for i, label in enumerate(labels.tolist(), 1)),
        )
        within: dict[str, int] = {}
        for number, size in enumerate(sizes):
            centroid = np.random.default_rng(number).normal(size=DIM).astype("<f4").tobytes()
            c.execute(
                "INSERT INTO cluster (run_id, number, kind, size, texts, coherence, centroid, neighbours, central, boundary,"
                " outside, tags, flags, notes) VALUES (2, ?, 'cluster', ?, ?, ?, ?, '[]', '[]', '[]', '[]', '[]', '[]', '')",
                (number, size, size, rng.random(), centroid),
            )
            named = title(number)
            c.execute(
                "INSERT INTO summary (summary_set_id, cluster, title, description, form, phrases, phrase_shares, cited)"
                " VALUES (2, ?, ?, ?, '', '[]', '[]', '[]')",
                (number, named, f"Queries about {named}."),
            )
            within[home[number]] = within.get(home[number], 0) + size
        nodes: list[tuple[object, ...]] = [("root", None, 0, 0, "root", None, "All queries", rows)]
        tops = {f"t{n}": 0 for n in range(TOPS)}
        for middle, top in middles:
            tops[top] += within.get(middle, 0)
        nodes += [
            (top, "root", n, 1, "theme", None, title(n), size) for n, (top, size) in enumerate(tops.items())
        ]
        nodes += [
            (middle, top, n, 2, "theme", None, title(n), within.get(middle, 0))
            for n, (middle, top) in enumerate(middles)
        ]
        nodes += [(f"c{n}", home[n], n, 3, "cluster", n, title(n), size) for n, size in enumerate(sizes)]
        c.executemany(
            'INSERT INTO node (hierarchy_id, "key", parent, position, level, kind, cluster, title, size, description, low_fit)'
            " VALUES (2, ?, ?, ?, ?, ?, ?, ?, ?, '', 0)",
            nodes,
        )


def anonymous(pid: int) -> float:
    """Megabytes of a process that no file backs."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith("RssAnon"))


def answered(terminal: Terminal, keys: str) -> float:
    """Seconds from a key to the first byte that answers it."""
    start = time.perf_counter()
    terminal.press(keys)
    if not terminal.read(5.0):
        raise SystemExit(f"{keys!r} was not answered:\n{terminal.text()}")
    return time.perf_counter() - start


def until(terminal: Terminal, keys: str, drawn: Callable[[str], bool]) -> float:
    """Seconds from a key until the screen is as wanted."""
    start = time.perf_counter()
    terminal.press(keys)
    terminal.wait_for(drawn)
    return time.perf_counter() - start


def told(label: str, seconds: Sequence[float], bar: str) -> None:
    """One line of the table: median and p95 in milliseconds."""
    ordered = sorted(seconds)
    p95 = ordered[min(int(len(ordered) * 0.95), len(ordered) - 1)]
    print(
        f"{label:42} p50 {statistics.median(ordered) * 1e3:7.1f}  p95 {p95 * 1e3:7.1f} ms  of {len(ordered):3}   {bar}",
        flush=True,
    )


def expanded(terminal: Terminal, keys: str) -> float:
    """Seconds from a key until one more node is open."""
    before = terminal.text().count("\u25be")
    return until(terminal, keys, lambda text: text.count("\u25be") > before)


def quietly(terminal: Terminal, keys: str) -> None:
    """Press keys, each when the one before is drawn."""
    for key in keys:
        terminal.press(key)
        terminal.settle(2.0)


def walk(workspace: Path, home: Path, rounds: int) -> None:
    """Expand and move, each round in a fresh process that remembers no place; print what it took."""
    small: list[float] = []
    wide: list[float] = []
    keys: list[float] = []
    memory: list[float] = []
    for _ in range(rounds):
        (workspace / FILE_NAME).unlink(missing_ok=True)
        with Terminal(["--workspace", workspace], home=home) as terminal:
            terminal.wait_for(lambda text: text.count("\u25b8") > 5)
            terminal.settle()
            for _ in range(4):
                quietly(terminal, "j")
                small.append(expanded(terminal, "l"))
                quietly(terminal, "h")
            quietly(terminal, "gjlj")
            wide.append(expanded(terminal, "l"))
            terminal.settle(2.0)
            for key in KEYS:
                keys.append(answered(terminal, key))
                terminal.settle(1.0)
            memory.append(anonymous(terminal.pid))
            terminal.press("q")
            terminal.exit_code()
    told("expand a theme of six", small, "bar 100")
    told(f"expand a theme of {WIDEST:,} clusters", wide, "bar 100")
    told("key to paint, moving", keys, "bar p95 50")
    print(f"RssAnon after it {max(memory):.0f} MB   bar 300", flush=True)


def search(workspace: Path, home: Path, words: Sequence[str], rounds: int) -> None:
    """Type searches; print what it took."""
    typed: list[float] = []
    hits: list[float] = []
    with Terminal(["--workspace", workspace], home=home) as terminal:
        terminal.wait_for("All queries")
        terminal.settle()
        quietly(terminal, "/")
        print(f"RssAnon before the first vector search {anonymous(terminal.pid):.0f} MB   bar 300")
        first = until(
            terminal, words[100] + " \r", lambda text: "match the words" in text or "nearest" in text
        )
        terminal.settle(2.0)
        print(f"first vector search {first:.2f} s, RssAnon after it {anonymous(terminal.pid):.0f} MB")
        quietly(terminal, "/")
        for n in range(rounds):
            terminal.press("\x15")
            terminal.settle(2.0)
            for key in words[40 + n][:6]:
                typed.append(answered(terminal, key))
            hits.append(until(terminal, " ", lambda text: " found" in text))
            terminal.settle(2.0)
        told("key to paint, typing a search", typed, "bar p95 50")
        told("last key to hits of a text search", hits, "of it 150 are the pause")
        quietly(terminal, "\x1b2")
        terminal.press("q")
        terminal.exit_code()


def main(rows: int, kept: Path | None, rounds: int) -> None:
    """Build the store unless it is there, and measure."""
    with tempfile.TemporaryDirectory() as base:
        folder = kept or Path(base) / "w"
        words = vocabulary(random.Random(1))
        if not (folder / "workspace.db").exists():
            build(folder, rows)[0].close()
        workspace = Workspace.open(
            folder, create=False, read_only=False, clock=lambda: "2026-01-01T00:00:00Z"
        )
        if not workspace.value("SELECT count(*) FROM run WHERE name = ?", (RUN,)):
            add_tree(workspace, rows, words)
        workspace.close()
        home = Path(base) / "home"
        home.mkdir()
        compile_imports(home)
        (folder / FILE_NAME).unlink(missing_ok=True)
        first_paint(folder, home)
        paints = [first_paint(folder, home) for _ in range(rounds)]
        print(f"load average {os.getloadavg()[0]:.1f}, {os.cpu_count()} cores")
        told("first paint", paints, "bar 700")
        walk(folder, home, rounds)
        search(folder, home, words, rounds)


if __name__ == "__main__":
    main(
        int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000,
        Path(sys.argv[2]).resolve() if len(sys.argv) > 2 else None,
        int(sys.argv[3]) if len(sys.argv) > 3 else 7,
    )
