"""The Explorer: what each pane shows, what the keys do, and how it starts from nothing."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest
from textual.widgets import Input

from core.registry import REGISTRY
from core.rows import NodeRow, RunRow, TextRow
from core.session import Result, Session
from screens.conversation.screen import ConversationScreen
from screens.dialogs import ConfirmScreen, ErrorScreen, ResultScreen
from screens.form.screen import FormScreen
from screens.help import HelpScreen
from screens.prompt.completion import completions
from screens.prompt.line import PromptScreen
from screens.reading import Reading
from screens.state import ScreenState, load_state, save_state
from screens.widgets.bars import Bar
from screens.widgets.choice import Choice
from tests.doors import CHATS, NOW
from tests.handmade import handmade
from tests.pilots import NARROW, WIDE, driven


async def test_all_panes_are_filled_on_a_wide_screen(fixture_workspace: Path) -> None:
    async with driven(fixture_workspace, read_only=True) as run:
        for name in ("runs", "tree", "cluster", "search"):
            assert run.explorer.query_one(f"#{name}").display
        root = run.session.dispatch("node.open").data
        lines = run.text("tree").splitlines()
        assert "All queries" in lines[0]
        for row, line in zip(root.rows, lines[1:], strict=True):
            assert row.title in line
            assert f"{row.size:,}" in line
        (listed,) = run.session.dispatch("run.list").data
        assert listed.run in run.text("runs")
        assert "What people ask for" in run.text("cluster")
        assert run.app.focused is run.tree


async def test_one_pane_at_a_time_on_a_narrow_screen(fixture_workspace: Path) -> None:
    async with driven(fixture_workspace, NARROW, read_only=True) as run:
        for key, name in (("1", "runs"), ("2", "tree"), ("3", "cluster"), ("4", "search"), ("2", "tree")):
            await run.press(*(("escape", key) if name == "tree" else (key,)))
            shown = [pane.id for pane in run.explorer.query(".pane") if pane.region.area]
            assert shown == [name]
            if name != "search":
                assert run.app.focused is run.rows(name)
            assert f"[{key} " in run.top()
        await run.press("tab")
        assert run.explorer.active == "cluster"
        await run.press("shift+tab", "shift+tab")
        assert run.explorer.active == "runs"


async def test_walking_down_to_a_conversation_and_back(fixture_workspace: Path) -> None:
    async with driven(fixture_workspace, read_only=True) as run:
        await run.press("j", "l")
        theme = run.tree.branch
        assert theme is not None
        assert theme.expanded
        assert len(theme.children) == theme.count > 0
        await run.press("l")
        leaf = run.tree.branch
        assert leaf is not None
        assert leaf.parent is theme
        detail = run.session.dispatch("cluster.show", {"cluster": leaf.row.cluster}).data
        assert detail.title in run.text("cluster")
        assert detail.central[0].text in run.text("cluster")
        await run.press("enter")
        assert run.session.view.node == leaf.key
        assert run.session.view.cluster == leaf.row.cluster
        assert run.app.focused is run.rows("cluster")
        assert leaf.row.title in run.top()
        value = run.rows("cluster").value
        assert isinstance(value, TextRow)
        await run.press("enter")
        assert isinstance(run.app.screen, ConversationScreen)
        assert run.session.view.query == value.query
        shown = run.session.dispatch("query.show", {"query": value.query}).data
        for turn in shown.turns:
            assert turn.content.split("\n")[0][:40] in run.top()
        await run.press("n")
        second = run.session.view.query
        assert second != value.query
        await run.press("p")
        assert run.session.view.query == value.query
        await run.press("escape")
        assert run.app.screen is run.explorer
        await run.press("escape", "escape")
        assert run.session.view.node == theme.key


async def test_the_detail_lists_every_query_of_the_cluster(fixture_workspace: Path) -> None:
    async with driven(fixture_workspace, read_only=True) as run:
        await run.press("j", "l", "l")
        branch = run.tree.branch
        assert branch is not None
        everything = run.session.dispatch("query.list", {"cluster": branch.row.cluster, "limit": 1000}).data
        values = [line.value for line in run.rows("cluster").lines]
        tail = values[len(values) - len(everything) :]
        assert [value.text_id for value in tail if isinstance(value, TextRow)] == [
            r.text_id for r in everything
        ]


async def test_long_lists_are_read_page_by_page(
    fixture_workspace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("screens.explorer.detail.PAGE", 5)
    monkeypatch.setattr("screens.widgets.row_list.NEAR", 2)
    async with driven(fixture_workspace, NARROW, read_only=True) as run:
        await run.press("j", "l", "l", "enter")
        branch = run.tree.branch
        assert branch is not None
        rows = run.rows("cluster")
        everything = run.session.dispatch("query.list", {"cluster": branch.row.cluster, "limit": 1000}).data
        assert len(everything) > 5
        for _ in range(len(everything)):
            await run.press("G")
            if not rows.more:
                break
        tail = [line.value for line in rows.lines][-len(everything) :]
        assert [row.text_id for row in tail if isinstance(row, TextRow)] == [r.text_id for r in everything]


async def test_a_wide_node_is_read_in_pages(fixture_workspace: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("screens.explorer.tree_reading.PAGE", 1)
    async with driven(fixture_workspace, read_only=True) as run:
        await run.press("j", "l")
        theme = run.tree.branch
        assert theme is not None
        if theme.count < 2:
            pytest.skip("the fixture's first theme has one child")
        assert len(theme.children) == 1
        assert f"{theme.count - 1:,} more" in run.text("tree")
        await run.press("j", "j", "enter")
        assert len(theme.children) == 2


async def test_vim_motions_in_the_tree(fixture_workspace: Path) -> None:
    async with driven(fixture_workspace, read_only=True) as run:
        await run.press("G")
        last = run.tree.branch
        await run.press("g")
        assert run.tree.cursor == 0
        await run.press("j", "n")
        assert run.tree.branch is run.tree.roots[0].children[1]
        await run.press("p")
        first = run.tree.branch
        assert first is run.tree.roots[0].children[0]
        await run.press("o")
        assert first is not None
        assert first.expanded
        await run.press("l", "h")
        assert run.tree.branch is first
        await run.press("h")
        assert not first.expanded
        await run.press("h")
        assert run.tree.branch is run.tree.roots[0]
        await run.press("G")
        assert run.tree.branch is last


async def test_search_while_typing_and_by_enter(fixture_workspace: Path) -> None:
    async with driven(fixture_workspace, read_only=True) as run:
        await run.press("slash")
        assert isinstance(run.app.focused, Input)
        for key in "poem":
            await run.pilot.press(key)
        await run.settle()
        wanted = run.session.dispatch("search.queries", {"text": "poem", "mode": "text", "limit": 100})
        assert f"{wanted.total:,}" in run.top()
        await run.press("enter")
        both = run.session.dispatch("search.queries", {"text": "poem", "limit": 100})
        found = [line.value for line in run.rows("search").lines]
        assert [row.text_id for row in found if isinstance(row, TextRow)] == [
            row.text_id for row in both.data
        ]
        first = run.rows("search").value
        assert isinstance(first, TextRow)
        await run.press("t")
        assert run.session.view.cluster == first.cluster
        assert run.app.focused is run.tree
        branch = run.tree.branch
        assert branch is not None
        assert branch.row.cluster == first.cluster


async def test_search_within_the_open_node(fixture_workspace: Path) -> None:
    async with driven(fixture_workspace, read_only=True) as run:
        await run.press("j", "enter")
        node = run.session.view.node
        await run.press("slash", "a", "enter", "w")
        wanted = run.session.dispatch("search.queries", {"text": "a", "within": node, "limit": 100})
        found = [line.value for line in run.rows("search").lines]
        assert [row.text_id for row in found if isinstance(row, TextRow)] == [
            row.text_id for row in wanted.data
        ]
        assert wanted.data
        await run.press("w")
        everywhere = run.session.dispatch("search.queries", {"text": "a", "limit": 100})
        assert len(run.rows("search").lines) == len(everywhere.data)


async def test_a_search_that_cannot_be_read_says_so_in_the_pane(fixture_workspace: Path) -> None:
    async with driven(fixture_workspace, read_only=True) as run:
        await run.press("slash", "quotation_mark", "minus", "minus", "left_parenthesis")
        assert run.app.screen is run.explorer
        assert run.app.focused is run.explorer.query_one("#search-input")


async def test_an_empty_workspace_says_what_to_do_next(tmp_path: Path) -> None:
    folder = tmp_path / "new"
    Session(folder, clock=lambda: NOW).open(create=True)
    for size in (WIDE, NARROW):
        async with driven(folder, size) as run:
            text = run.text("tree")
            for key in ("A", "L", "E", "K", "N", "B"):
                assert key in text.split()
            assert "\u2192 L" in text


async def test_one_key_runs_all_steps(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "new"
    Session(folder, clock=lambda: NOW).open(create=True)
    async with driven(folder) as run:
        run.session.dispatch("data.load", {"source": str(CHATS)})
        run.session.dispatch("embed.run", {"model": "lexical"})
        await run.press("R")
        assert "\u2192 K" in run.text("tree")
        started: list[str] = []
        order = run.explorer.order
        monkeypatch.setattr(run.explorer, "order", lambda a, p: (started.append(a), order(a, p)))
        await run.press("A")
        for _ in range(200):
            await run.settle()
            if run.session.view.hierarchy is not None:
                break
            await asyncio.sleep(0.05)
        assert started == ["run.kmeans", "summary.create", "hierarchy.build"]
        await run.settle()
        assert run.tree.roots[0].children
        assert isinstance(run.tree.roots[0].children[0].row, NodeRow)


async def test_clusters_are_listed_where_there_is_no_tree(tmp_path: Path) -> None:
    folder = tmp_path / "flat"
    with_store = Session(folder, clock=lambda: NOW)
    with_store.open(create=True)
    for action, params in (
        ("data.load", {"source": str(CHATS)}),
        ("embed.run", {"model": "lexical"}),
        ("run.kmeans", {"k": 4}),
    ):
        with_store.dispatch(action, params)
    async with driven(folder) as run:
        clusters = run.session.dispatch("cluster.list").data
        assert [b.row for b in run.tree.roots[0].children] == list(clusters)
        assert "N names the clusters" in run.top()
        await run.press("j", "enter")
        assert run.app.focused is run.rows("cluster")
        first = run.session.dispatch("cluster.show", {"cluster": clusters[0].cluster}).data
        assert first.central[0].text in run.text("cluster")


async def test_a_form_is_made_from_the_schema_and_runs_the_action(own_workspace: Path) -> None:
    async with driven(own_workspace) as run:
        await run.press("K")
        form = run.app.screen
        assert isinstance(form, FormScreen)
        typed = [p for p in REGISTRY.get("run.kmeans").params.values() if p.annotation is not bool]
        assert [field.id for field in form.query(Input)] == [
            f"field-{param.name}" for param in typed if not param.choices
        ]
        await run.press("0", "enter")
        assert run.app.screen is form or isinstance(run.app.screen, ErrorScreen)
        if isinstance(run.app.screen, ErrorScreen):
            await run.press("escape", "K")
        else:
            await run.press("backspace")
        for key in ("3", "tab", "backspace", "backspace", "5", "enter"):
            await run.pilot.press(key)
        await run.settle()
        runs = run.session.dispatch("run.list").data
        assert len(runs) == 2
        assert runs[0].clusters == 3
        assert run.session.dispatch("run.show", {"run": runs[0].run}).data.seed == 5
        assert run.session.view.run == runs[0].run
        assert runs[0].run in run.text("runs")


async def test_a_form_shows_choices_and_refuses_what_is_wrong(own_workspace: Path) -> None:
    async with driven(own_workspace) as run:
        await run.press("H")
        form = run.app.screen
        choice = form.query_one("#field-reduce", Choice)
        choice.focus()
        await run.press("right")
        assert choice.value == "none"
        form.query_one("#field-min_cluster_size", Input).value = "many"
        await run.press("enter")
        assert run.app.screen is form
        assert "many" in str(form.query_one(".block--help").render())
        await run.press("escape")
        assert run.app.screen is run.explorer


async def test_what_cannot_be_undone_is_asked_first(own_workspace: Path) -> None:
    async with driven(own_workspace) as run:
        (only,) = run.session.dispatch("run.list").data
        await run.press("1", "D")
        assert isinstance(run.app.screen, ConfirmScreen)
        shown = " ".join(str(block.render()) for block in run.app.screen.query(".block"))
        assert only.run in shown
        await run.press("n")
        assert run.session.dispatch("run.list").data == (only,)
        await run.press("D", "y")
        assert run.session.dispatch("run.list").data == ()
        assert run.session.view.run is None
        assert "A does every step" in run.text("tree")


async def test_keys_work_while_a_job_runs_and_escape_stops_it(own_workspace: Path, tmp_path: Path) -> None:
    log = tmp_path / "big.jsonl"
    log.write_text("".join(f'{{"text": "what is {n} times {n}"}}\n' for n in range(300_000)))
    async with driven(own_workspace) as run:
        run.explorer.order("data.load", {"source": str(log)})
        jobs = run.app.desk.jobs
        while jobs.latest is None or jobs.latest.done == 0:
            await run.pilot.pause(0.01)
        await run.pilot.pause(0.02)
        bar = run.explorer.query_one("#job", Bar)
        assert bar.display
        assert "Load a log" in "".join(text for text, _ in bar.spans)
        assert "esc" in "".join(text for text, _ in bar.spans)
        await run.pilot.press("j")
        assert run.tree.cursor == 1
        await run.pilot.press("question_mark")
        await run.pilot.pause()
        assert isinstance(run.app.screen, HelpScreen)
        await run.pilot.press("escape")
        assert jobs.running is not None
        await run.pilot.press("escape")
        await run.pilot.pause()
        assert jobs.stopping or jobs.running is None
        await run.settle()
        assert not bar.display
        assert run.session.dispatch("data.status").data.conversations < 300_000
        assert run.app.screen is run.explorer


async def test_a_failed_job_explains_itself_in_a_dialog(own_workspace: Path) -> None:
    async with driven(own_workspace) as run:
        run.explorer.order("run.kmeans", {"k": "100000"})
        await run.settle()
        assert isinstance(run.app.screen, ErrorScreen)
        assert "code: " in run.top()
        assert "100" in run.top()
        await run.press("escape")
        assert run.app.screen is run.explorer


async def test_a_fault_of_the_program_shows_a_traceback(
    own_workspace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("[/b] planted")

    monkeypatch.setitem(REGISTRY.get("summary.create").__dict__, "run", broken)
    async with driven(own_workspace) as run:
        run.explorer.order("summary.create", {})
        await run.settle()
        assert isinstance(run.app.screen, ErrorScreen)
        assert "[/b] planted" in run.top()
        assert "Traceback" in run.top()
        run.app.faults.seen.clear()


async def test_the_prompt_runs_any_action(own_workspace: Path) -> None:
    async with driven(own_workspace) as run:
        await run.press("colon")
        assert isinstance(run.app.screen, PromptScreen)
        run.app.screen.query_one(Input).value = "data.status"
        await run.press("enter")
        assert isinstance(run.app.screen, ResultScreen)
        assert "75" in run.top()
        await run.press("escape", "colon")
        run.app.screen.query_one(Input).value = 'run.rename label="My [/b] run"'
        await run.press("enter")
        assert "My [/b] run" in run.text("runs")
        await run.press("colon", "up", "up")
        assert run.app.screen.query_one(Input).value == "data.status"
        await run.press("escape", "colon")
        run.app.screen.query_one(Input).value = "run.lst"
        await run.press("enter")
        assert isinstance(run.app.screen, ErrorScreen)
        assert "run.list" in run.top()
        await run.press("escape", "colon")
        run.app.screen.query_one(Input).value = "run.show [/b]"
        await run.press("enter")
        assert isinstance(run.app.screen, ErrorScreen)
        assert "[/b]" in run.top()


async def test_a_conversation_is_opened_by_its_number(fixture_workspace: Path) -> None:
    async with driven(fixture_workspace, read_only=True) as run:
        run.explorer.run_line("query.open query=3")
        await run.settle()
        assert isinstance(run.app.screen, ConversationScreen)
        shown = run.session.dispatch("query.show", {"query": 3}).data
        assert shown.turns[0].content.split("\n")[0][:30] in run.top()
        await run.press("n")
        assert isinstance(run.app.screen, ConversationScreen)
        await run.press("escape")
        assert run.app.screen is run.explorer
        assert run.session.view.query == 3 or run.session.view.cluster is not None


async def test_reading_out_of_a_theme_comes_back_to_the_theme(fixture_workspace: Path) -> None:
    async with driven(fixture_workspace, NARROW, read_only=True) as run:
        await run.press("j", "3")
        theme, before = run.tree.branch, run.text("cluster")
        assert theme is not None and theme.row.kind == "theme"
        opened, detail = run.tree.opened, run.rows("cluster")
        while not isinstance(detail.value, TextRow):
            await run.press("j")
        cursor = detail.cursor
        await run.press("enter")
        assert isinstance(run.app.screen, ConversationScreen)
        assert run.session.view.node != opened
        await run.press("n", "escape")
        assert run.app.screen is run.explorer
        assert run.tree.branch is theme
        assert (run.session.view.node, run.tree.opened) == (opened, opened)
        assert run.text("cluster") == before
        assert detail.cursor >= cursor


async def test_reading_a_hit_leaves_the_node_that_is_searched_in(fixture_workspace: Path) -> None:
    async with driven(fixture_workspace, read_only=True) as run:
        await run.press("j", "enter")
        theme = run.session.view.node
        await run.press("slash", *"python", "enter", "down", "w")
        hits = run.text("search")
        assert isinstance(run.rows("search").value, TextRow)
        await run.press("enter")
        assert isinstance(run.app.screen, ConversationScreen)
        assert run.session.view.node != theme
        await run.press("escape")
        assert run.session.view.node == theme
        await run.press("w", "w")
        assert run.text("search") == hits
        await run.press("9", "down", "enter")
        assert isinstance(run.app.screen, ConversationScreen)
        await run.press("escape", "escape", "escape")
        assert run.app.screen is run.explorer
        assert run.session.view.node == run.tree.opened == theme


async def test_a_cluster_that_is_opened_in_the_reader_is_where_one_comes_back_to(
    fixture_workspace: Path,
) -> None:
    async with driven(fixture_workspace, read_only=True) as run:
        await run.press("j", "3")
        while not isinstance(run.rows("cluster").value, TextRow):
            await run.press("j")
        await run.press("enter")
        run.app.screen.run_line("node.open node=t1")  # type: ignore[attr-defined]
        await run.settle()
        assert run.app.screen is run.explorer
        assert run.session.view.node == run.tree.opened == "t1"


async def test_the_keys_of_an_overview_are_told_again_after_another_tab(fixture_workspace: Path) -> None:
    async with driven(fixture_workspace, NARROW, read_only=True) as run:
        for keys in (("3",), ("2", "j", "3")):
            await run.press(*keys)
            footer = run.explorer.query_one("#footer", Bar)
            told = footer.spans
            assert "enter" in "".join(text for text, _ in told)
            await run.press("full_stop")
            assert footer.spans != told
            await run.press("comma")
            assert footer.spans == told


async def test_a_slow_look_at_the_store_does_not_take_the_detail_back(
    fixture_workspace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with driven(fixture_workspace, read_only=True) as run:
        go_on, dispatch, reading = asyncio.Event(), Reading.dispatch, asyncio.Event()

        async def slow(self: Reading, action_id: str, params: dict[str, Any] | None = None) -> Result:
            result = await dispatch(self, action_id, params)
            if action_id == "run.show" and not go_on.is_set():
                reading.set()
                await go_on.wait()
            return result

        monkeypatch.setattr(Reading, "dispatch", slow)
        run.explorer.background("look", run.explorer.detail_control.refresh)
        await reading.wait()
        run.send("j")
        branch = run.tree.roots[0].children[0]
        while branch.row.title not in run.text("cluster").splitlines()[0]:
            await asyncio.sleep(0.01)
        go_on.set()
        await run.settle()
        assert branch.row.title in run.text("cluster").splitlines()[0]


def test_completions_come_from_the_table() -> None:
    assert ("run.kmeans " in [text for text, _ in completions("run.")]) is True
    assert [text for text, _ in completions("run.kmeans se")] == ["seed="]
    assert [text for text, _ in completions("run.hdbscan reduce=")] == [
        "reduce=auto ", "reduce=none ", "reduce=umap ", "reduce=pca ",
    ]  # fmt: skip
    assert completions("nothing.here x") == []


async def test_help_lists_every_action_and_the_users_keys(own_workspace: Path) -> None:
    async with driven(own_workspace, NARROW, keymap={"run.kmeans": "Z"}) as run:
        await run.press("question_mark")
        assert isinstance(run.app.screen, HelpScreen)
        text = run.top()
        for action in REGISTRY.load():
            assert action in text
        assert "Z " in text
        await run.press("escape", "Z")
        assert run.app.screen is not run.explorer


async def test_the_place_is_kept_and_found_again(own_workspace: Path) -> None:
    async with driven(own_workspace) as run:
        await run.press("j", "l", "l", "enter")
        node, expanded = run.session.view.node, run.tree.expanded()
        await run.app.action_quit()
    state = load_state(own_workspace)
    assert (state.node, state.pane) == (node, "cluster")
    async with driven(own_workspace) as run:
        assert run.session.view.node == node
        assert run.tree.expanded() == expanded
        assert run.explorer.active == "cluster"


@pytest.mark.parametrize("text", ["", "[]", "{", '{"expanded": 7}', '{"node": 3, "pane": "nowhere"}', "\x00"])
async def test_a_broken_state_file_does_no_harm(own_workspace: Path, text: str) -> None:
    (own_workspace / "state.json").write_text(text)
    async with driven(own_workspace) as run:
        assert run.explorer.active == "tree"
        assert run.tree.roots


def test_the_state_of_a_workspace_that_is_gone_is_not_written(tmp_path: Path) -> None:
    save_state(tmp_path / "gone", ScreenState(run="x"))
    assert not (tmp_path / "gone").exists()
    save_state(tmp_path, ScreenState(run="x", node="\ud800"))
    assert json.loads((tmp_path / "state.json").read_text())["run"] == "x"


async def test_what_another_process_commits_is_shown(own_workspace: Path) -> None:
    async with driven(own_workspace) as run:
        await run.explorer.runs_control.look()
        other = Session(own_workspace, clock=lambda: NOW, actor="other")

        def work() -> None:
            other.dispatch("run.rename", {"label": "Renamed elsewhere"})
            other.close()

        await asyncio.get_running_loop().run_in_executor(None, work)
        await run.explorer.runs_control.look()
        await run.settle()
        assert "Renamed elsewhere" in run.text("runs")


async def test_a_run_that_another_process_deletes_is_left_with_a_word(own_workspace: Path) -> None:
    async with driven(own_workspace) as run:
        (first,) = run.session.dispatch("run.list").data
        run.session.dispatch("run.kmeans", {"k": 3})
        run.session.dispatch("run.rename", {"label": "Of three"})
        await run.press("R")
        assert run.session.view.run != first.run
        for gone, told in (
            (run.session.view.run, f"The run Of three was deleted. {first.run} is shown now."),
            (first.run, f"The run {first.run} was deleted. No other run is finished."),
        ):
            await asyncio.get_running_loop().run_in_executor(None, _deleted, own_workspace, gone)
            await run.explorer.runs_control.look()
            await run.settle()
            assert told in [note.message for note in run.app._notifications]
        assert run.session.view.run is None


def _deleted(folder: Path, name: str) -> None:
    other = Session(folder, clock=lambda: NOW, actor="other")
    other.dispatch("run.delete", {"run": name, "yes": True})
    other.close()


async def test_read_only_changes_nothing(own_workspace: Path) -> None:
    before = sorted(
        (p.name, p.read_bytes()) for p in own_workspace.iterdir() if p.is_file() and "-" not in p.name
    )
    async with driven(own_workspace, read_only=True) as run:
        await run.press("j", "l", "enter", "B", "enter")
        await run.app.action_quit()
    after = sorted(
        (p.name, p.read_bytes()) for p in own_workspace.iterdir() if p.is_file() and "-" not in p.name
    )
    assert before == after


@pytest.mark.parametrize(
    ("keys", "action"),
    [
        (("K",), "run.kmeans"), (("L",), "data.load"), (("x",), "export.run"), (("A",), "run.kmeans"),
        (("1", "D"), "run.delete"), (("9", "a", "enter", "S"), "search.save"), (("8", "e"), "run.rename"),
    ],
)  # fmt: skip
async def test_a_read_only_session_refuses_before_it_asks(
    keys: tuple[str, ...], action: str, own_workspace: Path, tmp_path: Path
) -> None:
    folder = own_workspace
    if keys == ("A",):
        folder = tmp_path / "begun"
        begun = Session(folder, clock=lambda: NOW, actor="tester")
        begun.dispatch("data.load", {"source": str(CHATS)})
        begun.dispatch("embed.run", {"model": "lexical"})
        begun.close()
    async with driven(folder, read_only=True) as run:
        await run.press(*keys)
        said = [note.message for note in run.app._notifications]
        assert f"{action} changes something; this session is read-only." in said
        assert not isinstance(run.app.screen, FormScreen | ConfirmScreen | ErrorScreen)


async def test_copying_takes_what_the_cursor_is_on(fixture_workspace: Path) -> None:
    async with driven(fixture_workspace, read_only=True) as run:
        await run.press("1", "y")
        value = run.rows("runs").value
        assert isinstance(value, RunRow)
        assert run.app.clipboard == value.run


async def test_the_cursor_is_in_sight_after_a_jump(tmp_path: Path) -> None:
    themes = {f"Theme {n}": {f"Cluster {n} {m}": (f"query {n} {m}",) for m in range(4)} for n in range(12)}
    folder = handmade(tmp_path / "w", themes)
    async with driven(folder, NARROW, read_only=True) as run:
        for query in (48, 1, 25):
            run.explorer.run_line(f"query.open query={query}")
            await run.settle()
            await run.press("escape")
            tree = run.tree
            assert tree.branch is not None
            assert tree.branch.key == run.session.view.node
            assert tree.scroll_y <= tree.cursor < tree.scroll_y + tree.size.height


async def test_zoom_shows_one_pane_alone(fixture_workspace: Path) -> None:
    async with driven(fixture_workspace, read_only=True) as run:
        await run.press("z")
        assert [pane.id for pane in run.explorer.query(".pane") if pane.region.area] == ["tree"]
        await run.press("z")
        assert len([pane for pane in run.explorer.query(".pane") if pane.region.area]) == 4


async def test_a_job_that_waited_begins_where_the_one_before_ended(own_workspace: Path) -> None:
    async with driven(own_workspace) as run:
        run.explorer.order("run.kmeans", {"k": "4"})
        run.explorer.order("summary.create", {})
        await run.settle()
        newest = run.session.dispatch("run.list").data[0]
        assert newest.clusters == 4
        assert newest.summary_set is not None
        assert run.session.view.summary_set == newest.summary_set


async def test_the_mouse_moves_the_cursor_and_two_clicks_open(fixture_workspace: Path) -> None:
    async with driven(fixture_workspace, read_only=True) as run:
        await run.pilot.click("#tree-rows", offset=(20, 2))
        await run.settle()
        assert run.tree.cursor == 2
        await run.pilot.click("#tree-rows", offset=(20, 1), times=2)
        await run.settle()
        assert run.tree.branch is not None
        assert run.session.view.node == run.tree.roots[0].children[0].key
