"""Ctrl-c and kill -9 in the middle of each job: the store is as it was, or as it would be after, and the job goes on."""

from __future__ import annotations

import json
import random
import signal
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from core.control import Control, Progress
from core.errors import ActionError
from core.session import Session
from db.dump import canonical_dump
from db.invariants import violations
from tests.doors import command, copied, environment, run_text
from tests.shared_data import ROOT

pytestmark = pytest.mark.slow

TEXTS = 4_000
JOBS = {
    "load": ("data.load source={log}", "load"),
    "embed": ("embed.run model=lexical batch=200", "embed"),
    "cluster": ("run.kmeans k=250", "k-means"),
    "name": ("summary.create", "naming"),
    "export": ("export.run path={out} overwrite=true", "export"),
}


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A log with enough distinct texts that every job takes a moment."""
    chance = random.Random(7)
    words = [
        f"{a}{b}"
        for a in ("ka", "lo", "mi", "ne", "po", "ru", "sa", "tu")
        for b in ("ran", "lis", "dom", "vek")
    ]
    path = tmp_path_factory.mktemp("log") / "log.jsonl"
    rows = ({"id": str(i), "text": " ".join(chance.choices(words, k=8)) + f" {i}"} for i in range(TEXTS))
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


@pytest.fixture(scope="module")
def stages(log: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """For each job the store right before it."""
    base = tmp_path_factory.mktemp("stages")
    here = base / "work"
    found = {}
    for job, (line, _) in JOBS.items():
        if here.exists():
            found[job] = copied(here, base / job)
        else:
            found[job] = base / job
        ran = run_text(here, line.format(log=log, out=base / "out.csv"))
        assert ran.code == 0, ran.err
    return found


@pytest.fixture
def before(request: pytest.FixtureRequest, stages: dict[str, Path], tmp_path: Path) -> tuple[str, Path]:
    """A job and a fresh copy of the store right before it."""
    job: str = request.param
    target = tmp_path / "w"
    return job, copied(stages[job], target) if stages[job].exists() else target


def hit(job: str, folder: Path, log: Path, number: signal.Signals, delay: float) -> tuple[int, str]:
    """Start a job, send the signal `delay` seconds after its first report: (exit code, standard output)."""
    child = subprocess.Popen(
        command("--workspace", folder, "--script", "-"),
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=ROOT,
        env=environment(folder.parent),
    )  # fmt: skip
    assert child.stdin is not None
    assert child.stdout is not None
    assert child.stderr is not None
    child.stdin.write(JOBS[job][0].format(log=log, out=folder.parent / "out.csv"))
    child.stdin.close()
    seen = threading.Event()
    watcher = threading.Thread(target=watch, args=(child.stderr, JOBS[job][1], seen))
    watcher.start()
    seen.wait(60)
    time.sleep(delay)
    child.send_signal(number)
    out = child.stdout.read()
    child.wait(60)
    watcher.join()
    return child.returncode, out


def watch(stream: Iterator[str], word: str, seen: threading.Event) -> None:
    for text in stream:
        if word in text:
            seen.set()
    seen.set()


def dump(folder: Path) -> list[str]:
    if not (folder / "workspace.db").exists():
        return []
    session = Session(folder)
    with session.workspace.connection():
        assert violations(session.workspace) == []
        return list(canonical_dump(session.workspace))


def rows_of(lines: list[str], table: str) -> int:
    return sum(line.startswith(f"{table}: ") for line in lines)


def finished(job: str, folder: Path, log: Path) -> None:
    """The job runs to its end afterwards, on what is there."""
    out = folder.parent / "out.csv"
    ran = run_text(folder, JOBS[job][0].format(log=log, out=out))
    assert ran.code == 0, ran.err
    lines = dump(folder)
    assert rows_of(lines, "query") == TEXTS
    if job in ("embed", "cluster", "name", "export"):
        assert rows_of(lines, "vector") == TEXTS
    if job == "export":
        assert len(out.read_text().splitlines()) == TEXTS + 1


@pytest.mark.parametrize("before", ["embed", "cluster"], indirect=True)
def test_ctrl_c_stops_a_job_cleanly(before: tuple[str, Path], log: Path) -> None:
    job, folder = before
    held = dump(folder)
    code, out = hit(job, folder, log, signal.SIGINT, 0)
    assert code == 130
    assert json.loads(out.splitlines()[-1])["code"] == "cancelled"
    unchanged(job, folder, held)
    finished(job, folder, log)


@pytest.mark.parametrize("before", JOBS, indirect=True)
@pytest.mark.parametrize("reports", [1, 2])
def test_stopped_at_a_report_a_job_keeps_what_is_whole(
    before: tuple[str, Path], reports: int, log: Path
) -> None:
    """As `esc` on the screen and ctrl-c do it, at a moment that is always hit."""
    job, folder = before
    held = dump(folder)
    seen: list[Progress] = []
    control = Control(seen.append, lambda: len(seen) >= reports)
    session = Session(folder).fork(control)
    action, *words = JOBS[job][0].format(log=log, out=folder.parent / "out.csv").split()
    with pytest.raises(ActionError) as caught:
        session.dispatch(action, dict(word.split("=", 1) for word in words))
    assert caught.value.code == "cancelled"
    unchanged(job, folder, held)
    finished(job, folder, log)


def unchanged(job: str, folder: Path, held: list[str]) -> None:
    """Nothing is half written: vectors are kept by the batch, all else is as before."""
    after = dump(folder)
    if job == "embed":
        assert rows_of(after, "vector") < TEXTS
        after = [line for line in after if not line.startswith(("vector: ", "space: "))]
    assert after == held
    assert not (folder.parent / "out.csv").exists()
    assert [path for path in folder.parent.iterdir() if path.name.endswith(".part")] == []


@pytest.mark.parametrize("before", JOBS, indirect=True)
def test_killed_a_job_leaves_a_sound_store_and_can_run_again(before: tuple[str, Path], log: Path) -> None:
    job, folder = before
    hit(job, folder, log, signal.SIGKILL, 0.1)
    dump(folder)
    out = folder.parent / "out.csv"
    assert not out.exists() or len(out.read_text().splitlines()) == TEXTS + 1
    finished(job, folder, log)
