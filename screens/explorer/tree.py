"""Fills the tree pane: the tree of the current run, its clusters where there is no tree, or what to do first."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from typing import TYPE_CHECKING

from core.errors import ActionError
from core.rows import NodeOpened, NodeRow, Status
from core.session import Result
from screens.explorer.steps import steps, steps_lines
from screens.explorer.tree_follow import TreeFollow
from screens.explorer.tree_reading import PAGE, TreeReading, filter_of
from screens.widgets.bars import Bar
from screens.widgets.tree_list import Branch, TreeList, legend_spans

if TYPE_CHECKING:
    from screens.explorer.screen import Explorer

AT_ONCE = 200
"""Nodes that a level or a filter expands at most."""


class TreeControl:
    """Reads for the tree pane and puts into it what was read."""

    def __init__(self, screen: Explorer) -> None:
        self.screen = screen
        self.session = screen.session
        self.reading = TreeReading(screen.desk)
        self.follow = TreeFollow(self)
        self.path: tuple[str, ...] = ()
        """Titles from the first level down to the open node."""
        self.shown: tuple[str | None, str | None] = (None, None)
        """Run and tree that the pane shows."""

    @property
    def rows(self) -> TreeList:
        """The list."""
        return self.screen.query_one(TreeList)

    def show_current(self) -> None:
        """Show the tree of the session's view."""
        view = self.session.view
        self.path = ()
        if self.shown != (view.run, view.hierarchy):
            # Nodes of two trees have the same ids.
            self.screen.mark_control.clear()
            self.screen.trail.clear()
            self.screen.arranging.forget()
            view = self.session.view
        self.shown = (view.run, view.hierarchy)
        self.arranged()
        if view.hierarchy is not None:
            opened: NodeOpened = self.session.dispatch("node.open").data
            self._set_root(opened)
            self.screen.view_changed()
        elif view.run is not None:
            self.screen.background("tree", self.clusters, keys_wait=True)
        else:
            self.rows.set_roots(())
            self.screen.detail_control.show(None)
            self.screen.background("tree", self._steps, keys_wait=True)

    def arranged(self) -> None:
        """Say how the tree is sorted, and what its marks mean."""
        view = self.session.view
        self.rows.sort = view.tree_sort
        self.screen.query_one("#legend", Bar).set_spans(legend_spans() if view.run is not None else ())

    def _set_root(self, opened: NodeOpened) -> None:
        root = Branch(opened, 0, expanded=True)
        tree = self.rows
        tree.opened = opened.node
        tree.set_roots((root,))
        if opened.children > len(opened.rows) or self.reading.arrangement:
            root.loaded = False
            self.screen.background("children", self.load, root, keys_wait=True)
        else:
            tree.add_children(root, opened.rows, None, opened.children)
        tree.rebuild()
        self.screen.tree_filled()

    def opened(self, opened: NodeOpened) -> None:
        """The session went to a node: show it."""
        self.path = opened.path
        self.rows.opened = opened.node
        self.screen.background("tree", self._go, opened, keys_wait=True)

    async def _go(self, opened: NodeOpened) -> None:
        if not await self.reveal(opened) and filter_of(self.session.view):
            self.screen.say("The filter hid it, and is off now.")
            await self.screen.arranging.lift()
            await self.reveal(opened)

    async def reveal(self, opened: NodeOpened, expand: bool = True) -> bool:
        """Expand what leads to the node, and the node where that is wanted; put the cursor on it, false where it is not
        in the list."""
        tree = self.rows
        for parent, child in zip(("root", *opened.path_ids), opened.path_ids, strict=False):
            branch = tree.find(parent)
            if branch is None:
                return False
            await self._loaded(branch)
            while tree.find(child) is None and branch.after is not None:
                await self._read_children(branch)
            branch.expanded = True
        branch = tree.find(opened.node)
        if expand and branch is not None and branch.count:
            await self._loaded(branch)
            branch.expanded = True
        tree.rebuild()
        found = tree.go_to(opened.node)
        tree.refresh()
        return found

    async def load(self, branch: Branch) -> None:
        """Read the children of a branch, or the next of them, and show them."""
        await self._read_children(branch)
        self.rows.rebuild()
        self.screen.keeper.changed()

    async def _loaded(self, branch: Branch) -> None:
        if not branch.loaded:
            await self._read_children(branch)

    async def _read_children(self, branch: Branch) -> None:
        result = await self.reading.children(branch.key, branch.after)
        self._add(branch, result)

    def _add(self, branch: Branch, result: Result) -> None:
        total = result.total if result.total is not None else len(branch.children) + len(result.data)
        self.rows.add_children(branch, result.data, result.after, total)
        if branch.parent is None:
            self._count_root(branch)

    def _count_root(self, root: Branch) -> None:
        """Under a filter the root holds what the filter leaves, which the share of any child tells."""
        if not filter_of(self.session.view) or not isinstance(root.row, NodeRow):
            return
        first = root.children[0].row if root.children else None
        whole = round(first.size / first.share) if first is not None and first.share else 0
        root.row = replace(root.row, size=whole, share=float(whole > 0), children=root.total)

    async def clusters(self) -> None:
        """Without a tree: the clusters under the run."""
        result = await self.reading.children("root")
        runs = await self.screen.desk.reading.dispatch("run.list", {"limit": PAGE})
        current = next((run for run in runs.data if run.run == self.session.view.run), None)
        size = current.queries if current is not None else sum(row.size for row in result.data)
        count = result.total if result.total is not None else len(result.data)
        row = NodeRow("root", None, 0, "root", "All queries", "", size, 1.0, None, None, False, None, count)
        root = Branch(row, 0, expanded=True)
        self.rows.set_roots((root,))
        self._add(root, result)
        self.rows.rebuild()
        self.screen.tree_filled()

    # Other orders, other parts, more or fewer levels.

    async def rearrange(self, expanded: Collection[str], all_levels: bool = False) -> None:
        """Read the tree anew, in another order or under another filter; the cursor stays on its node, or on one above it.

        Args:
            expanded: Nodes whose children are shown.
            all_levels: Whether to show every level where that is little enough to be looked through.
        """
        tree = self.rows
        if not tree.roots:
            return
        old, here = tree.roots[0], tree.branch
        tree_there = self.session.view.hierarchy is not None
        # The session stays where it is: a reading has a view of its own.
        row = (await self.screen.desk.reading.dispatch("node.open")).data if tree_there else old.row
        root = Branch(row, 0, expanded=True)
        found = (
            await self.reading.children("root", limit=AT_ONCE, depth=10)
            if all_levels and tree_there
            else None
        )
        if found is not None and found.after is None:
            _hang(root, found.data)
            self._count_root(root)
        else:
            await self._fill(root, frozenset(expanded))
        self.arranged()
        tree.set_roots((root,))
        keys = []
        while here is not None:
            keys.append(here.key)
            here = here.parent
        for key in keys:
            if tree.go_to(key):
                break
        self.screen.tree_filled()

    async def _fill(self, branch: Branch, expanded: frozenset[str]) -> None:
        self._add(branch, await self.reading.children(branch.key))
        for child in branch.children:
            if child.key in expanded and child.count:
                child.expanded = True
                await self._fill(child, expanded)

    async def restore(self, expanded: Collection[str]) -> None:
        """Expand nodes as they were, those that are still there."""
        for key in expanded:
            branch = self.rows.find(key)
            if branch is not None and branch.count:
                await self._loaded(branch)
                branch.expanded = True
        self.rows.rebuild()

    async def level(self, by: int) -> None:
        """Show a level more of the tree, or one less."""
        tree = self.rows
        shown = [line.value for line in tree.lines if isinstance(line.value, Branch)]
        if by < 0:
            open_ = [b for b in shown if b.expanded and b.children and b.depth > 0]
            deepest = max((branch.depth for branch in open_), default=0)
            for branch in open_:
                branch.expanded = branch.expanded and branch.depth < deepest
        else:
            closed = [branch for branch in shown if branch.count and not branch.expanded]
            depth = min((branch.depth for branch in closed), default=0)
            wanted = [branch for branch in closed if branch.depth == depth]
            for branch in wanted[:AT_ONCE]:
                await self._loaded(branch)
                branch.expanded = True
            if len(wanted) > AT_ONCE:
                self.screen.say(
                    f"The first {AT_ONCE} of {len(wanted):,} are expanded; once more for the next."
                )
        here = tree.branch
        tree.rebuild()
        while here is not None and not tree.go_to(here.key):
            here = here.parent
        self.screen.keeper.changed()

    # Nothing is clustered yet.

    async def _steps(self) -> None:
        """What to do next."""
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


def _hang(root: Branch, rows: tuple[NodeRow, ...]) -> None:
    """Put nodes of all levels, parents first, under the root."""
    branches = {"root": root}
    for row in rows:
        parent = branches[row.parent or "root"]
        branch = branches[row.node] = Branch(row, parent.depth + 1, parent, expanded=row.children > 0)
        parent.children.append(branch)
    for branch in branches.values():
        branch.loaded, branch.total = True, len(branch.children)
