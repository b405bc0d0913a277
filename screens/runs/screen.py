"""Runs and jobs: what was clustered, what runs, what waits, and what can be done with each of them."""

from __future__ import annotations

from typing import Any, ClassVar

from textual.binding import Binding, BindingType

from core.jobs.rows import JobDetail, JobRow
from core.registry import REGISTRY, Action
from core.rows import RunRow
from screens.doors import DOORS
from screens.keys import binding
from screens.runs.job_lines import Ordered
from screens.runs.view import RunsView

STEPS = ("data.load", "embed.run", "run.kmeans", "run.hdbscan", "summary.create", "hierarchy.build")
"""Steps whose keys work here."""

ABOUT_A_RUN = ("summary.create", "hierarchy.build", "run.update", "eval.run", "export.run", "report.write")
"""Actions whose form starts with the run under the cursor."""


class RunsScreen(RunsView):
    """Opens, compares and deletes runs; stops jobs and starts them."""

    HELP = "Runs and jobs"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "open_row", "Open"),
        Binding("space", "mark_row", "Mark"),
        Binding("c", "compare_marked", "Compare"),
        Binding("e", "screen.do('run.rename')", "Label"),
        Binding("D", "screen.do('run.delete')", "Delete"),
        Binding("x", "screen.do('job.cancel')", "Stop"),
        Binding("r", "screen.do('job.resume')", "Start again"),
        Binding("s", "start_step", "Start a step"),
        *[binding(REGISTRY.get(step)) for step in STEPS],
    ]

    def offers(self) -> dict[str, Any]:
        """The run or the job under the cursor."""
        value = self.value
        if isinstance(value, RunRow):
            return {"run": value.run}
        return {"job": value.job} if isinstance(value, JobRow) else {}

    def intercept(self, action: Action) -> bool:
        """Ask with the run under the cursor filled in; stop and start again what the cursor is on."""
        value = self.value
        if action.id in ("run.rename", "run.delete"):
            if not isinstance(value, RunRow):
                self.say(f"{action.title}: put the cursor on a run first.", "warning")
            elif action.id == "run.delete":
                self.run(action, {"run": value.run})
            else:
                self._fill(action, {"run": value.run, "label": value.label})
        elif action.id == "job.cancel":
            self._stop(value)
        elif action.id == "job.resume":
            if isinstance(value, JobRow) and value.resumable:
                self.run(action, {"job": value.job})
            else:
                self.say(
                    "Start again: put the cursor on a job that failed, was stopped or is lost.", "warning"
                )
        elif action.id in ABOUT_A_RUN and isinstance(value, RunRow):
            self._fill(action, {"run": value.run})
        else:
            return False
        return True

    def _stop(self, value: object) -> None:
        if isinstance(value, Ordered) and value.waits:
            self.desk.jobs.remove(value.order)
            self.say("Taken out of the queue.")
            self.jobs_changed()
        elif isinstance(value, Ordered):
            self.action_stop_job()
        elif isinstance(value, JobRow) and value.status == "running":
            self.run(REGISTRY.get("job.cancel"), {"job": value.job})
        else:
            self.say("Stop: put the cursor on a job that runs, or on an order that waits.", "warning")

    def action_start_step(self) -> None:
        """Choose a step, and fill in its form."""
        from screens.runs.start_step import StepsScreen

        steps = StepsScreen()

        def chosen(_: None) -> None:
            if steps.chosen is not None:
                self.action_do(steps.chosen.id)

        self.app.push_screen(steps, chosen)

    def action_open_row(self) -> None:
        """Open the run in the first screen; of a job, read its detail."""
        value, explorer = self.value, self.desk.explorer
        if isinstance(value, RunRow) and explorer is not None:
            while self.app.screen is not explorer:
                self.app.pop_screen()
            explorer.perform(REGISTRY.get("run.open"), {"run": value.run})
        else:
            self.detail.focus()

    def action_mark_row(self) -> None:
        """Mark the run under the cursor, for the next one to be compared with; or take the mark off."""
        value = self.runs.value
        if isinstance(value, RunRow):
            self.marked = None if self.marked == value.run else value.run
            self.runs.refresh()
            self.draw_bars()

    def action_compare_marked(self) -> None:
        """Compare the marked run with the one under the cursor."""
        value = self.runs.value
        if self.marked is None or not isinstance(value, RunRow) or value.run == self.marked:
            self.say("Mark a run by space, then put the cursor on another one.", "warning")
            return
        compare = REGISTRY.get("run.compare")
        params = {"a": self.marked, "b": value.run}
        if compare.id in DOORS:
            self.enter(compare, params)
        else:
            self.run(compare, params)

    def copy_text(self) -> str:
        """The id of the run, or the line of script that does the job again."""
        if isinstance(self.about, JobDetail):
            return self.about.line
        value = self.value
        return value.run if isinstance(value, RunRow) else ""
