"""Five tasks of a first-time user, by the keys that the README gives, on what `lmsys-tui demo` makes."""

from __future__ import annotations

import io
import json
import re
from collections import Counter
from csv import DictReader
from pathlib import Path

import pytest

from core.errors import ExitCode
from core.rows import NodeRow
from core.session import Session
from lmsys_tui.demo import make_demo
from lmsys_tui.output import Output
from screens.compare.moved import MovedScreen
from screens.compare.screen import CompareScreen
from screens.conversation.screen import ConversationScreen
from tests.doors import NOW, copied
from tests.pilots import NARROW, WIDE, Driven, driven
from tests.shared_data import ROOT

NAMED = ("enter", "esc", "tab", "space", "ctrl+u")
"""Keys whose names have several letters; any other word is typed letter by letter."""

FIND, READ, COMPARE, RENAME, EXPORT = (
    "find the biggest theme about code",
    "open a conversation in it",
    "find where two runs disagree",
    "fix a wrong name",
    "export",
)

SIZES = [524, 366, 341]
"""The biggest themes where the README was written. The quantised model rounds otherwise on another kind of processor, and the tree may
be another."""

sizes = pytest.mark.parametrize("size", [WIDE, NARROW], ids=["140x40", "80x24"])


def table() -> dict[str, list[str]]:
    """The cells of the README's rows, by task: keys, presses, commands of the seed, words."""
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    rows = [[cell.strip() for cell in line.strip("|\n").split("|")] for line in readme.splitlines()]
    return {
        row[0]: row[1:] for row in rows if len(row) == 5 and row[0] in (FIND, READ, COMPARE, RENAME, EXPORT)
    }


def presses(task: str) -> list[str]:
    """The keys of a task, one a press."""
    found: list[str] = []
    for word in re.findall(r"`([^`]+)`", table()[task][0]):
        found += [word.replace("esc", "escape")] if word in NAMED else list(word)
    return found


def test_the_table_has_the_five_tasks_and_counts_right() -> None:
    found = table()
    assert list(found) == [FIND, READ, COMPARE, RENAME, EXPORT]
    for task, (_, count, commands, words) in found.items():
        assert int(count) == len(presses(task)), task
        said = sum(len(command.split()) for command in re.findall(r"`([^`]+)`", commands))
        assert words == (str(said) if said else "none"), task


@pytest.mark.parametrize("task", [FIND, READ, COMPARE, RENAME, EXPORT])
def test_each_takes_fewer_keys_than_the_commands_of_the_seed_take_words(task: str) -> None:
    words = table()[task][3]
    assert words == "none" or len(presses(task)) < int(words)


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What `lmsys-tui demo` makes; not to be changed."""
    folder = tmp_path_factory.mktemp("five") / "demo"
    session = Session(folder, clock=lambda: NOW, actor="tester")
    session.open(create=True)
    assert make_demo(session, Output(io.BytesIO(), io.StringIO()), None) is ExitCode.OK
    session.close()
    return folder


@pytest.fixture
def workspace(demo: Path, tmp_path: Path) -> Path:
    """A copy of it for one test."""
    return copied(demo, tmp_path / "demo")


def code_by_theme(folder: Path) -> Counter[str]:
    """How many queries about code each theme at the top holds, by its node, as the sample's truth has it."""
    lines = (ROOT / "tests/data/sample_truth.jsonl").read_text(encoding="utf-8").splitlines()
    about = {row["id"] for row in map(json.loads, lines) if row["domain"] == "programming"}
    session = Session(folder, clock=lambda: NOW, actor="tester")
    path = folder.with_name("truth.jsonl")
    session.dispatch("export.run", {"path": str(path)})
    session.close()
    with path.open(encoding="utf-8") as file:
        rows = [json.loads(line) for line in file]
    return Counter(row["path_ids"][0] for row in rows if row["conversation_id"] in about)


def under_cursor(run: Driven) -> NodeRow:
    """The node under the cursor of the tree."""
    branch = run.tree.branch
    assert branch is not None
    assert isinstance(branch.row, NodeRow)
    return branch.row


@sizes
async def test_the_biggest_theme_about_code_is_found(workspace: Path, size: tuple[int, int]) -> None:
    code = code_by_theme(workspace)
    (biggest, queries), (_, second) = code.most_common(2)
    assert queries > second
    async with driven(workspace, size) as run:
        tops = [branch.row for branch in run.tree.roots[0].children]
        way = ["j"] * (1 + [row.node for row in tops if isinstance(row, NodeRow)].index(biggest))
        if [row.size for row in tops[: len(SIZES)]] == SIZES:
            assert presses(FIND) == way
        assert len(way) < int(table()[FIND][3])
        await run.press(*way)
        found = under_cursor(run)
    assert (found.kind, found.node) == ("theme", biggest)


@sizes
async def test_a_conversation_in_it_is_open(workspace: Path, size: tuple[int, int]) -> None:
    async with driven(workspace, size) as run:
        await run.press(*presses(FIND))
        theme = under_cursor(run)
        await run.press(*presses(READ))
        screen = run.app.screen
        assert isinstance(screen, ConversationScreen)
        assert screen.detail is not None
        assert screen.detail.turns[0].role == "user"
        way = [member.path for member in screen.detail.clusters]
    assert [path[0] for path in way] == [theme.title]


@sizes
async def test_where_two_runs_disagree_is_shown(workspace: Path, size: tuple[int, int]) -> None:
    session = Session(workspace, clock=lambda: NOW, actor="tester")
    second = session.dispatch("run.kmeans", {"k": 30}).data.run
    session.dispatch("summary.create", {"run": second})
    session.close()
    async with driven(workspace, size) as run:
        await run.press(presses(COMPARE)[0])
        assert isinstance(run.app.screen, CompareScreen)
        piece = run.app.screen.rows.value
        assert piece.kind not in ("same", None)
        assert piece.moved > 0
        await run.press(*presses(COMPARE)[1:])
        assert isinstance(run.app.screen, MovedScreen)
        query = run.app.screen.rows.value
        shown = (await run.app.desk.reading.dispatch("query.show", {"query": query.query})).data
    places = {member.run: member.cluster for member in shown.clusters}
    assert len(places) == 2
    assert second in places


@sizes
async def test_a_wrong_name_is_fixed(workspace: Path, size: tuple[int, int]) -> None:
    async with driven(workspace, size) as run:
        await run.press(*presses(FIND))
        node = under_cursor(run).node
        await run.press(*presses(RENAME))
    session = Session(workspace, clock=lambda: NOW, actor="tester", read_only=True)
    name = re.findall(r"`([^`]+)`", table()[RENAME][0])[-2]
    assert session.dispatch("node.open", {"node": node}).data.title == name
    session.close()


@sizes
async def test_the_run_is_exported(workspace: Path, size: tuple[int, int]) -> None:
    async with driven(workspace, size) as run:
        name = run.session.view.run
        queries = run.session.dispatch("run.list").data[0].queries
        await run.press(*presses(EXPORT))
    with (workspace / "exports" / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        rows = list(DictReader(file))
    assert len({row["conversation_id"] for row in rows}) == len(rows) == queries
    assert all(row["cluster_title"] and row["path"] for row in rows)
