"""How fast search is on a generated store: `python -m tests.benchmarks.search [ROWS [FOLDER]]`; the folder is kept.

Words follow Zipf's law, the commonest is in two thirds of the texts; vectors lie in themes; the query is embedded by a real
(lexical) model that is loaded. Every timed query is another one. Prints p50 and p95 of wall and CPU time in milliseconds,
what was found, and recall@10 of the vectors against all of them scored.
"""

from __future__ import annotations

import os
import random
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from core.embed.lexical import LexicalEmbedder
from core.embed.run import fitted_path
from core.facets.count import count
from core.search.clusters import search_clusters
from core.search.queries import DEPTH, Hits, Mode, search_queries
from core.search.scope import Narrow
from db import fts, vectors
from db.nearest import INDEX_FROM, build_index, nearest, rows_of_texts
from db.search import Filter
from db.text_sets import texts_of_rows
from db.workspace import Workspace

CLUSTERS = 150
THEMES = 2_000
LATENT = 32
REPEATS = 25
LANGUAGES = {"en": 0.5, "fr": 0.449, "de": 0.05, "mt": 0.001}
"""Languages with their shares; a filter on one keeps 50 %, 5 % and 0.1 %."""
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
            "INSERT INTO conversation (id, dataset_id, external_id, model, language, timestamp, metadata, turns)"
            " VALUES (?, 1, ?, ?, ?, ?, '{}', 1)",
            (
                (i, str(i), rng.choice(MODELS), language, f"2023-{i % 12 + 1:02}-{i % 28 + 1:02}T00:00:00Z")
                for (i, _), language in zip(
                    texts, rng.choices(list(LANGUAGES), list(LANGUAGES.values()), k=rows), strict=True
                )
            ),
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
    # Like those of language: themes in far fewer dimensions than the vectors have, and a little noise.
    spread = rng.standard_normal((LATENT, model.dim), dtype=np.float32)
    themes = rng.standard_normal((THEMES, LATENT), dtype=np.float32)
    with vectors.writing(workspace, "lexical"):
        for first in range(1, rows + 1, 20_000):
            ids = list(range(first, min(first + 20_000, rows + 1)))
            inner = rng.standard_normal((len(ids), LATENT), dtype=np.float32)
            block = (themes[rng.integers(THEMES, size=len(ids))] + 0.6 * inner) @ spread
            block += 0.5 * rng.standard_normal(block.shape, dtype=np.float32)
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


def measure(label: str, search: Callable[[int], Hits]) -> None:
    """Time `search(n)` for n below `REPEATS`, after one at `REPEATS`; each n is another query, so none is remembered."""
    first = search(REPEATS)
    taken, spent = [], []
    for n in range(REPEATS):
        start, used = time.perf_counter(), time.process_time()
        search(n)
        taken.append((time.perf_counter() - start) * 1000)
        spent.append((time.process_time() - used) * 1000)
    taken.sort()
    spent.sort()
    p50, p95 = REPEATS // 2, int(REPEATS * 0.95)
    print(
        f"{label:36} p50 {taken[p50]:7.1f}  p95 {taken[p95]:7.1f}  cpu p50 {spent[p50]:7.1f}  p95 {spent[p95]:7.1f}"
        f"  total {first.total}, rows {len(first.rows)}",
        flush=True,
    )


