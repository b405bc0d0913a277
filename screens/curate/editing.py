"""Edits from the screen: asks for what is missing, runs them one after the other, and says what was done and how to undo it."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from core.errors import ActionError
from core.registry import REGISTRY, Action
from core.rows import ClusterDetail
from screens.curate.subjects import (
    AT_ONCE,
    GIVEN,
    Subject,
    about,
    completed,
    into_itself,
    is_edit,
    orders,
    start,
    suits,
)
from screens.form.picks import picks
from screens.jobs import JobEnded, Order

if TYPE_CHECKING:
    from core.curate.rows import Edited
    from screens.base import ActionScreen
    from screens.explorer.screen import Explorer

TOAST_SECONDS = 6.0

UNDOING = ("edit.undo", "edit.redo")


@dataclass
class Batch:
    """One action for each of several things: each runs when the one before has ended."""

    action: Action
    todo: deque[dict[str, Any]]
    marked: bool
    shared: bool
    """Whether all go to one place, so that each sees what the one before did to it."""
    expect: int
    on: ActionScreen
    order: Order | None = None
    done: list[Edited] = field(default_factory=list)


class EditControl:
    """Runs the edits of all screens through the queue of jobs."""

    def __init__(self, screen: Explorer) -> None:
        self.screen = screen
        self.session = screen.session
        self.seen = 0
        """The newest edit of which everything on the screen knows: what edits give to `expect=`."""
        self._batches: deque[Batch] = deque()
        self._gone: dict[int, int] = {}
        """By edit of this session: the cluster that it removed."""

    @property
    def busy(self) -> bool:
        """Whether edits are still to be done."""
        return bool(self._batches)

    async def look(self) -> None:
        """Take note of the newest edit, before what is shown is read."""
        self.seen = await self.newest()

    async def newest(self) -> int:
        """The number of the newest edit of all; 0 where there is none."""
        try:
            page = await self.screen.desk.reading.dispatch("edit.history", {"limit": 1})
        except ActionError as error:
            if error.code != "store_missing":
                raise
            return 0
        return page.data[0].edit if page.data else 0

    # Asking.

    def before(self, action: Action) -> bool:
        """Do an action of the Explorer that edits; false for every other."""
        screen = self.screen
        if is_edit(action):
            self.ask(action, screen.mark_control.subject, screen)
        elif action.id in UNDOING:
            self.undo(action)
        else:
            return False
        return True

    def ask(self, action: Action, subject: Subject, on: ActionScreen) -> None:
        """Do an edit of what the cursor or the marks mean, after asking for what they do not tell.

        Args:
            action: The edit.
            subject: What it is about.
            on: The screen over which the form opens.
        """
        if self.session.read_only:
            on.complain(ActionError("not_allowed", "This session is read-only: nothing can be edited."))
        elif not suits(action, subject):
            noun = {"query": "a query", "node": "a theme or a cluster of the tree"}.get(
                action.id.split(".", 1)[0], "a cluster"
            )
            on.say(f"{action.title}: put the cursor on {noun} first.", "warning")
        else:
            on.background("edit", self._ask, action, subject, on, keys_wait=True)

    async def _ask(self, action: Action, subject: Subject, on: ActionScreen) -> None:
        from screens.form.screen import FormScreen

        seen = self.seen
        detail = await self._detail(subject)
        given = orders(action, subject)
        view = self.session.view
        here = {"run": view.run, "hierarchy": view.hierarchy if action.id.startswith("node.") else None}
        given = [{**order, **{k: v for k, v in here.items() if v is not None}} for order in given]
        if len(given) > 1:
            # What is said of the first one does not hold for the others.
            detail = None if action.id in AT_ONCE else detail
        whole = action.id == "cluster.split" and "text_id" not in given[0]
        if action.id in AT_ONCE or whole:
            self.run(action, [completed(action, order, detail) for order in given], subject.marked, seen, on)
            return
        tree = view.hierarchy is not None
        offered = await picks(self.screen.desk.reading, action, subject, detail, tree)

        def filled(params: dict[str, Any] | None) -> None:
            if params is not None:
                todo = [completed(action, {**order, **params}, detail) for order in given]
                self.run(action, todo, subject.marked, seen, on)

        form = FormScreen(
            action,
            {**start(action, subject, detail), **self._tried(action, given[0])},
            given=given[0],
            hidden=GIVEN,
            about=about(action, subject, detail),
            picks=offered,
        )
        on.app.push_screen(form, filled)

    def _tried(self, action: Action, given: dict[str, Any]) -> dict[str, Any]:
        """What was typed for the same cluster the last time, where it was refused."""
        last = self.screen.desk.refused.get(action.id, {})
        return last if last and all(last.get(name) == value for name, value in given.items()) else {}

    async def _detail(self, subject: Subject) -> ClusterDetail | None:
        """The cluster that it is about, for its neighbours and what is said of it."""
        number = subject.clusters[0].id if subject.clusters and not subject.texts else subject.source
        if number is None:
            return None
        found = await self.screen.desk.reading.dispatch("cluster.show", {"cluster": number, "examples": 1})
        detail: ClusterDetail = found.data
        return detail

    # Running.

    def run(
        self, action: Action, todo: list[dict[str, Any]], marked: bool, seen: int, on: ActionScreen
    ) -> None:
        """Run an edit for each of several things, one after the other.

        Args:
            action: The edit.
            todo: Its parameters, once for each time.
            marked: Whether it works on the marks, which go when it is done.
            seen: The newest edit that the person has seen.
            on: The screen that asked.
        """
        left = deque(params for params in todo if not into_itself(params))
        if not left:
            self.screen.say("That is the same one; choose another.", "warning")
            return
        target = left[0].get("into", left[0].get("to"))
        batch = Batch(action, left, marked, target is not None, seen, on)
        self._batches.append(batch)
        if len(self._batches) == 1:
            self._start(batch)

    def undo(self, action: Action, edit: int | None = None) -> None:
        """Undo or redo: the person's last edit of this run, or the edit of a number."""
        params: dict[str, Any] = {"run": self.session.view.run} if edit is None else {"edit": edit}
        if self.session.read_only:
            self.screen.complain(
                ActionError("not_allowed", "This session is read-only: nothing can be edited.")
            )
        else:
            self.screen.order(action.id, {k: v for k, v in params.items() if v is not None})

    def _start(self, batch: Batch) -> None:
        params = batch.todo.popleft()
        batch.order = Order(batch.action.id, {**params, "expect": batch.expect})
        if not self.screen.desk.jobs.start(batch.order):
            self.screen.say(f"{batch.action.title} waits until the running job is over.")
        self.screen.jobs_changed()

    def ended(self, event: JobEnded) -> None:
        """A job is over: say what an edit did, go on with the next."""
        batch = self._batches[0] if self._batches else None
        mine = batch is not None and batch.order is event.order
        if event.error is not None:
            done = len(batch.done) if batch is not None and mine else 0
            # A job that fails beside an edit does not concern it.
            if concerns(event):
                self._batches.clear()
                self._refused(event.error, done)
            return
        if batch is None or not mine:
            if concerns(event) and event.result is not None:
                self._tell(told(event.order.action, event.result.data, self.session.actor))
            return
        assert event.result is not None
        edited: Edited = event.result.data
        batch.done.append(edited)
        if edited.edit is not None and edited.gone:
            self._gone[edited.edit] = edited.gone[0]
        if batch.shared:
            batch.expect = edited.version
        if batch.todo:
            self._start(batch)
            return
        self._batches.popleft()
        if batch.marked:
            self.screen.mark_control.clear()
        self._tell(told_all(batch.done))
        batch.on.edited()
        if self._batches:
            self._start(self._batches[0])

    def target(self, event: JobEnded) -> int | None:
        """The cluster to which the cursor goes when its own is gone."""
        target = event.order.params.get("into", event.order.params.get("to"))
        return target if isinstance(target, int) else None

    def restored(self, event: JobEnded) -> int | None:
        """The cluster that an undo brought back: the cursor goes there."""
        data = event.result.data if event.result is not None else ()
        if event.order.action != "edit.undo" or not isinstance(data, tuple) or not data:
            return None
        return self._gone.get(data[-1].target)

    def _tell(self, text: str) -> None:
        if text:
            self.screen.say(text, seconds=TOAST_SECONDS)

    def _refused(self, error: BaseException, done: int) -> None:
        before = f"{done} done, then: " if done else ""
        if isinstance(error, ActionError) and error.code == "stale":
            self.screen.say(
                f"{before}Not done, for somebody was faster. {error.message} It is shown now.", "warning"
            )
        elif isinstance(error, ActionError) and error.code in ("nothing_to_undo", "nothing_to_redo"):
            self.screen.say(error.message, "warning")
        else:
            if before:
                self.screen.say(f"{done} done before it went wrong; u undoes them.", "warning")
            self.screen.complain(error)


