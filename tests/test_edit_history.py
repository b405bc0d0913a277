"""Undo, redo, history and blame, through the doors that people and scripts have."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from core.errors import ActionError
from core.session import Session
from db.invariants import violations
from tests.doors import run_text
from tests.edit_steps import KINDS, Params, ask, dump, opened, state


@pytest.fixture
def folder(edit_base: Path, tmp_path: Path) -> Path:
    return shutil.copytree(edit_base, tmp_path / "w")


@pytest.fixture
def session(folder: Path) -> Iterator[Session]:
    session = opened(folder)
    yield session
    session.close()


def test_undo_takes_back_the_actors_own_edits_and_no_colleagues(folder: Path) -> None:
    ann, bob = opened(folder, "ann"), opened(folder, "bob")
    before = dump(ann)
    ask(ann, "cluster.tag", cluster=0, add="a")
    ask(ann, "query.move", query="1,2", to=-2)
    ask(bob, "cluster.tag", cluster=1, add="b")
    assert [row.target for row in ask(ann, "edit.undo")] == [2]
    assert [row.target for row in ask(ann, "edit.undo", count=5)] == [1]
    assert [row.target for row in ask(ann, "edit.redo")] == [1]
    assert [row.target for row in ask(bob, "edit.undo")] == [3]
    assert [row.target for row in ask(bob, "edit.redo")] == [3]
    assert [row.target for row in ask(ann, "edit.redo")] == [2]
    assert ask(ann, "edit.undo", edit=3)[0].actor == "bob"
    ask(ann, "edit.undo", count=2)
    assert dump(bob) == before
    ann.close()
    bob.close()


def test_an_edit_in_the_middle_can_be_undone_when_nothing_depends_on_it(session: Session) -> None:
    before = dump(session)
    ask(session, "query.move", query="1", to=-2)
    ask(session, "query.move", query="2", to=-2)
    ask(session, "cluster.rename", cluster=0, title="Kept")
    ask(session, "edit.undo", edit=1)
    assert state(session).orphans == (2,)
    assert violations(session.workspace) == []
    ask(session, "edit.undo", edit=3)
    ask(session, "edit.undo", edit=2)
    assert dump(session) == before


def test_what_an_undo_depends_on_is_named(session: Session) -> None:
    ask(session, "query.move", query="1", to=-2)
    ask(session, "query.restore", query="1", to=0)
    with pytest.raises(ActionError) as caught:
        ask(session, "edit.undo", edit=1)
    assert "edit 2 by ann" in caught.value.message
    assert "edit.undo edit=2" in caught.value.hint


def test_expect_refuses_only_what_was_changed_since(session: Session) -> None:
    version = ask(session, "cluster.show", cluster=0).version
    assert version == 0
    ask(session, "cluster.tag", cluster=1, add="elsewhere")
    first = ask(session, "cluster.tag", cluster=0, add="here", expect=version)
    assert ask(session, "cluster.show", cluster=0).version == first.version
    ask(session, "edit.undo")
    with pytest.raises(ActionError) as caught:
        ask(session, "cluster.rename", cluster=0, title="Stale", expect=first.version)
    assert caught.value.code == "stale"
    assert "expect=3" in caught.value.hint
    ask(session, "cluster.rename", cluster=0, title="Fresh", expect=3)


def test_a_tree_that_was_built_after_an_edit_follows_its_undo(session: Session) -> None:
    ask(session, "cluster.rename", cluster=0, title="By hand")
    ask(session, "cluster.merge", cluster=2, into=0)
    ask(session, "query.move", query="3", to=-2)
    tree = ask(session, "hierarchy.build").hierarchy
    assert violations(session.workspace) == []
    ask(session, "edit.undo", count=3)
    assert violations(session.workspace) == []
    titles = {
        row.cluster: row.title
        for row in ask(session, "node.list", depth=10, limit=1000, hierarchy=tree)
        if row.cluster is not None
    }
    assert titles == {row.cluster: row.title for row in ask(session, "cluster.list", limit=1000)}


def test_history_is_by_cluster_query_actor_date_and_page(folder: Path) -> None:
    session = opened(folder)
    bob = opened(folder, "bob")
    ask(session, "cluster.tag", cluster=0, add="x", reason="because")
    ask(bob, "query.move", query="1", to=-2)
    ask(session, "edit.undo")
    rows = ask(session, "edit.history")
    assert [(row.edit, row.kind, row.actor, row.target, row.undone_by) for row in rows] == [
        (3, "undo", "ann", 1, None),
        (2, "query.move", "bob", None, None),
        (1, "cluster.tag", "ann", None, 3),
    ]
    assert json.loads(rows[2].line) == {
        "action": "cluster.tag",
        "params": {"add": "x", "cluster": 0, "reason": "because", "run": session.view.run},
    }
    assert [row.edit for row in ask(session, "edit.history", cluster=0)] == [3, 1]
    assert [row.edit for row in ask(session, "edit.history", query=1)] == [2]
    assert [row.edit for row in ask(session, "edit.history", actor="bob")] == [2]
    assert len(ask(session, "edit.history", since="2026-01-01", until="2026-01-01")) == 3
    assert (
        ask(session, "edit.history", since="2026-01-02")
        == ask(session, "edit.history", until="2025-12-31")
        == ()
    )
    page = session.dispatch("edit.history", {"limit": 2})
    assert (
        page.total,
        [row.edit for row in session.dispatch("edit.history", {"limit": 2, "after": page.after}).data],
    ) == (3, [1])
    session.close()
    bob.close()


def test_an_edit_is_shown_with_before_and_after(session: Session) -> None:
    old = ask(session, "cluster.show", cluster=0)
    ask(session, "cluster.rename", cluster=0, title="New")
    shown = ask(session, "edit.show", edit=1)
    assert ("cluster", "0", "title", None, "New") in {
        (c.what, c.id, c.field, c.before, c.after) for c in shown.changes
    }
    assert ("node", "c0", "title", old.title, "New") in {
        (c.what, c.id, c.field, c.before, c.after) for c in shown.changes
    }
    ask(session, "edit.undo")
    back = ask(session, "edit.show", edit=2)
    assert ("cluster", "0", "title", "New", None) in {
        (c.what, c.id, c.field, c.before, c.after) for c in back.changes
    }
    moved = ask(session, "query.move", query="1,2", to=-2)
    shown = ask(session, "edit.show", edit=moved.edit)
    assert sum(m.queries for m in shown.moves) == 2
    assert {q for m in shown.moves for q in m.examples} == {1, 2}
    assert "size" in {c.field for c in shown.derived}


def test_what_went_away_is_shown_with_what_was_said_of_it_and_no_blanks(session: Session) -> None:
    ask(session, "cluster.tag", cluster=1, add="a")
    deleted = ask(session, "cluster.delete", cluster=1, orphan=True)
    changes = ask(session, "edit.show", edit=deleted.edit).changes
    gone = {(c.field, c.before) for c in changes if (c.what, c.id, c.after) == ("cluster", "1", None)}
    assert gone == {("kind", "cluster"), ("tags", ("a",))}
    assert all(c.before not in ("", (), None) or c.after not in ("", (), None) for c in changes)


def test_what_only_follows_is_told_apart_from_what_was_decided_and_trees_from_each_other(
    session: Session,
) -> None:
    merged = ask(session, "cluster.merge", cluster=1, into=0)
    shown = ask(session, "edit.show", edit=merged.edit)
    assert {(c.what, c.id, c.field) for c in shown.changes} == {("cluster", "1", "kind")}
    leaves = {c.hierarchy for c in shown.derived if (c.what, c.id, c.field) == ("node", "c1", "title")}
    assert leaves == {row.hierarchy for row in ask(session, "hierarchy.list")}
    moved = ask(session, "node.move", node="c0", to="root")
    (change,) = [c for c in ask(session, "edit.show", edit=moved.edit).changes if c.field == "parent"]
    assert (change.id, change.after, change.hierarchy) == ("c0", "root", session.view.hierarchy)
    theme = ask(session, "node.create", title="By hand", children="c0,c2")
    facts = {(c.id, c.field, c.after) for c in ask(session, "edit.show", edit=theme.edit).changes}
    assert {("h1", "title", "By hand"), ("h1", "parent", "root"), ("c0", "parent", "h1")} <= facts


def test_blame_says_who_made_a_cluster_what_it_is(folder: Path) -> None:
    ann, bob = opened(folder, "ann"), opened(folder, "bob")
    ask(ann, "cluster.rename", cluster=0, title="First")
    ask(bob, "cluster.rename", cluster=0, title="Second", reason="clearer")
    ask(ann, "cluster.rename", cluster=0, title="Third")
    ask(ann, "edit.undo")
    ask(ann, "cluster.merge", cluster=1, into=0)
    ask(bob, "node.move", node="c0", to="root")
    rows = {row.field: row for row in ask(ann, "edit.blame", cluster=0)}
    assert (rows["title"].value, rows["title"].actor, rows["title"].reason) == ("Second", "bob", "clearer")
    assert (rows["moved in"].kind, rows["moved in"].actor) == ("cluster.merge", "ann")
    assert (rows["parent"].value, rows["parent"].actor) == ("root", "bob")
    (made,) = ask(bob, "cluster.split", cluster=0).made
    assert {row.field for row in ask(ann, "edit.blame", cluster=made)} >= {"made", "title", "moved in"}
    ann.close()
    bob.close()


def test_the_line_of_an_edit_does_it_again(folder: Path, edit_base: Path, tmp_path: Path) -> None:
    session = opened(folder)
    again = shutil.copytree(edit_base, tmp_path / "again")
    last = ("cluster.split", "node.merge", "cluster.merge", "cluster.delete")
    other_params: dict[str, Params] = {
        "query.move": {"query": "1,2", "to": -2},
        "cluster.delete": {"cluster": 3, "orphan": True},
    }
    for kind in [*(kind for kind in KINDS if kind not in last), *last]:
        ask(session, kind, **other_params.get(kind, KINDS[kind]))
    lines = [row.line for row in reversed(ask(session, "edit.history", limit=1000))]
    assert run_text(again, "\n".join(lines)).code == 0
    other = opened(again)
    assert dump(other) == dump(session)
    session.close()
    other.close()


@pytest.mark.parametrize("text", ["$HOME is here", "${HOME}", "$$HOME", "@run", "@set", "a 'b' \"c\" \\ d"])
def test_a_text_that_looks_like_a_reference_is_the_same_when_the_line_does_it_again(
    folder: Path, edit_base: Path, tmp_path: Path, text: str
) -> None:
    session, again = opened(folder), shutil.copytree(edit_base, tmp_path / "again")
    said = f"@{text}" if text in ("@run", "@set") else text
    ask(session, "cluster.rename", cluster=0, title=said, reason=said)
    ask(session, "edit.undo", reason=said)
    ask(session, "edit.redo", edit=1, reason=said)
    rows = ask(session, "edit.history")
    assert {row.reason for row in rows} == {text}
    ran = run_text(again, "\n".join(row.line for row in reversed(rows)))
    assert ran.code == 0, ran.out
    other = opened(again)
    assert ask(other, "cluster.show", cluster=0).title == text
    assert [(row.kind, row.reason) for row in ask(other, "edit.history")] == [
        (row.kind, row.reason) for row in rows
    ]
    assert dump(other) == dump(session)
    session.close()
    other.close()


def test_the_history_of_a_node(session: Session) -> None:
    leaves = {
        row.node: row.parent
        for row in ask(session, "node.list", depth=5, limit=500)
        if row.cluster is not None
    }
    leaf, parent = next((node, parent) for node, parent in leaves.items() if parent != "root")
    ask(session, "node.rename", node=parent, title="Of its own")
    ask(session, "node.move", node=leaf, to="root")
    assert [row.kind for row in ask(session, "edit.history", node=leaf)] == ["node.move"]
    assert "node.rename" in [row.kind for row in ask(session, "edit.history", node=parent)]
    other = next(node for node, above in leaves.items() if above not in (parent, "root"))
    assert ask(session, "edit.history", node=other) == ()
    for params, code in (
        ({"cluster": 0}, "bad_parameter"),
        ({"hierarchy": "none-such"}, "unknown_hierarchy"),
    ):
        with pytest.raises(ActionError) as caught:
            ask(session, "edit.history", node=leaf, **params)
        assert caught.value.code == code


def test_a_node_that_only_changed_its_place_among_its_siblings_was_not_edited(session: Session) -> None:
    rows = ask(session, "node.list", depth=5, limit=500)
    theme = next(row.node for row in rows if row.kind == "theme" and row.parent == "root")
    ask(session, "node.merge", node=theme, into="root")
    shown = ask(session, "edit.show", edit=1)
    changed: dict[str, set[str]] = {}
    for change in (*shown.changes, *shown.derived):
        changed.setdefault(change.id, set()).add(change.field)
    shifted = {node for node, fields in changed.items() if fields == {"position"}}
    assert shifted
    ask(session, "edit.undo")
    for row in rows:
        expected = ["undo", "node.merge"] if row.node in changed and row.node not in shifted else []
        assert [edit.kind for edit in ask(session, "edit.history", node=row.node)] == expected, row.node
