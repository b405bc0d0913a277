"""The Textual application: themes, keys, and the desk that its screens share."""

from __future__ import annotations

import asyncio
import gc
import os
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path, PurePath
from typing import Any, ClassVar

from textual import events
from textual._context import active_message_pump
from textual.app import App
from textual.binding import Binding, BindingType
from textual.command import Provider
from textual.message import Message
from textual.screen import Screen
from textual.theme import BUILTIN_THEMES, Theme

import styles
from core.errors import ActionError, ExitCode
from core.session import Session
from core.sessions.journal import SessionJournal
from core.text import visible
from lmsys_tui.hangup import listen
from screens.base import Desk
from screens.explorer.screen import Explorer
from screens.faults import Faults, Guarded, cause, kind_of
from screens.jobs import Jobs
from screens.keymap import check_keymap
from screens.prompt.past import load_past
from screens.reading import Reading
from screens.starting import Start
from screens.state import load_state
from screens.typed import TypedKeys
from screens.widgets.spans import LOOK_CLASSES

JOIN_SECONDS = 5.0
"""How long leaving waits for a job to reach the end of its batch."""

MOST_PASTED = 10_000
"""Characters of a paste that are taken: no line of this program wants more, and a megabyte would stop it for seconds."""

SHORT_NAMES = {"dark": "textual-dark", "light": "textual-light", "ansi": "ansi-dark"}
"""Themes by the word that a person would try first."""

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

LIGHT = replace(BUILTIN_THEMES["textual-light"], warning="#8a4f00", accent="#8a4f00", success="#146b2c")
"""Textual's own has keys, warnings and marks in orange and green that are too pale to read on grey, more so in the cursor's line."""


def _actions() -> type[Provider]:
    from screens.prompt.palette import ActionProvider

    return ActionProvider


class LmsysApp(Guarded, App[None]):
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
        Binding("ctrl+z", "suspend_process", "To the shell", show=False),
        Binding("P,ctrl+p", "command_palette", "All actions", show=False),
    ]

    def __init__(
        self,
        session: Session,
        *,
        theme: str | None = None,
        keymap: Mapping[str, str] | None = None,
        now: Callable[[], float] = time.monotonic,
        start: Start | None = None,
    ) -> None:
        super().__init__()
        self.animation_level = "none"
        self.register_theme(HIGH_CONTRAST)
        self.register_theme(LIGHT)
        theme = SHORT_NAMES.get(theme or "", theme)
        self._chosen_theme = theme or load_state(session.folder).theme
        checked = check_keymap(keymap or {})
        if theme is not None and theme not in self.available_themes:
            names = ", ".join(sorted(self.available_themes))
            raise ActionError("bad_config", f"There is no theme {theme!r}.", f"The themes: {names}.")
        self.faults = Faults(now)
        self._begun = False
        self._told: list[BaseException] = []
        self.session = session
        self.journal = SessionJournal(session)
        self.desk = Desk(
            session=session,
            jobs=Jobs(session, self._post, now),
            typed=TypedKeys(self),
            reading=Reading(session, "reading"),
            searching=Reading(session, "searching"),
            parse_line=_parse_line,
            keymap=checked,
            history=load_past(session.folder),
            journal=self.journal,
            start=start,
        )
        self.explorer = Explorer(self.desk)

    def _post(self, message: Message) -> None:
        self.explorer.post_message(message)

    def on_mount(self) -> None:
        """Open the first screen."""
        if self._chosen_theme in self.available_themes:
            self.theme = str(self._chosen_theme)
        self.push_screen(self.explorer)
        self.explorer.call_after_refresh(self._show_begun)
        if not self.is_headless:
            listen(asyncio.get_running_loop(), self._leave)

    def _show_begun(self) -> None:
        self._begun = True
        if self.desk.start is not None:
            self.explorer.background("start", self.desk.start.open_on, self.explorer)

    async def on_event(self, event: events.Event) -> None:
        """Pass events on: keys one after the other, and of a paste only what a line can hold and no terminal obeys."""
        if not isinstance(event, events.Key | events.Paste) or event.is_forwarded:
            await super().on_event(event)
        elif not self.desk.typed.wait(event):
            if isinstance(event, events.Paste):
                event = events.Paste(visible(event.text[:MOST_PASTED]))
            await super().on_event(event)
            self.desk.typed.sent()

    def _handle_exception(self, error: Exception) -> None:
        """Show a fault in a window from which it can be copied, and go on.

        The program ends, as Textual has it, where that cannot help: before the first paint, in a loop of faults, and where
        the fault has stopped a screen for good.
        """
        found = cause(error)
        pump = active_message_pump.get(None)
        stopped = isinstance(pump, Screen) and not isinstance(pump, Guarded)
        shown = {kind_of(one) for one in self._told}
        if not self.faults.bearable(found) or not self._begun or stopped:
            super()._handle_exception(error)
        elif kind_of(found) not in shown:
            self._told.append(found)
            self.call_later(self._tell_fault, found)

    def _tell_fault(self, error: BaseException) -> None:
        from screens.dialogs import error_screen

        def closed(_: None) -> None:
            self._told.remove(error)

        self.push_screen(error_screen(error), closed)

    def _leave(self, code: int) -> None:
        self._close()
        self.exit(return_code=code)

    async def action_quit(self) -> None:
        """Ask the running job to stop, and leave."""
        self._close()
        self.exit()

    def _close(self) -> None:
        self.desk.jobs.stop()
        self.desk.reading.close()
        self.desk.searching.close()
        if self._begun:
            self.explorer.save_state()


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
    session: Session,
    *,
    mouse: bool = True,
    theme: str | None = None,
    keymap: Mapping[str, str] | None = None,
    start: Start | None = None,
) -> int:
    """Show the Explorer until the user leaves; the exit code, 1 after a crash.

    Raises:
        ActionError: `bad_config` for an unknown theme or a keymap that clashes.
    """
    app = LmsysApp(session, theme=theme, keymap=keymap, start=start)
    # What is loaded by now stays: to look through it for garbage again and again would keep keys waiting.
    gc.freeze()
    if sys.stdout.isatty() and not sys.stderr.isatty():
        # Textual draws on standard error; a file that takes the messages must not take the picture too.
        sys.__stderr__ = sys.__stdout__  # type: ignore[misc]
    app.run(mouse=wants_mouse(mouse, os.environ))
    # A tab of a browser that was closed has left without the key that asks for this.
    app.desk.jobs.stop()
    code = app.return_code or ExitCode.OK
    if not app.desk.jobs.join(JOIN_SECONDS):
        # The job is inside native code that cannot be interrupted; what it committed is safe.
        session.close()
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)
    app.journal.close()
    return int(code)
