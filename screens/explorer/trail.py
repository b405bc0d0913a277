"""Where a person has been in the tree: back and forward."""

from __future__ import annotations

MOST = 200
"""Steps that are remembered."""


class Trail:
    """The nodes that were opened, and which of them the person stands on."""

    def __init__(self) -> None:
        self._nodes: list[str] = []
        self._at = -1

    def clear(self) -> None:
        """Another tree: nothing of it was opened yet."""
        self._nodes, self._at = [], -1

    def went(self, node: str) -> None:
        """A node was opened: what lay ahead is forgotten, unless it is where a step back or forward has led."""
        if 0 <= self._at < len(self._nodes) and self._nodes[self._at] == node:
            return
        self._nodes = [*self._nodes[: self._at + 1], node][-MOST:]
        self._at = len(self._nodes) - 1

    def step(self, by: int) -> str | None:
        """The node before or after; `None` at the end."""
        to = self._at + by
        if not 0 <= to < len(self._nodes):
            return None
        self._at = to
        return self._nodes[to]

    def drop(self) -> None:
        """The node that a step led to is gone."""
        if 0 <= self._at < len(self._nodes):
            del self._nodes[self._at]
            self._at = min(self._at, len(self._nodes) - 1)
