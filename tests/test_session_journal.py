"""The session journal: what a person did on the screens, done again by script on a copy, makes the same workspace."""

from __future__ import annotations

import json
import multiprocessing
import shutil
import stat
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.errors import ActionError
from core.session import Session
from core.sessions.journal import SessionJournal, older
from core.sessions.lines import Step, plain_step, recorded, script_line
from core.sessions.read import entries
from db.dump import canonical_dump
from lmsys_tui.grammar import parse_line, strict
from lmsys_tui.script import Options
from tests.doors import CHATS, FULL, NOW, as_here, copied, run_text
from tests.edit_steps import searches
from tests.pilots import NARROW, WIDE, driven
from tests.session_walk import Walk
from tests.test_parity import ACTIONS, FIRST, NOT_RUN

ABOUT = ("job.cancel", "job.resume")
"""Actions on a job: what the job did is recorded as its own action."""

LONG = ("map.build method=umap seed=7", "map.build method=umap sample=50000")
"""Examples that take long, and say nothing by a word that others do not: tests/test_map.py makes such maps."""

ACTIONS_IN_A_SESSION = 200 if FULL else 40


def opened(folder: Path, **more: Any) -> Session:
    return Session(folder, clock=lambda: NOW, actor="tester", **more)


def world(folder: Path) -> tuple[list[str], list[Any]]:
    """Everything that is stored, and what searches find."""
    session = opened(folder, read_only=True)
    try:
        with session.workspace.connection():
            return list(canonical_dump(session.workspace)), searches(session)
    finally:
        session.close()


def journal_text(folder: Path) -> str:
    return (folder / "session.jsonl").read_text(encoding="ascii")


# Lines.

VALUES = st.text(max_size=20) | st.sampled_from(
    ["@run", "@ru", "@", "$NAME", "$$NAME", "${NAME}", "a $NAME's \"x\"", "back\\slash", "#no", "two words", "a=b", "\u2028", "`x`"]
)  # fmt: skip


def _sayable(text: str) -> bool:
    # No action has ever been given such a text: `@@run` is how `@run` is said.
    return text != "" and not text.startswith("@@")


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.dictionaries(st.sampled_from(["title", "text", "path", "reason"]), VALUES.filter(_sayable)))
def test_a_text_comes_back_from_a_line_as_it_was(params: dict[str, str]) -> None:
    step = Step("cluster.rename", params)
    session = Session(Path("nowhere"))
    for line in (
        script_line(step),
        json.dumps({"session": 1, "n": 2, "at": NOW, "actor": "x"} | recorded(step)),
    ):
        assert "\n" not in line
        command = parse_line(line, strict({}))
        assert command is not None
        assert command.action == step.action
        assert {name: session._fill(value) for name, value in command.params.items()} == params
    known = recorded(step)
    assert plain_step(known["action"], known["params"]).params == params


def test_lines_read_as_a_person_would_write_them() -> None:
    step = Step("cluster.rename", {"cluster": 3, "title": "Poems & songs", "remove": True, "share": 0.5})
    assert script_line(step) == 'cluster.rename cluster=3 title="Poems & songs" remove=true share=0.5'
    assert script_line(Step("edit.undo", {"edit": 7})) == "edit.undo edit=7"
    assert (
        json.loads(script_line(Step("a.b", {"text": "two\nlines $X"})))["params"]["text"] == "two\nlines $$X"
    )


# Every action.


