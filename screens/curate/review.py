"""The review: clusters that need a person, one after the other, with why, and one key for each answer."""

from __future__ import annotations

import asyncio
from typing import Any, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal

from core.errors import ActionError
from core.registry import REGISTRY, Action
from core.review.rows import ReviewNext, ReviewRow
from core.rows import ClusterDetail, TextRow
from core.text import one_line
from screens.base import ActionScreen, Desk
from screens.curate.subjects import Named, Subject, is_edit
from screens.keymap import key_of
from screens.keys import REVIEW, binding
from screens.places import key_name, keys_spans
from screens.widgets.bars import Bar
from screens.widgets.detail_lines import cluster_lines, paragraph, text_line
from screens.widgets.row_list import RowList
from screens.widgets.spans import Line, Span, percent, wrap
from screens.widgets.trouble import NOTHING_YET, trouble_lines

PAGE = 200
"""Clusters that are read at once."""

QUERIES = 200
"""Queries of a cluster that are shown."""

DEBOUNCE = 0.06

WIDE = 100


class ReviewScreen(ActionScreen):
    """The queue of the review beside the cluster that is looked at.

    Args:
        desk: What the screens share.
        given: Which clusters, by the parameters of `review.find`.
    """

    HELP = "Marking and editing"
    AUTO_FOCUS = "#review-rows"
    BINDINGS: ClassVar[list[BindingType]] = [
        *[binding(REGISTRY.get(action)) for action in REVIEW],
        Binding("enter", "screen.do('query.open')", "Read the conversation"),
        Binding("tab,shift+tab", "next_pane", "Queue or cluster", show=False),
    ]

    def __init__(self, desk: Desk, given: dict[str, Any]) -> None:
        super().__init__(desk)
        assert desk.explorer is not None
        self.HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (WIDE, "-wide")]
        self._edits = desk.explorer.edit_control
        self._given = given
        self.queue = RowList(id="review-rows")
        """The list of clusters."""
        self.reader = RowList(id="review-cluster")
        """The cluster that is looked at."""
        self._rows: tuple[ReviewRow, ...] = ()
        self._after: str | None = None
        self._progress: ReviewNext | None = None
        self._trouble: ActionError | None = None
        self._detail: ClusterDetail | None = None
        self._members: tuple[TextRow, ...] = ()
        self._advance = False
        """Whether something was done to the cluster under the cursor: the next one comes."""

    def compose(self) -> ComposeResult:
        """How far it is, the queue, the cluster, the keys."""
        yield Bar(id="review-title")
        with Horizontal(id="review-panes"):
            yield self.queue
            yield self.reader
        yield Bar(id="review-keys")

    def on_mount(self) -> None:
        """Read the queue."""
        self.background("queue", self._reload, keys_wait=True)

    def edited(self) -> None:
        """The edit that was asked for here is done."""
        self._advance = True

    def store_changed(self) -> None:
        """Somebody edited: read the queue again."""
        self.background("queue", self._reload, keys_wait=True)

    @property
    def row(self) -> ReviewRow | None:
        """The cluster under the cursor of the queue."""
        value = self.queue.value
        return value if isinstance(value, ReviewRow) else None

    # Reading.

    async def _reload(self) -> None:
        reading = self.desk.reading
        try:
            self._progress = (await reading.dispatch("review.next")).data
        except ActionError as error:
            if error.code not in NOTHING_YET:
                raise
            self._trouble, self._progress, self._rows, self._after = error, None, (), None
            self._draw_queue(None)
            return
        self._trouble = None
        page = await reading.dispatch(
            "review.find", {"limit": min(max(PAGE, len(self._rows)), 1_000), **self._given}
        )
        rows: tuple[ReviewRow, ...] = page.data
        if page.after is None and "state" not in self._given:
            # Those that were put off come when no other is left.
            later = {"limit": PAGE, **self._given, "state": "skipped"}
            rows += (await reading.dispatch("review.find", later)).data
        goal = self._goal(rows)
        self._rows, self._after = rows, page.after
        self._draw_queue(goal)
        await self._show(0.0)

    def _goal(self, rows: tuple[ReviewRow, ...]) -> int | None:
        """Where the cursor goes: after an answer to the next cluster of the queue that is still there, else it stays."""
        here = self.row
        if here is None or not self._advance:
            return here.cluster if here is not None else None
        self._advance = False
        old = [row.cluster for row in self._rows]
        left = {row.cluster for row in rows if row.state == "open"}
        behind = old[old.index(here.cluster) + 1 :] if here.cluster in old else []
        return next((cluster for cluster in behind if cluster in left), None)

    def _draw_queue(self, goal: int | None) -> None:
        rows = self.queue
        lines = [queue_line(row) for row in self._rows]
        if self._trouble is not None:
            lines = trouble_lines(self._trouble, rows.inner_width)
        elif not lines and self._progress is not None:
            lines = empty_lines(self._progress, rows.inner_width)
        rows.set_lines(lines, more=self._after is not None)
        if goal is not None:
            rows.select(lambda value: isinstance(value, ReviewRow) and value.cluster == goal)
        self._draw_title()
        self._draw_keys()

    def _draw_title(self) -> None:
        spans: list[Span] = [(" Review ", "tab")]
        if self._progress is not None:
            done = self._progress.accepted
            total = done + self._progress.open + self._progress.skipped
            spans += [
                (f"  {done:,}", "number"),
                (" of ", "dim"),
                (f"{total:,}", "number"),
                (" reviewed", "dim"),
            ]
            if self._progress.skipped:
                spans.append((f" \u00b7 {self._progress.skipped:,} for later", "dim"))
        self.query_one("#review-title", Bar).set_spans(spans)

    async def _show(self, wait: float) -> None:
        await asyncio.sleep(wait)
        row = self.row
        if row is None:
            self._detail = None
            self._draw_cluster()
            return
        reading = self.desk.reading
        before = self._detail.cluster if self._detail is not None else None
        self._detail = (await reading.dispatch("cluster.show", {"cluster": row.cluster})).data
        page = await reading.dispatch("query.list", {"cluster": row.cluster, "limit": QUERIES})
        self._members = page.data
        self._draw_cluster(top=before != row.cluster)

    def _draw_cluster(self, top: bool = False) -> None:
        row, detail, width = self.row, self._detail, self.reader.inner_width
        if row is None:
            said = "Here stands why a cluster should be looked at, and what is in it."
            self.reader.set_lines(paragraph(said, width, "dim"))
        if row is None or detail is None or detail.cluster != row.cluster:
            return
        lines = [*why_lines(row, width), *cluster_lines(detail, width, detail.texts)]
        self.reader.set_lines([*lines, *(text_line(member) for member in self._members)], top=top)

    @on(RowList.CursorMoved, "#review-rows")
    def _moved(self) -> None:
        self.background("cluster", self._show, DEBOUNCE)

    @on(RowList.WidthChanged)
    def _width(self, event: RowList.WidthChanged) -> None:
        if event.rows is self.reader:
            self._draw_cluster()
        elif not self._rows:
            self._draw_queue(None)
        self._draw_keys()

    def _draw_keys(self) -> None:
        """What can be done: with a cluster, where there is none, or where nothing is clustered yet."""
        words = (
            ("review.accept", "accept"), ("cluster.rename", "rename"), ("cluster.merge", "merge"), ("cluster.split", "split"),
            ("cluster.flag", "flag"), ("review.skip", "later"), ("", "back"), ("edit.undo", "undo"),
        )  # fmt: skip
        keymap = self.desk.keymap
        keys = [(key_name(key_of(action, keymap)) if action else "esc", word) for action, word in words]
        if self.row is not None:
            keys.append(("tab", "read"))
        else:
            keys = keys[6:] if self._trouble is None else keys[6:7]
        self.query_one("#review-keys", Bar).set_spans(keys_spans(keys, self.size.width))

    @on(RowList.EndNeared, "#review-rows")
    def _neared(self) -> None:
        if self._after is not None:
            self.background("queue", self._more, self._after)

    async def _more(self, after: str) -> None:
        page = await self.desk.reading.dispatch("review.find", {"limit": PAGE, **self._given, "after": after})
        self._rows, self._after = (*self._rows, *page.data), page.after
        self.queue.add_lines([queue_line(row) for row in page.data], more=page.after is not None)

    # Answers.

    @property
    def subject(self) -> Subject:
        """The cluster that is looked at, and the one with which it may belong together."""
        row = self.row
        if row is None:
            return Subject()
        return Subject(clusters=(Named(row.cluster, row.title),), target=row.neighbour)

    def applies(self, action: Action) -> bool:
        """Keys count where there is a cluster; `enter` on a query reads its conversation."""
        if action.id == "query.open":
            return isinstance(self.reader.value, TextRow) and self.reader.has_focus
        return not is_edit(action) or self.row is not None

    def intercept(self, action: Action) -> bool:
        """Every answer is an edit; after it the next cluster comes."""
        if is_edit(action):
            self._edits.ask(action, self.subject, self)
        elif action.id in ("edit.undo", "edit.redo"):
            self._edits.undo(action)
        elif action.id == "query.open":
            from screens.conversation.screen import ConversationScreen

            self.app.push_screen(ConversationScreen(self.desk, self.reader, None))
        else:
            return False
        return True

    def action_next_pane(self) -> None:
        """From the queue to the cluster, and back."""
        (self.queue if self.reader.has_focus else self.reader).focus()

    def copy_text(self) -> str:
        """The title of the cluster, or the query under the cursor."""
        value = self.reader.value if self.reader.has_focus else None
        return value.text if isinstance(value, TextRow) else self.row.title if self.row else ""


