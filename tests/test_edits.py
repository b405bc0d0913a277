"""Edits through the doors that people and scripts have: what they change everywhere, what is refused, what is told."""

from __future__ import annotations

import json
import shutil
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from core.errors import ActionError
from core.session import Session
from db.edit_images import MIRRORS
from db.invariants import violations
from db.migrations import MIGRATIONS
from lmsys_tui.script import Options
from tests.doors import run_text
from tests.edit_steps import KINDS, ask, dump, opened, state


@pytest.fixture
def folder(edit_base: Path, tmp_path: Path) -> Path:
    return shutil.copytree(edit_base, tmp_path / "w")


@pytest.fixture
def session(folder: Path) -> Iterator[Session]:
    session = opened(folder)
    yield session
    session.close()


def exported(session: Session, tmp_path: Path) -> list[dict[str, Any]]:
    ask(session, "export.run", path=str(tmp_path / "out.jsonl"), overwrite=True)
    return [json.loads(line) for line in (tmp_path / "out.jsonl").read_text(encoding="utf-8").splitlines()]


@pytest.mark.parametrize("kind", KINDS)
def test_each_edit_is_seen_at_once_in_tree_searches_facets_and_export(
    kind: str, session: Session, tmp_path: Path
) -> None:
    if kind == "query.restore":
        ask(session, "query.move", query="1,2,3", to=-2)
    edited = ask(session, kind, **KINDS[kind])
    assert edited.edit == edited.version
    assert violations(session.workspace) == []
    clusters = {row.cluster: row for row in ask(session, "cluster.list", limit=1000)}
    leaves = {n.cluster: n for n in ask(session, "node.list", depth=10, limit=1000) if n.cluster is not None}
    rows = exported(session, tmp_path)
    assert clusters.keys() == leaves.keys() == {row["cluster_id"] for row in rows}
    by_vector = {
        hit.cluster: hit
        for hit in ask(session, "search.clusters", text="bread oven", mode="vector", limit=50)
    }
    assert by_vector.keys() == {n for n, row in clusters.items() if row.kind == "cluster"}
    for number, row in clusters.items():
        members = [query for query in rows if query["cluster_id"] == number]
        shown = ask(session, "cluster.show", cluster=number)
        assert len(members) == row.size == leaves[number].size == shown.size
        assert sum(share.count for share in shown.languages) == row.size
        assert {share.value: share.count for share in shown.languages} == {
            language: sum(m["language"] == language for m in members)
            for language in {m["language"] for m in members}
        }
        titles = {
            row.title,
            leaves[number].title,
            shown.title,
            *(query["cluster_title"] for query in members),
        }
        titles |= {query["path"][-1] for query in members}
        assert len(titles) == 1
        assert {tuple(query["path"]) for query in members} == {shown.path}
        assert {query["is_noise"] for query in members} == {row.kind == "noise"}
        found = ask(
            session,
            "search.queries",
            text="rain poem bread python hello",
            mode="vector",
            cluster=number,
            limit=100,
        )
        assert sum(hit.times for hit in found) == row.size
        assert {hit.cluster_title for hit in found} == {row.title}
        if row.kind == "cluster":
            assert by_vector[number].title == row.title
            words = ask(session, "search.clusters", text=f'"{row.title}"', mode="text", limit=50)
            assert number in {hit.cluster for hit in words}


def test_a_search_by_meaning_goes_by_the_new_title(session: Session) -> None:
    ask(session, "cluster.rename", cluster=0, title="Bread and butter and flour")
    best = ask(session, "search.clusters", text="bread and butter and flour", mode="vector", limit=1)
    assert (best[0].cluster, best[0].score) == (0, 1.0)
    ask(session, "cluster.rename", cluster=0, title="")
    assert (
        ask(session, "search.clusters", text="bread and butter and flour", mode="vector", limit=1)[0].score
        < 1
    )


def test_a_split_without_words_makes_two_titles_that_can_be_told_apart(session: Session) -> None:
    edited = ask(session, "cluster.split", cluster=0)
    (new,) = edited.made
    old, made = ask(session, "cluster.show", cluster=0), ask(session, "cluster.show", cluster=new)
    assert old.size >= made.size > 0
    assert made.title.startswith(old.title.split(":")[0][:20])
    assert made.title != old.title
    assert made.path[:-1] == old.path[:-1]
    assert 0 <= made.coherence <= 1
    ask(session, "edit.undo")
    assert ask(session, "cluster.split", cluster=0).made == (new + 1,), "a number is never given twice"


