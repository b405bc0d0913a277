"""How the runs and jobs stand on the screen: two lists that follow what happens, and what the cursor is on."""

from __future__ import annotations

from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical

from core.jobs.rows import JobDetail, JobRow
from core.registry import REGISTRY
from core.rows import RunRow
from screens.base import ActionScreen, Desk
from screens.jobs import Order
from screens.places import keys_spans
from screens.runs.job_lines import Ordered, job_line, job_lines, no_jobs_lines, ordered_line, ordered_lines
from screens.runs.run_lines import RunFacts, about_lines, no_runs_lines, run_line, run_lines, runs_head
from screens.runs.work import About, Work
from screens.widgets.bars import Bar
from screens.widgets.row_list import RowList
from screens.widgets.spans import Line

TICK_SECONDS = 1.0
"""So often the jobs are read again while one runs, here or elsewhere."""

IDLE_TICKS = 5
"""Without one, every so many ticks: another process may have begun one."""

LEAST = 40
"""Cells of a line at least."""

WIDE = 110


class RunsView(ActionScreen):
    """Runs and jobs beside what is known of the one under the cursor.

    Args:
        desk: What the screens share.
        status: Only jobs of this status.
    """

    AUTO_FOCUS = "#work-runs"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("R", "refresh_view", "Read again", show=False),
        Binding("tab", "next_pane", "Next list", show=False),
        Binding("shift+tab", "previous_pane", "Previous list", show=False),
    ]

    def __init__(self, desk: Desk, status: str | None = None) -> None:
        super().__init__(desk)
        self.HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (WIDE, "-wide")]
        self.runs = RowList(id="work-runs", classes="work")
        """The list of runs."""
        self.jobs = RowList(id="work-jobs", classes="work")
        """The list of jobs: what waits here, then what runs, then the others."""
        self.detail = RowList(id="work-detail", classes="work")
        """What is under the cursor."""
        self.runs.is_marked = lambda value: isinstance(value, RunRow) and value.run == self.marked
        self.work = Work(desk, status)
        """What is read of both."""
        self.marked: str | None = None
        """The run that another one is to be compared with."""
        self.about: About | None = None
        """What is known of what the cursor is on."""
        self._ticks = 0

    def compose(self) -> ComposeResult:
        """What there is, the two lists, the detail, the keys."""
        yield Bar(id="work-title")
        with Horizontal(id="work-panes"):
            with Vertical(id="work-left"):
                yield self.runs
                yield self.jobs
            yield self.detail
        yield Bar(id="work-keys")

    def on_mount(self) -> None:
        """Read both lists, and follow the jobs."""
        if self.work.status is not None:
            self.go(self.jobs)
        self.background("work", self._reload, keys_wait=True)
        self.set_interval(TICK_SECONDS, self._tick)

    @property
    def active(self) -> RowList:
        """The list whose cursor is meant."""
        return self.jobs if self.has_class("-jobs") else self.runs

    @property
    def value(self) -> object:
        """What the cursor of that list stands on."""
        return self.active.value

    # Reading.

    def jobs_changed(self) -> None:
        """Something was started or is over: runs may have come or gone."""
        self.background("work", self._reload, keys_wait=True)

    def store_changed(self) -> None:
        """Somebody changed the store."""
        self.background("work", self._reload, keys_wait=True)

    def action_refresh_view(self) -> None:
        """Read everything again."""
        self.background("work", self._reload, keys_wait=True)

    def _tick(self) -> None:
        self._ticks += 1
        busy = bool(self.desk.jobs.all_running) or self.work.running > 0
        if self.is_current and (busy or self._ticks % IDLE_TICKS == 0):
            self.background("jobs", self._read_jobs)

    async def _reload(self) -> None:
        await self.work.read_runs()
        self._draw_runs()
        await self._read_jobs()
        await self._show()

    async def _read_jobs(self) -> None:
        await self.work.read_jobs()
        self._draw_jobs()
        if self.has_class("-jobs"):
            await self._show()

    @on(RowList.EndNeared)
    def _neared(self, event: RowList.EndNeared) -> None:
        if event.rows is self.runs and self.work.runs_after is not None:
            self.background("more runs", self._more_runs)
        elif event.rows is self.jobs and self.work.jobs_after is not None:
            self.background("more jobs", self._more_jobs)

    async def _more_runs(self) -> None:
        await self.work.more_runs()
        self._draw_runs()

    async def _more_jobs(self) -> None:
        await self.work.more_jobs()
        self._draw_jobs()

    async def _show(self) -> None:
        """Read and show what is under the cursor."""
        self.about = await self.work.about(self.value)
        self._draw_detail()

    # Drawing.

    @on(RowList.WidthChanged)
    def _width_changed(self) -> None:
        self._draw_runs()
        self._draw_jobs()
        self._draw_detail()

    @on(RowList.CursorMoved)
    def _moved(self, event: RowList.CursorMoved) -> None:
        if event.rows is self.active:
            self.draw_bars()
            self.background("detail", self._show)

    def on_descendant_focus(self) -> None:
        """The list that has the focus is the one that is meant; the detail keeps the one before."""
        if self.focused in (self.runs, self.jobs):
            self.set_class(self.focused is self.jobs, "-jobs")
            self.background("detail", self._show)
        self.draw_bars()

    def _draw_runs(self) -> None:
        # A list that is out of sight has no width.
        width, current = max(self.runs.inner_width, LEAST), self.session.view.run
        lines = [run_line(row, current, width) for row in self.work.runs]
        here = self.runs.value
        body = [runs_head(width), *lines] if lines else no_runs_lines(width)
        self.runs.set_lines(body, more=self.work.runs_after is not None)
        if isinstance(here, RunRow):
            self.runs.select(lambda value: isinstance(value, RunRow) and value.run == here.run)
        self.draw_bars()

    def _draw_jobs(self) -> None:
        desk = self.desk.jobs
        orders = [Ordered(order, False) for order in desk.all_running if not _recorded(order)]
        orders += [Ordered(order, True) for order in desk.queue]
        lines = [*(ordered_line(order) for order in orders), *(job_line(row) for row in self.work.jobs)]
        here = self.jobs.value
        self.jobs.set_lines(
            lines or no_jobs_lines(self.jobs.inner_width), more=self.work.jobs_after is not None
        )
        if not self.has_class("-jobs"):
            # What began last is what one wants to see first.
            self.jobs.action_cursor_top()
        elif isinstance(here, JobRow):
            self.jobs.select(lambda value: isinstance(value, JobRow) and value.job == here.job)
        self.draw_bars()

    def _draw_detail(self) -> None:
        width, shown = self.detail.inner_width - 1, self.about
        lines = about_lines(width)
        if isinstance(shown, RunFacts):
            lines = run_lines(shown, width)
        elif isinstance(shown, JobDetail):
            lines = job_lines(shown, width)
        elif isinstance(shown, Ordered):
            lines = ordered_lines(shown, width)
        self.detail.set_lines([Line(((" ", "text"), *line.spans)) for line in lines])

    def draw_bars(self) -> None:
        """Say how many there are, and what the keys do here."""
        if not self.is_mounted:
            return
        work, running = self.work, self.work.running
        waiting = self.desk.jobs.waiting
        jobs = f"jobs {work.jobs_total:,}" + (f" \u00b7 {running} running" if running else "")
        jobs += f" \u00b7 {waiting} waiting" if waiting else ""
        jobs += f" \u00b7 only {work.status}" if work.status else ""
        on_jobs = self.has_class("-jobs")
        tabs = ((f"runs {work.runs_total:,}", not on_jobs), (jobs, on_jobs))
        self.query_one("#work-title", Bar).set_spans(
            [(f"[{word}]" if here else f" {word} ", "tab" if here else "dim") for word, here in tabs]
            + [(f"  marked: {self.marked}", "warn")] * (self.marked is not None)
        )
        self.query_one("#work-keys", Bar).set_spans(keys_spans(self._keys(), self.size.width))

    def _keys(self) -> list[tuple[str, str]]:
        value = self.value
        found: list[tuple[str, str]] = []
        rare: list[tuple[str, str]] = []
        if isinstance(value, RunRow):
            found = [("enter", "open"), ("space", "mark")]
            found += [("c", "compare with the marked")] if self.marked not in (None, value.run) else []
            rare = [("e", "label"), ("D", "delete")]
        elif isinstance(value, Ordered):
            found = [("x", "take out of the queue" if value.waits else "stop")]
        elif isinstance(value, JobRow):
            found = [("x", "stop")] if value.status == "running" else [("r", "start again")] * value.resumable
        return [*found, ("s", "start a step"), ("tab", "next list"), *rare, ("esc", "back"), ("y", "copy")]

    # Moving about.

    def _cycle(self, by: int) -> None:
        lists = (self.runs, self.jobs, self.detail)
        at = next((n for n, rows in enumerate(lists) if rows is self.focused), 0)
        self.go(lists[(at + by) % len(lists)])

    def go(self, goal: RowList) -> None:
        """Give a list the focus."""
        if goal is not self.detail:
            self.set_class(goal is self.jobs, "-jobs")
        # At once, so that a key that is typed right behind reaches it.
        self.set_focus(goal)

    def action_next_pane(self) -> None:
        """To the next list."""
        self._cycle(1)

    def action_previous_pane(self) -> None:
        """To the list before."""
        self._cycle(-1)


def _recorded(order: Order) -> bool:
    return REGISTRY.get(order.action).effect == "job"
