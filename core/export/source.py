"""What every table of an export is made from."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from core.export.files import ExportColumn, Row
from core.lookup import HierarchyInfo, RunInfo
from core.redact.mask import Redactor
from core.report.hidden import Hidden, Threshold
from core.report.shown import Branch, branches
from core.tree import all_nodes
from db.search import Filter
from db.titles import SUMMARY_JOIN, TITLE_SQL
from db.workspace import Workspace


@dataclass(frozen=True)
class Source:
    """A run with its tree, which queries of it leave, and what is masked and held back."""

    workspace: Workspace
    run: RunInfo
    tree: HierarchyInfo | None
    chosen: Filter
    threshold: Threshold
    hidden: Hidden
    redactor: Redactor

    @property
    def where(self) -> str:
        """A condition on `assignment a` and `query q`: the queries of the run that leave."""
        shown = "a.cluster NOT IN (SELECT value FROM json_each(:hidden))"
        return f"a.run_id = :of_run AND {shown} AND {self.chosen.where}"

    @property
    def parameters(self) -> dict[str, Any]:
        """The values of `where`."""
        hidden = f"[{','.join(map(str, sorted(self.hidden.clusters)))}]"
        return {**self.chosen.parameters, "of_run": self.run.id, "hidden": hidden}


@dataclass(frozen=True)
class Table:
    """A kind of export: its columns and its rows; with a `count`, there may be more of them than memory should hold."""

    columns: Callable[[Source], Sequence[ExportColumn]]
    rows: Callable[[Source], Iterator[Row]]
    count: Callable[[Source], int] | None = None


@dataclass(frozen=True)
class Place:
    """A cluster's title, and the titles and ids of its path from the first level down; empty without a tree."""

    title: str
    path: tuple[str, ...] = ()
    path_ids: tuple[str, ...] = ()


def cluster_titles(source: Source) -> dict[int, str]:
    """The shown titles of the clusters, masked."""
    return {
        number: source.redactor.text(title)
        for number, title in source.workspace.rows(
            f"SELECT c.number, {TITLE_SQL} FROM cluster c JOIN run r ON r.id = c.run_id {SUMMARY_JOIN}"
            " WHERE c.run_id = ?",
            (source.run.id,),
        )
    }


def places(source: Source) -> dict[int, Place]:
    """The place of each cluster that is shown."""
    if source.tree is None:
        return {number: Place(title) for number, title in cluster_titles(source).items()}
    found: dict[int, Place] = {}

    def walk(branch: Branch, path: tuple[Branch, ...]) -> None:
        if branch.node.cluster is not None:
            titles, ids = tuple(b.title for b in path), tuple(b.node.node for b in path)
            found[branch.node.cluster] = Place(branch.title, titles, ids)
        for child in branch.children:
            walk(child, (*path, child))

    walk(branches(all_nodes(source.workspace, source.tree), source.hidden, source.redactor), ())
    return found
