"""Fills the runs pane, and notices when anyone has changed the store."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from core.rows import RunRow
from core.text import one_line
from screens.curate.editing import concerns
from screens.jobs import JobEnded
from screens.widgets.detail_lines import runs_lines
from screens.widgets.panes import RunsPane
from screens.widgets.row_list import RowList

if TYPE_CHECKING:
    from screens.explorer.screen import Explorer

MOST = 500
"""Runs that are shown at most."""


class RunsControl:
    """Reads the runs, and follows what other processes do to them."""

    def __init__(self, screen: Explorer) -> None:
        self.screen = screen
        self.session = screen.session
        self.runs: tuple[RunRow, ...] = ()
        self._version: int | None = None
        self._looking = False
        self._trouble = ""
        self._reading = asyncio.Lock()
        self._follow: int | None = None
        """The cluster to which the tree's cursor goes at the next reading, when its own is gone."""

    @property
    def rows(self) -> RowList:
        """The list."""
        return self.screen.query_one(RunsPane).rows

    @property
    def current(self) -> RunRow | None:
        """The run that the session stands on, as the list has it."""
        return next((row for row in self.runs if row.run == self.session.view.run), None)

    async def begin(self) -> None:
        """Read the runs for the first time, and take note of what everything shown knows of."""
        self._version = await self.screen.desk.reading.data_version()
        await self.screen.edit_control.look()
        await self.read()

    async def read(self) -> None:
        """Read the runs and show them."""
        if not self.session.exists():
            return
        page = await self.screen.desk.reading.dispatch("run.list")
        runs = page.data
        while page.after is not None and len(runs) < MOST:
            page = await self.screen.desk.reading.dispatch("run.list", {"after": page.after})
            runs += page.data
        self.runs = runs
        self.draw()
        self.screen.draw_bars()

    def draw(self) -> None:
        """Show the runs; the cursor stays on its run."""
        pane = self.screen.query_one(RunsPane)
        here = pane.rows.value
        name = here.run if isinstance(here, RunRow) else self.session.view.run
        pane.rows.set_lines(runs_lines(self.runs, self.session.view.run, pane.rows.inner_width))
        pane.rows.select(lambda value: isinstance(value, RunRow) and value.run == name)
        pane.retitle(f"{len(self.runs):,}" if self.runs else "none yet")

    async def look(self) -> None:
        """Read again what is shown when anyone has committed since the last look; one look at a time."""
        if self._looking:
            return
        self._looking = True
        try:
            version = await self.screen.desk.reading.data_version()
            if self._version is None:
                self._version = version
            elif version != self._version and await self._matters():
                await self.reread()
            self._trouble = ""
        except Exception as error:
            # Said once, not every two seconds.
            if str(error) != self._trouble:
                self._trouble = str(error)
                self.screen.say(f"The workspace cannot be read: {error}", "error")
        finally:
            self._looking = False

    async def _matters(self) -> bool:
        """Whether what changed is worth reading everything again: of a job that runs here only the end is."""
        if self.screen.desk.jobs.running is None:
            return True
        edits = self.screen.edit_control
        return not edits.busy and await edits.newest() != edits.seen

    async def reread(self) -> None:
        """Read everything that is shown; cursors and marks stay."""
        async with self._reading:
            version = await self.screen.desk.reading.data_version()
            await self.screen.edit_control.look()
            await self._reread(self._follow)
            self._follow = None
            await self.screen.panes_reread()
            self._version = version

    async def _reread(self, follow: int | None) -> None:
        before = self.current
        await self.read()
        view, current = self.session.view, self.current
        if current is None and view.run is not None:
            self._leave_run(_name(before) if before is not None else view.run)
        elif current is not None and (current.run, current.hierarchy) != self.screen.tree_control.shown:
            self.session.dispatch("run.open", {"run": current.run})
            self.screen.tree_control.show_current()
        elif current is None:
            self.screen.tree_control.show_current()
        else:
            await self.screen.tree_control.follow.refresh(follow)

    def job_over(self, event: JobEnded) -> None:
        """Show what a job has made."""
        if concerns(event):
            # Noted at once: a look at the store may come first, and find the cursor's cluster gone.
            self._follow = self.screen.edit_control.target(event)
        self.screen.background("runs", self._after_job, event)

    async def _after_job(self, event: JobEnded) -> None:
        screen, tree = self.screen, self.screen.tree_control
        if concerns(event):
            await self.reread()
            restored = screen.edit_control.restored(event)
            if restored is not None:
                await tree.follow.go_to_cluster(restored)
            return
        await self.read()
        view = self.session.view
        if view.run is None or (event.error is None and (view.run, view.hierarchy) != tree.shown):
            tree.show_current()
        else:
            await tree.follow.refresh()
        screen.view_changed()

    def _leave_run(self, gone: str) -> None:
        """The current run is gone: open the newest that is finished, or none, and say so."""
        done = next((row for row in self.runs if row.status == "done"), None)
        if done is not None:
            self.session.dispatch("run.open", {"run": done.run})
            now = f"{one_line(_name(done), 60)} is shown now."
        else:
            now = "No other run is finished."
            self.session.go(run=None, summary_set=None, hierarchy=None, node=None, cluster=None, query=None)
        self.screen.tree_control.show_current()
        self.screen.say(f"The run {one_line(gone, 60)} was deleted. {now}", "warning", 8.0)


def _name(run: RunRow) -> str:
    """Its label, or its id where it has none."""
    return run.label or run.run
