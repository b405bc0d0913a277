"""Key bindings, made from the table of actions."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from textual.binding import Binding

from core.errors import ActionError
from core.registry import REGISTRY, Action

PANE_SCOPES: dict[str, tuple[str, ...]] = {
    "runs": ("runs",),
    "tree": ("tree",),
    "cluster": ("query", "tree", "cluster"),
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


def check_keymap(keymap: Mapping[str, str], taken: Iterable[str] = ()) -> dict[str, str]:
    """A user's keys by action id, checked.

    Args:
        keymap: Keys by action id, several with commas between.
        taken: Keys of chrome, which no action may take.

    Raises:
        ActionError: `bad_config`: an unknown action, a key that is taken, or one key for two actions of one place.
    """
    actions = REGISTRY.load()
    for action_id in keymap:
        if action_id not in actions:
            raise ActionError("bad_config", f"keymap: there is no action {action_id!r}.", "lmsys-tui --actions lists them.")
    reserved = set(taken)
    owners: dict[tuple[str, str], str] = {}
    for action in actions.values():
        for key in keymap.get(action.id, ",".join(action.keys)).split(","):
            key = key.strip()
            if not key:
                continue
            if action.id in keymap and key in reserved:
                raise ActionError("bad_config", f"keymap: {key!r} for {action.id} moves or leaves things.", "Take another key.")
            for scope in places(action):
                other = owners.setdefault((scope, key), action.id)
                if other != action.id and (action.id in keymap or other in keymap):
                    raise ActionError(
                        "bad_config", f"keymap: {key!r} would be both {other} and {action.id}.", "Give one of them another key."
                    )
    return dict(keymap)


def places(action: Action) -> tuple[str, ...]:
    """The places in which the action's keys count."""
    return tuple(PANE_SCOPES) if everywhere(action) else (action.scope,)
