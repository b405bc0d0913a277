"""Scripts whose output is fixed, byte for byte. `--update-golden` writes it anew; read the difference before you commit it."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.doors import NOW, command, environment
from tests.shared_data import ROOT

GOLDEN = ROOT / "tests/golden"
SCRIPTS = sorted(GOLDEN.glob("*.script"))
EXIT_CODES = {"broken": 2, "errors": 1, "pipeline": 0}


def printed(script: Path, folder: Path) -> tuple[int, bytes]:
    """Exit code and output of a script on a fresh workspace in `folder`, where its data lies."""
    folder.mkdir()
    for name in ("chats.jsonl", "vectors.npy"):
        shutil.copy(GOLDEN / name, folder)
    done = subprocess.run(
        command(
            "--script",
            script,
            "--workspace",
            "workspace",
            "--clock",
            NOW,
            "--as",
            "tester",
            "--on-error",
            "continue",
        ),
        cwd=folder,
        env=environment(folder, PYTHONPATH=str(ROOT)),
        capture_output=True,
        timeout=120,
        check=False,
    )
    assert b"Traceback" not in done.stderr, done.stderr.decode()
    return done.returncode, done.stdout


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script.stem)
def test_a_script_prints_what_it_always_printed(
    script: Path, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    code, output = printed(script, tmp_path / "first")
    assert code == EXIT_CODES[script.stem]
    assert not any(byte < 0x20 and byte != 0x0A for byte in output)
    expected = script.with_suffix(".jsonl")
    if request.config.getoption("--update-golden"):
        expected.write_bytes(output)
    assert output.decode().splitlines() == expected.read_text(encoding="utf-8").splitlines()
    assert output == expected.read_bytes()


def test_a_script_prints_the_same_bytes_on_two_fresh_workspaces(tmp_path: Path) -> None:
    """The lexical vectors and all that is made of them, which may differ from one machine to the next."""
    script = tmp_path / "lexical.script"
    script.write_text(
        "data.load source=chats.jsonl\nembed.run model=lexical\nrun.kmeans\nrun.hdbscan min_cluster_size=4 reduce=none\n"
        "run.kmeans k=7 seed=3\nsummary.create\nhierarchy.build\nrun.list\ncluster.list\nnode.list depth=3\n"
        'cluster.show cluster=0\nquery.list cluster=0\nsearch.queries text="poems about water"\n'
        "search.clusters text=cooking\nexport.run format=csv path=queries.csv\n",
        encoding="utf-8",
    )
    first, second = (printed(script, tmp_path / name) for name in ("first", "second"))
    assert first[0] == 0
    assert first == second
    assert (tmp_path / "first/queries.csv").read_bytes() == (tmp_path / "second/queries.csv").read_bytes()
