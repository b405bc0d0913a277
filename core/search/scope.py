"""From the names that a search is given to the rows they stand for."""

from __future__ import annotations

from dataclasses import dataclass

from core.errors import ActionError
from core.facets.where import conditions
from core.lookup import HierarchyInfo, RunInfo, check_cluster, find_dataset, find_hierarchy, find_run, unknown
from core.tree import node
from db.fts import excluded_expression
from db.search import Filter, clusters_under, facet_values
from db.vectors import SpaceInfo, find_space, spaces
from db.workspace import Workspace


@dataclass(frozen=True)
class Narrow:
    """What a search is narrowed to, as the user names it.

    `run` is the run whose clusters are shown; `within` is a node of its current tree, `cluster` a number in it.
    """

    dataset: str | None = None
    run: str | None = None
    within: str | None = None
    cluster: int | None = None
    language: str | None = None
    chat_model: str | None = None
    where: str | None = None
    """Conditions on facets, as `core.facets.where` reads them."""


@dataclass(frozen=True)
class Scope:
    """The same, found in the store."""

    run: RunInfo | None
    chosen: Filter
    dataset: int


def find_scope(workspace: Workspace, narrow: Narrow, text: str) -> Scope:
    """The filter of a search.

    Raises:
        ActionError: `no_data`, `no_run`, `no_hierarchy`, `unknown_dataset`, `unknown_run`, `unknown_node` or
            `unknown_cluster`; `bad_where`, `unknown_facet` or `unknown_value`.
    """
    narrowed = narrow.within is not None or narrow.cluster is not None
    run = find_run(workspace, narrow.run) if narrow.run is not None or narrowed else None
    dataset, _ = find_dataset(workspace, narrow.dataset or (run.dataset if run else None))
    only = workspace.value("SELECT count(*) FROM dataset") == 1
    chosen = Filter(
        dataset=None if only else dataset,
        run=run.id if run else None,
        clusters=_clusters(workspace, run, narrow) if run else None,
        language=narrow.language,
        chat_model=narrow.chat_model,
        excluded=excluded_expression(text),
        conditions=conditions(workspace, dataset, run, narrow.where),
    )
    return Scope(run, chosen, dataset)


def _clusters(workspace: Workspace, run: RunInfo, narrow: Narrow) -> tuple[int, ...] | None:
    found: tuple[int, ...] | None = None
    if narrow.within is not None:
        tree = tree_of(workspace, run)
        found = clusters_under(workspace, tree.id, node(workspace, tree, narrow.within).node)
    if narrow.cluster is not None:
        check_cluster(workspace, run, narrow.cluster)
        found = tuple(n for n in (narrow.cluster,) if found is None or n in found)
    return found


def tree_of(workspace: Workspace, run: RunInfo) -> HierarchyInfo:
    """The current tree of a run.

    Raises:
        ActionError: `no_hierarchy`.
    """
    name = workspace.value("SELECT name FROM hierarchy WHERE id = ?", (run.hierarchy,))
    return find_hierarchy(workspace, name)


def find_search_space(workspace: Workspace, name: str | None, run: RunInfo | None) -> SpaceInfo | None:
    """The space of that name, else the run's, else the newest; `None` where nothing is embedded.

    Raises:
        ActionError: `unknown_space`.
    """
    known = spaces(workspace)
    if name is None:
        return find_space(workspace, run.space) if run else known[-1] if known else None
    found = find_space(workspace, name)
    if found is None:
        raise unknown("space", name, [space.name for space in known], "embed.list shows them.")
    return found


def check_values(workspace: Workspace, chosen: Filter) -> None:
    """Say so when nothing was found because no conversation has the language or the model that was asked for.

    Raises:
        ActionError: `unknown_language` or `unknown_chat_model`.
    """
    for kind, column, value in (
        ("language", "language", chosen.language),
        ("chat_model", "model", chosen.chat_model),
    ):
        if value is not None:
            values = facet_values(workspace, column, chosen.dataset)
            if value not in values:
                listed = ", ".join(values[:8]) or "none"
                raise unknown(kind, value, values, f"Most frequent: {listed}.")


def need_space(space: SpaceInfo | None) -> SpaceInfo:
    """The space, or the error that says how to get one.

    Raises:
        ActionError: `no_embeddings`.
    """
    if space is None:
        raise ActionError("no_embeddings", "Nothing is embedded yet.", "Embed the texts: embed.run.")
    return space
