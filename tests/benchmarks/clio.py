"""What a tree by a model takes: `python -m tests.benchmarks.clio [CLUSTERS] [--share 0.2]` prints a table.

Generated clusters, three levels, against the server on loopback that the tests use: once undisturbed, then with that share of its
requests failing in mixed ways: 429, 529, timeouts, cut and malformed bodies, refusals, wrong types, empty and cut-off answers,
repeated titles, full stops, skewed answers and numbers that stand for nothing.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from core.hierarchy.rows import ClioMade
from tests.clio import dump, faulty, generated, tree
from tests.doors import copied
from tests.messages_server import KEY, MessagesServer, serving
from tests.naming import rows

STEPS = ("propose", "dedupe", "assign", "rename")


@dataclass(frozen=True)
class Figures:
    """What one build took, and what came of it."""

    made: ClioMade
    seconds: float
    requests: int
    billed: int
    steps: dict[str, int]
    asked_again: int
    tried_again: int
    most_at_once: int
    again: int
    same: bool


def measure(source: Path, folder: Path, share: float, concurrency: int, rpm: int) -> Figures:
    """Build on a copy of `source`, and once more to see that it costs nothing."""
    with serving() as server:
        server.seconds = 0.02
        if share:
            faulty(server, share)
        copied(source, folder)
        start = time.perf_counter()
        made = tree(folder, server, timeout=0.3, concurrency=concurrency, rpm=rpm)
        seconds = time.perf_counter() - start
        figures = _counted(server, folder, made, seconds)
        assert server.most_within(1.0) <= rpm / 60 + 1
        again = tree(folder, server, timeout=0.3)
    same = dump(folder, again.hierarchy) == dump(folder, made.hierarchy)
    return Figures(**figures, again=again.calls, same=same)  # type: ignore[arg-type]


def _counted(server: MessagesServer, folder: Path, made: ClioMade, seconds: float) -> dict[str, object]:
    steps = dict(rows(folder, "SELECT purpose, count(*) FROM llm_call WHERE status = 'answered' GROUP BY 1"))
    return {
        "made": made,
        "seconds": seconds,
        "requests": len(server.seen),
        "billed": len(server.completed),
        "steps": {step: steps.get(step, 0) for step in STEPS},
        "asked_again": rows(
            folder, "SELECT count(*) FROM llm_call WHERE status = 'answered' AND attempt > 0"
        )[0][0],
        "tried_again": rows(folder, "SELECT count(*) FROM llm_call WHERE status <> 'answered'")[0][0],
        "most_at_once": server.most_at_once,
    }


def main() -> None:
    """Measure both and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("clusters", nargs="?", type=int, default=500)
    parser.add_argument("--share", type=float, default=0.2)
    parser.add_argument("--concurrency", type=int, default=8)
    parser.add_argument("--rpm", type=int, default=6000)
    options = parser.parse_args()
    os.environ["ANTHROPIC_API_KEY"] = KEY
    with tempfile.TemporaryDirectory() as home:
        source = generated(Path(home) / "source", options.clusters)
        found = {
            name: measure(source, Path(home) / name, share, options.concurrency, options.rpm)
            for name, share in (("clean", 0.0), (f"{options.share:.0%} faults", options.share))
        }
    print(f"{options.clusters} clusters, at most {options.concurrency} at once and {options.rpm} a minute\n")
    columns = [_column(figures) for figures in found.values()]
    print(f"{'':26}" + "".join(f"{name:>14}" for name in found))
    for label in columns[0]:
        print(f"{label:26}" + "".join(f"{column[label]:>14}" for column in columns))


def _column(figures: Figures) -> dict[str, str]:
    made = figures.made
    told: Counter[str] = Counter(figures.steps)
    return {
        "status": made.status,
        "requests": f"{figures.requests:,}",
        "billed": f"{figures.billed:,}",
        **{f"  {step}": f"{told[step]:,}" for step in STEPS},
        "asked again": f"{figures.asked_again:,}",
        "failed and tried again": f"{figures.tried_again:,}",
        "most at once": f"{figures.most_at_once}",
        "seconds": f"{figures.seconds:.1f}",
        "dollars": "" if made.cost is None else f"{made.cost:.2f}",
        "nodes": f"{made.nodes:,}",
        "top nodes": f"{made.top}",
        "no good parent": f"{made.no_parent}",
        "low fit": f"{made.low_fit}",
        "calls of a second build": f"{figures.again}",
        "and the same tree": "yes" if figures.same else "no",
    }


if __name__ == "__main__":
    main()
