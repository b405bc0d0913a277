"""How long the doors take: `python -m tests.benchmarks.startup [RUNS]` prints the median, least and most of each."""

from __future__ import annotations

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

PIPELINE = f"data.load source={CHATS}\nembed.run model=lexical\nrun.kmeans k=6\nsummary.create\nhierarchy.build\n"


def seconds(arguments: list[str], home: Path) -> float:
    """The wall time of one process, interpreter and all."""
    program = str(Path(sys.executable).with_name("lmsys-tui"))
    variables = environment(home, LMSYS_TUI_WORKSPACE=str(home / "workspace"))
    variables.pop("PYTHONDONTWRITEBYTECODE")
    started = time.perf_counter()
    subprocess.run([program, *arguments], capture_output=True, env=variables, check=True)
    return time.perf_counter() - started


def main(runs: int) -> None:
    """Print the table; the first run of each case only fills caches."""
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        script = home / "pipeline.script"
        script.write_text(PIPELINE, encoding="utf-8")
        seconds(["--script", str(script)], home)
        print(f"{'':26}{'median':>10}{'least':>10}{'most':>10}   of {runs}")
        for name, arguments in CASES.items():
            seconds(arguments, home)
            times = [seconds(arguments, home) * 1000 for _ in range(runs)]
            print(f"{name:26}{statistics.median(times):>7.0f} ms{min(times):>7.0f} ms{max(times):>7.0f} ms")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 5)
