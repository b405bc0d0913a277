"""Fills the detail pane: the run, a theme, or a cluster with all its queries, in tabs."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from core.errors import ActionError
from core.rows import ClusterDetail, ClusterRow, NodeRow
from screens.curate.subjects import Named
from screens.explorer.cursor import same_row
from screens.explorer.detail_tabs import Draw, Shown, TabReader, tabs_bar, tabs_of
from screens.explorer.steps import welcome_lines
from screens.explorer.tree_reading import filter_of
from screens.widgets.bars import Bar
from screens.widgets.detail_lines import cluster_lines, run_lines, text_line, theme_lines
from screens.widgets.panes import ClusterPane
from screens.widgets.row_list import RowList
from screens.widgets.spans import Line
from screens.widgets.tree_list import Branch, TreeList

if TYPE_CHECKING:
    from screens.explorer.screen import Explorer

DEBOUNCE = 0.06
"""Seconds that the cursor must rest on a node before it is read."""

LONGER = 0.25
"""Seconds for tabs whose figures must be counted."""

PAGE = 200
"""Queries that are read at once."""

MOST = 1_000
"""Queries that are read again at most."""

CHILDREN = 200
"""Children that a theme or a run lists."""


@dataclass(frozen=True)
class Filling:
    """What was read for the pane."""

    head: Draw
    """The lines above, by width."""
    tail: tuple[Line, ...] = ()
    """The queries of a cluster."""
    cluster: int | None = None
    """The cluster whose queries they are."""
    after: str | None = None
    """Where the next of them begin; `None` behind the last."""
    named: Named | None = None
    """The cluster, where it has a name that can be corrected."""


def named_of(row: NodeRow | ClusterRow | ClusterDetail) -> Named | None:
    """The cluster that a row is of; `None` for a theme, the noise and the orphans."""
    return Named(row.cluster, row.title) if row.kind == "cluster" and row.cluster is not None else None


class DetailControl:
    """Reads for the detail pane and puts into it what was read."""

    def __init__(self, screen: Explorer) -> None:
        self.screen = screen
        self._head: Draw = welcome_lines
        self._tail: list[Line] = []
        self._cluster: int | None = None
        self._after: str | None = None
        self._key: tuple[str, str] | None = None
        self._fresh = True
        """Whether what is shown next is another thing than before."""
        self._wanted = "overview"
        """The tab that was chosen last; what has no such tab shows its overview."""
        self._tabs = TabReader(screen.desk)
        self._due = False
        """Whether it shows another thing soon."""
        self._asked = object()
        """The reading that was begun last."""
        self.named: Named | None = None
        """The cluster that is shown, if it is one: its number and its title."""

    @property
    def rows(self) -> RowList:
        """The list."""
        return self.screen.query_one(ClusterPane).rows

    @property
    def cluster(self) -> int | None:
        """The number of the cluster, the noise or the orphans whose queries are listed."""
        return self._cluster

    @property
    def tab(self) -> str:
        """The tab that was chosen."""
        return self._wanted

    def restore(self, tab: str | None) -> None:
        """The tab that was chosen when the person left."""
        self._wanted = tab or "overview"

    def turn(self, by: int) -> None:
        """Show the next or the previous tab."""
        branch = self.screen.query_one(TreeList).branch
        tabs = tabs_of(branch.row if branch is not None else None)
        if branch is None or not tabs:
            return
        self._wanted = tabs[(tabs.index(self._on(branch)) + by) % len(tabs)]
        self._bar(branch)
        self.show(branch, at_once=True)
        self.screen.keeper.changed()

    def _on(self, branch: Branch) -> str:
        return self._wanted if self._wanted in tabs_of(branch.row) else "overview"

    def _bar(self, branch: Branch | None) -> None:
        spans = () if branch is None else tabs_bar(tabs_of(branch.row), self._on(branch))
        self.screen.query_one("#detail-tabs", Bar).set_spans(spans)

    def show(self, branch: Branch | None, at_once: bool = False) -> None:
        """Show what a node is."""
        self._bar(branch)
        if branch is None:
            self._key, self._fresh, self._asked = None, True, object()
            self._put(Filling(welcome_lines))
        else:
            rest = DEBOUNCE if self._on(branch) == "overview" else LONGER
            here = self.rows.has_focus
            self._due = True
            self.screen.background(
                "detail", self._show, branch, 0.0 if at_once or here else rest, keys_wait=here
            )

    def hurry(self) -> None:
        """The person comes to it: what is still to be shown is shown now, and keys wait for it."""
        branch = self.screen.query_one(TreeList).branch
        if self._due and branch is not None:
            self.screen.background("detail", self._show, branch, 0.0, keys_wait=True)

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
        tab = self._on(branch)
        if (branch.key, tab) != self._key:
            self._key, self._fresh = (branch.key, tab), True
        asked = self._asked = object()
        async for filling in self._read(branch, tab):
            if asked is not self._asked:
                # What was read again was left meanwhile.
                return
            self._put(filling)
        self._due = False
        self.screen.refresh_bindings()

    async def _read(self, branch: Branch, tab: str) -> AsyncIterator[Filling]:
        row = branch.row
        if tab != "overview":
            tree = self.screen.session.view.hierarchy is not None
            async for draw in self._tabs.read(tab, Shown(row, tree)):
                yield Filling(draw, named=named_of(row))
        elif row.kind == "root":
            yield await self._read_run(branch)
        elif row.cluster is not None:
            left = row.size if filter_of(self.screen.session.view) else None
            yield await self._read_cluster(row.cluster, left)
        elif isinstance(row, NodeRow):
            yield await self._read_theme(row)

    async def _read_run(self, branch: Branch) -> Filling:
        run = (await self.screen.desk.reading.dispatch("run.show")).data
        children = await self._children(branch)
        shown = branch.row.size if filter_of(self.screen.session.view) else None
        return Filling(lambda width: run_lines(run, children, width, shown))

    async def _children(self, branch: Branch) -> tuple[NodeRow | ClusterRow, ...]:
        if branch.loaded:
            return tuple(child.row for child in branch.children[:CHILDREN])
        found = await self.screen.tree_control.reading.children(branch.key, limit=CHILDREN)
        rows: tuple[NodeRow, ...] = found.data
        return rows

    async def _read_theme(self, row: NodeRow) -> Filling:
        found = await self.screen.tree_control.reading.children(row.node, limit=CHILDREN)
        asked = (await self.screen.desk.reading.dispatch("node.examples", {"node": row.node})).data
        filtered = bool(filter_of(self.screen.session.view))
        return Filling(lambda width: theme_lines(row, found.data, asked, width, filtered))

    async def _read_cluster(self, cluster: int, left: int | None) -> Filling:
        reading = self.screen.desk.reading
        detail = (await reading.dispatch("cluster.show", {"cluster": cluster})).data
        wanted = PAGE if self._fresh else min(max(PAGE, len(self._tail)), MOST)
        page = await reading.dispatch("query.list", {"cluster": cluster, "limit": wanted})
        return Filling(
            lambda width: cluster_lines(detail, width, page.total, left),
            tuple(text_line(row) for row in page.data),
            cluster,
            page.after,
            named_of(detail),
        )

    def _put(self, filling: Filling) -> None:
        self._head, self._tail = filling.head, list(filling.tail)
        self._cluster, self._after, self.named = filling.cluster, filling.after, filling.named
        self.draw(top=self._fresh)
        self._fresh = False

    def text(self) -> str:
        """What is shown, where the focus is here."""
        lines = self.rows.lines if self.rows.has_focus else ()
        return "\n".join("".join(text for text, _ in line.spans).rstrip() for line in lines)

    def draw(self, top: bool = False) -> None:
        """Make the lines for the width of the pane."""
        rows = self.rows
        here = rows.value
        # What stands above the first row is read from its beginning.
        top = top or (here is not None and rows.at_first)
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
