"""How a run came about, for a report: data, vectors, clustering, names, tree and edits, with all that makes them again."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import PurePath
from typing import Any

from core.lookup import HierarchyInfo, RunInfo
from core.report.content import Fact, Part
from core.version import VERSION
from db import edits, updates
from db.workspace import Workspace

_SINGLE = ("smallest", "largest")


def method(
    workspace: Workspace, run: RunInfo, tree: HierarchyInfo | None, *, strict: bool
) -> tuple[Part, ...]:
    """The parts of the method, each with its provenance; `strict` leaves out figures of single clusters."""
    parts = [_data(workspace, run), _vectors(workspace, run), _clusters(workspace, run, strict)]
    if run.summary_set is not None:
        parts.append(_names(workspace, run.summary_set))
    if tree is not None:
        parts.append(_tree(workspace, tree))
    return (*parts, _edits(workspace, run), _report(workspace))


def _part(heading: str, **values: Any) -> Part:
    facts = (
        Fact(name.replace("_", " ").capitalize(), written(value))
        for name, value in values.items()
        if value not in (None, "", {}, [])
    )
    return Part(heading, tuple(facts))


def written(value: Any) -> str:
    """A setting as a person writes it."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return f"{value:,}" if abs(value) >= 100_000 else str(value)
    if isinstance(value, float):
        return f"{value:.4g}"
    if isinstance(value, Mapping):
        return ", ".join(f"{name}={written(one)}" for name, one in sorted(value.items()) if one is not None)
    if isinstance(value, list | tuple):
        return ", ".join(map(written, value))
    return str(value)


def _row(workspace: Workspace, sql: str, key: int) -> tuple[Any, ...]:
    found = workspace.row(sql, (key,))
    assert found is not None
    return found


def _data(workspace: Workspace, run: RunInfo) -> Part:
    source, shape, fingerprint, conversations, rejected, loaded_at = _row(
        workspace,
        "SELECT source, shape, fingerprint, conversations, rejected, loaded_at FROM dataset WHERE id = ?",
        run.dataset_id,
    )
    # Where a file lies on somebody's machine is nobody's business.
    name = source if source.startswith("hf:") else PurePath(source.replace("\\", "/")).name
    return _part(
        "Data", dataset=run.dataset, source=name, shape=shape, fingerprint=fingerprint, conversations=conversations,
        rejected_rows=rejected, loaded=loaded_at,
        unit="The first query of each conversation; equal texts are embedded once and counted as often as they were asked.",
    )  # fmt: skip


def _vectors(workspace: Workspace, run: RunInfo) -> Part:
    model, revision, dim, dtype, texts = _row(
        workspace, "SELECT model, revision, dim, dtype, texts FROM space WHERE id = ?", run.space_id
    )
    return _part(
        "Vectors", space=run.space, model=model, revision=revision, dimensions=dim, dtype=dtype, texts=texts
    )


def _clusters(workspace: Workspace, run: RunInfo, strict: bool) -> Part:
    only, reasons, metrics, code_version, created_at, description = _row(
        workspace,
        "SELECT filter, reasons, metrics, code_version, created_at, description FROM run WHERE id = ?",
        run.id,
    )
    measured = json.loads(metrics)
    if strict:
        # With how many clusters are left out and their queries, the size of the smallest may give away the other's.
        measured = {name: value for name, value in measured.items() if name not in _SINGLE}
    return _part(
        "Clusters", run=run.name, label=run.label, description=description, algorithm=run.algorithm,
        parameters=run.parameters, seed=run.seed, filter=json.loads(only) if only else None,
        reasons=json.loads(reasons), measured=measured, code_version=code_version, made=created_at,
    )  # fmt: skip


def _names(workspace: Workspace, key: int) -> Part:
    name, alias, model, prompt_hash, parameters, cost, status, created_at = _row(
        workspace,
        "SELECT name, alias, model, prompt_hash, parameters, cost, status, created_at FROM summary_set WHERE id = ?",
        key,
    )
    how = "Titles and descriptions without a language model: keyphrases that tell a cluster from its neighbours."
    return _part(
        "Names", summary_set=name, alias=alias, model=model, method=how if model == "local" else None,
        prompt_hash=prompt_hash, parameters=json.loads(parameters), cost=_dollars(model, cost), status=status, made=created_at,
    )  # fmt: skip


def _tree(workspace: Workspace, tree: HierarchyInfo) -> Part:
    method_name, parameters, levels, cost, status, created_at = _row(
        workspace,
        "SELECT method, parameters, levels, cost, status, created_at FROM hierarchy WHERE id = ?",
        tree.id,
    )
    how = {
        "local": "Centroids joined from below (Ward), cut at readable widths, named by what they hold.",
        "clio": "Clio's neighbourhoods, proposals, deduplication, assignment and renaming by a language model.",
    }
    return _part(
        "Tree", hierarchy=tree.name, method=f"{method_name}. {how.get(method_name, '')}".strip(), levels=levels,
        parameters=json.loads(parameters), cost=_dollars(method_name, cost), status=status, made=created_at,
    )  # fmt: skip


def _dollars(model: str, cost: float) -> str:
    return "nothing" if model == "local" else f"${cost:,.4f}"


def _edits(workspace: Workspace, run: RunInfo) -> Part:
    total, force, people, moved = _row(
        workspace,
        f"SELECT count(*), coalesce(sum({edits.IN_FORCE}), 0), count(DISTINCT e.actor),"
        f" coalesce(sum(iif({edits.IN_FORCE}, e.moved, 0)), 0) FROM edit e WHERE e.run_id = ?"
        f" AND e.kind <> '{updates.KIND}'",
        run.id,
    )
    if not total:
        return _part("Edits by hand", edits="none")
    return _part(
        "Edits by hand", edits=f"{total:,}, of which {force:,} in force", people=people, queries_moved=moved
    )


def _report(workspace: Workspace) -> Part:
    return _part("This report", written=workspace.clock(), program=f"lmsys-tui {VERSION}")
