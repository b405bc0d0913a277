"""Keeps where a person is while the screen runs, so that a connection that breaks costs nothing, and brings it back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.timer import Timer

from core.errors import ActionError
from screens.state import MOST_EXPANDED, ScreenState, load_state, save_state
from screens.widgets.panes import PANES
from screens.widgets.row_list import RowList
from screens.widgets.tree_list import TreeList

if TYPE_CHECKING:
    from screens.explorer.screen import Explorer

PAUSE = 0.4
"""Seconds after a change in which further ones are kept with it."""


class Keeper:
    """Saves the state of the Explorer, and restores it."""

    def __init__(self, screen: Explorer) -> None:
        self.screen = screen
        self.session = screen.session
        self._timer: Timer | None = None
        self._restored = False
        """Until what was kept is shown again, it is not overwritten."""

    def changed(self) -> None:
        """Something moved: keep it soon."""
        if self._restored and self._timer is None:
            self._timer = self.screen.set_timer(PAUSE, self.save)

    def save(self) -> None:
        """Keep where the person is, now."""
        if self._timer is not None:
            self._timer.stop()
            self._timer = None
        if self.session.read_only or not self._restored or not self.session.exists():
            return
        screen, view = self.screen, self.session.view
        tree = screen.query_one(TreeList)
        save_state(
            self.session.folder,
            ScreenState(
                run=view.run,
                hierarchy=view.hierarchy,
                node=view.node,
                pane=screen.active,
                expanded=tuple(tree.expanded()[:MOST_EXPANDED]),
                cursor=tree.branch.key if tree.branch is not None else None,
                theme=screen.app.theme,
                arrangement=tuple(screen.tree_control.reading.arrangement.items()),
                tab=screen.detail_control.tab,
                scroll=round(tree.scroll_y),
                detail_scroll=round(screen.detail_control.rows.scroll_y),
                zoom=screen.has_class("-zoom"),
            ),
        )

    def restore(self) -> None:
        """Show what was kept: the run, the pane and the tree at once, the rest as it is read."""
        screen, start = self.screen, self.screen.desk.start
        state = start.state if start is not None else load_state(self.session.folder)
        try:
            self._restore_run(state)
        except ActionError as error:
            screen.explain(error)
        screen.set_class(state.zoom, "-zoom")
        screen.activate(state.pane if state.pane in PANES else "tree")
        screen.detail_control.restore(state.tab)
        try:
            screen.tree_control.show_current()
        except ActionError as error:
            screen.explain(error)
        view = self.session.view
        if view.run is not None and (state.run, state.hierarchy) == (view.run, view.hierarchy):
            screen.background("tree", self._restore_tree, state, keys_wait=True)
        else:
            self._restored = True

    def _restore_run(self, state: ScreenState) -> None:
        """Open the run that was open, unless it is gone."""
        if self.session.exists() and state.run is not None and state.run != self.session.view.run:
            try:
                self.session.dispatch("run.open", {"run": state.run})
            except ActionError as error:
                if error.code != "unknown_run":
                    raise

    async def _restore_tree(self, state: ScreenState) -> None:
        screen = self.screen
        tree = screen.tree_control
        try:
            if self.session.view.hierarchy is None:
                await tree.clusters()
            if state.arrangement:
                await screen.arranging.restore(dict(state.arrangement), list(state.expanded))
            else:
                await tree.restore(state.expanded)
            if state.node not in (None, "root") and self.session.view.hierarchy is not None:
                await self._open(str(state.node))
            if state.cursor is not None and tree.rows.go_to(state.cursor):
                self._scroll(tree.rows, state.scroll)
            await screen.detail_control.refresh()
            self._scroll(screen.detail_control.rows, state.detail_scroll)
        finally:
            self._restored = True
        screen.view_changed()

    async def _open(self, node: str) -> None:
        tree = self.screen.tree_control
        try:
            opened = self.session.dispatch("node.open", {"node": node}).data
        except ActionError as error:
            if error.code != "unknown_node":
                raise
            return
        tree.path = opened.path
        tree.rows.opened = opened.node
        await tree.reveal(opened, expand=False)
        self.screen.trail.went(opened.node)

    def _scroll(self, rows: RowList, y: int) -> None:
        """Scroll as it was, once the list has its size; never away from the cursor."""

        def scroll() -> None:
            height = max(rows.size.height, 1)
            if not y <= rows.cursor < y + height:
                return
            rows.scroll_to(y=y, animate=False, force=True)

        self.screen.call_after_refresh(scroll)
