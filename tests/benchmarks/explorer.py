"""First paint and key-to-paint of the Explorer on a large workspace, through a pseudo-terminal.

Usage: python -m tests.benchmarks.explorer WORKSPACE [ROUNDS]
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.doors import environment
from tests.shared_data import ROOT
from tests.terminal import Terminal

PAINTED = "All queries"
KEYS = "jjjjkkjjkljjjjhkkjjjlkjjkj"


def first_paint(workspace: Path, home: Path) -> float:
    """Seconds from the start of the process to a tree on the screen."""
    with Terminal(["--workspace", workspace, "--read-only"], home=home) as terminal:
        while b"All queries" not in terminal.raw or "\u25b8" not in terminal.text():
            if not terminal.read(10.0):
                raise SystemExit(f"nothing was painted:\n{terminal.text()}")
        seconds = time.perf_counter() - terminal.started
        terminal.settle()
        terminal.press("q")
        terminal.exit_code()
        return seconds


def key_to_paint(workspace: Path, home: Path) -> list[float]:
    """Seconds from each key to the first byte that answers it."""
    times: list[float] = []
    with Terminal(["--workspace", workspace, "--read-only"], home=home) as terminal:
        terminal.wait_for(PAINTED)
        terminal.settle()
        for key in KEYS:
            start = time.perf_counter()
            terminal.press(key)
            if terminal.read(2.0):
                times.append(time.perf_counter() - start)
            terminal.settle(3.0)
        terminal.press("q")
        terminal.exit_code()
    return times


def compile_imports(home: Path) -> None:
    """Import the application once so that its byte code is written, as the first start does on any machine."""
    subprocess.run(
        [sys.executable, "-c", "import lmsys_tui.cli, lmsys_tui.app"],
        env=environment(home), cwd=ROOT, check=True,
    )  # fmt: skip


def main() -> None:
    """Print both figures."""
    workspace = Path(sys.argv[1]).resolve()
    rounds = int(sys.argv[2]) if len(sys.argv) > 2 else 7
    with tempfile.TemporaryDirectory() as home:
        compile_imports(Path(home))
        first_paint(workspace, Path(home))
        paints = [first_paint(workspace, Path(home)) for _ in range(rounds)]
        keys = key_to_paint(workspace, Path(home))
    print(f"load average {os.getloadavg()[0]:.1f}, {os.cpu_count()} cores")
    print(f"first paint: median {statistics.median(paints):.3f} s, best {min(paints):.3f} s of {rounds}")
    slow = sorted(keys)[int(len(keys) * 0.9)]
    print(
        f"key to paint: median {statistics.median(keys) * 1e3:.1f} ms, 90% {slow * 1e3:.1f} ms of {len(keys)}"
    )


if __name__ == "__main__":
    main()
