"""Fills the tree pane: the tree of the current run, its clusters where there is no tree, or what to do first."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from core.errors import ActionError
from core.rows import ClusterRow, NodeOpened, NodeRow, RunRow, Status
from core.session import Result
from screens.steps import steps, steps_lines
from screens.widgets.bars import Bar
from screens.widgets.spans import COHERENCE_LEGEND, Span
from screens.widgets.tree_list import Branch, TreeList

if TYPE_CHECKING:
    from screens.explorer import Explorer

ROOM = 50
"""How many more children are read again than were shown: those that edits have brought."""

PAGE = 1_000
"""Children of a node that are read at once."""


class TreeControl:
    """Reads for the tree pane and puts into it what was read."""

    def __init__(self, screen: Explorer) -> None:
        self.screen = screen
        self.session = screen.session
        self.path: tuple[str, ...] = ()
        """Titles from the first level down to the open node."""
        self.shown: tuple[str | None, str | None] = (None, None)
        """Run and tree that the pane shows."""

    @property
    def rows(self) -> TreeList:
        """The list."""
        return self.screen.query_one(TreeList)

    def show_current(self, node: str | None = None, expanded: tuple[str, ...] = ()) -> None:
        """Show the tree of the session's view, with `node` open."""
        view = self.session.view
        self.path = ()
        if self.shown != (view.run, view.hierarchy):
            # Nodes of two trees have the same ids.
            self.screen.mark_control.clear()
        self.shown = (view.run, view.hierarchy)
        self._legend(view.run is not None)
        if view.hierarchy is not None:
            opened: NodeOpened = self.session.dispatch("node.open").data
            self._set_root(opened)
            wanted = node if node not in (None, "root") else None
            if wanted or expanded:
                self.screen.background("tree", self._restore, wanted, expanded)
            self.screen.view_changed()
        elif view.run is not None:
            self.screen.background("tree", self._clusters)
        else:
            self.rows.set_roots(())
            self.screen.detail_control.show(None)
            self.screen.background("tree", self._steps)

    def _set_root(self, opened: NodeOpened) -> None:
        root = Branch(opened, 0, expanded=True)
        tree = self.rows
        tree.opened = opened.node
        tree.set_roots((root,))
        after = None
        if opened.children > len(opened.rows):
            root.loaded = False
            self.screen.background("children", self.load, root)
        else:
            tree.add_children(root, opened.rows, after, opened.children)
        tree.rebuild()
        self.screen.tree_filled()

    def opened(self, opened: NodeOpened) -> None:
        """The session went to a node: show it."""
        self.path = opened.path
        self.rows.opened = opened.node
        self.screen.background("tree", self._reveal, opened)

    async def _restore(self, node: str | None, expanded: tuple[str, ...]) -> None:
        for key in expanded:
            branch = self.rows.find(key)
            if branch is not None and branch.count:
                await self._loaded(branch)
                branch.expanded = True
        self.rows.rebuild()
        if node is not None:
            try:
                opened: NodeOpened = self.session.dispatch("node.open", {"node": node}).data
            except ActionError:
                return
            self.path = opened.path
            self.rows.opened = opened.node
            await self._reveal(opened)
            self.screen.view_changed()

    async def _reveal(self, opened: NodeOpened) -> None:
        """Expand what leads to the node, and put the cursor on it."""
        tree = self.rows
        for parent, child in zip(("root", *opened.path_ids), opened.path_ids, strict=False):
            branch = tree.find(parent)
            if branch is None:
                return
            await self._loaded(branch)
            while tree.find(child) is None and branch.after is not None:
                await self._read_children(branch)
            branch.expanded = True
        branch = tree.find(opened.node)
        if branch is not None and branch.count:
            await self._loaded(branch)
            branch.expanded = True
        tree.rebuild()
        tree.go_to(opened.node)
        tree.refresh()

    async def load(self, branch: Branch) -> None:
        """Read the children of a branch, or the next of them, and show them."""
        await self._read_children(branch)
        self.rows.rebuild()

    async def _loaded(self, branch: Branch) -> None:
        if not branch.loaded:
            await self._read_children(branch)

    async def _read_children(self, branch: Branch) -> None:
        view = self.session.view
        if view.hierarchy is None:
            result = await self.screen.desk.reading.dispatch("cluster.list", _page(branch.after))
        else:
            result = await self.screen.desk.reading.dispatch(
                "node.list", {"parent": branch.key, **_page(branch.after)}
            )
        self._add(branch, result)

    def _add(self, branch: Branch, result: Result) -> None:
        total = result.total if result.total is not None else len(branch.children) + len(result.data)
        self.rows.add_children(branch, result.data, result.after, total)

    async def _clusters(self) -> None:
        """Without a tree: the clusters under the run."""
        result = await self.screen.desk.reading.dispatch("cluster.list", _page(None))
        runs = await self.screen.desk.reading.dispatch("run.list", {"limit": PAGE})
        current = next((run for run in runs.data if run.run == self.session.view.run), None)
        root = Branch(_run_node(current, result), 0, expanded=True)
        self.rows.set_roots((root,))
        self._add(root, result)
        self.rows.rebuild()
        self.screen.tree_filled()

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
        limit = min(max(len(branch.children) + ROOM, 1), PAGE)
        if self.session.view.hierarchy is None:
            result = await self.screen.desk.reading.dispatch("cluster.list", {"limit": limit})
        else:
            try:
                result = await self.screen.desk.reading.dispatch(
                    "node.list", {"parent": branch.key, "limit": limit}
                )
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
        if self.session.view.hierarchy is None:
            if follow is not None:
                self.rows.go_to(f"cluster {follow}")
            return
        reading = self.screen.desk.reading
        for node in (key, follow):
            try:
                if isinstance(node, int):
                    node = (
                        await reading.dispatch("cluster.show", {"cluster": node, "examples": 1})
                    ).data.node
                if node is not None:
                    await self._reveal((await reading.dispatch("node.open", {"node": node})).data)
                    return
            except ActionError as error:
                if error.code not in ("unknown_node", "unknown_cluster"):
                    raise

    async def go_to_cluster(self, cluster: int) -> None:
        """Put the cursor on a cluster."""
        branch = next((b for b in self.rows.branches() if b.row.cluster == cluster), None)
        if branch is None or not self.rows.go_to(branch.key):
            await self._find(branch.key if branch is not None else f"cluster {cluster}", cluster)

    async def _renew_path(self) -> None:
        """The titles on the way to the open node as they are now; the root where the node is gone."""
        node = self.session.view.node
        if self.session.view.hierarchy is None or node is None:
            return
        try:
            opened = (await self.screen.desk.reading.dispatch("node.open", {"node": node})).data
        except ActionError as error:
            if error.code != "unknown_node":
                raise
            opened = self.session.dispatch("node.open", {"node": "root"}).data
        self.path = opened.path
        self.rows.opened = opened.node
        self.rows.rebuild()

    async def row_of(self, key: str) -> NodeRow | ClusterRow | None:
        """The row of a node or a cluster, read where it is not loaded; `None` where it is gone."""
        branch = self.rows.find(key)
        if branch is not None:
            return branch.row
        if self.session.view.hierarchy is None:
            return None
        try:
            opened = await self.screen.desk.reading.dispatch("node.open", {"node": key})
        except ActionError as error:
            if error.code != "unknown_node":
                raise
            return None
        row: NodeRow = opened.data
        return row

    async def _steps(self) -> None:
        """Nothing is clustered yet: what to do next."""
        status = await self._status()
        self.rows.set_lines(steps_lines(steps(status)), top=True)
        self.screen.view_changed()

    async def _status(self) -> Status | None:
        try:
            result = await self.screen.desk.reading.dispatch("data.status")
        except ActionError as error:
            if error.code == "store_missing":
                return None
            raise
        status: Status = result.data
        return status

    def _legend(self, shown: bool) -> None:
        spans: tuple[Span, ...] = ((" " + COHERENCE_LEGEND, "dim"),) if shown else ()
        self.screen.query_one("#legend", Bar).set_spans(spans)


def _page(after: str | None) -> dict[str, object]:
    return {"limit": PAGE} if after is None else {"limit": PAGE, "after": after}


def _run_node(run: RunRow | None, result: Result) -> NodeRow:
    clusters: tuple[ClusterRow, ...] = result.data
    size = run.queries if run is not None else sum(row.size for row in clusters)
    count = result.total if result.total is not None else len(clusters)
    return NodeRow("root", None, 0, "root", "All queries", "", size, 1.0, None, None, False, None, count)
