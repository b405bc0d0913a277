"""`outlier.list`: a page of outliers with what is shown of them."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import numpy as np

from core.centroids import Centroids, read_centroids
from core.cluster.blocks import one_blas_thread
from core.control import Control
from core.errors import ActionError
from core.lookup import RunInfo, bad_cursor, check_cluster, check_limit, find_run, row_cursor
from core.outliers.duplicates import COSINE, duplicates
from core.outliers.far import far
from core.outliers.found import Found
from core.outliers.language import language
from core.outliers.lone import lone
from core.outliers.noise import noise
from core.outliers.rows import Kind, OutlierRow
from core.outliers.texts import Texts, read_texts
from core.page import Page
from core.session import Session
from db.search import cluster_titles
from db.text_sets import kept
from db.workspace import Workspace

_MEMBERS = 20
"""Texts of a group that a row lists."""


@dataclass(frozen=True, eq=False)
class Searched:
    """A run with its texts, and the outliers among them."""

    run: RunInfo
    texts: Texts
    centroids: Centroids
    found: Found


def search(
    session: Session, run: str | None, kind: Kind, cluster: int | None, similarity: float = COSINE
) -> Searched:
    """The outliers of a run, of one cluster where that is named.

    Raises:
        ActionError: `no_run`, `unknown_run`, `unknown_cluster`, `bad_similarity` or `no_vectors`.
        Cancelled: Stopped.
    """
    workspace, control = session.workspace, session.control
    known = find_run(workspace, run)
    if cluster is not None:
        check_cluster(workspace, known, cluster)
    if not 0.8 <= similarity <= 1:
        raise ActionError(
            "bad_similarity", f"similarity={similarity:g} is not from 0.8 to 1.", "0.97 is usual."
        )
    # Kept as long as the store stays as it is, so that the next page does not look for them again.
    texts = kept(workspace, ("texts of run", known.id), lambda: read_texts(workspace, known))
    centroids = read_centroids(workspace, known)
    among = cluster if kind == "duplicates" else None
    found: Found = kept(
        workspace,
        ("outliers", known.id, kind, among, similarity),
        lambda: _found(workspace, known, texts, centroids, kind, among, similarity, control),
    )
    if cluster is not None and kind != "duplicates":
        found = _only(texts, found, cluster)
    return Searched(known, texts, centroids, found)


def _found(
    workspace: Workspace,
    run: RunInfo,
    texts: Texts,
    centroids: Centroids,
    kind: Kind,
    cluster: int | None,
    similarity: float,
    control: Control,
) -> Found:
    if kind == "duplicates":
        return duplicates(workspace, texts, cluster, similarity, control)
    if kind == "noise":
        return noise(texts, centroids, control)
    if kind == "far":
        return far(texts)
    if kind == "lone":
        return lone(texts, control)
    return language(workspace, run, texts, control)


def _only(texts: Texts, found: Found, cluster: int) -> Found:
    kept = np.flatnonzero(texts.clusters[found.places] == cluster)
    like = None if found.like is None else found.like[kept]
    return Found(
        found.places[kept], found.scores[kept], lambda at: found.reason(int(kept[at])), found.note, like
    )


def outliers(
    session: Session,
    run: str | None,
    kind: Kind,
    cluster: int | None,
    similarity: float,
    limit: int,
    after: str | None,
) -> Page:
    """A page of outliers, the farthest out first, as `OutlierRow`s; of near-duplicates one row a group.

    Raises:
        ActionError: What `search` raises, `bad_limit` or `bad_cursor`.
    """
    check_limit(limit)
    # Before the search, which may take long.
    cursor = row_cursor(after)
    known = search(session, run, kind, cluster, similarity)
    ids = known.texts.ids[known.found.places]
    start = 0
    if cursor is not None:
        at = np.flatnonzero(ids == cursor)
        if not len(at):
            raise bad_cursor(str(after))
        start = int(at[0]) + 1
    rows = _rows(session.workspace, known, kind, range(start, min(start + limit, len(ids))))
    last = str(ids[start + limit - 1]) if start + limit < len(ids) else None
    return Page(tuple(rows), len(ids), last, known.found.note)


def _rows(workspace: Workspace, known: Searched, kind: Kind, shown: range) -> list[OutlierRow]:
    texts, found = known.texts, known.found
    places = found.places[shown.start : shown.stop]
    facts = _facts(workspace, known.run, texts.ids[places].tolist())
    near = nearest_clusters(texts, known.centroids, places)
    like = [] if found.like is None else found.like[shown.start : shown.stop].tolist()
    likes = _facts(workspace, known.run, texts.ids[like].tolist()) if like else {}
    numbers = {int(number) for number in texts.clusters[places]} | {
        n.nearest for n in near if n.nearest is not None
    }
    titles = cluster_titles(workspace, known.run.id, numbers)
    rows = []
    for offset, (at, place) in enumerate(zip(shown, places.tolist(), strict=True)):
        text_id, cluster = int(texts.ids[place]), int(texts.clusters[place])
        fact, beside = facts[text_id], near[offset]
        reason = found.reason(at)
        if (
            kind == "far"
            and beside.own is not None
            and beside.other is not None
            and beside.other > beside.own
        ):
            reason += f"; nearer to “{titles[beside.nearest]}” ({beside.other:.2f}) than to its own ({beside.own:.2f})"
        more: dict[str, Any] = {}
        if like:
            other = int(texts.ids[like[offset]])
            more = {"like": other, "like_text": likes[other][1]}
        if found.groups:
            members = found.groups[at].places
            more = {
                "group": int(texts.ids[members].min()),
                "group_texts": len(members),
                "group_queries": int(texts.times[members].sum()),
                "members": tuple(texts.ids[members[:_MEMBERS]].tolist()),
            }
        rows.append(
            OutlierRow(
                kind=kind,
                text_id=text_id,
                query=fact[0],
                text=fact[1],
                times=int(texts.times[place]),
                language=fact[2],
                chat_model=fact[3],
                cluster=cluster,
                cluster_title=titles[cluster],
                score=round(float(found.scores[at]), 4),
                reason=reason,
                nearest=beside.nearest,
                nearest_title=titles.get(beside.nearest),
                similarity=beside.other,
                own_similarity=beside.own,
                **more,
            )
        )
    return rows


def _facts(
    workspace: Workspace, run: RunInfo, ids: list[int]
) -> dict[int, tuple[int, str, str | None, str | None]]:
    """By text: its lowest query in the run, its content, and the language and model of that query."""
    # In this order: SQLite would begin with all assignments of the run.
    rows = workspace.rows(
        "SELECT q.text_id, min(q.id), t.content, v.language, v.model FROM query q CROSS JOIN text t ON t.id = q.text_id"
        " CROSS JOIN conversation v ON v.id = q.conversation_id"
        " CROSS JOIN assignment a ON a.run_id = :run AND a.query_id = q.id"
        " WHERE q.text_id IN (SELECT value FROM json_each(:ids)) GROUP BY 1",
        {"run": run.id, "ids": json.dumps(ids)},
    )
    return {row[0]: (row[1], row[2], row[3], row[4]) for row in rows}


@dataclass(frozen=True)
class Near:
    """The nearest other cluster of a text and its cosine; `own` is the cosine to its own centroid."""

    nearest: int | None
    other: float | None
    own: float | None


def nearest_clusters(texts: Texts, centroids: Centroids, places: np.ndarray) -> list[Near]:
    """The nearest other cluster of each text; of nothing where there are no vectors."""
    near = [Near(None, None, None)] * len(places)
    if texts.table is None or not len(centroids.numbers):
        return near
    known = np.flatnonzero(texts.rows[places] >= 0)
    order = known[np.argsort(places[known], kind="stable")]
    with one_blas_thread():
        for start in range(0, len(order), 4_096):
            part = order[start : start + 4_096]
            cosines = texts.vectors(places[part]) @ centroids.centroids.T
            for at, cosine in zip(part.tolist(), cosines, strict=True):
                own = np.flatnonzero(centroids.numbers == texts.clusters[places[at]])
                mine = round(float(cosine[own[0]]), 4) if len(own) else None
                cosine[own] = -np.inf
                best = int(cosine.argmax())
                if np.isfinite(cosine[best]):
                    near[at] = Near(int(centroids.numbers[best]), round(float(cosine[best]), 4), mine)
                else:
                    near[at] = Near(None, None, mine)
    return near
