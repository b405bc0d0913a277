"""Searching texts and clusters."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from core.registry import action

if TYPE_CHECKING:
    from core.page import Page
    from core.search.rows import SavedSearch, SearchForgotten
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
        "search.queries text='NEAR(write poem, 5) OR haiku -is:noise turns:>=2'",
    ),
)
def queries(
    session: Session,
    *,
    text: str | None = None,
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
    saved: str | None = None,
) -> Page:
    """The distinct queries that match, best first, each with how often it was asked; `total` counts text matches.

    The text may hold `"exact phrases"`, `-words` that must not occur, `begin*`, `NEAR(a b, 5)`, `one OR other`, and fields,
    which `-` turns round: `language:de chat_model:gpt-4 in:NODE cluster:12 after:2023-05-01 before:2023-06 is:noise
    is:orphan has:flag has:tag has:note flag:NAME tag:NAME user:NAME turns:>=3 FACET:VALUE FACET:""`. A value with spaces
    stands in quotation marks, which with nothing in them mean no value. `after:` holds its day, `before:` does not. Whatever else has a colon is text, and so is what is quoted.

    Args:
        text: Words that must all occur, and the rest of the language; the last word may be a beginning.
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
        saved: The search of this name; what is given beside it goes before what it says.
    """
    from core.search.queries import search_asked
    from core.search.saved import Asked
    from core.search.scope import Narrow

    narrow = Narrow(dataset, run, within, cluster, language, chat_model, where)
    return search_asked(session, saved, Asked(text, mode, space, narrow), limit, after)


@action(
    "search.similar",
    title="Find similar queries",
    scope="search",
    effect="read",
    examples=("search.similar query=61", "search.similar text_id=61 text=-is:noise limit=5"),
)
def similar(
    session: Session,
    *,
    query: int | None = None,
    text_id: int | None = None,
    text: str | None = None,
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
    """The distinct queries whose meaning is nearest to one of them, nearest first; the score is the cosine.

    Args:
        query: The query that others are compared with, by its number.
        text_id: The same, by the number of its text.
        text: Only queries with these words and fields, as in search.queries.
        limit: At most so many rows, 1 to 1000.
        after: Go on after this cursor of an earlier page.
        within: Only queries at or under this node of the run's current tree.
        cluster: Only queries of this cluster; -1 is the noise.
        language: Only queries in this language.
        chat_model: Only queries to this model.
        where: Only queries with these facets: `task=coding|debugging,concern>=4`.
        space: The vectors to compare; the default is the run's.
        run: The run whose clusters are meant and shown; the default is the current one.
        dataset: Only queries of this dataset; the default is the run's.
    """
    from core.search.saved import placed
    from core.search.scope import Narrow
    from core.search.similar import similar as engine

    narrow = placed(session, Narrow(dataset, run, within, cluster, language, chat_model, where))
    return engine(session.workspace, query, text_id, text, narrow, space, limit, after)


@action(
    "search.save",
    title="Save a search",
    scope="search",
    effect="write",
    examples=("search.save name=poems text='poem OR haiku' mode=text",),
)
def save(
    session: Session,
    *,
    name: str,
    text: str,
    mode: Literal["text", "vector", "hybrid"] | None = None,
    within: str | None = None,
    cluster: int | None = None,
    language: str | None = None,
    chat_model: str | None = None,
    where: str | None = None,
    space: str | None = None,
    run: str | None = None,
    dataset: str | None = None,
    overwrite: bool = False,
) -> SavedSearch:
    """Keep a search under a name, for `search.queries saved=NAME`; what is not given is what is current then.

    Args:
        name: Up to 60 letters, digits, spaces and . _ + -.
        text: What to search for, as in search.queries.
        mode: By words, by meaning, or both.
        within: Only queries at or under this node of the run's current tree.
        cluster: Only queries of this cluster; -1 is the noise.
        language: Only queries in this language.
        chat_model: Only queries to this model.
        where: Only queries with these facets: `task=coding|debugging,concern>=4`.
        space: The vectors to search.
        run: The run whose clusters are meant and shown.
        dataset: Only queries of this dataset.
        overwrite: Replace the search that has the name.
    """
    from core.search.saved import Asked
    from core.search.saved import save as engine
    from core.search.scope import Narrow

    narrow = Narrow(dataset, run, within, cluster, language, chat_model, where)
    return engine(session, name, Asked(text, mode, space, narrow), overwrite)


@action(
    "search.saved",
    title="List saved searches",
    scope="search",
    effect="read",
    examples=("search.saved",),
)
def saved(session: Session, *, limit: int = 50, after: str | None = None) -> Page:
    """The saved searches, by name.

    Args:
        limit: At most so many rows, 1 to 1000.
        after: Go on after this cursor of an earlier page.
    """
    from core.search.saved import saved as engine

    return engine(session.workspace, limit, after)


@action(
    "search.forget",
    title="Forget a saved search",
    scope="search",
    effect="write",
    examples=("search.forget name=poems",),
)
def forget(session: Session, *, name: str) -> SearchForgotten:
    """Take a saved search away; it can be saved again.

    Args:
        name: Its name.
    """
    from core.search.saved import forget as engine

    return engine(session, name)


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
        text: Words of which one or more must occur, -words that must not, and the rest of the language of search.queries.
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
