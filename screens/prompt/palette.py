"""The command palette: every action of the table, by title and by id."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from rich.text import Text
from textual.command import DiscoveryHit, Hit, Hits, Provider

from core.registry import REGISTRY, Action
from screens.base import ActionScreen
from screens.prompt.completion import initials


class ActionProvider(Provider):
    """Offers the actions to Textual's palette."""

    async def discover(self) -> Hits:
        """Every action, in the order of the table."""
        for action in REGISTRY.load().values():
            yield DiscoveryHit(_name(action), self._run(action), text=_name(action), help=action.summary)

    async def search(self, query: str) -> Hits:
        """Actions whose id begins its words with what was typed, then those whose title or id holds its letters."""
        matcher = self.matcher(query)
        for action in REGISTRY.load().values():
            name = _name(action)
            score = fitness(query, action.id, matcher.match(name))
            if score > 0:
                shown = Text(name)
                yield Hit(score, shown, self._run(action), text=name, help=action.summary)

    def _run(self, action: Action) -> Callable[[], None]:
        return partial(self._do, action.id)

    def _do(self, action_id: str) -> None:
        if isinstance(self.screen, ActionScreen):
            self.screen.action_do(action_id)


def fitness(query: str, action_id: str, fuzzy: float) -> float:
    """How well what was typed fits an action, from 0 for not at all.

    Args:
        query: What was typed.
        action_id: The action's id.
        fuzzy: How well Textual finds the letters anywhere in title and id; counts below every fit of initials.
    """
    begins = initials(query, action_id) if " " not in query.strip() else 0.0
    return 1.0 + begins if begins else fuzzy / (fuzzy + 10.0)


def _name(action: Action) -> str:
    keys = f"  [{' '.join(action.keys)}]" if action.keys else ""
    return f"{action.title}: {action.id}" + keys.replace("[", "(").replace("]", ")")
