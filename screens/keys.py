"""Key bindings, made from the table of actions."""

from __future__ import annotations

import difflib
from collections.abc import Mapping

from textual.binding import Binding

from core.errors import ActionError
from core.registry import REGISTRY, Action

PANE_SCOPES: dict[str, tuple[str, ...]] = {
    "runs": ("runs",),
    "tree": ("cluster", "tree"),
    "cluster": ("query", "cluster", "tree"),
    "search": ("query", "search", "tree"),
}
"""Which actions a pane binds; where one key has several, the first that has something to work on is meant."""


def everywhere(action: Action) -> bool:
    """Whether the action's keys work in every pane: it needs nothing that a cursor points at."""
    return action.scope in ("global", "data", "search") or action.effect in ("job", "file")


def binding(action: Action) -> Binding:
    """The binding of an action; its id is the action's, so that a keymap can name it."""
    return Binding(
        ",".join(action.keys),
        f"screen.do('{action.id}')",
        action.title,
        show=action.footer,
        tooltip=action.summary,
        id=action.id,
    )


def pane_bindings(*scopes: str) -> list[Binding]:
    """The bindings of a pane, in the order of its scopes."""
    actions = REGISTRY.load().values()
    return [
        binding(action)
        for scope in scopes
        for action in actions
        if action.keys and action.scope == scope and not everywhere(action)
    ]


def screen_bindings() -> list[Binding]:
    """The bindings of actions that work in every pane."""
    return [binding(action) for action in REGISTRY.load().values() if action.keys and everywhere(action)]


def check_keymap(keymap: Mapping[str, str]) -> dict[str, str]:
    """A user's keys by action id, checked.

    Args:
        keymap: Keys by action id, several with commas between.

    Raises:
        ActionError: `bad_config`: an unknown action, a key that is no action's to take, or one key for two actions of
            one place.
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
    return dict(keymap)


def _split(keys: str) -> list[str]:
    return [key.strip() for key in keys.split(",") if key.strip()]


def _bad(what: str, hint: str, close: tuple[str, ...] = ()) -> ActionError:
    return ActionError("bad_config", f"keymap: {what}", hint, close)


RESERVED: dict[str, str] = {
    **dict.fromkeys(("j", "k", "h", "l", "g", "G", "up", "down", "left", "right", "home", "end"), "moves the cursor"),
    **dict.fromkeys(("pageup", "pagedown", "ctrl+d", "ctrl+u", "ctrl+f"), "scrolls"),
    **dict.fromkeys(("o", "n", "p"), "walks the tree"),
    "space": "marks a row",
    **dict.fromkeys(("tab", "shift+tab", "1", "2", "3", "4", "z"), "changes panes"),
    **dict.fromkeys(("m", "w"), "changes how search works"),
    **dict.fromkeys(("escape", "backspace", "ctrl+c"), "goes back or stops"),
    "q": "leaves the program", "ctrl+q": "leaves the program", "question_mark": "shows help", "f1": "shows help",
    "colon": "opens the action line", "P": "lists all actions", "A": "runs all steps", "R": "reads again",
    "T": "changes the colours", "y": "copies",
}  # fmt: skip
"""Keys of chrome, which no keymap gives away, and what each does."""


def places(action: Action) -> tuple[str, ...]:
    """The places in which the action's keys count."""
    return tuple(PANE_SCOPES) if everywhere(action) else (action.scope,)
