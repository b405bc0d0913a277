"""`run.kmeans within=`: one node clustered anew into children of its own, and taken back."""

from __future__ import annotations

import json
import shutil
import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.errors import ActionError
from core.session import Session
from db.invariants import violations
from tests.doors import FULL, NOW, run_text
from tests.edit_steps import MAKERS, do, dump, opened, searches
from tests.growing import by_query, clustered
from tests.naming import rows, said


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("refine")
    return clustered(folder, "run.kmeans k=7 seed=1")


@pytest.fixture
def folder(base: Path, tmp_path: Path) -> Path:
    return shutil.copytree(base, tmp_path / "w")


def state(folder: Path) -> list[str]:
    session = Session(folder, clock=lambda: NOW, actor="tester")
    with session.workspace.connection():
        assert violations(session.workspace) == []
    found = dump(session)
    session.close()
    return found


def nodes(folder: Path) -> dict[str, Any]:
    return {row["node"]: row for row in said_rows(folder, "node.list depth=9")}


def said_rows(folder: Path, line: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = said(folder, line)
    return found


def assigned(folder: Path) -> dict[int, int]:
    return by_query(rows(folder, "SELECT query_id, cluster FROM assignment ORDER BY 1"))


def test_a_cluster_gives_way_to_a_theme_of_its_name(folder: Path, tmp_path: Path) -> None:
    assert run_text(folder, 'cluster.tag cluster=0 add=mine\ncluster.note cluster=0 text="look"').code == 0
    twin = shutil.copytree(folder, tmp_path / "twin")
    before, was, homes = state(folder), nodes(folder)["c0"], assigned(folder)
    told = said(folder, 'run.kmeans within=c0 k=3 reason="too wide"')
    state(folder)
    now, theme = nodes(folder), nodes(folder)[told["node"]]
    assert (theme["parent"], theme["title"], theme["size"], theme["kind"]) == (
        was["parent"], was["title"], was["size"], "theme",
    )  # fmt: skip
    children = [row for row in now.values() if row["parent"] == told["node"]]
    assert [row["cluster"] for row in children] == [child["cluster"] for child in told["children"]]
    assert len(children) == told["clusters"] == 3
    assert "c0" in now
    assert told["children"][0]["cluster"] == 0
    assert len({row["title"] for row in children} | {theme["title"]}) == 4
    shown = said(folder, "cluster.show cluster=0")
    assert (shown["tags"], shown["notes"]) == (["mine"], "look")
    after = assigned(folder)
    assert {q for q in homes if homes[q] != 0} == {q for q in after if homes[q] == after[q] != 0}
    assert sum(child["size"] for child in told["children"]) == was["size"]
    assert rows(folder, "SELECT count(*) FROM run") == [(1,)]
    line = said_rows(folder, "edit.history limit=1")[0]["line"]
    done = state(folder)
    assert said(folder, "edit.undo")[0]["kind"] == "run.kmeans"
    assert state(folder) == before
    assert run_text(folder, "edit.redo").code == 0
    assert state(folder) == done
    assert run_text(twin, line).code == 0
    assert state(twin) == done


def test_the_clusters_of_a_theme_are_made_anew(folder: Path) -> None:
    before = state(folder)
    tree = nodes(folder)
    theme = next(row for row in tree.values() if row["kind"] == "theme" and row["children"] > 1)
    below = {row["cluster"] for row in tree.values() if row["parent"] == theme["node"]}
    homes = assigned(folder)
    told = said(folder, f"run.kmeans within={theme['node']} k=5")
    state(folder)
    after, children = assigned(folder), {child["cluster"] for child in told["children"]}
    assert told["node"] == theme["node"]
    assert len(children) == 5
    assert {q for q in homes if homes[q] in below} == {q for q in after if after[q] in children}
    for child in told["children"]:
        old = {q for q in homes if homes[q] == child["cluster"]}
        new = {q for q in after if after[q] == child["cluster"]}
        assert child["made"] == (not old)
        assert not old or len(old & new) / len(old | new) > 0.5
    assert {row["cluster"] for row in nodes(folder).values() if row["parent"] == theme["node"]} == children
    assert run_text(folder, "edit.undo").code == 0
    assert state(folder) == before


def test_k_is_chosen_and_explained_and_a_cluster_needs_no_tree(folder: Path, tmp_path: Path) -> None:
    told = said(folder, "run.kmeans within=c1")
    assert told["clusters"] >= 2
    assert told["reasons"][0].startswith(f"k={told['clusters']}:")
    bare = tmp_path / "bare"
    log = tmp_path / "log.jsonl"
    log.write_text("".join(json.dumps({"text": f"{w} {n} bread"}) + "\n" for w in "abc" for n in range(9)))
    assert run_text(bare, f"data.load source={log}\nembed.run model=lexical\nrun.kmeans k=2").code == 0
    parted = said(bare, "run.kmeans cluster=0 k=2")
    assert (parted["node"], len(parted["children"])) == (None, 2)
    state(bare)


def test_dry_runs_tell_the_same(folder: Path) -> None:
    before = state(folder)
    told = said(folder, "run.kmeans within=c0 k=2", dry=True)
    assert state(folder) == before
    assert said(folder, "run.kmeans within=c0 k=2") == told


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("run.kmeans within=root", "whole_run"),
        ("run.kmeans within=nope", "unknown_node"),
        ("run.kmeans within=c0 cluster=1", "which_node"),
        ("run.kmeans cluster=77", "unknown_cluster"),
        ("run.kmeans within=c0 k=1", "bad_k"),
        ("run.kmeans within=c0 k=1000", "bad_k"),
        ("run.kmeans within=c0 k=-4", "bad_k"),
        ("run.kmeans within=c0 dataset=log", "bad_parameter"),
        ("run.kmeans within=c0 seed=-1", "bad_seed"),
        ("run.kmeans k=3 reason=why", "bad_parameter"),
        ("run.kmeans k=3 run=@run", "bad_parameter"),
        ("run.kmeans within=c0 hierarchy=nope", "unknown_hierarchy"),
        ("run.kmeans within=c0 run=nope", "unknown_run"),
    ],
)
def test_bad_input(base: Path, line: str, code: str) -> None:
    ran = run_text(base, line)
    assert (ran.code, ran.error["code"]) == (2 if code == "bad_parameter" else 1, code), ran.out


