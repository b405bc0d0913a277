"""New queries join an old run: its clusters, its trees, what was edited; and what they say of it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from core.session import Session
from core.update.growth import growth
from db import vectors
from db.dump import canonical_dump
from db.invariants import violations
from lmsys_tui.script import Options
from tests.doors import NOW, run_text
from tests.edit_steps import TOPICS
from tests.growing import PLANTED, by_query, clustered, grow, more_texts, old_texts, own, texts_of
from tests.naming import rows, said

EDITS = """
cluster.rename cluster=0 title="By hand"
cluster.note cluster=0 text=kept
cluster.merge cluster=3 into=4
query.move query=1,2 to=1
query.move query=11 to=-2
"""


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return clustered(tmp_path_factory.mktemp("kmeans"))


@pytest.fixture(scope="module")
def dense(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return clustered(tmp_path_factory.mktemp("hdbscan"), "run.hdbscan min_cluster_size=4 reduce=none")


def sound(folder: Path) -> None:
    session = Session(folder, clock=lambda: NOW, actor="tester")
    with session.workspace.connection():
        assert violations(session.workspace) == []
    session.close()


def dump(folder: Path) -> list[str]:
    session = Session(folder, clock=lambda: NOW, actor="tester")
    with session.workspace.connection():
        found = list(canonical_dump(session.workspace))
    session.close()
    return found


def listed(folder: Path) -> dict[str, Any]:
    row: dict[str, Any] = json.loads(run_text(folder, "cluster.list").out)
    return row


def assigned(folder: Path) -> dict[int, int]:
    return by_query(rows(folder, "SELECT query_id, cluster FROM assignment ORDER BY 1"))


def test_new_queries_join_and_edits_stay(base: Path, tmp_path: Path) -> None:
    folder = own(base, tmp_path / "own")
    assert run_text(folder, EDITS).code == 0
    before = assigned(folder)
    old = old_texts()
    assert "note" not in listed(folder)
    again = [old[0], old[10], old[10]]
    grow(folder, more_texts() + again)
    assert f"{len(more_texts()) + len(again)} queries were loaded after this run" in listed(folder)["note"]
    told = said(folder, "run.update")
    assert "note" not in listed(folder)
    after = assigned(folder)
    sound(folder)
    assert {query: after[query] for query in before} == before
    assert len(after) == told["total"] == len(old) + len(more_texts()) + len(again)
    assert told["queries"] == len(after) - len(before)
    fresh = set(more_texts()) - set(old)
    assert told["texts"] == len(fresh)
    # The text of a query that was moved, and that of one that was taken out, take their new queries along.
    last = max(after)
    assert (after[last - 2], after[last - 1], after[last]) == (1, -2, -2)
    assert told["orphans"] == 2
    assert rows(folder, "SELECT title, notes FROM cluster WHERE number = 0") == [("By hand", "kept")]
    assert rows(folder, "SELECT 1 FROM cluster WHERE number = 3") == []
    trees = rows(folder, "SELECT n.size FROM node n WHERE n.kind = 'root' ORDER BY n.hierarchy_id")
    assert trees == [(len(after),)] * 2
    shown = said(folder, "run.show")
    assert shown["queries"] == len(after)
    assert shown["reasons"][-1] == f"{NOW}: {told['queries']} queries that were loaded later joined."


def test_each_new_text_goes_to_the_nearest_centroid(base: Path, tmp_path: Path) -> None:
    folder = own(base, tmp_path / "own")
    kept = rows(folder, "SELECT number, centroid FROM cluster ORDER BY number")
    grow(folder, more_texts(10))
    said(folder, "run.update")
    assert rows(folder, "SELECT number, centroid FROM cluster ORDER BY number") == kept
    session = Session(folder, clock=lambda: NOW)
    with session.workspace.connection():
        space = vectors.spaces(session.workspace)[0]
        table = np.array(vectors.mapped(session.workspace, space), dtype=np.float64)
    session.close()
    centroids = np.stack([np.frombuffer(blob, "<f4") for _, blob in kept]).astype(np.float64)
    new = rows(
        folder,
        'SELECT a.cluster, a.distance, v."row" FROM assignment a JOIN query q ON q.id = a.query_id'
        " JOIN vector v ON v.text_id = q.text_id WHERE q.id > ? AND q.text_id NOT IN"
        " (SELECT text_id FROM query WHERE id <= ?)",
        len(old_texts()), len(old_texts()),
    )  # fmt: skip
    assert len(new) > 90
    for cluster, distance, row in new:
        cosine = centroids @ table[row]
        assert cosine[cluster] == pytest.approx(cosine.max(), abs=1e-5)
        assert distance == pytest.approx(1 - cosine.max(), abs=1e-5)


def test_a_second_update_finds_nothing_and_two_do_what_one_does(base: Path, tmp_path: Path) -> None:
    one, two = own(base, tmp_path / "one"), own(base, tmp_path / "two")
    more = more_texts(8)
    grow(one, more)
    said(one, "run.update")
    known = dump(one)
    again = said(one, "run.update")
    assert (again["queries"], again["texts"], again["growth"], again["fit"]["share"]) == (0, 0, [], None)
    assert dump(one) == known
    for part in (more[:37], more[37:]):
        grow(two, part)
        said(two, "run.update")
    assert assigned(two) == assigned(one)
    sizes = "SELECT number, size, texts, coherence, medoid_id, central FROM cluster ORDER BY 1"
    assert rows(two, sizes) == rows(one, sizes)


def test_without_drift_it_says_so(base: Path, tmp_path: Path) -> None:
    folder = own(base, tmp_path / "own")
    grow(folder, old_texts()[::3])
    told = said(folder, "run.update")
    assert (told["texts"], told["known"]) == (0, len(old_texts()[::3]))
    assert not told["fit"]["drifts"]
    assert told["outside"] == told["proposals"] == []
    assert {row["direction"] for row in told["growth"]} == {"not sure"}
    assert sum(row["new"] for row in told["growth"]) == told["queries"]
    assert sum(row["expected"] for row in told["growth"]) == pytest.approx(told["queries"], abs=0.5)


def test_several_clusters_that_grow_do_not_hide_one_another() -> None:
    before = dict.fromkeys(range(20), 50)
    gained = {number: (70 if number < 3 else 12, 0) for number in before}
    found = growth(before, gained, {}, {number: str(number) for number in before})
    assert {row.cluster: row.direction for row in found[:3]} == dict.fromkeys(range(3), "growing")
    steady = growth(before, dict.fromkeys(before, (12, 0)), {}, {number: str(number) for number in before})
    assert {row.direction for row in steady} == {"not sure"}


def test_new_texts_of_the_old_kinds_fit_as_is_expected(base: Path, tmp_path: Path) -> None:
    folder = own(base, tmp_path / "own")
    grow(folder, [t for at, words in enumerate(TOPICS.values()) for t in texts_of(words, 80, at + 300)])
    fit = said(folder, "run.update")["fit"]
    assert fit["texts"] > 300
    assert 0.01 <= fit["expected"] < 0.05
    assert fit["share"] <= 0.05
    assert not fit["drifts"]


@pytest.mark.parametrize("kind", ["base", "dense"])
def test_a_new_topic_is_reported_as_growing_outside(
    kind: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    folder = own(request.getfixturevalue(kind), tmp_path / "own")
    grow(folder, more_texts(30))
    told = said(folder, "run.update")
    sound(folder)
    assert told["fit"]["drifts"]
    assert told["fit"]["low"] <= told["fit"]["share"] <= told["fit"]["high"]
    queries = [query for group in told["outside"] for query in group["first_queries"]]
    contents = rows(
        folder,
        "SELECT t.content FROM query q JOIN text t ON t.id = q.text_id WHERE q.id IN (SELECT value FROM json_each(?))",
        json.dumps(queries),
    )
    planted = [text for (text,) in contents if set(text.split()) <= set(PLANTED.split())]
    assert len(planted) >= 27
    assert len(contents) - len(planted) <= 2
    assert all(
        group["phrases"] and set(group["phrases"][0].split()) <= set(PLANTED.split())
        for group in told["outside"]
    )
    if kind == "dense":
        assert told["noise"] >= 25
        assert told["growth"][0]["cluster"] == -1
        assert rows(folder, "SELECT count(*) FROM assignment WHERE is_noise AND query_id > 200") == [
            (told["noise"],)
        ]
    lines = [proposal["line"] for proposal in told["proposals"]]
    own_cluster = next(line for line in lines if "outlier.assign" in line)
    made = said(folder, own_cluster)
    sound(folder)
    assert made["moved"] == len(told["outside"][0]["first_queries"])
    assert all(run_text(folder, line).code == 0 for line in lines if line != own_cluster)
    sound(folder)


def test_a_cluster_that_grows_too_fast_is_named(base: Path, tmp_path: Path) -> None:
    folder = own(base, tmp_path / "own")
    grow(folder, more_texts() + old_texts()[:1] * 60)
    told = said(folder, "run.update")
    ((home,),) = rows(folder, "SELECT cluster FROM assignment WHERE query_id = 1")
    first = told["growth"][0]
    assert (first["cluster"], first["direction"]) == (home, "growing")
    assert first["ratio"] > 2


def test_edits_before_an_update_can_be_undone_after_it(base: Path, tmp_path: Path) -> None:
    folder = own(base, tmp_path / "own")
    assert run_text(folder, EDITS).code == 0
    grow(folder, more_texts())
    said(folder, "run.update")
    known = len(assigned(folder))
    edits = [row["edit"] for row in said(folder, "edit.history") if row["kind"] != "run.update"]
    assert len(edits) == 5
    for kind, numbers in (("undo", edits), ("redo", edits[::-1])):
        assert run_text(folder, "\n".join(f"edit.{kind} edit={number}" for number in numbers)).code == 0
        sound(folder)
        assert len(assigned(folder)) == known


def test_an_edit_whose_cluster_has_new_queries_is_refused_its_undo(base: Path, tmp_path: Path) -> None:
    folder = own(base, tmp_path / "own")
    own_cluster = said(folder, "outlier.assign query=1,2,3,4 to=new title=Own")
    (moved,) = own_cluster["made"]
    grow(folder, old_texts()[:2])
    update = said(folder, "run.update")["edit"]
    assert assigned(folder)[len(old_texts()) + 1] == moved
    before = dump(folder)
    refused = run_text(folder, f"edit.undo edit={own_cluster['edit']}")
    assert (refused.code, refused.error["code"]) == (1, "edit_depends")
    assert f"edit.undo edit={update}" in refused.error["hint"]
    assert dump(folder) == before


def test_a_dry_run_tells_the_same_and_changes_nothing(base: Path, tmp_path: Path) -> None:
    folder = own(base, tmp_path / "own")
    grow(folder, more_texts(12))
    before = dump(folder)
    told: Any = said(folder, "run.update", dry=True)
    assert dump(folder) == before
    assert said(folder, "run.update") == told


def test_texts_without_vectors_are_refused(base: Path, tmp_path: Path) -> None:
    folder = own(base, tmp_path / "own")
    grow(folder, more_texts(), embed=False)
    before = dump(folder)
    ran = run_text(folder, "run.update")
    assert (ran.code, ran.error["code"]) == (1, "embeddings_missing")
    assert "embed.run model=lexical" in ran.error["hint"]
    assert dump(folder) == before
    assert run_text(folder, "embed.run model=lexical\nrun.update").code == 0
    assert run_text(folder, "run.update run=nope").error["code"] == "unknown_run"
    dry = run_text(folder, "run.update", options=Options(dry_run=True))
    assert dry.code == 0


def test_queries_of_known_texts_need_no_vectors(base: Path, tmp_path: Path) -> None:
    folder = own(base, tmp_path / "own")
    grow(folder, old_texts()[:7], embed=False)
    assert said(folder, "run.update")["known"] == 7
    sound(folder)
