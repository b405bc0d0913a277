"""What comparing, sweeping and evaluating cost, and the figures of labelled logs.

    python -m tests.benchmarks.evaluate compare [--queries 1000000] [--k 1000]
    python -m tests.benchmarks.evaluate labelled [clinc150] [arena_hard] [--model minilm] [--k 150] [--sweep 75,150,300]

`compare` makes a store with two runs of which one is the other with a tenth of the queries moved and some clusters joined;
`labelled` prints the tables of `eval.run` by label and by domain, and of `run.sweep`.
"""

from __future__ import annotations

import argparse
import json
import resource
import tempfile
import time
from pathlib import Path

import numpy as np

from core.session import Session
from tests.doors import NOW, run_text
from tests.shared_data import FOLDER


def two_runs(folder: Path, queries: int, k: int) -> tuple[np.ndarray, np.ndarray]:
    """A store with the runs `one` and `two`; the clusters of each query in both."""
    rng = np.random.default_rng(0)
    shares = rng.dirichlet(np.full(k, 2.0))
    a = rng.choice(k, queries, p=shares)
    b = np.where(
        rng.random(queries) < 0.1, rng.integers(0, k, queries), a // 5 * 5 * (a % 10 == 3) + a * (a % 10 != 3)
    )
    a[rng.random(queries) < 0.02] = -1
    session = Session(folder, clock=lambda: NOW, actor="bench")
    workspace = session.open(create=True)
    series = "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?)"
    with workspace.connection(), workspace.transaction() as connection:
        connection.execute(
            "INSERT INTO dataset VALUES (1, 'made', 's', 'x', '{}', 'f', ?, 0, '')", (queries,)
        )
        connection.execute(f"{series} INSERT INTO text SELECT i, i, 'text ' || i FROM n", (queries,))
        connection.execute(
            f"{series} INSERT INTO conversation SELECT i, 1, i, NULL, NULL, NULL, NULL, '{{}}', 1 FROM n",
            (queries,),
        )
        connection.execute(f"{series} INSERT INTO query SELECT i, 1, i, i FROM n", (queries,))
        connection.execute("INSERT INTO space VALUES (1, 'made', 'made', '', '1', 2, 'float16', 0, 0, '')")
        for number, (name, labels) in enumerate((("one", a), ("two", b)), start=1):
            connection.execute(
                "INSERT INTO run (id, name, label, description, algorithm, parameters, seed, dataset_id, space_id, filter,"
                " status, reasons, metrics, code_version, created_at)"
                " VALUES (?, ?, '', '', 'kmeans', '{}', 1, 1, 1, '{}', 'done', '[]', '{}', '1', '')",
                (number, name),
            )
            connection.executemany(
                "INSERT INTO cluster (run_id, number, kind, size, texts, neighbours, central, boundary, outside, tags, flags,"
                " notes) VALUES (?, ?, ?, ?, ?, '[]', '[]', '[]', '[]', '[]', '[]', '')",
                [
                    (number, c, "noise" if c < 0 else "cluster", n, n)
                    for c, n in zip(
                        *(part.tolist() for part in np.unique(labels, return_counts=True)), strict=True
                    )
                ],
            )
            connection.executemany(
                "INSERT INTO assignment VALUES (?, ?, ?, 0.1, NULL, ?)",
                ((number, i, c, int(c < 0)) for i, c in enumerate(labels.tolist(), start=1)),
            )
    session.close()
    return a, b


def compare(queries: int, k: int) -> None:
    """Time the comparison of two runs."""
    with tempfile.TemporaryDirectory() as folder:
        two_runs(Path(folder), queries, k)
        for line in (
            "run.compare a=one b=two",
            "run.compare a=one b=two show=cells limit=1000",
            "run.moved a=one b=two limit=50",
            "run.moved a=one b=two from_cluster=3 to_cluster=0",
        ):
            started = time.perf_counter()
            ran = run_text(Path(folder), line)
            assert ran.code == 0, ran.err
            peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
            print(
                f"{queries:,} queries, k={k}: {time.perf_counter() - started:6.2f} s  peak {peak:.0f} MB  {line}",
                flush=True,
            )


def labelled(name: str, model: str, k: int, sweep: str) -> None:
    """Print the tables of one labelled log."""
    source = (FOLDER / f"{name}.jsonl").resolve()
    with tempfile.TemporaryDirectory() as folder:
        ran = run_text(
            Path(folder),
            f"data.load source={source}\nembed.run model={model}\nrun.kmeans k={k} seed=42\nsummary.create\n"
            "hierarchy.build width=10",
        )
        assert ran.code == 0, ran.err
        lines = ["eval.run label=label", "eval.run label=domain items=1"]
        for line in [*lines, *([f"run.sweep k={sweep}"] if sweep else [])]:
            started = time.perf_counter()
            made = run_text(Path(folder), line)
            assert made.code == 0, made.err
            seconds = time.perf_counter() - started
            shown = run_text(
                Path(folder), f"eval.show evaluation={json.loads(made.out)['data']['evaluation']}"
            )
            data = json.loads(shown.out)["data"]
            print(f"\n{name}, {Path(model).name}, k={k}: {line}, {seconds:.1f} s")
            print("\n".join([*data["table"], *data["notes"]]), flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", choices=["compare", "labelled"])
    parser.add_argument("sets", nargs="*", default=["clinc150"])
    parser.add_argument("--queries", type=int, default=1_000_000)
    parser.add_argument("--k", type=int)
    parser.add_argument("--model", default="minilm")
    parser.add_argument("--sweep", default="")
    options = parser.parse_args()
    if options.what == "compare":
        compare(options.queries, options.k or 1000)
    for name in options.sets if options.what == "labelled" else ():
        labelled(name, options.model, options.k or 150, options.sweep)


if __name__ == "__main__":
    main()
