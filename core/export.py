"""Writing a run to CSV, JSON Lines or Parquet: one row a query, no row twice."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from core.errors import ActionError
from core.export_files import WRITERS, Row, replacing, temporary
from core.facets.where import conditions
from core.lookup import HierarchyInfo, RunInfo, find_hierarchy, find_run
from core.paths import user_path
from core.rows import Exported
from core.session import Session
from db.facets import FacetInfo, facets, values_of_conversations
from db.search import Filter
from db.titles import SUMMARY_JOIN, TITLE_SQL
from db.workspace import Workspace

FORMATS = {".csv": "csv", ".jsonl": "jsonl", ".ndjson": "jsonl", ".parquet": "parquet"}
BATCH = 1_000


def export_run(
    session: Session,
    run: str | None,
    hierarchy: str | None,
    *,
    format: str | None,
    path: str | None,
    overwrite: bool,
    where: str | None = None,
) -> Exported:
    """Write the queries of a run, or those that conditions on facets leave, with their cluster and path in the tree.

    `path` and `path_ids` go from the first level down to the cluster; in CSV they are joined by " > " and "/". Each facet
    that was made is a column `facet_NAME`, in JSON Lines a field of `facets`. The file appears whole or not at all.

    Raises:
        ActionError: `no_run`, `unknown_run`, `file_exists`, `bad_path`, `unknown_format`; `bad_where`, `unknown_facet` or
            `unknown_value`.
    """
    planned = plan_export(session, run, hierarchy, format=format, path=path, overwrite=overwrite, where=where)
    workspace = session.workspace
    found = find_run(workspace, run)
    tree = _tree(workspace, found, hierarchy)
    target, kind, total = Path(planned.path), planned.format, planned.rows
    if path is None and workspace.writable:
        target.parent.mkdir(exist_ok=True)
    count = 0
    chosen = _chosen(workspace, found, where)
    made = facets(workspace, found.dataset_id)
    with replacing(target) as part, WRITERS[kind](part, made) as write:
        for batch in _batches(workspace, found, tree, chosen, made):
            write(batch)
            count += len(batch)
            session.control.progress("export", count, total, "queries")
        session.control.check()
    return Exported(str(target), kind, count, found.name)


def plan_export(
    session: Session,
    run: str | None,
    hierarchy: str | None,
    *,
    format: str | None,
    path: str | None,
    overwrite: bool,
    where: str | None = None,
) -> Exported:
    """What `export_run` would write; raises what it raises before it writes."""
    workspace = session.workspace
    found = find_run(workspace, run)
    _tree(workspace, found, hierarchy)
    target, kind = _target(workspace, found, format, path, overwrite)
    chosen = _chosen(workspace, found, where)
    rows = workspace.value(
        "SELECT count(*) FROM assignment a JOIN query q ON q.id = a.query_id"
        f" WHERE a.run_id = :of_run AND {chosen.where}",
        {**chosen.parameters, "of_run": found.id},
    )
    return Exported(str(target), kind, rows, found.name)


def _chosen(workspace: Workspace, run: RunInfo, where: str | None) -> Filter:
    return Filter(conditions=conditions(workspace, run.dataset_id, run, where))


def _tree(workspace: Workspace, run: RunInfo, hierarchy: str | None) -> HierarchyInfo | None:
    if hierarchy is None:
        name = workspace.value("SELECT name FROM hierarchy WHERE id = ?", (run.hierarchy,))
        return None if name is None else find_hierarchy(workspace, name)
    tree = find_hierarchy(workspace, hierarchy)
    if tree.run_id != run.id:
        raise ActionError(
            "unknown_hierarchy", f"The tree {tree.name} belongs to another run than {run.name}.", ""
        )
    return tree


def _target(
    workspace: Workspace, run: RunInfo, format: str | None, path: str | None, overwrite: bool
) -> tuple[Path, str]:
    suffix = Path(path).suffix.lower() if path else ""
    kind = format or FORMATS.get(suffix)
    if kind is None and path and suffix:
        raise ActionError(
            "unknown_format", f"{path} does not say its format.", "Name one: format=csv, jsonl or parquet."
        )
    kind = kind or "csv"
    target = _file(path) if path else workspace.folder / "exports" / f"{run.name}.{kind}"
    folder = target.parent if path else workspace.folder
    if not folder.is_dir():
        raise ActionError("bad_path", f"There is no folder {folder}.", "Make it, or name another path.")
    if not os.access(folder, os.W_OK):
        raise ActionError("bad_path", f"{folder} cannot be written.", "Name another path.")
    if target.exists() and not overwrite:
        raise ActionError("file_exists", f"{target} is there already.", "Say overwrite=true to replace it.")
    return target, kind


def _file(written: str) -> Path:
    """Where to write: the file behind a link, so that the link stays.

    Raises:
        ActionError: `bad_path` for what no file can be; a device or a pipe would be replaced by a file.
    """
    path = user_path(written)
    try:
        if "\0" in written:
            raise ValueError("it holds a null character")
        target = path.resolve() if path.is_symlink() else path
        if target.is_dir():
            raise ActionError("bad_path", f"{path} is a folder.", "Name a file.")
        if target.exists() and not target.is_file():
            raise ActionError("bad_path", f"{path} is not a regular file.", "Name a file.")
        # The temporary name beside it is longer still.
        temporary(target).exists()
    except (OSError, RuntimeError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise ActionError(
            "bad_path", f"{written[:80]!r} cannot be a file: {reason}.", "Name another."
        ) from error
    return target


def _batches(
    workspace: Workspace, run: RunInfo, tree: HierarchyInfo | None, chosen: Filter, made: Sequence[FacetInfo]
) -> Iterator[list[Row]]:
    paths = _paths(workspace, run, tree)
    cursor = workspace.raw.execute(
        "SELECT q.id, v.external_id, (SELECT content FROM turn u WHERE u.conversation_id = v.id AND u.role = 'user'"
        " ORDER BY u.position LIMIT 1), v.language, v.model, v.timestamp, a.cluster, a.is_noise, a.distance, v.id"
        " FROM assignment a JOIN query q ON q.id = a.query_id JOIN conversation v ON v.id = q.conversation_id"
        f" WHERE a.run_id = :of_run AND {chosen.where} ORDER BY a.query_id",
        {**chosen.parameters, "of_run": run.id},
    )
    while block := cursor.fetchmany(BATCH):
        rows = [_row(values[:-1], paths[values[6]]) for values in block]
        if made:
            conversations = [values[-1] for values in block]
            found = values_of_conversations(workspace, run.dataset_id, conversations)
            for row, conversation in zip(rows, conversations, strict=True):
                values = found.get(conversation, {})
                row["facets"] = {facet.name: _facet_value(facet, values.get(facet.name)) for facet in made}
        yield rows


def _facet_value(facet: FacetInfo, value: str | None) -> str | int | None:
    """A value as it is written: a number of a scale as a number."""
    return value if value is None or facet.kind != "scale" else int(value)


def _row(values: tuple[Any, ...], place: tuple[str, list[str], list[str]]) -> Row:
    query, conversation, text, language, model, timestamp, cluster, is_noise, distance = values
    title, path, path_ids = place
    return {
        "query_id": query,
        "conversation_id": conversation,
        "text": text,
        "language": language,
        "model": model,
        "timestamp": timestamp,
        "cluster_id": cluster,
        "cluster_title": title,
        "is_noise": bool(is_noise),
        "distance": distance,
        "path": path,
        "path_ids": path_ids,
    }


def _paths(
    workspace: Workspace, run: RunInfo, tree: HierarchyInfo | None
) -> dict[int, tuple[str, list[str], list[str]]]:
    """For each cluster: its title, the titles and the ids of its path."""
    titles = dict(
        workspace.rows(
            f"SELECT c.number, {TITLE_SQL} FROM cluster c JOIN run r ON r.id = c.run_id {SUMMARY_JOIN}"
            " WHERE c.run_id = ?",
            (run.id,),
        )
    )
    if tree is None:
        return {number: (title, [], []) for number, title in titles.items()}
    nodes = {
        key: (parent, titles[cluster] if cluster is not None else title, cluster)
        for key, parent, title, cluster in workspace.rows(
            "SELECT key, parent, title, cluster FROM node WHERE hierarchy_id = ?", (tree.id,)
        )
    }
    found: dict[int, tuple[str, list[str], list[str]]] = {}
    for key, (_, title, cluster) in nodes.items():
        if cluster is None:
            continue
        ids: list[str] = []
        here: str | None = key
        while here is not None and here != "root":
            ids.append(here)
            here = nodes[here][0]
        ids.reverse()
        found[cluster] = (title, [nodes[i][1] for i in ids], ids)
    return found
