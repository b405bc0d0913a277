"""How well clusters and themes match labels that people gave, by script alone.

    python -m tests.benchmarks.labelled [clinc150] [arena_hard] [--seeds 3] [--model minilm]

Prints one row a data set, model and seed: NMI of the clusters with the label and of the top nodes with the domain, from the
export alone, and the seconds of each step.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from tests.shared_data import FOLDER

POTION = "models/potion-base-8M"
DOMAINS = 10


@dataclass(frozen=True)
class Figures:
    """What one run gave; `label` and `domain` are NMI, `repeated` the siblings that share a title."""

    label: float
    domain: float
    rows: int
    repeated: int
    seconds: dict[str, float]


def measure(source: Path, model: str, k: int, width: int, seed: int, only: str | None = None) -> Figures:
    """Load, embed, cluster, name, build and export `source` in a fresh workspace, and score the export.

    Args:
        source: JSON Lines with `id`, `label` and `domain`.
        model: What `embed.run model=` takes.
        k: Clusters.
        width: Ordinary top nodes.
        seed: Of the clustering.
        only: Score only rows of this domain.
    """
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "export.jsonl"
        steps = {
            "load": f"data.load source={source}",
            "embed": f"embed.run model={model}",
            "cluster": f"run.kmeans k={k} seed={seed}",
            "name": "summary.create",
            "tree": f"hierarchy.build width={width}",
            "export": f"export.run path={out}",
        }
        seconds = {}
        for step, line in steps.items():
            started = time.perf_counter()
            done = subprocess.run(
                [sys.executable, "-m", "lmsys_tui", "--workspace", f"{folder}/w", "--script", "-"],
                input=line, text=True, check=False, capture_output=True,
            )  # fmt: skip
            if done.returncode:
                raise RuntimeError(f"{line}: {done.stdout}{done.stderr}")
            seconds[step] = time.perf_counter() - started
        return score(source, out, seconds, only)


def score(source: Path, export: Path, seconds: dict[str, float], only: str | None) -> Figures:
    """NMI (arithmetic mean, as scikit-learn has it) of an export against its source's labels."""
    from sklearn.metrics import normalized_mutual_info_score as nmi

    truth = {row["id"]: row for row in _lines(source)}
    rows = _lines(export)
    assert Counter(row["conversation_id"] for row in rows) == Counter(list(truth))
    scored = [row for row in rows if only is None or truth[row["conversation_id"]]["domain"] == only]
    labels = [truth[row["conversation_id"]]["label"] for row in scored]
    domains = [truth[row["conversation_id"]]["domain"] or "" for row in scored]
    siblings = Counter(
        (tuple(row["path_ids"][:depth]), row["path"][depth], row["path_ids"][depth])
        for row in rows
        for depth in range(len(row["path"]))
    )
    titles = Counter((parent, title) for parent, title, _ in siblings)
    return Figures(
        label=float(nmi(labels, [row["cluster_id"] for row in scored])),
        domain=float(nmi(domains, [row["path_ids"][0] for row in scored])),
        rows=len(rows),
        repeated=sum(count - 1 for count in titles.values()),
        seconds=seconds,
    )


def _lines(path: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in path.read_bytes().split(b"\n") if line]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("sets", nargs="*", default=["clinc150", "arena_hard"])
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--model", action="append")
    options = parser.parse_args()
    print("data         model           seed  label  domain  rows    repeated titles  seconds")
    for name in options.sets:
        source = (FOLDER / f"{name}.jsonl").resolve()
        k, only = (150, None) if name == "clinc150" else (60, None)
        for model in options.model or ["minilm", str((FOLDER / POTION).resolve())]:
            for seed in range(options.seeds):
                found = measure(source, model, k, DOMAINS, seed, only)
                times = " ".join(f"{step} {value:.1f}" for step, value in found.seconds.items())
                print(
                    f"{name:<12} {Path(model).name:<15} {seed:>4}  {found.label:.3f}  {found.domain:.3f}   {found.rows:<7}"
                    f" {found.repeated:<16} {times}",
                    flush=True,
                )


if __name__ == "__main__":
    main()
