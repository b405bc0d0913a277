"""`lmsys-tui serve`: the Explorer in a browser; on this machine alone, and only for whoever has the address."""

from __future__ import annotations

import asyncio
import contextlib
import importlib.util
import socket
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from core.errors import ActionError, ExitCode
from lmsys_tui.serve_guard import Guard, is_loopback

if TYPE_CHECKING:
    from lmsys_tui.options import Arguments

EXTRA = ("textual_serve", "aiohttp")
"""Modules of the extra `serve`."""

EVERYWHERE = ("0.0.0.0", "::")
"""Addresses at which a server listens, but which nobody can open."""


def serve(arguments: Arguments, folder: Path) -> int:
    """Serve until a signal comes; each tab is a session of its own.

    Args:
        arguments: The command line.
        folder: The workspace.

    Raises:
        ActionError: `no_serve` without the extra; `bad_host` or `port_taken` where it cannot listen.
    """
    if any(importlib.util.find_spec(name) is None for name in EXTRA):
        raise ActionError(
            "no_serve",
            "lmsys-tui serve needs textual-serve, which is not installed.",
            "Install the extra: uv tool install 'lmsys-tui[serve]', or pip install 'lmsys-tui[serve]'.",
        )
    from lmsys_tui.output import Output
    from lmsys_tui.serve_web import GuardedServer

    output = Output(sys.stdout.buffer, sys.stderr)
    listening = _bound(arguments.host or "127.0.0.1", arguments.port or 0)
    host, port = listening.getsockname()[:2]
    name = socket.gethostname()
    guard = Guard(arguments.host, (name.lower(),) if arguments.host else ())
    server = GuardedServer(command(arguments, folder), guard, f"lmsys_tui_{port}")

    def begun() -> None:
        shown = name if host in EVERYWHERE else f"[{host}]" if ":" in host else host
        output.text(f"http://{shown}:{port}/?token={guard.token}\n")
        output.note(
            "Open the address in a browser; ctrl+c ends it. Whoever has the address can do all that you can."
        )
        if not is_loopback(host):
            output.note(
                "Other machines can reach it, and nothing is encrypted: use it in a network that you trust."
            )

    # What a process says before it leaves is prose.
    with contextlib.redirect_stdout(sys.stderr):
        asyncio.run(server.run(listening, begun))
    return ExitCode.OK


def command(arguments: Arguments, folder: Path) -> list[str]:
    """The command that runs in each tab."""
    words = [sys.executable, "-P", "-m", "lmsys_tui", "--workspace", str(folder.absolute())]
    for option, value in (
        ("--config", arguments.config.absolute() if arguments.config is not None else None),
        ("--as", arguments.actor),
        ("--clock", arguments.clock),
        ("--theme", arguments.theme),
    ):
        words += [f"{option}={value}"] if value is not None else []
    words += ["--read-only"] if arguments.read_only else []
    return words + (["--no-mouse"] if arguments.no_mouse else [])


def _bound(host: str, port: int) -> socket.socket:
    """A socket that listens there."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except OSError as error:
        raise ActionError(
            "bad_host",
            f"--host {host!r} is no address: {error.strerror}.",
            "An address of this machine: 0.0.0.0",
        ) from None
    family, kind, protocol, _, address = found[0]
    listening = socket.socket(family, kind, protocol)
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind(address)
    except OSError as error:
        listening.close()
        raise ActionError(
            "port_taken",
            f"Cannot listen on {host}, port {port}: {error.strerror}.",
            "Another --port, or none.",
        ) from None
    return listening
