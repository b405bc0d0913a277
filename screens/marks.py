"""The rows that a person has marked, for the next action to work on all of them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from core.rows import ClusterRow, NodeRow, TextRow
from screens.widgets.tree_list import Branch, row_key


class Marks:
    """Marked queries and marked nodes; they outlive paging, other panes and new readings of the same rows."""

    def __init__(self) -> None:
        self.texts: dict[int, tuple[TextRow, int | None]] = {}
        """By text: its row, and the cluster in whose list it was marked, or `None` for a search result."""
        self.nodes: dict[str, NodeRow | ClusterRow] = {}
        """By what tells nodes apart: the row as it was shown last."""

    def __len__(self) -> int:
        return len(self.texts) + len(self.nodes)

    def toggle(self, value: object, cluster: int | None) -> bool:
        """Mark a row, or take its mark off; false for a row that cannot be marked.

        Args:
            value: The row.
            cluster: The cluster whose list it stands in, if it does.
        """
        row = value.row if isinstance(value, Branch) else value
        if isinstance(row, TextRow):
            if self.texts.pop(row.text_id, None) is None:
                self.texts[row.text_id] = (row, cluster)
            return True
        if isinstance(row, NodeRow | ClusterRow) and row.kind in ("cluster", "theme"):
            if self.nodes.pop(row_key(row), None) is None:
                self.nodes[row_key(row)] = row
            return True
        return False

    def has(self, value: object) -> bool:
        """Whether a row is marked."""
        row = value.row if isinstance(value, Branch) else value
        if isinstance(row, TextRow):
            return row.text_id in self.texts
        return isinstance(row, NodeRow | ClusterRow) and row_key(row) in self.nodes

    def clear(self) -> None:
        """No row is marked any more."""
        self.texts.clear()
        self.nodes.clear()

    async def renew(self, find: Callable[[str], Awaitable[NodeRow | ClusterRow | None]]) -> None:
        """Take the marked nodes as they are now; a mark on what is gone goes too.

        Args:
            find: Gives the row of a node, `None` where it is gone.
        """
        for key in tuple(self.nodes):
            row = await find(key)
            if row is None:
                self.nodes.pop(key, None)
            elif key in self.nodes:
                self.nodes[key] = row

    @property
    def source(self) -> int | None:
        """The one cluster in whose list all marked queries were marked."""
        sources = {source for _, source in self.texts.values()}
        return sources.pop() if len(sources) == 1 else None

    @property
    def clusters(self) -> tuple[NodeRow | ClusterRow, ...]:
        """The marked rows that stand for clusters."""
        return tuple(row for row in self.nodes.values() if row.cluster is not None)

    def words(self) -> str:
        """How many are marked, in words."""
        return f"{len(self)} marked"
