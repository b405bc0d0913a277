"""The full search: a line, filters as chips, hits alone or by cluster, and facets with exact counts at their side."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, ClassVar

from textual.binding import Binding, BindingType

from core.registry import REGISTRY, Action
from core.rows import TextRow
from core.search.rows import SavedSearch
from core.text import one_line
from screens.base import Desk
from screens.curate.subjects import Subject, is_edit
from screens.keys import binding
from screens.search.view import SearchView
from screens.search.wanted import MODES, Wanted, wanted_from, wanted_saved

SAVED = 1_000
"""Saved searches that are listed."""


class SearchScreen(SearchView):
    """Searching with everything that helps.

    Args:
        desk: What the screens share.
        wanted: What to search for; `None`: what the first screen's search pane searches for.
        near: The parameters of a search for what is similar.
        saved: The name of a saved search; empty: the list of them.
    """

    HELP = "In the full search"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("tab", "next_pane", "Next", show=False),
        Binding("shift+tab", "previous_pane", "Previous", show=False),
        Binding("F", "show_facets", "Facets"),
        Binding("b", "group", "By cluster"),
        Binding("m", "set_mode", "Words or meaning"),
        Binding("w", "toggle_within", "Here or everywhere"),
        Binding("space", "mark_row", "Mark"),
        Binding("S", "screen.do('search.save')", "Save the search"),
        Binding("L", "screen.do('search.saved')", "Saved searches"),
        Binding("s", "screen.do('search.similar')", "Similar"),
        Binding("enter", "screen.do('query.open')", "Read the conversation"),
        Binding("o,t", "screen.do('node.open')", "Its cluster in the tree"),
        *[binding(REGISTRY.get(name)) for name in ("query.move", "query.flag", "edit.undo", "edit.redo")],
    ]
    OWN = frozenset({"search.queries", "search.saved", "search.similar"})

    def __init__(
        self,
        desk: Desk,
        wanted: Wanted | None = None,
        *,
        near: dict[str, Any] | None = None,
        saved: str | None = None,
    ) -> None:
        super().__init__(desk, wanted)
        self._near = near
        self._saved = saved

    def on_mount(self) -> None:
        """Search for what is similar or was saved, where that is asked for."""
        if self._near is not None:
            self.background("near", self._find_near, self._near, keys_wait=True)
        if self._saved is not None:
            self.background("saved", self._find_saved, self._saved, keys_wait=True)

    # Searching.

    async def _find_near(self, params: dict[str, Any]) -> None:
        """The row to which others are compared: of a text or a query that was named by its number."""
        query, text_id = params.get("query"), params.get("text_id")
        if query is not None:
            found = (await self.desk.reading.dispatch("query.show", {"query": query})).data
            row = TextRow(
                found.text_id, found.query, found.text, found.times, found.language, found.chat_model
            )
        else:
            row = TextRow(int(text_id or 0), 0, f"text {text_id}", 1, None, None)
        self.want(replace(wanted_from(params), near=row))

    async def _find_saved(self, name: str) -> None:
        page = await self.desk.reading.dispatch("search.saved", {"limit": SAVED})
        rows: tuple[SavedSearch, ...] = page.data
        row = next((row for row in rows if row.name == name), None)
        if row is not None:
            self.want(wanted_saved(row))
            self.hits.list.focus()
            return
        if name:
            self.say(f"No search is saved as {one_line(name, 60)}.", "warning")
        from screens.search.saved import Choice, SavedScreen

        def chosen(choice: Choice | None) -> None:
            if choice is None:
                return
            what, row = choice
            if what == "open":
                self.want(wanted_saved(row))
                self.hits.list.focus()
            else:
                self.run(REGISTRY.get("search.forget"), {"name": row.name})

        self.app.push_screen(SavedScreen(rows, page.total or len(rows)), chosen)

    # Moving about.

    def action_back(self) -> None:
        """Leave the line or the facets, take the marks off, go back to the search before, or leave."""
        marks = self.explorer.mark_control.marks
        if self.line.has_focus and self.hits.hits:
            self.hits.list.focus()
        elif self.side.list.has_focus:
            self.remove_class("-facets")
            self.hits.list.focus()
        elif marks.texts:
            self.explorer.mark_control.clear()
            self.hits.list.refresh()
            self.draw_bars()
        elif self.before:
            self.want(self.before.pop())
        else:
            self.app.pop_screen()

    # Actions.

    def action_mark_row(self) -> None:
        """Mark the hit under the cursor, or take its mark off, and go on to the next."""
        row = self.hits.row
        if row is not None:
            self.explorer.mark_control.marks.toggle(row, None)
            if not self.hits.list.step(1):
                self.hits.list.refresh()
            self.draw_bars()

    @property
    def subject(self) -> Subject:
        """What an edit is about: the marked queries, or the hit under the cursor."""
        texts = self.explorer.mark_control.marks.texts
        row = self.hits.row
        if texts:
            return Subject(
                texts=tuple(texts), queries=tuple(text.query for text, _ in texts.values()), marked=True
            )
        return (
            Subject(texts=(row.text_id,), queries=(row.query,), words=row.text)
            if row is not None
            else Subject()
        )

    def offers(self) -> dict[str, Any]:
        """The query under the cursor."""
        row = self.hits.row
        return {} if row is None else {"query": row.query, "text_id": row.text_id, "cluster": row.cluster}

    def applies(self, action: Action) -> bool:
        """Keys of a hit count where there is one; what is typed belongs to the line."""
        if action.id in ("query.open", "search.similar"):
            return self.hits.row is not None and self.hits.list.has_focus
        if action.id == "node.open":
            return self.hits.row is not None and self.hits.row.cluster is not None
        return not is_edit(action) or bool(self.subject.texts)

    def intercept(self, action: Action) -> bool:
        """What is done in this screen's own way."""
        row = self.hits.row
        if action.id == "search.queries":
            self.show_hits()
            self.line.focus()
        elif action.id == "search.saved":
            self.background("saved", self._find_saved, "", keys_wait=True)
        elif action.id == "search.save":
            self._save()
        elif is_edit(action) and action.id.startswith("query."):
            self.explorer.edit_control.ask(action, self.subject, self)
        elif action.id in ("edit.undo", "edit.redo"):
            self.explorer.edit_control.undo(action)
        elif action.id == "search.similar" and row is not None:
            self.before.append(self.hits.wanted)
            self.want(replace(self.hits.wanted, line="", near=row))
            self.hits.list.focus()
        elif action.id == "query.open" and row is not None:
            self._open()
        elif action.id == "node.open" and row is not None and row.cluster is not None:
            self._visit(row.cluster)
        else:
            return False
        return True

    def _open(self) -> None:
        from screens.conversation.screen import ConversationScreen

        words = self.hits.wanted.text
        self.app.push_screen(ConversationScreen(self.desk, self.hits.list, searched_for=words))

    def _visit(self, cluster: int) -> None:
        run = self.hits.wanted.filters.get("run")
        if run is not None and run != self.session.view.run:
            self.say(f"The clusters are those of {one_line(str(run), 40)}: open that run first.", "warning")
        else:
            self.visit(cluster)

    def _save(self) -> None:
        from screens.form.screen import FormScreen

        wanted = self.hits.wanted
        action = REGISTRY.get("search.save")
        if self.barred(action):
            return
        if wanted.blank or wanted.near is not None:
            self.say("Search for something first; then S keeps it.", "warning")
            return
        mode = {"mode": wanted.mode} if wanted.mode in MODES else {}
        given = {"text": wanted.text, **mode, **wanted.filters}
        hidden = frozenset(action.params) - {"name", "overwrite"}

        def filled(params: dict[str, Any] | None) -> None:
            if params is not None:
                self.run(action, {**given, **params})

        about = f"Keep “{wanted.text}” under a name; L lists them."
        self.app.push_screen(
            FormScreen(action, {}, given=given, hidden=hidden, about=one_line(about, 200)), filled
        )

    def edited(self) -> None:
        """The edit that was asked for here is done: the marks are gone."""
        self.draw_bars()

    def store_changed(self) -> None:
        """Somebody edited: read the hits and the counts again."""
        self.background("refresh", self.hits.refresh)
        self.side.forget()
        self.side.count(self.hits.wanted)
        self.hits.list.refresh()
        self.draw_bars()

    def action_copy_script(self) -> None:
        """Copy the line of script that searches for the same; without a search what was done last."""
        from core.sessions.lines import Step, script_line
        from screens.copying import copy

        wanted = self.hits.wanted
        if wanted.blank:
            super().action_copy_script()
            return
        action, params = wanted.hits()
        mode = {"mode": wanted.mode} if wanted.mode is not None and wanted.near is None else {}
        line = script_line(Step(action, {**params, **mode}))
        copy(self.app, line)
        self.say(f"Copied: {line}", seconds=8.0)

    def copy_text(self) -> str:
        """The counts, the marked queries, or the hit under the cursor."""
        if self.side.list.has_focus:
            return self.side.text()
        texts = self.explorer.mark_control.marks.texts
        if texts:
            return "\n".join(row.text for row, _ in texts.values())
        return self.hits.row.text if self.hits.row is not None else ""

    def copy_name(self) -> str:
        """What that is."""
        return "facets" if self.side.list.has_focus else "search"