def recall(workspace: Workspace, count: int = 10, queries: int = 50) -> None:
    """recall@10 against all vectors scored, with the depth that a search asks for, whole and under filters."""
    space = vectors.spaces(workspace)[0]
    table = vectors.mapped(workspace, space)
    rng = np.random.default_rng(7)
    start = time.perf_counter()
    subjects = rng.integers(space.texts, size=queries)
    wanted = np.asarray(table[subjects], np.float32) + 0.02 * rng.standard_normal(
        (queries, space.dim), dtype=np.float32
    )
    wanted /= np.linalg.norm(wanted, axis=1, keepdims=True)
    similarities = np.concatenate(
        [wanted @ np.asarray(table[at : at + 50_000], np.float32).T for at in range(0, space.texts, 50_000)],
        axis=1,
    )
    print(f"all vectors scored   {time.perf_counter() - start:8.1f} s")
    filters = {f"{share:.1%}": Filter(language=language) for language, share in LANGUAGES.items()}
    for label, chosen in [("all", Filter()), *filters.items()]:
        among = None if chosen.all else rows_of_texts(workspace, space.id, chosen)
        texts = texts_of_rows(workspace, space.id)
        rows = np.arange(space.texts) if among is None else among[1]
        found = taken = 0.0
        for n in range(queries):
            start = time.perf_counter()
            got = nearest(workspace, space, wanted[n], DEPTH, among).texts[:count]
            taken += time.perf_counter() - start
            best = rows[np.argsort(-similarities[n][rows], kind="stable")[:count]]
            found += len(set(got.tolist()) & set(texts[best].tolist())) / min(count, len(rows))
        print(
            f"recall@{count}, {label:6} of the texts      {found / queries:.4f}   {taken / queries * 1000:7.1f} ms each",
            flush=True,
        )


def main(rows: int, kept: Path | None = None) -> None:
    """Build a store of `rows` conversations, or use the one in `kept`, and search it."""
    with tempfile.TemporaryDirectory() as folder:
        if kept is not None and (kept / "workspace.db").exists():
            words = vocabulary(random.Random(1))
            workspace = Workspace.open(
                kept, create=False, read_only=False, clock=lambda: "2026-01-01T00:00:00Z"
            )
        else:
            workspace, words = build(kept or Path(folder) / "w", rows)
        print(f"load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores; milliseconds")
        queries: dict[str, Callable[[int], str]] = {
            "rare word": lambda n: words[30_000 + n] + " ",
            "medium word": lambda n: words[1_000 + n] + " ",
            "common word": lambda n: words[n] + " ",
            "two common words": lambda n: f"{words[n]} {words[n + 1]} ",
            "common and rare": lambda n: f"{words[n]} {words[2_000 + n]} ",
            "common OR common": lambda n: f"{words[n]} OR {words[n + 1]} ",
            "beginning of a word": lambda n: words[n][:2],
            "phrase of common words": lambda n: f'"{words[n]} {words[n + 1]}"',
        }
        common, medium = queries["common word"], queries["medium word"]

        def search(text: Callable[[int], str], mode: Mode, **narrow: Any) -> Callable[[int], Hits]:
            return lambda n: search_queries(workspace, text(n), Narrow(run=RUN, **narrow), mode=mode)

        search(common, "vector")(0)
        for label, text in queries.items():
            measure(f"text, {label}", search(text, "text"))
        for language in LANGUAGES:
            measure(f"text, common word, language={language}", search(common, "text", language=language))
        measure("text, common word language:de", search(lambda n: f"language:de {words[n]} ", "text"))
        measure("text, common word, within=t3", search(common, "text", within="t3"))
        measure("text, rare word, within=root", search(queries["rare word"], "text", within="root"))
        for mode in ("vector", "hybrid"):
            measure(f"{mode}, medium word", search(medium, mode))
            measure(f"{mode}, common word", search(common, mode))
            measure(f"{mode}, two common words", search(queries["two common words"], mode))
            for language in LANGUAGES:
                measure(f"{mode}, common word, language={language}", search(common, mode, language=language))
            measure(f"{mode}, common word, within=t3", search(common, mode, within="t3"))
            measure(f"{mode}, common word, cluster=5", search(common, mode, cluster=5))
        for by in ("language", "chat_model", "cluster"):
            measure(
                f"facet.count by={by}, common word",
                lambda n, by=by: Hits(  # type: ignore[misc]
                    count(workspace, by, common(n), Narrow(run=RUN), "count", 50, None).rows
                ),
            )
        measure("clusters, hybrid", lambda n: search_clusters(workspace, medium(n), Narrow(run=RUN)))
        recall(workspace)
        print(f"load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
        workspace.close()


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 200_000, Path(sys.argv[2]) if len(sys.argv) > 2 else None)
