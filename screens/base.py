"""The screen that all screens are: its keys, and what it may fill in."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar

from textual.binding import Binding, BindingType

from core.errors import ActionError
from core.registry import REGISTRY, Action
from core.session import Result, Session
from core.sessions.journal import SessionJournal
from screens.doors import DOORS
from screens.jobs import Jobs
from screens.keymap import rebound
from screens.keys import door_bindings
from screens.reading import Reading
from screens.running import Running
from screens.typed import TypedKeys

if TYPE_CHECKING:
    from screens.explorer.screen import Explorer
    from screens.starting import Start

ParseLine = Callable[[str], tuple[str, dict[str, Any]]]
"""Reads a line of script: the action's id and its parameters."""


@dataclass
class Desk:
    """What the screens of one session share."""

    session: Session
    jobs: Jobs
    typed: TypedKeys
    reading: Reading
    searching: Reading
    parse_line: ParseLine
    keymap: dict[str, str]
    history: list[str]
    journal: SessionJournal
    start: Start | None = None
    """Where to begin, when not where the person was last."""
    refused: dict[str, dict[str, Any]] = field(default_factory=dict)
    """By action what it was last tried with, where that failed: its form begins with it."""
    explorer: Explorer | None = None
    """The first screen, to which all others lead back."""


class ActionScreen(Running):
    """A screen whose keys, palette and prompt run actions of the table."""

    AUTO_FOCUS = ""
    HELP = ""
    """The area of the help that tells of this screen: it comes first in it."""
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("colon", "prompt", "Action", show=False),
        Binding("question_mark,f1", "help", "Help", show=False),
        Binding("P,ctrl+p", "app.command_palette", "All actions", show=False),
        Binding("T", "theme", "Colours", show=False),
        Binding("y", "copy", "Copy", show=False),
        Binding("W", "write_copy", "Write to a file", show=False),
        Binding("Y", "copy_script", "Copy as script", show=False),
        Binding("q", "app.quit", "Quit", show=False),
        Binding("ctrl+c", "stop_job", "Stop the job", show=False),
        Binding("escape,backspace", "back", "Back", show=False),
        *door_bindings(),
    ]

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        if desk.keymap:
            self._bindings = rebound(self._bindings, desk.keymap, self.takes)

    @classmethod
    def takes(cls, action: Action) -> bool:
        """Whether a key of the action counts here: it opens a screen, from whichever screen."""
        return action.id in DOORS and action.id not in cls.OWN

    OWN: ClassVar[frozenset[str]] = frozenset()
    """Doors whose keys this screen takes: it has a place of its own for what they show."""

    # What the screens fill in.

    def shown(self, action: Action, result: Result) -> None:
        """A `view` action was run here: a conversation opens above this screen, everything else in the first."""
        explorer = self.desk.explorer
        if action.id == "query.open":
            from screens.conversation.screen import ConversationScreen

            self.app.push_screen(ConversationScreen(self.desk, None, result.data))
        elif explorer is not None and self is not explorer:
            while self.app.screen is not explorer:
                self.app.pop_screen()
            explorer.shown(action, result)

    def applies(self, action: Action) -> bool:  # noqa: ARG002
        """Whether the action has something to work on where the cursor is."""
        return True

    def intercept(self, action: Action) -> bool:  # noqa: ARG002
        """Do the action in the screen's own way; false: in the usual way."""
        return False

    def edited(self) -> None:
        """The edit that was asked for on this screen is done."""

    def store_changed(self) -> None:
        """Somebody edited: read again what is shown."""

    def copy_text(self) -> str:
        """What `y` copies."""
        return ""

    def copy_name(self) -> str:
        """What that is, in a word, for the name of the file that `W` writes."""
        return "copy"

    # Running actions.

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Keys of actions count only where they have something to work on."""
        if action == "do" and parameters:
            return self.applies(REGISTRY.get(str(parameters[0])))
        return True

    def action_do(self, action_id: str) -> None:
        """Run an action with what the cursor points at, after asking for what is missing."""
        action = REGISTRY.get(action_id)
        if action_id in DOORS and action_id not in self.OWN:
            self.enter(action, {})
        elif not self.intercept(action):
            self.perform(action)

    def action_prompt(self) -> None:
        """Open the line in which any action is typed."""
        from screens.prompt.line import PromptScreen

        def typed(line: str | None) -> None:
            if line:
                self.run_line(line)

        self.app.push_screen(PromptScreen(self.desk), typed)

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

    # Chrome.

    def action_help(self) -> None:
        """Show keys and actions."""
        from screens.help import HelpScreen

        self.app.push_screen(HelpScreen(self.desk.keymap, self.HELP))

    def action_theme(self) -> None:
        """The next of the themes."""
        names = list(self.app.available_themes)
        chosen = [name for name in THEMES if name in names]
        here = chosen.index(self.app.theme) if self.app.theme in chosen else -1
        self.app.theme = chosen[(here + 1) % len(chosen)]
        self.say(f"Colours: {self.app.theme}")

    def action_copy(self) -> None:
        """Copy to the terminal's clipboard (OSC 52)."""
        self.copy(self.copy_text())

    def copy(self, text: str) -> None:
        """Copy a text, and say so."""
        from screens.copying import copy

        try:
            self.say(copy(self.app, text))
        except ActionError as error:
            self.say(str(error), "warning")

    def action_write_copy(self) -> None:
        """Write what would be copied to a file in the workspace."""
        from screens.copying import write

        try:
            path = write(self.session, self.copy_text(), self.copy_name())
        except ActionError as error:
            self.say(str(error), "warning")
        else:
            self.say(f"Written: {path}", seconds=8.0)

    def action_copy_script(self) -> None:
        """Copy the lines of script that do again what was done last."""
        from core.sessions.lines import script_line
        from screens.copying import copy

        journal = self.desk.journal
        try:
            lines = [script_line(step) for step in journal.recent[-1]] if journal.recent else []
            copy(self.app, "\n".join(lines))
        except ActionError:
            self.say("Nothing was done yet that a script could do again.", "warning")
        else:
            self.say(f"Copied: {'; '.join(lines)} {journal.problem}".rstrip(), seconds=8.0)

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
