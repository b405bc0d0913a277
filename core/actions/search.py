"""Searching texts and clusters."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from core.registry import action

if TYPE_CHECKING:
    from core.page import Page
    from core.session import Session


@action(
    "search.queries",
    title="Search the queries",
    scope="search",
    effect="read",
    keys=("/",),
    footer=True,
    examples=(
        'search.queries text="write a poem"',
        "search.queries text=python mode=text within=root limit=5",
    ),
)
def queries(
    session: Session,
    *,
    text: str,
    mode: Literal["text", "vector", "hybrid"] | None = None,
    limit: int = 20,
    after: str | None = None,
    within: str | None = None,
    cluster: int | None = None,
    language: str | None = None,
    chat_model: str | None = None,
    where: str | None = None,
    space: str | None = None,
    run: str | None = None,
    dataset: str | None = None,
) -> Page:
    """The distinct queries that match, best first, each with how often it was asked; `total` counts text matches.

    Args:
        text: Words that must all occur, "exact phrases", and -words that must not; the last word may be a beginning.
        mode: By words, by meaning, or both; the default is both where the model of the vectors is on this machine.
        limit: At most so many rows, 1 to 1000.
        after: Go on after this cursor of an earlier page.
        within: Only queries at or under this node of the run's current tree.
        cluster: Only queries of this cluster; -1 is the noise.
        language: Only queries in this language.
        chat_model: Only queries to this model.
        where: Only queries with these facets: `task=coding|debugging,concern>=4`; `!=` is not, `task=` no value.
        space: The vectors to search; the default is the run's.
        run: The run whose clusters are meant and shown; the default is the current one.
        dataset: Only queries of this dataset; the default is the run's.
    """
    from core.search.queries import search_queries
    from core.search.scope import Narrow

    dataset = dataset or (None if run else session.view.dataset)
    narrow = Narrow(dataset, run or session.view.run, within, cluster, language, chat_model, where)
    return search_queries(session.workspace, text, narrow, mode=mode, space=space, limit=limit, after=after)


@action(
    "search.clusters",
    title="Search the clusters",
    scope="search",
    effect="read",
    examples=("search.clusters text=code", "search.clusters text=poem mode=text limit=5"),
)
def clusters(
    session: Session,
    *,
    text: str,
    mode: Literal["text", "vector", "hybrid"] | None = None,
    limit: int = 20,
    after: str | None = None,
    within: str | None = None,
    language: str | None = None,
    chat_model: str | None = None,
    where: str | None = None,
    run: str | None = None,
) -> Page:
    """The clusters whose title, description or phrases match, or whose meaning is near, best first.

    Args:
        text: Words of which one or more must occur, "exact phrases", and -words that must not.
        mode: By words, by meaning, or both; the default is both where the model of the vectors is on this machine.
        limit: At most so many rows, 1 to 1000.
        after: Go on after this cursor of an earlier page.
        within: Only clusters at or under this node of the run's current tree.
        language: Only clusters with a query in this language.
        chat_model: Only clusters with a query to this model.
        where: Only clusters with a query that has these facets: `task=coding|debugging,concern>=4`.
        run: The run's id; the default is the current one.
    """
    from core.search.clusters import search_clusters
    from core.search.scope import Narrow

    run = run or session.view.run
    narrow = Narrow(run=run, within=within, language=language, chat_model=chat_model, where=where)
    return search_clusters(session.workspace, text, narrow, mode=mode, limit=limit, after=after)
