"""Jobs: their rows, by script and from other processes; stopping, losing and resuming them."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import sqlite3
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest

from core.control import Control, Progress
from core.errors import ActionError, Cancelled
from core.jobs import record
from core.jobs.pace import WINDOW_SECONDS, Pace
from core.jobs.process import Process, alive, this_process
from core.registry import REGISTRY
from core.session import Session
from db.jobs import FILE_NAME, JobTable
from lmsys_tui.script import Options
from tests.doors import CHATS, NOW, command, environment, run_text
from tests.shared_data import ROOT

SLOW_ROWS = 400_000


def session_on(folder: Path, actor: str = "tester") -> Session:
    return Session(folder, clock=lambda: NOW, actor=actor)


def rows_of(folder: Path, line: str = "job.list", **options: Any) -> list[dict[str, Any]]:
    ran = run_text(folder, line, **options)
    assert ran.code == 0, ran.err
    found: list[dict[str, Any]] = ran.rows[0]["data"]
    return found


def shown(folder: Path, job: int) -> dict[str, Any]:
    ran = run_text(folder, f"job.show job={job}")
    assert ran.code == 0, ran.err
    found: dict[str, Any] = ran.rows[0]["data"]
    return found


def changed(folder: Path, job: int, **values: Any) -> None:
    """Write into the row of a job."""
    table = JobTable(folder, writable=True)
    table.change(job, values)
    table.close()


@pytest.fixture
def big_log(tmp_path: Path) -> Path:
    """A log that takes some seconds to load."""
    log = tmp_path / "big.jsonl"
    log.write_text(
        "".join(f'{{"text": "what is {n} times {n}"}}\n' for n in range(SLOW_ROWS)), encoding="utf-8"
    )
    return log


def begun(folder: Path, log: Path) -> subprocess.Popen[bytes]:
    """A process that loads the log, once its job says how far it is."""
    process = subprocess.Popen(
        command("do", "data.load", f"source={log}", "--workspace", folder, "--as", "other"),
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        cwd=ROOT,
        env=environment(folder.parent),
    )
    end = time.monotonic() + 60
    while time.monotonic() < end:
        found = [row for row in rows_of(folder) if row["status"] == "running" and row["done"]]
        if found:
            return process
        assert process.poll() is None
        time.sleep(0.1)
    raise AssertionError("no job began")


def test_each_job_of_a_script_has_a_row(own_workspace: Path) -> None:
    run_text(own_workspace, "run.kmeans k=4 seed=3")
    job = rows_of(own_workspace)[0]
    assert (job["action"], job["status"], job["actor"]) == ("run.kmeans", "done", "tester")
    assert job["message"] == "Cluster by k-means: 4 clusters, 0 noise, 75 queries"
    detail = shown(own_workspace, job["job"])
    assert detail["parameters"] == {"k": 4, "seed": 3}
    assert json.loads(detail["line"]) == {"action": "run.kmeans", "params": {"k": 4, "seed": 3}}
    assert detail["pid"] == os.getpid()
    assert detail["log"][-1].endswith("done: " + job["message"])
    assert detail["models"] == []
    assert detail["cost"] is None


def test_what_is_no_job_has_no_row(own_workspace: Path, tmp_path: Path) -> None:
    before = rows_of(own_workspace)
    run_text(own_workspace, f"run.rename label=x\nexport.run path={tmp_path / 'x.csv'}\nrun.show")
    assert rows_of(own_workspace) == before


def test_neither_a_dry_run_nor_a_read_only_session_writes_a_row(own_workspace: Path) -> None:
    before = rows_of(own_workspace)
    for line in ("run.kmeans k=4", "summary.create", f"data.load source={CHATS} name=again"):
        assert run_text(own_workspace, line, options=Options(dry_run=True)).code == 0
    assert run_text(own_workspace, "run.kmeans k=4", read_only=True).code == 2
    assert rows_of(own_workspace) == before


def test_a_dry_run_where_nothing_is_stored_makes_no_store(tmp_path: Path) -> None:
    ran = run_text(tmp_path / "w", f"data.load source={CHATS}", options=Options(dry_run=True))
    assert ran.code == 0
    assert not (tmp_path / "w").exists()


def test_a_job_that_fails_says_why_and_can_be_resumed(own_workspace: Path, tmp_path: Path) -> None:
    log = tmp_path / "late.jsonl"
    ran = run_text(own_workspace, f"data.load source={log}")
    assert ran.code == 1
    job = rows_of(own_workspace, "job.list status=failed")[0]
    assert job["resumable"] is True
    detail = shown(own_workspace, job["job"])
    assert detail["code"] == ran.error["code"]
    assert ran.error["message"] in detail["message"]
    log.write_text('{"text": "one"}\n{"text": "two"}\n', encoding="utf-8")
    tried = run_text(own_workspace, f"job.resume job={job['job']}", options=Options(dry_run=True))
    assert tried.rows[0]["data"]["loaded"] == 2
    assert rows_of(own_workspace, "job.list status=failed")[0] == job
    again = run_text(own_workspace, f"job.resume job={job['job']}")
    assert again.code == 0, again.err
    assert again.rows[0]["data"]["loaded"] == 2
    newest = rows_of(own_workspace)[0]
    assert (newest["action"], newest["status"]) == ("data.load", "done")


def test_the_line_of_a_job_and_its_resumption_mean_the_same_text(own_workspace: Path) -> None:
    for said, meant in (("@@run", "@run"), ("'$NAME'", "$NAME")):
        ran = run_text(own_workspace, f"run.kmeans k=3 seed=5 description={said}")
        assert ran.code == 0, ran.out
        job = rows_of(own_workspace)[0]["job"]
        for line in (shown(own_workspace, job)["line"], f"job.resume job={job}"):
            changed(own_workspace, job, status="failed")
            made = run_text(own_workspace, line).rows[0]["data"]["run"]
            session = session_on(own_workspace)
            assert session.workspace.value("SELECT description FROM run WHERE name = ?", (made,)) == meant
            session.close()


def test_a_fault_of_the_program_leaves_its_traceback(
    own_workspace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("planted")

    monkeypatch.setitem(REGISTRY.get("summary.create").__dict__, "run", broken)
    with pytest.raises(RuntimeError):
        session_on(own_workspace).dispatch("summary.create", {})
    detail = shown(own_workspace, rows_of(own_workspace)[0]["job"])
    assert (detail["status"], detail["code"]) == ("failed", "bug")
    assert any("in broken" in line for line in detail["log"])


def test_a_resumed_job_means_what_its_user_meant(
    own_workspace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without `run=` it was about the run that was open then, not about the one that is open now."""
    session = session_on(own_workspace)
    first = session.view.run

    def broken(*_: object, **__: object) -> None:
        raise ActionError("planted", "It failed.")

    with monkeypatch.context() as patch:
        patch.setitem(REGISTRY.get("summary.create").__dict__, "run", broken)
        with pytest.raises(ActionError):
            session.dispatch("summary.create", {"alias": "late"})
    failed = session.dispatch("job.list").data[0].job
    session.dispatch("run.kmeans", {"k": 3})
    assert session.view.run != first
    told: list[str] = []
    session.listeners.append(lambda act, *_: told.append(act.id))
    made = session.dispatch("job.resume", {"job": failed}).data
    sets = session.dispatch("summary.list", {"run": first}).data
    assert made.summary_set in [row.summary_set for row in sets]
    assert told == ["summary.create", "summary.list"]


