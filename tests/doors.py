"""Running the program from a test: as a process of its own, or in this one where that is enough."""

from __future__ import annotations

import io
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from core.session import Session
from lmsys_tui.grammar import strict
from lmsys_tui.output import Output
from lmsys_tui.script import Options, run_script
from tests.shared_data import ROOT

CHATS = ROOT / "tests/golden/chats.jsonl"
"""75 conversations of the LMSYS shape in five themes, with hostile texts, and a line that is cut off."""

NOW = "2026-01-01T00:00:00Z"

PIPELINE = f"""
data.load source=sample limit=60
data.load source={CHATS}
facet.from_metadata field=turn name=length
embed.run model=lexical
run.kmeans k=6 seed=7
summary.create
hierarchy.build levels=2 width=3
"""


@dataclass(frozen=True)
class Ran:
    """What a run of the program gave back."""

    code: int
    out: str
    err: str

    @property
    def rows(self) -> list[dict[str, Any]]:
        """Standard output as JSON Lines."""
        return [json.loads(line) for line in self.out.splitlines()]

    @property
    def error(self) -> dict[str, Any]:
        """The only line of standard output, which says what failed."""
        (row,) = self.rows
        assert row["ok"] is False
        return row


def environment(home: Path, **more: str) -> dict[str, str]:
    """The variables for a process that must not see the user's own settings and workspace."""
    # Without byte code every start compiles all that it imports, which no user's second start does. What a process that
    # reads lines says of its own terminal (readline does) would pass for the size of the test's.
    left_out = ("LMSYS_TUI", "XDG_", "PYTHONDONTWRITEBYTECODE", "LINES", "COLUMNS")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(left_out)}
    return kept | {"HOME": str(home)} | more


def command(*arguments: str | Path) -> list[str]:
    """The command line that starts the program with this interpreter."""
    return [sys.executable, "-m", "lmsys_tui", *map(str, arguments)]


def run_cli(
    *arguments: str | Path, home: Path, stdin: str = "", variables: Mapping[str, str] | None = None
) -> Ran:
    """Run the program as a process without a terminal, to its end."""
    done = subprocess.run(
        command(*arguments),
        input=stdin.encode(),
        capture_output=True,
        cwd=ROOT,
        env=environment(home, **(variables or {})),
        timeout=120,
        check=False,
    )
    return Ran(done.returncode, done.stdout.decode(), done.stderr.decode())


def run_text(
    folder: Path,
    text: str,
    *,
    names: Mapping[str, str] | None = None,
    read_only: bool = False,
    options: Options | None = None,
) -> Ran:
    """Run a script in this process, under a fixed clock and as a fixed user."""
    session = Session(folder, clock=lambda: NOW, actor="tester", read_only=read_only)
    stdout, stderr = io.BytesIO(), io.StringIO()
    code = run_script(session, text, strict(names or {}), Output(stdout, stderr), options or Options())
    return Ran(int(code), stdout.getvalue().decode(), stderr.getvalue())


def built(folder: Path) -> Path:
    """A workspace in `folder` on which every action has something to work on."""
    ran = run_text(folder, PIPELINE)
    assert ran.code == 0, ran.err
    return folder


def as_here(example: str, folder: Path) -> str:
    """An example with the run that is there: its name has a hash of vectors, which another processor rounds otherwise."""
    session = Session(folder, read_only=True)
    try:
        with session.workspace.connection():
            name = session.workspace.value(
                "SELECT name FROM run WHERE name LIKE 'kmeans-6-%' ORDER BY id LIMIT 1"
            )
    finally:
        session.close()
    return re.sub(r"\bkmeans-6-[0-9a-f]{4}\b", str(name), example)


def copied(folder: Path, target: Path) -> Path:
    """A copy of a workspace, to be changed."""
    shutil.copytree(folder, target)
    return target


FULL = bool(os.environ.get("LMSYS_TUI_TEST_FULL"))
"""Whether the long forms of tests run, too: 500 sequences of edits, 1,000 edits by each of two processes, 20 kills."""

only_full = pytest.mark.skipif(not FULL, reason="long: set LMSYS_TUI_TEST_FULL=1; a short form of it runs")
