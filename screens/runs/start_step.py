"""The steps that can be started, in the order in which they are taken: choosing one opens its form."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual import on
from textual.binding import Binding, BindingType

from core.registry import REGISTRY, Action
from screens.dialogs import PagerScreen
from screens.places import key_name
from screens.widgets.row_list import RowList
from screens.widgets.spans import Line, fit, wrap

GROUPS: tuple[tuple[str, tuple[str, ...]], ...] = (
    (
        "From a log to a tree",
        ("data.load", "embed.run", "run.kmeans", "run.hdbscan", "summary.create", "hierarchy.build"),
    ),
    (
        "Go on with what is there",
        ("summary.resume", "facet.resume", "run.update", "batch.collect", "batch.cancel"),
    ),
    (
        "Ask more of it",
        ("facet.extract", "facet.from_metadata", "facet.import", "run.sweep", "eval.run", "map.build"),
    ),
    ("Take it out", ("export.run", "report.write")),
)
"""Steps by what they are for; every other job stands behind them."""

OWN_WAY = frozenset(("job.resume",))
"""Jobs that are started from the list of jobs."""


def step_groups() -> list[tuple[str, list[Action]]]:
    """Every job and every file that can be made, by what it is for."""
    actions = REGISTRY.load()
    named = {action_id for _, ids in GROUPS for action_id in ids} | OWN_WAY
    groups = [(title, [actions[id] for id in ids if id in actions]) for title, ids in GROUPS]
    others = [a for a in actions.values() if a.effect in ("job", "file") and a.id not in named]
    return [*groups, ("Others", others)] if others else groups


class StepsScreen(PagerScreen):
    """A list of steps; it gives back the one that was chosen through `chosen`."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("enter", "choose_step", "Open its form")]

    MOVES = ("enter", "open its form")

    def __init__(self) -> None:
        super().__init__("Start a step")
        self.chosen: Action | None = None
        """What was chosen, once the window is closed."""

    def lines(self, width: int) -> Sequence[Line]:
        """A line a step: its key, its title, what it does."""
        lines = [
            Line(((part, "dim"),))
            for part in wrap("enter opens the form of a step; nothing runs before that.", width)
        ]
        for title, actions in step_groups():
            lines += [Line(), Line(((title, "heading"),))]
            for action in actions:
                # The key of an export means something else over the lists of runs and jobs.
                key = key_name(action.keys[0]) if action.keys and action.effect == "job" else ""
                told = action.summary if width >= 84 else ""
                lines.append(
                    Line(
                        ((f" {key:<2} ", "key"), (fit(action.title, 34), "strong"), (fit(action.id, 22), "dim"),
                         (told, "text")), action,
                    )
                )  # fmt: skip
        return lines

    def action_choose_step(self) -> None:
        """Take the step under the cursor."""
        value = self.query_one(RowList).value
        self.chosen = value if isinstance(value, Action) else None
        self.dismiss(None)

    @on(RowList.Clicked)
    def _clicked(self) -> None:
        self.action_choose_step()
