"""Runs and jobs on the screen, by keys: what is shown, opened, compared, stopped, started again; and edits beside a long job."""

from __future__ import annotations

import asyncio
import subprocess
import threading
from pathlib import Path
from typing import Any

import pytest
from textual.widgets import Input

from core.errors import ActionError
from core.registry import REGISTRY
from core.session import Session
from db.invariants import violations
from db.jobs import JobTable
from screens.dialogs import ConfirmScreen
from screens.form.screen import FormScreen
from screens.jobs import JobEnded, Jobs, Order
from screens.runs.screen import RunsScreen
from screens.runs.start_step import StepsScreen
from screens.widgets.bars import Bar
from screens.widgets.row_list import RowList
from tests.doors import NOW, command, environment, run_text
from tests.pilots import NARROW, WIDE, Driven, driven, lines_text
from tests.shared_data import ROOT


def screen_of(run: Driven) -> RunsScreen:
    screen = run.app.screen
    assert isinstance(screen, RunsScreen)
    return screen


def lists(run: Driven) -> tuple[str, str, str]:
    screen = screen_of(run)
    return lines_text(screen.runs), lines_text(screen.jobs), lines_text(screen.detail)


def here(run: Driven, screen: type) -> bool:
    """Whether a screen of that class is on top."""
    return isinstance(run.app.screen, screen)


class Gate:
    """A long job of a test: it goes on when it is told to, and reports meanwhile."""

    def __init__(self) -> None:
        self.opened = threading.Event()
        self.begun = threading.Event()

    def __call__(self, session: Session, **_: object) -> Any:
        n = 0
        while not self.opened.wait(0.02):
            n += 1
            session.control.progress("waiting", min(n, 90), 100, "things")
            self.begun.set()
        return session.dispatch("run.show").data


@pytest.fixture
def gate(monkeypatch: pytest.MonkeyPatch) -> Gate:
    """In place of `summary.create`: a job that lasts as long as the test wants."""
    gate = Gate()
    monkeypatch.setitem(REGISTRY.get("summary.create").__dict__, "run", gate)
    return gate


async def begun(run: Driven, gate: Gate) -> None:
    run.explorer.order("summary.create", {})
    while not gate.begun.is_set():
        await asyncio.sleep(0.01)


async def until(run: Driven, true: Any) -> None:
    for _ in range(1_000):
        await run.pilot.pause(0.01)
        if true():
            return
    raise AssertionError(run.top())


async def test_the_lists_show_runs_and_jobs_with_everything_about_them(own_workspace: Path) -> None:
    run_text(own_workspace, "run.kmeans k=3 seed=5 description=second")
    async with driven(own_workspace) as run:
        await run.press("8")
        runs, jobs, detail = lists(run)
        for row in run.session.dispatch("run.list").data:
            assert row.run in runs
        for word in ("Load a log", "Embed the texts", "Cluster by k-means", "Build a tree"):
            assert word in jobs
        made = run.session.dispatch("run.show", {"run": run.session.dispatch("run.list").data[0].run}).data
        for name, value in {**made.parameters, "seed": made.seed}.items():
            assert name in detail
            assert str(value) in detail
        for name in made.metrics:
            assert name.replace("_", " ")[:16].rstrip() in detail
        await run.press("j")
        detail = lists(run)[2]
        for row in run.session.dispatch(
            "summary.list", {"run": "kmeans-6-" + runs.split("kmeans-6-")[1][:4]}
        ).data:
            assert row.summary_set in detail
        await run.press("tab")
        assert run.app.focused is screen_of(run).jobs
        assert "As a line of script" in lists(run)[2]
        await run.press("escape")
        assert run.app.screen is run.explorer


async def test_enter_opens_the_run(own_workspace: Path) -> None:
    first = Session(own_workspace).view.run
    run_text(own_workspace, "run.kmeans k=3 seed=5")
    async with driven(own_workspace) as run:
        newest = run.session.view.run
        await run.press("8", "j", "enter")
        assert run.app.screen is run.explorer
        assert run.session.view.run == first != newest


async def test_a_run_is_labelled_and_deleted(own_workspace: Path) -> None:
    run_text(own_workspace, "run.kmeans k=3 seed=5")
    async with driven(own_workspace) as run:
        await run.press("8", "e")
        form = run.app.screen
        assert isinstance(form, FormScreen)
        form.query_one("#field-label", Input).value = "my [/b] label"
        await run.press("enter")
        await until(run, lambda: "my [/b] label" in lists(run)[0])
        await run.press("D")
        assert isinstance(run.app.screen, ConfirmScreen)
        await run.press("y")
        await until(run, lambda: "my [/b] label" not in lists(run)[0])
        assert len(run.session.dispatch("run.list").data) == 1


