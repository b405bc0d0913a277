"""The reader: one whole conversation, and from there the next of the list it was opened from."""

from __future__ import annotations

from typing import Any, ClassVar

from textual.binding import Binding, BindingType
from textual.widgets import Input

from core.errors import ActionError
from core.registry import REGISTRY, Action
from core.rows import Membership, QueryDetail, TextRow
from core.session import Result
from screens.base import Desk
from screens.conversation.laid_out import LaidOutScreen
from screens.curate.editing import UNDOING
from screens.keys import binding
from screens.widgets.row_list import RowList


class ConversationScreen(LaidOutScreen):
    """Reads conversations one after the other; each is opened by `query.open`.

    Args:
        desk: What the screens share.
        source: The list whose cursor says what is read.
        detail: A conversation that is open already and comes from no list.
        searched_for: The words of the search that found it: they are marked.
        query: The number of a query to open, where there is neither.
    """

    HELP = "In the reader of conversations"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("n", "forward", "Next"),
        Binding("p", "neighbour(-1)", "Previous"),
        Binding("c", "copy_turn", "Copy the turn"),
        Binding("f", "screen.do('query.flag')", "Flag the query", id="query.flag"),
        Binding("enter", "open_membership", "Open the cluster"),
        *[binding(REGISTRY.get(name)) for name in UNDOING],
    ]

    def __init__(
        self,
        desk: Desk,
        source: RowList | None,
        detail: QueryDetail | None = None,
        *,
        searched_for: str = "",
        query: int | None = None,
    ) -> None:
        super().__init__(desk, detail, searched_for)
        self._source, self._query = source, query
        self._node = self.session.view.node if source is not None else None

    def on_mount(self) -> None:
        """Open the conversation under the list's cursor, or the one of the number."""
        self.reader.focus()
        value = self._source.value if self._source is not None else None
        query = value.query if isinstance(value, TextRow) else self._query
        if query is not None:
            self.awaited = True
            self.perform(REGISTRY.get("query.open"), {"query": query})
        self.lay()

    def shown(self, action: Action, result: Result) -> None:
        """Draw the conversation that was opened."""
        if action.id == "query.open":
            self.show_detail(result.data)
        else:
            super().shown(action, result)

    def complain(self, error: BaseException) -> None:
        """Say what went wrong; where nothing could be read the screen says so, too."""
        if self.awaited and self.detail is None:
            self.awaited = False
            self.lay()
        super().complain(error)

    # Moving.

    def action_forward(self) -> None:
        """The next hit while something is looked for, else the next conversation."""
        if self.finding:
            self.action_hit(1)
        else:
            self.action_neighbour(1)

    def action_neighbour(self, by: int) -> None:
        """The next or previous conversation of the list."""
        source = self._source
        if source is None:
            self.say("This conversation was opened by its number; there is no list to go through.")
            return
        moved = source.step(by)
        while moved and not isinstance(source.value, TextRow):
            moved = source.step(by)
        if moved and isinstance(source.value, TextRow):
            self.perform(REGISTRY.get("query.open"), {"query": source.value.query})
        else:
            while not isinstance(source.value, TextRow) and source.step(-by):
                pass
            self.say("That was the last one." if by > 0 else "That was the first one.")

    def action_back(self) -> None:
        """Close the line, end the find, or go back."""
        if self.query_one("#reader-find", Input).has_focus:
            self.close_line()
            self.look_for(None)
        elif self.finding:
            self.finding = False
            if self.reader.find is not None and not self.reader.find.hits:
                self.look_for(None)
        else:
            self._return()
            super().action_back()
            return
        self.draw_bars()
        self.reader.refresh()

    def _return(self) -> None:
        """Who reads out of a list comes back to it: to the node that was open, and not to the cluster of what was read last."""
        if self._node in (None, self.session.view.node):
            return
        try:
            self.session.dispatch("node.open", {"node": self._node})
        except ActionError as error:
            if error.code != "unknown_node":
                raise

    # What can be done with it.

    def action_open_membership(self) -> None:
        """Open the cluster under the cursor in its run."""
        value = self.reader.value
        if not isinstance(value, Membership) or not self.reader.in_sight(self.reader.cursor):
            self.say("i shows its clusters; enter opens the one under the cursor.")
            return
        explorer = self.desk.explorer
        if explorer is not None and value.run != self.session.view.run:
            explorer.perform(REGISTRY.get("run.open"), {"run": value.run})
        self.visit(value.cluster)

    def blank(self) -> bool:
        """Who goes on to the next conversation does not wait for this one."""
        return self.detail is None

    def offers(self) -> dict[str, Any]:
        """The query that is read."""
        return {"query": self.detail.query} if self.detail is not None else {}

    def intercept(self, action: Action) -> bool:
        """Flag the query that is read, or take its flag off; undo and redo."""
        explorer, detail = self.desk.explorer, self.detail
        if action.id in UNDOING and explorer is not None:
            explorer.edit_control.undo(action)
            return True
        if action.id != "query.flag" or explorer is None or detail is None:
            return False
        here = self.here
        if self.session.read_only or here is None:
            self.say("A query is flagged in a run that holds it, and not in a read-only session.", "warning")
            return True
        params: dict[str, Any] = {"query": str(detail.query), "run": here.run}
        if "review" in here.flags:
            params["remove"] = True
        edits = explorer.edit_control
        edits.run(action, [params], False, edits.seen, self)
        return True

    def store_changed(self) -> None:
        """Somebody edited: read again what is known of the conversation."""
        if self.detail is not None:
            self.background("known", self._reread, self.detail.query)

    async def _reread(self, query: int) -> None:
        result = await self.desk.reading.dispatch("query.show", {"query": query})
        if self.detail is not None and self.detail.query == query and result.data != self.detail:
            self.detail = result.data
            self.lay(keep=True)
            self.draw_bars()

    def copy_text(self) -> str:
        """The whole conversation."""
        if self.detail is None:
            return ""
        return "\n\n".join(f"{turn.role}: {turn.content}" for turn in self.detail.turns) or self.detail.text

    def copy_name(self) -> str:
        """The conversation's id."""
        return f"conversation {self.detail.conversation_id}" if self.detail is not None else "conversation"

    def action_copy_turn(self) -> None:
        """Copy the turn that is read."""
        turns = self.detail.turns if self.detail is not None else ()
        self.copy(turns[self.reader.turn].content if 0 <= self.reader.turn < len(turns) else "")
