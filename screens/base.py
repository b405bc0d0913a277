"""The screen that all screens are: it runs actions, asks for what they need, and shows what went wrong."""

from __future__ import annotations

import traceback
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass
from functools import partial
from typing import Any, ClassVar

from textual.binding import Binding, BindingType
from textual.screen import Screen
from textual.worker import Worker

from core.errors import ActionError
from core.registry import REGISTRY, Action
from core.session import Result, Session
from core.text import one_line
from screens.jobs import Jobs, Order
from screens.reading import Reading

ParseLine = Callable[[str], tuple[str, dict[str, Any]]]
"""Reads a line of script: the action's id and its parameters."""


@dataclass
class Desk:
    """What the screens of one session share."""

    session: Session
    jobs: Jobs
    reading: Reading
    searching: Reading
    parse_line: ParseLine
    keymap: dict[str, str]
    history: list[str]


class ActionScreen(Screen[None]):
    """A screen whose keys, palette and prompt run actions of the table."""

    AUTO_FOCUS = ""
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("colon", "prompt", "Action", show=False),
        Binding("question_mark,f1", "help", "Help", show=False),
        Binding("P", "app.command_palette", "All actions", show=False),
        Binding("T", "theme", "Colours", show=False),
        Binding("y", "copy", "Copy", show=False),
        Binding("q", "app.quit", "Quit", show=False),
        Binding("ctrl+c", "stop_job", "Stop the job", show=False),
        Binding("escape,backspace", "back", "Back", show=False),
    ]

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self.desk = desk
        self.session = desk.session

    # What the screens fill in.

    def offers(self) -> dict[str, Any]:
        """Values that the cursor points at, by parameter name."""
        return {}

    def applies(self, action: Action) -> bool:  # noqa: ARG002
        """Whether the action has something to work on where the cursor is."""
        return True

    def intercept(self, action: Action) -> bool:  # noqa: ARG002
        """Do the action in the screen's own way; false: in the usual way."""
        return False

    def shown(self, action: Action, result: Result) -> None:
        """A `view` action changed where the user is."""

    def edited(self) -> None:
        """The edit that was asked for on this screen is done."""

    def store_changed(self) -> None:
        """Somebody edited: read again what is shown."""

    def copy_text(self) -> str:
        """What `y` copies."""
        return ""

    # Running actions.

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Keys of actions count only where they have something to work on."""
        if action == "do" and parameters:
            return self.applies(REGISTRY.get(str(parameters[0])))
        return True

    def action_do(self, action_id: str) -> None:
        """Run an action with what the cursor points at, after asking for what is missing."""
        action = REGISTRY.get(action_id)
        if not self.intercept(action):
            self.perform(action)

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
        if action.effect == "destroy" and not params.get("yes"):
            from screens.dialogs import ConfirmScreen

            named = ", ".join(f"{k}={v}" for k, v in params.items() if k != "yes")
            question = f"{action.title}: {one_line(named)}?"

            def confirmed(yes: bool | None) -> None:
                if yes:
                    self.run(action, {**params, "yes": True})

            self.app.push_screen(ConfirmScreen(question, action.doc), confirmed)
        elif action.effect == "read":
            self.background("shown", self._read, action, params)
        elif action.effect == "view":
            self._view(action, params)
        else:
            self._start(action, params)

    def _start(self, action: Action, params: dict[str, Any]) -> None:
        if self.session.read_only:
            self.complain(
                ActionError("not_allowed", f"{action.id} changes something; this session is read-only.")
            )
        elif not self.desk.jobs.start(Order(action.id, params)):
            self.say(f"{action.title} waits until the running job is over.")
        self.jobs_changed()

    def jobs_changed(self) -> None:
        """A job was started."""

    def _view(self, action: Action, params: dict[str, Any]) -> None:
        try:
            result = self.session.dispatch(action.id, params)
        except Exception as error:
            self.complain(error)
        else:
            self.shown(action, result)

    async def _read(self, action: Action, params: dict[str, Any]) -> None:
        result = await self.desk.reading.dispatch(action.id, params)
        from screens.dialogs import ResultScreen

        self.app.push_screen(ResultScreen(action.title, result))

    def _fill(self, action: Action, known: dict[str, Any]) -> None:
        from screens.form import FormScreen

        def filled(params: dict[str, Any] | None) -> None:
            if params is not None:
                self.run(action, params)

        self.app.push_screen(FormScreen(action, known), filled)

    def background(
        self, group: str, function: Callable[..., Awaitable[None]], *arguments: Any, exclusive: bool = True
    ) -> None:
        """Run a coroutine function beside the keys; a newer one of the group takes its place."""
        work: Callable[[], Coroutine[None, None, None]] = partial(self._guarded, function, *arguments)
        _: Worker[None] = self.run_worker(work, group=group, exclusive=exclusive)

    async def _guarded(self, function: Callable[..., Awaitable[None]], *arguments: Any) -> None:
        try:
            await function(*arguments)
        except Exception as error:
            self.complain(error)

    # Saying things.

    def say(self, message: str, severity: str = "information", seconds: float = 4.0) -> None:
        """A short message that goes away by itself."""
        level = "warning" if severity == "warning" else "error" if severity == "error" else "information"
        self.app.notify(one_line(message, 300), severity=level, markup=False, timeout=seconds)  # type: ignore[arg-type]

    def complain(self, error: BaseException) -> None:
        """An error: short ones as a message, others in a dialog from which they can be copied."""
        if isinstance(error, ActionError) and error.code == "cancelled":
            self.say("Stopped. What was finished is kept.", "warning")
        elif isinstance(error, ActionError) and len(str(error)) <= 120 and not error.did_you_mean:
            self.say(str(error), "error")
        else:
            self.explain(error)

    def explain(self, error: BaseException) -> None:
        """An error in a dialog: message, hint and code, or the traceback of a fault of this program."""
        from screens.dialogs import ErrorScreen

        code, message, hint = (getattr(error, name, "") for name in ("code", "message", "hint"))
        if isinstance(error, ActionError) or (code and message):
            also = getattr(error, "did_you_mean", ())
            if also:
                hint = f"{hint} Did you mean {' or '.join(also)}?".strip()
            self.app.push_screen(ErrorScreen("It did not work", message, hint, code))
        else:
            trace = "".join(traceback.format_exception(error))
            self.app.push_screen(
                ErrorScreen(
                    "A fault in lmsys-tui",
                    f"{type(error).__name__}: {error}",
                    "Please report it with this text.",
                    "",
                    trace,
                )
            )

    # Chrome.

    def action_prompt(self) -> None:
        """Open the line in which any action is typed."""
        from screens.prompt import PromptScreen

        def typed(line: str | None) -> None:
            if line:
                self.run_line(line)

        self.app.push_screen(PromptScreen(self.session, self.desk.history), typed)

    def run_line(self, line: str) -> None:
        """Run a line as a script would."""
        try:
            action_id, params = self.desk.parse_line(line)
            action = REGISTRY.get(action_id)
            action.validate({k: v for k, v in params.items() if not str(v).startswith("@")})
        except ActionError as error:
            self.explain(error)
        else:
            self.run(action, params)

    def action_help(self) -> None:
        """Show keys and actions."""
        from screens.help import HelpScreen

        self.app.push_screen(HelpScreen(self.desk.keymap))

    def action_theme(self) -> None:
        """The next of the themes."""
        names = list(self.app.available_themes)
        chosen = [name for name in THEMES if name in names]
        here = chosen.index(self.app.theme) if self.app.theme in chosen else -1
        self.app.theme = chosen[(here + 1) % len(chosen)]
        self.say(f"Colours: {self.app.theme}")

    def action_copy(self) -> None:
        """Copy to the terminal's clipboard (OSC 52)."""
        from core.text import visible

        text = visible(self.copy_text())
        if text:
            self.app.copy_to_clipboard(text)
            self.say(f"Copied {len(text):,} characters (needs a terminal that allows it).")
        else:
            self.say("There is nothing to copy here.", "warning")

    def action_stop_job(self) -> None:
        """Ask the running job to stop."""
        if self.desk.jobs.running is not None:
            self.desk.jobs.stop()
            self.jobs_changed()
        else:
            self.say("q leaves the program.")

    def action_back(self) -> None:
        """Back to where this screen was opened."""
        self.app.pop_screen()


THEMES = (
    "textual-dark",
    "textual-light",
    "high-contrast",
    "ansi-dark",
    "ansi-light",
    "nord",
    "gruvbox",
    "solarized-light",
)
"""The themes that `T` goes through."""
