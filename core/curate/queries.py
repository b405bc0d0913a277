"""Edits of single queries: to another cluster, back where they came from, and marks on them."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

from core.curate.clusters import check_target, shown_title, subject
from core.curate.edit import Edit, editing
from core.curate.moves import KINDS, kind_of, move, need
from core.curate.rows import Edited, short
from core.curate.words import check_word
from core.errors import ActionError
from core.lookup import RunInfo, check_cluster
from core.search.language import misread
from core.search.scope import Narrow, check_values, find_scope
from core.session import Session
from db import edit_moves
from db.matching import matching_ids
from db.search import Filter
from db.text_sets import passing_ids
from db.titles import ORPHANS
from db.workspace import Workspace

MAX_LISTED = 100_000


def numbers(value: str | int, what: str) -> list[int]:
    """The numbers of a list such as `3, 17, 4`, in order and once each.

    Raises:
        ActionError: `bad_parameter` for what is no list of numbers, or too long a one.
    """
    parts = [part.strip() for part in str(value).split(",") if part.strip()]
    if (
        not parts
        or len(parts) > MAX_LISTED
        or not all(p.isascii() and p.isdecimal() and len(p) < 19 for p in parts)
    ):
        raise ActionError(
            "bad_parameter",
            f"{what}={str(value)[:60]!r} is not a list of numbers.",
            f"For example {what}=3,17,4.",
        )
    return sorted({int(part) for part in parts})


def move_queries(
    session: Session,
    run: str | None,
    to: int,
    *,
    query: str | int | None,
    text_id: str | int | None,
    search: str | None,
    from_cluster: int | None,
    narrow: Narrow,
    reason: str,
    expect: int | None,
) -> Edited:
    """Move queries to a cluster: those of which all holds that is said.

    `query` and `text_id` are lists of numbers; `search` stands for all its text matches.

    Raises:
        ActionError: What `editing` and `subject` raise, `which_queries`, `unknown_query`, `unknown_text`, `no_matches`,
            `last_cluster`, and what a search raises.
    """
    filters = {"within": narrow.within, "language": narrow.language, "chat_model": narrow.chat_model}
    params = {
        "query": query,
        "text_id": text_id,
        "search": search,
        "from_cluster": from_cluster,
        "to": to,
        **filters,
    }
    with editing(session, "query.move", run, params, reason, expect) as edit:
        check_target(edit, to)
        where, values = _condition(edit, query, text_id, search, from_cluster, narrow)
        sources = edit_moves.choose(edit.connection, edit.run.id, to, where, values)
        edit.fresh("cluster", sorted(sources))
        if not sources:
            check_values(session.workspace, Filter(language=narrow.language, chat_model=narrow.chat_model))
            edit.idle = f"They are all in cluster {to} already."
        else:
            need(edit, to)
            moved = move(edit, sources, to)
            edit.summary = _moved(edit, moved, sources, to)
    return edit.done()


def _moved(edit: Edit, moved: int, sources: dict[int, int], to: int) -> str:
    queries = f"{moved:,} queries" if moved != 1 else "1 query"
    origin = f"cluster {next(iter(sources))}" if len(sources) == 1 else f"{len(sources)} clusters"
    return f"Moved {queries} from {origin} to {to} {short(shown_title(edit, to))}."


def _condition(
    edit: Edit,
    query: str | int | None,
    text_id: str | int | None,
    search: str | None,
    from_cluster: int | None,
    narrow: Narrow,
) -> tuple[str, dict[str, Any]]:
    """A condition on `assignment a`, and its values: all that is said must hold of a query.

    Raises:
        ActionError: `which_queries` when nothing is said.
    """
    parts: list[tuple[str, dict[str, Any]]] = []
    if query is not None:
        parts.append(by_number(edit, query, "query"))
    if text_id is not None:
        parts.append(by_number(edit, text_id, "text_id"))
    if from_cluster is not None:
        check_cluster(edit.session.workspace, edit.run, from_cluster)
        parts.append(("a.cluster = :from", {"from": from_cluster}))
    if search is not None or (narrow.within, narrow.language, narrow.chat_model) != (None,) * 3:
        parts.append(_searched(edit, search, replace(narrow, run=edit.run.name, cluster=from_cluster)))
    if not parts:
        raise ActionError(
            "which_queries",
            "Say which queries to move.",
            "query=, text_id=, search=, from_cluster=, or a filter: within=, language=, chat_model=.",
        )
    return " AND ".join(where for where, _ in parts), {
        name: value for _, part in parts for name, value in part.items()
    }


def by_number(
    edit: Edit, value: str | int, what: str, parameter: str | None = None
) -> tuple[str, dict[str, Any]]:
    """A condition for queries by their numbers, or by those of their texts; all of them must be in the run.

    Args:
        edit: The open edit.
        value: The numbers, with commas between.
        what: `query` or `text_id`.
        parameter: The name of the parameter that has them, where it is another.

    Raises:
        ActionError: `bad_parameter`, `unknown_query` or `unknown_text`.
    """
    wanted = numbers(value, parameter or what)
    check_known(edit.session.workspace, edit.run, wanted, "query" if what == "query" else "text")
    if what == "query":
        return "a.query_id IN (SELECT value FROM json_each(:wanted))", {"wanted": json.dumps(wanted)}
    return (
        "a.query_id IN (SELECT id FROM query WHERE text_id IN (SELECT value FROM json_each(:texts)))",
        {"texts": json.dumps(wanted)},
    )


def check_known(workspace: Workspace, run: RunInfo, wanted: list[int], kind: str) -> None:
    """Raise `unknown_query` or `unknown_text` when one of some queries, or of some texts, is not in a run."""
    column = {"query": "q.id", "text": "q.text_id"}[kind]
    found = workspace.value(
        f"SELECT j.value FROM json_each(?) j WHERE NOT EXISTS (SELECT 1 FROM query q CROSS JOIN assignment a ON a.query_id = q.id"
        f" WHERE {column} = j.value AND a.run_id = ?) LIMIT 1",
        (json.dumps(wanted), run.id),
    )
    if found is not None:
        raise ActionError(
            f"unknown_{kind}",
            f"The run {run.name} has no {kind} {found}.",
            "query.list and search.queries show them.",
        )


def _searched(edit: Edit, search: str | None, narrow: Narrow) -> tuple[str, dict[str, Any]]:
    workspace = edit.session.workspace
    if search is not None and (said := misread(search)) is not None:
        raise ActionError("bad_search", said, "Move what each part finds, one after the other.")
    # Whole words: what is moved is not being typed.
    scope = find_scope(workspace, narrow, f"{search} " if search else "")
    chosen, expression = scope.chosen, scope.match
    where = f"a.query_id IN (SELECT q.id FROM {chosen.source} WHERE {chosen.where}"
    if search is None:
        return f"{where})", chosen.parameters
    if expression is not None:
        texts = matching_ids(workspace, expression, scope.matching).tolist()
    else:
        texts = [] if scope.blank else passing_ids(workspace, chosen).tolist()
    if not texts:
        raise ActionError(
            "no_matches", f"No query matches {search[:80]!r}.", "search.queries shows what a search finds."
        )
    return (
        f"{where} AND q.text_id IN (SELECT value FROM json_each(:matches)))",
        {**chosen.parameters, "matches": json.dumps(texts)},
    )


def restore(
    session: Session, run: str | None, query: str | int, to: int | None, reason: str, expect: int | None
) -> Edited:
    """Put orphans back into the clusters that they came from, or into `to`.

    Raises:
        ActionError: What `editing` raises, `unknown_query`, `not_an_orphan`, or `origin_gone` when a cluster that one came
            from is no longer there.
    """
    with editing(session, "query.restore", run, {"query": query, "to": to}, reason, expect) as edit:
        where, values = (
            ("a.cluster = :orphans", {}) if str(query) == "all" else by_number(edit, query, "query")
        )
        values = {**values, "orphans": ORPHANS}
        if to is not None:
            subject(edit, to)
        astray = edit.connection.execute(
            f"SELECT a.query_id, a.cluster FROM assignment a WHERE a.run_id = :run AND a.cluster <> :orphans AND {where} LIMIT 1",
            {**values, "run": edit.run.id},
        ).fetchone()
        if astray is not None:
            raise ActionError(
                "not_an_orphan", f"Query {astray[0]} is in cluster {astray[1]}.", "orphan.list shows orphans."
            )
        edit.fresh("cluster", [ORPHANS])
        goals = _goals(edit, where, values) if to is None else {to: None}
        moved = 0
        for goal, queries in goals.items():
            part = {"wanted": json.dumps(queries)} if queries else values
            condition = "a.query_id IN (SELECT value FROM json_each(:wanted))" if queries else where
            sources = edit_moves.choose(
                edit.connection, edit.run.id, goal, f"a.cluster = {ORPHANS} AND {condition}", part
            )
            if sources:
                need(edit, goal)
                moved += move(edit, sources, goal)
        edit.idle = "There are no orphans."
        listed = ", ".join(str(goal) for goal in goals)
        edit.summary = f"Put {moved:,} {'query' if moved == 1 else 'queries'} back into cluster {listed}."
    return edit.done()


def _goals(edit: Edit, where: str, values: dict[str, Any]) -> dict[int, list[int] | None]:
    """The cluster that each orphan came from, and which come from it."""
    goals: dict[int, list[int] | None] = {}
    rows = edit.connection.execute(
        f"SELECT a.query_id, ({ORIGIN_SQL}) FROM assignment a WHERE a.run_id = :run AND a.cluster = :orphans AND {where}"
        " ORDER BY 1",
        {**values, "run": edit.run.id},
    ).fetchall()
    for query, origin in rows:
        if origin is None or (origin not in KINDS and kind_of(edit, origin) is None):
            raise ActionError(
                "origin_gone",
                f"Query {query} came from cluster {origin}, which is no longer there.",
                "Say where it shall go: to=; orphan.suggest knows the nearest cluster.",
            )
        goals.setdefault(origin, [])
        part = goals[origin]
        assert part is not None
        part.append(query)
    return goals


ORIGIN_SQL = (
    "SELECT m.cluster_before FROM edit_assignment m JOIN edit e ON e.id = m.edit_id WHERE m.query_id = a.query_id"
    f" AND e.run_id = a.run_id AND e.undone_by IS NULL AND m.cluster_after = {ORPHANS}"
    f" AND m.cluster_before <> {edit_moves.ABSENT} ORDER BY e.applied DESC LIMIT 1"
)
"""The cluster from which an orphan `a` was taken."""


def flag(
    session: Session,
    run: str | None,
    query: str | int,
    word: str,
    remove: bool,
    reason: str,
    expect: int | None,
) -> Edited:
    """Put a mark on queries, or take it off.

    Raises:
        ActionError: What `editing` raises, `unknown_query` or `bad_word`.
    """
    word = check_word(word, "flag")
    params = {"query": query, "flag": word, "remove": remove or None}
    with editing(session, "query.flag", run, params, reason, expect) as edit:
        where, values = by_number(edit, query, "query")
        edit.fresh("query", numbers(query, "query"))
        values = {**values, "run": edit.run.id, "flag": word}
        if remove:
            edit.connection.execute(
                f"DELETE FROM query_flag AS a WHERE a.run_id = :run AND a.flag = :flag AND {where}", values
            )
        else:
            edit.connection.execute(
                "INSERT OR IGNORE INTO query_flag (run_id, query_id, flag)"
                f" SELECT a.run_id, a.query_id, :flag FROM assignment a WHERE a.run_id = :run AND {where}",
                values,
            )
        count = len(numbers(query, "query"))
        queries = f"query {query}" if count == 1 else f"{count:,} queries"
        edit.summary = f"{'Took the flag off' if remove else 'Flagged'} {queries}: {word}."
    return edit.done()