def test_what_is_done_or_unknown_is_refused(own_workspace: Path) -> None:
    for line, code in (
        ("job.resume job=1", "job_done"),
        ("job.cancel job=1", "not_running"),
        ("job.show job=999", "unknown_job"),
        ("job.list after=x", "bad_cursor"),
        ("job.list limit=0", "bad_limit"),
    ):
        assert run_text(own_workspace, line).error["code"] == code


def test_pages_hold_every_job_once_the_running_ones_first(own_workspace: Path) -> None:
    session = session_on(own_workspace)
    for seed in range(4):
        session.dispatch("run.kmeans", {"k": 2, "seed": seed})
    here = this_process()
    for id in (2, 4):
        changed(own_workspace, id, status="running", pid=here.pid, host=here.host, born=here.born)
    whole = [row.job for row in session.dispatch("job.list", {"limit": 1000}).data]
    assert whole[:2] == [4, 2]
    assert whole[2:] == sorted(whole[2:], reverse=True)
    for limit in (1, 2, 3):
        found: list[int] = []
        after: str | None = None
        while True:
            page = session.dispatch("job.list", {"limit": limit, **({"after": after} if after else {})})
            found += [row.job for row in page.data]
            after = page.after
            assert page.total == len(whole)
            if after is None:
                break
        assert found == whole
    assert [row.job for row in session.dispatch("job.list", {"status": "running"}).data] == [4, 2]
    assert 4 not in [row.job for row in session.dispatch("job.list", {"status": "done"}).data]


