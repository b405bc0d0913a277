"""Pictures of runs and jobs, and of the forms of steps. Look at each before you accept it: `--snapshot-update`."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot
from textual.widgets import Input

from core.registry import REGISTRY
from core.session import Session
from db.jobs import FILE_NAME, JobTable
from lmsys_tui.app import LmsysApp
from screens.jobs import Order
from tests.doors import NOW
from tests.handmade import USUAL, Themes, handmade
from tests.pilots import NARROW, WIDE, Driven
from tests.test_curate_snapshots import HOSTILE, typed
from tests.test_hostile_text import PAYLOADS

Compare = Callable[..., bool]

pytestmark = pytest.mark.parametrize("size", [WIDE, NARROW], ids=["140x40", "80x24"])

LONG = "a very long text that goes on and on and does not end where one would like it to " * 12


@pytest.fixture(autouse=True)
def _still(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No blinking cursor, and a workspace whose path is the same everywhere."""
    monkeypatch.setattr(Input, "_toggle_cursor", lambda _: None)
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("NO_COLOR", raising=False)


def job(action: str, status: str, **more: Any) -> dict[str, Any]:
    """A row of the table of jobs, of a process elsewhere."""
    return {
        "action": action, "parameters": "{}", "actor": "ann", "pid": 4711, "host": "elsewhere", "born": "1", "stage": "",
        "done": 0, "total": 0, "unit": "", "stage_at": "2025-12-31T23:59:00Z", "stage_done": 0, "status": status,
        "message": "", "code": "", "started_at": "2025-12-31T23:58:00Z", "heartbeat": NOW,
        "ended_at": None if status == "running" else NOW, "stopped_by": "", "view": "{}", "log": "", "calls_from": 0,
        "calls_to": 0, **more,
    }  # fmt: skip


LOG = "2025-12-31T23:58:01Z embed: begins\n2025-12-31T23:59:00Z embed: 12,000 of 48,000 texts"

USUAL_JOBS = (
    job("data.load", "done", message="Load a log: 48,000 loaded, 12 duplicates, 3 rejected, 31,200 texts"),
    job("embed.run", "lost", stage="embed", done=9_000, total=31_200, unit="texts", log=LOG),
    job(
        "facet.extract", "failed", code="no_key", message="There is no key for anthropic. Set ANTHROPIC_API_KEY.",
        parameters=json.dumps({"name": "tone", "model": "anthropic/claude-haiku-4-5", "values": "polite,rude"}),
        log="2025-12-31T23:58:01Z failed: There is no key for anthropic.",
    ),
    job("run.kmeans", "cancelled", message="Stopped by ben; what was finished is kept.", stopped_by="ben"),
    job(
        "embed.run", "running", stage="embed", done=12_000, total=48_000, unit="texts", stage_done=6_000, log=LOG,
        parameters=json.dumps({"dataset": "chats", "model": "minilm"}),
    ),
)  # fmt: skip


def app_with(
    jobs: tuple[dict[str, Any], ...], themes: Themes = USUAL, label: str = "", **options: Any
) -> LmsysApp:
    """The application on a workspace in which these jobs run or ran."""
    folder = handmade(Path("workspace"), themes, label=label)
    (folder / FILE_NAME).unlink()
    table = JobTable(folder, writable=True)
    for row in jobs:
        table.add(row)
    table.close()
    return LmsysApp(Session(folder, clock=lambda: NOW, actor="tester"), now=lambda: 0.0, **options)


def form(action_id: str, *keys: str, **values: str) -> Any:
    """Open the form of a step over the runs, type into it, and press keys."""

    async def before(pilot: Pilot[Any]) -> None:
        app = pilot.app
        assert isinstance(app, LmsysApp)
        run = Driven(app, pilot)
        await run.settle()
        await run.press("8")
        app.screen.perform(REGISTRY.get(action_id))  # type: ignore[attr-defined]
        await run.settle()
        for name, value in values.items():
            app.screen.query_one(f"#field-{name}", Input).value = value
        await run.press(*keys)
        await run.settle()

    return before


def test_runs(snap_compare: Compare, size: tuple[int, int]) -> None:
    app = app_with(USUAL_JOBS)
    assert snap_compare(app, terminal_size=size, run_before=typed("8"))


