"""The README's gallery: every screen, in every state that it can be in, at both sizes, and no link that leads nowhere."""

from __future__ import annotations

import importlib
import pkgutil
import re
from urllib.parse import unquote

import pytest
from textual.command import CommandPalette
from textual.screen import Screen

import screens
from tests.shared_data import ROOT

STATES = ("empty", "usual", "hostile", "very long")

ROWS: dict[str, tuple[str, ...]] = {
    "Explorer": ("Explorer", "its runs", "its detail", "its search"),
    "ConversationScreen": ("reader",),
    "MapScreen": ("map",),
    "CompareScreen": ("compare",),
    "MovedScreen": ("queries that moved",),
    "PickScreen": ("choice of a run",),
    "TrendsScreen": ("trends",),
    "WindowsScreen": ("two windows of time",),
    "SearchScreen": ("search",),
    "SavedScreen": ("saved searches",),
    "RunsScreen": ("runs and jobs",),
    "StepsScreen": ("list of steps",),
    "HistoryScreen": ("history",),
    "EditScreen": ("an edit",),
    "ReviewScreen": ("review",),
    "FormScreen": ("form",),
    "PromptScreen": ("`:` prompt",),
    "CommandPalette": ("palette",),
    "HelpScreen": ("help",),
    "ResultScreen": ("an answer",),
    "ConfirmScreen": ("question",),
    "ErrorScreen": ("error",),
}
"""By the class of a screen its rows in the gallery."""

TABLE = "made of the table of actions alone, which is neither empty nor hostile nor long"

CANNOT_BE: dict[tuple[str, str], str] = {
    ("list of steps", "empty"): TABLE,
    ("list of steps", "hostile"): TABLE,
    ("list of steps", "very long"): TABLE,
    ("help", "hostile"): TABLE,
    ("help", "very long"): TABLE,
    ("an edit", "empty"): "it opens on an edit, and an edit always decided something",
    ("question", "empty"): "it is asked about something that has a name",
    ("error", "empty"): "an error always has a message and a code",
}
"""By row and state why there is no picture."""


def readme() -> str:
    """The README."""
    return (ROOT / "README.md").read_text(encoding="utf-8")


def links(text: str) -> list[str]:
    """The snapshot files to which a text links."""
    return [unquote(link) for link in re.findall(r"\]\((tests/__snapshots__/[^)]+)\)", text)]


def gallery() -> dict[str, dict[str, list[str]]]:
    """By row and state the pictures that the README links to."""
    head = f"| | {' | '.join(STATES)} |"
    lines = readme().partition(head)[2].strip("\n").splitlines()
    found: dict[str, dict[str, list[str]]] = {}
    for line in lines[1:]:
        if not line.startswith("|"):
            break
        name, *cells = (cell.strip() for cell in line.strip("|").split("|"))
        found[name] = {state: links(cell) for state, cell in zip(STATES, cells, strict=True)}
    return found


def screen_classes() -> set[str]:
    """The screens of the program: the classes of screens that no other one builds on, and the palette."""
    for module in pkgutil.walk_packages(screens.__path__, "screens."):
        importlib.import_module(module.name)

    def leaves(of: type) -> set[str]:
        below = [kind for kind in of.__subclasses__() if kind.__module__.startswith(("screens.", "textual."))]
        mine = of.__module__.startswith("screens.") and not any(
            kind.__module__.startswith("screens.") for kind in below
        )
        return ({of.__name__} if mine else set()).union(*(leaves(kind) for kind in below))

    return leaves(Screen) | {CommandPalette.__name__}


def size_of(picture: str) -> tuple[int, int]:
    """Columns and lines of a picture."""
    svg = (ROOT / picture).read_text(encoding="utf-8")
    found = re.search(r'clip-terminal">\s*<rect x="0" y="0" width="([\d.]+)" height="([\d.]+)"', svg)
    assert found is not None, picture
    return round(float(found[1]) / 12.2), round(float(found[2]) / 24.4)


def test_every_link_to_a_picture_is_a_file() -> None:
    found = links(readme())
    assert len(found) > 100
    assert [link for link in found if not (ROOT / link).is_file()] == []


def test_every_screen_has_its_rows() -> None:
    assert screen_classes() == set(ROWS)
    assert sorted(gallery()) == sorted(row for rows in ROWS.values() for row in rows)


@pytest.mark.parametrize("row", [row for rows in ROWS.values() for row in rows])
def test_every_state_is_there_at_both_sizes(row: str) -> None:
    for state, pictures in gallery()[row].items():
        if (row, state) in CANNOT_BE:
            assert pictures == [], (row, state)
        else:
            assert [size_of(picture) for picture in pictures] == [(80, 24), (140, 40)], (row, state)


def test_no_picture_stands_for_two_states() -> None:
    found = [picture for states in gallery().values() for pictures in states.values() for picture in pictures]
    assert len(set(found)) == len(found)
