"""Edits of one run done again in another: what is carried over, what is not, and that nothing is lost or done twice."""

from __future__ import annotations

import json
import shutil
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from core.control import Control
from core.errors import Cancelled
from core.replay.rows import ReplayRow
from core.session import Session
from db.invariants import violations
from tests.doors import CHATS, run_text
from tests.edit_steps import dump, opened
from tests.naming import said
from tests.run_shape import members, shape

EDITS = """
cluster.rename cluster=0 title=Alpha reason="all of it is alpha"
cluster.describe cluster=1 description="Things of beta."
cluster.tag cluster=1 add=x,y
cluster.tag cluster=1 add=z remove=y
cluster.quality cluster=2 coherence=low
cluster.flag cluster=3
cluster.note cluster=3 text=hey
cluster.note cluster=3 text=ho append=true
cluster.split cluster=2
cluster.merge cluster=4 into=5
query.move query=61,62,63 to=0
query.move query=64,65 to=-2
query.restore query=64 to=1
query.flag query=67,68 flag=odd
node.rename node=t1 title=Theme
node.create title=Made children=c0,c1
node.describe node=h1 description="By hand."
node.move node=c3 to=root
review.accept cluster=0
cluster.delete cluster=3 orphan=true
"""
"""An edit of each kind, two of some; the queries of the chats are 61 and later."""


def edited(folder: Path, script: str = EDITS) -> str:
    """Do edits in the newest run; its id."""
    ran = run_text(folder, script)
    assert ran.code == 0, ran.out
    return str(ran.rows[-1]["view"]["run"])


def another(folder: Path, command: str) -> str:
    """Make a run with names and a tree; its id."""
    ran = run_text(folder, f"{command}\nsummary.create\nhierarchy.build levels=2 width=3")
    assert ran.code == 0, ran.out
    return str(ran.rows[-1]["view"]["run"])


def replayed(
    folder: Path, old: str, new: str, more: str = "", *, dry: bool = False
) -> dict[int, dict[str, Any]]:
    """The rows of a replay, by the number of the old edit."""
    return {row["edit"]: row for row in said(folder, f"edit.replay from={old} to={new} {more}", dry=dry)}


@pytest.fixture
def session(own_workspace: Path) -> Iterator[Session]:
    session = opened(own_workspace)
    yield session
    session.close()


def test_a_run_that_is_made_again_gets_every_edit(own_workspace: Path, session: Session) -> None:
    old = edited(own_workspace)
    new = another(own_workspace, "run.kmeans k=6 seed=7")
    untouched = dump(session)
    told = replayed(own_workspace, old, new, dry=True)
    assert dump(session) == untouched
    report = replayed(own_workspace, old, new)
    assert report == told
    assert len(report) == EDITS.strip().count("\n") + 1
    assert {row["outcome"] for row in report.values()} == {"applied"}
    assert {
        row["overlap"] for row in report.values() if row["kind"] not in ("cluster.split", "query.flag")
    } <= {1.0, None}
    assert shape(session, new) == shape(session, old)
    assert violations(session.workspace) == []
    history = {row["edit"]: row for row in said(own_workspace, f"edit.history run={new} limit=100")}
    for number, row in report.items():
        (made,) = row["edits"]
        assert history[made]["reason"].startswith(f"replayed from edit {number} of {old}")
        assert history[made]["line"] == row["line"]
    assert history[report[1]["edits"][0]]["reason"] == f"replayed from edit 1 of {old}: all of it is alpha"
    after = dump(session)
    again = replayed(own_workspace, old, new)
    assert all(row["why"].startswith("Already so") and row["outcome"] == "applied" for row in again.values())
    assert [row["edits"] for row in again.values()] == [row["edits"] for row in report.values()]
    assert dump(session) == after
    assert len(said(own_workspace, f"edit.history run={new} limit=100")) == len(report)
    said(own_workspace, f"edit.undo count={len(report)}")
    assert dump(session) == untouched


