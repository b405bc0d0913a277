"""What follows from edits: measures, distances and the order of siblings, the same whatever was done before."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from core.session import Session
from db.invariants import violations
from tests.edit_steps import ask, dump, opened, state
from tests.handmade import handmade
from tests.naming import said


@pytest.fixture
def folder(edit_base: Path, tmp_path: Path) -> Path:
    return shutil.copytree(edit_base, tmp_path / "w")


@pytest.fixture
def session(folder: Path) -> Iterator[Session]:
    session = opened(folder)
    yield session
    session.close()


def test_measures_do_not_depend_on_what_was_edited_before(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("core.curate.measure.BACKGROUND", 9)
    dumps = []
    for name, first in (("straight", False), ("after others", True)):
        session = opened(shutil.copytree(folder, tmp_path / name))
        if first:
            some = [queries[0] for number, queries in state(session).of.items() if number > 0]
            ask(session, "query.move", query=",".join(map(str, some)), to=0)
            ask(session, "edit.undo")
        ask(session, "cluster.merge", cluster=1, into=2)
        dumps.append(dump(session))
        session.close()
    assert dumps[0] == dumps[1]


def test_a_description_counts_no_queries_that_are_gone(session: Session) -> None:
    before = ask(session, "cluster.show", cluster=2).description
    own = ask(session, "cluster.show", cluster=0).description
    assert f" {ask(session, 'cluster.show', cluster=2).size} queries" in before
    ask(session, "cluster.merge", cluster=1, into=2)
    now = ask(session, "cluster.show", cluster=2).description
    assert before.startswith(now) and now.endswith(".") and "queries" not in now
    shown = {node.cluster: node.description for node in ask(session, "node.list", parent="root", depth=5)}
    assert (shown[2], shown[0]) == (now, own)
    ask(session, "edit.undo")
    assert ask(session, "cluster.show", cluster=2).description == before
    said_by_hand = "Seven wonders. 7 queries."
    ask(session, "cluster.describe", cluster=2, description=said_by_hand)
    assert ask(session, "cluster.show", cluster=2).description == said_by_hand


def test_a_distance_is_never_below_nought(tmp_path: Path) -> None:
    log = tmp_path / "log.jsonl"
    words = ("one text", "bread oven", "train lyon", "poem rain", "sum proof")
    log.write_text("".join(json.dumps({"text": text}) + "\n" for text in words * 3), encoding="utf-8")
    session = opened(tmp_path / "w")
    for action, params in (
        ("data.load", {"source": str(log)}), ("embed.run", {"model": "lexical"}), ("run.kmeans", {"k": 5}),
    ):  # fmt: skip
        session.dispatch(action, params)
    for number, queries in state(session).of.items():
        made = ask(session, "cluster.split", cluster=number, queries=queries[0]).made[0]
        assert all(row.distance >= 0 for row in ask(session, "query.list", cluster=made))
    session.close()


def test_siblings_of_a_size_stand_as_in_a_tree_that_is_built(session: Session) -> None:
    sizes = {number: len(queries) for number, queries in state(session).of.items()}
    bigger, smaller = sorted((0, 1), key=lambda number: -sizes[number])
    extra = state(session).of[bigger][: sizes[bigger] - sizes[smaller]]
    if extra:
        ask(session, "query.move", query=",".join(map(str, extra)), to=-2)
    ask(session, "node.move", node="c0", to="root")
    ask(session, "node.create", title="Of one", children="c1")
    order = [node.node for node in ask(session, "node.list", parent="root") if node.node in ("c0", "h1")]
    assert order == ["c0", "h1"], "the theme has the greater number of a cluster"


def test_without_vectors_edits_are_exact_but_not_measured(tmp_path: Path) -> None:
    folder = handmade(tmp_path / "w")
    before = dump(opened(folder))
    renamed = said(folder, 'cluster.rename cluster=0 title="By hand"')
    assert "meaning" in renamed["notes"][0]
    moved = said(folder, "cluster.merge cluster=1 into=0")
    assert "measures" in moved["notes"][0]
    session = opened(folder)
    assert violations(session.workspace) == []
    ask(session, "edit.undo", edit=2)
    ask(session, "edit.undo", edit=1)
    assert dump(session) == before
