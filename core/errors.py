"""Errors a user can cause, and the exit code of each: one table.

Anything that is not an `ActionError` or a `db.StoreError` is a bug and is shown with its traceback.
"""

from __future__ import annotations

from enum import IntEnum


class ExitCode(IntEnum):
    """What the process says to the shell."""

    OK = 0
    FAILED = 1
    """An action failed on a value: unknown run, k=0, a broken file."""
    USAGE = 2
    """A bad script, an unknown action, an ill-formed parameter, or no terminal."""
    STORE = 3
    """The store is missing, locked, of another version, read-only or out of space."""
    TIMEOUT = 4
    INTERRUPTED = 130


EXIT_BY_CODE: dict[str, ExitCode] = {
    "bad_usage": ExitCode.USAGE,
    "bad_script": ExitCode.USAGE,
    "bad_parameter": ExitCode.USAGE,
    "unknown_action": ExitCode.USAGE,
    "unknown_parameter": ExitCode.USAGE,
    "missing_parameter": ExitCode.USAGE,
    "bad_config": ExitCode.USAGE,
    "needs_yes": ExitCode.USAGE,
    "no_tty": ExitCode.USAGE,
    "not_allowed": ExitCode.USAGE,
    "no_dry_run": ExitCode.USAGE,
    "store_missing": ExitCode.STORE,
    "store_locked": ExitCode.STORE,
    "store_version": ExitCode.STORE,
    "store_read_only": ExitCode.STORE,
    "store_full": ExitCode.STORE,
    "store_io": ExitCode.STORE,
    "store_damaged": ExitCode.STORE,
    "timeout": ExitCode.TIMEOUT,
    "cancelled": ExitCode.INTERRUPTED,
}
"""Codes that do not exit with `ExitCode.FAILED`."""


def exit_code(code: str) -> ExitCode:
    """The exit code for an error's `code`; 1 for every code that the table does not name."""
    return EXIT_BY_CODE.get(code, ExitCode.FAILED)


class ActionError(Exception):
    """A failure with a name that scripts can test, a message for people and a hint what to do.

    Args:
        code: A short snake_case name, stable between versions.
        message: One sentence that says what is wrong, with the offending value.
        hint: What to do about it; may be empty.
        did_you_mean: Close matches to what was typed.
    """

    def __init__(self, code: str, message: str, hint: str = "", did_you_mean: tuple[str, ...] = ()) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.hint = hint
        self.did_you_mean = did_you_mean

    def __str__(self) -> str:
        return f"{self.message} {self.hint}".strip()


class Cancelled(ActionError):
    """A job was stopped by the user; what it had finished is kept."""

    def __init__(self, message: str = "Stopped.", hint: str = "") -> None:
        super().__init__("cancelled", message, hint)