def test_another_process_is_stopped_through_the_table(own_workspace: Path, big_log: Path) -> None:
    process = begun(own_workspace, big_log)
    (job,) = rows_of(own_workspace, "job.list status=running")
    assert job["actor"] == "other"
    tried = run_text(own_workspace, f"job.cancel job={job['job']}", options=Options(dry_run=True))
    assert tried.code == 0
    assert process.poll() is None
    assert run_text(own_workspace, f"job.cancel job={job['job']}").code == 0
    out, _ = process.communicate(timeout=60)
    assert process.returncode == 130
    answer = json.loads(out)
    assert answer["code"] == "cancelled"
    assert "tester" in answer["message"]
    detail = shown(own_workspace, job["job"])
    assert (detail["status"], detail["stopped_by"]) == ("cancelled", "tester")


def test_a_killed_job_is_lost_and_resumes(own_workspace: Path, big_log: Path) -> None:
    process = begun(own_workspace, big_log)
    (job,) = rows_of(own_workspace, "job.list status=running")
    process.send_signal(signal.SIGKILL)
    # Not waited for: a process that is dead and still has its number counts as gone, too.
    end = time.monotonic() + 10
    while rows_of(own_workspace)[0]["status"] == "running" and time.monotonic() < end:
        time.sleep(0.05)
    assert shown(own_workspace, job["job"])["status"] == "lost"
    process.wait()
    assert [row["job"] for row in rows_of(own_workspace, "job.list status=lost")] == [job["job"]]
    assert run_text(own_workspace, f"job.cancel job={job['job']}").error["code"] == "not_running"
    big_log.write_text(
        "".join(big_log.read_text(encoding="utf-8").splitlines(keepends=True)[:500]), encoding="utf-8"
    )
    again = run_text(own_workspace, f"job.resume job={job['job']}")
    assert again.code == 0, again.err
    # The next job that begins calls it lost in the table itself.
    table = JobTable(own_workspace, writable=False)
    assert table.count("status = 'lost' AND id = :job", {"job": job["job"]}) == 1
    table.close()


def test_a_job_stops_and_keeps_its_row_when_the_script_is_interrupted(
    own_workspace: Path, big_log: Path
) -> None:
    process = begun(own_workspace, big_log)
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=60)
    assert process.returncode == 130
    assert rows_of(own_workspace)[0]["status"] == "cancelled"


