"""`run.update`: the queries that were loaded after a run join its clusters and its trees."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.centroids import Centroids, read_centroids
from core.cluster.blocks import one_blas_thread
from core.curate.edit import Edit, editing
from core.curate.measure import Measure, forget_background
from core.curate.moves import KINDS, kind_of, make_cluster
from core.curate.trees import follow
from core.errors import ActionError
from core.lookup import RunInfo
from core.outliers.texts import no_vectors
from core.session import Session
from core.update.fit import Nearest, Reach, misfit, nearest, read_reach
from core.update.growth import growth
from core.update.outside import Misfits, outside
from core.update.proposals import proposals
from core.update.rows import Updated
from db import updates, vectors
from db.titles import NOISE, ORPHANS, SUMMARY_JOIN, TITLE_SQL
from db.vectors import SpaceInfo


@dataclass(frozen=True, eq=False)
class _New:
    """The texts that the run does not have, by id: rows in the space's file, and queries of each."""

    ids: NDArray[np.int64]
    rows: NDArray[np.int64]
    times: NDArray[np.int64]


class _InPlace(Measure):
    """Measures of clusters whose centroids stay, and so their neighbours: comparing all with all would take longest."""

    def _neighbours(self, number: int, _: NDArray[np.float32]) -> list[tuple[int, float]]:
        stored = self.workspace.value(
            "SELECT neighbours FROM cluster WHERE run_id = ? AND number = ?", (self.run.id, number)
        )
        return [(int(other), float(cosine)) for other, cosine in json.loads(stored)]


def update(session: Session, run: str | None) -> Updated:
    """Let the queries that the run's dataset has and the run has not join the run.

    A text that the run knows takes its queries to the cluster in which it is (after edits; the orphans and the noise, too).
    Any other goes to the nearest centroid; in a run by density only within the cluster's reach (the 99th percentile of its
    members, `core.update.fit`), else to the noise. Centroids stay as they are, so that two updates do what one would, and
    drift is measured against the run as it was made; sizes, coherence, representatives and the trees follow. The run's
    reasons say that it was updated.

    It is an edit: its undo takes those queries out again, and leaves the run as it was. Edits before it can be undone by
    themselves; one that made a cluster which has new queries now cannot.

    Raises:
        ActionError: `no_run`, `unknown_run`, `embeddings_missing`, `no_vectors` or `no_centroids`.
        StoreError: `store_read_only` or `store_locked`.
        Cancelled: Stopped; nothing is kept.
    """
    workspace = session.workspace
    with workspace.connection(), editing(session, updates.KIND, run, {}, "", None) as edit:
        session.control.progress("new queries", 0, 0)
        queries = updates.arrive(edit.connection, edit.run.id, edit.run.dataset_id)
        try:
            return _update(edit, queries)
        finally:
            updates.clear(edit.connection)


def _update(edit: Edit, queries: int) -> Updated:
    session, run, connection = edit.session, edit.run, edit.connection
    workspace, control = session.workspace, session.control
    known_queries = updates.settle_known(connection, run.id)
    new = _read(session, run)
    known, reach, table = _against(session, run, len(new.ids))
    found = nearest(table, new.rows, known, control)
    fit, bad = misfit(workspace, run, table, known, reach, found, control)
    goals = known.numbers[found.place]
    if run.algorithm == "hdbscan":
        goals = np.where(bad, NOISE, goals)
    updates.settle(connection, _goals(run, new, found, goals))
    before = dict(
        workspace.rows("SELECT number, size FROM cluster WHERE run_id = ? AND number <> ?", (run.id, ORPHANS))
    )
    gained = updates.gains(connection, run.id)
    if gained:
        _join(edit, gained)
    titles = _titles(session, run)
    misfits = Misfits(new.ids[bad], new.rows[bad], new.times[bad])
    groups = outside(workspace, table, misfits, known, reach.typical, titles, control)
    counts = np.unique(known.numbers[found.place[bad]], return_counts=True)
    badly = dict(zip(counts[0].tolist(), counts[1].tolist(), strict=True))
    before |= {number: 0 for number in gained if number not in before and number != ORPHANS}
    grown = growth(before, gained, badly, titles)
    return Updated(
        run=run.name,
        queries=queries,
        texts=len(new.ids),
        known=known_queries,
        noise=gained.get(NOISE, (0, 0))[0],
        orphans=gained.get(ORPHANS, (0, 0))[0],
        clusters=sum(number >= 0 for number in gained),
        total=workspace.value("SELECT coalesce(sum(size), 0) FROM cluster WHERE run_id = ?", (run.id,)),
        fit=fit,
        growth=grown,
        outside=groups,
        proposals=proposals(run, fit, grown, groups, _taken(session, run, titles)),
        notes=tuple(edit.notes),
        edit=edit.id if gained else None,
    )


