"""How a screen says what happened: a message that goes away by itself, or a window that can be read and copied."""

from __future__ import annotations

from textual.screen import Screen

from core.errors import ActionError
from core.text import one_line
from screens.faults import Guarded

SHORT = 120
"""An error of so many characters at most is said in a message."""


class Telling(Guarded, Screen[None]):
    """A screen that can say things."""

    def say(self, message: str, severity: str = "information", seconds: float = 4.0) -> None:
        """A short message that goes away by itself; it takes the place of the one before, unless that was a warning."""
        for note in tuple(self.app._notifications):
            if note.severity == "information":
                self.app._unnotify(note, refresh=False)
        level = "warning" if severity == "warning" else "error" if severity == "error" else "information"
        self.app.notify(one_line(message, 300), severity=level, markup=False, timeout=seconds)  # type: ignore[arg-type]

    def complain(self, error: BaseException) -> None:
        """An error: short ones as a message, others in a dialog from which they can be copied."""
        if isinstance(error, ActionError) and error.code == "cancelled":
            self.say("Stopped. What was finished is kept.", "warning")
        elif isinstance(error, ActionError) and len(str(error)) <= SHORT and not error.did_you_mean:
            self.say(str(error), "error")
        else:
            self.explain(error)

    def explain(self, error: BaseException) -> None:
        """An error in a dialog: message, hint and code. A fault of this program is the application's to tell."""
        from screens.dialogs import error_screen, is_told

        if is_told(error) or not isinstance(error, Exception):
            self.app.push_screen(error_screen(error))
        else:
            self.app._handle_exception(error)
