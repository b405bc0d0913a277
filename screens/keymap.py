"""A user's own keys by action id: whether they can be had, and the bindings of a screen with them."""

from __future__ import annotations

import difflib
import importlib
import pkgutil
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, TypeVar

from textual.binding import Binding, BindingsMap
from textual.dom import DOMNode
from textual.widget import Widget
from textual.widgets import Input

import screens
from core.errors import ActionError
from core.registry import REGISTRY, Action
from screens.doors import DOORS
from screens.keys import PANE_SCOPES, REVIEW, binding, everywhere

if TYPE_CHECKING:
    from screens.base import ActionScreen

Kind = TypeVar("Kind", bound=DOMNode)


def check_keymap(keymap: Mapping[str, str]) -> dict[str, str]:
    """A user's keys by action id, checked.

    Args:
        keymap: Keys by action id, several with commas between.

    Raises:
        ActionError: `bad_config`: an unknown action, a key that is no action's to take or that a screen of the action has
            for itself, or one key for two actions of one place.
    """
    actions = REGISTRY.load()
    for action_id in keymap:
        if action_id not in actions:
            close = tuple(difflib.get_close_matches(action_id, actions, 3))
            raise _bad(f"there is no action {action_id!r}.", "lmsys-tui --actions lists them.", close)
    owners: dict[tuple[str, str], str] = {}
    for action in actions.values():
        own = action.id in keymap
        for key in _split(keymap[action.id]) if own else action.keys:
            if own and key in RESERVED:
                raise _bad(f"{key!r} is not free for {action.id}: it {RESERVED[key]}.", "Take another key.")
            for place in places(action):
                other = owners.setdefault((place, key), action.id)
                if other != action.id and (own or other in keymap):
                    raise _bad(
                        f"{key!r} would be both {other} and {action.id}.", "Give one of them another key."
                    )
    if keymap:
        _check_screens(keymap)
    return dict(keymap)


def _check_screens(keymap: Mapping[str, str]) -> None:
    """Refuse a key that a screen on which its action counts has for something else."""
    for kind, bound in _screens():
        here = {one.id for _, one in bound if one.id} | {id for id in keymap if kind.takes(REGISTRY.get(id))}
        others = [(key, one) for key, one in bound if one.id not in keymap]
        for action_id in sorted(here & keymap.keys()):
            for key in _split(keymap[action_id]):
                taken = next((one for other, one in others if other == key), None)
                if taken is not None:
                    owner = kind.__name__.removesuffix("Screen")
                    raise _bad(
                        f"{key!r} is not free for {action_id}: on the screen {owner} it is {_named(taken)}.",
                        "Take another key.",
                    )


def _screens() -> Iterator[tuple[type[ActionScreen], list[tuple[str, Binding]]]]:
    """The screens, each with all that is bound there."""
    from screens.base import ActionScreen

    for module in pkgutil.walk_packages(screens.__path__, "screens."):
        importlib.import_module(module.name)
    widgets = [kind for kind in _kinds(Widget) if not issubclass(kind, ActionScreen | Input)]
    for kind in _kinds(ActionScreen):
        if kind.__subclasses__():
            continue
        bound = list(kind._merged_bindings or ())
        package = kind.__module__.rpartition(".")[0]
        for widget in widgets:
            if widget.__module__.startswith(f"{package}.") and package != "screens":
                bound += BindingsMap(widget.__dict__.get("BINDINGS", ()))
        yield kind, bound


def _kinds(base: type[Kind]) -> Iterator[type[Kind]]:
    """The classes of this program that are made of a class."""
    for kind in base.__subclasses__():
        if kind.__module__.startswith("screens."):
            yield kind
        yield from _kinds(kind)


def _named(bound: Binding) -> str:
    """What a binding does: an action's id, or its words."""
    found = bound.id or bound.action.partition("screen.do('")[2].rstrip("')")
    return found or f"“{bound.description}”"


def rebound(bindings: BindingsMap, keymap: Mapping[str, str], takes: Callable[[Action], bool]) -> BindingsMap:
    """The bindings of a screen or a pane with the user's keys; what else was on a key stays there.

    Args:
        bindings: As they are made.
        keymap: Keys by action id, checked.
        takes: Whether an action that has no key there by itself has one when the user gives it one.
    """
    found: dict[str, list[Binding]] = {}
    placed: set[str] = set()

    def place(one: Binding) -> None:
        placed.add(str(one.id))
        for key in _split(keymap[str(one.id)]):
            found.setdefault(key, []).append(one.with_key(key))

    for key, one in bindings:
        if one.id not in keymap:
            found.setdefault(key, []).append(one)
        elif one.id not in placed:
            place(one)
    for action_id in keymap:
        action = REGISTRY.get(action_id)
        if action_id not in placed and takes(action):
            place(binding(action))
    return BindingsMap.from_keys(found)


def _split(keys: str) -> list[str]:
    return [key.strip() for key in keys.split(",") if key.strip()]


def _bad(what: str, hint: str, close: tuple[str, ...] = ()) -> ActionError:
    return ActionError("bad_config", f"keymap: {what}", hint, close)


RESERVED: dict[str, str] = {
    **dict.fromkeys(("j", "k", "h", "l", "g", "G", "up", "down", "left", "right", "home", "end"), "moves the cursor"),
    **dict.fromkeys(("pageup", "pagedown", "ctrl+d", "ctrl+u", "ctrl+f"), "scrolls"),
    **dict.fromkeys(("o", "n", "p", "minus", "plus", "equals_sign", "apostrophe"), "walks the tree"),
    **dict.fromkeys(("left_square_bracket", "right_square_bracket"), "goes back and forward"),
    **dict.fromkeys(("comma", "full_stop"), "changes the tab"),
    "space": "marks a row",
    **dict.fromkeys(("tab", "shift+tab", "1", "2", "3", "4", "z"), "changes panes"),
    **dict.fromkeys(("m", "w"), "changes how search works"),
    **dict.fromkeys(("escape", "backspace", "ctrl+c"), "goes back or stops"),
    "q": "leaves the program", "ctrl+q": "leaves the program", "question_mark": "shows help", "f1": "shows help",
    "colon": "opens the action line", "P": "lists all actions", "ctrl+p": "lists all actions", "A": "runs all steps", "R": "reads again",
    "T": "changes the colours", "y": "copies", "Y": "copies as script", "W": "writes to a file", "ctrl+z": "goes to the shell",
}  # fmt: skip
"""Keys of chrome, which no keymap gives away, and what each does."""


def places(action: Action) -> tuple[str, ...]:
    """The places in which the action's keys count."""
    found = tuple(PANE_SCOPES) if everywhere(action) else (action.scope,)
    return (*found, "review") if action.id in REVIEW or action.id in DOORS else tuple(dict.fromkeys(found))


def key_of(action_id: str, keymap: Mapping[str, str]) -> str:
    """The first key of an action, as the user has it."""
    keys = _split(keymap[action_id]) if action_id in keymap else REGISTRY.get(action_id).keys
    return keys[0] if keys else ""
