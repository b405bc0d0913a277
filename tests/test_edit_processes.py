"""Edits and processes: killed in the middle, and two that edit at once."""

from __future__ import annotations

import itertools
import random
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from db.invariants import violations
from tests import edit_steps
from tests.doors import FULL, environment
from tests.edit_steps import KINDS, dump, opened
from tests.shared_data import ROOT

LOOP = """
import sys
from tests.edit_steps import opened
session = opened(__import__("pathlib").Path(sys.argv[1]), "killed")
params = eval(sys.argv[3])
while True:
    session.dispatch(sys.argv[2], params)
    session.dispatch("edit.undo")
    print("done", flush=True)
"""

MANY = """
import sys
from pathlib import Path
from tests.edit_steps import opened
folder, actor, count, *queries = sys.argv[1:]
session = opened(Path(folder), actor)
sys.stdin.readline()
for n in range(int(count)):
    if n % 3 == 0:
        session.dispatch("cluster.note", {"cluster": n % 2, "text": f"{actor} {n}"})
    elif n % 3 == 1:
        session.dispatch("query.move", {"query": queries[n % len(queries)], "to": -2})
    else:
        session.dispatch("query.restore", {"query": queries[(n - 1) % len(queries)]})
"""


def start(code: str, home: Path, *arguments: object) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", code, *map(str, arguments)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=ROOT, env=environment(home),
    )  # fmt: skip


def test_there_is_an_edit_of_each_kind() -> None:
    assert set(KINDS) == set(edit_steps.MAKERS)


@pytest.mark.parametrize("kind", KINDS)
def test_killed_in_an_edit_or_its_undo_the_store_is_before_or_after_it(
    kind: str, edit_base: Path, tmp_path: Path
) -> None:
    folder = shutil.copytree(edit_base, tmp_path / "w")
    session = opened(folder)
    if kind == "query.restore":
        session.dispatch("query.move", {"query": "1,2,3", "to": -2})
    before = dump(session)
    chance = random.Random(kind)
    for _ in range(4 if FULL else 1):
        child = start(LOOP, tmp_path, folder, kind, repr(KINDS[kind]))
        assert child.stdout is not None
        assert child.stdout.readline() == "done\n", child.communicate()[1]
        time.sleep(chance.uniform(0.05, 0.3))
        child.send_signal(signal.SIGKILL)
        child.communicate()
        assert child.returncode == -signal.SIGKILL
        assert violations(session.workspace) == []
        (last,) = session.dispatch("edit.history", {"limit": 1}).data or (None,)
        if last is not None and last.target is None and last.actor == "killed":
            assert dump(session) != before
            session.dispatch("edit.undo", {"edit": last.edit})
        assert dump(session) == before
    session.close()


def test_two_processes_that_edit_at_once_lose_nothing(edit_base: Path, tmp_path: Path) -> None:
    count = 1_000 if FULL else 60
    folder = shutil.copytree(edit_base, tmp_path / "w")
    session = opened(folder)
    of = edit_steps.state(session).of
    owned = {"ann": of[0][:4], "bob": of[1][:4]}
    before = dump(session)
    children = {
        actor: start(MANY, tmp_path, folder, actor, count, *queries) for actor, queries in owned.items()
    }
    for child in children.values():
        assert child.stdin is not None
        child.stdin.write("go\n")
        child.stdin.flush()
    for child in children.values():
        out, err = child.communicate(timeout=60 + count)
        assert (child.returncode, out, err) == (0, "", "")
    assert violations(session.workspace) == []
    records = []
    after = None
    while True:
        page = session.dispatch("edit.history", {"limit": 1000, **({"after": after} if after else {})})
        records += page.data
        after = page.after
        if after is None:
            break
    assert [row.edit for row in records] == list(range(2 * count, 0, -1))
    for actor in owned:
        own = [row for row in records if row.actor == actor]
        assert len(own) == count
        wanted = ["cluster.note", "query.move", "query.restore"]
        assert [row.kind for row in reversed(own)] == [wanted[n % 3] for n in range(count)]
    switches = sum(one.actor != two.actor for one, two in itertools.pairwise(records))
    assert switches > count / 10, "they took turns"
    for row in records:
        session.dispatch("edit.undo", {"edit": row.edit})
    assert dump(session) == before
    session.close()


def test_an_edit_waits_for_a_long_write_of_another_process(edit_base: Path, tmp_path: Path) -> None:
    folder = shutil.copytree(edit_base, tmp_path / "w")
    code = (
        "import sqlite3, sys, time\nc = sqlite3.connect(sys.argv[1], isolation_level=None)\n"
        "c.execute('BEGIN IMMEDIATE')\nprint('held', flush=True)\ntime.sleep(1)\nc.execute('COMMIT')"
    )
    child = start(code, tmp_path, folder / "workspace.db")
    assert child.stdout is not None
    assert child.stdout.readline() == "held\n"
    session = opened(folder)
    assert session.dispatch("cluster.flag", {"cluster": 0}).data.edit == 1
    child.communicate()
    session.close()
