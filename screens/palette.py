"""The command palette: every action of the table, by title and by id."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from rich.text import Text
from textual.command import DiscoveryHit, Hit, Hits, Provider

from core.registry import REGISTRY, Action
from screens.base import ActionScreen


class ActionProvider(Provider):
    """Offers the actions to Textual's palette."""

    async def discover(self) -> Hits:
        """Every action, in the order of the table."""
        for action in REGISTRY.load().values():
            yield DiscoveryHit(_name(action), self._run(action), text=_name(action), help=action.summary)

    async def search(self, query: str) -> Hits:
        """Actions whose title or id matches."""
        matcher = self.matcher(query)
        for action in REGISTRY.load().values():
            name = _name(action)
            score = matcher.match(name)
            if score > 0:
                shown = Text(name)
                yield Hit(score, shown, self._run(action), text=name, help=action.summary)

    def _run(self, action: Action) -> Callable[[], None]:
        return partial(self._do, action.id)

    def _do(self, action_id: str) -> None:
        if isinstance(self.screen, ActionScreen):
            self.screen.action_do(action_id)


def _name(action: Action) -> str:
    keys = f"  [{' '.join(action.keys)}]" if action.keys else ""
    return f"{action.title}: {action.id}" + keys.replace("[", "(").replace("]", ")")