@pytest.mark.parametrize(
    "command",
    [
        "run.kmeans k=6 seed=2",
        "run.kmeans k=9 seed=7",
        "run.kmeans k=3 seed=1",
        "run.hdbscan min_cluster_size=3 reduce=none",
    ],
)
@pytest.mark.parametrize("least", [0.3, 0.5])
def test_another_run_gets_what_fits_and_is_told_of_the_rest(
    command: str, least: float, own_workspace: Path, session: Session
) -> None:
    before = members(session, str(session.view.run))
    old = edited(own_workspace)
    new = another(own_workspace, command)
    there = members(session, new)
    untouched = dump(session)
    report = replayed(own_workspace, old, new, f"min_overlap={least}")
    assert violations(session.workspace) == []
    outcomes = Counter(row["outcome"] for row in report.values())
    assert outcomes["applied"] > 0
    assert outcomes["partial"] + outcomes["conflict"] > 0
    for number, source in ((1, 0), (2, 1), (5, 2)):
        row = report[number]
        best = max(
            (len({*before[source]} & {*part}) / len({*before[source]} | {*part}), -n)
            for n, part in there.items()
            if n >= 0
        )
        assert row["overlap"] == pytest.approx(best[0], abs=1e-6)
        assert (row["outcome"] == "applied") <= (best[0] >= least)
        assert (row["outcome"] == "applied") == bool(row["edits"])
        if row["outcome"] == "applied":
            assert row["target"] == [-best[1]]
            shared = {*before[source]} & {*there[-best[1]]}
            assert row["found"] == pytest.approx(len(shared) / len(before[source]), abs=1e-6)
            assert row["share"] == pytest.approx(len(shared) / len(there[-best[1]]), abs=1e-6)
        else:
            assert json.loads(row["line"])["params"]["cluster"] == row["target"][0]
    assert all(row["why"] for row in report.values() if row["outcome"] != "applied")
    assert sum(row["moved"] for row in report.values()) == sum(
        row["moved"] for row in said(own_workspace, f"edit.history run={new} limit=100")
    )
    orphans = set(members(session, new).get(-2, ()))
    assert 65 in orphans
    after = dump(session)
    again = replayed(own_workspace, old, new, f"min_overlap={least}")
    assert dump(session) == after
    assert [row["outcome"] for row in again.values()] == [row["outcome"] for row in report.values()]
    count = sum(len(row["edits"]) for row in report.values())
    said(own_workspace, f"edit.undo count={count} run={new}")
    assert dump(session) == untouched


def test_what_a_person_decided_in_the_new_run_stays(own_workspace: Path, session: Session) -> None:
    old = edited(own_workspace)
    new = another(own_workspace, "run.kmeans k=6 seed=7")
    by_hand = edited(
        own_workspace,
        'cluster.rename cluster=0 title="My own"\ncluster.note cluster=3 text=mine\nquery.move query=61 to=2\n'
        "cluster.describe cluster=4 description=Mine.\nnode.rename node=t1 title=Ours",
    )
    assert by_hand == new
    report = replayed(own_workspace, old, new)
    assert (report[1]["outcome"], report[1]["edits"]) == ("conflict", [])
    assert "by tester in edit" in report[1]["why"]
    assert json.loads(report[1]["line"])["params"]["title"] == "Alpha"
    assert report[7]["outcome"] == "conflict"
    assert report[8]["outcome"] == "applied", "what is added to a note loses nothing"
    assert report[10]["outcome"] == "conflict", "a cluster that somebody described does not go away"
    assert report[11]["outcome"] == "partial"
    assert "moved elsewhere by hand" in report[11]["why"]
    assert 61 in members(session, new)[2]
    assert report[15]["outcome"] == "conflict"
    assert said(own_workspace, f"cluster.show cluster=0 run={new}")["title"] == "My own"
    forced = replayed(own_workspace, old, new, "overwrite=true")
    assert [forced[n]["outcome"] for n in (1, 7, 10)] == ["applied"] * 3
    assert said(own_workspace, f"cluster.show cluster=0 run={new}")["title"] == "Alpha"
    assert violations(session.workspace) == []