def concerns(event: JobEnded) -> bool:
    """Whether a job was an edit, an undo or a redo."""
    return event.order.action in UNDOING or is_edit(REGISTRY.get(event.order.action))


def told(action: str, data: Any, actor: str) -> str:
    """What an edit, an undo or a redo did, in a line; of an undo also whose edit it was."""
    # Not before something is edited: the first paint does without.
    from core.curate.rows import Edited, Reverted

    if isinstance(data, Edited):
        return told_all([data])
    reverted = [row for row in data if isinstance(row, Reverted)] if isinstance(data, tuple) else []
    if not reverted:
        return ""
    last = reverted[-1]
    verb, back = ("Undone", "U does it again.") if action == "edit.undo" else ("Done again", "u undoes it.")
    count = "" if len(reverted) == 1 else f"{len(reverted)} edits, the last: "
    whose = "your edit" if last.actor == actor else f"the edit of {last.actor}"
    return f"{verb}, {whose}: {count}{last.summary} {back}"


def told_all(done: list[Edited]) -> str:
    """What several edits did, and how to take them back."""
    changed = [edit for edit in done if edit.edit is not None]
    notes = " ".join(dict.fromkeys(note for edit in done for note in edit.notes))
    if not changed:
        return " ".join(filter(None, (done[-1].summary, notes)))
    if len(changed) == 1:
        return " ".join(filter(None, (changed[0].summary, notes, "u undoes it.")))
    return f"{len(changed)} edits, the last: {changed[-1].summary} u undoes them one by one."
