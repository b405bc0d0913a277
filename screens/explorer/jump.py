"""Jumps in the tree by typing: to the next node whose title has the letters, loaded or not."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding, BindingType
from textual.widgets import Input

from core.errors import ActionError
from core.rows import NodeRow
from core.text import one_line
from screens.widgets.bars import Bar
from screens.widgets.panes import TreePane
from screens.widgets.tree_list import Branch, legend_spans

if TYPE_CHECKING:
    from screens.explorer.screen import Explorer

PAUSE = 0.2
"""Seconds without a letter after which the store is asked for what is not loaded."""

PAGE = 200
"""Nodes that are looked through at once, and three times at most: a filter by words finds descriptions, too."""


class JumpInput(Input):
    """The letters; `enter` stays there, `esc` goes back to where the cursor was."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "screen.jump_end(True)", "Stay there", show=False),
        Binding("escape", "screen.jump_end(False)", "Back", show=False),
        Binding("down", "screen.jump_next(1)", "Next", show=False),
        Binding("up", "screen.jump_next(-1)", "Previous", show=False),
    ]

    def __init__(self) -> None:
        super().__init__(placeholder="letters of a title", id="jump-input", compact=True, max_length=200)


class JumpControl:
    """Moves the tree's cursor while letters are typed."""

    def __init__(self, screen: Explorer) -> None:
        self.screen = screen
        self._from: str | None = None
        self._due: str | None = None
        """Letters that have not been looked for yet."""

    @property
    def line(self) -> JumpInput | None:
        """The line, where it is open."""
        return next(iter(self.screen.query(JumpInput)), None)

    async def begin(self) -> None:
        """Open the line below the tree."""
        tree = self.screen.tree_control.rows
        if self.line is not None or not tree.roots:
            return
        self._from = tree.branch.key if tree.branch is not None else None
        line = JumpInput()
        await self.screen.query_one(TreePane).mount(line, before="#legend")
        line.focus()

    async def end(self, stay: bool) -> None:
        """Close the line; the cursor stays, or goes back."""
        line = self.line
        if line is None:
            return
        tree = self.screen.tree_control.rows
        self.screen.workers.cancel_group(self.screen, "jump letters")
        if stay and self._due is not None:
            await self._find(self._due, 0, 0.0)
        self._due = None
        if not stay and self._from is not None:
            tree.go_to(self._from)
        tree.focus()
        await line.remove()
        self.screen.query_one("#legend", Bar).set_spans(legend_spans())

    def typed(self, text: str) -> None:
        """Letters were typed: to the first node from where the cursor was."""
        self._due = text
        self.screen.background("jump letters", self._find, text, 0, PAUSE)

    def following(self, by: int) -> None:
        """To the next or the previous node with the same letters."""
        line = self.line
        if line is not None:
            self.screen.background("jump letters", self._find, line.value, by, 0.0)

    async def _find(self, text: str, by: int, pause: float) -> None:
        words = text.casefold().split()
        found = not words or self._among_shown(words, by)
        if not found:
            await asyncio.sleep(pause)
            found = await self._in_store(text, words)
        self._due = None
        told = legend_spans() if found else ((" No title has these letters.", "warn"),)
        self.screen.query_one("#legend", Bar).set_spans(told)

    def _among_shown(self, words: Sequence[str], by: int) -> bool:
        """To a node whose line is shown, from the cursor on and then from the other end."""
        tree = self.screen.tree_control.rows
        shown = [line.value for line in tree.lines if isinstance(line.value, Branch)]
        start = self._from if by == 0 else tree.branch.key if tree.branch is not None else None
        at = next((n for n, branch in enumerate(shown) if branch.key == start), 0)
        step = by or 1
        order = [shown[(at + by + step * n) % len(shown)] for n in range(len(shown))]
        found = next((branch for branch in order if _begins(branch.row.title, words)), None)
        found = found or next((branch for branch in order if _has(branch.row.title, words)), None)
        return found is not None and tree.go_to(found.key)

    async def _in_store(self, text: str, words: Sequence[str]) -> bool:
        """To a node that is not loaded, or whose parents are collapsed."""
        screen = self.screen
        if screen.session.view.hierarchy is None or "text" in screen.tree_control.reading.arrangement:
            return False
        after: str | None = None
        for _ in range(3):
            params = {"depth": 10, "limit": PAGE, **screen.tree_control.reading.arrangement, "text": text}
            if after is not None:
                params["after"] = after
            page = await screen.tree_control.reading.reading.dispatch("node.list", params)
            rows: tuple[NodeRow, ...] = page.data
            for row in rows:
                if _has(row.title, words):
                    try:
                        opened = await screen.desk.reading.dispatch("node.open", {"node": row.node})
                    except ActionError:
                        continue
                    return await screen.tree_control.reveal(opened.data, expand=False)
            after = page.after
            if after is None:
                break
        return False


def _begins(title: str, words: Sequence[str]) -> bool:
    """Whether words of the title begin with the letters."""
    own = one_line(title).casefold().split()
    return all(any(mine.startswith(word) for mine in own) for word in words)


def _has(title: str, words: Sequence[str]) -> bool:
    folded = one_line(title).casefold()
    return all(word in folded for word in words)
