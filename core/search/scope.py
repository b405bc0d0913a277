"""From the names that a search is given to the rows they stand for."""

from __future__ import annotations

from dataclasses import dataclass, replace

from core.errors import ActionError
from core.facets.builtin import LOG, LOG_FIELDS
from core.facets.where import conditions
from core.lookup import RunInfo, check_cluster, find_dataset, find_run, unknown
from core.search.expression import excluded_expression, match_expression
from core.search.language import Query, parse
from core.search.restrict import needs_run, restrict, tree_of
from core.text import first_few
from core.tree import node
from db.facets import facets
from db.marks import Marked, given_marks
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
    query: Query
    named: Narrow
    """What was asked for, with the names that stand where none were given: what a cursor hangs on."""

    @property
    def match(self) -> str | None:
        """The FTS5 expression that a text must match: `None` where there is no word to look for."""
        return match_expression(self.query)

    @property
    def matching(self) -> Filter:
        """The filter beside `match`, which leaves the excluded texts out by itself."""
        return self.chosen if self.match is None else replace(self.chosen, excluded=None)

    @property
    def blank(self) -> bool:
        """Whether nothing is asked for: no word, no field, and nothing left out."""
        return self.match is None and not self.query.restrictions and self.chosen.excluded is None


def find_scope(workspace: Workspace, narrow: Narrow, text: str) -> Scope:
    """The filter of a search, with what the fields in its text say.

    Raises:
        ActionError: `no_data`, `no_run`, `no_hierarchy`, `unknown_dataset`, `unknown_run`, `unknown_node` or
            `unknown_cluster`; `bad_where`, `unknown_facet` or `unknown_value`; what `core.search.restrict` raises.
    """
    narrowed = narrow.within is not None or narrow.cluster is not None
    query = parse(text)
    run = find_run(workspace, narrow.run) if narrow.run is not None or narrowed else None
    dataset, dataset_name = find_dataset(workspace, narrow.dataset or (run.dataset if run else None))
    if ":" in text:
        made = {facet.name for facet in facets(workspace, dataset)}
        query = parse(text, frozenset(made | {LOG + name for name in made if name in LOG_FIELDS}))
    if run is None and needs_run(query.restrictions):
        run = find_run(workspace, None)
    only = workspace.value("SELECT count(*) FROM dataset") == 1
    said = restrict(workspace, dataset, run, query.restrictions)
    clusters = _clusters(workspace, run, narrow) if run else None
    if clusters is None or said.clusters is None:
        clusters = said.clusters if clusters is None else clusters
    else:
        clusters = tuple(n for n in clusters if n in said.clusters)
    chosen = Filter(
        dataset=None if only else dataset,
        run=run.id if run else None,
        clusters=clusters,
        language=narrow.language,
        chat_model=narrow.chat_model,
        excluded=excluded_expression(query),
        conditions=(*conditions(workspace, dataset, run, narrow.where), *said.tests),
    )
    named = replace(narrow, dataset=dataset_name, run=run.name if run else None)
    return Scope(run, chosen, dataset, query, named)


def _clusters(workspace: Workspace, run: RunInfo, narrow: Narrow) -> tuple[int, ...] | None:
    found: tuple[int, ...] | None = None
    if narrow.within is not None:
        tree = tree_of(workspace, run)
        found = clusters_under(workspace, tree.id, node(workspace, tree, narrow.within).node)
    if narrow.cluster is not None:
        check_cluster(workspace, run, narrow.cluster)
        found = tuple(n for n in (narrow.cluster,) if found is None or n in found)
    return found


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


def unknown_marks(workspace: Workspace, chosen: Filter) -> str | None:
    """A note where nothing was found because nobody gave a flag or tag that was asked for."""
    for test in chosen.conditions:
        if isinstance(test, Marked) and test.values is not None:
            given = given_marks(workspace, test.kind, test.run)
            if not set(given) & set(test.values):
                asked = " or ".join(f"{test.kind}:{value[:40]}" for value in test.values)
                return f"Nobody gave {asked}; given are: {first_few(given) or 'none yet'}."
    return None


def need_space(space: SpaceInfo | None) -> SpaceInfo:
    """The space, or the error that says how to get one.

    Raises:
        ActionError: `no_embeddings`.
    """
    if space is None:
        raise ActionError("no_embeddings", "Nothing is embedded yet.", "Embed the texts: embed.run.")
    return space
