"""Keeps the tree pane true to the store: what is shown is read again, and the cursor stays with its node."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from core.errors import ActionError
from core.rows import ClusterRow, NodeRow
from screens.widgets.tree_list import Branch, TreeList

if TYPE_CHECKING:
    from screens.explorer.tree import TreeControl

ROOM = 50
"""How many more children are read again than were shown: those that edits have brought."""

MOST = 1_000
"""Children of a node that are read again at most."""

GONE = ("unknown_node", "unknown_cluster")


class TreeFollow:
    """Reads again what the tree pane shows after somebody has edited."""

    def __init__(self, control: TreeControl) -> None:
        self._control = control
        self._session = control.session
        self._desk = control.screen.desk

    @property
    def rows(self) -> TreeList:
        """The list."""
        return self._control.rows

    async def refresh(self, follow: int | None = None) -> None:
        """Read again what is shown; lines, cursor and what is expanded stay.

        Args:
            follow: The cluster to which the cursor goes when what it stood on is gone.
        """
        tree = self.rows
        if not tree.roots:
            return
        root = tree.roots[0]
        await self._renew(root)
        root.row = replace(root.row, children=root.total) if isinstance(root.row, NodeRow) else root.row
        here = tree.branch.key if tree.branch is not None else None
        tree.set_roots((root,))
        if here is not None and not tree.go_to(here):
            await self._find(here, follow)
        await self._renew_path()

    async def _renew(self, branch: Branch) -> None:
        """Read the children of a branch again, and of those that are expanded theirs."""
        limit = min(max(len(branch.children) + ROOM, 1), MOST)
        try:
            result = await self._control.reading.children(branch.key, limit=limit)
        except ActionError as error:
            # It went away between the reading of its parent and this one.
            if error.code != "unknown_node":
                raise
            return
        total = result.total if result.total is not None else len(result.data)
        self.rows.add_children(branch, result.data, result.after, total, replace=True)
        for child in branch.children:
            if child.expanded and child.loaded:
                await self._renew(child)

    async def _find(self, key: str, follow: int | None) -> None:
        """Put the cursor on a node that stands elsewhere now, or on the one that took its place."""
        if self._session.view.hierarchy is None:
            if follow is not None:
                self.rows.go_to(f"cluster {follow}")
            return
        reading = self._desk.reading
        for node in (key, follow):
            try:
                if isinstance(node, int):
                    found = await reading.dispatch("cluster.show", {"cluster": node, "examples": 1})
                    node = found.data.node
                if node is not None:
                    await self._control.reveal((await reading.dispatch("node.open", {"node": node})).data)
                    return
            except ActionError as error:
                if error.code not in GONE:
                    raise

    async def go_to_cluster(self, cluster: int) -> None:
        """Put the cursor on a cluster."""
        branch = next((b for b in self.rows.branches() if b.row.cluster == cluster), None)
        if branch is None or not self.rows.go_to(branch.key):
            await self._find(branch.key if branch is not None else f"cluster {cluster}", cluster)

    async def _renew_path(self) -> None:
        """The titles on the way to the open node as they are now; the root where the node is gone."""
        node = self._session.view.node
        if self._session.view.hierarchy is None or node is None:
            return
        try:
            opened = (await self._desk.reading.dispatch("node.open", {"node": node})).data
        except ActionError as error:
            if error.code != "unknown_node":
                raise
            opened = self._session.dispatch("node.open", {"node": "root"}).data
        self._control.path = opened.path
        self.rows.opened = opened.node
        self.rows.rebuild()

    async def row_of(self, key: str) -> NodeRow | ClusterRow | None:
        """The row of a node or a cluster, read where it is not loaded; `None` where it is gone."""
        branch = self.rows.find(key)
        if branch is not None:
            return branch.row
        if self._session.view.hierarchy is None:
            return None
        try:
            opened = await self._desk.reading.dispatch("node.open", {"node": key})
        except ActionError as error:
            if error.code != "unknown_node":
                raise
            return None
        row: NodeRow = opened.data
        return row
