"""The screens and the table of actions say the same: no private keys, nothing missing, the same world by keys and by script."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from textual.binding import Binding
from textual.command import CommandList
from textual.dom import DOMNode
from textual.widgets import Input

from core.errors import ActionError
from core.registry import REGISTRY
from core.session import Session
from db.dump import canonical_dump
from screens.base import ActionScreen
from screens.chrome import CHROME, chrome_name
from screens.compare.moved import MovedScreen
from screens.compare.pick import PickScreen
from screens.compare.screen import CompareScreen
from screens.conversation.screen import ConversationScreen
from screens.curate.edit_shown import EditScreen
from screens.curate.history import HistoryScreen
from screens.curate.review import ReviewScreen
from screens.dialogs import ConfirmScreen, ErrorScreen, ResultScreen
from screens.explorer.screen import Explorer
from screens.form.screen import FormScreen
from screens.help import HelpScreen
from screens.keymap import check_keymap, places
from screens.map.screen import MapScreen
from screens.prompt.line import PromptScreen
from screens.prompt.palette import ActionProvider
from screens.runs.screen import RunsScreen
from screens.runs.start_step import StepsScreen
from screens.search.chips import ChipBar
from screens.search.facets import FacetList
from screens.search.line import QueryLine
from screens.search.saved import SavedScreen
from screens.search.screen import SearchScreen
from screens.trends.screen import TrendsScreen
from screens.trends.windows import WindowsScreen
from screens.widgets.panes import ClusterPane, RunsPane, SearchPane, TreePane
from tests.doors import NOW, copied, run_text
from tests.pilots import Driven, driven

PANES = (RunsPane, TreePane, ClusterPane, SearchPane)
SEARCHING = (SearchScreen, ChipBar, FacetList)
COMPARING = (CompareScreen, MovedScreen, TrendsScreen, WindowsScreen)
SCREENS = (
    Explorer, ConversationScreen, FormScreen, PromptScreen, ConfirmScreen, HistoryScreen, ReviewScreen, MapScreen, PickScreen, RunsScreen,
    StepsScreen, *COMPARING,
    *SEARCHING, SavedScreen, *PANES,
)  # fmt: skip


def declared(owner: type[DOMNode]) -> list[Binding]:
    """The bindings of a class and of its bases."""
    found: list[Binding] = []
    for base in owner.__mro__:
        found += Binding.make_bindings(vars(base).get("BINDINGS", ()))
    return found


def key_of(key: str) -> str:
    """A key as Textual names it."""
    return next(iter(Binding.make_bindings([Binding(key, "x")]))).key


def action_ids(bindings: list[Binding]) -> set[str]:
    return {b.action.split("'")[1] for b in bindings if b.action.startswith("screen.do(")}


def test_bound_actions_are_the_actions_with_keys() -> None:
    bound = action_ids([b for owner in (Explorer, ReviewScreen, *PANES) for b in declared(owner)])
    assert bound == {action.id for action in REGISTRY.load().values() if action.keys}


def test_each_binding_has_the_keys_and_the_title_of_its_action() -> None:
    for owner in (Explorer, *PANES):
        for binding in declared(owner):
            if binding.id is not None:
                action = REGISTRY.get(binding.id)
                assert binding.key in {key_of(key) for key in action.keys}
                assert binding.description == action.title


def test_no_key_means_two_actions_in_one_place() -> None:
    owners: dict[tuple[str, str], str] = {}
    for action in REGISTRY.load().values():
        for place in places(action):
            for key in action.keys:
                assert owners.setdefault((place, key), action.id) == action.id, (place, key)


def test_keys_of_actions_are_not_those_of_chrome() -> None:
    keys = {key for action in REGISTRY.load().values() for key in action.keys}
    chrome = {
        b.key
        for owner in (Explorer, *PANES)
        for b in declared(owner)
        if not b.action.startswith("screen.do(")
    }
    assert not keys & chrome


def test_every_key_can_be_typed_in_any_terminal() -> None:
    eaten = {"ctrl+a", "ctrl+b", "ctrl+s", "ctrl+j", "ctrl+i", "ctrl+m", "ctrl+h", "ctrl+left_square_bracket"}
    for owner in SCREENS:
        for binding in declared(owner):
            assert binding.key not in eaten, (owner, binding.key)


def unknown_keys(run: Driven) -> list[tuple[str, str]]:
    """Active bindings that are neither an action nor chrome."""
    found = []
    for key, active in run.app.screen.active_bindings.items():
        action = active.binding.action
        if action.startswith("screen.do("):
            REGISTRY.get(action.split("'")[1])
        elif chrome_name(action) not in CHROME:
            found.append((key, action))
    return found


async def test_no_screen_has_a_private_key(own_workspace: Path) -> None:
    async with driven(own_workspace) as run:
        seen: set[type] = set()

        async def look(*keys: str) -> None:
            await run.press(*keys)
            seen.add(type(run.app.screen))
            assert unknown_keys(run) == [], type(run.app.screen)

        for pane in "1234":
            await look(pane)
        await look("escape", "2", "apostrophe")
        await look("escape", "F")
        await run.press("escape")
        await look("a")
        await look("escape", "2", "question_mark")
        await look("escape", "colon")
        await look("escape", "K")
        await look("escape", "1", "D")
        await look("n", "2", "j", "l", "l", "enter", "enter")
        assert isinstance(run.app.screen, ConversationScreen)
        await look("escape", "colon")
        run.app.screen.query_one(Input).value = "data.status"
        await look("enter")
        assert isinstance(run.app.screen, ResultScreen)
        await run.press("escape")
        for keys in (("V",), ("f",), ("M",), ("escape", "escape", "2", "g", "J"), ("enter",)):
            await look(*keys)
        await run.press("escape", "escape")
        for keys in (("8",), ("tab",), ("s",), ("escape", "K"), ("escape", "escape")):
            await look(*keys)
        await look("5")
        await look("escape")
        for keys in (("6",), ("7",), ("c",), ("enter",), ("escape", "escape")):
            await look(*keys)
        run.explorer.run_line("run.compare a=@run b=@run")
        for keys in ((), ("a",), ("escape", "enter"), ("escape", "escape")):
            await look(*keys)
        for keys in (
            ("9",),
            ("slash", "ctrl+u"),
            tuple("poem"),
            ("enter",),
            ("F",),
            ("enter",),
            ("shift+tab",),
            ("shift+tab",),
            ("tab",),
            ("tab",),
        ):
            await look(*keys)
        await look("escape", "L")
        while not isinstance(run.app.screen, Explorer):
            await run.press("escape")
        run.explorer.explain(ActionError("x", "y"))
        await look()
        assert seen >= {
            Explorer, HelpScreen, PromptScreen, FormScreen, ConfirmScreen, ConversationScreen, ResultScreen, ErrorScreen,
            HistoryScreen, EditScreen, ReviewScreen, MapScreen, PickScreen, RunsScreen, StepsScreen, *COMPARING, SearchScreen,
            SavedScreen,
        }  # fmt: skip


def test_chrome_says_why() -> None:
    for name, reason in CHROME.items():
        assert len(reason.split()) >= 2, name
        assert "." not in name


async def test_the_palette_offers_every_action(fixture_workspace: Path) -> None:
    async with driven(fixture_workspace, read_only=True) as run:
        provider = ActionProvider(run.explorer)
        offered = [hit.text async for hit in provider.discover()]
        for action in REGISTRY.load().values():
            assert any(action.id in (text or "") for text in offered)
            found = [hit.text async for hit in provider.search(action.id)]
            assert any(action.id in (text or "") for text in found)
            by_title = [hit.text async for hit in provider.search(action.title)]
            assert any(action.id in (text or "") for text in by_title)


async def test_the_palette_runs_an_action(fixture_workspace: Path) -> None:
    async with driven(fixture_workspace, read_only=True) as run:
        await run.press("P")
        for key in "data.status":
            await run.pilot.press("full_stop" if key == "." else key)
        while not run.app.screen.query_one(CommandList).option_count:
            await run.pilot.pause(0.05)
        await run.press("enter")
        for _ in range(100):
            if isinstance(run.app.screen, ResultScreen):
                break
            await run.pilot.pause(0.05)
        assert isinstance(run.app.screen, ResultScreen)


def world(folder: Path) -> list[str]:
    """Everything that is stored."""
    session = Session(folder, clock=lambda: NOW, read_only=True)
    try:
        with session.workspace.connection():
            return list(canonical_dump(session.workspace))
    finally:
        session.close()


BY_KEYS: dict[str, tuple[tuple[str, ...], str]] = {
    "node": (("j", "enter"), "node.open node=t1"),
    "leaf": (("j", "l", "l", "enter"), "node.open node={leaf}"),
    "run": (("1", "enter"), "run.open run=@run"),
    "sorted": (("S", "S"), "node.sort sort=title"),
    "filtered": (("F", *"code", "enter"), "node.filter text=code"),
    "query": (("j", "l", "l", "enter", "enter"), "node.open node={leaf}\nquery.open query={query}"),
    "kmeans": (("K", "4", "enter"), "run.kmeans k=4"),
    "names": (("N", "enter"), "summary.create run=@run"),
    "tree": (("B", "enter"), "hierarchy.build run=@run"),
    "rename": (("colon", *"run.rename label=New", "enter"), "run.rename label=New"),
    "delete": (("1", "D", "y"), "run.delete run=@run yes=true"),
    "title": (("j", "l", "l", "e", "X", "enter"), 'cluster.rename cluster={cluster} title="{title}X"'),
    "merge": (("j", "l", "l", "M", "enter"), "cluster.merge cluster={cluster} into={near}"),
    "move": (
        ("j", "l", "l", "enter", "space", "space", "c", "enter"),
        "node.open node={leaf}\nquery.move text_id={texts} from_cluster={cluster} to={near}",
    ),
    "flag": (("j", "l", "l", "f", "u", "U"), "cluster.flag cluster={cluster}\nedit.undo\nedit.redo"),
    "theme": (("j", "l", "l", "C", *"Mine", "enter"), "node.create title=Mine children={leaf}"),
    "restored": (
        ("j", "l", "l", "d", "enter", "u"),
        "cluster.delete cluster={cluster} orphan=true\nedit.undo",
    ),
}
"""Keys on one copy, and the script that must have the same effect on another."""


@pytest.mark.parametrize("name", BY_KEYS)
async def test_keys_and_script_make_the_same_world(
    name: str, fixture_workspace: Path, tmp_path: Path
) -> None:
    keys, script = BY_KEYS[name]
    by_keys, by_script = (
        copied(fixture_workspace, tmp_path / "keys"),
        copied(fixture_workspace, tmp_path / "script"),
    )
    plain = Session(by_script, clock=lambda: NOW, read_only=True)
    leaf = plain.dispatch("node.list", {"parent": "t1"}).data[0]
    detail = plain.dispatch("cluster.show", {"cluster": leaf.cluster}).data
    plain.close()
    values = {
        "leaf": leaf.node, "query": detail.central[0].query, "cluster": leaf.cluster, "title": detail.title,
        "near": detail.neighbours[0].cluster, "texts": ",".join(str(row.text_id) for row in detail.central[:2]),
    }  # fmt: skip
    async with driven(by_keys) as run:
        names = {" ": "space", ".": "full_stop", "=": "equals_sign", "_": "underscore"}
        await run.press(*[names.get(key, key) for key in keys])
        await run.settle()
        assert not isinstance(run.app.screen, ErrorScreen), run.top()
        seen = run.session.view.shown()
    ran = run_text(by_script, script.format(**values))
    assert ran.code == 0, ran.err
    assert world(by_keys) == world(by_script)
    assert seen == ran.rows[-1]["view"]


def test_keymaps_are_checked() -> None:
    assert check_keymap({"run.kmeans": "Z"}) == {"run.kmeans": "Z"}
    for keymap, word in (
        ({"run.nothing": "Z"}, "run.nothing"),
        ({"run.kmeans": "H"}, "run.hdbscan"),
        ({"run.kmeans": "j"}, "'j'"),
        ({"run.delete": "enter"}, "run.open"),
    ):
        with pytest.raises(ActionError) as caught:
            check_keymap(keymap)
        assert caught.value.code == "bad_config"
        assert word in caught.value.message


@pytest.mark.parametrize(
    ("action", "key", "words"),
    [
        ("trend.clusters", "right_curly_bracket", ("trend.clusters", "Conversation", "Next turn")),
        ("job.list", "0", ("job.list", "Map")),
        ("edit.history", "delete", ("edit.history", "Search", "Take it off")),
        ("cluster.rename", "W", ("cluster.rename", "writes to a file")),
        ("cluster.rename", "ctrl+z", ("cluster.rename", "shell")),
        ("query.flag", "right_curly_bracket", ("query.flag", "Conversation", "Next turn")),
    ],
)
def test_a_key_that_a_screen_has_for_itself_is_refused_and_both_are_named(
    action: str, key: str, words: tuple[str, ...]
) -> None:
    with pytest.raises(ActionError) as caught:
        check_keymap({action: key})
    assert caught.value.code == "bad_config"
    for word in (f"'{key}'", *words):
        assert word in caught.value.message


def test_a_key_is_free_where_the_action_does_not_count() -> None:
    # The reader has the bracket for itself, and nothing of the tree is done there.
    for action in ("cluster.describe", "node.create"):
        assert check_keymap({action: "right_curly_bracket"}) == {action: "right_curly_bracket"}


async def test_another_action_of_the_same_key_keeps_it(own_workspace: Path) -> None:
    async with driven(own_workspace, keymap={"query.flag": "X", "query.open": "Z"}) as run:
        await run.press("j", "l", "l", "3", "f")
        assert run.session.dispatch("edit.history", {}).data[0].kind == "cluster.flag"
        await run.press("slash", *"poem", "down", "X")
        assert run.session.dispatch("edit.history", {}).data[0].kind == "query.flag"
        await run.press("Z")
        assert type(run.app.screen).__name__ == "ConversationScreen"


async def test_an_action_without_a_key_can_be_given_one(own_workspace: Path) -> None:
    keys = {"trend.compare": "f9", "cluster.describe": "Z", "data.status": "ctrl+t"}
    async with driven(own_workspace, keymap=keys) as run:
        await run.press("j", "l", "l", "Z")
        assert "cluster.describe" in run.top()
        await run.press("escape", "ctrl+t")
        assert isinstance(run.app.screen, ResultScreen)
        await run.press("escape", "8", "f9")
        assert isinstance(run.app.screen_stack[-2], WindowsScreen)


async def test_a_users_key_takes_the_place_of_the_actions_own(own_workspace: Path) -> None:
    async with driven(own_workspace, keymap={"run.kmeans": "Z", "run.hdbscan": "K"}) as run:
        await run.press("K")
        assert isinstance(run.app.screen, FormScreen)
        assert "run.hdbscan" in run.top()
        await run.press("escape", "Z")
        assert "run.kmeans" in run.top()


def test_help_tells_every_key() -> None:
    from screens.places import key_name
    from screens.widgets.row_list import RowList
    from screens.widgets.tree_list import TreeList

    words = {
        "up": "arrows",
        "down": "arrows",
        "f1": "F1",
        "pagedown": "pgdn",
        "pageup": "pgup",
        "ctrl+f": "ctrl+d",
        # What is told is split at commas.
        "comma": ".",
    }
    lines = ["".join(text for text, _ in line.spans) for line in HelpScreen({}).lines(200)]
    told = re.findall(r"[^\s,]+", " ".join(line[:28] for line in lines))
    for owner in (
        Explorer,
        ConversationScreen,
        HistoryScreen,
        ReviewScreen,
        MapScreen,
        RunsScreen,
        *COMPARING,
        *SEARCHING,
        QueryLine,
        RowList,
        TreeList,
        *PANES,
    ):
        for base in owner.__mro__:
            if base.__module__.startswith("screens"):
                for binding in Binding.make_bindings(vars(base).get("BINDINGS", ())):
                    assert words.get(binding.key, key_name(binding.key)) in told, (owner, binding.key)


def test_screens_are_action_screens() -> None:
    assert issubclass(Explorer, ActionScreen)
    assert issubclass(ConversationScreen, ActionScreen)
    assert issubclass(HistoryScreen, ActionScreen)
    assert issubclass(ReviewScreen, ActionScreen)
    assert issubclass(MapScreen, ActionScreen)
    assert issubclass(RunsScreen, ActionScreen)
    assert issubclass(SearchScreen, ActionScreen)
    assert all(issubclass(screen, ActionScreen) for screen in COMPARING)
