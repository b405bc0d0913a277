"""`outlier.assign`: outliers put where they fit, or into a cluster of their own, as one edit."""

from __future__ import annotations

import json
from typing import Any

import numpy as np

from core.centroids import read_centroids
from core.curate.clusters import check_free, check_target, shown_title
from core.curate.edit import Edit, editing
from core.curate.moves import kind_of, make_cluster, move, need, new_number
from core.curate.naming import check_title, title_vector
from core.curate.queries import by_number, numbers
from core.curate.rows import Edited, short
from core.curate.trees import follow
from core.errors import ActionError
from core.outliers.list import nearest_clusters, search
from core.outliers.rows import Kind
from core.outliers.texts import read_texts
from core.session import Session
from db import edit_moves

NEAREST, NEW = "nearest", "new"

_TITLES: dict[Kind | None, str] = {
    "noise": "Taken from the noise",
    "far": "Taken from the edges of clusters",
    "lone": "Texts like no other",
    "language": "In another language than their cluster",
    None: "Set aside",
}
"""Of a new cluster, by what it is made of."""


def assign(
    session: Session,
    run: str | None,
    *,
    query: str | int | None,
    kind: Kind | None,
    above: float | None,
    to: str | int,
    title: str,
    reason: str,
    expect: int | None,
) -> Edited:
    """Move outliers to the cluster with the nearest centroid, to one that is named, or together to a new one.

    `kind` stands for all that `outlier.list` finds of it, `above` for those with at least this score. The nearest clusters
    are those before the edit; a text that is in its nearest cluster already stays.

    Raises:
        ActionError: What `editing`, `search` and `check_target` raise, `which_outliers`, `unknown_query`, `bad_target`, `bad_title`,
            `title_taken`, `no_vectors` or `last_cluster`.
    """
    target, title = _target(to), check_title(title)
    if (query is None) == (kind is None):
        raise ActionError(
            "which_outliers", "Say which outliers to move, in one way.", "Either query= or kind=."
        )
    params = {"query": query, "kind": kind, "above": above, "to": to, "title": title or None}
    with editing(session, "outlier.assign", run, params, reason, expect) as edit:
        chosen = _queries(edit, query) if kind is None else _found(edit, kind, above)
        if target == NEAREST:
            _to_nearest(edit, chosen)
        elif isinstance(target, int):
            check_target(edit, target)
            if chosen:
                need(edit, target)
                moved = _move(edit, target, sorted(chosen), {})
                edit.summary = (
                    f"Put {_count(moved)} into cluster {target} {short(shown_title(edit, target))}."
                )
        elif chosen:
            _to_new(edit, sorted(chosen), title, kind)
        if not chosen:
            edit.summary = "There are no such outliers."
    return edit.done()


def _target(to: str | int) -> str | int:
    word = str(to).strip()
    if word in (NEAREST, NEW):
        return word
    if word.removeprefix("-").isdecimal() and word.isascii() and len(word) < 19:
        return int(word)
    raise ActionError(
        "bad_target", f"to={word[:40]!r} is no cluster.", "to=nearest, to=new, or a cluster's number."
    )


def _queries(edit: Edit, query: str | int | None) -> dict[int, int]:
    """The text of each query that is named."""
    assert query is not None
    by_number(edit, query, "query")
    return _texts(edit, "q.id", numbers(query, "query"))


def _found(edit: Edit, kind: Kind, above: float | None) -> dict[int, int]:
    """The text of each query that asks an outlier."""
    known = search(edit.session, edit.run.name, kind, None)
    places = known.found.places if above is None else known.found.places[known.found.scores >= above]
    return _texts(edit, "q.text_id", known.texts.ids[places].tolist())


def _texts(edit: Edit, column: str, values: list[int]) -> dict[int, int]:
    return dict(
        edit.connection.execute(
            "SELECT q.id, q.text_id FROM query q CROSS JOIN assignment a ON a.run_id = ? AND a.query_id = q.id"
            f" WHERE {column} IN (SELECT value FROM json_each(?))",
            (edit.run.id, json.dumps(values)),
        ).fetchall()
    )


def _to_nearest(edit: Edit, chosen: dict[int, int]) -> None:
    workspace = edit.session.workspace
    texts, centroids = read_texts(workspace, edit.run), read_centroids(workspace, edit.run)
    wanted = np.array(sorted(set(chosen.values())), dtype=np.int64)
    near = nearest_clusters(texts, centroids, np.searchsorted(texts.ids, wanted))
    goals: dict[int, list[int]] = {}
    goal_of: dict[int, int] = {}
    for text_id, found in zip(wanted.tolist(), near, strict=True):
        stays = found.own is not None and (found.other is None or found.own >= found.other)
        if not stays and found.nearest is not None:
            goal_of[text_id] = found.nearest
    for query in sorted(chosen):
        if chosen[query] in goal_of:
            goals.setdefault(goal_of[chosen[query]], []).append(query)
    moved = 0
    for done, goal in enumerate(sorted(goals)):
        edit.session.control.progress("assign", done, len(goals), "clusters")
        if kind_of(edit, goal) is None:
            edit.note(f"Cluster {goal} lost its last query in this edit: {_count(len(goals[goal]))} stayed.")
            continue
        moved += _move(edit, goal, goals[goal], {})
    staying = len(chosen) - sum(len(queries) for queries in goals.values())
    if staying:
        edit.note(f"{_count(staying)} stayed: no other cluster is nearer, or there is no vector to tell.")
    edit.summary = f"Put {_count(moved)} into the nearest of {len(goals)} clusters."


def _to_new(edit: Edit, queries: list[int], title: str, kind: Kind | None) -> None:
    origin = edit.connection.execute(
        "SELECT cluster FROM assignment WHERE run_id = ? AND query_id IN (SELECT value FROM json_each(?))"
        " GROUP BY 1 ORDER BY count(*) DESC, cluster LIMIT 1",
        (edit.run.id, json.dumps(queries)),
    ).fetchone()[0]
    number = new_number(edit)
    make_cluster(edit, number)
    moved = _move(edit, number, queries, {number: origin})
    if not title:
        title = _TITLES[kind]
        taken = edit.connection.execute(
            "SELECT 1 FROM cluster WHERE run_id = ? AND title = ?", (edit.run.id, title)
        ).fetchone()
        title = f"{title} ({number})" if taken else title
    edit.connection.execute(
        "UPDATE cluster SET title = ?, title_vector = ? WHERE run_id = ? AND number = ?",
        (title, title_vector(edit, title), edit.run.id, number),
    )
    check_free(edit, number, title)
    follow(edit, (), {}, named=(number,))
    edit.summary = f"Put {_count(moved)} into the new cluster {number} {short(title)}."


def _move(edit: Edit, goal: int, queries: list[int], beside: dict[int, int]) -> int:
    values: dict[str, Any] = {"wanted": json.dumps(queries)}
    where = "a.query_id IN (SELECT value FROM json_each(:wanted))"
    sources = edit_moves.choose(edit.connection, edit.run.id, goal, where, values)
    edit.fresh("cluster", sorted({goal, *sources}))
    return move(edit, sources, goal, beside) if sources else 0


def _count(queries: int) -> str:
    return "1 query" if queries == 1 else f"{queries:,} queries"
