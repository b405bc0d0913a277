"""Making two clusters of one."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.cluster.kmeans import kmeans
from core.curate.clusters import check_free, shown_title, subject
from core.curate.edit import Edit, editing
from core.curate.measure import BLOCK, Measure
from core.curate.moves import kind_of, make_cluster, move, new_number
from core.curate.naming import check_title, prepare, title_vector
from core.curate.queries import by_number
from core.curate.rows import Edited, short
from core.curate.trees import follow
from core.errors import ActionError
from core.name.terms import cluster_terms
from core.name.unique import title_key, unique_among
from core.name.wording import sentence
from core.session import Session
from db import edit_moves
from db.titles import SUMMARY_JOIN, TITLE_SQL

HALVED = 5_000
"""Texts from which 2-means learns the halves; all are put into one."""
READ = 150
"""Texts of each half that are read to tell them apart in words."""


def split(
    session: Session,
    run: str | None,
    cluster: int,
    query: str | int | None,
    text_id: str | int | None,
    title: str,
    reason: str,
    expect: int | None,
) -> Edited:
    """Put some queries of a cluster into a new one: those that are named, else the smaller half that 2-means finds.

    Of the noise and of the orphans only queries that are named; those may be all.

    Raises:
        ActionError: What `editing` and `subject` raise, `unknown_query`, `not_a_member`, `split_all`, `bad_split`,
            `which_queries`, `bad_title` or `title_taken`.
    """
    title = check_title(title)
    prepare(session, run, title)
    params = {"cluster": cluster, "queries": query, "text_id": text_id, "title": title or None}
    with editing(session, "cluster.split", run, params, reason, expect) as edit:
        named = query is not None or text_id is not None
        if query is not None and text_id is not None:
            raise ActionError("which_queries", "Name queries or texts, not both.", "queries= or text_id=.")
        subject(edit, cluster, also=("noise", "orphans") if named else ())
        where, values = _chosen(edit, cluster, query, text_id) if named else _half(edit, cluster)
        number = new_number(edit)
        sources = edit_moves.choose(
            edit.connection,
            edit.run.id,
            number,
            f"a.cluster = :source AND {where}",
            {**values, "source": cluster},
        )
        _check(edit, cluster, sources)
        old = shown_title(edit, cluster)
        ordinary = kind_of(edit, cluster) == "cluster"
        make_cluster(edit, number)
        moved = move(edit, sources, number, {number: cluster})
        _name(edit, cluster, number, title, old if ordinary else "")
        edit.summary = (
            f"Split {moved:,} {'query' if moved == 1 else 'queries'} off cluster {cluster} {short(old)}:"
            f" the new cluster {number} is {short(shown_title(edit, number))}."
        )
    return edit.done()


def _chosen(
    edit: Edit, cluster: int, query: str | int | None, text_id: str | int | None
) -> tuple[str, dict[str, Any]]:
    if query is None:
        assert text_id is not None
        return by_number(edit, text_id, "text_id")
    where, values = by_number(edit, query, "query", "queries")
    stranger = edit.connection.execute(
        f"SELECT a.query_id, a.cluster FROM assignment a WHERE a.run_id = :run AND a.cluster <> :source AND {where} LIMIT 1",
        {**values, "run": edit.run.id, "source": cluster},
    ).fetchone()
    if stranger is not None:
        raise ActionError(
            "not_a_member",
            f"Query {stranger[0]} is in cluster {stranger[1]}, not in {cluster}.",
            "query.list shows the queries of a cluster.",
        )
    return where, values


def _check(edit: Edit, cluster: int, sources: dict[int, int]) -> None:
    leaving = sources.get(cluster, 0)
    size = edit.connection.execute(
        "SELECT size FROM cluster WHERE run_id = ? AND number = ?", (edit.run.id, cluster)
    ).fetchone()[0]
    if not leaving:
        raise ActionError(
            "not_a_member", f"None of them is in cluster {cluster}.", "query.list shows its queries."
        )
    if leaving == size and kind_of(edit, cluster) == "cluster":
        raise ActionError(
            "split_all",
            f"These are all queries of cluster {cluster}: nothing would stay in it.",
            "Name fewer.",
        )


def _half(edit: Edit, cluster: int) -> tuple[str, dict[str, Any]]:
    """The members on the lighter side of a cut by spherical 2-means, seeded by the run's seed."""
    measure = Measure(edit.session.workspace, edit.run)
    members = measure.members(cluster)
    if members is None or len(members.texts) < 2:
        raise ActionError(
            "bad_split",
            f"Cluster {cluster} has {'no vectors' if members is None else 'one text'}: it cannot be cut by itself.",
            "Name the queries that shall leave: queries=.",
        )
    step = -(-len(members.texts) // HALVED)
    looked = slice(None, None, step)
    found = kmeans(
        measure.take(members.rows[looked]), members.weights[looked], 2, edit.run.seed, edit.session.control
    )
    side = np.concatenate(
        [
            np.einsum("ij,kj->ik", measure.take(members.rows[start : start + BLOCK]), found.centroids).argmax(
                axis=1
            )
            for start in range(0, len(members.rows), BLOCK)
        ]
    )
    mass = [float(members.weights[side == half].sum()) for half in (0, 1)]
    if min(mass) == 0:
        raise ActionError(
            "bad_split",
            f"The queries of cluster {cluster} cannot be told apart by their meaning.",
            "Name the queries that shall leave: queries=.",
        )
    leaving: NDArray[np.int64] = members.texts[side == (1 if mass[1] <= mass[0] else 0)]
    return (
        "a.query_id IN (SELECT id FROM query WHERE text_id IN (SELECT value FROM json_each(:leaving)))",
        {"leaving": json.dumps(leaving.tolist())},
    )


def _name(edit: Edit, origin: int, number: int, title: str, base: str) -> None:
    """The title that was given, else the origin's with what its members say; that alone where the origin has no topic."""
    title = title or _told_apart(edit, origin, number, base)
    edit.connection.execute(
        "UPDATE cluster SET title = ?, title_vector = ? WHERE run_id = ? AND number = ?",
        (title, title_vector(edit, title), edit.run.id, number),
    )
    check_free(edit, number, title)
    follow(edit, (), {}, named=(number,))


def _told_apart(edit: Edit, origin: int, number: int, base: str) -> str:
    titles = [
        row[0]
        for row in edit.connection.execute(
            f"SELECT {TITLE_SQL} FROM cluster c JOIN run r ON r.id = c.run_id {SUMMARY_JOIN}"
            " WHERE c.run_id = ? AND c.number <> ?",
            (edit.run.id, number),
        )
    ]
    texts = edit.connection.execute(
        "SELECT side, substr(t.content, 1, 4000) FROM (SELECT a.cluster = :number AS side, q.text_id,"
        "  row_number() OVER (PARTITION BY a.cluster ORDER BY q.text_id) AS place FROM assignment a"
        "  JOIN query q ON q.id = a.query_id WHERE a.run_id = :run AND a.cluster IN (:origin, :number)"
        "  GROUP BY a.cluster, q.text_id) JOIN text t ON t.id = text_id WHERE place <= :read ORDER BY side, text_id",
        {"run": edit.run.id, "origin": origin, "number": number, "read": READ},
    ).fetchall()
    terms = cluster_terms(
        [text for _, text in texts], np.array([side for side, _ in texts], dtype=np.int64), 2
    )
    spare = [phrase.text for phrase in terms[1]]
    base = base or (sentence(spare[0]) if spare else f"Cluster {number}")
    (title,) = unique_among([base], [spare], {title_key(found) for found in titles})
    return title
