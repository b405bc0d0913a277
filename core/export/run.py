"""Writing a run to files: its queries, clusters, tree, edits or facets, whole or not at all."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Literal

from core.errors import ActionError
from core.export.files import WRITERS, Row
from core.export.rows import ExportMade
from core.export.source import Source
from core.export.tables import TABLES
from core.export.target import check_target, replacing
from core.facets.where import conditions
from core.lookup import HierarchyInfo, RunInfo, find_hierarchy, find_run
from core.redact.kinds import read_kinds
from core.redact.mask import Redactor
from core.report.hidden import find_hidden, read_threshold
from core.session import Session
from db.search import Filter
from db.workspace import Workspace

FORMATS = {".csv": "csv", ".jsonl": "jsonl", ".ndjson": "jsonl", ".parquet": "parquet"}
BATCH = 1_000

What = Literal["queries", "clusters", "hierarchy", "edits", "facets"]


@dataclass(frozen=True)
class ExportAsked:
    """What to export, in the user's words; see the action `export.run`."""

    what: What = "queries"
    format: str | None = None
    path: str | None = None
    run: str | None = None
    hierarchy: str | None = None
    overwrite: bool = False
    where: str | None = None
    min_users: int | None = None
    min_conversations: int | None = None
    redact: str | None = None
    spreadsheet: bool = False


def export_run(session: Session, asked: ExportAsked) -> ExportMade:
    """Write a table of a run.

    `path` and `path_ids` go from the first level of the tree down; in CSV they are joined by " > " and "/". Each facet
    that was made is a column `facet_NAME` of the queries, in JSON Lines a field of `facets`. A file, or the folder of
    `format=arrow`, appears whole or not at all. Clusters below the threshold are left out with their queries.

    Raises:
        ActionError: `no_run`, `unknown_run`, `unknown_hierarchy`, `file_exists`, `bad_path`, `unknown_format`,
            `bad_threshold`, `bad_redact` or `no_redaction`; `bad_where`, `unknown_facet` or `unknown_value`; `no_hierarchy` for
            the hierarchy of a run without one; `bad_parameter` for a `where` on edits or the hierarchy.
    """
    source, planned, found = _prepare(session, asked)
    workspace = session.workspace
    target = Path(planned.path)
    if asked.path is None and workspace.writable:
        target.parent.mkdir(exist_ok=True)
    columns = TABLES[asked.what].columns(source)
    count, waiting = 0, iter(found)
    with replacing(target) as part, WRITERS[planned.format](part, columns, asked.spreadsheet) as write:
        while batch := list(islice(waiting, BATCH)):
            write(batch)
            count += len(batch)
            session.control.progress("export", count, planned.rows, asked.what)
        session.control.check()
    return planned


def plan_export(session: Session, asked: ExportAsked) -> ExportMade:
    """What `export_run` would write; raises what it raises before it writes."""
    return _prepare(session, asked)[1]


def _prepare(session: Session, asked: ExportAsked) -> tuple[Source, ExportMade, Iterable[Row]]:
    workspace = session.workspace
    run = find_run(workspace, asked.run)
    tree = find_tree(workspace, run, asked.hierarchy)
    target, kind = _target(workspace, run, asked)
    if asked.where is not None and asked.what in ("edits", "hierarchy"):
        raise ActionError("bad_parameter", f"where= has no meaning for {asked.what}.", "Leave it out.")
    chosen = Filter(conditions=conditions(workspace, run.dataset_id, run, asked.where))
    threshold = read_threshold(asked.min_users, asked.min_conversations)
    redactor = Redactor(read_kinds(asked.redact))
    hidden = find_hidden(workspace, run, tree, threshold, chosen)
    source = Source(workspace, run, tree, chosen, threshold, hidden, redactor)
    table = TABLES[asked.what]
    found: Iterable[Row] = table.rows(source)
    if table.count is None:
        found = list(found)
        count = len(found)
    else:
        count = table.count(source)
    made = ExportMade(
        path=str(target),
        format=kind,
        rows=count,
        run=run.name,
        what=asked.what,
        hidden_clusters=hidden.small,
        hidden_queries=hidden.queries,
        redacted=redactor.kinds,
        note=hidden.note,
    )
    return source, made, found


def find_tree(workspace: Workspace, run: RunInfo, hierarchy: str | None) -> HierarchyInfo | None:
    """The tree of that name, else the run's current one.

    Raises:
        ActionError: `unknown_hierarchy` when there is none of that name, or it is of another run.
    """
    if hierarchy is None:
        name = workspace.value("SELECT name FROM hierarchy WHERE id = ?", (run.hierarchy,))
        return None if name is None else find_hierarchy(workspace, name)
    tree = find_hierarchy(workspace, hierarchy)
    if tree.run_id != run.id:
        raise ActionError(
            "unknown_hierarchy", f"The tree {tree.name} belongs to another run than {run.name}.", ""
        )
    return tree


def _target(workspace: Workspace, run: RunInfo, asked: ExportAsked) -> tuple[Path, str]:
    suffix = Path(asked.path).suffix.lower() if asked.path else ""
    kind = asked.format or FORMATS.get(suffix)
    if kind is None and asked.path and suffix:
        raise ActionError(
            "unknown_format",
            f"{asked.path} does not say its format.",
            "Name one: format=csv, jsonl, parquet or arrow.",
        )
    kind = kind or "csv"
    name = run.name if asked.what == "queries" else f"{run.name}-{asked.what}"
    default = workspace.folder / "exports" / f"{name}.{kind}"
    return check_target(asked.path, default, overwrite=asked.overwrite, folder=kind == "arrow"), kind