async def test_a_marked_run_is_compared_with_another(own_workspace: Path) -> None:
    run_text(own_workspace, "run.kmeans k=3 seed=5")
    async with driven(own_workspace) as run:
        await run.press("8", "c")
        assert here(run, RunsScreen)
        await run.press("space")
        assert "marked: kmeans-3" in run.top()
        await run.press("j", "c")
        assert not here(run, RunsScreen)
        assert "kmeans-3" in run.top()


@pytest.mark.parametrize("size", [WIDE, NARROW], ids=["wide", "narrow"])
async def test_a_running_job_is_shown_and_stopped(
    own_workspace: Path, gate: Gate, size: tuple[int, int]
) -> None:
    async with driven(own_workspace, size) as run:
        await begun(run, gate)
        await run.pilot.press("8")
        await until(run, lambda: isinstance(run.app.screen, RunsScreen) and "waiting" in lists(run)[1])
        await run.pilot.press("tab")
        await until(run, lambda: run.app.focused is screen_of(run).jobs and "running" in lists(run)[2])
        assert "1 running" in run.top()
        await run.pilot.press("x")
        await until(run, lambda: "cancelled" in lists(run)[1])
        assert run.app.desk.jobs.running is None
        await run.pilot.press("r")
        await until(run, lambda: run.app.desk.jobs.running is not None)
        gate.opened.set()
        await run.settle()
        states = [
            row.status for row in run.session.dispatch("job.list").data if row.action == "summary.create"
        ]
        assert states[:2] == ["done", "cancelled"]


async def test_what_waits_is_shown_and_taken_out(own_workspace: Path, gate: Gate) -> None:
    async with driven(own_workspace) as run:
        await begun(run, gate)
        run.explorer.order("run.kmeans", {"k": 2, "seed": 91})
        run.explorer.order("run.kmeans", {"k": 2, "seed": 92})
        await run.pilot.press("8")
        await until(run, lambda: isinstance(run.app.screen, RunsScreen) and "seed=92" in lists(run)[1])
        await run.pilot.press("tab")
        await until(run, lambda: run.app.focused is screen_of(run).jobs)
        await run.pilot.press("g", "x")
        await until(run, lambda: "seed=91" not in lists(run)[1])
        assert [order.params["seed"] for order in run.app.desk.jobs.queue] == [92]
        gate.opened.set()
        await run.settle()
        made = [row.run for row in run.session.dispatch("run.list").data]
        seeds = [run.session.dispatch("run.show", {"run": name}).data.seed for name in made]
        assert 92 in seeds
        assert 91 not in seeds


async def test_a_job_of_another_process_is_seen_and_stopped(own_workspace: Path, tmp_path: Path) -> None:
    log = tmp_path / "big.jsonl"
    log.write_text(
        "".join(f'{{"text": "what is {n} times {n}"}}\n' for n in range(400_000)), encoding="utf-8"
    )
    async with driven(own_workspace) as run:
        await run.press("8", "tab")
        process = subprocess.Popen(
            command("do", "data.load", f"source={log}", "--workspace", own_workspace),
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=ROOT, env=environment(tmp_path),
        )  # fmt: skip
        try:
            await run.pilot.press("R")
            for _ in range(600):
                await run.pilot.pause(0.05)
                if "running" in lists(run)[2] and "Load a log" in lists(run)[2]:
                    break
                await run.pilot.press("R", "g")
            await run.pilot.press("x")
            await until(run, lambda: process.poll() is not None)
            assert process.returncode == 130
            await run.press("R")
            assert "cancelled" in lists(run)[1]
        finally:
            process.kill()
            process.wait()


async def test_a_lost_job_is_started_again(own_workspace: Path) -> None:
    table = JobTable(own_workspace, writable=True)
    table.change(3, {"status": "running", "pid": 2**22 - 1, "born": "1"})
    table.close()
    async with driven(own_workspace) as run:
        await run.press("8", "tab")
        screen = screen_of(run)
        assert "lost" in lists(run)[1]
        screen.jobs.select(lambda value: getattr(value, "job", 0) == 3)
        await run.settle()
        assert "Its process is gone" in lists(run)[2]
        await run.press("r")
        await run.settle()
        newest = run.session.dispatch("job.list").data[0]
        assert (newest.status, newest.action) == (
            "done",
            run.session.dispatch("job.show", {"job": 3}).data.action,
        )