def test_one_cluster_that_is_several_there_and_several_that_are_one(own_workspace: Path) -> None:
    old = edited(
        own_workspace,
        "cluster.tag cluster=2 add=x\ncluster.rename cluster=2 title=A\ncluster.merge cluster=4 into=5",
    )
    new = another(own_workspace, "run.kmeans k=6 seed=7")
    edited(own_workspace, "cluster.split cluster=2\ncluster.merge cluster=4 into=5")
    report = replayed(own_workspace, old, new, "min_overlap=0.9")
    assert report[1]["outcome"] == "partial"
    assert (len(report[1]["edits"]), report[1]["target"], report[1]["found"]) == (2, [2, 6], 1.0)
    assert report[1]["line"].count("\n") == 1
    assert (report[2]["outcome"], report[2]["edits"]) == ("conflict", [])
    assert (report[3]["outcome"], report[3]["edits"], report[3]["target"]) == ("applied", [], [5])
    assert "one cluster" in report[3]["why"]
    for cluster in (2, 6):
        assert said(own_workspace, f"cluster.show cluster={cluster}")["tags"] == ["x"]


def test_a_theme_that_a_person_named_is_named_again_only_when_asked(own_workspace: Path) -> None:
    old = edited(
        own_workspace,
        "node.rename node=t1 title=Theme\nnode.move node=c3 to=t2\nnode.merge node=t2 into=root",
    )
    new = another(own_workspace, "run.kmeans k=6 seed=7")
    edited(own_workspace, "node.rename node=t1 title=Ours\nnode.rename node=t2 title=Others")
    assert [row["outcome"] for row in replayed(own_workspace, old, new).values()] == [
        "conflict",
        "applied",
        "conflict",
    ]
    forced = replayed(own_workspace, old, new, "overwrite=true")
    assert [row["outcome"] for row in forced.values()] == ["applied"] * 3
    assert [row["why"] for row in replayed(own_workspace, old, new).values()] == [
        f"Already so: edit {row['edits'][0]} replayed it." for row in forced.values()
    ]


def test_queries_that_are_there_already_stay_and_those_that_the_run_does_not_have_are_counted(
    tmp_path: Path,
) -> None:
    folder = tmp_path / "w"
    ran = run_text(
        folder,
        f"data.load source={CHATS} limit=50 name=chats\nembed.run model=lexical\nrun.kmeans k=4 seed=1\n"
        f"data.load source={CHATS} name=chats\nembed.run model=lexical\nrun.kmeans k=4 seed=1",
    )
    assert ran.code == 0, ran.err
    few, all_of = (ran.rows[n]["data"]["run"] for n in (2, 5))
    edited(
        folder,
        "query.move query=1,2,60,70 to=-2\nquery.flag query=1,70 flag=odd\nquery.flag query=70 flag=even\nquery.move query=71 to=-2",
    )
    edited(folder, f"run.open run={few}\nquery.move query=1 to=-2")
    report = replayed(folder, all_of, few)
    row = report[1]
    assert (row["outcome"], row["moved"], row["fitting"], row["missing"]) == ("partial", 1, 1, 2)
    assert (report[2]["outcome"], report[2]["missing"]) == ("partial", 1)
    assert [(report[n]["outcome"], report[n]["missing"]) for n in (3, 4)] == [("skipped", 1)] * 2
    assert [row["query"] for row in said(folder, f"orphan.list run={few}")] == [1, 2]


def test_a_new_cluster_of_outliers_is_made_of_them_there_too(own_workspace: Path, session: Session) -> None:
    before = members(session, str(session.view.run))
    strays = [before[n][0] for n in (0, 1, 3)]
    listed = ",".join(map(str, strays))
    old = edited(
        own_workspace,
        f"outlier.assign query={listed} to=new title=Strays\noutlier.assign query={before[2][0]} to=0",
    )
    new = another(own_workspace, "run.kmeans k=6 seed=7")
    report = replayed(own_workspace, old, new)
    assert [(row["outcome"], row["moved"]) for row in report.values()] == [("applied", 3), ("applied", 1)]
    assert shape(session, new) == shape(session, old)
    (made,) = set(members(session, new)) - set(before)
    assert sorted(members(session, new)[made]) == sorted(strays)
    assert said(own_workspace, f"cluster.show cluster={made}")["title"] == "Strays"


