"""The history: every edit with who, when and why; each can be looked at and undone by itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType

from core.curate.rows import EditRow
from core.registry import REGISTRY, Action
from core.text import one_line
from screens.base import ActionScreen, Desk
from screens.curate.edit_shown import EditScreen, moment
from screens.curate.subjects import Named
from screens.keys import binding
from screens.places import keys_spans
from screens.widgets.bars import Bar
from screens.widgets.row_list import RowList
from screens.widgets.spans import Line, Span, fit

if TYPE_CHECKING:
    from screens.explorer.screen import Explorer

PAGE = 100
"""Edits that are read at once."""

ROOMY = 100
"""From so many columns on the year is shown."""

WHO = 10
"""Cells of a person's name."""


class HistoryScreen(ActionScreen):
    """The edits of a cluster, of a theme, or of the run, newest first.

    Args:
        desk: What the screens share.
        given: Which edits, by the parameters of `edit.history`; where nothing is said, those of the cluster or the theme
            that the cursor of the first screen stands on, where it is the one that is looked at, else all of the run.
    """

    HELP = "Marking and editing"
    AUTO_FOCUS = "RowList"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "show_edit", "What it changed"),
        binding(REGISTRY.get("edit.undo")),
        binding(REGISTRY.get("edit.redo")),
    ]

    def __init__(self, desk: Desk, given: dict[str, Any]) -> None:
        super().__init__(desk)
        assert desk.explorer is not None
        self._edits = desk.explorer.edit_control
        self._of = None if given else subject_of_history(desk.explorer)
        self._given = given
        self.rows = RowList(id="history")
        """The list of edits."""
        self._edited: tuple[EditRow, ...] = ()
        self._total = 0
        self._after: str | None = None

    def compose(self) -> ComposeResult:
        """What it is of, the edits, the keys."""
        yield Bar(id="history-title")
        yield Bar(id="history-head")
        yield self.rows
        yield Bar(id="history-keys")

    def on_mount(self) -> None:
        """Read the first page."""
        self.background("history", self._reload, keys_wait=True)

    @on(RowList.WidthChanged)
    def _wide(self) -> None:
        self._draw()

    @on(RowList.CursorMoved)
    def _draw_keys(self) -> None:
        """What can be done with the edit under the cursor."""
        row = self.rows.value
        keys: tuple[tuple[str, str], ...] = (("esc", "back"),)
        if isinstance(row, EditRow):
            turn = ("U", "do it again") if self._undone(row) else ("u", "undo this one")
            keys = (("enter", "what changed"), turn, *keys, ("y", "copy as script"))
        self.query_one("#history-keys", Bar).set_spans(keys_spans(keys, self.size.width))

    def _undone(self, row: EditRow) -> bool:
        """Whether the edit that a row is or is about is not in force, as far as the rows tell."""
        about = row.target or row.edit
        known = [other for other in self._edited if about in (other.edit, other.target)]
        first = known[-1]
        return first.undone_by is not None if first.target is None else known[0].kind == "undo"

    def store_changed(self) -> None:
        """Read again, as far as was shown."""
        self.background("history", self._reload, keys_wait=True)

    async def _reload(self) -> None:
        await self._page(None, min(max(PAGE, len(self._edited)), 1_000))

    async def _page(self, after: str | None, limit: int = PAGE) -> None:
        params = {"run": self.session.view.run, **self._given, "limit": limit, "after": after}
        if self._of is not None:
            params["node" if self._of.kind == "theme" else "cluster"] = self._of.id
        result = await self.desk.reading.dispatch(
            "edit.history", {name: value for name, value in params.items() if value is not None}
        )
        self._edited = result.data if after is None else (*self._edited, *result.data)
        self._total, self._after = result.total or 0, result.after
        self._draw()

    def _draw(self) -> None:
        here = self.rows.value
        roomy = self.size.width >= ROOMY
        lines = [history_line(row, self.session.actor, roomy) for row in self._edited]
        if not lines:
            lines = [Line(((f"  {self._nothing()}", "dim"),))]
        self.rows.set_lines(lines, more=self._after is not None)
        if isinstance(here, EditRow):
            self.rows.select(lambda value: isinstance(value, EditRow) and value.edit == here.edit)
        self._draw_keys()
        of = "all edits of the run" if not self._given else words_of(self._given)
        name = ""
        if self._of is not None:
            of = one_line(self._of.title, 80)
            name = f"{self._of.kind} {self._of.id} "
        self.query_one("#history-title", Bar).set_spans(
            (
                (" History ", "tab"),
                (f"  {name}", "dim"),
                (of, "strong"),
                (f"   {self._total:,} edit{'' if self._total == 1 else 's'}", "dim"),
            )
        )
        self.query_one("#history-head", Bar).set_spans(
            ((f"  {'edit':>5}  {fit('when', 16 if roomy else 11)}  {fit('who', WHO)}  what and why", "dim"),)
        )

    def _nothing(self) -> str:
        if self._of is None:
            return "Nothing was edited yet."
        return f"Nothing was edited yet in this {self._of.kind}. J on All queries shows all edits."

    @on(RowList.EndNeared)
    def _neared(self) -> None:
        if self._after is not None:
            self.background("history", self._page, self._after)

    def intercept(self, action: Action) -> bool:
        """Undo and redo mean the edit under the cursor."""
        row = self.rows.value
        if not isinstance(row, EditRow):
            self.say("There is no edit here.", "warning")
        else:
            self._edits.undo(action, row.target or row.edit)
        return True

    def action_show_edit(self) -> None:
        """Show what the edit changed."""
        row = self.rows.value
        if isinstance(row, EditRow):
            self.background("show", self._show, row.edit)

    async def _show(self, edit: int) -> None:
        result = await self.desk.reading.dispatch("edit.show", {"edit": edit})
        self.app.push_screen(EditScreen(result.data))

    def copy_text(self) -> str:
        """The line of script that does the edit again."""
        row = self.rows.value
        return row.line if isinstance(row, EditRow) else ""


def subject_of_history(explorer: Explorer) -> Named | None:
    """The cluster or the theme under the cursor of the first screen; `None` where there is none, where rows are marked, or where
    another screen lies over it."""
    control = explorer.mark_control
    over = any(
        isinstance(screen, ActionScreen) for screen in explorer.app.screen_stack if screen is not explorer
    )
    if len(control.marks) or over:
        return None
    subject = control.subject
    found = subject.clusters or subject.nodes
    return found[0] if len(found) == 1 else None


def words_of(given: dict[str, Any]) -> str:
    """Parameters in words, for the title."""
    return one_line(" ".join(f"{name}={value}" for name, value in given.items()), 80)


def history_line(row: EditRow, actor: str, roomy: bool) -> Line:
    """An edit in a line, with the year where there is room; one that is undone is dimmed and says so."""
    undone = row.undone_by is not None
    look = "dim" if undone or row.target is not None else "text"
    spans: list[Span] = [
        (f" {row.edit:>5}  ", "dim" if undone else "number"),
        (f"{moment(row.at)[0 if roomy else 5 :]}  ", "dim"),
        (
            fit(one_line(row.actor, 40), WHO) + "  ",
            "dim" if undone else "key" if row.actor == actor else "other",
        ),
    ]
    if undone:
        spans.append((f"[undone by {row.undone_by}] ", "warn"))
    spans.append((one_line(row.summary, 300), look))
    if row.reason:
        spans.append((f"  \u2014 {one_line(row.reason, 200)}", "dim"))
    return Line(tuple(spans), row)
