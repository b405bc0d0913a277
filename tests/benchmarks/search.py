"""How fast search is on a generated store: `python -m tests.benchmarks.search [ROWS]`.

Words follow Zipf's law; the vectors are random, and the query is embedded by a real (lexical) model, once before the
clock starts as an open program would have it. Prints p50 and p95 in milliseconds, and what was found.
"""

from __future__ import annotations

import random
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from core.embed.lexical import LexicalEmbedder
from core.embed.run import fitted_path
from core.search.clusters import search_clusters
from core.search.queries import Hits, search_queries
from core.search.scope import Narrow
from db import fts, vectors
from db.nearest import INDEX_FROM, build_index
from db.workspace import Workspace

CLUSTERS = 150
REPEATS = 25
LANGUAGES = ["en"] * 19 + ["de"]
MODELS = ["gpt-4", "vicuna-13b", "llama-13b"]
RUN = "run"


def vocabulary(rng: random.Random, size: int = 60_000) -> list[str]:
    return ["".join(rng.choices("abcdefghiklmnoprstuvw", k=rng.randint(2, 9))) for _ in range(size)]


def build(folder: Path, rows: int) -> tuple[Workspace, list[str]]:
    rng = random.Random(1)
    words = vocabulary(rng)
    weights = (1 / np.arange(1, len(words) + 1)).cumsum().tolist()
    workspace = Workspace.open(folder, create=True, read_only=False, clock=lambda: "2026-01-01T00:00:00Z")
    texts = [
        (i, " ".join(rng.choices(words, cum_weights=weights, k=rng.randint(4, 24))))
        for i in range(1, rows + 1)
    ]
    start = time.perf_counter()
    with workspace.transaction() as c:
        c.execute(
            "INSERT INTO dataset (id, name, source, shape, mapping, fingerprint, conversations, rejected, loaded_at)"
            " VALUES (1, 'd', '', '', '{}', '', ?, 0, '')",
            (rows,),
        )
        c.executemany(
            "INSERT INTO text (id, hash, content) VALUES (?, ?, ?)", ((i, f"{i:x}", t) for i, t in texts)
        )
        c.executemany(
            "INSERT INTO conversation (id, dataset_id, external_id, model, language, metadata, turns)"
            " VALUES (?, 1, ?, ?, ?, '{}', 1)",
            ((i, str(i), rng.choice(MODELS), rng.choice(LANGUAGES)) for i, _ in texts),
        )
        c.executemany(
            "INSERT INTO query (id, dataset_id, conversation_id, text_id) VALUES (?, 1, ?, ?)",
            ((i, i, i) for i, _ in texts),
        )
    print(f"rows stored          {time.perf_counter() - start:8.1f} s")
    start = time.perf_counter()
    with workspace.transaction() as c:
        fts.index_texts(c, texts)
    print(f"full text index      {time.perf_counter() - start:8.1f} s")
    start = time.perf_counter()
    add_vectors(workspace, [t for _, t in texts[:2000]], rows)
    add_run(workspace, rows, words)
    print(f"vectors and clusters {time.perf_counter() - start:8.1f} s")
    return workspace, words


def add_vectors(workspace: Workspace, sample: list[str], rows: int) -> None:
    model = LexicalEmbedder("cpu", "")
    model.fit(sample)
    space = vectors.make_space(workspace, "lexical", model.name, model.revision, model.dim)
    path = fitted_path(workspace, "lexical")
    path.parent.mkdir(parents=True, exist_ok=True)
    model.save(path)
    rng = np.random.default_rng(1)
    with vectors.writing(workspace, "lexical"):
        for first in range(1, rows + 1, 20_000):
            ids = list(range(first, min(first + 20_000, rows + 1)))
            block = rng.standard_normal((len(ids), model.dim), dtype=np.float32)
            space = vectors.append(
                workspace, space, ids, block / np.linalg.norm(block, axis=1, keepdims=True)
            )
    start = time.perf_counter()
    if build_index(workspace, space):
        print(f"vector index         {time.perf_counter() - start:8.1f} s (from {INDEX_FROM:,} rows)")