def test_queries_that_are_in_a_larger_cluster_already(own_workspace: Path, session: Session) -> None:
    before = members(session, str(session.view.run))
    stray = before[3][0]
    old = edited(own_workspace, f"query.move query={stray} to=0\ncluster.delete cluster=3 orphan=true")
    new = another(own_workspace, "run.kmeans k=6 seed=7")
    edited(own_workspace, "cluster.merge cluster=2 into=0\ncluster.merge cluster=5 into=0")
    report = replayed(own_workspace, old, new, "min_overlap=0.6")
    assert (report[1]["outcome"], report[1]["found"], report[1]["moved"]) == ("partial", 1.0, 1)
    assert "part of the new cluster" in report[1]["why"]
    assert stray in members(session, new)[0]
    assert (report[2]["outcome"], report[2]["moved"]) == ("applied", len(before[3]) - 1)
    assert members(session, new)[-2] == before[3][1:]


def test_only_what_is_wanted_and_in_force_is_replayed(own_workspace: Path) -> None:
    old = edited(
        own_workspace,
        "cluster.rename cluster=0 title=A\ncluster.tag cluster=0 add=x\ncluster.flag cluster=1\nedit.undo",
    )
    ann = opened(own_workspace, "ann")
    ann.dispatch("cluster.note", {"cluster": 1, "text": "by ann"})
    ann.close()
    new = another(own_workspace, "run.kmeans k=6 seed=7")
    assert list(replayed(own_workspace, old, new, "kinds=cluster.tag", dry=True)) == [2]
    assert list(replayed(own_workspace, old, new, "kinds=cluster actor=ann", dry=True)) == [5]
    assert list(replayed(own_workspace, old, new, 'reason="new data"')) == [1, 2, 5]
    assert [row["reason"] for row in said(own_workspace, f"edit.history run={new}")] == [
        f"replayed from edit {n} of {old}: new data" for n in (5, 2, 1)
    ]


def test_what_was_taken_back_is_not_done_again_unasked(own_workspace: Path) -> None:
    old = edited(own_workspace, "cluster.rename cluster=0 title=A\ncluster.tag cluster=0 add=x")
    new = another(own_workspace, "run.kmeans k=6 seed=7")
    first = replayed(own_workspace, old, new)
    said(own_workspace, f"edit.undo edit={first[1]['edits'][0]}")
    assert [row["outcome"] for row in replayed(own_workspace, old, new).values()] == ["conflict", "applied"]
    assert said(own_workspace, "cluster.show cluster=0")["title"] != "A"
    assert replayed(own_workspace, old, new, "overwrite=true")[1]["outcome"] == "applied"
    said(own_workspace, "edit.undo count=2")
    whole = replayed(own_workspace, old, new)
    assert [(row["outcome"], len(row["edits"])) for row in whole.values()] == [("applied", 1)] * 2


def test_edits_do_not_come_back_to_the_run_that_they_came_from(own_workspace: Path, session: Session) -> None:
    old = edited(
        own_workspace, "cluster.note cluster=0 text=a append=true\ncluster.note cluster=0 text=b append=true"
    )
    new = another(own_workspace, "run.kmeans k=6 seed=7")
    replayed(own_workspace, old, new)
    edited(own_workspace, "cluster.note cluster=0 text=c append=true")
    back = replayed(own_workspace, new, old)
    assert [len(row["edits"]) for row in back.values()] == [0, 0, 1]
    assert said(own_workspace, f"cluster.show cluster=0 run={old}")["notes"].split() == ["a", "b", "c"]
    assert shape(session, old) == shape(session, new)


@pytest.mark.parametrize("ways", [("ab", "ac", "bc"), ("ab", "bc", "ac"), ("ac", "ab", "bc", "cb")])
def test_an_edit_that_comes_by_two_ways_is_done_once(ways: tuple[str, ...], own_workspace: Path) -> None:
    runs = {"a": edited(own_workspace, "cluster.note cluster=0 text=once append=true")}
    runs |= {name: another(own_workspace, "run.kmeans k=6 seed=7") for name in "bc"}
    made = [replayed(own_workspace, runs[way[0]], runs[way[1]]) for way in ways]
    assert {row["outcome"] for report in made for row in report.values()} == {"applied"}
    assert sum(len(row["edits"]) for report in made[:2] for row in report.values()) == 2
    assert [len(row["edits"]) for report in made[2:] for row in report.values()] == [0] * (len(ways) - 2)
    for run in runs.values():
        assert said(own_workspace, f"cluster.show cluster=0 run={run}")["notes"] == "once"


