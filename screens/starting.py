"""Starting elsewhere than where a person was last: where a script ended."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from core.registry import REGISTRY
from core.view import View
from screens.doors import DOORS
from screens.state import ScreenState

if TYPE_CHECKING:
    from screens.explorer.screen import Explorer

SEARCH = "search.queries"
WAIT = 0.01


@dataclass(frozen=True)
class Start:
    """Where to begin.

    Args:
        view: Where the session stands.
        last: The last action and its parameters.
        search: The parameters of the last search by words or by meaning; `None`: there was none.
    """

    view: View
    last: tuple[str, dict[str, Any]] = ("", {})
    search: dict[str, Any] | None = field(default=None)

    @property
    def state(self) -> ScreenState:
        """As if it was saved here when the program was left."""
        view = self.view
        arranged = {
            "sort": view.tree_sort, "text": view.tree_text, "language": view.tree_language,
            "chat_model": view.tree_chat_model, "tag": view.tree_tag,
        }  # fmt: skip
        return ScreenState(
            run=view.run,
            hierarchy=view.hierarchy,
            node=view.node,
            cursor=view.node,
            arrangement=tuple((name, value) for name, value in arranged.items() if value is not None),
        )

    async def open_on(self, explorer: Explorer) -> None:
        """Open what lies over the first screen, once the tree stands where it should."""
        while any(worker.group == "tree" and not worker.is_finished for worker in explorer.workers):
            await asyncio.sleep(WAIT)
        if self.search is not None:
            from screens.search.wanted import wanted_from

            explorer.search_control.adopt(wanted_from(self.search))
        action, params = self.last
        if action in DOORS:
            explorer.enter(REGISTRY.get(action), params)
        elif self.view.query is not None:
            explorer.run(REGISTRY.get("query.open"), {"query": self.view.query})
