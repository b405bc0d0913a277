"""Distances to centroids after edits: to the centroid of now, wherever they are shown, sorted by or exported."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from core.session import Session
from db.vectors import find_space, mapped
from tests.edit_steps import ask, opened


@pytest.fixture
def session(edit_base: Path, tmp_path: Path) -> Iterator[Session]:
    session = opened(shutil.copytree(edit_base, tmp_path / "w"))
    yield session
    session.close()


def expected(session: Session) -> dict[tuple[int, int], float]:
    """By cluster and text, from the store's rows and vectors alone."""
    workspace = session.workspace
    run_id, name = workspace.row("SELECT r.id, s.name FROM run r JOIN space s ON s.id = r.space_id")
    space = find_space(workspace, name)
    table = np.asarray(mapped(workspace, space), dtype=np.float64)
    centres = {
        number: np.frombuffer(blob, dtype="<f4").astype(np.float64)
        for number, blob in workspace.rows(
            "SELECT number, centroid FROM cluster WHERE kind = 'cluster' AND run_id = ?", (run_id,)
        )
    }
    rows = workspace.rows(
        'SELECT DISTINCT a.cluster, q.text_id, v."row" FROM assignment a JOIN query q ON q.id = a.query_id'
        " JOIN vector v ON v.text_id = q.text_id AND v.space_id = ? WHERE a.run_id = ? AND a.cluster >= 0",
        (space.id, run_id),
    )
    return {(cluster, text): 1 - float(table[row] @ centres[cluster]) for cluster, text, row in rows}


def assert_true(session: Session) -> None:
    true = expected(session)
    for cluster in {cluster for cluster, _ in true}:
        for sort, sign in (("central", 1), ("boundary", -1)):
            listed = ask(session, "query.list", cluster=cluster, sort=sort, limit=1000)
            found = {(cluster, row.text_id): row.distance for row in listed}
            assert found == pytest.approx(
                {key: far for key, far in true.items() if key[0] == cluster}, abs=2e-3
            )
            order = [sign * row.distance for row in listed]
            assert order == sorted(order)
            # Page by page it is the same list.
            paged, after = [], None
            while True:
                page = session.dispatch(
                    "query.list", {"cluster": cluster, "sort": sort, "limit": 2, "after": after}
                )
                paged += page.data
                after = page.after
                if after is None:
                    break
            assert [row.text_id for row in paged] == [row.text_id for row in listed]
        shown = ask(session, "cluster.show", cluster=cluster)
        for row in (*shown.central, *shown.boundary):
            assert row.distance == pytest.approx(true[cluster, row.text_id], abs=2e-3)
    everywhere = ask(session, "query.list", sort="boundary", limit=1000)
    placed = [row for row in everywhere if row.cluster >= 0]
    assert {(row.cluster, row.text_id): row.distance for row in placed} == pytest.approx(true, abs=2e-3)
    order = [9 if row.distance is None else row.distance for row in everywhere]
    assert order == sorted(order, reverse=True)
    for query in [row.query for row in placed][:5]:
        (own,) = ask(session, "query.show", query=query).clusters
        assert own.distance == pytest.approx(
            next(true[row.cluster, row.text_id] for row in placed if row.query == query), abs=2e-3
        )
    path = session.workspace.folder / "out.jsonl"
    ask(session, "export.run", path=str(path), format="jsonl", overwrite=True)
    text_of = dict(session.workspace.rows("SELECT id, text_id FROM query"))
    for line in path.read_text("utf-8").splitlines():
        row = json.loads(line)
        if row["cluster_id"] >= 0:
            assert row["distance"] == pytest.approx(
                true[row["cluster_id"], text_of[row["query_id"]]], abs=2e-3
            )


def test_they_are_to_the_centroid_of_now(session: Session) -> None:
    assert_true(session)
    ask(session, "cluster.merge", cluster=1, into=2)
    assert_true(session)
    moved = ask(session, "query.list", cluster=2, sort="boundary", limit=2)
    ask(session, "query.move", query=",".join(str(row.query) for row in moved), to=0)
    assert_true(session)
    for _ in range(2):
        ask(session, "edit.undo")
        assert_true(session)