def test_a_title_that_a_sibling_has_is_a_conflict_and_the_rest_goes_on(own_workspace: Path) -> None:
    old = edited(own_workspace, "cluster.rename cluster=0 title=Twin\ncluster.tag cluster=0 add=x")
    new = another(own_workspace, "run.kmeans k=6 seed=7")
    nodes = {
        row["cluster"]: row for row in said(own_workspace, "node.list depth=9") if row["cluster"] is not None
    }
    sibling = next(n for n, row in nodes.items() if n > 0 and row["parent"] == nodes[0]["parent"])
    edited(own_workspace, f"cluster.rename cluster={sibling} title=Twin")
    report = replayed(own_workspace, old, new)
    assert [row["outcome"] for row in report.values()] == ["conflict", "applied"]
    assert "Twin" in report[1]["why"]


def test_what_the_program_says_of_a_theme_is_nobodys_work(own_workspace: Path) -> None:
    old = edited(own_workspace, 'node.describe node=t1 description="By hand."')
    new = another(own_workspace, "run.kmeans k=6 seed=7")
    nodes = said(own_workspace, "node.list depth=9 limit=100")
    leaf = next(row["node"] for row in nodes if row["cluster"] is not None and row["parent"] == "t1")
    edited(own_workspace, f"node.create title=New children={leaf} parent=t1")
    (row,) = replayed(own_workspace, old, new).values()
    assert (row["outcome"], row["target"]) == ("applied", ["t1"])


def test_a_replay_that_is_stopped_keeps_what_it_did_and_goes_on(
    own_workspace: Path, session: Session
) -> None:
    old = edited(own_workspace)
    new = another(own_workspace, "run.kmeans k=6 seed=7")
    asked = iter(range(1000))
    session.control = Control(cancelled=lambda: next(asked) >= 7)
    with pytest.raises(Cancelled, match="7 of 20"):
        session.dispatch("edit.replay", {"from": old, "to": new})
    session.control = Control()
    assert violations(session.workspace) == []
    rows: tuple[ReplayRow, ...] = session.dispatch("edit.replay", {"from": old, "to": new}).data
    assert [row.why.startswith("Already so") for row in rows] == [True] * 7 + [False] * 13
    assert shape(session, new) == shape(session, old)


BAD = {
    "from=nope to={new}": "unknown_run",
    "from={old} to=nope": "unknown_run",
    "from={old} to={old}": "same_run",
    "from={new} to={old}": "nothing_to_replay",
    "from={old} to={other}": "other_dataset",
    "from={old} to={new} actor=nobody": "nothing_to_replay",
    "from={old} to={new} kinds=query.flag": "nothing_to_replay",
    "from={old} to={new} kinds=cluster.renames": "unknown_kind",
    "from={old} to={new} min_overlap=0": "bad_overlap",
    "from={old} to={new} min_overlap=1.1": "bad_overlap",
    "from={old} to={new} min_overlap=nan": "bad_overlap",
    "from={old} to={new} reason=" + "x" * 2001: "bad_reason",
    "from={old}": "missing_parameter",
    "from_={old} to={new}": "unknown_parameter",
}


@pytest.fixture(scope="module")
def three_runs(
    fixture_workspace: Path, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, dict[str, str]]:
    """A workspace with an edited run, a second one, and one of other data."""
    folder = tmp_path_factory.mktemp("replay") / "w"
    shutil.copytree(fixture_workspace, folder)
    old = edited(folder, "cluster.tag cluster=0 add=x")
    new = another(folder, "run.kmeans k=4 seed=1")
    assert run_text(folder, "data.open dataset=sample\nembed.run model=lexical").code == 0
    return folder, {
        "old": old,
        "new": new,
        "other": another(folder, "data.open dataset=sample\nrun.kmeans k=2"),
    }


@pytest.mark.parametrize("words", BAD)
def test_what_cannot_be_is_refused(words: str, three_runs: tuple[Path, dict[str, str]]) -> None:
    folder, runs = three_runs
    session = opened(folder)
    before = dump(session)
    ran = run_text(folder, f"edit.replay {words.format(**runs)}")
    assert ran.code != 0
    assert ran.error["code"] == BAD[words]
    assert ran.error["hint"] or BAD[words] == "bad_reason"
    assert dump(session) == before
    session.close()
