"""The first screen: runs, tree, detail and search, side by side or one at a time."""

from __future__ import annotations

import importlib
from typing import Any, ClassVar

from textual import on
from textual.binding import Binding, BindingType
from textual.widgets import Input

from core.errors import ActionError
from core.registry import REGISTRY, Action
from core.session import Result
from screens.base import ActionScreen, Desk
from screens.curate.editing import EditControl, concerns
from screens.curate.subjects import is_edit, suits
from screens.explorer.arrange import ArrangeControl
from screens.explorer.cursor import applies_to, offers_of, text_of
from screens.explorer.detail import DetailControl
from screens.explorer.job_bar import JobControl
from screens.explorer.jump import JumpControl, JumpInput
from screens.explorer.keeper import Keeper
from screens.explorer.marking import MarkControl
from screens.explorer.opening import Opening
from screens.explorer.runs import RunsControl
from screens.explorer.search import SearchControl
from screens.explorer.trail import Trail
from screens.explorer.tree import TreeControl
from screens.explorer.walking import Walking
from screens.jobs import JobEnded, JobProgressed, Order
from screens.keys import everywhere, screen_bindings
from screens.places import crumbs_spans, footer_spans, header_spans, tabs_spans
from screens.widgets.bars import Bar
from screens.widgets.row_list import RowList
from screens.widgets.tree_list import Branch, TreeList

WARM_SECONDS = 0.2
"""How long after the start slow imports begin."""

TICK_SECONDS = 0.5
"""How often the bar of a running job is drawn anew, reports or none."""

POLL_SECONDS = 2.0
"""How often the store is asked whether anyone has changed it."""


