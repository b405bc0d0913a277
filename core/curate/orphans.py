"""The queries that a person took out of all clusters: which they are, and where each would fit."""

from __future__ import annotations

import json

import numpy as np

from core.curate.measure import Measure
from core.curate.queries import ORIGIN_SQL, check_known, numbers
from core.curate.rows import OrphanRow, Suggestion
from core.errors import ActionError
from core.lookup import check_limit, find_run, row_cursor
from core.page import Page
from db.search import cluster_titles
from db.titles import ORPHANS
from db.workspace import Workspace

_EDIT = ORIGIN_SQL.replace("SELECT m.cluster_before", "SELECT e.id", 1)


def orphans(workspace: Workspace, run: str | None, limit: int, after: str | None) -> Page:
    """The orphans of a run by their number, with where each came from and who took it out.

    Raises:
        ActionError: `no_run`, `unknown_run`, `bad_limit` or `bad_cursor`.
    """
    check_limit(limit)
    found = find_run(workspace, run)
    start = row_cursor(after) or 0
    rows = workspace.rows(
        f"SELECT o.query_id, q.text_id, t.content, v.language, v.model, o.origin, e.id, e.actor, e.at, e.reason FROM"
        f" (SELECT a.query_id, ({ORIGIN_SQL}) AS origin, ({_EDIT}) AS edit_id FROM assignment a WHERE a.run_id = :run"
        f"  AND a.cluster = {ORPHANS} AND a.query_id > :start ORDER BY a.query_id LIMIT :limit) o"
        " JOIN query q ON q.id = o.query_id JOIN text t ON t.id = q.text_id JOIN conversation v ON v.id = q.conversation_id"
        " LEFT JOIN edit e ON e.id = o.edit_id ORDER BY o.query_id",
        {"run": found.id, "start": start, "limit": limit + 1},
    )
    titles = cluster_titles(workspace, found.id, {row[5] for row in rows if row[5] is not None})
    page = tuple(
        OrphanRow(
            number,
            text_id,
            text,
            language,
            model,
            origin if origin in titles else None,
            titles.get(origin),
            *by,
        )
        for number, text_id, text, language, model, origin, *by in rows[:limit]
    )
    total = workspace.value(
        "SELECT count(*) FROM assignment WHERE run_id = ? AND cluster = ?", (found.id, ORPHANS)
    )
    return Page(page, total, str(page[-1].query) if len(rows) > limit else None)


def suggest(
    workspace: Workspace, run: str | None, query: str | int | None, limit: int, after: str | None
) -> Page:
    """For each orphan, or for any queries that are named, the two clusters with the nearest centroids.

    Raises:
        ActionError: `no_run`, `unknown_run`, `unknown_query`, `bad_limit`, `bad_cursor`, or `no_embeddings` when the vectors
            of the run's space are not at hand.
    """
    check_limit(limit)
    found = find_run(workspace, run)
    start = row_cursor(after) or 0
    named = None if query is None else numbers(query, "query")
    check_known(workspace, found, named or [], "query")
    wanted = None if named is None else json.dumps(named)
    chosen = (
        f"a.cluster = {ORPHANS}" if wanted is None else "a.query_id IN (SELECT value FROM json_each(:wanted))"
    )
    rows = workspace.rows(
        'SELECT a.query_id, t.content, v."row" FROM assignment a JOIN query q ON q.id = a.query_id'
        " JOIN text t ON t.id = q.text_id LEFT JOIN vector v ON v.space_id = :space AND v.text_id = q.text_id"
        f" WHERE a.run_id = :run AND {chosen} AND a.query_id > :start ORDER BY a.query_id LIMIT :limit",
        {"run": found.id, "space": found.space_id, "start": start, "limit": limit + 1, "wanted": wanted},
    )
    measure = Measure(workspace, found)
    centroids = workspace.rows(
        "SELECT number, centroid FROM cluster WHERE run_id = ? AND kind = 'cluster' AND centroid IS NOT NULL ORDER BY number",
        (found.id,),
    )
    if rows and (measure.table is None or not centroids):
        raise ActionError(
            "no_embeddings", f"The vectors of {found.name} are not at hand.", "Embed the texts: embed.run."
        )
    titles = cluster_titles(workspace, found.id, (number for number, _ in centroids))
    shown = [row for row in rows[:limit] if row[2] is not None]
    suggestions: list[Suggestion] = []
    if shown:
        table = np.stack([np.frombuffer(blob, dtype="<f4") for _, blob in centroids])
        near = np.einsum("ij,kj->ik", measure.take(np.array([row[2] for row in shown], np.int64)), table)
        for (number, text, _), cosines in zip(shown, near, strict=True):
            best = np.lexsort((np.arange(len(cosines)), -cosines))[:2].tolist()
            pairs = [(centroids[i][0], titles[centroids[i][0]], round(float(cosines[i]), 4)) for i in best]
            suggestions.append(
                Suggestion(number, text, *pairs[0], *(pairs[1] if len(pairs) > 1 else (None, None, None)))
            )
    return Page(tuple(suggestions), None, str(rows[limit - 1][0]) if len(rows) > limit else None)
