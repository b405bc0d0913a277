"""Editing by keys: marks, forms that know the present value, pickers, undo, history, review, and others who edit meanwhile."""

from __future__ import annotations

import asyncio
import sqlite3
from pathlib import Path
from typing import Any

import pytest
from textual.widgets import Input

from core.rows import NodeRow, TextRow
from core.session import Session
from screens.curate.history import EditScreen, HistoryScreen
from screens.curate.review import ReviewScreen
from screens.form.picks import matching
from screens.form.screen import FormScreen
from screens.jobs import JobEnded
from screens.widgets.bars import Bar
from screens.widgets.pick import Pick, PickField
from tests.doors import NOW, run_cli
from tests.handmade import Themes, handmade
from tests.pilots import NARROW, WIDE, Driven, driven
from tests.terminal import Terminal
from tests.test_hostile_text import PAYLOADS, foreign


def toasts(run: Driven) -> str:
    """What was said, newest last."""
    return "\n".join(str(note.message) for note in run.app._notifications)


def heard(run: Driven) -> Driven:
    """Keep what is said: a test hears nothing otherwise."""
    run.app._disable_notifications = False
    return run


async def to_leaf(run: Driven) -> int:
    """Put the cursor on the first cluster; its number."""
    await run.press("j", "l", "l")
    branch = run.tree.branch
    assert branch is not None
    assert branch.row.cluster is not None
    return branch.row.cluster


def field(run: Driven, name: str) -> Input:
    """A field of the form."""
    assert isinstance(run.app.screen, FormScreen), run.top()
    return run.app.screen.query_one(f"#field-{name}", Input)


def offered(run: Driven) -> list[Pick]:
    """What the form offers."""
    rows = run.app.screen.query_one(PickField).rows
    return [line.value for line in rows.lines if isinstance(line.value, Pick)]


def ask(run: Driven, action: str, **params: Any) -> Any:
    """What an action answers."""
    return run.session.dispatch(action, params).data


def other(folder: Path, action: str, params: dict[str, Any], actor: str = "ann") -> None:
    """Somebody else edits, in another session."""
    session = Session(folder, clock=lambda: NOW, actor=actor)
    try:
        session.dispatch(action, params)
    finally:
        session.close()


def planted(folder: Path) -> None:
    """Texts in edits that no edit would take today: a store may come from anywhere."""
    title = "".join((PAYLOADS[0], *PAYLOADS[7:9], PAYLOADS[12]))
    connection = sqlite3.connect(folder / "workspace.db")
    with connection:
        connection.execute("UPDATE cluster SET title = ? WHERE number = 0", (title,))
        connection.execute("UPDATE edit_cluster SET title = ? WHERE title IS NOT NULL", (title,))
        connection.execute(
            "UPDATE edit SET actor = 'ann' || ?, reason = ?, summary = ? || summary",
            (PAYLOADS[7], PAYLOADS[12], PAYLOADS[8]),
        )
    connection.close()


async def elsewhere(folder: Path, action: str, params: dict[str, Any], actor: str = "ann") -> None:
    """The same beside the screen, as another program would."""
    await asyncio.get_running_loop().run_in_executor(None, other, folder, action, params, actor)


@pytest.mark.parametrize("size", [WIDE, NARROW])
async def test_a_cluster_is_renamed_and_the_edit_undone(own_workspace: Path, size: tuple[int, int]) -> None:
    async with driven(own_workspace, size) as run:
        heard(run)
        cluster = await to_leaf(run)
        before = ask(run, "cluster.show", cluster=cluster).title
        await run.press("e")
        assert field(run, "title").value == before
        assert field(run, "title").has_focus
        await run.press("space", "X", "tab", *"why", "enter")
        assert run.app.screen is run.explorer
        assert ask(run, "cluster.show", cluster=cluster).title == f"{before} X"
        assert ask(run, "edit.history")[0].reason == "why"
        assert f"{before} X" in run.text("tree")
        assert f"{before} X" in " ".join(run.text("cluster").split())
        assert "Renamed cluster" in toasts(run)
        assert "u undoes it" in toasts(run)
        assert run.tree.branch is not None
        assert run.tree.branch.row.cluster == cluster
        await run.press("u")
        assert f"{before} X" not in run.text("tree") + run.text("cluster")
        assert "Undone, your edit: Renamed cluster" in toasts(run)
        await run.press("U")
        assert f"{before} X" in run.text("tree")
        assert toasts(run).startswith("Done again, your edit: Renamed cluster"), "one message at a time"


