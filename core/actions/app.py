"""The program's own table, for those who read it by script."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from core.page import Page
from core.registry import REGISTRY, Action, action

if TYPE_CHECKING:
    from core.session import Session


@dataclass(frozen=True)
class ActionRow:
    """An action in a list."""

    action: str
    title: str
    scope: str
    effect: str
    keys: tuple[str, ...]
    summary: str


@dataclass(frozen=True)
class ActionDetail(ActionRow):
    """Everything that is known of an action; `schema` is the JSON Schema of its parameters."""

    doc: str
    schema: dict[str, Any]
    examples: tuple[str, ...]
    dry_run: bool
    """Whether `--dry-run` can say what it would do."""


def row(act: Action) -> ActionRow:
    """The action as a list shows it."""
    return ActionRow(act.id, act.title, act.scope, act.effect, act.keys, act.summary)


def detail(act: Action) -> ActionDetail:
    """The action with its schema and examples."""
    return ActionDetail(
        act.id,
        act.title,
        act.scope,
        act.effect,
        act.keys,
        act.summary,
        act.doc,
        act.schema(),
        act.examples,
        act.previewed,
    )


@action(
    "actions.list",
    title="Actions",
    scope="global",
    effect="read",
    needs_store=False,
    examples=("actions.list",),
)
def list_(session: Session) -> Page:  # noqa: ARG001
    """Every action: what it does, what it may change, its keys."""
    rows = tuple(row(act) for act in REGISTRY.load().values())
    return Page(rows, total=len(rows))


@action(
    "actions.show",
    title="Show an action",
    scope="global",
    effect="read",
    needs_store=False,
    examples=("actions.show action=run.kmeans",),
)
def show(session: Session, *, action: str) -> ActionDetail:  # noqa: ARG001
    """An action with the schema of its parameters and its examples.

    Args:
        action: The action's id.
    """
    return detail(REGISTRY.get(action))
