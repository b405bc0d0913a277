"""The history: every edit with who, when and why; each can be looked at and undone by itself."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType

from core.curate.rows import Change, EditRow, EditShown
from core.registry import REGISTRY, Action
from core.text import one_line
from screens.base import ActionScreen, Desk
from screens.dialogs import PagerScreen, plain
from screens.edits import Named
from screens.keys import binding
from screens.places import keys_spans
from screens.widgets.bars import Bar
from screens.widgets.row_list import RowList
from screens.widgets.spans import Line, Span, fit, wrap

if TYPE_CHECKING:
    from screens.edit_control import EditControl

PAGE = 100
"""Edits that are read at once."""

ROOMY = 100
"""From so many columns on the year is shown."""

WHO, NAME = 10, 20
"""Cells of a person's name, and of a fact's."""


class HistoryScreen(ActionScreen):
    """The edits of a cluster or of the run, newest first.

    Args:
        desk: What the screens share.
        edits: Undoes and does again.
        cluster: Only its edits; `None`: all of the run.
    """

    AUTO_FOCUS = "RowList"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "show_edit", "What it changed"),
        binding(REGISTRY.get("edit.undo")),
        binding(REGISTRY.get("edit.redo")),
    ]

    def __init__(self, desk: Desk, edits: EditControl, cluster: Named | None) -> None:
        super().__init__(desk)
        self._edits = edits
        self.rows = RowList(id="history")
        """The list of edits."""
        self._cluster = cluster
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
        self.background("history", self._reload)

    @on(RowList.WidthChanged)
    def _wide(self) -> None:
        keys = (
            ("enter", "what changed"), ("u", "undo this one"), ("U", "do it again"), ("esc", "back"), ("y", "copy as script"),
        )  # fmt: skip
        self.query_one("#history-keys", Bar).set_spans(keys_spans(keys, self.size.width))
        self._draw()

    def store_changed(self) -> None:
        """Read again, as far as was shown."""
        self.background("history", self._reload)

    async def _reload(self) -> None:
        await self._page(None, min(max(PAGE, len(self._edited)), 1_000))

    async def _page(self, after: str | None, limit: int = PAGE) -> None:
        params = {"run": self.session.view.run, "limit": limit, "after": after}
        if self._cluster is not None:
            params["cluster"] = self._cluster.id
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
            lines = [Line((("  Nothing was edited yet.", "dim"),))]
        self.rows.set_lines(lines, more=self._after is not None)
        if isinstance(here, EditRow):
            self.rows.select(lambda value: isinstance(value, EditRow) and value.edit == here.edit)
        of = "all edits of the run" if self._cluster is None else one_line(self._cluster.title, 80)
        name = "" if self._cluster is None else f"cluster {self._cluster.id} "
        self.query_one("#history-title", Bar).set_spans(
            ((" History ", "tab"), (f"  {name}", "dim"), (of, "strong"), (f"   {self._total:,} edits", "dim"))
        )
        self.query_one("#history-head", Bar).set_spans(
            ((f"  {'edit':>5}  {fit('when', 16 if roomy else 11)}  {fit('who', WHO)}  what and why", "dim"),)
        )

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


def moment(at: str) -> str:
    """A stored time to the minute."""
    return at[:16].replace("T", " ")


class EditScreen(PagerScreen):
    """One edit, with what was before it and after it."""

    def __init__(self, shown: EditShown) -> None:
        super().__init__(f"Edit {shown.edit}: {shown.kind}")
        self._shown = shown

    def lines(self, width: int) -> list[Line]:
        """Who, when, why; then each change; then what followed from it."""
        return edit_lines(self._shown, width)


def edit_lines(shown: EditShown, width: int) -> list[Line]:
    """An edit: what it did, by whom and why, each fact before and after, and what followed."""
    lines = [Line(((part, "strong"),)) for part in wrap(one_line(shown.summary, 2_000), width)]
    lines.append(
        Line(
            (
                (
                    f"{one_line(shown.actor, 60)} \u00b7 {moment(shown.at)} \u00b7 {one_line(shown.run, 60)}",
                    "dim",
                ),
            )
        )
    )
    if shown.reason:
        lines += [Line(((part, "text"),)) for part in wrap(f"Why: {one_line(shown.reason, 2_000)}", width)]
    if shown.undone_by is not None:
        lines.append(Line(((f"Undone by edit {shown.undone_by}.", "warn"),)))
    if shown.moves:
        lines += [Line(), Line((("Queries that moved", "heading"),))]
        for move in shown.moves:
            first = ", ".join(str(number) for number in move.examples)
            more = "" if move.queries <= len(move.examples) else ", \u2026"
            words = f"{place(move.from_cluster)} \u2192 {place(move.to)}"
            lines.append(
                Line(
                    (
                        (f"{move.queries:>7,} ", "number"),
                        (words, "text"),
                        (f"   queries {first}{more}", "dim"),
                    )
                )
            )
    lines += _decided(shown.changes, width)
    derived = [change for change in shown.derived if _tells(change)]
    if derived:
        lines += [Line(), Line((("What followed from it", "heading"),))]
        for change in derived:
            name = f"{change.what} {one_line(change.id, 40)} {change.field.replace('_', ' ')}"
            sides = (change.before, change.after)
            values = " \u2192 ".join("none" if side in EMPTY else one_line(plain(side), 60) for side in sides)
            lines.append(Line(((f"  {fit(name, 32)} ", "dim"), (values, "dim"))))
    lines += [Line(), Line((("As a line of script", "heading"),))]
    return lines + [Line(((part, "dim"),)) for part in wrap(shown.line, width)]


EMPTY = (None, "", ())
"""Values that say nothing: a thing that came or went has many of them."""


def _tells(change: Change) -> bool:
    return change.before not in EMPTY or change.after not in EMPTY


def _decided(changes: Sequence[Change], width: int) -> list[Line]:
    """Each thing with its facts before and after; one that came or went with what it was like."""
    lines: list[Line] = []
    things = dict.fromkeys((change.what, change.id) for change in changes)
    for what, id in things:
        facts = [c for c in changes if (c.what, c.id) == (what, id)]
        came, went = (all(getattr(c, side) is None for c in facts) for side in ("before", "after"))
        whole = came != went and any(c.field in ("kind", "parent", "query_id", "flag") for c in facts)
        head = f"{what} {one_line(id, 40)}"
        lines.append(
            Line(((head, "other"), ((" was made" if came else " went away") if whole else "", "strong")))
        )
        for fact in facts:
            if not _tells(fact):
                continue
            name = fact.field.replace("_", " ")
            value = one_line(plain(fact.after if came else fact.before), 1_000)
            if whole:
                lines += _value(f"{name}", value, "text" if came else "dim", width)
                continue
            for word, side, look in (("before", fact.before, "dim"), ("after", fact.after, "text")):
                words = "(empty)" if side in EMPTY else one_line(plain(side), 1_000)
                lines += _value(f"{name} {word}", words, look, width)
    return [Line(), Line((("What was decided", "heading"),)), *lines] if lines else []


def _value(name: str, value: str, look: str, width: int) -> list[Line]:
    """A name and a value in wrapped lines."""
    return [
        Line(((f"  {fit(name if n == 0 else '', NAME)} ", "dim"), (part, look)))
        for n, part in enumerate(wrap(value, width - NAME - 4))
    ]


def place(cluster: int) -> str:
    """Where queries are, in words."""
    return {-1: "the noise", -2: "the orphans"}.get(cluster, f"cluster {cluster}")