@pytest.mark.parametrize("effect", ["view", "write", "job", "destroy"])
def test_the_examples_of_every_action_are_recorded_so_that_they_can_be_done_again_elsewhere(
    effect: str, fixture_workspace: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    base = copied(fixture_workspace, tmp_path / "base")
    assert run_text(base, "run.kmeans k=4 seed=1").code == 0
    left = [
        (FIRST.get(action.id, ""), as_here(line, base))
        for action in ACTIONS
        if action.effect == effect and action.id not in ABOUT
        for line in action.examples
        if line not in NOT_RUN and (FULL or line not in LONG)
    ]
    with_files(tmp_path / "files")
    for number in range(len(left)):
        if not left:
            break
        monkeypatch.chdir(tmp_path / "files")
        here = copied(base, tmp_path / f"here{number}")
        there = copied(base, tmp_path / f"there{number}")
        done, left = recorded_in(here, left)
        assert done, left
        monkeypatch.chdir(tmp_path)
        ran = run_text(there, journal_text(here))
        assert ran.code == 0, ran.err
        assert world(there) == world(here), done
    assert not left


def with_files(folder: Path) -> None:
    """The files that examples speak of."""
    import numpy as np

    folder.mkdir()
    shutil.copy(CHATS, folder / "chats.jsonl")
    np.save(folder / "vectors.npy", np.eye(75, 8, dtype=np.float32) + 0.1)
    (folder / "labels.csv").write_text("conversation_id,value\nc000,good\nc001,bad\n", encoding="utf-8")


def recorded_in(folder: Path, examples: list[tuple[str, str]]) -> tuple[list[str], list[tuple[str, str]]]:
    """Do examples one after the other in one session, which is recorded.

    Each begins elsewhere than where a script begins: there are two runs, and the older one is open.

    Args:
        folder: The workspace.
        examples: What has to be done first, and the example.

    Returns:
        What was done, and what is left: it found nothing to work on any more. The first of all must find it.
    """
    session = opened(folder)
    journal = SessionJournal(session)
    older_run = session.workspace.value("SELECT name FROM run ORDER BY id LIMIT 1")
    done: list[str] = []
    left: list[tuple[str, str]] = []
    for first, line in examples:
        try:
            for part in f"run.open run={older_run}\n{first}\n{line}".split("\n"):
                command = parse_line(part, strict({}))
                if command is not None:
                    session.dispatch(command.action, command.params)
        except ActionError:
            if not done:
                raise
            left.append((first, line))
        else:
            done.append(line)
    session.close()
    journal.close()
    return done, left


# A session on the screens.


@pytest.mark.timeout(1800)
@pytest.mark.parametrize("seed", [1, *range(2, 6)] if FULL else [2])
async def test_a_session_done_again_by_script_makes_the_same_workspace(
    seed: int, fixture_workspace: Path, tmp_path: Path
) -> None:
    by_keys = copied(fixture_workspace, tmp_path / "keys")
    by_script = copied(fixture_workspace, tmp_path / "script")
    by_saved = copied(fixture_workspace, tmp_path / "saved")
    async with driven(by_keys, WIDE if FULL else NARROW) as run:
        walk = Walk(run, run.app.journal, seed)
        await walk.go(ACTIONS_IN_A_SESSION, 10, ACTIONS_IN_A_SESSION * 15)
        assert run.app.journal.problem == ""
    saved = run_text(by_keys, "session.save path=" + str(tmp_path / "saved.txt"))
    assert saved.code == 0, saved.err
    ran = run_text(by_script, journal_text(by_keys))
    assert ran.code == 0, ran.err
    wanted = world(by_keys)
    assert world(by_script) == wanted
    again = run_text(by_saved, (tmp_path / "saved.txt").read_text(encoding="utf-8"))
    assert again.code == 0, again.err
    assert world(by_saved) == wanted


async def test_what_a_job_was_begun_with_is_recorded_not_where_the_user_has_gone_since(
    own_workspace: Path, tmp_path: Path
) -> None:
    copy = copied(own_workspace, tmp_path / "copy")
    async with driven(own_workspace) as run:
        first = run.session.view.run
        run.explorer.run_line("run.kmeans k=3")
        await run.settle()
        second = run.session.view.run
        run.explorer.run_line("summary.create")
        await run.settle()
        run.explorer.run_line("hierarchy.build levels=2 width=2")
        # Gone elsewhere while the tree is built.
        run.explorer.run_line(f"run.open run={first}")
        await run.settle()
        run.explorer.run_line("run.rename label=Last")
        await run.settle()
    lines = [entry.step for entry in entries(own_workspace)]
    built = next(step for step in lines if step.action == "hierarchy.build")
    assert built.params["run"] == second != first
    ran = run_text(copy, journal_text(own_workspace))
    assert ran.code == 0, ran.err
    assert world(copy) == world(own_workspace)


async def test_y_copies_the_line_of_what_was_done_last(own_workspace: Path, tmp_path: Path) -> None:
    copy = copied(own_workspace, tmp_path / "copy")
    async with driven(own_workspace) as run:
        await run.press("2", "j", "l", "l", "f", "Y")
        line = run.app.clipboard
        assert line.startswith("cluster.flag cluster=")
        assert f"run={run.session.view.run}" in line
        await run.press("u", "Y")
        assert run.app.clipboard == "edit.undo edit=1"
    assert run_text(copy, line).code == 0


async def test_y_says_so_when_nothing_was_done(own_workspace: Path) -> None:
    async with driven(own_workspace) as run:
        run.app.journal.recent.clear()
        await run.press("Y")
        assert run.app.clipboard == ""


# The file.


def test_reads_and_what_failed_or_was_only_tried_is_not_recorded(own_workspace: Path) -> None:
    session = opened(own_workspace)
    journal = SessionJournal(session)
    session.dispatch("run.list")
    session.dispatch("run.rename", {"label": "tried"}, dry_run=True)
    with pytest.raises(Exception, match="unknown"):
        session.dispatch("run.open", {"run": "unknown"})
    assert not (own_workspace / "session.jsonl").exists()
    session.dispatch("run.rename", {"label": "done"})
    lines = [json.loads(line) for line in journal_text(own_workspace).splitlines()]
    assert [line["action"] for line in lines] == ["run.open", "run.rename"]
    assert lines[1] == {
        "session": 1, "n": 2, "at": NOW, "actor": "tester", "action": "run.rename",
        "params": {"label": "done", "run": session.view.run},
    }  # fmt: skip
    assert stat.S_IMODE((own_workspace / "session.jsonl").stat().st_mode) == 0o600
    journal.close()
    session.close()


def test_a_read_only_session_writes_nothing_and_still_knows_what_it_did(own_workspace: Path) -> None:
    session = opened(own_workspace, read_only=True)
    journal = SessionJournal(session)
    session.dispatch("node.open", {"node": "t1"})
    assert [step.action for steps in journal.recent for step in steps] == ["node.open"]
    assert not (own_workspace / "session.jsonl").exists()
    session.close()


def label(folder: Path, words: str, limit: int = 4_000_000) -> tuple[Session, SessionJournal]:
    """A session that has given the run a label."""
    session = opened(folder)
    journal = SessionJournal(session, limit)
    session.dispatch("run.rename", {"label": words})
    return session, journal


def test_a_line_that_was_cut_off_takes_no_other_with_it(own_workspace: Path) -> None:
    session, journal = label(own_workspace, "one")
    journal.close()
    with (own_workspace / "session.jsonl").open("a") as file:
        file.write('{"session": 1, "n": 3, "at"')
    session.dispatch("run.rename", {"label": "two"})
    journal.close()
    session.close()
    session, journal = label(own_workspace, "three")
    journal.close()
    session.close()
    assert [(e.session, e.n, e.step.params.get("label")) for e in entries(own_workspace)] == [
        (1, 1, None), (1, 2, "one"), (1, 3, "two"), (2, 1, None), (2, 2, "three"),
    ]  # fmt: skip


def test_a_large_file_is_put_away_between_sessions_and_never_within_one(own_workspace: Path) -> None:
    limit = 500
    long, open_journal = label(own_workspace, "a" * 150, limit)
    long.dispatch("run.rename", {"label": "b" * 150})
    # While it goes on nobody puts its file away.
    other, its_journal = label(own_workspace, "other", limit)
    long.dispatch("run.rename", {"label": "c" * 150})
    assert not older(own_workspace, 1).exists()
    open_journal.close()
    its_journal.close()
    for count in range(8):
        session, journal = label(own_workspace, str(count) * 190, limit)
        session.dispatch("run.rename", {"label": "x" * 190})
        journal.close()
        session.close()
    long.close()
    other.close()
    names = sorted(path.name for path in own_workspace.glob("session*.jsonl"))
    assert names == [
        "session.1.jsonl",
        "session.2.jsonl",
        "session.3.jsonl",
        "session.4.jsonl",
        "session.jsonl",
    ]
    by_file: dict[str, set[int]] = {}
    for path in own_workspace.glob("session*.jsonl"):
        by_file[path.name] = {json.loads(line)["session"] for line in path.read_text().splitlines()}
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    seen = [number for numbers in by_file.values() for number in numbers]
    assert len(seen) == len(set(seen))
    assert max(seen) == 10


def work(folder: str, count: int) -> None:
    session = opened(Path(folder))
    journal = SessionJournal(session)
    for number in range(count):
        session.dispatch("run.rename", {"label": f"label {number}"})
    journal.close()
    session.close()


def test_processes_that_record_at_once_have_numbers_and_lines_of_their_own(own_workspace: Path) -> None:
    context = multiprocessing.get_context("spawn")
    processes = [context.Process(target=work, args=(str(own_workspace), 15)) for _ in range(3)]
    for process in processes:
        process.start()
    for process in processes:
        process.join(100)
        assert process.exitcode == 0
    found = list(entries(own_workspace))
    assert {entry.session for entry in found} == {1, 2, 3}
    for number in (1, 2, 3):
        assert [entry.n for entry in found if entry.session == number] == list(range(1, 17))


def test_a_journal_that_cannot_be_written_stops_nothing(own_workspace: Path) -> None:
    (own_workspace / "session.jsonl").mkdir()
    session, journal = label(own_workspace, "done")
    assert "cannot be written" in journal.problem
    assert session.dispatch("run.show").data.label == "done"
    session.close()


# The actions.


def test_sessions_are_listed_shown_and_saved(own_workspace: Path, tmp_path: Path) -> None:
    copy = copied(own_workspace, tmp_path / "copy")
    for words in ("one", "two words"):
        session, journal = label(own_workspace, words)
        session.dispatch("node.open", {"node": "t1"})
        journal.close()
        session.close()
    ran = run_text(
        own_workspace, "session.list\nsession.list limit=1\nsession.show\nsession.show number=1 last=1"
    )
    assert ran.code == 0, ran.err
    listed, first, shown, last = (row["data"] for row in ran.rows)
    assert [(row["session"], row["lines"], row["changes"]) for row in listed] == [(2, 3, 1), (1, 3, 1)]
    assert ran.rows[1]["after"] == "2"
    assert len(first) == 1
    assert [row["action"] for row in shown] == ["run.open", "run.rename", "node.open"]
    assert 'label="two words"' in shown[1]["line"]
    assert [row["line"] for row in last] == ["node.open node=t1"]
    path = tmp_path / "steps.txt"
    told = run_text(own_workspace, f"session.save path={path}", options=Options(dry_run=True)).rows[0]["data"]
    assert not path.exists()
    done = run_text(own_workspace, f"session.save path={path}")
    assert done.rows[0]["data"] == told
    assert run_text(own_workspace, f"session.save path={path}").error["code"] == "file_exists"
    again = run_text(copy, path.read_text(encoding="utf-8"))
    assert again.code == 0, again.err
    assert world(copy) == world(own_workspace)


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("session.show number=9", "unknown_session"),
        ("session.show last=0", "bad_last"),
        ("session.list limit=0", "bad_limit"),
        ("session.list after=x", "bad_cursor"),
        ("session.save number=9", "unknown_session"),
    ],
)
def test_what_is_not_there_is_said(own_workspace: Path, line: str, code: str) -> None:
    session, journal = label(own_workspace, "one")
    journal.close()
    session.close()
    assert run_text(own_workspace, line).error["code"] == code


def test_a_workspace_without_sessions_says_so(own_workspace: Path) -> None:
    assert run_text(own_workspace, "session.list").rows[0]["data"] == []
    for action in ("session.show", "session.save"):
        assert run_text(own_workspace, action).error["code"] == "no_sessions"
