"""Fills the detail pane: the run, a theme, or a cluster with all its queries."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING

from core.rows import ClusterRow, NodeRow
from screens.steps import welcome_lines
from screens.widgets.detail_lines import cluster_lines, run_lines, text_line, theme_lines
from screens.widgets.panes import ClusterPane
from screens.widgets.row_list import RowList
from screens.widgets.spans import Line
from screens.widgets.tree_list import Branch

if TYPE_CHECKING:
    from screens.explorer import Explorer

DEBOUNCE = 0.06
"""Seconds that the cursor must rest on a node before it is read."""

PAGE = 200
"""Queries that are read at once."""

CHILDREN = 200
"""Children that a theme or a run lists."""


class DetailControl:
    """Reads for the detail pane and puts into it what was read."""

    def __init__(self, screen: Explorer) -> None:
        self.screen = screen
        self._head: Callable[[int], list[Line]] = welcome_lines
        self._tail: list[Line] = []
        self._cluster: int | None = None
        self._after: str | None = None

    @property
    def rows(self) -> RowList:
        """The list."""
        return self.screen.query_one(ClusterPane).rows

    def show(self, branch: Branch | None, at_once: bool = False) -> None:
        """Show what a node is."""
        if branch is None:
            self._put(welcome_lines)
        else:
            self.screen.background("detail", self._show, branch, 0.0 if at_once else DEBOUNCE)

    async def _show(self, branch: Branch, wait: float) -> None:
        await asyncio.sleep(wait)
        row = branch.row
        if row.kind == "root":
            await self._show_run(branch)
        elif row.cluster is not None:
            await self._show_cluster(row.cluster)
        elif isinstance(row, NodeRow):
            await self._show_theme(row)

    async def _show_run(self, branch: Branch) -> None:
        reading = self.screen.desk.reading
        run = (await reading.dispatch("run.show")).data
        children = await self._children(branch)
        self._put(lambda width: run_lines(run, children, width))

    async def _children(self, branch: Branch) -> tuple[NodeRow | ClusterRow, ...]:
        if branch.loaded:
            return tuple(child.row for child in branch.children[:CHILDREN])
        found = await self.screen.desk.reading.dispatch(
            "node.list", {"parent": branch.key, "limit": CHILDREN}
        )
        rows: tuple[NodeRow, ...] = found.data
        return rows

    async def _show_theme(self, row: NodeRow) -> None:
        found = await self.screen.desk.reading.dispatch("node.list", {"parent": row.node, "limit": CHILDREN})
        self._put(lambda width: theme_lines(row, found.data, width))

    async def _show_cluster(self, cluster: int) -> None:
        reading = self.screen.desk.reading
        detail = (await reading.dispatch("cluster.show", {"cluster": cluster})).data
        page = await reading.dispatch("query.list", {"cluster": cluster, "limit": PAGE})
        tail = [text_line(row) for row in page.data]
        self._put(lambda width: cluster_lines(detail, width, page.total), tail, cluster, page.after)

    def _put(
        self,
        head: Callable[[int], list[Line]],
        tail: list[Line] | None = None,
        cluster: int | None = None,
        after: str | None = None,
    ) -> None:
        self._head, self._tail, self._cluster, self._after = head, tail or [], cluster, after
        self.draw(top=True)

    def draw(self, top: bool = False) -> None:
        """Make the lines for the width of the pane."""
        rows = self.rows
        rows.set_lines([*self._head(rows.inner_width), *self._tail], more=self._after is not None, top=top)

    def more(self) -> None:
        """Read the next queries of the cluster."""
        if self._cluster is not None and self._after is not None:
            self.screen.background("members", self._more, self._cluster, self._after)

    async def _more(self, cluster: int, after: str) -> None:
        page = await self.screen.desk.reading.dispatch(
            "query.list", {"cluster": cluster, "limit": PAGE, "after": after}
        )
        if cluster != self._cluster or after != self._after:
            return
        lines = [text_line(row) for row in page.data]
        self._tail.extend(lines)
        self._after = page.after
        self.rows.add_lines(lines, more=page.after is not None)