def test_high_contrast(snap_compare: Compare, size: tuple[int, int]) -> None:
    app = app_with(USUAL_JOBS, theme="high-contrast")
    assert snap_compare(app, terminal_size=size, run_before=typed("8"))


def test_nothing_there(snap_compare: Compare, size: tuple[int, int]) -> None:
    app = LmsysApp(Session(Path("workspace"), clock=lambda: NOW, actor="tester"), now=lambda: 0.0)
    assert snap_compare(app, terminal_size=size, run_before=typed("8"))


def test_a_running_job(snap_compare: Compare, size: tuple[int, int]) -> None:
    assert snap_compare(app_with(USUAL_JOBS), terminal_size=size, run_before=typed("8", "tab"))


def test_a_failed_job(snap_compare: Compare, size: tuple[int, int]) -> None:
    assert snap_compare(app_with(USUAL_JOBS), terminal_size=size, run_before=typed("8", "tab", "j", "j"))


def test_orders_that_wait(snap_compare: Compare, size: tuple[int, int]) -> None:
    app = app_with(USUAL_JOBS)

    async def before(pilot: Pilot[Any]) -> None:
        run = Driven(app, pilot)
        await run.settle()
        app.desk.jobs._waiting.extend((Order("run.kmeans", {"k": 40, "seed": 7}), Order("summary.create")))
        await run.press("8", "tab", "g")

    assert snap_compare(app, terminal_size=size, run_before=before)


def test_hostile(snap_compare: Compare, size: tuple[int, int]) -> None:
    jobs = tuple(
        job(
            "data.load", status, message=f"{PAYLOADS[n]} message", actor=PAYLOADS[n + 1], stage=PAYLOADS[n + 2], done=1,
            total=3, unit=PAYLOADS[n + 3], log="\n".join(PAYLOADS[n : n + 5]),
            parameters=json.dumps({"source": PAYLOADS[n + 4], PAYLOADS[n]: 1}),
        )
        for n, status in enumerate(("done", "failed", "running"))
    )  # fmt: skip
    app = app_with(jobs, HOSTILE, label=PAYLOADS[2])
    assert snap_compare(app, terminal_size=size, run_before=typed("8", "tab"))


def test_very_long(snap_compare: Compare, size: tuple[int, int]) -> None:
    jobs = tuple(
        job(
            "data.load", "failed", message=LONG, log="\n".join([LONG] * 20), actor=LONG, parameters=json.dumps({"source": LONG}),
        )
        for _ in range(60)
    )  # fmt: skip
    assert snap_compare(app_with(jobs, label=LONG), terminal_size=size, run_before=typed("8", "tab", "j"))


def test_the_list_of_steps(snap_compare: Compare, size: tuple[int, int]) -> None:
    assert snap_compare(app_with(USUAL_JOBS), terminal_size=size, run_before=typed("8", "s", "j"))


def test_form_of_kmeans(snap_compare: Compare, size: tuple[int, int]) -> None:
    assert snap_compare(app_with(USUAL_JOBS), terminal_size=size, run_before=form("run.kmeans"))


def test_form_with_many_parameters_and_a_refused_value(snap_compare: Compare, size: tuple[int, int]) -> None:
    before = form(
        "facet.extract", "pagedown", "pagedown", "up", "up", "up", "up", "up", max_cost="much", name="tone"
    )
    assert snap_compare(app_with(USUAL_JOBS), terminal_size=size, run_before=before)


def test_form_with_values_to_choose_from(snap_compare: Compare, size: tuple[int, int]) -> None:
    assert snap_compare(
        app_with(USUAL_JOBS), terminal_size=size, run_before=form("run.hdbscan", "tab", "tab")
    )


def test_what_a_step_would_do(snap_compare: Compare, size: tuple[int, int]) -> None:
    before = form("export.run", "ctrl+t", path="out.csv")
    assert snap_compare(app_with(USUAL_JOBS), terminal_size=size, run_before=before)


def test_form_with_a_hostile_and_very_long_value(snap_compare: Compare, size: tuple[int, int]) -> None:
    before = form("data.load", "tab", "shift+tab", source=PAYLOADS[2] + LONG, limit=PAYLOADS[3])
    assert snap_compare(app_with(USUAL_JOBS), terminal_size=size, run_before=before)
