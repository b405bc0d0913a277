"""The Textual application: themes, keys, and the desk that its screens share."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path, PurePath
from typing import Any, ClassVar

from textual.app import App
from textual.binding import Binding, BindingType
from textual.command import Provider
from textual.message import Message
from textual.theme import Theme

import styles
from core.errors import ActionError, ExitCode
from core.session import Session
from screens.base import Desk
from screens.explorer import Explorer
from screens.jobs import Jobs
from screens.keys import check_keymap
from screens.reading import Reading
from screens.state import load_state
from screens.widgets.spans import LOOK_CLASSES

JOIN_SECONDS = 5.0
"""How long leaving waits for a job to reach the end of its batch."""

HIGH_CONTRAST = Theme(
    name="high-contrast",
    primary="#ffff00",
    secondary="#00ffff",
    accent="#ffff00",
    warning="#ffaf00",
    error="#ff5f5f",
    success="#5fff5f",
    foreground="#ffffff",
    background="#000000",
    surface="#000000",
    panel="#1c1c1c",
    dark=True,
)
"""White on black, for eyes and projectors that need it."""


def _actions() -> type[Provider]:
    from screens.palette import ActionProvider

    return ActionProvider


class LmsysApp(App[None]):
    """The screens of one session.

    Args:
        session: Where the user is.
        theme: A theme's name; the default is the one used last.
        keymap: Keys by action id.
        now: Seconds of a clock that never goes back.
    """

    TITLE = "lmsys-tui"
    CSS_PATH: ClassVar[list[str | PurePath]] = [*sorted(Path(styles.__file__).parent.glob("*.tcss"))]
    COMPONENT_CLASSES: ClassVar[set[str]] = set(LOOK_CLASSES)
    COMMANDS: ClassVar[set[Any]] = {_actions}
    ENABLE_COMMAND_PALETTE = True
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+q", "quit", "Quit", show=False, priority=True),
        Binding("P", "command_palette", "All actions", show=False),
    ]

    def __init__(
        self,
        session: Session,
        *,
        theme: str | None = None,
        keymap: Mapping[str, str] | None = None,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        super().__init__()
        self.animation_level = "none"
        self.register_theme(HIGH_CONTRAST)
        self._chosen_theme = theme or load_state(session.folder).theme
        checked = check_keymap(keymap or {})
        if theme is not None and theme not in self.available_themes:
            names = ", ".join(sorted(self.available_themes))
            raise ActionError("bad_config", f"There is no theme {theme!r}.", f"The themes: {names}.")
        self.session = session
        self.desk = Desk(
            session=session,
            jobs=Jobs(session, self._post, now),
            reading=Reading(session, "reading"),
            searching=Reading(session, "searching"),
            parse_line=_parse_line,
            keymap=checked,
            history=[],
        )
        self.explorer = Explorer(self.desk)
        if checked:
            self.set_keymap(checked)

    def _post(self, message: Message) -> None:
        self.explorer.post_message(message)

    def on_mount(self) -> None:
        """Open the first screen."""
        if self._chosen_theme in self.available_themes:
            self.theme = str(self._chosen_theme)
        self.push_screen(self.explorer)

    async def action_quit(self) -> None:
        """Ask the running job to stop, and leave."""
        self.desk.jobs.stop()
        self.desk.reading.close()
        self.desk.searching.close()
        self.explorer.save_state()
        self.exit()


def _parse_line(line: str) -> tuple[str, dict[str, Any]]:
    from lmsys_tui.grammar import parse_line, strict

    command = parse_line(line, strict({}))
    if command is None:
        raise ActionError("bad_script", "The line is empty.", "Type an action: data.status")
    return command.action, command.params


def wants_mouse(mouse: bool, environment: Mapping[str, str]) -> bool:
    """Whether to ask the terminal for the mouse: not where a multiplexer over SSH mangles its reports."""
    remote = "SSH_CONNECTION" in environment or "SSH_TTY" in environment
    return mouse and not ("TMUX" in environment and remote)


def run_app(
    session: Session, *, mouse: bool = True, theme: str | None = None, keymap: Mapping[str, str] | None = None
) -> int:
    """Show the Explorer until the user leaves; the exit code, 1 after a crash.

    Raises:
        ActionError: `bad_config` for an unknown theme or a keymap that clashes.
    """
    app = LmsysApp(session, theme=theme, keymap=keymap)
    app.run(mouse=wants_mouse(mouse, os.environ))
    code = app.return_code or ExitCode.OK
    if not app.desk.jobs.join(JOIN_SECONDS):
        # The job is inside native code that cannot be interrupted; what it committed is safe.
        session.close()
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)
    return int(code)
