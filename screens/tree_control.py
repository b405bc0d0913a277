"""Fills the tree pane: the tree of the current run, its clusters where there is no tree, or what to do first."""

from __future__ import annotations

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

    async def refresh(self) -> None:
        """Read again what is shown; lines, cursor and what is expanded stay."""
        tree = self.rows
        if not tree.roots:
            return
        root = tree.roots[0]
        for branch in [b for b in tree.branches() if b.expanded and b.loaded]:
            limit = max(len(branch.children), 1)
            if self.session.view.hierarchy is None:
                result = await self.screen.desk.reading.dispatch("cluster.list", {"limit": min(limit, PAGE)})
            else:
                result = await self.screen.desk.reading.dispatch(
                    "node.list", {"parent": branch.key, "limit": min(limit, PAGE)}
                )
            total = result.total if result.total is not None else len(result.data)
            tree.add_children(branch, result.data, result.after, total, replace=True)
        tree.set_roots((root,))

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
