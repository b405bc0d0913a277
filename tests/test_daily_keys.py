"""What a person does every day takes at most two keys; the list is the README's, once it has the section."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from textual.binding import Binding

from core.registry import REGISTRY
from screens.base import ActionScreen
from screens.chrome import CHROME, chrome_name
from screens.places import key_name
from tests.pilots import Driven, driven
from tests.shared_data import ROOT

SECTION = "Daily keys"

DAILY = """
| open a theme or a cluster | `enter` | `node.open` |
| read a conversation | `3` `enter` | `query.open` |
| search | `/` | `search.queries` |
| search with facets and filters | `9` | `search.facets` |
| sort the tree | `S` | `node.sort` |
| filter the tree | `F` | `node.filter` |
| mark | `space` | mark_row |
| correct a name | `e` | `cluster.rename` |
| move queries to another cluster | `3` `c` | `query.move` |
| merge clusters | `M` | `cluster.merge` |
| split a cluster | `s` | `cluster.split` |
| delete a cluster | `d` | `cluster.delete` |
| tag | `b` | `cluster.tag` |
| flag | `f` | `cluster.flag` |
| note | `i` | `cluster.note` |
| rate | `r` | `cluster.quality` |
| put a theme over nodes | `C` | `node.create` |
| move a node | `v` | `node.move` |
| undo | `u` | `edit.undo` |
| do again | `U` | `edit.redo` |
| who changed what | `J` | `edit.history` |
| review what needs a person | `V` | `review.find` |
| map | `5` | `map.show` |
| compare two runs | `6` | `run.compare` |
| trends | `7` | `trend.clusters` |
| runs and jobs | `8` | `job.list` |
| cluster | `K` | `run.kmeans` |
| name the clusters | `N` | `summary.create` |
| build the tree | `B` | `hierarchy.build` |
| open another run | `1` `enter` | `run.open` |
| export | `x` | `export.run` |
| copy as script | `Y` | copy_script |
"""


def rows(text: str) -> list[tuple[str, tuple[str, ...], str]]:
    """What, by which keys, by which action: the lines of the table whose last cell is a name."""
    found = re.findall(r"(?m)^\| ([^|]+) \| ((?:`[^`]+` ?)+)\| `?([a-z_.]+)`? \|$", text)
    return [(what, tuple(re.findall(r"`([^`]+)`", keys)), name) for what, keys, name in found]


def listed() -> list[tuple[str, tuple[str, ...], str]]:
    """The README's list; the one above as long as it has none."""
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    section = re.search(rf"(?ms)^#+ {SECTION}\n(.*?)(?=^#+ |\Z)", readme)
    return rows(section[1] if section else DAILY)


def test_about_twenty_five_things_are_a_key_or_two_away() -> None:
    found = listed()
    assert len(found) >= 25
    assert len({keys for _, keys, _ in found}) == len(found)
    assert all(1 <= len(keys) <= 2 for _, keys, _ in found)


@pytest.mark.parametrize("row", listed(), ids=lambda row: row[2])
def test_the_key_is_the_one_of_the_action(row: tuple[str, tuple[str, ...], str]) -> None:
    _, keys, name = row
    if "." in name:
        assert keys[-1] in {key_name(key) for key in REGISTRY.get(name).keys}
    else:
        assert name in CHROME
    assert all(key in "1234" for key in keys[:-1])


def meant(run: Driven, key: str) -> str:
    """What a key would do now: the id of an action, or the name of what is none."""
    for active in run.app.screen.active_bindings.values():
        if key_name(active.binding.key) == key and active.enabled:
            action = active.binding.action
            return action.split("'")[1] if action.startswith("screen.do(") else chrome_name(action)
    return ""


async def test_each_works_where_a_person_stands_on_something(own_workspace: Path) -> None:
    missing = set(listed())
    async with driven(own_workspace) as run:
        # On a theme, on a cluster, and again with a cluster open.
        for way in (("2", "j"), ("l", "j"), ("enter", "2")):
            await run.press(*way)
            for row in sorted(missing):
                _, keys, name = row
                await run.press("2", *keys[:-1])
                if meant(run, keys[-1]) == name:
                    missing.discard(row)
            await run.press("2")
    assert not missing


@pytest.mark.parametrize("name", [name for _, _, name in listed() if "." not in name])
def test_what_is_no_action_is_bound_on_every_screen_or_in_the_explorer(name: str) -> None:
    from screens.explorer.screen import Explorer

    bound = {
        chrome_name(binding.action)
        for owner in (ActionScreen, Explorer)
        for binding in Binding.make_bindings(vars(owner).get("BINDINGS", ()))
    }
    assert name in bound
