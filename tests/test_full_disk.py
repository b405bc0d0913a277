"""A disk that is really full: a small file system in memory."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from core.session import Session
from db.invariants import violations
from tests.doors import CHATS, Ran

STEPS = ("embed.run model=lexical", "run.kmeans k=6 seed=7", "summary.create", "hierarchy.build")


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A folder with room for two megabytes."""
    folder = tmp_path / "disk"
    folder.mkdir()
    done = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", str(folder)],
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        pytest.skip(f"a file system cannot be mounted here: {done.stderr.strip()}")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


def fill(disk: Path) -> Path:
    """Take all the room that is left."""
    path = disk / "filler"
    with path.open("wb", buffering=0) as handle:
        try:
            while True:
                handle.write(bytes(4096))
        except OSError:
            return path


def test_every_step_on_a_full_disk_says_so_and_goes_on_when_there_is_room(
    small_disk: Path, cli: Callable[..., Ran]
) -> None:
    folder = small_disk / "w"
    filler = fill(small_disk)
    ran = cli("do", "data.load", f"source={CHATS}", "--workspace", folder)
    assert (ran.code, ran.error["code"]) == (3, "store_full")
    filler.unlink()
    assert cli("do", "data.load", f"source={CHATS}", "--workspace", folder).code == 0
    for step in STEPS:
        filler = fill(small_disk)
        ran = cli("do", *step.split(), "--workspace", folder)
        assert (ran.code, ran.error["code"]) == (3, "store_full"), step
        assert "Traceback" not in ran.err
        filler.unlink()
        session = Session(folder)
        with session.workspace.connection():
            assert violations(session.workspace) == []
        session.close()
        assert cli("do", *step.split(), "--workspace", folder).code == 0, step


def test_an_export_to_a_full_disk_leaves_no_part_of_a_file(
    small_disk: Path, fixture_workspace: Path, cli: Callable[..., Ran]
) -> None:
    filler = fill(small_disk)
    ran = cli("do", "export.run", f"path={small_disk / 'x.csv'}", "--workspace", fixture_workspace)
    assert (ran.code, ran.error["code"]) == (3, "store_full")
    assert [path.name for path in small_disk.iterdir()] == ["filler"]
    filler.unlink()
