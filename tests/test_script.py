"""Script mode: what is printed, what is checked before anything runs, and how it stops."""

from __future__ import annotations

import io
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.control import Progress
from core.errors import ActionError
from core.registry import REGISTRY
from core.text import visible
from lmsys_tui.output import Output, duration, json_line
from lmsys_tui.script import Options
from lmsys_tui.stopping import Stop, run_stoppable
from tests.doors import CHATS, Ran, command, environment, run_text
from tests.shared_data import ROOT


@dataclass(frozen=True)
class Row:
    name: str
    score: float
    path: tuple[str, ...]


def test_rows_become_plain_json() -> None:
    row = Row("写诗", float("nan"), ("a", "b"))
    assert json_line({"data": (row,), "at": Path("x")}) == (
        '{"data": [{"name": "写诗", "score": null, "path": ["a", "b"]}], "at": "x"}'
    )


@given(st.text())
def test_json_keeps_every_text(text: str) -> None:
    assert json.loads(json_line({"text": text})) == {"text": text}


def test_no_character_that_acts_on_a_terminal_is_printed() -> None:
    for code in range(sys.maxunicode + 1):
        character = chr(code)
        if visible(character) != character:
            line = json_line(character)
            assert line.isascii(), hex(code)
            assert min(line) >= " ", hex(code)
            assert json.loads(line) == character


def test_a_line_has_the_fields_that_scripts_count_on(fixture_workspace: Path) -> None:
    ran = run_text(fixture_workspace, "cluster.list limit=2\nactions.show action=run.list\n", read_only=True)
    assert ran.code == 0
    first, second = ran.rows
    assert list(first) == ["seq", "action", "ok", "data", "total", "truncated", "view", "after"]
    assert (first["seq"], first["action"], first["ok"], first["truncated"]) == (1, "cluster.list", True, True)
    assert len(first["data"]) == 2
    assert first["total"] >= 6
    assert first["view"]["run"].startswith("kmeans-6-")
    assert list(second) == ["seq", "action", "ok", "data", "total", "truncated", "view"]
    assert second["truncated"] is False


@pytest.mark.parametrize("sort", ["central", "boundary", "times", "text_id"])
def test_pages_follow_each_other_to_the_end(sort: str, fixture_workspace: Path) -> None:
    whole = run_text(fixture_workspace, f"query.list limit=500 sort={sort}", read_only=True).rows[0]
    after, found = "", []
    while True:
        page = run_text(
            fixture_workspace,
            f'query.list limit=7 sort={sort} after="$AFTER"',
            names={"AFTER": after},
            read_only=True,
        ).rows[0]
        found += page["data"]
        if not page["truncated"]:
            break
        after = page["after"]
    assert found == whole["data"]
    assert len(found) == whole["total"] == 73


def test_nothing_runs_when_one_line_is_bad(tmp_path: Path) -> None:
    ran = run_text(tmp_path / "w", f"data.load source={CHATS}\n\nrun.kmean k=3\nrun.kmeans k=x\n")
    assert ran.code == 2
    assert [(row["seq"], row["line"], row["code"]) for row in ran.rows] == [
        (2, 3, "unknown_action"),
        (3, 4, "bad_parameter"),
    ]
    assert ran.rows[0]["did_you_mean"][0] == "run.kmeans"
    assert "line 3: run.kmean: There is no action 'run.kmean'." in ran.err
    assert "did you mean: run.kmeans" in ran.err
    assert not (tmp_path / "w").exists()


def test_a_reference_counts_as_given_when_a_script_is_checked(tmp_path: Path) -> None:
    ran = run_text(tmp_path / "w", f"data.load source={CHATS}\ncluster.show cluster=@cluster\n")
    assert [row["ok"] for row in ran.rows] == [True, False]
    assert ran.rows[1]["code"] == "nothing_current"
    assert ran.code == 1


def test_a_reference_in_a_store_that_is_not_there_is_a_missing_store(tmp_path: Path) -> None:
    ran = run_text(tmp_path / "w", "run.show run=@run")
    assert (ran.code, ran.error["code"]) == (3, "store_missing")


def test_a_doubled_sign_is_the_text_and_no_reference(fixture_workspace: Path) -> None:
    ran = run_text(fixture_workspace, "search.queries text=@@run mode=text", read_only=True)
    assert ran.code == 0
    assert ran.rows[0]["data"] == []


def test_a_script_stops_at_the_first_failure(fixture_workspace: Path) -> None:
    text = "run.list\nrun.show run=nobody\nrun.list\n"
    ran = run_text(fixture_workspace, text, read_only=True)
    assert [row["ok"] for row in ran.rows] == [True, False]
    assert ran.code == 1
    error = ran.rows[1]
    assert list(error) == ["seq", "action", "ok", "code", "message", "hint", "did_you_mean", "line"]
    assert error["line"] == 2
    assert error["hint"]