class Explorer(Walking):
    """Runs, tree, detail and search of a workspace."""

    BINDINGS: ClassVar[list[BindingType]] = [
        *screen_bindings(),
        Binding("A", "all_steps", "All steps that are missing", show=False),
        Binding("R", "refresh_view", "Read again", show=False),
        Binding("space", "mark_row", "Mark"),
    ]
    OWN = frozenset({"search.queries"})

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        desk.explorer = self
        self.trail = Trail()
        self.keeper = Keeper(self)
        self.arranging = ArrangeControl(self)
        self.jump_control = JumpControl(self)
        self.tree_control = TreeControl(self)
        self.detail_control = DetailControl(self)
        self.search_control = SearchControl(self)
        self.job_control = JobControl(self)
        self.runs_control = RunsControl(self)
        self.opening = Opening(self)
        self.mark_control = MarkControl(self)
        self.edit_control = EditControl(self)

    def on_mount(self) -> None:
        """Show where the person was; read the rest beside it."""
        self.keeper.restore()
        self.mark_control.attach()
        self.background("runs", self.runs_control.begin, keys_wait=True)
        self.set_interval(POLL_SECONDS, self._poll)
        self.set_interval(TICK_SECONDS, self._tick)
        self.set_timer(WARM_SECONDS, self._warm)
        self.bindings_updated_signal.subscribe(self, lambda _: self._footer())

    def _warm(self) -> None:
        """Import what checks parameters (0.06 s) before the first key needs it, and after the first paint."""

        def load() -> None:
            importlib.import_module("pydantic")

        self.background("warm", self.desk.reading.call, load)

    def on_screen_resume(self) -> None:
        """Back from another screen: the session may stand elsewhere."""
        node = self.session.view.node if self.session.view.hierarchy is not None else None
        if node is not None and self.is_mounted and node != self.query_one(TreeList).opened:
            self.perform(REGISTRY.get("node.open"), {"node": node})
        self.draw_bars()

    @on(RowList.WidthChanged)
    def _width_changed(self, event: RowList.WidthChanged) -> None:
        for control in (self.runs_control, self.detail_control, self.search_control):
            if event.rows is control.rows:
                control.draw()

    # Bars.

    def draw_bars(self) -> None:
        """Say where the person is, and what the keys do here."""
        view = self.session.view
        run = self.runs_control.current
        header = (
            tabs_spans(self.active, run, view, self.size.width)
            if self.single
            else header_spans(run, view, self.session.folder)
        )
        self.query_one("#header", Bar).set_spans(header)
        self.query_one("#crumbs", Bar).set_spans(crumbs_spans(view, self.tree_control.path, self.size.width))
        self._footer()

    def _footer(self) -> None:
        if self.is_current:
            unfinished = self.session.view.hierarchy is None
            marks = self.mark_control.marks
            self.query_one("#footer", Bar).set_spans(
                footer_spans(self.active_bindings, self.focused, self.size.width, unfinished, marks)
            )

    def view_changed(self) -> None:
        """The session stands elsewhere."""
        self.draw_bars()
        self.runs_control.draw()
        self.refresh_bindings()
        self.keeper.changed()

    def pane_entered(self, name: str) -> None:
        """The focus was put into a pane."""
        if name == "cluster":
            self.detail_control.hurry()

    def tree_filled(self) -> None:
        """The tree pane shows another tree."""
        self.detail_control.show(self.query_one(TreeList).branch, at_once=True)
        self.view_changed()

    def save_state(self) -> None:
        """Keep where the person is."""
        self.keeper.save()

    def _tick(self) -> None:
        if self.desk.jobs.running is not None:
            self.job_control.draw()

    def _poll(self) -> None:
        self.background("poll", self.runs_control.look, exclusive=False)

    def action_refresh_view(self) -> None:
        """Read everything again."""
        self.background("runs", self.runs_control.reread)

    async def panes_reread(self) -> None:
        """The tree is as it is now: so be the marks, the detail, the search, and the screens above this one."""
        await self.mark_control.marks.renew(self.tree_control.follow.row_of)
        await self.detail_control.refresh()
        await self.search_control.refresh()
        self.view_changed()
        for screen in self.app.screen_stack:
            if isinstance(screen, ActionScreen):
                screen.store_changed()

    # What the lists say.

    @on(RowList.CursorMoved)
    def _moved(self, event: RowList.CursorMoved) -> None:
        if isinstance(event.rows, TreeList):
            self.detail_control.show(event.rows.branch)
        self.refresh_bindings()
        self.keeper.changed()

    @on(TreeList.ChildrenWanted)
    def _wanted(self, event: TreeList.ChildrenWanted) -> None:
        self.background(f"children {event.branch.key}", self.tree_control.load, event.branch, keys_wait=True)

    @on(RowList.EndNeared)
    def _neared(self, event: RowList.EndNeared) -> None:
        if event.rows is self.detail_control.rows:
            self.detail_control.more()
        elif event.rows is self.search_control.rows:
            self.search_control.more()

    @on(RowList.Clicked)
    def _clicked(self, event: RowList.Clicked) -> None:
        for action in ("query.open", "node.open", "run.open"):
            if self.applies(REGISTRY.get(action)) and event.rows.has_focus:
                self.action_do(action)
                return

    @on(Input.Changed, "#search-input")
    def _typed(self, event: Input.Changed) -> None:
        self.search_control.typed(event.value)

    @on(Input.Submitted, "#search-input")
    def _submitted(self) -> None:
        self.search_control.submitted()
        self.search_control.rows.focus()

    def action_toggle_within(self) -> None:
        """Search in the open node, or everywhere."""
        self.search_control.toggle_within()

    def action_set_mode(self) -> None:
        """Search by words, by meaning, or by both."""
        self.search_control.next_mode()

    # Actions.

    @property
    def value(self) -> object:
        """What the cursor of the focused list stands on."""
        rows = self.focused if isinstance(self.focused, RowList) else None
        value = rows.value if rows is not None else None
        return value.row if isinstance(value, Branch) else value

    @classmethod
    def takes(cls, action: Action) -> bool:
        """Whether a key of the action counts here, whichever pane has the focus."""
        return everywhere(action) or super().takes(action)

    def offers(self) -> dict[str, Any]:
        """The parameters that the cursor gives."""
        return offers_of(self.value, self.session.view)

    def applies(self, action: Action) -> bool:
        """Whether the cursor stands on something that the action's key can mean."""
        if is_edit(action):
            # Where no other action has the key, the edit itself says what it needs.
            noun, verb = action.id.split(".", 1)
            other = {"cluster": "node", "query": "cluster"}.get(noun, "")
            twin = f"{other}.{verb}" in REGISTRY.load()
            return not twin or suits(action, self.mark_control.subject)
        return applies_to(action, self.value)

    def intercept(self, action: Action) -> bool:
        """Edits ask for what the cursor does not tell; search, nodes and conversations have their own place here."""
        return self.edit_control.before(action) or self.opening.before(action)

    def action_mark_row(self) -> None:
        """Mark the row under the cursor, or take its mark off."""
        self.mark_control.toggle()

    def shown(self, action: Action, result: Result) -> None:
        """The session stands elsewhere: draw it."""
        self.opening.after(action, result)

    def action_back(self) -> None:
        """Leave a line, take the marks off, stop the job, take the filter off, or open the parent of the open node."""
        if isinstance(self.focused, JumpInput):
            self.action_jump_end(False)
        elif isinstance(self.focused, Input):
            self.activate("search" if self.search_control.rows.lines else "tree")
        elif self.mark_control.clear():
            pass
        elif self.desk.jobs.running is not None and not self.desk.jobs.stopping:
            self.action_stop_job()
        elif self.active != "tree":
            self.activate("tree")
        elif self.arranging.clear():
            pass
        else:
            self.opening.parent()

    def copy_text(self) -> str:
        """The words under the cursor; all that the detail shows, where its cursor stands on none."""
        return text_of(self.value) or self.detail_control.text()

    # Jobs.

    def jobs_changed(self) -> None:
        """A job was started or asked to stop."""
        self.job_control.draw()

    @on(JobProgressed)
    def _progressed(self) -> None:
        self.job_control.draw()

    @on(JobEnded)
    def _ended(self, event: JobEnded) -> None:
        # First, for the next job in the queue begins where this one ended.
        if event.changes:
            self.session.go(**event.changes)
        self.desk.refused.pop(event.order.action, None)
        if isinstance(event.error, ActionError) and event.error.code not in ("cancelled", "stale"):
            # What somebody else has changed meanwhile is shown as it is now.
            self.desk.refused[event.order.action] = event.order.params
        self.job_control.ended(event, quiet=concerns(event))
        self.edit_control.ended(event)
        if not self.edit_control.busy:
            self.mark_control.changed()
            self.runs_control.job_over(event)

    def action_all_steps(self) -> None:
        """Run what is still missing, one action after the other."""
        self.job_control.all_steps()

    def order(self, action_id: str, params: dict[str, Any]) -> None:
        """Start a job without asking."""
        if self.barred(REGISTRY.get(action_id)):
            return
        self.desk.jobs.start(Order(action_id, params))
        self.jobs_changed()