def queue_line(row: ReviewRow) -> Line:
    """A cluster of the queue: size, share, title, and its heaviest reason."""
    spans: list[Span] = [(f"{row.size:>7,} ", "number"), (f"{percent(row.share)} ", "dim")]
    if row.state == "skipped":
        spans.append(("later ", "warn"))
    spans.append((one_line(row.title, 120), "dim" if row.state == "skipped" else "text"))
    if row.reasons:
        spans.append((f"  {', '.join(reason.replace('_', ' ') for reason in row.reasons)}", "other"))
    return Line(tuple(spans), row)


def why_lines(row: ReviewRow, width: int) -> list[Line]:
    """Why a person should look, and what it may belong together with."""
    lines = [Line((("Why it is here", "heading"),))]
    for words in row.why:
        parts = wrap(one_line(words, 400), width - 3)
        lines += [
            Line(((" ! " if n == 0 else "   ", "warn"), (part, "text"))) for n, part in enumerate(parts)
        ]
    if row.neighbour is not None and row.neighbour_title is not None:
        told = f"M merges it with {row.neighbour}, {one_line(row.neighbour_title, 120)}"
        lines += [Line(((part, "dim"),)) for part in wrap(told, width)]
    return [*lines, Line()]


def empty_lines(progress: ReviewNext, width: int) -> list[Line]:
    """What stands where the queue is empty."""
    done = progress.accepted
    told = (
        f"Nothing is left: all {done:,} clusters that needed a person were looked at."
        if done
        else "No cluster needs a person: none is flagged, incoherent, tiny, huge, mixed or named like another."
    )
    return [Line(((part, "good"),)) for part in wrap(told, width)]