def test_noise_and_single_texts_and_stale_sights_are_refused(folder: Path) -> None:
    first = said(folder, "query.move query=1 to=-1")["edit"]
    refused = run_text(folder, "run.kmeans within=noise k=2").error
    assert refused["code"] == "not_a_cluster" and "outlier.assign kind=noise to=new" in refused["hint"]
    alone = said(folder, "outlier.assign query=2 to=new title=Alone")["made"][0]
    assert run_text(folder, f"run.kmeans cluster={alone}").error["code"] == "too_few"
    said(folder, "cluster.note cluster=0 text=later")
    assert run_text(folder, f"run.kmeans within=c0 k=2 expect={first}").error["code"] == "stale"
    state(folder)


def test_a_later_edit_of_a_part_stands_in_the_way_of_undoing(folder: Path) -> None:
    told = said(folder, "run.kmeans within=c0 k=3")
    part = told["children"][1]["cluster"]
    said(folder, f"cluster.rename cluster={part} title=Renamed")
    refused = run_text(folder, f"edit.undo edit={told['edit']}")
    assert refused.error["code"] == "edit_depends"
    assert run_text(folder, "edit.undo count=2").code == 0
    state(folder)


steps = st.lists(
    st.tuples(
        st.sampled_from([*sorted(MAKERS), *["refine"] * 8]),
        st.integers(0, 10_000),
        st.integers(0, 10_000),
        st.integers(0, 10_000),
    ),
    min_size=1,
    max_size=8,
)


def refine(session: Session, a: int, b: int) -> int | None:
    """Refine any node."""
    found = session.dispatch("node.list", {"depth": 9, "limit": 1000}).data
    try:
        within = found[a % len(found)].node
        edit: int | None = session.dispatch("run.kmeans", {"within": within, "k": 2 + b % 3}).data.edit
    except ActionError as error:
        if error.code not in ("bad_k", "too_few", "not_a_cluster", "too_deep", "whole_run"):
            raise
        return None
    return edit


@settings(
    max_examples=100 if FULL else 12,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    derandomize=not FULL,
)
@given(script=steps)
def test_refinements_among_other_edits_are_undone_byte_for_byte(
    edit_base: Path, script: list[tuple[str, int, int, int]]
) -> None:
    with tempfile.TemporaryDirectory() as place:
        session = opened(shutil.copytree(edit_base, Path(place) / "w"))
        before, found = dump(session), searches(session)
        done = 0
        for step in script:
            edit = refine(session, step[1], step[2]) if step[0] == "refine" else do(session, step)
            done += edit is not None
            assert violations(session.workspace) == [], step
        if done:
            after = dump(session)
            session.dispatch("edit.undo", {"count": done})
            assert dump(session) == before
            assert searches(session) == found
            session.dispatch("edit.redo", {"count": done})
            assert dump(session) == after
        session.close()
