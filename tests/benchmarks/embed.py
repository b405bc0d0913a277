"""Embedding speed and memory: ours against fastembed's defaults, and the other models.

`python -m tests.benchmarks.embed [TEXTS]` prints one line a case; each case runs in a process of its own, so that the
peak is its own. The vectors of ours and of the default are compared.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from core.embed import minilm
from core.embed.library import text_embedding
from core.embed.resolve import default_cache, resolve

SHARED = Path(__file__).resolve().parents[2] / "../shared/data"
MODELS = {"LMSYS_TUI_MODELS": str(SHARED / "models")}
LONG_TEXTS = 128
SENTENCE = "how do I make a plot of monthly sales by region in python with pandas and add a legend please"


def texts(kind: str, count: int) -> list[str]:
    """Real queries where the data sets lie beside the checkout, else made ones of like length."""
    path = SHARED / ("clinc150.jsonl" if kind == "short" else "arena_hard.jsonl")
    if path.is_file():
        with path.open(encoding="utf-8") as file:
            return [json.loads(line)["text"] for line, _ in zip(file, range(count), strict=False)]
    rng = np.random.default_rng(0)
    longest = 20 if kind == "short" else 400
    return [" ".join(rng.choice(SENTENCE.split(), rng.integers(3, longest))) for _ in range(count)]


def default_fastembed(queries: list[str]) -> Callable[[], NDArray[np.float32]]:
    """fastembed as it comes: batches of 256 in the given order, all threads in one session."""
    embedder = minilm.minilm(default_cache(), "cpu", "")
    embedder.prepare()
    model = text_embedding()(
        minilm.FASTEMBED_NAME,
        specific_model_path=str(minilm.assemble(default_cache())),
        providers=["CPUExecutionProvider"],
    )
    return lambda: np.stack(list(model.embed(queries)))


def ours(model: str, queries: list[str]) -> Callable[[], NDArray[np.float32]]:
    """The program's own way."""
    embedder = resolve(model, device="cpu", environ={**os.environ, **MODELS})
    if hasattr(embedder, "fit"):

        def fitted() -> NDArray[np.float32]:
            embedder.fit(queries)
            return embedder.embed(queries)

        return fitted
    embedder.prepare()
    return lambda: embedder.embed(queries)


def one(case: str, kind: str, count: int, target: Path) -> None:
    """Run one case in this process and print its figures as JSON."""
    queries = texts(kind, count)
    run = default_fastembed(queries) if case == "default" else ours(case, queries)
    started = time.perf_counter()
    vectors = run()
    seconds = time.perf_counter() - started
    np.save(target, vectors)
    print(
        json.dumps(
            {"seconds": seconds, "peak_mb": _peak_mb(), "texts": len(queries), "dim": vectors.shape[1]}
        )
    )


def main(arguments: list[str]) -> None:
    """Print the table."""
    if arguments and arguments[0] == "--one":
        one(arguments[1], arguments[2], int(arguments[3]), Path(arguments[4]))
        return
    count = int(arguments[0]) if arguments else 2000
    print(
        f"{'model':<18}{'texts':>8} {'kind':<7}{'dim':>5}{'texts/s':>10}{'peak MB':>9}  least cosine to the default"
    )
    with tempfile.TemporaryDirectory() as folder:
        for kind, number in (("short", count), ("long", min(count, LONG_TEXTS))):
            for case in ("default", "minilm", "potion", "use-multilingual", "lexical"):
                target = Path(folder) / f"{case}-{kind}.npy"
                command = [sys.executable, "-m", "tests.benchmarks.embed", "--one", case, kind, str(number)]
                done = subprocess.run([*command, str(target)], capture_output=True, text=True, check=False)
                if done.returncode:
                    print(f"{case:<18}{'':>8} {kind:<7} not run: {done.stderr.strip().splitlines()[-1][:80]}")
                    continue
                row = json.loads(done.stdout)
                same = ""
                if case == "minilm":
                    reference = np.load(Path(folder) / f"default-{kind}.npy")
                    same = f"{(reference * np.load(target)).sum(1).min():.6f}"
                rate = row["texts"] / row["seconds"]
                print(
                    f"{case:<18}{row['texts']:>8} {kind:<7}{row['dim']:>5}{rate:>10.0f}{row['peak_mb']:>9.0f}  {same}",
                    flush=True,
                )


def _peak_mb() -> float:
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    main(sys.argv[1:])