def test_orphans_are_listed_suggested_and_restored(session: Session) -> None:
    gone = ask(session, "cluster.delete", cluster=1, orphan=True, reason="not a topic")
    rows = ask(session, "orphan.list", limit=1000)
    assert len(rows) == gone.moved
    assert {(row.edit, row.actor, row.reason, row.from_cluster) for row in rows} == {
        (gone.edit, "ann", "not a topic", None)
    }
    suggestions = ask(session, "orphan.suggest", limit=1000)
    assert [row.query for row in suggestions] == [row.query for row in rows]
    assert all(row.similarity >= row.second_similarity for row in suggestions)
    with pytest.raises(ActionError) as caught:
        ask(session, "query.restore", query=rows[0].query)
    assert caught.value.code == "origin_gone"
    ask(session, "query.restore", query=rows[0].query, to=suggestions[0].cluster)
    moved = ask(session, "query.move", query=state(session).of[0][0], to=-2)
    (here,) = [row for row in ask(session, "orphan.list", limit=1000) if row.edit == moved.edit]
    assert (here.from_cluster, here.from_title) == (0, ask(session, "cluster.show", cluster=0).title)
    ask(session, "query.restore", query=here.query)
    assert here.query in state(session).of[0]
    assert violations(session.workspace) == []
    ask(session, "query.restore", query="all", to=0)
    assert -2 not in state(session).of
    assert "orphans" not in {row.node for row in ask(session, "node.list")}


def test_the_noise_can_be_emptied_and_filled_again(session: Session) -> None:
    before = dump(session)
    noise = state(session).of[-1]
    ask(session, "query.move", from_cluster=-1, to=-2)
    assert -1 not in state(session).of
    ask(session, "query.restore", query=noise[0])
    ask(session, "query.move", query=str(state(session).of[0][0]), to=-1)
    ask(session, "query.restore", query="all")
    assert set(noise) < set(state(session).of[-1])
    assert violations(session.workspace) == []
    leaf = next(node for node in ask(session, "node.list", parent="root") if node.node == "noise")
    assert (leaf.title, leaf.size) == ("Noise", len(noise) + 1)
    assert len(ask(session, "edit.undo", count=9)) == 4
    assert dump(session) == before
    ask(session, "query.move", from_cluster=-1, to=0)
    ask(session, "cluster.delete", cluster=1, to=-1)
    assert violations(session.workspace) == []
    ask(session, "edit.undo", count=2)
    assert dump(session) == before


def test_what_changes_nothing_says_so_and_leaves_no_edit(folder: Path) -> None:
    for line, words in (
        ("query.restore query=all", "no orphans"),
        ("query.restore query=all to=0", "no orphans"),
        ("query.move query=1 to=-1", "already"),
        ("cluster.describe cluster=0 description=", "so already"),
        ("query.flag query=1 flag=x remove=true", "so already"),
        ('cluster.note cluster=0 text=""', "so already"),
    ):
        first = "query.move query=1 to=-1\n" if line.startswith("query.move") else ""
        said_of_it = run_text(folder, first + line).rows[-1]["data"]
        assert said_of_it["edit"] is None, line
        assert said_of_it["summary"].startswith("Nothing to change. "), line
        assert words in said_of_it["summary"]


def test_moving_by_search_moves_all_matches_and_what_asks_the_same_text(session: Session) -> None:
    total = session.dispatch("search.queries", {"text": "rain", "mode": "text", "limit": 1}).total
    matches = ask(session, "search.queries", text="rain", mode="text", limit=1000)
    moved = ask(session, "query.move", search="rain", to=-2)
    assert moved.moved == sum(hit.times for hit in matches)
    assert len(matches) == total
    assert {hit.cluster for hit in ask(session, "search.queries", text="rain", mode="text", limit=1000)} == {
        -2
    }
    ask(session, "edit.undo")
    hit = next(hit for hit in ask(session, "query.list", sort="times", limit=1))
    assert hit.times > 1
    assert ask(session, "query.move", text_id=hit.text_id, to=-2).moved == hit.times
    assert ask(session, "query.move", text_id=hit.text_id, to=-2).edit is None


