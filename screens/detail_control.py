"""Fills the detail pane: the run, a theme, or a cluster with all its queries."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING

from core.errors import ActionError
from core.rows import ClusterRow, NodeRow
from screens.cursor import same_row
from screens.edits import Named
from screens.steps import welcome_lines
from screens.widgets.detail_lines import cluster_lines, run_lines, text_line, theme_lines
from screens.widgets.panes import ClusterPane
from screens.widgets.row_list import RowList
from screens.widgets.spans import Line
from screens.widgets.tree_list import Branch, TreeList

if TYPE_CHECKING:
    from screens.explorer import Explorer

DEBOUNCE = 0.06
"""Seconds that the cursor must rest on a node before it is read."""

PAGE = 200
"""Queries that are read at once."""

MOST = 1_000
"""Queries that are read again at most."""

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
        self._key: str | None = None
        self._fresh = True
        """Whether what is shown next is another thing than before."""
        self.named: Named | None = None
        """The cluster that is shown, if it is one: its number and its title."""

    @property
    def rows(self) -> RowList:
        """The list."""
        return self.screen.query_one(ClusterPane).rows

    @property
    def cluster(self) -> int | None:
        """The number of the cluster, the noise or the orphans that are shown."""
        return self._cluster

    def show(self, branch: Branch | None, at_once: bool = False) -> None:
        """Show what a node is."""
        if branch is None:
            self._key, self._fresh, self.named = None, True, None
            self._put(welcome_lines)
        else:
            self.screen.background("detail", self._show, branch, 0.0 if at_once else DEBOUNCE)

    async def refresh(self) -> None:
        """Read again what is shown; the cursor stays on its row."""
        branch = self.screen.query_one(TreeList).branch
        if branch is None:
            return
        try:
            await self._show(branch, 0.0)
        except ActionError as error:
            # Somebody removed it since the tree was read: the next look at the store shows the tree without it.
            if error.code not in ("unknown_cluster", "unknown_node"):
                raise

    async def _show(self, branch: Branch, wait: float) -> None:
        await asyncio.sleep(wait)
        row = branch.row
        if branch.key != self._key:
            self._key, self._fresh = branch.key, True
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
        self.named = None

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
        self.named = None

    async def _show_cluster(self, cluster: int) -> None:
        reading = self.screen.desk.reading
        detail = (await reading.dispatch("cluster.show", {"cluster": cluster})).data
        wanted = PAGE if self._fresh else min(max(PAGE, len(self._tail)), MOST)
        page = await reading.dispatch("query.list", {"cluster": cluster, "limit": wanted})
        tail = [text_line(row) for row in page.data]
        self._put(lambda width: cluster_lines(detail, width, page.total), tail, cluster, page.after)
        self.named = Named(detail.cluster, detail.title) if detail.kind == "cluster" else None
        self.screen.refresh_bindings()

    def _put(
        self,
        head: Callable[[int], list[Line]],
        tail: list[Line] | None = None,
        cluster: int | None = None,
        after: str | None = None,
    ) -> None:
        self._head, self._tail, self._cluster, self._after = head, tail or [], cluster, after
        self.draw(top=self._fresh)
        self._fresh = False

    def draw(self, top: bool = False) -> None:
        """Make the lines for the width of the pane."""
        rows = self.rows
        here = rows.value
        # What stands above the first row is read from its beginning.
        top = top or rows.at_first
        rows.set_lines([*self._head(rows.inner_width), *self._tail], more=self._after is not None, top=top)
        if not top and here is not None:
            rows.select_near(lambda value: same_row(value, here))

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
