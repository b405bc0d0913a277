"""Naming by a model from a test: through a script, or at the engine where a test sets its own times."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

from core.control import Control
from core.llm.asking import Manner
from core.llm.limits import Backoff
from core.llm.pace import Pace
from core.lookup import find_run
from core.name import by_model
from core.name.order import new_order, prepare
from core.rows import SummaryMade
from core.session import Session
from lmsys_tui.script import Options
from tests.doors import NOW, run_text
from tests.messages_server import MessagesServer

MODEL = "anthropic/claude-haiku-4-5"


def quick(tries: int = 7) -> Backoff:
    """Waits that a test can wait for."""
    return Backoff(tries=tries, base=0.01, cap=0.05, random=random.Random(1))


def opened(folder: Path, cancelled: Callable[[], bool] | None = None) -> Session:
    """A session on a workspace, under a fixed clock."""
    session = Session(folder, clock=lambda: NOW, actor="tester")
    session.control = Control(cancelled=cancelled)
    return session


def named(
    folder: Path,
    server: MessagesServer,
    *,
    model: str = MODEL,
    alias: str = "",
    examples: int = 8,
    timeout: float = 5.0,
    backoff: Backoff | None = None,
    cancelled: Callable[[], bool] | None = None,
    prompt: str | None = None,
    path: str = "",
    **pace: Any,
) -> SummaryMade:
    """Name the clusters of the newest run by the server."""
    session = opened(folder, cancelled)
    with session.workspace.connection():
        run = find_run(session.workspace, session.view.run)
        order = new_order(run, model, server.url + path, prompt, examples, 4)
        work = prepare(session, run, order, Pace(**pace))
        return by_model.create(session, work, Pace(**pace), alias, Manner(timeout, backoff or quick()))


def resumed(folder: Path, name: str | None = None, timeout: float = 5.0, **pace: Any) -> SummaryMade:
    """Finish a set of names."""
    session = opened(folder)
    with session.workspace.connection():
        return by_model.resume(session, name, Pace(**pace), Manner(timeout, quick()))


def said(folder: Path, line: str, *, dry: bool = False) -> Any:
    """The data of a line of script that succeeds."""
    ran = run_text(folder, line, options=Options(dry_run=dry))
    assert ran.code == 0, ran.out + ran.err
    return json.loads(ran.out)["data"]


def rows(folder: Path, sql: str, *parameters: Any) -> list[tuple[Any, ...]]:
    """What a SELECT finds in a workspace."""
    session = opened(folder)
    with session.workspace.connection():
        return session.workspace.rows(sql, parameters)
