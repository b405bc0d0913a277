"""The command line: which door, with which options. Imports what that door needs, and nothing else."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from core.errors import ActionError, ExitCode, exit_code
from core.paths import user_path
from lmsys_tui.options import Arguments, parse_arguments

if TYPE_CHECKING:
    from core.config import Config
    from core.session import Session
    from screens.starting import Start

WORKSPACE_VARIABLE = "LMSYS_TUI_WORKSPACE"

WEB_DRIVER = "textual.drivers.web_driver:WebDriver"
"""Textual's driver for a browser, which `serve` gives to the process of each tab: it needs no terminal."""


def main(argv: Sequence[str]) -> int:
    """Run the program on its arguments; the exit code."""
    _fill_streams()
    try:
        return _main(argv)
    except BrokenPipeError as error:
        from lmsys_tui.output import OutputLostError, silence

        silence(sys.stdout.buffer)
        return ExitCode.FAILED if isinstance(error, OutputLostError) else ExitCode.OK
    except KeyboardInterrupt:
        return ExitCode.INTERRUPTED


def _fill_streams() -> None:
    """Open standard streams that the caller closed on nothing: a file opened later would get their number."""
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        if getattr(sys, name) is None:
            nowhere = os.open(os.devnull, os.O_RDWR)
            if nowhere != number:
                os.dup2(nowhere, number)
                os.close(nowhere)
            setattr(sys, name, os.fdopen(number, "w" if number else "r", encoding="utf-8", closefd=False))


def _main(argv: Sequence[str]) -> int:
    try:
        arguments = parse_arguments(argv)
    except ActionError as error:
        headless = "do" in argv[:1] or any(word.split("=")[0] == "--script" for word in argv)
        return _refused(error, sys.stdout.buffer if headless else None)
    doors = {
        "help": _help, "version": _version, "actions": _actions, "do": _headless, "script": _headless,
        "demo": _demo, "explore": _explore, "serve": _serve,
    }  # fmt: skip
    try:
        return doors[arguments.door](arguments)
    except ActionError as error:
        return _refused(error, None)


def _refused(error: ActionError, stdout: BinaryIO | None) -> ExitCode:
    """Say why nothing was started; as a line of JSON too where one is awaited."""
    from lmsys_tui.output import Output

    output = Output(stdout or sys.stdout.buffer, sys.stderr)
    if stdout is None:
        output.explain(error, "lmsys-tui: ")
    else:
        output.error(0, None, error, None)
    return exit_code(error.code)


def _print(text: str) -> ExitCode:
    from lmsys_tui.output import Output

    Output(sys.stdout.buffer, sys.stderr).text(text)
    return ExitCode.OK


def _help(arguments: Arguments) -> ExitCode:
    from lmsys_tui.options import help_text

    if arguments.words:
        from core.registry import REGISTRY
        from lmsys_tui.reference import action_help

        return _print(action_help(REGISTRY.get(arguments.words[0])))
    return _print(help_text())


def _version(_: Arguments) -> ExitCode:
    from lmsys_tui import __version__

    return _print(f"lmsys-tui {__version__}\n")


def _actions(arguments: Arguments) -> ExitCode:
    from core.registry import REGISTRY

    actions = REGISTRY.load().values()
    if arguments.markdown:
        from lmsys_tui.reference import reference

        return _print(reference(actions))
    from core.actions.app import detail
    from lmsys_tui.output import json_line

    return _print("".join(json_line(detail(act)) + "\n" for act in actions))


def _headless(arguments: Arguments) -> ExitCode:
    from lmsys_tui.grammar import lenient, strict
    from lmsys_tui.output import Output
    from lmsys_tui.script import Options, own_stdout, read_script, run_do, run_script

    output = Output(own_stdout(), sys.stderr)
    options = Options(arguments.dry_run, arguments.on_error, arguments.timeout)
    try:
        config = _config(arguments)
        session = _session(arguments, config, _workspace(arguments, config))
        if arguments.door == "do":
            return run_do(session, arguments.words, lenient(arguments.names), output, options)
        text = read_script(arguments.script or "-", sys.stdin.buffer)
        return run_script(session, text, strict(arguments.names), output, options)
    except ActionError as error:
        output.error(0, None, error, None)
        return exit_code(error.code)


