"""How the Explorer opens things: nodes, clusters and conversations each have their own place on the screen."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.widgets import Input

from core.errors import ActionError
from core.registry import REGISTRY, Action
from core.rows import ClusterRow, Neighbour, NodeRow, QueryDetail, TextRow
from core.session import Result
from screens.widgets.row_list import RowList
from screens.widgets.tree_list import More, TreeList

if TYPE_CHECKING:
    from screens.explorer.screen import Explorer


class Opening:
    """What the actions that open something do on the screen, before and after they are dispatched."""

    def __init__(self, screen: Explorer) -> None:
        self.screen = screen
        self.session = screen.session

    def before(self, action: Action) -> bool:
        """Do an action in the screen's own way; false: in the usual way."""
        screen, value = self.screen, self.screen.value
        if screen.arranging.before(action):
            return True
        if action.id == "search.queries":
            # At once: what is typed next belongs to the search line.
            screen.mark("search")
            screen.set_focus(screen.query_one("#search-input", Input))
        elif action.id == "query.open" and isinstance(value, TextRow):
            self.read(None)
        elif action.id == "node.open" and isinstance(value, More):
            screen.background("children", screen.tree_control.load, value.branch, keys_wait=True)
        elif action.id == "node.open" and isinstance(value, ClusterRow | Neighbour | TextRow):
            screen.background("jump", self.cluster, value.cluster, keys_wait=True)
        elif action.id == "node.open" and isinstance(value, NodeRow) and self.session.view.hierarchy is None:
            screen.activate("cluster")
        elif (
            action.id == "node.open"
            and isinstance(value, NodeRow)
            and value.kind != "root"
            and not value.children
        ):
            screen.perform(action)
            screen.activate("cluster")
        else:
            return False
        return True

    def after(self, action: Action, result: Result) -> None:
        """The session stands elsewhere: draw it."""
        if self.screen.arranging.after(action):
            return
        if action.id == "node.open":
            self.screen.trail.went(result.data.node)
            self.screen.tree_control.opened(result.data)
            self.screen.view_changed()
        elif action.id == "query.open":
            self.read(result.data)
        else:
            self.screen.tree_control.show_current()
            self.screen.background("runs", self.screen.runs_control.read)
            if action.id == "run.open":
                self.screen.activate("tree")

    def read(self, detail: QueryDetail | None) -> None:
        """Read the conversation that is open already, or the one that the cursor of the focused list stands on."""
        from screens.conversation.screen import ConversationScreen

        focused = self.screen.focused
        source = focused if detail is None and isinstance(focused, RowList) else None
        search = self.screen.search_control
        words = search.text if source is not None and source is search.rows else ""
        self.screen.app.push_screen(ConversationScreen(self.screen.desk, source, detail, searched_for=words))

    async def cluster(self, cluster: int | None) -> None:
        """Go to the node of a cluster; without a tree to its line, and from there to what it holds."""
        screen = self.screen
        if cluster is None:
            return
        if self.session.view.hierarchy is None:
            if screen.active == "tree":
                screen.activate("cluster")
                return
            screen.query_one(TreeList).go_to(f"cluster {cluster}")
        else:
            found = await screen.desk.reading.dispatch("cluster.show", {"cluster": cluster, "examples": 1})
            if found.data.node is not None:
                screen.perform(REGISTRY.get("node.open"), {"node": found.data.node})
        screen.activate("tree")

    def trail(self, by: int) -> None:
        """Open the node where the person was before, or came after."""
        node = self.screen.trail.step(by)
        if node is None:
            self.screen.say(
                "There is nothing to go back to." if by < 0 else "There is nothing to go forward to."
            )
            return
        try:
            result = self.session.dispatch("node.open", {"node": node})
        except ActionError as error:
            if error.code != "unknown_node":
                raise
            self.screen.trail.drop()
            self.screen.say("That node is gone.", "warning")
        else:
            self.after(REGISTRY.get("node.open"), result)

    def parent(self) -> None:
        """Open the parent of the open node."""
        view = self.session.view
        if view.hierarchy is None or view.node in (None, "root"):
            return
        here = self.screen.query_one(TreeList).find(view.node or "root")
        parent = here.row.parent if here is not None and isinstance(here.row, NodeRow) else None
        self.screen.perform(REGISTRY.get("node.open"), {"node": parent or "root"})