async def test_an_emptied_title_gives_back_that_of_the_names(own_workspace: Path) -> None:
    async with driven(own_workspace) as run:
        cluster = await to_leaf(run)
        before = ask(run, "cluster.show", cluster=cluster).title
        other(own_workspace, "cluster.rename", {"cluster": cluster, "title": "By hand"})
        await run.press("R", "e")
        field(run, "title").value = ""
        await run.press("enter")
        assert ask(run, "cluster.show", cluster=cluster).title == before


async def test_marked_clusters_are_merged_and_the_cursor_goes_to_what_is_left(own_workspace: Path) -> None:
    async with driven(own_workspace) as run:
        heard(run)
        first = await to_leaf(run)
        theme = run.tree.branch.parent if run.tree.branch else None
        assert theme is not None
        count = len(theme.children)
        assert count >= 2
        second = theme.children[1].row.cluster
        size = theme.children[0].row.size + theme.children[1].row.size
        await run.press("space", "space")
        assert "2 marked" in run.top()
        await run.press("k", "M")
        assert "2 clusters" in str(run.app.screen.query(".block").first().render())
        listed = offered(run)
        assert {listed[0].value, listed[1].value} == {str(first), str(second)}
        assert listed[0].why == "marked"
        await run.press("enter")
        kept = int(listed[0].value)
        assert ask(run, "cluster.show", cluster=kept).size == size
        assert not len(run.explorer.mark_control.marks)
        branch = run.tree.branch
        assert branch is not None
        assert branch.row.cluster == kept
        assert branch.row.size == size
        await run.press("u")
        assert sorted(row.cluster for row in ask(run, "cluster.list")) == list(range(6))


