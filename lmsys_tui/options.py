"""The options of the command line; each may stand before or after the words."""

from __future__ import annotations

import argparse
import difflib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal, NoReturn

from core.errors import ActionError
from core.paths import user_path
from lmsys_tui.grammar import NAME

Door = Literal["help", "version", "actions", "do", "script", "demo", "explore", "serve"]

_USAGE = """lmsys-tui [options]                       open the Explorer
       lmsys-tui --open FILE [options]           run a script, then open the Explorer where it ends
       lmsys-tui serve [options]                 the Explorer in a browser on this machine
       lmsys-tui demo [options]                  the whole pipeline on the bundled sample, then the Explorer
       lmsys-tui do ACTION key=value... [options]
       lmsys-tui --script FILE [options]         FILE - is standard input
       lmsys-tui --actions [--markdown]"""

_EPILOG = """exit codes:
  0 done   1 an action failed   2 bad script, usage, or no terminal
  3 store missing, locked, of another version, read-only or full   4 --timeout   130 interrupted

examples:
  lmsys-tui do data.load source=chats.jsonl
  lmsys-tui do run.kmeans --help
  lmsys-tui --script steps.txt --set FILE=chats.jsonl --workspace ./study
"""

_HEADLESS = {"names": "--set", "on_error": "--on-error", "dry_run": "--dry-run", "timeout": "--timeout"}
_SERVING = {"port": "--port", "host": "--host"}


@dataclass(frozen=True)
class Arguments:
    """The command line, understood. `words` are those after `do`; `clock` is UTC ISO 8601 with `Z`."""

    door: Door
    words: tuple[str, ...] = ()
    script: str | None = None
    open: str | None = None
    port: int | None = None
    host: str | None = None
    markdown: bool = False
    workspace: Path | None = None
    config: Path | None = None
    actor: str | None = None
    read_only: bool = False
    clock: str | None = None
    names: Mapping[str, str] = field(default_factory=dict)
    on_error: Literal["stop", "continue"] = "stop"
    dry_run: bool = False
    timeout: float | None = None
    no_mouse: bool = False
    theme: str | None = None


def parse_arguments(argv: Sequence[str]) -> Arguments:
    """The arguments of a command line, without the program's name.

    Raises:
        ActionError: `bad_usage`.
    """
    parser = _parser()
    found = parser.parse_intermixed_args(argv)
    door, words = _door(found)
    if found.markdown and door != "actions":
        raise ActionError("bad_usage", "--markdown goes with --actions.", "lmsys-tui --actions --markdown")
    _check_together(found, door)
    return Arguments(
        door=door,
        words=words,
        script=found.script,
        open=found.open,
        port=found.port,
        host=found.host,
        markdown=found.markdown,
        workspace=found.workspace,
        config=found.config,
        actor=found.actor,
        read_only=found.read_only,
        clock=found.clock,
        names=dict(found.names or []),
        on_error=found.on_error or "stop",
        dry_run=found.dry_run,
        timeout=found.timeout,
        no_mouse=found.no_mouse,
        theme=found.theme,
    )


def _check_together(found: argparse.Namespace, door: Door) -> None:
    """Raise `bad_usage` for options of another door."""
    if found.open is not None and door not in ("explore", "demo", "serve"):
        raise ActionError("bad_usage", "--open opens the Explorer.", "Leave the other one out.")
    if found.open is not None and door != "explore":
        raise ActionError("bad_usage", f"--open does not go with {door}.", "lmsys-tui --open FILE")
    if found.open == "-":
        raise ActionError(
            "bad_usage", "--open needs a file: standard input is the keyboard.", "Save it first."
        )
    if door in ("explore", "demo", "serve"):
        allowed = {"demo": ("timeout",), "explore": ("names", "timeout") if found.open is not None else ()}
        for name, option in _HEADLESS.items():
            if getattr(found, name) not in (None, False, []) and name not in allowed.get(door, ()):
                raise ActionError("bad_usage", f"{option} goes with do and --script.", "lmsys-tui --help")
    for name, option in _SERVING.items():
        if getattr(found, name) is not None and door != "serve":
            raise ActionError("bad_usage", f"{option} goes with serve.", "lmsys-tui serve")


def help_text() -> str:
    """What `--help` prints."""
    return _parser().format_help()