def test_a_script_that_goes_on_ends_with_the_worst_code(fixture_workspace: Path) -> None:
    text = "run.show run=nobody\nrun.list\n"
    ran = run_text(fixture_workspace, text, read_only=True, options=Options(on_error="continue"))
    assert [row["ok"] for row in ran.rows] == [False, True]
    assert ran.code == 1


def test_a_dry_run_changes_nothing_and_says_so(own_workspace: Path) -> None:
    before = run_text(own_workspace, "run.list", read_only=True).rows
    text = 'run.rename run=@run label="other"\nrun.delete run=@run\n'
    ran = run_text(own_workspace, text, options=Options(dry_run=True))
    assert ran.code == 0
    assert ran.rows[0]["data"]["label"] == "other"
    assert all(row["dry_run"] is True for row in ran.rows)
    assert run_text(own_workspace, "run.list", read_only=True).rows == before


def test_what_has_no_honest_dry_run_is_refused_before_anything_runs(
    own_workspace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    actions = REGISTRY.load()
    monkeypatch.setitem(actions, "run.kmeans", replace(actions["run.kmeans"], plan=None, transactional=False))
    ran = run_text(own_workspace, "run.list\nrun.kmeans k=3\n", options=Options(dry_run=True))
    assert (ran.code, ran.error["code"], ran.error["line"]) == (2, "no_dry_run", 2)


def test_a_read_only_script_is_refused_before_anything_runs(fixture_workspace: Path) -> None:
    ran = run_text(fixture_workspace, "run.list\nrun.rename run=@run label=x\n", read_only=True)
    assert (ran.code, ran.error["code"], ran.error["line"]) == (2, "not_allowed", 2)
    assert ran.error["hint"]


def test_what_cannot_be_undone_asks(own_workspace: Path) -> None:
    ran = run_text(own_workspace, "run.delete run=@run")
    assert (ran.code, ran.error["code"], ran.error["hint"]) == (2, "needs_yes", "Say yes=true to go on.")
    assert run_text(own_workspace, "run.delete run=@run yes=true\nrun.list").rows[1]["data"] == []


def test_crlf_and_separators_inside_a_text_end_no_line(fixture_workspace: Path) -> None:
    ran = run_text(
        fixture_workspace, 'run.list\r\nsearch.queries text="a\u2028b" mode=text\r\n', read_only=True
    )
    assert [row["ok"] for row in ran.rows] == [True, True]


def test_an_empty_script_is_no_mistake(tmp_path: Path) -> None:
    assert run_text(tmp_path / "w", "\n# nothing\n") == Ran(0, "", "")


def test_progress_tells_amount_rate_and_time_left(monkeypatch: pytest.MonkeyPatch) -> None:
    now = iter([0.0, 6.0])
    monkeypatch.setattr(time, "monotonic", lambda: next(now))
    stderr = io.StringIO()
    output = Output(io.BytesIO(), stderr)
    output.progress("embed.run", Progress("embed", 0, 10_000, "texts"))
    output.progress("embed.run", Progress("embed", 1_200, 10_000, "texts"))
    assert stderr.getvalue() == "embed.run: embed 1,200/10,000 texts, 200/s, 44 s left\n"


def test_durations_are_said_in_two_units_at_most() -> None:
    assert [duration(x) for x in (0.2, 59.4, 69, 7_505)] == ["0 s", "59 s", "1 min 9 s", "2 h 5 min"]


class Killed(Exception):
    """Stands for the end of the process."""


def killed(_stop: Stop) -> None:
    raise Killed


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_asks_the_work_to_stop(number: signal.Signals) -> None:
    asked: list[str] = []
    seen: list[str] = []

    def work(stop: Stop) -> None:
        os.kill(os.getpid(), number)
        while not stop.requested:
            time.sleep(0.001)
        seen.append(stop.error.code)

    run_stoppable(work, timeout=None, asked=asked.append, kill=killed)
    assert seen == ["cancelled"]
    assert len(asked) == 1
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_work_that_does_not_listen_is_ended_by_a_second_signal() -> None:
    def work(stop: Stop) -> None:
        os.kill(os.getpid(), signal.SIGINT)
        while not stop.requested:
            time.sleep(0.001)
        os.kill(os.getpid(), signal.SIGINT)
        time.sleep(0.5)

    with pytest.raises(Killed):
        run_stoppable(work, timeout=None, asked=lambda _: None, kill=killed)


def test_work_that_does_not_listen_is_ended_after_the_time_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lmsys_tui.stopping.GRACE_SECONDS", 0.05)
    codes: list[str] = []

    def kill(stop: Stop) -> None:
        codes.append(stop.error.code)
        raise Killed

    with pytest.raises(Killed):
        run_stoppable(lambda _: time.sleep(0.5), timeout=0.05, asked=lambda _: None, kill=kill)
    assert codes == ["timeout"]


def test_what_the_work_raises_is_raised() -> None:
    def work(_stop: Stop) -> None:
        raise ActionError("x", "y")

    with pytest.raises(ActionError, match="y"):
        run_stoppable(work, timeout=5, asked=lambda _: None, kill=killed)


@pytest.fixture(scope="module")
def long_log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A log whose lexical vectors take several seconds."""
    path = tmp_path_factory.mktemp("long") / "long.jsonl"
    words = (
        "alpha",
        "beta",
        "gamma",
        "delta",
        "epsilon",
        "zeta",
        "eta",
        "theta",
        "iota",
        "kappa",
        "mu",
        "nu",
    )
    with path.open("w", encoding="utf-8") as file:
        for n in range(12_000):
            text = " ".join(words[(n * 7 + i * i * (n % 11 + 1)) % 12] for i in range(12)) + f" {n}"
            file.write(json.dumps({"id": n, "text": text}) + "\n")
    return path


def job_begun(log: Path, folder: Path, home: Path, *options: str) -> tuple[subprocess.Popen[bytes], bool]:
    """A script that has loaded a log, unless it was stopped while it did, and embeds it now."""
    process = subprocess.Popen(
        command("--script", "-", "--workspace", folder, *options),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=ROOT,
        env=environment(home),
    )
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(f"data.load source={log}\nembed.run model=lexical\nrun.list\n".encode())
    process.stdin.close()
    return process, bool(json.loads(process.stdout.readline())["ok"])


def assert_stopped(process: subprocess.Popen[bytes], folder: Path, code: int, expected: str) -> None:
    started = time.monotonic()
    assert process.stdout is not None
    rest = [json.loads(line) for line in process.stdout.read().splitlines()]
    assert process.wait(timeout=60) == code
    assert time.monotonic() - started < 20
    assert [(row["action"], row["code"], row["line"]) for row in rest] == [("embed.run", expected, 2)]
    again = run_text(folder, "data.list\nembed.list\n", read_only=True)
    assert again.code == 0
    assert again.rows[0]["data"][0]["texts"] == 12_000


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_job_that_is_stopped_loses_nothing(number: signal.Signals, long_log: Path, tmp_path: Path) -> None:
    process, loaded = job_begun(long_log, tmp_path / "w", tmp_path)
    assert loaded
    time.sleep(1.0)
    process.send_signal(number)
    assert_stopped(process, tmp_path / "w", 130, "cancelled")


def test_a_job_whose_time_is_up_loses_nothing(long_log: Path, tmp_path: Path) -> None:
    # How long the load takes before it depends on what else the machine does.
    for seconds in (3, 6, 12, 24):
        folder = tmp_path / str(seconds)
        process, loaded = job_begun(long_log, folder, tmp_path, "--timeout", str(seconds))
        if loaded:
            break
        assert process.wait(timeout=60) == 4
    assert_stopped(process, folder, 4, "timeout")


def test_nobody_reading_is_quiet(fixture_workspace: Path, tmp_path: Path) -> None:
    process = subprocess.Popen(
        command("--script", "-", "--workspace", fixture_workspace, "--read-only"),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=ROOT,
        env=environment(tmp_path),
    )
    assert process.stdout is not None
    process.stdout.close()
    _, err = process.communicate(b"run.list\n" * 3)
    assert process.returncode == 1
    assert err == b""


def test_a_fault_of_ours_is_a_line_and_a_traceback(
    fixture_workspace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: object) -> None:
        raise ZeroDivisionError("planted \x1b[31m")

    monkeypatch.setattr("core.runs.runs", fails)
    ran = run_text(fixture_workspace, "run.list", read_only=True)
    assert (ran.code, ran.error["code"]) == (1, "bug")
    assert ran.error["message"] == "ZeroDivisionError: planted \x1b[31m"
    assert "Traceback" in ran.err
    assert "\x1b" not in ran.err


def test_what_a_library_prints_never_lands_between_the_lines(tmp_path: Path) -> None:
    """The descriptor itself is moved: C code and child processes print to standard error too."""
    code = (
        "import os, sys; from lmsys_tui.script import own_stdout; out = own_stdout(); print('chatter');"
        "sys.stdout.flush(); os.system('echo child'); out.write(b'{}\\n'); out.close()"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        cwd=ROOT,
        env=environment(tmp_path),
        check=True,
    )
    assert done.stdout == "{}\n"
    assert done.stderr == "chatter\nchild\n"


def test_the_same_door_by_do_and_by_script(fixture_workspace: Path, cli: Callable[..., Ran]) -> None:
    place = ("--workspace", fixture_workspace, "--read-only")
    by_words = cli("do", "cluster.list", "sort=title", "limit=2", *place)
    by_object = cli(*place, "do", '{"action": "cluster.list", "params": {"sort": "title", "limit": 2}}')
    by_params = cli("do", *place, "cluster.list", '{"sort": "title", "limit": 2}')
    by_script = cli("--script", "-", *place, stdin="cluster.list sort=title limit=$N", N="x")
    assert by_words.code == 0
    assert by_words == by_object == by_params
    assert by_script.error["code"] == "bad_script"
    filled = cli("--script", "-", *place, "--set", "N=2", stdin="cluster.list sort=title limit=$N")
    assert filled == by_words
