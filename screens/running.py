"""How a screen runs actions: it asks for what they need, confirms what cannot be undone, and runs each where it belongs."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Coroutine
from functools import partial
from typing import TYPE_CHECKING, Any

from textual.worker import Worker

from core.errors import ActionError
from core.registry import Action
from core.session import Result
from core.text import one_line
from screens.doors import DOORS
from screens.jobs import Order
from screens.telling import Telling

if TYPE_CHECKING:
    from screens.base import Desk

LONG_VIEWS = frozenset(("query.open",))
"""Actions that go somewhere and read much on the way: a conversation may have ten thousand turns."""


class Running(Telling):
    """A screen that runs actions of the table.

    Args:
        desk: What the screens share.
    """

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self.desk = desk
        self.session = desk.session

    # What the screens fill in.

    def offers(self) -> dict[str, Any]:
        """Values that the cursor points at, by parameter name."""
        return {}

    def shown(self, action: Action, result: Result) -> None:
        """A `view` action changed where the user is."""

    def blank(self) -> bool:
        """Whether there is nothing here yet for keys to work on."""
        return True

    def jobs_changed(self) -> None:
        """A job was started."""

    # Running actions.

    def perform(self, action: Action, given: dict[str, Any] | None = None) -> None:
        """Run the action; a form asks first when it has parameters that a cursor does not give."""
        offered = {
            name: value
            for name, value in self.offers().items()
            if name in action.params
            and (action.params[name].required or action.effect in ("destroy", "view"))
        }
        known = {**offered, **(given or {})}
        asks = action.effect in ("job", "file", "write")
        missing = any(p.required and p.name not in known for p in action.params.values())
        if given is None and ((asks and action.params) or missing):
            self._fill(action, known)
        else:
            self.run(action, known)

    def run(self, action: Action, params: dict[str, Any]) -> None:
        """Run the action with these parameters; what cannot be undone is confirmed first."""
        if action.id in DOORS:
            self.enter(action, params)
        elif self.barred(action):
            return
        elif action.effect == "destroy" and not params.get("yes"):
            self._confirm(action, params)
        elif action.effect == "read":
            self.background("shown", self._read, action, params, keys_wait=True)
        elif action.id in LONG_VIEWS:
            self.background("view", self._view_beside, action, params, keys_wait=self.blank())
        elif action.effect == "view":
            self._view(action, params)
        else:
            self._start(action, params)

    def barred(self, action: Action) -> bool:
        """Whether the session is read-only and the action is not, which is said."""
        barred = self.session.read_only and action.changes
        if barred:
            self.complain(
                ActionError("not_allowed", f"{action.id} changes something; this session is read-only.")
            )
        return barred

    def _confirm(self, action: Action, params: dict[str, Any]) -> None:
        from screens.dialogs import ConfirmScreen

        named = ", ".join(f"{k}={v}" for k, v in params.items() if k != "yes")
        question = f"{action.title}: {one_line(named)}?"

        def confirmed(yes: bool | None) -> None:
            if yes:
                self.run(action, {**params, "yes": True})

        self.app.push_screen(ConfirmScreen(question, action.doc), confirmed)

    def enter(self, action: Action, params: dict[str, Any]) -> None:
        """Open the screen that shows what an action answers, in the place of this one unless this is the first."""
        screen = DOORS[action.id](self.desk, params)
        if self is self.desk.explorer:
            self.app.push_screen(screen)
        elif params or type(screen) is not type(self):
            self.app.switch_screen(screen)

    def visit(self, cluster: int) -> None:
        """Leave for the first screen, and open a cluster there."""
        explorer = self.desk.explorer
        if explorer is None:
            return
        while self.app.screen is not explorer:
            self.app.pop_screen()
        explorer.background("jump", explorer.opening.cluster, cluster, keys_wait=True)

    def _start(self, action: Action, params: dict[str, Any]) -> None:
        if not self.desk.jobs.start(Order(action.id, params)):
            self.say(f"{action.title} waits until the running job is over.")
        self.jobs_changed()

    def _view(self, action: Action, params: dict[str, Any]) -> None:
        try:
            result = self.session.dispatch(action.id, params)
        except Exception as error:
            self.complain(error)
        else:
            self.shown(action, result)

    async def _view_beside(self, action: Action, params: dict[str, Any]) -> None:
        self.shown(action, await self.desk.reading.go(action.id, params))

    async def _read(self, action: Action, params: dict[str, Any]) -> None:
        result = await self.desk.reading.dispatch(action.id, params)
        from screens.dialogs import ResultScreen

        self.app.push_screen(ResultScreen(action.title, result))

    def _fill(self, action: Action, known: dict[str, Any]) -> None:
        if self.barred(action):
            return
        from screens.form.screen import FormScreen

        def filled(params: dict[str, Any] | None) -> None:
            if params is not None:
                self.run(action, params)

        begun = {**self.desk.refused.get(action.id, {}), **known}
        self.app.push_screen(FormScreen(action, begun, desk=self.desk), filled)

    def background(
        self,
        group: str,
        function: Callable[..., Awaitable[None]],
        *arguments: Any,
        exclusive: bool = True,
        keys_wait: bool = False,
    ) -> None:
        """Run a coroutine function beside the keys; a newer one of the group takes its place.

        Args:
            group: Its name.
            function: What to run.
            arguments: Its arguments.
            exclusive: Whether it takes the place of an older one of the group.
            keys_wait: Whether a key that is typed meanwhile means what is there afterwards.
        """
        work: Callable[[], Coroutine[None, None, None]] = partial(self._guarded, function, *arguments)
        worker: Worker[None] = self.run_worker(work, group=group, exclusive=exclusive)
        if keys_wait:
            self.desk.typed.works(worker)

    async def _guarded(self, function: Callable[..., Awaitable[None]], *arguments: Any) -> None:
        try:
            await function(*arguments)
        except Exception as error:
            self.complain(error)