async def test_every_step_is_listed_and_opens_its_form(own_workspace: Path) -> None:
    async with driven(own_workspace) as run:
        await run.press("8", "s")
        assert isinstance(run.app.screen, StepsScreen)
        listed = {line.value.id for line in run.app.screen.query_one(RowList).lines if line.value is not None}  # type: ignore[attr-defined]
        wanted = {a.id for a in REGISTRY.load().values() if a.effect in ("job", "file")} - {"job.resume"}
        assert listed == wanted
        await run.press("enter")
        assert isinstance(run.app.screen, FormScreen)
        assert "data.load" in run.top()


async def test_the_keys_tell_how_to_reach_the_jobs_and_a_form(own_workspace: Path) -> None:
    async with driven(own_workspace, NARROW) as run:
        await run.press("8")
        assert "tab next list" in run.top()
        await run.press("s")
        bar = "".join(text for text, _ in run.app.screen.query(Bar).last().spans)
        assert "enter open its form" in bar and "scroll" not in bar


async def test_nothing_there_says_what_to_do(tmp_path: Path) -> None:
    async with driven(tmp_path / "w", NARROW) as run:
        await run.press("8")
        assert "No run yet" in lists(run)[0]
        await run.press("tab", "x", "r", "c", "e", "D", "enter", "space")
        assert isinstance(run.app.screen, RunsScreen)


async def test_a_read_only_session_starts_and_stops_nothing(own_workspace: Path) -> None:
    run_text(own_workspace, "data.load source=/nowhere")
    async with driven(own_workspace, read_only=True) as run:
        await run.press("8", "tab", "r")
        assert run.session.dispatch("job.list").data[0].status == "failed"


async def test_it_stands_a_tiny_screen(own_workspace: Path) -> None:
    async with driven(own_workspace, (60, 15)) as run:
        await run.press("8", "tab", "tab", "tab", "s", "escape", "escape")
        await run.pilot.resize_terminal(140, 40)
        await run.press("8", "tab")
        await run.pilot.resize_terminal(60, 15)
        await run.settle()


# Edits beside a long job.


async def test_an_edit_does_not_wait_for_a_long_job(own_workspace: Path, gate: Gate) -> None:
    async with driven(own_workspace) as run:
        await run.press("j", "l", "l")
        await begun(run, gate)
        await run.pilot.press("f")
        await until(run, lambda: run.session.dispatch("edit.history").total == 1)
        assert run.app.desk.jobs.running == Order("summary.create")
        await run.pilot.press("u")
        await until(run, lambda: run.session.dispatch("edit.history").total == 2)
        assert run.session.dispatch("edit.history").data[0].kind == "undo"
        assert run.app.desk.jobs.running == Order("summary.create")
        gate.opened.set()
        await run.settle()


async def test_edits_beside_a_real_naming_leave_a_sound_store(own_workspace: Path) -> None:
    """The real `summary.create` and `hierarchy.build`, with edits of the same run meanwhile and undone in their order."""
    async with driven(own_workspace) as run:
        run.explorer.order("run.sweep", {"k": "2,3,4,5,6,7,8,9", "seeds": 3})
        run.explorer.order("summary.create", {"alias": "beside"})
        run.explorer.order("hierarchy.build", {"levels": 2, "width": 3})
        for title in ("one", "two", "three"):
            run.explorer.order("cluster.rename", {"cluster": 0, "title": title})
        await run.settle()
        run.explorer.order("edit.undo", {})
        await run.settle()
        assert run.session.dispatch("cluster.show", {"cluster": 0}).data.title == "two"
        with run.session.workspace.connection():
            assert violations(run.session.workspace) == []
        done = {row.action for row in run.session.dispatch("job.list", {"status": "done", "limit": 4}).data}
        assert done >= {"run.sweep", "summary.create", "hierarchy.build"}