def test_a_job_is_seen_and_can_be_stopped_while_it_holds_the_store(
    own_workspace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(record, "REPORT_SECONDS", 0.0)
    monkeypatch.setattr(record, "ASK_SECONDS", 0.0)
    session, other = session_on(own_workspace), session_on(own_workspace, "ann")
    seen: list[tuple[str, int, int]] = []

    def look() -> None:
        row = other.dispatch("job.list").data[0]
        seen.append((row.stage, row.done, row.total))

    def work(given: Session, **_: object) -> None:
        given.control.progress("first", 1, 9, "things")
        look()
        with given.workspace.transaction() as connection:
            connection.execute("UPDATE run SET label = 'half done'")
            given.control.progress("second", 2, 9, "things")
            look()
            began = time.monotonic()
            other.dispatch("job.cancel", {"job": other.dispatch("job.list").data[0].job})
            assert time.monotonic() - began < 0.5
            given.control.progress("third", 3, 9, "things")

    monkeypatch.setitem(REGISTRY.get("summary.create").__dict__, "run", work)
    with pytest.raises(Cancelled, match="ann"):
        session.dispatch("summary.create", {})
    assert seen == [("first", 1, 9), ("second", 2, 9)]
    assert other.dispatch("run.show").data.label != "half done"
    detail = other.dispatch("job.show", {"job": other.dispatch("job.list").data[0].job}).data
    assert (detail.status, detail.stopped_by) == ("cancelled", "ann")
    assert [line[21:] for line in detail.log if "begins" in line] == ["first: begins", "second: begins"]


def test_the_store_does_not_change_for_the_rows_of_a_job(
    own_workspace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else every screen on the workspace would read everything again each second."""
    monkeypatch.setattr(record, "REPORT_SECONDS", 0.0)
    watching = session_on(own_workspace)
    with watching.workspace.connection():
        before = watching.workspace.data_version()

        def work(given: Session, **_: object) -> None:
            for n in range(20):
                given.control.progress("stage", n, 20)

        monkeypatch.setitem(REGISTRY.get("summary.create").__dict__, "run", work)
        session_on(own_workspace).dispatch("summary.create", {})
        assert watching.workspace.data_version() == before


@pytest.mark.parametrize("damage", [b"this is no database" * 100, b""])
def test_a_damaged_table_of_jobs_stops_no_job(own_workspace: Path, damage: bytes) -> None:
    (own_workspace / FILE_NAME).write_bytes(damage)
    assert run_text(own_workspace, "run.kmeans k=2").code == 0
    ran = run_text(own_workspace, "job.list")
    assert ran.code == 0 if not damage else ran.error["code"] == "jobs_unreadable"


def test_a_table_of_a_later_version_is_left_alone(own_workspace: Path) -> None:
    with contextlib.closing(sqlite3.connect(own_workspace / FILE_NAME)) as connection:
        connection.execute("PRAGMA user_version = 99")
    before = (own_workspace / FILE_NAME).read_bytes()
    assert run_text(own_workspace, "run.kmeans k=2").code == 0
    assert rows_of(own_workspace) == []
    assert (own_workspace / FILE_NAME).read_bytes() == before


def test_old_jobs_are_forgotten(own_workspace: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(record, "KEPT", 3)
    for seed in range(6):
        run_text(own_workspace, f"run.kmeans k=2 seed={seed}")
    assert len(rows_of(own_workspace)) <= 4


def test_a_log_is_bounded(own_workspace: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def work(given: Session, **_: object) -> None:
        for n in range(1000):
            given.control.progress(f"stage {n} " + "x" * 2_000, n, 1000)

    monkeypatch.setitem(REGISTRY.get("summary.create").__dict__, "run", work)
    session = session_on(own_workspace)
    session.dispatch("summary.create", {})
    detail = session.dispatch("job.show", {"job": session.dispatch("job.list").data[0].job}).data
    assert len(detail.log) == record.LOG_LINES
    assert max(len(line) for line in detail.log) <= record.LINE_CHARS + 30


def test_two_runs_of_a_script_say_the_same_of_their_jobs(tmp_path: Path) -> None:
    script = f"data.load source={CHATS}\nembed.run model=lexical\nrun.kmeans k=5 seed=9\njob.list"
    first, second = (run_text(tmp_path / name, script) for name in "ab")
    assert first.code == 0
    assert first.out == second.out
    assert [row["action"] for row in first.rows[-1]["data"]] == ["run.kmeans", "embed.run", "data.load"]


def test_only_this_process_is_this_process() -> None:
    here = this_process()
    assert alive(here) is True
    assert alive(Process(here.host, here.pid, "1")) is (None if not here.born else False)
    assert alive(Process("elsewhere", here.pid, here.born)) is None
    done = subprocess.Popen(["true"])
    done.wait()
    assert alive(Process(here.host, done.pid, "")) is False


def test_a_job_of_another_machine_is_lost_when_it_is_silent(own_workspace: Path) -> None:
    session = session_on(own_workspace)
    changed(own_workspace, 1, status="running", host="elsewhere", heartbeat="2026-01-01T00:00:00Z")
    assert session.dispatch("job.show", {"job": 1}).data.status == "running"
    later = Session(own_workspace, clock=lambda: "2026-01-01T00:05:00Z")
    assert later.dispatch("job.show", {"job": 1}).data.status == "lost"


def test_pace_does_not_count_what_was_there_before() -> None:
    pace = Pace()
    pace.came(Progress("embed", 50_000, 100_000, "texts"), 0.0)
    assert pace.told(10.0) is None
    for second in range(1, 11):
        pace.came(Progress("embed", 50_000 + 100 * second, 100_000, "texts"), float(second))
    found = pace.told(10.0)
    assert found is not None
    assert found[0] == pytest.approx(100)
    assert found[1] == pytest.approx(490)
    pace.came(Progress("index", 1, 4), 10.5)
    assert pace.told(10.6) is None


def test_pace_follows_a_job_that_slows_down() -> None:
    pace = Pace()
    for second in range(100):
        pace.came(Progress("embed", 1_000 * second, 10**6), float(second))
    for second in range(100, 100 + int(WINDOW_SECONDS) + 2):
        pace.came(Progress("embed", 99_000 + 10 * (second - 99), 10**6), float(second))
    found = pace.told(131.0)
    assert found is not None
    assert found[0] == pytest.approx(10, rel=0.2)


def test_a_job_works_where_its_control_is_nobodys(own_workspace: Path) -> None:
    session = session_on(own_workspace)
    before = session.control = Control()
    session.dispatch("run.kmeans", {"k": 2})
    assert session.control is before