def add_run(workspace: Workspace, rows: int, words: list[str]) -> None:
    with workspace.transaction() as c:
        c.execute(
            "INSERT INTO run (id, name, label, description, algorithm, parameters, seed, dataset_id, space_id, filter, status,"
            " reasons, metrics, code_version, summary_set, hierarchy, created_at)"
            " VALUES (1, ?, '', '', 'kmeans', '{}', 1, 1, 1, '{}', 'done', '[]', '{}', '', 1, 1, '')",
            (RUN,),
        )
        c.execute("INSERT INTO summary_set VALUES (1, 'names', 1, '', 'local', '', '{}', 0, 'done', '')")
        c.execute(
            "INSERT INTO hierarchy (id, name, run_id, summary_set_id, method, parameters, levels, created_at)"
            " VALUES (1, 'tree', 1, 1, 'local', '{}', 2, '')",
        )
        c.executemany(
            "INSERT INTO assignment VALUES (1, ?, ?, 0.5, NULL, 0)",
            ((i, i % CLUSTERS) for i in range(1, rows + 1)),
        )
        nodes = [("root", None, 0, 0, "root", None)] + [
            (f"t{i}", "root", i, 1, "theme", None) for i in range(10)
        ]
        for number in range(CLUSTERS):
            size = len(range(number or CLUSTERS, rows + 1, CLUSTERS))
            centroid = np.random.default_rng(number).normal(size=256).astype("<f4").tobytes()
            c.execute(
                "INSERT INTO cluster (run_id, number, kind, size, texts, centroid, neighbours, central, boundary, outside, tags,"
                " flags, notes) VALUES (1, ?, 'cluster', ?, ?, ?, '[]', '[]', '[]', '[]', '[]', '[]', '')",
                (number, size, size, centroid),
            )
            title = " ".join(words[number * 20 : number * 20 + 5])
            c.execute(
                "INSERT INTO summary (summary_set_id, cluster, title, description, form, phrases, phrase_shares, cited)"
                " VALUES (1, ?, ?, ?, '', '[]', '[]', '[]')",
                (number, title, f"Queries about {title}."),
            )
            nodes.append((f"c{number}", f"t{number % 10}", number, 2, "cluster", number))
        c.executemany(
            "INSERT INTO node VALUES (1, ?, ?, ?, ?, ?, ?, ?, '', NULL, 0, NULL, 0)",
            [(*n, n[0]) for n in nodes],
        )


def measure(label: str, search: Callable[[], Hits]) -> None:
    first = search()
    taken = []
    for _ in range(REPEATS):
        start = time.perf_counter()
        search()
        taken.append((time.perf_counter() - start) * 1000)
    taken.sort()
    print(
        f"{label:34} p50 {taken[REPEATS // 2]:8.1f}  p95 {taken[int(REPEATS * 0.95)]:8.1f}  total {first.total}, rows {len(first.rows)}"
    )


def main(rows: int) -> None:
    """Build a store of `rows` conversations, search it, and throw it away."""
    with tempfile.TemporaryDirectory() as folder:
        workspace, words = build(Path(folder) / "w", rows)
        rare, medium, common = words[30_000], words[1_000], words[0]
        queries: dict[str, str] = {
            "rare word": rare + " ",
            "medium word": medium + " ",
            "common word": common + " ",
            "two common words": f"{common} {words[1]} ",
            "beginning of a word": common[:2],
            "phrase": f'"{common} {words[1]}"',
        }

        def search(text: str, mode: str, **narrow: object) -> Callable[[], Hits]:
            return lambda: search_queries(workspace, text, Narrow(run=RUN, **narrow), mode=mode)  # type: ignore[arg-type]

        for label, text in queries.items():
            measure(f"text, {label}", search(text, "text"))
        measure("text, common word, language=de", search(common + " ", "text", language="de"))
        measure("text, common word, within=t3", search(common + " ", "text", within="t3"))
        measure("text, rare word, within=root", search(rare + " ", "text", within="root"))
        for mode in ("vector", "hybrid"):
            measure(f"{mode}, medium word", search(medium + " ", mode))
            measure(f"{mode}, common word", search(common + " ", mode))
            measure(f"{mode}, common word, language=de", search(common + " ", mode, language="de"))
            measure(f"{mode}, common word, within=t3", search(common + " ", mode, within="t3"))
            measure(f"{mode}, common word, cluster=5", search(common + " ", mode, cluster=5))
        measure("clusters, hybrid", lambda: search_clusters(workspace, medium, Narrow(run=RUN)))
        workspace.close()


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 200_000)
