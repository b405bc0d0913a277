"""How long the doors take: `python -m tests.benchmarks.startup [RUNS]` prints the wall time of each, in milliseconds.

The last column is processor time, which a busy machine hardly changes. The bar: `--actions` under 150 ms.
"""

from __future__ import annotations

import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.doors import CHATS, environment

CASES = {
    "--version": ["--version"],
    "--help": ["--help"],
    "--actions": ["--actions"],
    "do actions.list": ["do", "actions.list"],
    "do data.status": ["do", "data.status"],
    "do cluster.list limit=5": ["do", "cluster.list", "limit=5"],
    "do search.queries (text)": ["do", "search.queries", "text=poem", "mode=text"],
}

PIPELINE = (
    f"data.load source={CHATS}\nembed.run model=lexical\nrun.kmeans k=6\nsummary.create\nhierarchy.build\n"
)


def timed(arguments: list[str], home: Path) -> tuple[float, float]:
    """Wall and processor time of one process in milliseconds, interpreter and all."""
    program = str(Path(sys.executable).with_name("lmsys-tui"))
    variables = environment(home, LMSYS_TUI_WORKSPACE=str(home / "workspace"))
    before, started = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    subprocess.run([program, *arguments], capture_output=True, env=variables, check=True)
    wall, after = time.perf_counter() - started, resource.getrusage(resource.RUSAGE_CHILDREN)
    used = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return wall * 1000, used * 1000


def main(runs: int) -> None:
    """Print the table; the first run of each case only fills caches."""
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        script = home / "pipeline.script"
        script.write_text(PIPELINE, encoding="utf-8")
        timed(["--script", str(script)], home)
        print(f"{f'median of {runs}, in ms':26}{'wall':>8}{'least':>8}{'most':>8}{'processor':>12}")
        for name, arguments in CASES.items():
            timed(arguments, home)
            walls, used = zip(*(timed(arguments, home) for _ in range(runs)), strict=True)
            middle = statistics.median
            print(f"{name:26}{middle(walls):>8.0f}{min(walls):>8.0f}{max(walls):>8.0f}{middle(used):>12.0f}")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 5)