def _read(session: Session, run: RunInfo) -> _New:
    """The texts that the run does not have; all must have vectors."""
    kinds = np.dtype([("text", np.int64), ("row", np.int64), ("times", np.int64)])
    found = np.fromiter(updates.unknown_texts(session.workspace.raw, run.space_id), dtype=kinds)
    missing = int((found["row"] < 0).sum())
    if missing:
        space = vectors.find_space(session.workspace, run.space)
        raise ActionError(
            "embeddings_missing",
            f"{missing:,} of {len(found):,} new texts of {run.dataset} have no vectors in the space {run.space}.",
            _hint(run, space),
        )
    return _New(found["text"].copy(), found["row"].copy(), found["times"].copy())


def _hint(run: RunInfo, space: SpaceInfo | None) -> str:
    if space is None or space.model == "imported":
        return "embed.import adds the vectors that you have."
    return f"Run embed.run model={space.origin} dataset={run.dataset}; it computes those that are missing."


def _against(session: Session, run: RunInfo, new: int) -> tuple[Centroids, Reach, NDArray[np.float16]]:
    """The clusters, how far they reach, and the vectors; nothing of it where no text is new."""
    if not new:
        empty = Centroids(np.empty(0, np.int64), np.empty((0, 1), np.float32))
        return empty, Reach(np.empty(0), np.empty(0), float("nan"), 0), np.empty((0, 1), np.float16)
    workspace = session.workspace
    space = vectors.find_space(workspace, run.space)
    known = read_centroids(workspace, run)
    if space is None:
        raise no_vectors()
    if not len(known.numbers):
        raise ActionError(
            "no_centroids", f"No cluster of {run.name} has a centroid.", "Make a new run: run.kmeans."
        )
    return known, read_reach(workspace, run, known), vectors.mapped(workspace, space)


def _goals(run: RunInfo, new: _New, found: Nearest, goals: NDArray[np.int64]) -> list[updates.Goal]:
    """How surely a text belongs to a cluster by density is not known of one that came later."""
    by_density = run.algorithm == "hdbscan"
    return [
        (text, cluster, distance, 0.0 if by_density and cluster == NOISE else None)
        for text, cluster, distance in zip(
            new.ids.tolist(), goals.tolist(), found.distance.tolist(), strict=True
        )
    ]


def _join(edit: Edit, gained: dict[int, tuple[int, int]]) -> None:
    """Assign, and let what follows from the members follow."""
    workspace, run = edit.session.workspace, edit.run
    for number in (NOISE, ORPHANS):
        if number in gained and kind_of(edit, number) is None:
            make_cluster(edit, number, KINDS[number])
    places = {
        row[0]: row[1:]
        for row in workspace.rows(
            "SELECT number, centroid, neighbours FROM cluster WHERE run_id = ? AND number IN"
            " (SELECT value FROM json_each(?))",
            (run.id, json.dumps(list(gained))),
        )
    }
    edit.moved = updates.join(edit.connection, run.id, edit.id)
    told = "1 query that was" if edit.moved == 1 else f"{edit.moved:,} queries that were"
    edit.summary = f"{told} loaded later joined."
    updates.note(edit.connection, run.id, workspace.clock(), edit.summary)
    forget_background(workspace, run.id)
    measure = _InPlace(workspace, run, len(gained))
    if measure.table is None:
        edit.note(
            "Without the vectors of the run's space, sizes are exact but measures are not computed again."
        )
    # Of many small products, each waits for the other threads longer than it takes.
    with one_blas_thread():
        for done, number in enumerate(gained):
            edit.session.control.progress("measure", done, len(gained), "clusters")
            measure.update(number)
            updates.restore_place(edit.connection, run.id, number, *places[number])
    follow(edit, list(gained), {})


def _taken(session: Session, run: RunInfo, titles: Mapping[int, str]) -> set[str]:
    """The titles of the clusters and of the nodes of all trees."""
    rows = session.workspace.rows(
        "SELECT DISTINCT n.title FROM node n JOIN hierarchy h ON h.id = n.hierarchy_id WHERE h.run_id = ?",
        (run.id,),
    )
    return {row[0] for row in rows} | set(titles.values())


def _titles(session: Session, run: RunInfo) -> dict[int, str]:
    return dict(
        session.workspace.rows(
            f"SELECT c.number, {TITLE_SQL} FROM cluster c JOIN run r ON r.id = c.run_id {SUMMARY_JOIN} WHERE c.run_id = ?",
            (run.id,),
        )
    )