async def test_a_look_at_the_store_that_comes_first_leaves_the_cursor_its_way(
    own_workspace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with driven(own_workspace) as run:
        control = run.explorer.runs_control
        after, looked = control._after_job, []

        async def late(event: JobEnded) -> None:
            # The store was just found changed, by the look that is taken every two seconds.
            await control.reread()
            looked.append(event.order.action)
            await after(event)

        monkeypatch.setattr(control, "_after_job", late)
        await to_leaf(run)
        await run.press("space", "space", "k", "M")
        kept = int(offered(run)[0].value)
        await run.press("enter")
        assert looked == ["cluster.merge"]
        assert run.tree.branch is not None
        assert run.tree.branch.row.cluster == kept


async def test_an_action_is_done_for_each_of_three_marked_clusters(own_workspace: Path) -> None:
    async with driven(own_workspace) as run:
        heard(run)
        await to_leaf(run)
        await run.press("space", "space", "l", "l", "space")
        numbers = [row.cluster for row in run.explorer.mark_control.marks.clusters]
        assert len(numbers) == 3
        other(own_workspace, "cluster.flag", {"cluster": numbers[0]})
        await run.press("R", "f")
        assert all(ask(run, "cluster.show", cluster=number).flags == ("review",) for number in numbers)
        assert not len(run.explorer.mark_control.marks)
        assert "2 edits" in toasts(run)
        await run.press("g", "j", "l", "space", "space", "l", "space", "M", "enter")
        left = [row.cluster for row in ask(run, "cluster.list")]
        assert len([number for number in numbers if number in left]) == 1
        assert len(left) == 4
        assert ask(run, "edit.history")[0].actor == "tester"


async def test_marked_queries_move_in_one_edit(own_workspace: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("screens.explorer.detail.PAGE", 5)
    monkeypatch.setattr("screens.widgets.row_list.NEAR", 2)
    async with driven(own_workspace) as run:
        heard(run)
        cluster = await to_leaf(run)
        size = ask(run, "cluster.show", cluster=cluster).size
        await run.press("enter", "space", "space")
        marked = set(run.explorer.mark_control.marks.texts)
        assert len(marked) == 2
        for _ in range(6):
            await run.press("G")
        await run.press("space")
        marked = set(run.explorer.mark_control.marks.texts)
        assert len(marked) == 3
        assert "3 marked" in run.top()
        await run.press("g")
        assert set(run.explorer.mark_control.marks.texts) == marked
        await run.press("c")
        target = int(offered(run)[0].value)
        near = ask(run, "cluster.show", cluster=cluster).neighbours[0].cluster
        assert target == near
        await run.press("enter")
        assert len(ask(run, "edit.history")) == 1
        assert ask(run, "cluster.show", cluster=cluster).size == size - 3
        moved = {row.text_id for row in ask(run, "query.list", cluster=target, limit=1000)}
        assert marked <= moved
        shown = {line.value.text_id for line in run.rows("cluster").lines if isinstance(line.value, TextRow)}
        tail = [line.value for line in run.rows("cluster").lines][-3:]
        assert shown
        assert not marked & {row.text_id for row in tail if isinstance(row, TextRow)}
        assert not len(run.explorer.mark_control.marks)
        assert "3 queries" in toasts(run)
        await run.press("u")
        assert ask(run, "cluster.show", cluster=cluster).size == size


async def test_marked_results_of_a_search_move_from_wherever_they_are(own_workspace: Path) -> None:
    async with driven(own_workspace) as run:
        await run.press("slash", *"poem", "down", "space", "space")
        marked = set(run.explorer.mark_control.marks.texts)
        assert len(marked) == 2
        await run.press("c", *"orphan", "enter")
        orphans = ask(run, "orphan.list")
        assert {row.text_id for row in orphans} == marked
        assert "orphans" in {branch.row.kind for branch in run.tree.branches()}
        hits = [line.value for line in run.rows("search").lines if isinstance(line.value, TextRow)]
        assert {hit.text_id for hit in hits if hit.cluster == -2} == marked


async def test_the_footer_offers_to_flag_marked_queries_and_f_does(own_workspace: Path) -> None:
    async with driven(own_workspace) as run:
        await to_leaf(run)
        await run.press("enter", "space", "space")
        queries = {row.query for row, _ in run.explorer.mark_control.marks.texts.values()}
        assert "c move" in run.top()
        assert "f flag" in run.top()
        await run.press("f")
        assert ask(run, "edit.history")[0].kind == "query.flag"
        for query in queries:
            shown = ask(run, "query.show", query=query)
            assert [one.flags for one in shown.clusters if one.run == run.session.view.run] == [("review",)]
        await run.press("slash", *"poem", "down", "space")
        assert "f flag" in run.top()
        await run.press("question_mark", *"/marked queries", "enter")
        assert "flag" in next(line for line in run.top().splitlines() if "with marked queries" in line)


async def test_escape_takes_the_marks_off_before_anything_else(own_workspace: Path) -> None:
    async with driven(own_workspace) as run:
        await to_leaf(run)
        await run.press("enter", "2", "space", "3", "space")
        assert "2 marked" in run.top()
        assert {"\u25c6", "\u25c8", "\u25c7"} & set(
            "".join(str(run.tree.render_line(y).text) for y in range(8))
        )
        node = run.session.view.node
        await run.press("escape")
        assert not len(run.explorer.mark_control.marks)
        assert run.explorer.active == "cluster"
        assert run.session.view.node == node


async def test_what_is_said_of_a_cluster_is_asked_and_shown(own_workspace: Path) -> None:
    async with driven(own_workspace) as run:
        cluster = await to_leaf(run)
        await run.press("f")
        await run.press("b", *"code,work", "enter")
        await run.press("r", "4", "enter")
        await run.press("i", *"Ask", "space", *"Ben", "enter")
        found = ask(run, "cluster.show", cluster=cluster)
        assert (found.flags, found.tags, found.quality, found.notes) == (
            ("review",),
            ("code", "work"),
            4,
            "Ask Ben",
        )
        for words in ("review", "code, work", "4 of 5", "Note: Ask Ben"):
            assert words in run.text("cluster")
        await run.press("i")
        assert field(run, "text").value == "Ask Ben"
        await run.press("escape", "f")
        assert ask(run, "cluster.show", cluster=cluster).flags == ()


async def test_delete_keeps_orphans_unless_a_cluster_is_chosen(own_workspace: Path) -> None:
    async with driven(own_workspace) as run:
        cluster = await to_leaf(run)
        size = ask(run, "cluster.show", cluster=cluster).size
        await run.press("d", "enter")
        assert cluster not in [row.cluster for row in ask(run, "cluster.list") if row.kind == "cluster"]
        assert sum(1 for _ in ask(run, "orphan.list", limit=1000)) == size
        await run.press("u", "d", "down")
        assert ask(run, "cluster.show", cluster=cluster).size == size
        target = int(offered(run)[1].value)
        await run.press("enter")
        branch = run.tree.branch
        assert branch is not None
        assert branch.row.cluster == target
        assert ask(run, "orphan.list") == ()


async def test_a_cluster_is_split_by_itself_or_by_marks(own_workspace: Path) -> None:
    async with driven(own_workspace) as run:
        cluster = await to_leaf(run)
        await run.press("s")
        assert len(ask(run, "cluster.list")) == 7
        await run.press("u", "enter", "space", "space", "s")
        assert "2 marked queries" in str(run.app.screen.query(".block").first().render())
        await run.press("tab", "shift+tab", *"Apart", "enter")
        made = next(row for row in ask(run, "cluster.list") if row.title == "Apart")
        assert made.texts == 2
        assert made.cluster != cluster
        assert "Apart" in run.text("tree")


async def test_themes_are_made_renamed_moved_and_merged(own_workspace: Path) -> None:
    async with driven(own_workspace) as run:
        await to_leaf(run)
        branch = run.tree.branch
        assert branch is not None
        assert isinstance(branch.row, NodeRow)
        leaf, old = branch.key, branch.row.parent
        await run.press("C", *"Mine", "enter")
        made = next(row for row in ask(run, "node.list", depth=3) if row.title == "Mine")
        assert [row.node for row in ask(run, "node.list", parent=made.node)] == [leaf]
        assert run.tree.branch is not None
        assert run.tree.branch.key == leaf
        await run.press("h", "e")
        assert field(run, "title").value == "Mine"
        await run.press("s", "enter")
        assert "Mines" in run.text("tree")
        await run.press("l", "l", "v")
        assert offered(run)[0].value == "root"
        wanted = next(n for n, pick in enumerate(offered(run)) if pick.value == old)
        await run.press(*["down"] * wanted, "enter")
        assert old is not None
        assert leaf in [row.node for row in ask(run, "node.list", parent=old)]
        assert "Mines" not in run.text("tree")
        assert run.tree.branch.key == leaf


def test_a_picker_finds_numbers_and_words_nearest_first() -> None:
    listed = [Pick("12", "Cooking rice", 4, ""), Pick("2", "Rice fields", 9, ""), Pick("20", "Poems", 1, "")]
    assert matching(listed, "") == listed
    assert matching(listed, "2") == [listed[1], listed[2]]
    assert matching(listed, "rice") == [listed[1], listed[0]]
    assert matching(listed, "cook ri") == [listed[0]]
    assert matching(listed, "zzz") == []


async def test_the_history_shows_and_undoes_one_edit(own_workspace: Path) -> None:
    async with driven(own_workspace) as run:
        heard(run)
        cluster = await to_leaf(run)
        other(
            own_workspace, "cluster.rename", {"cluster": cluster, "title": "Hers", "reason": "a better word"}
        )
        await run.press("R", "f", "J")
        assert isinstance(run.app.screen, HistoryScreen)
        assert f"cluster {cluster}" in run.top()
        lines = run.top()
        assert "a better word" in lines
        assert lines.index("Flagged") < lines.index("Renamed") if "Flagged" in lines else "Renamed" in lines
        await run.press("j", "enter")
        assert isinstance(run.app.screen, EditScreen)
        shown = run.top()
        assert "Why: a better word" in shown
        assert "Hers" in shown
        assert "title after" in shown
        await run.press("escape", "u")
        assert isinstance(run.app.screen, HistoryScreen)
        assert ask(run, "cluster.show", cluster=cluster).title != "Hers"
        assert "Undone, the edit of ann" in toasts(run)
        assert "[undone by 3]" in run.top()
        await run.press("escape")
        assert "Hers" not in run.text("tree")


async def test_the_history_offers_what_the_edit_under_the_cursor_can_still_do(own_workspace: Path) -> None:
    async with driven(own_workspace) as run:
        await run.press("J")
        assert "undo this one" not in run.top()
        assert "what changed" not in run.top()
        await run.press("escape")
        await to_leaf(run)
        await run.press("f", "J")
        assert "undo this one" in run.top()
        assert "do it again" not in run.top()
        await run.press("u")
        for _ in "an undo", "what it undid":
            assert "undo this one" not in run.top()
            assert "do it again" in run.top()
            await run.press("j")
        await run.press("U")
        for _ in "a redo", "the undo", "the edit":
            assert "undo this one" in run.top()
            assert "do it again" not in run.top()
            await run.press("k")


async def test_u_never_takes_back_what_somebody_else_did(own_workspace: Path) -> None:
    async with driven(own_workspace) as run:
        heard(run)
        cluster = await to_leaf(run)
        other(own_workspace, "cluster.rename", {"cluster": cluster, "title": "Hers"})
        await run.press("R", "u")
        assert ask(run, "cluster.show", cluster=cluster).title == "Hers"
        assert run.app.screen is run.explorer
        assert toasts(run)


@pytest.mark.parametrize("size", [WIDE, NARROW])
async def test_the_review_goes_from_one_cluster_to_the_next(
    own_workspace: Path, size: tuple[int, int]
) -> None:
    for cluster in range(4):
        other(own_workspace, "cluster.flag", {"cluster": cluster})
    async with driven(own_workspace, size) as run:
        waiting = [row.cluster for row in ask(run, "review.find")]
        assert len(waiting) >= 4
        await run.press("V")
        screen = run.app.screen
        assert isinstance(screen, ReviewScreen)
        assert f"0 of {len(waiting)} reviewed" in run.top()
        assert screen.row is not None
        assert screen.row.cluster == waiting[0]
        assert "flagged: review" in run.top()
        assert ask(run, "cluster.show", cluster=waiting[0]).central[0].text in run.top()
        await run.press("a")
        assert f"1 of {len(waiting)} reviewed" in run.top()
        assert screen.row.cluster == waiting[1]
        await run.press("n")
        assert screen.row.cluster == waiting[2]
        assert "1 for later" in run.top()
        await run.press("e", "space", "X", "enter")
        assert ask(run, "cluster.show", cluster=waiting[2]).title.endswith(" X")
        assert screen.row.cluster == waiting[3]
        await run.press("M")
        assert offered(run)[0].value == str(screen.row.neighbour)
        await run.press("escape", "u")
        assert not ask(run, "cluster.show", cluster=waiting[2]).title.endswith(" X")


async def test_an_empty_review_says_so(own_workspace: Path) -> None:
    async with driven(own_workspace) as run:
        await run.press("V")
        for _ in range(20):
            if not isinstance(run.app.screen, ReviewScreen) or run.app.screen.row is None:
                break
            await run.press("a")
        assert "Nothing is left" in run.top()
        assert "accept" not in run.top()
        assert "u undo" in run.top()
        await run.press("a", "e", "M")
        assert isinstance(run.app.screen, ReviewScreen)


@pytest.mark.parametrize("made", [False, True])
@pytest.mark.parametrize("key", ["5", "6", "7", "V"])
async def test_where_nothing_is_clustered_a_screen_names_the_keys_that_work(
    tmp_path: Path, key: str, made: bool
) -> None:
    if made:
        Session(tmp_path / "w", clock=lambda: NOW).open(create=True)
    async with driven(tmp_path / "w", NARROW) as run:
        heard(run)
        await run.press(key)
        assert "A takes every step that is missing" in " ".join(run.top().split())
        assert not toasts(run)
        footer = run.app.screen.query(Bar).last().spans
        assert {text.strip() for text, look in footer if look == "key"} <= {"L", "esc", "?"}
        await run.press("escape")
        assert run.app.screen is run.explorer


async def test_what_another_program_edits_is_shown_and_nothing_is_lost(
    own_workspace: Path, tmp_path: Path
) -> None:
    """A second process edits while the screen is open: it follows by itself, with cursor and marks where they were."""
    (tmp_path / "home").mkdir()
    async with driven(own_workspace) as run:
        cluster = await to_leaf(run)
        await run.press("j", "space", "k")
        marked = list(run.explorer.mark_control.marks.nodes)
        here = run.tree.branch.key if run.tree.branch else None
        line = ("cluster.rename", f"cluster={cluster}", "title=From the agent")
        place = ("--workspace", own_workspace, "--as", "agent")

        def work() -> int:
            return run_cli("do", *line, *place, home=tmp_path / "home").code

        assert await asyncio.get_running_loop().run_in_executor(None, work) == 0
        for _ in range(200):
            if "From the agent" in run.text("tree"):
                break
            await asyncio.sleep(0.05)
        await run.settle()
        assert "From the agent" in run.text("tree")
        assert "From the agent" in run.text("cluster")
        assert run.tree.branch is not None
        assert run.tree.branch.key == here
        assert list(run.explorer.mark_control.marks.nodes) == marked


async def test_a_stale_edit_is_refused_and_the_newer_one_shown(own_workspace: Path) -> None:
    async with driven(own_workspace) as run:
        heard(run)
        cluster = await to_leaf(run)
        await run.press("e")
        await elsewhere(own_workspace, "cluster.rename", {"cluster": cluster, "title": "Faster"})
        await run.press("X", "enter")
        assert ask(run, "cluster.show", cluster=cluster).title == "Faster"
        assert "somebody was faster" in toasts(run)
        assert "ann" in toasts(run)
        assert "Faster" in run.text("tree")
        await run.press("e", "r", "enter")
        assert ask(run, "cluster.show", cluster=cluster).title == "Fasterr"


async def test_the_cursor_follows_a_cluster_that_somebody_moves_or_removes(own_workspace: Path) -> None:
    async with driven(own_workspace) as run:
        await to_leaf(run)
        branch = run.tree.branch
        assert branch is not None
        leaf, cluster = branch.key, branch.row.cluster
        themes = [b.key for b in run.tree.branches() if b.row.kind == "theme" and b is not branch.parent]
        await run.press("enter", "2")
        await elsewhere(own_workspace, "node.move", {"node": leaf, "to": themes[0]})
        await run.press("R")
        assert run.tree.branch is not None
        assert run.tree.branch.key == leaf
        assert run.tree.branch.parent is not None
        assert run.tree.branch.parent.key == themes[0]
        await elsewhere(own_workspace, "cluster.delete", {"cluster": cluster, "orphan": True})
        await run.press("R")
        assert run.tree.find(leaf) is None
        assert run.tree.branch is not None
        assert run.session.view.node == "root"


async def test_a_key_that_has_nothing_to_work_on_says_what_it_needs(own_workspace: Path) -> None:
    async with driven(own_workspace) as run:
        heard(run)
        await run.press("d", "e", "v")
        assert "Delete the cluster: put the cursor on a cluster first" in toasts(run)
        assert "Rename the theme: put the cursor on a theme" in toasts(run)
        assert run.app.screen is run.explorer
        assert ask(run, "edit.history") == ()


async def test_a_read_only_session_says_that_nothing_can_be_edited(fixture_workspace: Path) -> None:
    async with driven(fixture_workspace, read_only=True) as run:
        heard(run)
        await to_leaf(run)
        await run.press("e", "u", "f")
        assert run.app.screen is run.explorer
        assert "read-only" in toasts(run)
        await run.press("J")
        assert "Nothing was edited yet" in run.top()


def test_no_byte_of_a_title_acts_on_the_terminal(tmp_path: Path) -> None:
    """Forms, pickers, history and review show hostile titles in a real terminal."""
    themes: Themes = {f"{p} t": {f"{p} {n}": (f"{p} q",)} for n, p in enumerate(PAYLOADS[7:15])}
    folder = handmade(tmp_path / "w", themes)
    other(folder, "cluster.rename", {"cluster": 0, "title": "[/INST] by hand", "reason": "[/b]"})
    other(folder, "cluster.flag", {"cluster": 0})
    planted(folder)
    with Terminal(["--workspace", folder], home=tmp_path) as terminal:
        terminal.wait_for("RED")
        terminal.settle()
        for keys in (
            "j",
            "l",
            "l",
            "e",
            "\x1b",
            " ",
            "M",
            "\x1b",
            "f",
            "u",
            "J",
            "j",
            "\r",
            "\x1b",
            "\x1b",
            "V",
            "n",
            "u",
            "\x1b",
        ):
            terminal.press(keys)
            terminal.settle()
        assert foreign(terminal.raw) == []
        terminal.press("q")
        assert terminal.exit_code() == 0
