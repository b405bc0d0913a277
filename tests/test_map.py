"""The map of a run: the same again, every query in one cell, as stale as it says, and kept through interruptions."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.control import Control
from core.errors import Cancelled
from core.map import build
from core.map.ink import INKS, inks
from core.map.neighbourhood import Index
from core.map.points import Points
from core.map.project import levelled, main_axes, on_the_map
from core.map.raster import BITS, Raster, Window, leaders, leading_groups, middles, raster, window
from core.session import Session
from db import migrations
from db.dump import canonical_dump
from db.projections import ProjectionInfo
from db.workspace import FILE_NAME, Workspace
from tests.doors import NOW, copied, run_text
from tests.mapped import mapped
from tests.naming import opened, rows, said


def code(folder: Path, line: str) -> str:
    return str(run_text(folder, line).rows[-1]["code"])


def projections(folder: Path) -> list[tuple[Any, ...]]:
    return rows(
        folder, "SELECT method, parameters, seed, status, texts, text_ids, coordinates FROM projection"
    )


@pytest.fixture(scope="module")
def built(fixture_workspace: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace with a map by PCA; not to be changed."""
    folder = copied(fixture_workspace, tmp_path_factory.mktemp("map") / "w")
    said(folder, "map.build")
    return folder


# Building.


def test_the_same_map_again(built: Path, fixture_workspace: Path, tmp_path: Path) -> None:
    other = copied(fixture_workspace, tmp_path / "w")
    made = said(other, "map.build")
    assert projections(other) == projections(built)
    assert said(other, "map.build") == made | {"replaces": "pca"}
    assert projections(other) == projections(built)
    ((_, _, _, status, texts, ids, coordinates),) = projections(other)
    assert status == "done"
    assert texts == made["texts"] == len(ids) // 8 == len(coordinates) // 8
    points = np.frombuffer(coordinates, "<f4").reshape(-1, 2)
    assert points.min() >= 0 and points.max() <= 1
    assert np.ptp(points, axis=0).max() == pytest.approx(1, abs=1e-6)


def test_a_map_by_umap_follows_from_its_seed(fixture_workspace: Path, tmp_path: Path) -> None:
    folder = copied(fixture_workspace, tmp_path / "w")
    made = said(folder, "map.build method=umap seed=3")
    first = projections(folder)
    assert made["method"] == "umap" and made["fitted"] == made["texts"]
    said(folder, "map.build method=umap seed=4")
    assert projections(folder)[0][6] != first[0][6]
    said(folder, "map.build method=umap seed=3")
    assert projections(folder) == first


def test_clusters_lie_apart() -> None:
    """Axes of the centroids part clusters that the axes of all texts do not."""
    rng = np.random.default_rng(1)
    centres = np.zeros((3, 20), np.float32)
    centres[[0, 1, 2], [0, 1, 2]] = 1
    labels = rng.integers(3, size=600)
    spread = np.full(20, 0.01)
    spread[[5, 6]] = 3.0
    texts = (centres[labels] + rng.normal(size=(600, 20)) * spread).astype(np.float32)
    sizes = np.bincount(labels).astype(np.float64)
    points = texts @ main_axes(texts, centres, sizes, Control())
    means = np.stack([points[labels == n].mean(axis=0) for n in range(3)])
    nearest = np.linalg.norm(points[:, None] - means, axis=2).argmin(axis=1)
    assert (nearest == labels).all()
    plain = texts @ main_axes(texts, centres[:2], sizes[:2], Control())
    assert np.abs(np.corrcoef(plain.T, texts[:, [5, 6]].T)[:2, 2:]).max(axis=1).min() > 0.9


@given(st.integers(0, 2**32 - 1), st.integers(3, 40))
@settings(max_examples=30, deadline=None)
def test_turning_keeps_distances(seed: int, count: int) -> None:
    points = np.random.default_rng(seed).normal(size=(count, 2)).astype(np.float32) * [1, 4]
    turned = levelled(points.astype(np.float32))
    before, after = (np.linalg.norm(p[:, None] - p, axis=2) for p in (points, turned))
    assert np.allclose(before, after, atol=1e-4)
    assert np.var(turned[:, 0]) >= np.var(turned[:, 1]) - 1e-4
    scaled = on_the_map(turned)
    ratio = np.linalg.norm(scaled[:, None] - scaled, axis=2)[before > 0.1] / before[before > 0.1]
    assert np.ptp(ratio) < 1e-3


