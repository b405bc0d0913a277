"""`lmsys-tui --open FILE`: runs a script without a screen, and says where it ended."""

from __future__ import annotations

import io
import sys
from collections.abc import Mapping
from typing import Any

from core.errors import ExitCode
from core.registry import Action
from core.session import Result, Session
from core.view import View
from lmsys_tui.grammar import strict
from lmsys_tui.output import Output
from lmsys_tui.script import Options, read_script, run_script
from screens.starting import SEARCH, Start


def run_opening(
    session: Session, name: str, names: Mapping[str, str], timeout: float | None
) -> tuple[ExitCode, Start]:
    """Run the script; its exit code, and where to begin.

    What fails is told on standard error; results are not printed, for a screen takes their place.

    Args:
        session: Stands where the script ended, afterwards.
        name: The script's file.
        names: What `$NAME` stands for in it.
        timeout: Seconds for the whole of it.

    Raises:
        ActionError: `bad_script` for a file that cannot be read.
    """
    text = read_script(name, io.BytesIO())
    last: tuple[str, dict[str, Any]] = ("", {})
    search: dict[str, Any] | None = None

    def done(act: Action, params: dict[str, Any], result: Result, before: View) -> None:  # noqa: ARG001
        nonlocal last, search
        last = (act.id, params)
        if act.id == SEARCH:
            search = params

    session.listeners.append(done)
    try:
        output = Output(io.BytesIO(), sys.stderr)
        code = run_script(session, text, strict(names), output, Options(timeout=timeout))
    finally:
        session.listeners.remove(done)
    return code, Start(session.view, last, search)
