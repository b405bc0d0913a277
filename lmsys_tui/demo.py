"""`lmsys-tui demo`: the whole pipeline on the bundled sample, by the same actions that anyone can call."""

from __future__ import annotations

import traceback
from collections.abc import Callable
from typing import Any

from core.control import Control
from core.errors import ActionError, ExitCode, exit_code
from core.rows import NodeRow
from core.session import Session
from core.text import one_line
from lmsys_tui.output import Output
from lmsys_tui.script import bug, run_until_stopped
from lmsys_tui.stopping import Stop

PAGE = 500
"""Nodes asked for at a time."""


def make_demo(session: Session, output: Output, timeout: float | None) -> ExitCode:
    """Load, embed, cluster, name and build the tree; what is there already is not made again."""
    return _guarded(session, output, timeout, _steps)


def print_tree(session: Session, output: Output, timeout: float | None) -> ExitCode:
    """Print the current tree on standard output: titles, sizes and shares, a level deeper further in."""
    return _guarded(session, output, timeout, _print)


class _Dispatch:
    """Dispatches for one piece of work, showing progress and listening to `stop`."""

    def __init__(self, session: Session, output: Output, stop: Stop) -> None:
        self._session = session
        self._output = output
        self._stop = stop

    def __call__(self, action: str, **params: Any) -> Any:
        if self._stop.requested:
            raise self._stop.error
        self._session.control = Control(
            lambda report: self._output.progress(action, report), lambda: self._stop.requested
        )
        try:
            return self._session.dispatch(action, params)
        finally:
            self._output.finish()


def _steps(session: Session, output: Output, dispatch: _Dispatch) -> None:
    loaded = dispatch("data.load", source="sample").data
    output.note(f"data.load: {loaded.texts:,} distinct queries")
    embedded = dispatch("embed.run", dataset=loaded.dataset).data
    output.note(f"embed.run: {embedded.model} ({embedded.why})")
    runs = dispatch("run.list", limit=PAGE).data
    made = [row for row in runs if row.dataset == loaded.dataset and row.space == embedded.space]
    finished = [row for row in made if row.status == "done"]
    if finished:
        dispatch("run.open", run=finished[0].run)
    else:
        made_now = dispatch("run.kmeans", dataset=loaded.dataset, space=embedded.space).data
        output.note(f"run.kmeans: {made_now.clusters} clusters of {made_now.queries:,} queries")
    if session.view.summary_set is None:
        dispatch("summary.create", run="@run")
    if session.view.hierarchy is None:
        tree = dispatch("hierarchy.build", run="@run").data
        output.note(f"hierarchy.build: {tree.top} themes in {tree.levels} levels")


def _print(_session: Session, output: Output, dispatch: _Dispatch) -> None:
    root: NodeRow = dispatch("node.open", node="root").data
    output.text(_row(root, 0))
    after: str | None = None
    while True:
        page = dispatch("node.list", parent="root", depth=10, limit=PAGE, after=after)
        output.text("".join(_row(node, node.level - root.level) for node in page.data))
        if not page.truncated:
            return
        after = page.after


def _row(node: NodeRow, depth: int) -> str:
    indent = "  " * depth
    return f"{node.size:>7,}  {node.share:>6.1%}  {indent}{one_line(node.title, 100)}\n"


def _guarded(
    session: Session,
    output: Output,
    timeout: float | None,
    steps: Callable[[Session, Output, _Dispatch], None],
) -> ExitCode:
    """Run steps in the session, and explain what stopped them."""
    failed: list[ExitCode] = []

    def work(stop: Stop) -> None:
        try:
            steps(session, output, _Dispatch(session, output, stop))
        except ActionError as error:
            shown = stop.error if error.code == "cancelled" and stop.requested else error
            output.explain(shown, "demo: ")
            failed.append(exit_code(shown.code))
        except (BrokenPipeError, KeyboardInterrupt):
            raise
        except Exception as error:
            output.traceback(traceback.format_exc())
            output.explain(bug(error), "demo: ")
            failed.append(ExitCode.FAILED)

    code = run_until_stopped(work, session, output, timeout, lambda error: output.explain(error, "demo: "))
    return failed[0] if failed else code