def _door(found: argparse.Namespace) -> tuple[Door, tuple[str, ...]]:
    word, *rest = found.words or [""]
    if found.help:
        return "help", tuple(rest[:1]) if word == "do" else ()
    if found.version:
        return "version", ()
    if found.actions:
        return "actions", ()
    if found.script is not None:
        if word:
            raise ActionError("bad_usage", f"{word!r} does not go with --script.", "Leave one of them out.")
        return "script", ()
    if word == "do":
        if not rest:
            raise ActionError("bad_usage", "do needs an action.", "lmsys-tui do data.status")
        return "do", tuple(rest)
    if word in ("demo", "serve") and rest:
        raise ActionError(
            "bad_usage", f"{word} takes no {rest[0]!r}.", f"lmsys-tui {word} --workspace FOLDER"
        )
    if word == "serve":
        return "serve", ()
    if word in ("demo", ""):
        return ("demo" if word else "explore"), ()
    hint = f"An action is run by: lmsys-tui do {word}" if "." in word else "lmsys-tui --help"
    close = tuple(difflib.get_close_matches(word, ("do", "demo", "serve"), 2))
    raise ActionError("bad_usage", f"There is no command {word!r}.", hint, close)


class _Parser(argparse.ArgumentParser):
    """Raises where argparse would print and exit."""

    def error(self, message: str) -> NoReturn:
        close: tuple[str, ...] = ()
        if match := re.search(r"unrecognized arguments: (\S+)", message):
            close = tuple(difflib.get_close_matches(match[1].split("=")[0], self._option_string_actions, 3))
        raise ActionError("bad_usage", message[:1].upper() + message[1:] + ".", "lmsys-tui --help", close)


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog="lmsys-tui",
        usage=_USAGE,
        description="See what people ask a language model for.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        add_help=False,
        allow_abbrev=False,
    )
    add = parser.add_argument
    add("words", nargs="*", help=argparse.SUPPRESS)
    add("--workspace", metavar="FOLDER", type=_path, help="the store (default: $LMSYS_TUI_WORKSPACE)")
    add(
        "--config",
        metavar="FILE",
        type=_path,
        help="settings: TOML with workspace, theme, [keymap] and [prices]",
    )
    add("--as", dest="actor", metavar="NAME", help="who acts, in the history (default: the login name)")
    add("--read-only", action="store_true", help="change nothing: actions that read, and no others")
    add("--clock", metavar="TIME", type=_clock, help="store this time (ISO 8601) in place of the real one")
    add("--set", dest="names", metavar="NAME=VALUE", type=_named, action="append", help="fill $NAME")
    add("--on-error", choices=("stop", "continue"), help="after a line that failed (default: stop)")
    add("--dry-run", action="store_true", help="say what would be done, and do nothing")
    add("--timeout", metavar="SECONDS", type=_seconds, help="stop after so long, with exit code 4")
    add("--no-mouse", action="store_true", help="leave the mouse to the terminal")
    add("--theme", metavar="NAME", help="the Explorer's colours")
    add("--script", metavar="FILE", help="run the actions of a file, one a line; - is standard input")
    add("--open", metavar="FILE", help="run a script, then open the Explorer where it ends")
    add("--port", metavar="NUMBER", type=_port, help="serve: the port (default: any that is free)")
    add("--host", metavar="ADDRESS", help="serve: listen here, too, and not on this machine alone")
    add("--actions", action="store_true", help="print every action with its schema, one JSON object a line")
    add("--markdown", action="store_true", help="with --actions: as a page for people")
    add("--version", action="store_true", help="print the version")
    add("--help", "-h", action="store_true", help="print this; after do ACTION: the help of that action")
    return parser


def _path(text: str) -> Path:
    if not text.strip():
        raise argparse.ArgumentTypeError("is empty")
    return user_path(text)


def _clock(text: str) -> str:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a time such as 2026-01-31T12:00:00Z") from None
    moment = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def _port(text: str) -> int:
    if not (text.isascii() and text.isdecimal() and len(text) < 6 and 0 < int(text) < 65536):
        raise argparse.ArgumentTypeError(f"{text!r} is not a port from 1 to 65535")
    return int(text)


def _named(text: str) -> tuple[str, str]:
    match = re.fullmatch(rf"({NAME})=(.*)", text, re.DOTALL)
    if match is None:
        raise argparse.ArgumentTypeError(f"{text!r} is not of the form NAME=value")
    return match[1], match[2]


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0.0
    if not 0 < seconds < 1e9:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of seconds above 0")
    return seconds