def _demo(arguments: Arguments) -> int:
    from lmsys_tui.demo import make_demo, print_tree
    from lmsys_tui.output import Output

    config = _config(arguments)
    folder = _workspace(arguments, config)
    if arguments.workspace is None and WORKSPACE_VARIABLE not in os.environ:
        folder = folder.with_name(folder.name + "-demo")
    session = _session(arguments, config, folder)
    output = Output(sys.stdout.buffer, sys.stderr)
    output.note(f"Demo workspace: {folder}")
    code = make_demo(session, output, arguments.timeout)
    if code is not ExitCode.OK:
        return code
    if _no_terminal() is None:
        return _show(session, arguments, config)
    code = print_tree(session, output, arguments.timeout)
    output.note(f"To walk it, in a terminal: lmsys-tui --workspace {folder}")
    return code


def _explore(arguments: Arguments) -> int:
    refusal = _no_terminal()
    if refusal is not None:
        raise refusal
    config = _config(arguments)
    session = _session(arguments, config, _workspace(arguments, config))
    if arguments.open is None:
        return _show(session, arguments, config)
    from lmsys_tui.opening import run_opening

    code, start = run_opening(session, arguments.open, arguments.names, arguments.timeout)
    return code or _show(session, arguments, config, start)


def _serve(arguments: Arguments) -> int:
    from lmsys_tui.serve import serve

    config = _config(arguments)
    folder = _workspace(arguments, config)
    session = _session(arguments, config, folder)
    _opened(session)
    session.close()
    return serve(arguments, folder)


def _show(session: Session, arguments: Arguments, config: Config, start: Start | None = None) -> int:
    """Open the Explorer."""
    _opened(session)
    from lmsys_tui.app import run_app

    try:
        return run_app(
            session,
            theme=arguments.theme or config.theme,
            keymap=config.keymap,
            mouse=not arguments.no_mouse,
            start=start,
        )
    except ActionError as error:
        if error.code != "bad_config" or config.path is None or arguments.theme is not None:
            raise
        raise ActionError(
            error.code, f"{config.path}: {error.message}", error.hint, error.did_you_mean
        ) from None
    finally:
        session.close()


def _opened(session: Session) -> None:
    """Open the store, or make it."""
    from db.errors import StoreError

    try:
        session.open(create=True)
    except StoreError as error:
        raise ActionError(error.code, error.message, error.hint) from error


def _no_terminal() -> ActionError | None:
    """Why a screen cannot be drawn here. Asked first: without a terminal a screen would wait for ever."""
    hint = "Without a terminal: lmsys-tui --script FILE, or lmsys-tui do ACTION key=value."
    if os.environ.get("TEXTUAL_DRIVER") == WEB_DRIVER:
        return None
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        return ActionError("no_tty", "Standard input and output are not a terminal.", hint)
    if os.environ.get("TERM") == "dumb":
        return ActionError("no_tty", "TERM=dumb: this terminal cannot draw a screen.", hint)
    return None


def _config(arguments: Arguments) -> Config:
    from core.config import load_config

    return load_config(arguments.config)


def _workspace(arguments: Arguments, config: Config) -> Path:
    """The workspace's folder: the option, else the variable, else the settings, else the platform's."""
    from core.config import default_workspace

    if arguments.workspace is not None:
        return arguments.workspace
    if named := os.environ.get(WORKSPACE_VARIABLE):
        return user_path(named)
    return config.workspace or default_workspace()


def _session(arguments: Arguments, config: Config, folder: Path) -> Session:
    from core.session import Session, system_clock

    fixed = arguments.clock
    return Session(
        folder,
        clock=system_clock if fixed is None else lambda: fixed,
        actor=arguments.actor,
        read_only=arguments.read_only,
        prices=config.prices,
    )
