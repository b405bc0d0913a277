"""Writing a report: one file that needs nothing else."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from core.errors import ActionError
from core.export.run import find_tree
from core.export.target import check_target, replacing
from core.lookup import find_run
from core.redact.kinds import read_kinds
from core.redact.mask import Redactor
from core.report.content import Entry
from core.report.gather import Limits, bad_limits, gather
from core.report.hidden import read_threshold
from core.report.html import as_html
from core.report.markdown import as_markdown
from core.report.rows import ReportMade
from core.session import Session

FORMATS = {".md": "md", ".markdown": "md", ".html": "html", ".htm": "html"}
_RENDERERS = {"md": as_markdown, "html": as_html}


@dataclass(frozen=True)
class ReportAsked:
    """What to write, in the user's words; see the action `report.write`."""

    format: str | None = None
    path: str | None = None
    run: str | None = None
    hierarchy: str | None = None
    overwrite: bool = False
    levels: int | None = None
    examples: int = 3
    min_users: int | None = None
    min_conversations: int | None = None
    redact: str | None = None


def write_report(session: Session, asked: ReportAsked) -> ReportMade:
    """Write a report of a run as one file of Markdown or HTML, whole or not at all.

    The HTML holds its own style, no script, and asks for nothing from anywhere. The same store gives the same bytes under
    the same clock.

    Raises:
        ActionError: `no_run`, `unknown_run`, `unknown_hierarchy`, `file_exists`, `bad_path`, `unknown_format`, `bad_level`,
            `bad_examples`, `bad_threshold`, `bad_redact` or `no_redaction`.
    """
    planned, text = _prepare(session, asked)
    target = Path(planned.path)
    if asked.path is None and session.workspace.writable:
        target.parent.mkdir(exist_ok=True)
    with replacing(target) as part:
        part.write_bytes(text)
        session.control.check()
    return planned


def plan_report(session: Session, asked: ReportAsked) -> ReportMade:
    """What `write_report` would write; raises what it raises before it writes."""
    return _prepare(session, asked)[0]


def _prepare(session: Session, asked: ReportAsked) -> tuple[ReportMade, bytes]:
    workspace = session.workspace
    run = find_run(workspace, asked.run)
    tree = find_tree(workspace, run, asked.hierarchy)
    kind = asked.format or FORMATS.get(Path(asked.path).suffix.lower() if asked.path else ".html")
    if kind is None:
        raise ActionError(
            "unknown_format", f"{asked.path} does not say its format.", "Name one: format=md or html."
        )
    target = check_target(
        asked.path, workspace.folder / "exports" / f"{run.name}-report.{kind}", overwrite=asked.overwrite
    )
    if error := bad_limits(asked.levels, asked.examples):
        raise error
    limits = Limits(asked.levels, asked.examples, read_threshold(asked.min_users, asked.min_conversations))
    redactor = Redactor(read_kinds(asked.redact))
    report = gather(session, run, tree, limits, redactor)
    text = _RENDERERS[kind](report).encode("utf-8")
    shown = list(_entries(report.entries))
    made = ReportMade(
        path=str(target),
        format=kind,
        run=run.name,
        hierarchy=report.hierarchy,
        nodes=len(shown),
        examples=sum(len(entry.examples) for entry in shown),
        hidden_clusters=report.hidden_clusters,
        hidden_queries=report.hidden_queries,
        redacted=redactor.kinds,
        masked=report.masked,
        bytes=len(text),
        note=report.note,
    )
    return made, text


def _entries(entries: tuple[Entry, ...]) -> list[Entry]:
    return [one for entry in entries for one in (entry, *_entries(entry.children))]
