"""The way back from `run.update`: its undo takes the queries out again, to the byte, and never against a later edit."""

from __future__ import annotations

import json
import random
from pathlib import Path

import pytest

from tests.doors import run_text
from tests.growing import clustered, grow, more_texts, old_texts, own
from tests.naming import rows, said
from tests.test_run_update import assigned, dump, sound


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return clustered(tmp_path_factory.mktemp("kmeans"))


@pytest.fixture(scope="module")
def dense(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return clustered(tmp_path_factory.mktemp("hdbscan"), "run.hdbscan min_cluster_size=4 reduce=none")


@pytest.mark.parametrize("kind", ["base", "dense"])
def test_an_undo_leaves_the_very_store_before_and_a_redo_the_one_after(
    kind: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    folder = own(request.getfixturevalue(kind), tmp_path / "own")
    grow(folder, more_texts(20) + old_texts()[:5])
    before = dump(folder)
    told = said(folder, "run.update")
    after = dump(folder)
    row = said(folder, "edit.history")[0]
    assert (row["edit"], row["kind"], row["moved"]) == (told["edit"], "run.update", told["queries"])
    assert row["summary"] == f"{told['queries']} queries that were loaded later joined."
    (undone,) = said(folder, "edit.undo")
    assert (undone["target"], undone["moved"]) == (told["edit"], told["queries"])
    assert dump(folder) == before
    sound(folder)
    assert "were loaded after this run" in json.loads(run_text(folder, "cluster.list").out)["note"]
    assert said(folder, "edit.redo")[0]["target"] == told["edit"]
    assert dump(folder) == after
    sound(folder)
    assert run_text(folder, "edit.undo").code == 0
    again = said(folder, "run.update")
    assert again == told | {"edit": again["edit"]}
    assert [line for line in dump(folder) if not line.startswith("run:")] == [
        line for line in after if not line.startswith("run:")
    ]


def test_history_tells_where_the_queries_went(base: Path, tmp_path: Path) -> None:
    folder = own(base, tmp_path / "own")
    grow(folder, old_texts()[:3])
    told = said(folder, "run.update")
    last = max(assigned(folder))
    shown = said(folder, f"edit.show edit={told['edit']}")
    assert {move["from_cluster"] for move in shown["moves"]} == {None}
    assert sum(move["queries"] for move in shown["moves"]) == 3
    assert said(folder, f"edit.history query={last}")[0]["edit"] == told["edit"]
    home = assigned(folder)[last]
    blamed = said(folder, f"edit.blame cluster={home}")
    assert [row["value"] for row in blamed if row["field"] == "moved in"] == ["3 that were loaded later"]
    back = said(folder, "edit.undo")[0]["edit"]
    assert {move["to"] for move in said(folder, f"edit.show edit={back}")["moves"]} == {None}


@pytest.mark.parametrize("later", ["query.move query={last} to={other}", "query.flag query={last} flag=odd"])
def test_what_was_done_to_the_new_queries_since_is_undone_first(
    base: Path, tmp_path: Path, later: str
) -> None:
    folder = own(base, tmp_path / "own")
    grow(folder, old_texts()[:3])
    before = dump(folder)
    update = said(folder, "run.update")["edit"]
    last = max(assigned(folder))
    other = next(number for number in assigned(folder).values() if number != assigned(folder)[last])
    edit = said(folder, later.format(last=last, other=other))["edit"]
    kept = dump(folder)
    refused = run_text(folder, f"edit.undo edit={update}")
    assert (refused.code, refused.error["code"]) == (1, "edit_depends")
    assert f"edit.undo edit={edit}" in refused.error["hint"]
    assert dump(folder) == kept
    assert run_text(folder, f"edit.undo edit={edit}\nedit.undo edit={update}").code == 0
    assert dump(folder) == before
    refused = run_text(folder, f"edit.redo edit={edit}")
    assert (refused.code, refused.error["code"]) == (1, "edit_depends")


def test_an_update_beneath_a_later_one_can_be_taken_out(base: Path, tmp_path: Path) -> None:
    one, two = own(base, tmp_path / "one"), own(base, tmp_path / "two")
    wrong, right = more_texts()[:40], more_texts()[40:] + old_texts()[:4]
    grow(two, wrong)
    update = said(two, "run.update")["edit"]
    grow(two, right)
    second = said(two, "run.update")["edit"]
    both = len(assigned(two))
    assert run_text(two, "hierarchy.build levels=2 width=4").code == 0
    assert run_text(two, f"edit.undo edit={update}").code == 0
    sound(two)
    assert len(assigned(two)) == both - len(wrong)
    grow(one, right)
    said(one, "run.update")
    sizes = "SELECT number, size, texts FROM cluster ORDER BY 1"
    assert rows(two, sizes) == rows(one, sizes)
    assert run_text(two, f"edit.redo edit={update}\nedit.undo edit={second}").code == 0
    sound(two)
    assert len(assigned(two)) == both - len(right)


def test_queries_that_joined_again_are_not_brought_twice(base: Path, tmp_path: Path) -> None:
    folder = own(base, tmp_path / "own")
    grow(folder, old_texts()[:3])
    first = said(folder, "run.update")["edit"]
    assert run_text(folder, "edit.undo").code == 0
    second = said(folder, "run.update")["edit"]
    refused = run_text(folder, f"edit.redo edit={first}")
    assert (refused.code, refused.error["code"]) == (1, "edit_depends")
    assert f"edit.undo edit={second}" in refused.error["hint"]


def test_orphans_that_an_update_brought_go_with_it(base: Path, tmp_path: Path) -> None:
    folder = own(base, tmp_path / "own")
    home = assigned(folder)[1]
    assert run_text(folder, "query.move query=1 to=-2").code == 0
    grow(folder, old_texts()[:1])
    before = dump(folder)
    assert said(folder, "run.update")["orphans"] == 1
    last = max(assigned(folder))
    listed = {row["query"]: row["from_cluster"] for row in said(folder, "orphan.list")}
    assert listed == {1: home, last: None}
    assert run_text(folder, "edit.undo").code == 0
    assert dump(folder) == before


def test_a_replay_carries_decisions_over_and_no_queries(base: Path, tmp_path: Path) -> None:
    folder = own(base, tmp_path / "own")
    old = said(folder, "run.list")[0]["run"]
    grow(folder, more_texts())
    assert run_text(folder, f"run.update run={old}\ncluster.rename cluster=0 title=Kept run={old}").code == 0
    new = said(folder, "run.kmeans k=6 seed=2")["run"]
    grow(folder, old_texts()[:9])
    assert run_text(folder, f"run.update run={new}").code == 0
    ran = run_text(folder, f"edit.replay from={old} to={new} min_overlap=0.3")
    assert ran.code == 0, ran.out
    assert [row["kind"] for row in json.loads(ran.out)["data"]] == ["cluster.rename"]
    sound(folder)


def test_any_updates_and_edits_undone_from_the_last_leave_the_store_as_it_was(
    base: Path, tmp_path: Path
) -> None:
    folder = own(base, tmp_path / "own")
    chance = random.Random(4)
    more = more_texts(10)
    grow(folder, more)
    start = dump(folder)
    made = 0
    for step in range(12):
        clusters = sorted({number for number in assigned(folder).values() if number >= 0})
        first, second = chance.sample(clusters, 2)
        query = chance.choice(list(assigned(folder)))
        line = chance.choice(
            (
                f"query.move query={query} to={first}", f"query.move query={query} to=-2",
                f"cluster.merge cluster={first} into={second}", f"cluster.rename cluster={first} title=T{step}",
                f"query.flag query={query} flag=f{step}",
            )
        )  # fmt: skip
        ran = run_text(folder, "run.update" if step in (2, 9) else line)
        assert ran.code == 0 or ran.error["code"] in ("last_cluster", "title_taken"), ran.out
        made += ran.code == 0 and json.loads(ran.out)["data"]["edit"] is not None
        sound(folder)
    end = dump(folder)
    assert run_text(folder, f"edit.undo count={made}").code == 0
    assert dump(folder) == start
    assert run_text(folder, f"edit.redo count={made}").code == 0
    assert dump(folder) == end