def test_a_text_stands_among_its_nearest() -> None:
    rng = np.random.default_rng(2)
    centroids = np.eye(4, 16, dtype=np.float32)
    known = centroids[np.arange(80) % 4] + 0.05 * rng.normal(size=(80, 16)).astype(np.float32)
    known /= np.linalg.norm(known, axis=1, keepdims=True)
    places = rng.random((80, 2)).astype(np.float32)
    index = Index(known, places, centroids)
    assert np.allclose(index.place(known, np.arange(80)), places, atol=1e-2)
    other = known[:10] + 0.01 * rng.normal(size=(10, 16)).astype(np.float32)
    other /= np.linalg.norm(other, axis=1, keepdims=True)
    best = np.argsort(-(other @ known.T), axis=1)[:, :5]
    found = index.place(other, np.arange(10))
    assert (found >= places[best].min(axis=1) - 1e-6).all() and (
        found <= places[best].max(axis=1) + 1e-6
    ).all()
    alone = Index(known, places, centroids[:0])
    assert np.allclose(alone.place(other, np.arange(10)), found, atol=1e-5)


def test_an_interrupted_build_goes_on(
    fixture_workspace: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(build, "BLOCK", 8)
    monkeypatch.setattr(build, "KEEP", 1)
    whole, cut = (copied(fixture_workspace, tmp_path / name) for name in ("whole", "cut"))
    line = "map.build method=umap sample=20"
    made = said(whole, line)
    assert made["fitted"] == 20 and made["texts"] > 70
    said(cut, "map.build")
    session = Session(cut, clock=lambda: NOW, actor="tester")
    asked = 0

    def cancelled() -> bool:
        nonlocal asked
        asked += 1
        return asked > 8

    session.control = Control(cancelled=cancelled)
    with pytest.raises(Cancelled):
        session.dispatch("map.build", {"method": "umap", "sample": 20})
    session.close()
    found = {row[3]: row for row in projections(cut)}
    assert set(found) == {"done", "partial"}
    assert said(cut, "map.show")["method"] == "pca"
    places = np.frombuffer(found["partial"][6], "<f4").reshape(-1, 2)
    placed = int(np.isfinite(places[:, 0]).sum())
    assert 20 < placed < len(places)
    planned = said(cut, line, dry=True)
    assert planned["resumed"] == placed and planned["replaces"] == "pca"
    assert said(cut, "map.build method=umap sample=21", dry=True)["resumed"] == 0
    assert said(cut, line) == planned
    assert projections(cut) == projections(whole)


def test_a_map_goes_with_its_run(built: Path, tmp_path: Path) -> None:
    folder = copied(built, tmp_path / "w")
    said(folder, "run.delete run=@run yes=true")
    assert projections(folder) == []


def test_what_cannot_be_is_refused(fixture_workspace: Path, built: Path) -> None:
    assert code(fixture_workspace, "map.show") == "no_map"
    assert code(fixture_workspace, "map.near x=0 y=0") == "no_map"
    for line, wanted in (
        ("map.build sample=3", "bad_sample"),
        ("map.build seed=-1", "bad_seed"),
        ("map.build run=none", "unknown_run"),
        ("map.show columns=0", "bad_view"),
        ("map.show columns=1000 rows=1000", "bad_view"),
        ("map.show width=0", "bad_view"),
        ("map.show width=nan", "bad_view"),
        ("map.show x=7", "bad_view"),
        ("map.show limit=0", "bad_limit"),
        ("map.show cluster=999", "unknown_cluster"),
        ("map.show node=none", "unknown_node"),
        ("map.show run=none", "unknown_run"),
    ):
        assert code(built, line) == wanted, line


def test_an_older_store_gets_the_table(tmp_path: Path) -> None:
    raw = sqlite3.connect(tmp_path / FILE_NAME, isolation_level=None)
    at = next(n for n, step in enumerate(migrations.MIGRATIONS) if step.__name__ == "m008_maps")
    for number, step in enumerate(migrations.MIGRATIONS[:at], 1):
        step(raw)
        raw.execute(f"PRAGMA user_version = {number}")
    raw.close()
    workspace = Workspace.open(tmp_path, create=False, read_only=False, clock=lambda: NOW)
    assert workspace.rows("SELECT * FROM projection") == []
    workspace.close()


# Showing.


def test_every_query_is_in_one_cell(built: Path) -> None:
    (total,) = rows(built, "SELECT count(*) FROM assignment")[0]
    shown = said(built, "map.show columns=30 rows=12 limit=1000")
    assert shown["whole"] and shown["unplaced"] == 0 and shown["note"] == ""
    assert shown["queries"] == shown["total"] == total == sum(shown["cells"]["queries"])
    places = list(zip(shown["cells"]["column"], shown["cells"]["row"], strict=True))
    assert len(set(places)) == len(places)
    assert all(0 <= column < 30 and 0 <= row < 12 for column, row in places)
    assert all(0 < dots < 256 for dots in shown["cells"]["dots"])
    named = {one["cluster"]: one for one in shown["clusters"]}
    assert set(shown["cells"]["cluster"]) == set(named)
    leads = dict(zip(places, shown["cells"]["cluster"], strict=True))
    for one in named.values():
        assert leads[one["column"], one["row"]] == one["cluster"]
        assert one["in_sight"] <= one["size"]
    themes = {one["node"] for one in shown["themes"]}
    assert {node for node in shown["cells"]["theme"] if node} <= themes
    assert sum(one["in_sight"] for one in shown["themes"]) == total


def test_parts_of_the_map_add_up(built: Path) -> None:
    shown = said(built, "map.show columns=20 rows=10")
    width, height = (shown["right"] - shown["left"]) / 2, (shown["top"] - shown["bottom"]) / 2
    found = 0
    for x in (shown["left"] + width / 2, shown["left"] + 1.5 * width):
        for y in (shown["bottom"] + height / 2, shown["bottom"] + 1.5 * height):
            part = said(built, f"map.show columns=20 rows=10 x={x!r} y={y!r} width={width!r}")
            assert part["queries"] == sum(part["cells"]["queries"])
            found += part["queries"]
    assert found == shown["total"]


def test_lights_are_what_a_search_finds(built: Path) -> None:
    line = "map.show columns=24 rows=10 limit=1000"
    assert said(built, line)["lit"] is None
    (word,) = rows(built, "SELECT content FROM text WHERE content LIKE '% the %' LIMIT 1")[0]
    word = word.split()[0].strip(".,:;!?'\"")
    hits = said(built, f"search.queries text='{word}' mode=text limit=1000 run=@run")
    shown = said(built, f"{line} text='{word}'")
    assert shown["lit"] == sum(shown["cells"]["lit"]) == sum(hit["times"] for hit in hits) > 0
    assert sum(one["lit"] for one in shown["clusters"]) == shown["lit"]
    of_cluster = said(built, f"{line} cluster=0")
    (size,) = rows(built, "SELECT size FROM cluster WHERE number = 0")[0]
    assert of_cluster["lit"] == size
    assert of_cluster["clusters"][0]["cluster"] == 0 and of_cluster["clusters"][0]["lit"] == size
    (key, size) = rows(built, "SELECT key, size FROM node WHERE parent = 'root' AND kind = 'theme' LIMIT 1")[
        0
    ]
    assert said(built, f"{line} node={key}")["lit"] == size
    both = said(built, f"{line} cluster=0 text='{word}'")["lit"]
    assert both == sum(hit["times"] for hit in hits if hit["cluster"] == 0)


def test_words_that_no_text_has_light_the_nearest(built: Path) -> None:
    shown = said(built, "map.show text=zzgibberishzz")
    assert shown["lit"] == 0 or "nearest" in shown["note"]
    assert "No text has these words" in shown["note"]


def test_near_clusters_come_in_order(built: Path) -> None:
    found = said(built, "map.near x=0.5 y=0.5 limit=1000")
    distances = [row["distance"] for row in found]
    assert distances == sorted(distances)
    assert distances == pytest.approx([np.hypot(row["x"] - 0.5, row["y"] - 0.5) for row in found], abs=1e-5)
    assert len(found) == len(rows(built, "SELECT 1 FROM cluster"))
    assert said(built, "map.near x=0.5 y=0.5 limit=2") == found[:2]


def test_edits_show_at_once_and_undone_as_well(built: Path, tmp_path: Path) -> None:
    folder = copied(built, tmp_path / "w")
    session = opened(folder)

    def sizes() -> dict[int, int]:
        shown = session.dispatch("map.show", {"columns": 60, "rows": 30, "limit": 1000, "cluster": 0}).data
        assert sum(shown.cells.queries) == shown.total
        return {0: shown.lit, **{one.cluster: one.size for one in shown.clusters}}

    before = sizes()
    session.dispatch("cluster.merge", {"cluster": 0, "into": 1})
    with pytest.raises(Exception, match="cluster 0"):
        sizes()
    session.dispatch("edit.undo")
    assert sizes() == before
    text = session.dispatch("query.list", {"cluster": 0, "limit": 1}).data[0]
    session.dispatch("query.move", {"text_id": str(text.text_id), "to": 1})
    after = sizes()
    assert after[0] == before[0] - text.times
    session.dispatch("cluster.rename", {"cluster": 1, "title": "Named anew"})
    shown = session.dispatch("map.show", {"limit": 1000}).data
    assert "Named anew" in [one.title for one in shown.clusters]


def test_a_map_says_that_it_is_stale(built: Path, tmp_path: Path) -> None:
    folder = copied(built, tmp_path / "w")
    total = said(folder, "map.show")["total"]
    log = tmp_path / "chats.jsonl"
    lines = [{"conversation_id": f"new{n}", "text": f"a new question number {n}"} for n in range(7)]
    log.write_text("\n".join(map(json.dumps, lines)), encoding="utf-8")
    script = (
        f"data.load source={log} name=chats text=text id=conversation_id\nembed.run model=lexical\nrun.update"
    )
    ran = run_text(folder, script)
    assert ran.code == 0, ran.out
    shown = said(folder, "map.show")
    assert shown["unplaced"] == 7 and shown["total"] == total
    assert "7 newer queries are not on the map" in shown["note"]
    said(folder, "map.build")
    assert said(folder, "map.show")["total"] == total + 7
    assert said(folder, "map.show")["unplaced"] == 0


def test_a_run_without_a_tree_has_a_map(fixture_workspace: Path, tmp_path: Path) -> None:
    folder = copied(fixture_workspace, tmp_path / "w")
    ran = run_text(folder, "run.kmeans k=2\nmap.build\nmap.show")
    assert ran.code == 0, ran.out
    shown = ran.rows[-1]["data"]
    assert shown["themes"] == [] and set(shown["cells"]["theme"]) == {None}
    assert "too few clusters" in ran.rows[1]["data"]["reason"]


def test_noise_is_on_the_map(edit_base: Path, tmp_path: Path) -> None:
    folder = mapped(copied(edit_base, tmp_path / "w"))
    shown = said(folder, "map.show columns=80 rows=40 limit=1000")
    noise = [one for one in shown["clusters"] if one["kind"] == "noise"]
    assert noise and noise[0]["ink"] == -1


def test_a_map_is_part_of_what_stores_are_compared_by(built: Path, fixture_workspace: Path) -> None:
    dumps = []
    for folder in (built, fixture_workspace):
        session = opened(folder)
        with session.workspace.connection():
            dumps.append(
                [line for line in canonical_dump(session.workspace) if line.startswith("projection:")]
            )
    assert [len(dump) for dump in dumps] == [1, 0]


# The raster, against the plain way.


def some_points(draw: Any) -> Points:
    count, clusters = draw(st.integers(0, 60)), draw(st.integers(1, 6))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    cluster = np.sort(rng.integers(clusters, size=count)).astype(np.int32)
    grid = draw(st.sampled_from([1.0, 0.25, 0.01]))
    x, y = (np.floor(rng.random(count) / grid) * grid if grid < 1 else rng.random(count) for _ in "xy")
    return Points(
        key=0, info=ProjectionInfo(1, "pca", {}, 42, count, NOW), x=x, y=y, cluster=cluster,
        queries=rng.integers(1, 5, size=count).astype(np.int32), texts=np.arange(count), numbers=np.arange(clusters),
        centres=np.zeros((clusters, 2)), inks=np.zeros(clusters, np.int64), total=0, unplaced=0,
    )  # fmt: skip


@given(st.data())
@settings(max_examples=150, deadline=None)
def test_cells_hold_what_lies_in_them(data: st.DataObject) -> None:
    points = some_points(data.draw)
    columns, rows_ = data.draw(st.integers(1, 9)), data.draw(st.integers(1, 9))
    width = data.draw(st.sampled_from([None, 1.0, 0.5, 0.13]))
    place = None if width is None else data.draw(st.sampled_from([0.2, 0.5, 0.77]))
    at: Window = window(points, place, place, width, columns, rows_, 2.0)
    assert at.height / rows_ == pytest.approx(2 * at.width / columns)
    drawn: Raster = raster(points, at)
    counts = np.zeros((columns * rows_, len(points.numbers)), np.int64)
    dots = np.zeros(columns * rows_, np.int64)
    fine_x = np.floor((points.x - at.left) * (columns * 2 / at.width)).astype(int)
    fine_y = np.floor((at.top - points.y) * (rows_ * 4 / at.height)).astype(int)
    for n in range(len(points.x)):
        if 0 <= fine_x[n] < columns * 2 and 0 <= fine_y[n] < rows_ * 4:
            cell = fine_y[n] // 4 * columns + fine_x[n] // 2
            counts[cell, points.cluster[n]] += points.queries[n]
            dots[cell] |= BITS[fine_y[n] % 4, fine_x[n] % 2]
    filled = np.flatnonzero(counts.sum(axis=1))
    assert drawn.cell.tolist() == filled.tolist()
    assert drawn.queries.tolist() == counts.sum(axis=1)[filled].tolist()
    assert drawn.in_sight.tolist() == counts.sum(axis=0).tolist()
    # Dots are filled only where there are queries, at least one a cell.
    assert not (drawn.dots & ~dots[filled]).any() and (drawn.dots > 0).all()
    if width is None:
        assert drawn.queries.sum() == points.queries.sum()
    weight = counts.sum(axis=0)
    wanted = [max(range(len(weight)), key=lambda c: (counts[f, c], weight[c], -c)) for f in filled]
    leader = leaders(drawn, weight)
    assert leader.tolist() == wanted
    group = np.arange(len(weight)) % 2
    by_group = np.stack([counts[:, group == g].sum(axis=1) for g in (0, 1)], axis=1)
    heavy = by_group.sum(axis=0)
    expected = [max((0, 1), key=lambda g: (by_group[f, g], heavy[g], -g)) for f in filled]
    assert leading_groups(drawn, group, heavy).tolist() == expected
    cells = middles(leader, drawn, np.arange(len(weight)), columns, np.zeros(len(weight), np.bool_))
    for number, cell in enumerate(cells.tolist()):
        assert (cell >= 0) == (number in wanted)
        assert cell < 0 or wanted[filled.tolist().index(cell)] == number


@given(st.integers(0, 2**32 - 1), st.integers(1, 40))
@settings(max_examples=50, deadline=None)
def test_neighbours_have_other_colours(seed: int, count: int) -> None:
    rng = np.random.default_rng(seed)
    centres, weights = rng.random((count, 2)), rng.random(count)
    found = inks(centres, weights, np.ones(count, np.bool_))
    assert set(found.tolist()) <= set(range(INKS))
    order = np.argsort(-weights, kind="stable")
    assert len(set(found[order[:INKS]].tolist())) == min(count, INKS)
    assert inks(centres, weights, np.zeros(count, np.bool_)).tolist() == [-1] * count