def test_runs_and_datasets_with_edits_can_be_deleted(folder: Path) -> None:
    for kind in ("node.create", "query.flag", "query.move", "cluster.split", "cluster.merge"):
        assert run_text(folder, json.dumps({"action": kind, "params": KINDS[kind]})).code == 0
    again = shutil.copytree(folder, folder.with_name("again"))
    for place, line in (
        (folder, "run.delete run=@run yes=true"),
        (again, "data.clear dataset=@dataset yes=true"),
    ):
        assert run_text(place, line).code == 0
        session = opened(place)
        assert violations(session.workspace) == []
        assert ask(session, "edit.history") == ()
        with session.workspace.connection():
            for table in ("edit_assignment", "edit_cluster", "edit_node", "edit_query_flag", "query_flag"):
                assert session.workspace.value(f"SELECT count(*) FROM {table}") == 0
        session.close()


def test_a_name_that_was_made_later_may_be_a_title_by_hand(session: Session) -> None:
    theirs = ask(session, "cluster.show", cluster=1).title
    ask(session, "cluster.rename", cluster=1, title="Mine")
    ask(session, "cluster.rename", cluster=0, title=theirs)
    with session.workspace.connection(), session.workspace.transaction() as connection:
        connection.execute("UPDATE cluster SET title = NULL WHERE number = 1")
    ask(session, "hierarchy.build", levels=1, width=9)
    assert not [rule for rule in violations(session.workspace) if "siblings" in rule]


def test_the_images_hold_every_column_of_what_they_show(session: Session) -> None:
    for mirror in MIRRORS:
        with session.workspace.connection():
            own, images = (
                [row[1] for row in session.workspace.rows(f"PRAGMA table_info({table})")]
                for table in (mirror.table, mirror.images)
            )
        assert set(mirror.columns) == set(own)
        assert set(images) - {"edit_id", "side", "members"} == set(own)


def test_a_store_of_the_first_version_is_brought_up_to_date(tmp_path: Path) -> None:
    folder = tmp_path / "old"
    folder.mkdir()
    old = sqlite3.connect(folder / "workspace.db", isolation_level=None)
    MIGRATIONS[0](old)
    old.execute("PRAGMA user_version = 1")
    old.execute("INSERT INTO dataset VALUES (1, 'd', '', '', '{}', '', 0, 0, '')")
    old.execute("INSERT INTO space VALUES (1, 's', 'imported', '', '', 2, 'float16', 0, 0, '')")
    old.execute(
        "INSERT INTO run VALUES (1, 'r', 'r', '', 'kmeans', '{}', 1, 1, 1, '{}', 'done', '[]', '{}', '', NULL, NULL, '')"
    )
    old.execute(
        "INSERT INTO cluster (run_id, number, kind, size, texts, neighbours, central, boundary, outside, tags, flags, notes)"
        " VALUES (1, 0, 'cluster', 0, 0, '[]', '[]', '[]', '[]', '[]', '[]', '')"
    )
    old.close()
    session = opened(folder)
    assert ask(session, "cluster.quality", cluster=0, coherence="high").edit == 1
    assert ask(session, "cluster.show", cluster=0).quality == 5
    ask(session, "edit.undo")
    assert ask(session, "cluster.show", cluster=0).quality is None
    session.close()


def test_a_json_list_is_a_list_with_commas(folder: Path) -> None:
    line = json.dumps({"action": "query.flag", "params": {"query": [1, 2], "flag": "look"}})
    ran = run_text(folder, line)
    assert ran.code == 0, ran.err
    history = json.loads(run_text(folder, "edit.history").out)["data"]
    assert json.loads(history[0]["line"])["params"]["query"] == "1,2"


def test_what_may_only_be_read_is_not_tried_either(folder: Path) -> None:
    ran = run_text(folder, "cluster.flag cluster=0", options=Options(dry_run=True), read_only=True)
    assert (ran.code, ran.error["code"]) == (2, "not_allowed")
