"""Reads the children of nodes for the tree pane, in the order and under the filter that the session has."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from core.session import Result
from core.view import View
from screens.reading import Reading

if TYPE_CHECKING:
    from screens.base import Desk

PAGE = 300
"""Children of a node that are read at once."""

FILTERS = {
    "text": "tree_text",
    "language": "tree_language",
    "chat_model": "tree_chat_model",
    "tag": "tree_tag",
}
"""Parameters of the filter and the fields of the view that hold them."""


def filter_of(view: View) -> dict[str, str]:
    """The filter of the tree, as parameters."""
    found = {name: getattr(view, field) for name, field in FILTERS.items()}
    return {name: value for name, value in found.items() if value is not None}


def arranged_by(view: View) -> dict[str, str]:
    """Sort and filter of the tree, as parameters; those that are the default are left out."""
    return {**({"sort": view.tree_sort} if view.tree_sort is not None else {}), **filter_of(view)}


class TreeReading:
    """The children of a node, or the clusters of the run where there is no tree."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._session = desk.session

    @property
    def arrangement(self) -> dict[str, str]:
        """Sort and filter as they are now."""
        return arranged_by(self._session.view)

    @property
    def reading(self) -> Reading:
        """The thread that reads: what must look at every query of the run does not keep the other readings waiting."""
        view = self._session.view
        slow = (
            view.tree_sort == "growth" or view.tree_language is not None or view.tree_chat_model is not None
        )
        return self._desk.searching if slow else self._desk.reading

    async def children(
        self, parent: str, after: str | None = None, *, limit: int | None = None, depth: int = 1
    ) -> Result:
        """A page of what is under a node."""
        params: dict[str, Any] = {"limit": limit or PAGE, **self.arrangement}
        if after is not None:
            params["after"] = after
        if self._session.view.hierarchy is None:
            return await self.reading.dispatch("cluster.list", params)
        if depth > 1:
            params["depth"] = depth
        return await self.reading.dispatch("node.list", {"parent": parent, **params})
