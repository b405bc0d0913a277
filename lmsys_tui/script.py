"""Script mode, the door for agents: commands in, a line of JSON out for each; no screen, prompt or colour."""

from __future__ import annotations

import os
import sys
import traceback
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Literal, NoReturn

from core.control import Control
from core.errors import ActionError, ExitCode, exit_code
from lmsys_tui.grammar import Command, Lookup, decode, fill, parse_line, parse_object, parse_words
from lmsys_tui.output import Output
from lmsys_tui.stopping import Stop, run_stoppable

if TYPE_CHECKING:
    from core.session import Session


@dataclass(frozen=True)
class Options:
    """How a script is run; `timeout` is in seconds and counts for the whole of it."""

    dry_run: bool = False
    on_error: Literal["stop", "continue"] = "stop"
    timeout: float | None = None


def read_script(name: str, stdin: BinaryIO) -> str:
    """The text of a script file, or of standard input for `-`.

    Raises:
        ActionError: `bad_script`: the file is not there or is not UTF-8.
    """
    try:
        data = stdin.read() if name == "-" else Path(name).read_bytes()
    except OSError as error:
        raise ActionError(
            "bad_script",
            f"{name} cannot be read: {error.strerror}.",
            "Name a script file, or - for standard input.",
        ) from None
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise ActionError("bad_script", f"Line {line} is not UTF-8.", "Save the script as UTF-8.") from None


def run_script(session: Session, text: str, look_up: Lookup, output: Output, options: Options) -> ExitCode:
    """Check every line of a script, then run it.

    A script with one bad line runs nothing: each bad line is reported, and the code is `ExitCode.USAGE`.
    """
    commands: list[Command] = []
    broken = ExitCode.OK
    for seq, (number, line) in enumerate(_lines(text), 1):
        action: str | None = None
        try:
            command = parse_line(line, look_up, number)
            if command is not None:
                action = command.action
                session.check(command.action, command.params, dry_run=options.dry_run)
                commands.append(command)
        except ActionError as error:
            output.error(seq, action, error, number)
            broken = max(broken, exit_code(error.code))
    return broken or run_commands(session, commands, output, options)


def run_do(
    session: Session, words: Sequence[str], look_up: Lookup, output: Output, options: Options
) -> ExitCode:
    """Check one action, then run it: an id and `key=value` words or a JSON object, or one JSON object."""
    action: str | None = None
    try:
        command = _do_command(words, look_up)
        action = command.action
        session.check(action, command.params, dry_run=options.dry_run)
    except ActionError as error:
        output.error(1, action, error, None)
        return exit_code(error.code)
    return run_commands(session, [command], output, options)


def _do_command(words: Sequence[str], look_up: Lookup) -> Command:
    first, *rest = words
    if first.lstrip().startswith("{") and not rest:
        return parse_object(first, look_up)
    if len(rest) == 1 and rest[0].lstrip().startswith("{"):
        params = {key: fill(v, look_up) if isinstance(v, str) else v for key, v in decode(rest[0]).items()}
        return Command(first, params)
    return parse_words([fill(word, look_up) for word in words])


def _lines(text: str) -> Iterator[tuple[int, str]]:
    """Lines that hold a command, numbered from 1. Only a newline ends a line, never U+2028 in a text."""
    for number, line in enumerate(text.split("\n"), 1):
        content = line.removesuffix("\r")
        if content.strip(" \t") and not content.lstrip(" \t").startswith("#"):
            yield number, content


def run_commands(session: Session, commands: Sequence[Command], output: Output, options: Options) -> ExitCode:
    """Run commands in order and print a line for each; the code is that of the worst failure."""
    runner = _Runner(session, commands, output, options)
    return run_until_stopped(runner.run, session, output, options.timeout, runner.report) or runner.worst


def run_until_stopped(
    work: Callable[[Stop], None],
    session: Session,
    output: Output,
    timeout: float | None,
    report: Callable[[ActionError], None],
) -> ExitCode:
    """Run work in the session's store until it is done, a signal comes or time is up; then close the store.

    Args:
        work: Raises `BrokenPipeError` when nobody reads the output any more.
        session: Used by the work alone.
        output: Told what goes on.
        timeout: Seconds.
        report: Told why the work was stopped, when it did not listen.

    Returns:
        `ExitCode.FAILED` when nobody reads the output any more, else `ExitCode.OK`.
    """

    def closing(stop: Stop) -> None:
        try:
            work(stop)
        finally:
            session.close()

    def kill(stop: Stop) -> NoReturn:
        try:
            report(stop.error)
        finally:
            # What the work had not committed is rolled back when the store is next opened.
            os._exit(exit_code(stop.error.code))

    try:
        run_stoppable(closing, timeout=timeout, asked=output.note, kill=kill)
    except BrokenPipeError:
        return ExitCode.FAILED
    return ExitCode.OK


class _Runner:
    """The state of one run: where it is, and the worst code so far."""

    def __init__(
        self, session: Session, commands: Sequence[Command], output: Output, options: Options
    ) -> None:
        self.session = session
        self.commands = commands
        self.output = output
        self.options = options
        self.where = (0, Command("", {}))
        self.worst = ExitCode.OK

    def run(self, stop: Stop) -> None:
        for seq, command in enumerate(self.commands, 1):
            self.where = (seq, command)
            error = stop.error if stop.requested else self._one(stop)
            if error is None:
                continue
            self.report(error)
            self.worst = max(self.worst, exit_code(error.code))
            if stop.requested or self.options.on_error == "stop":
                return

    def report(self, error: ActionError) -> None:
        """Print the line of the command that failed."""
        seq, command = self.where
        self.output.error(seq, command.action, error, command.line)

    def _one(self, stop: Stop) -> ActionError | None:
        """Run the command and print its result; the error when it failed."""
        seq, command = self.where
        self.session.control = Control(
            lambda report: self.output.progress(command.action, report), lambda: stop.requested
        )
        try:
            result = self.session.dispatch(command.action, command.params, dry_run=self.options.dry_run)
        except ActionError as error:
            return stop.error if error.code == "cancelled" and stop.requested else error
        except Exception as error:
            self.output.traceback(traceback.format_exc())
            return bug(error)
        finally:
            self.output.finish()
        self.output.result(seq, result)
        return None


def bug(error: BaseException) -> ActionError:
    """What to report for an exception that no user can cause."""
    return ActionError(
        "bug",
        f"{type(error).__name__}: {error}",
        "This is a fault of lmsys-tui; the traceback on standard error says where.",
    )


def own_stdout() -> BinaryIO:
    """Standard output for the JSON Lines alone; what a library prints goes to standard error from now on."""
    sys.stdout.flush()
    stream = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    return stream
