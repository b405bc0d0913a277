"""Edits of queries, and the queries that belong to no cluster any more."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.registry import action

if TYPE_CHECKING:
    from core.curate.rows import Edited
    from core.page import Page
    from core.session import Session


@action(
    "query.move",
    title="Move to another cluster",
    scope="query",
    effect="write",
    keys=("c",),
    examples=(
        'query.move query=61,62 to=0 reason="they ask for code"',
        "query.move search=recipe from_cluster=1 to=0",
        "query.move from_cluster=1 language=German to=-2",
    ),
)
def move(
    session: Session,
    *,
    to: int,
    query: str | int | None = None,
    text_id: str | int | None = None,
    search: str | None = None,
    from_cluster: int | None = None,
    within: str | None = None,
    language: str | None = None,
    chat_model: str | None = None,
    run: str | None = None,
    reason: str = "",
    expect: int | None = None,
) -> Edited:
    """Move queries to another cluster: some, all that ask the same text, all text matches of a search, or a whole cluster.

    What is said of them must all hold: `search=poem from_cluster=1` moves what matches in cluster 1.

    Args:
        to: The cluster's number; -1 is the noise, -2 takes them out of the clusters.
        query: Numbers of queries, with commas between; each moves alone.
        text_id: Numbers of texts, with commas between; every query that asks one of them moves.
        search: Words as in `search.queries mode=text`, but the last is a whole one too, unless `*` follows; every match moves,
            also those of later pages.
        from_cluster: Only from this cluster; alone, all of it.
        within: Only queries at or under this node of the run's current tree.
        language: Only queries in this language.
        chat_model: Only queries to this model.
        run: The run's id; the default is the current one.
        reason: Why, for the history.
        expect: The last edit that you have seen of the clusters: a later one refuses this one.
    """
    from core.curate.queries import move_queries
    from core.search.scope import Narrow

    narrow = Narrow(within=within, language=language, chat_model=chat_model)
    return move_queries(
        session, run, to, query=query, text_id=text_id, search=search, from_cluster=from_cluster, narrow=narrow,
        reason=reason, expect=expect,
    )  # fmt: skip


@action(
    "query.restore",
    title="Put an orphan back",
    scope="query",
    effect="write",
    examples=("query.restore query=61", "query.restore query=all to=0"),
)
def restore(
    session: Session,
    *,
    query: str | int,
    to: int | None = None,
    run: str | None = None,
    reason: str = "",
    expect: int | None = None,
) -> Edited:
    """Put orphans back into the clusters that they came from, or into another one.

    Args:
        query: Numbers of orphans, with commas between, or `all`.
        to: The cluster's number; the default is where each came from.
        run: The run's id; the default is the current one.
        reason: Why, for the history.
        expect: The last edit that you have seen of the orphans: a later one refuses this one.
    """
    from core.curate.queries import restore as restore_queries

    return restore_queries(session, run, query, to, reason, expect)


@action(
    "query.flag",
    title="Flag the query",
    scope="query",
    effect="write",
    keys=("f",),
    examples=("query.flag query=61,62 flag=interesting", "query.flag query=61 flag=interesting remove=true"),
)
def flag(
    session: Session,
    *,
    query: str | int,
    flag: str = "review",
    remove: bool = False,
    run: str | None = None,
    reason: str = "",
    expect: int | None = None,
) -> Edited:
    """Put a mark on queries, or take it off.

    Args:
        query: Numbers of queries, with commas between.
        flag: The mark.
        remove: Take it off.
        run: The run's id; the default is the current one.
        reason: Why, for the history.
        expect: The last edit that you have seen of the queries: a later one refuses this one.
    """
    from core.curate.queries import flag as flag_queries

    return flag_queries(session, run, query, flag, remove, reason, expect)


@action(
    "orphan.list",
    title="Orphans",
    scope="query",
    effect="read",
    examples=("orphan.list", "orphan.list limit=10"),
)
def orphan_list(
    session: Session, *, run: str | None = None, limit: int = 50, after: str | None = None
) -> Page:
    """The queries that were taken out of all clusters, where each came from, by whom and why.

    Args:
        run: The run's id; the default is the current one.
        limit: At most so many rows.
        after: Go on after this cursor of an earlier page.
    """
    from core.curate.orphans import orphans

    return orphans(session.workspace, run or session.view.run, limit, after)


@action(
    "orphan.suggest",
    title="Where orphans would fit",
    scope="query",
    effect="read",
    examples=("orphan.suggest", "orphan.suggest query=66"),
)
def orphan_suggest(
    session: Session,
    *,
    query: str | int | None = None,
    run: str | None = None,
    limit: int = 50,
    after: str | None = None,
) -> Page:
    """For each orphan the two clusters that are nearest in meaning; query.restore to= puts it there.

    Args:
        query: Numbers of queries, with commas between, orphans or not; the default is all orphans.
        run: The run's id; the default is the current one.
        limit: At most so many rows.
        after: Go on after this cursor of an earlier page.
    """
    from core.curate.orphans import suggest

    return suggest(session.workspace, run or session.view.run, query, limit, after)
