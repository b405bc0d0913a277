"""Key bindings, made from the table of actions."""

from __future__ import annotations

from textual.binding import Binding

from core.registry import REGISTRY, Action
from screens.doors import DOORS

PANE_SCOPES: dict[str, tuple[str, ...]] = {
    "runs": ("runs",),
    "tree": ("cluster", "tree"),
    "cluster": ("query", "cluster", "tree"),
    "search": ("query", "search", "tree"),
}
"""Which actions a pane binds; where one key has several, the first that has something to work on is meant."""


REVIEW = (
    "review.accept", "review.skip", "cluster.rename", "cluster.merge", "cluster.split", "cluster.flag", "cluster.tag",
    "cluster.note", "cluster.quality", "cluster.delete", "edit.undo", "edit.redo",
)  # fmt: skip
"""Actions whose keys count in the review."""


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
    actions = REGISTRY.load().values()
    return [
        binding(action) for action in actions if action.keys and everywhere(action) and action.id not in DOORS
    ]


def door_bindings() -> list[Binding]:
    """The bindings of actions that open a screen, from whichever screen."""
    return [binding(REGISTRY.get(action_id)) for action_id in DOORS if REGISTRY.get(action_id).keys]
