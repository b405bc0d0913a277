"""Comparing runs and trees by script, against SQL and scikit-learn over the same rows."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from sklearn import metrics

from tests.doors import copied, run_text
from tests.naming import opened, rows, said


@pytest.fixture(scope="module")
def two(fixture_workspace: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str, str]:
    """A workspace with a k-means run and one by density, which has noise; their names."""
    folder = copied(fixture_workspace, tmp_path_factory.mktemp("compare") / "w")
    first = said(folder, "run.show")["run"]
    second = said(folder, "run.hdbscan min_cluster_size=3 reduce=none")["run"]
    ran = run_text(folder, "summary.create\nhierarchy.build levels=2 width=3")
    assert ran.code == 0, ran.err
    return folder, first, second


def labels(folder: Path, run: str) -> dict[int, int]:
    return dict(
        rows(
            folder,
            "SELECT a.query_id, a.cluster FROM assignment a JOIN run r ON r.id = a.run_id WHERE r.name = ?",
            run,
        )
    )


def test_the_figures_are_those_of_the_rows(two: tuple[Path, str, str]) -> None:
    folder, first, second = two
    data = said(folder, f"run.compare a={first} b={second}")
    of_a, of_b = labels(folder, first), labels(folder, second)
    a, b = (np.array([found[q] for q in sorted(of_a)]) for found in (of_a, of_b))
    both = (a >= 0) & (b >= 0)
    assert 0 < both.sum() < len(a), "the run by density has noise"
    assert data["shared"] == len(a)
    for row, mask in zip(data["agreement"], (np.ones(len(a), dtype=bool), both), strict=True):
        x, y = a[mask], b[mask]
        assert row["queries"] == len(x)
        assert row["ari"] == pytest.approx(metrics.adjusted_rand_score(x, y), abs=1e-6)
        assert row["ami"] == pytest.approx(metrics.adjusted_mutual_info_score(x, y), abs=1e-6)
        assert row["nmi"] == pytest.approx(metrics.normalized_mutual_info_score(x, y), abs=1e-6)
        assert row["v"] == pytest.approx(metrics.v_measure_score(x, y), abs=1e-6)
    assert data["to_noise"] == ((a >= 0) & (b < 0)).sum()
    assert data["from_noise"] == 0
    assert (data["a"]["noise"], data["b"]["noise"]) == (0, (b < 0).sum())
    assert (data["a"]["clusters"], data["b"]["clusters"]) == (len(set(a)), len(set(b[b >= 0])))
    cells = said(folder, f"run.compare a={first} b={second} show=cells limit=1000")
    assert {(int(c["a"]["id"]), int(c["b"]["id"])): c["queries"] for c in cells["rows"]} == Counter(
        zip(a.tolist(), b.tolist(), strict=True)
    )
    assert sum(kind["pieces"] for kind in data["kinds"]) == data["total"]


def test_a_run_is_the_same_as_itself(two: tuple[Path, str, str]) -> None:
    folder, _, second = two
    data = said(folder, f"run.compare a={second} b={second}")
    assert {row["kind"]: row["pieces"] for row in data["kinds"] if row["pieces"]} == {
        "same": data["a"]["clusters"]
    }
    assert (data["moved"], data["agreement"][0]["ari"], data["agreement"][1]["ami"]) == (0, 1.0, 1.0)
    assert said(folder, f"run.moved a={second} b={second}") == []


def test_pages_hold_every_row_once(two: tuple[Path, str, str]) -> None:
    folder, first, second = two
    for show in ("pieces", "matched", "cells"):
        whole = said(folder, f"run.compare a={first} b={second} show={show} limit=1000")
        found, after = [], ""
        while True:
            page = said(folder, f"run.compare a={first} b={second} show={show} limit=2 {after}")
            found += page["rows"]
            if page["after"] is None:
                break
            after = f"after={page['after']}"
        assert found == whole["rows"]
        assert len(found) == whole["total"] == page["total"]


def test_moved_queries_are_those_of_no_pair(two: tuple[Path, str, str]) -> None:
    folder, first, second = two
    data = said(folder, f"run.compare a={first} b={second} show=matched limit=1000")
    pairs = {(int(row["a"]["id"]), int(row["b"]["id"])) for row in data["rows"]} | {(-1, -1)}
    of_a, of_b = labels(folder, first), labels(folder, second)
    moved = [q for q in of_a if (of_a[q], of_b[q]) not in pairs]
    assert data["moved"] == len(moved)
    found, after = [], ""
    while True:
        ran = run_text(folder, f"run.moved a={first} b={second} limit=3 {after}")
        assert ran.code == 0, ran.err
        page = ran.rows[0]
        found += page["data"]
        if not page["truncated"]:
            break
        after = f"after='{page['after']}'"
    assert sum(row["times"] for row in found) == len(moved)
    assert len({(row["text_id"], row["a"], row["b"]) for row in found}) == len(found) == page["total"]
    assert all((of_a[row["query"]], of_b[row["query"]]) == (row["a"], row["b"]) for row in found)
    row = found[0]
    cell = said(folder, f"run.moved a={first} b={second} from_cluster={row['a']} to_cluster={row['b']}")
    assert row in cell
    asked = sum((of_a[q], of_b[q]) == (row["a"], row["b"]) for q in of_a)
    assert sum(one["times"] for one in cell) == asked
    left = said(folder, f"run.moved a={first} b={second} from_cluster={row['a']} limit=1000")
    assert {one["a"] for one in left} == {row["a"]}


def test_queries_that_only_one_run_holds_count_nowhere(two: tuple[Path, str, str], tmp_path: Path) -> None:
    folder, first, second = copied(two[0], tmp_path / "w"), two[1], two[2]
    session = opened(folder)
    with session.workspace.transaction() as connection:
        connection.execute(
            "DELETE FROM assignment WHERE query_id IN (SELECT max(query_id) FROM assignment) AND run_id ="
            " (SELECT id FROM run WHERE name = ?)",
            (second,),
        )
    session.close()
    data = said(folder, f"run.compare a={first} b={second}")
    assert data["shared"] == data["a"]["queries"] == len(labels(folder, second))
    assert data["a"]["only_here"] == 1


def test_runs_of_two_datasets_share_nothing(two: tuple[Path, str, str], tmp_path: Path) -> None:
    folder = copied(two[0], tmp_path / "w")
    other = (
        said(folder, "run.kmeans k=3 dataset=sample space=lexical-sample") if _has_sample(folder) else None
    )
    if other is None:
        run_text(folder, "data.load source=sample limit=30 name=more\nembed.run model=lexical dataset=more")
        other = said(folder, "run.kmeans k=3 dataset=more")
    ran = run_text(folder, f"run.compare a={two[1]} b={other['run']}")
    assert (ran.code, ran.error["code"]) == (1, "nothing_shared")


def _has_sample(folder: Path) -> bool:
    return bool(rows(folder, "SELECT 1 FROM space WHERE name = 'lexical-sample'"))


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("run.compare b=none", "unknown_run"),
        ("run.compare b=@run limit=0", "bad_limit"),
        ("run.compare b=@run after=x", "bad_cursor"),
        ("run.moved b=@run after=[1]", "bad_cursor"),
        ("run.moved b=@run from_cluster=999", "unknown_cluster"),
        ("hierarchy.compare b=@hierarchy level=9", "bad_level"),
        ("hierarchy.compare b=none", "unknown_hierarchy"),
    ],
)
def test_what_is_refused(two: tuple[Path, str, str], line: str, code: str) -> None:
    ran = run_text(two[0], line)
    assert ran.error["code"] == code


def test_trees_are_compared_by_the_queries_under_their_themes(
    two: tuple[Path, str, str], tmp_path: Path
) -> None:
    folder = copied(two[0], tmp_path / "w")
    ran = run_text(folder, "run.kmeans k=8 seed=1\nsummary.create\nhierarchy.build levels=2 width=2")
    first = ran.rows[-1]["data"]["hierarchy"]
    second = said(folder, "hierarchy.build levels=2 width=4")["hierarchy"]
    data = said(folder, f"hierarchy.compare a={first} b={second} level=1 show=cells limit=1000")
    themes = {}
    for name in (first, second):
        found = rows(
            folder,
            "SELECT a.query_id, coalesce((SELECT p.key FROM node p WHERE p.hierarchy_id = h.id AND p.key = n.parent"
            " AND p.level = 1), n.key) FROM hierarchy h JOIN assignment a ON a.run_id = h.run_id"
            " JOIN node n ON n.hierarchy_id = h.id AND n.cluster = a.cluster WHERE h.name = ?",
            name,
        )
        themes[name] = dict(found)
    a, b = ([themes[name][q] for q in sorted(themes[first])] for name in (first, second))
    assert {(c["a"]["id"], c["b"]["id"]): c["queries"] for c in data["rows"]} == Counter(
        zip(a, b, strict=True)
    )
    assert data["agreement"][0]["ari"] == pytest.approx(metrics.adjusted_rand_score(a, b), abs=1e-6)
    of_runs = said(folder, f"hierarchy.compare b={second} a=@hierarchy")
    assert of_runs["moved"] == 0
    across = said(folder, f"hierarchy.compare a=$OLD b={second}".replace("$OLD", _tree_of(folder, two[2])))
    assert across["shared"] == data["shared"]
    assert json.dumps(across) != json.dumps(data)


def _tree_of(folder: Path, run: str) -> str:
    found = rows(
        folder, "SELECT h.name FROM hierarchy h JOIN run r ON r.id = h.run_id WHERE r.name = ? LIMIT 1", run
    )
    return str(found[0][0])


def test_without_names_the_current_run_is_compared_with_the_one_before(two: tuple[Path, str, str]) -> None:
    folder, first, second = two
    for words, sides in (
        ("", (first, second)),
        (f"b={first}", (second, first)),
        (f"a={first}", (first, second)),
        (f"a={second}", (first, second)),
    ):
        data = said(folder, f"run.compare {words}")
        assert (data["a"]["name"], data["b"]["name"]) == sides, words
    ran = run_text(folder, f"run.open run={first}\nrun.compare\nrun.moved limit=1000")
    assert (ran.rows[1]["data"]["a"]["name"], ran.rows[1]["data"]["b"]["name"]) == (first, second)
    assert ran.rows[2]["data"] == said(folder, f"run.moved a={first} b={second} limit=1000")


def test_pieces_by_kind_and_by_what_moved(two: tuple[Path, str, str]) -> None:
    folder, first, second = two
    line = f"run.compare a={first} b={second} limit=1000"
    whole = said(folder, line)["rows"]
    matched = said(folder, f"{line} show=matched")["rows"]
    for row in whole:
        left, came = (
            sum(part["size"] for part in row[side])
            - sum(
                pair["overlap"] for pair in matched if pair[side]["id"] in {part["id"] for part in row[side]}
            )
            for side in ("a", "b")
        )
        assert row["moved"] == max(left, came)
        assert [sum(part["moved"] for part in row[side]) for side in ("a", "b")] == [left, came]
    by_moved = said(folder, f"{line} sort=moved")["rows"]
    assert [row["moved"] for row in by_moved] == sorted((row["moved"] for row in whole), reverse=True)
    assert sorted(map(json.dumps, by_moved)) == sorted(map(json.dumps, whole))
    for kind in said(folder, line)["kinds"]:
        found = said(folder, f"{line} kind={kind['kind']}")
        assert found["rows"] == [row for row in whole if row["kind"] == kind["kind"]]
        assert found["total"] == kind["pieces"]
    ran = run_text(folder, f"{line} show=cells kind=same")
    assert ran.error["code"] == "no_kind"


def test_flows_of_a_piece_are_its_largest_cells(two: tuple[Path, str, str]) -> None:
    folder, first, second = two
    line = f"run.compare a={first} b={second} limit=1000"
    cells = said(folder, f"{line} show=cells")["rows"]
    for row in said(folder, line)["rows"]:
        of_a, of_b = ({part["id"] for part in row[side]} for side in ("a", "b"))
        touching = [cell for cell in cells if cell["a"]["id"] in of_a or cell["b"]["id"] in of_b]
        wanted = sorted((cell["queries"] for cell in touching), reverse=True)[:12]
        assert [cell["queries"] for cell in row["flows"]] == wanted
        assert all(cell in touching for cell in row["flows"])


def test_queries_that_moved_between_trees(two: tuple[Path, str, str]) -> None:
    folder, _, second = two
    trees = f"a={_tree_of(folder, two[1])} b={_tree_of(folder, second)}"
    data = said(folder, f"hierarchy.compare {trees} level=1 limit=1000 show=matched")
    listed = said(folder, f"hierarchy.moved {trees} limit=1000")
    pairs = {(row["a"]["id"], row["b"]["id"]) for row in data["rows"]}
    assert sum(row["times"] for row in listed) == data["moved"]
    assert not {(row["a"], row["b"]) for row in listed} & pairs
    for cell in said(folder, f"hierarchy.compare {trees} show=cells limit=1000")["rows"]:
        words = f"from_node={cell['a']['id']} to_node={cell['b']['id']}"
        both = said(folder, f"hierarchy.moved {trees} {words} limit=1000")
        assert sum(row["times"] for row in both) == cell["queries"]
    node = listed[0]["a"]
    left = said(folder, f"hierarchy.moved {trees} from_node={node} limit=1000")
    assert left == [row for row in listed if row["a"] == node]
    assert run_text(folder, f"hierarchy.moved {trees} from_node=nothing").error["code"] == "unknown_node"
    assert run_text(folder, f"hierarchy.moved {trees} level=9").error["code"] == "bad_level"
