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
    sort: Literal["count", "value"] = "count",
    limit: int = 50,
    after: str | None = None,
) -> Page:
    """How many queries have each value of a facet, under the filters of a search; exact, and compared with the dataset.

    Args:
        by: A facet, or `language`, `chat_model`, `user`, `turns`, `day`, `week`, `month`, `cluster`.
        text: Only queries that a search by these words and fields finds, as in search.queries.
        within: Only queries at or under this node of the run's current tree.
        cluster: Only queries of this cluster; -1 is the noise.
        language: Only queries in this language, as the log says.
        chat_model: Only queries to this model.
        where: Only queries with these facets: `task=coding|debugging,concern>=4`; `!=` is not, `task=` no value.
        run: The run whose clusters are meant; the default is the current one.
        dataset: Only queries of this dataset; the default is the run's.
        sort: The most frequent value first, or by value.
        limit: At most so many rows, 1 to 1000.
        after: Go on after this cursor of an earlier page.
    """
    from core.facets.count import count as engine
    from core.search.scope import Narrow

    dataset = dataset or (None if run else session.view.dataset)
    narrow = Narrow(dataset, run or session.view.run, within, cluster, language, chat_model, where)
    return engine(session.workspace, by, text, narrow, sort, limit, after)


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
