"""Edits that cannot be: a clear error, and nothing changed."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from core.errors import ActionError
from core.session import Session
from tests.doors import run_text
from tests.edit_steps import ask, dump, opened, state


@pytest.fixture
def folder(edit_base: Path, tmp_path: Path) -> Path:
    return shutil.copytree(edit_base, tmp_path / "w")


@pytest.fixture
def session(folder: Path) -> Iterator[Session]:
    session = opened(folder)
    yield session
    session.close()


BAD = {
    "run": ("cluster.rename cluster=0 title=x run=nope", "unknown_run"),
    "cluster": ("cluster.rename cluster=99 title=x", "unknown_cluster"),
    "target": ("query.move query=1 to=99", "unknown_cluster"),
    "query": ("query.move query=1,99999 to=0", "unknown_query"),
    "text": ("query.move text_id=99999 to=0", "unknown_text"),
    "no list": ("query.move query=1;2 to=0", "bad_parameter"),
    "nothing said": ("query.move to=0", "which_queries"),
    "no match": ("query.move search=xylophone to=0", "no_matches"),
    "filter": ("query.move language=Klingon to=0", "unknown_language"),
    "node": ("node.move node=t99 to=root", "unknown_node"),
    "hierarchy": ("node.move node=t1 to=root hierarchy=nope", "unknown_hierarchy"),
    "circle": ("node.move node=t1 to=t1", "circle"),
    "circle below": ("node.create title=Up children=t1,t2\nnode.move node=h1 to=t1", "circle"),
    "circle of a new theme": ("node.create title=Up parent=t1 children=t1", "circle"),
    "under a cluster": ("node.move node=t1 to=c0", "not_a_theme"),
    "noise in the tree": ("node.move node=noise to=t1", "fixed_node"),
    "root": ("node.merge node=root into=t1", "fixed_node"),
    "merge into itself": ("cluster.merge cluster=1 into=1", "same_cluster"),
    "merge a node into itself": ("node.merge node=t1 into=t1", "same_node"),
    "merge a theme into a cluster": ("node.merge node=t1 into=c0", "not_a_theme"),
    "split of all": ("cluster.split cluster=0 queries={all}", "split_all"),
    "split of strangers": ("cluster.split cluster=0 queries={other}", "not_a_member"),
    "delete to itself": ("cluster.delete cluster=0 to=0", "same_cluster"),
    "delete to nowhere": ("cluster.delete cluster=0", "where_to"),
    "delete to two places": ("cluster.delete cluster=0 to=1 orphan=true", "where_to"),
    "restore no orphan": ("query.restore query=1", "not_an_orphan"),
    "title twice": ("node.rename node=t1 title=Noise", "title_taken"),
    "title of another cluster": ("cluster.rename cluster=0 title=A\ncluster.rename cluster=1 title=A", "title_taken"),
    "title that another has meanwhile": ("cluster.rename cluster=0 title=A\ncluster.rename cluster=2 title={title}\ncluster.rename cluster=0 title=", "title_taken"),
    "long title": ("cluster.rename cluster=0 title=" + "x" * 121, "bad_title"),
    "no title": ("node.rename node=t1 title=", "bad_title"),
    "no children": ("node.create title=Alone children=", "no_children"),
    "quality": ("cluster.quality cluster=0 coherence=6", "bad_quality"),
    "tag": ("cluster.tag cluster=0", "bad_word"),
    "flag": ("cluster.flag cluster=0 flag=a,b", "bad_word"),
    "noise cannot be deleted": ("cluster.delete cluster=-1 to=0", "not_a_cluster"),
    "orphans are no cluster": ("query.move query=1 to=-2\ncluster.rename cluster=-2 title=x", "not_a_cluster"),
    "nothing to undo": ("edit.undo", "nothing_to_undo"),
    "nothing to redo": ("edit.redo", "nothing_to_redo"),
    "unknown edit": ("edit.undo edit=5", "unknown_edit"),
    "redo after a new edit": ("cluster.flag cluster=0\nedit.undo\ncluster.flag cluster=1\nedit.redo", "nothing_to_redo"),
    "undo twice": ("cluster.flag cluster=0\nedit.undo edit=1\nedit.undo edit=1", "already_undone"),
    "redo what is in force": ("cluster.flag cluster=0\nedit.redo edit=1", "not_undone"),
    "undo of an undo": ("cluster.flag cluster=0\nedit.undo\nedit.undo edit=2", "not_an_edit"),
    "depended on": ("cluster.rename cluster=0 title=A\ncluster.rename cluster=0 title=B\nedit.undo edit=1", "edit_depends"),
    "stale": ("cluster.rename cluster=0 title=A\ncluster.tag cluster=0 add=x expect=0", "stale"),
    "stale node": ("node.rename node=t1 title=A\nnode.describe node=t1 description=x expect=0", "stale"),
    "stale query": ("query.flag query=1\nquery.flag query=1,2 flag=b expect=0", "stale"),
    "edit to come": ("cluster.tag cluster=0 add=x expect=1", "bad_expect"),
    "no edit": ("cluster.tag cluster=0 add=x expect=-1", "bad_expect"),
    "reason": ("cluster.flag cluster=0 reason=" + "x" * 2001, "bad_reason"),
    "count": ("edit.undo count=0", "bad_count"),
    "count below": ("edit.undo count=-1", "bad_count"),
    "count of one edit": ("cluster.flag cluster=0\nedit.undo edit=1 count=2", "bad_count"),
    "where nobody would fit": ("orphan.suggest query=1,99999", "unknown_query"),
    "no such edit": ("edit.show edit=9", "unknown_edit"),
    "date": ("edit.history since=yesterday", "bad_date"),
}  # fmt: skip


@pytest.mark.parametrize("name", BAD)
def test_what_cannot_be_is_refused_and_changes_nothing(name: str, folder: Path) -> None:
    script, code = BAD[name]
    session = opened(folder)
    of = state(session).of
    script = script.replace("{title}", json.dumps(ask(session, "cluster.show", cluster=0).title))
    script = script.replace("{all}", ",".join(map(str, of[0]))).replace("{other}", str(of[1][0]))
    *first, last = script.split("\n")
    assert run_text(folder, "\n".join(first)).code == 0
    before, edits = dump(session), len(ask(session, "edit.history"))
    ran = run_text(folder, last)
    assert ran.code != 0
    assert (ran.error["code"], bool(ran.error["message"])) == (code, True)
    assert dump(session) == before
    assert len(ask(session, "edit.history")) == edits
    session.close()


@pytest.mark.parametrize(
    ("action", "params", "code"),
    [
        ("cluster.rename", {"title": "a\ud800"}, "bad_parameter"),
        ("cluster.rename", {"title": "a\0b"}, "bad_title"),
        ("cluster.rename", {"title": "\u200b\u2060"}, "bad_title"),
        ("cluster.note", {"text": "a\ud800"}, "bad_parameter"),
        ("cluster.describe", {"description": "a\0"}, "bad_text"),
        ("cluster.tag", {"add": "\u200b"}, "bad_word"),
        ("cluster.flag", {"flag": "a\0b"}, "bad_word"),
        ("cluster.flag", {"reason": "\udfff"}, "bad_parameter"),
    ],
)
def test_text_that_cannot_be_stored_or_seen_is_refused(
    action: str, params: dict[str, str], code: str, session: Session
) -> None:
    with pytest.raises(ActionError) as caught:
        ask(session, action, cluster=0, **params)
    assert caught.value.code == code
    assert ask(session, "edit.history") == ()


def test_any_script_can_be_written(session: Session) -> None:
    for number, title in enumerate(("日本語 🧑\u200d🚀", "عربى [/INST] [b]", "e\u0301" * 60)):
        ask(session, "cluster.rename", cluster=number, title=title)
        ask(session, "cluster.note", cluster=number, text=f"{title}\n\t{title}\r\n")
        assert ask(session, "cluster.show", cluster=number).title == title
    ask(session, "edit.undo", count=6)


def test_the_last_cluster_stays(session: Session) -> None:
    numbers = state(session).clusters
    for number in numbers[1:]:
        ask(session, "cluster.merge", cluster=number, into=numbers[0])
    before = dump(session)
    for action, params in (
        ("cluster.delete", {"cluster": numbers[0], "orphan": True}),
        ("query.move", {"from_cluster": numbers[0], "to": -2}),
    ):
        with pytest.raises(ActionError) as caught:
            ask(session, action, **params)
        assert caught.value.code == "last_cluster"
    assert dump(session) == before


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("cluster.split cluster=0 queries=1.5", "queries='1.5'"),
        ("cluster.merge cluster=0 into=-1", "the noise"),
        ("edit.undo run=@run", "in hdbscan-"),
    ],
)
def test_a_refusal_names_what_was_said(line: str, words: str, folder: Path) -> None:
    error = run_text(folder, line).error
    assert words in error["message"]
    assert error["hint"]


def test_what_was_undone_says_what_does_it_again(folder: Path) -> None:
    assert run_text(folder, "cluster.flag cluster=0").code == 0
    ran = run_text(folder, "edit.redo edit=1")
    assert ran.error["hint"] == "edit.undo edit=1 (key u) takes it back."
    assert run_text(folder, "edit.undo edit=1").code == 0
    ran = run_text(folder, "edit.undo edit=1")
    assert ran.error["hint"] == "edit.redo edit=1 (key U) does it again."