class Slow:
    """Orders of a bare queue: what runs, what was begun, in order; each ends when it is told to."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.began: list[str] = []
        self.gates: dict[str, threading.Event] = {}
        self.ended: list[JobEnded] = []
        session = Session(folder, clock=lambda: NOW, actor="tester")
        self.jobs = Jobs(
            session, lambda message: self.ended.append(message) if isinstance(message, JobEnded) else None
        )
        monkeypatch.setattr(Session, "dispatch", lambda _, __, params: self._dispatch(params))

    def _dispatch(self, params: dict[str, Any]) -> Any:
        self.began.append(params["name"])
        self.gates.setdefault(params["name"], threading.Event()).wait(20)
        if params.get("fails"):
            raise ActionError("planted", "It failed.")

    def order(self, action: str, name: str, **params: Any) -> Order:
        order = Order(action, {"name": name, **params})
        self.jobs.start(order)
        return order

    async def finish(self, order: Order) -> None:
        seen = len(self.ended)
        self.gates.setdefault(order.params["name"], threading.Event()).set()
        while len(self.ended) == seen:
            await asyncio.sleep(0.005)
        self.jobs.ended(order, self.ended[-1].error is not None)
        await asyncio.sleep(0.02)


@pytest.fixture
def slow(own_workspace: Path, monkeypatch: pytest.MonkeyPatch) -> Slow:
    return Slow(own_workspace, monkeypatch)


async def test_the_queue_lets_edits_pass_long_jobs_but_not_each_other(slow: Slow) -> None:
    job = slow.order("embed.run", "job")
    later = slow.order("run.kmeans", "later")
    one, two = slow.order("cluster.rename", "one"), slow.order("edit.undo", "two")
    await asyncio.sleep(0.05)
    assert sorted(slow.began) == ["job", "one"]
    await slow.finish(one)
    assert slow.began[2:] == ["two"]
    await slow.finish(two)
    await slow.finish(job)
    assert slow.began[2:] == ["two", "later"]
    await slow.finish(later)
    assert slow.jobs.running is None


async def test_an_edit_waits_for_a_refinement_and_for_what_destroys(slow: Slow) -> None:
    for action, params in (("run.kmeans", {"within": "c0"}), ("run.delete", {"run": "x"})):
        slow.began.clear()
        first = slow.order(action, f"first {action}", **params)
        undo = slow.order("edit.undo", f"undo {action}")
        await asyncio.sleep(0.05)
        assert slow.began == [f"first {action}"]
        await slow.finish(first)
        assert slow.began == [f"first {action}", f"undo {action}"]
        await slow.finish(undo)


async def test_a_long_job_sees_the_edits_before_it(slow: Slow) -> None:
    edit = slow.order("cluster.rename", "edit")
    job = slow.order("hierarchy.build", "job")
    behind = slow.order("cluster.rename", "behind")
    await asyncio.sleep(0.05)
    assert slow.began == ["edit"]
    await slow.finish(edit)
    assert sorted(slow.began) == ["behind", "edit", "job"]
    await slow.finish(job)
    await slow.finish(behind)


async def test_a_failure_takes_along_what_waited_for_it_alone(slow: Slow) -> None:
    job = slow.order("embed.run", "job", fails=True)
    slow.order("run.kmeans", "after the job")
    edit = slow.order("cluster.rename", "edit")
    second = slow.order("cluster.rename", "second edit")
    await slow.finish(job)
    assert slow.jobs.queue == (second,)
    await slow.finish(edit)
    await slow.finish(second)
    refine = slow.order("run.kmeans", "refine", within="c0", fails=True)
    undo = slow.order("edit.undo", "undo")
    await slow.finish(refine)
    assert "undo" not in slow.began
    assert slow.ended[-1].order is undo
    assert slow.ended[-1].error is not None


async def test_stopping_forgets_what_waits_and_says_so_of_edits(slow: Slow) -> None:
    job = slow.order("run.kmeans", "job", within="c0")
    undo = slow.order("edit.undo", "undo")
    slow.jobs.stop()
    assert slow.jobs.stopping
    assert slow.jobs.queue == ()
    assert [event.order for event in slow.ended] == [undo]
    await slow.finish(job)


async def test_an_edit_tries_again_where_the_job_beside_it_holds_the_store(
    own_workspace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("db.workspace.BUSY_SECONDS", 0.1)
    monkeypatch.setattr("screens.jobs.AGAIN_SECONDS", 0.05)
    held, let_go = threading.Event(), threading.Event()

    def holding(session: Session, **_: object) -> Any:
        with session.workspace.transaction():
            held.set()
            let_go.wait(20)
        return session.dispatch("run.show").data

    monkeypatch.setitem(REGISTRY.get("summary.create").__dict__, "run", holding)
    async with driven(own_workspace) as run:
        run.explorer.order("summary.create", {})
        while not held.is_set():
            await asyncio.sleep(0.01)
        run.explorer.order("cluster.rename", {"cluster": 0, "title": "patient"})
        await asyncio.sleep(0.5)
        assert len(run.app.desk.jobs.all_running) == 2
        let_go.set()
        await run.settle()
        assert run.session.dispatch("cluster.show", {"cluster": 0}).data.title == "patient"
