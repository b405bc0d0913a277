"""Sorts and filters the tree of the Explorer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from core.errors import ActionError
from core.registry import REGISTRY, Action
from core.text import one_line
from core.view import View
from screens.explorer.tree_reading import FILTERS, arranged_by, filter_of
from screens.widgets.bars import Bar
from screens.widgets.spans import Span

if TYPE_CHECKING:
    from screens.explorer.screen import Explorer

SORTS = ("size", "coherence", "title", "growth")
"""The orders through which the key goes."""

SORT_NAMES = {"size": "size", "coherence": "coherence, the least first", "title": "name", "growth": "growth"}

ABOUT = "Only what passes is shown, its queries counted anew. What stays empty filters nothing."

ACTIONS = ("node.sort", "node.filter")


class ArrangeControl:
    """Does `node.sort` and `node.filter` on the screen."""

    def __init__(self, screen: Explorer) -> None:
        self.screen = screen
        self.session = screen.session
        self._last: dict[str, str] = {}
        """The filter that was taken off last: the form begins with it."""
        self._wide: list[str] = []
        """What was expanded before there was a filter."""
        self._good: dict[str, str] = {}
        """Sort and filter that the tree pane shows."""

    def before(self, action: Action) -> bool:
        """Do the action in the screen's own way; false for every other action."""
        if action.id not in ACTIONS:
            return False
        view = self.session.view
        if view.run is None:
            self.screen.say("There is no tree yet.", "warning")
        elif action.id == "node.sort":
            here = SORTS.index(view.tree_sort) if view.tree_sort in SORTS else 0
            self.screen.run(action, {"sort": SORTS[(here + 1) % len(SORTS)]})
        elif not self.clear():
            self.ask()
        return True

    def ask(self) -> None:
        """Ask what the tree is filtered by."""
        from screens.form.screen import FormScreen

        action = REGISTRY.get("node.filter")

        def filled(params: dict[str, Any] | None) -> None:
            if params:
                self.screen.run(action, params)

        self.screen.app.push_screen(FormScreen(action, dict(self._last), about=ABOUT), filled)

    def clear(self) -> bool:
        """Take the filter off; false where there is none."""
        shown = filter_of(self.session.view)
        if shown:
            self._last = shown
            self.screen.run(REGISTRY.get("node.filter"), {})
        return bool(shown)

    def after(self, action: Action) -> bool:
        """Show the tree in the order and under the filter that the session has now; false for every other action."""
        if action.id not in ACTIONS:
            return False
        if self.session.view.run is not None:
            self._say("reading the tree\u2026")
            tree = self.screen.tree_control
            fresh = bool(filter_of(self.session.view))
            was = any(name in self._good for name in ("text", "language", "chat_model", "tag"))
            expanded = tree.rows.expanded()
            if fresh and not was:
                self._wide = expanded
            elif was and not fresh:
                expanded = self._unfiltered()
            self.screen.background(
                "tree", self._show, expanded, action.id == "node.filter" and fresh, keys_wait=True
            )
        self.screen.view_changed()
        return True

    def _unfiltered(self) -> list[str]:
        """What is expanded without the filter: what was before it, and what leads to the cursor."""
        above = []
        branch = self.screen.tree_control.rows.branch
        while branch is not None and branch.parent is not None:
            branch = branch.parent
            above.append(branch.key)
        return [*self._wide, *above]

    async def lift(self) -> None:
        """Take the filter off, for it hides where the person goes."""
        self._last = filter_of(self.session.view)
        self.session.dispatch("node.filter")
        await self._show(self._unfiltered(), False)

    async def _show(self, expanded: list[str], filtered: bool) -> None:
        tree = self.screen.tree_control
        try:
            await tree.rearrange(expanded, filtered)
        except ActionError as error:
            self._back()
            self.screen.explain(error)
        else:
            self._good = tree.reading.arrangement
        self.screen.view_changed()

    def _back(self) -> None:
        """What was asked for cannot be had: as it was before."""
        asked, good = filter_of(self.session.view), self._good
        self._last = asked or self._last
        filters = {name: value for name, value in good.items() if name != "sort"}
        self.session.dispatch("node.sort", {"sort": good.get("sort", "size")})
        self.session.dispatch("node.filter", filters)
        self.screen.tree_control.arranged()

    async def restore(self, wanted: Mapping[str, str], expanded: list[str]) -> None:
        """Sort and filter as they were when the person left."""
        tree = self.screen.tree_control
        filters = {name: value for name, value in wanted.items() if name != "sort"}
        try:
            if "sort" in wanted:
                self.session.dispatch("node.sort", {"sort": wanted["sort"]})
            if filters:
                self.session.dispatch("node.filter", filters)
            await tree.rearrange(expanded)
            self._good = tree.reading.arrangement
        except ActionError:
            # What it names is gone since: the tree as it stands is better than none.
            self._back()

    def forget(self) -> None:
        """Another tree is shown, as it stands: a filter that was made for one would hide in the other what nobody expects."""
        self._good, self._wide = {}, []
        if arranged_by(self.session.view):
            self.session.go(tree_sort=None, **dict.fromkeys(FILTERS.values()))

    def _say(self, text: str) -> None:
        self.screen.query_one("#legend", Bar).set_spans(((f" {text}", "dim"),))


def chips(view: View) -> tuple[Span, ...]:
    """Sort and filter of the tree in short; nothing where they are as they are at first."""
    spans: list[Span] = []
    if view.tree_sort is not None:
        spans += [(f" by {SORT_NAMES.get(view.tree_sort, view.tree_sort)} ", "tab"), (" ", "text")]
    shown = filter_of(view)
    if shown:
        parts = [
            f"#{one_line(value, 24)}" if name == "tag" else one_line(value, 24)
            for name, value in shown.items()
        ]
        told = " \u00b7 ".join(parts)
        spans += [(f" filter: {told} ", "tab"), (" ", "text")]
    return tuple(spans)
