"""Facets in numbers: counts and cross tables."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from core.registry import action

if TYPE_CHECKING:
    from core.page import Page
    from core.session import Session


@action(
    "facet.count",
    title="Count by a facet",
    scope="search",
    effect="read",
    examples=(
        "facet.count by=language",
        "facet.count by=week within=root text=python sort=value",
        "facet.count by=cluster where='language=English,turns>=2'",
    ),
)
def count(
    session: Session,
    *,
    by: str,
    text: str | None = None,
    within: str | None = None,
    cluster: int | None = None,
    language: str | None = None,
    chat_model: str | None = None,
    where: str | None = None,
    run: str | None = None,
    dataset: str | None = None,
    saved: str | None = None,
    sort: Literal["count", "value"] = "count",
    limit: int = 50,
    after: str | None = None,
) -> Page:
    """How many queries have each value of a facet, under the filters of a search; exact, and compared with the dataset.

    Args:
        by: A facet, or `language`, `chat_model`, `user`, `turns`, `day`, `week`, `month`, `cluster`; `user_conversations`
            (of the user, in bands), `answer_chars` or in bands `answer_length`, `flagged`, `toxic`, `redacted`.
        text: Only queries that a search by these words and fields finds, as in search.queries.
        within: Only queries at or under this node of the run's current tree.
        cluster: Only queries of this cluster; -1 is the noise.
        language: Only queries in this language, as the log says.
        chat_model: Only queries to this model.
        where: Only queries with these facets: `task=coding|debugging,concern>=4`; `!=` is not, `task=` no value.
        run: The run whose clusters are meant; the default is the current one.
        dataset: Only queries of this dataset; the default is the run's.
        saved: Only queries of the saved search of this name; what is given beside it goes before what it says.
        sort: The most frequent value first, or by value.
        limit: At most so many rows, 1 to 1000.
        after: Go on after this cursor of an earlier page.
    """
    from core.facets.count import count_asked
    from core.search.saved import Asked
    from core.search.scope import Narrow

    narrow = Narrow(dataset, run, within, cluster, language, chat_model, where)
    return count_asked(session, by, saved, Asked(text, narrow=narrow), sort, limit, after)


@action(
    "search.facets",
    title="Search with facets",
    scope="search",
    effect="read",
    keys=("9",),
    examples=("search.facets", "search.facets text=python by=language,week top=3"),
)
def facets(
    session: Session,
    *,
    text: str | None = None,
    by: str | None = None,
    top: int = 5,
    within: str | None = None,
    cluster: int | None = None,
    language: str | None = None,
    chat_model: str | None = None,
    where: str | None = None,
    run: str | None = None,
    dataset: str | None = None,
    saved: str | None = None,
) -> Page:
    """The most frequent values of each facet, under the filters of a search, with exact counts.

    Args:
        text: Only queries that a search by these words and fields finds, as in search.queries.
        by: Facets, with commas between; the default is language, chat_model, cluster, week, and those that were made.
        top: So many values of each, 1 to 1000; facet.count goes through all of them.
        within: Only queries at or under this node of the run's current tree.
        cluster: Only queries of this cluster; -1 is the noise.
        language: Only queries in this language, as the log says.
        chat_model: Only queries to this model.
        where: Only queries with these facets: `task=coding|debugging,concern>=4`; `!=` is not, `task=` no value.
        run: The run whose clusters are meant; the default is the current one.
        dataset: Only queries of this dataset; the default is the run's.
        saved: Only queries of the saved search of this name; what is given beside it goes before what it says.
    """
    from core.facets.several import several
    from core.search.saved import Asked
    from core.search.scope import Narrow

    narrow = Narrow(dataset, run, within, cluster, language, chat_model, where)
    return several(session, by, top, saved, Asked(text, narrow=narrow))


@action(
    "facet.cross",
    title="Cross two facets",
    scope="search",
    effect="read",
    examples=(
        "facet.cross rows=cluster cols=language",
        "facet.cross rows=length cols=month sort=count limit=10",
    ),
)
def cross(
    session: Session,
    *,
    rows: str = "cluster",
    cols: str,
    text: str | None = None,
    within: str | None = None,
    cluster: int | None = None,
    language: str | None = None,
    chat_model: str | None = None,
    where: str | None = None,
    run: str | None = None,
    dataset: str | None = None,
    sort: Literal["q", "count", "lift"] = "q",
    limit: int = 50,
    after: str | None = None,
) -> Page:
    """Which values of two facets occur together more or less often than chance: count, share, lift, p and corrected q.

    Args:
        rows: A facet, as by= of facet.count.
        cols: Another one.
        text: Only queries that a search by these words and fields finds, as in search.queries.
        within: Only queries at or under this node of the run's current tree.
        cluster: Only queries of this cluster; -1 is the noise.
        language: Only queries in this language, as the log says.
        chat_model: Only queries to this model.
        where: Only queries with these facets: `task=coding|debugging,concern>=4`; `!=` is not, `task=` no value.
        run: The run whose clusters are meant; the default is the current one.
        dataset: Only queries of this dataset; the default is the run's.
        sort: The surest cell first, the biggest, or the one that is most beyond expectation.
        limit: At most so many rows, 1 to 1000.
        after: Go on after this cursor of an earlier page.
    """
    from core.facets.cross import cross as engine
    from core.search.scope import Narrow

    dataset = dataset or (None if run else session.view.dataset)
    narrow = Narrow(dataset, run or session.view.run, within, cluster, language, chat_model, where)
    return engine(session.workspace, rows, cols, text, narrow, sort, limit, after)
