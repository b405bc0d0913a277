"""A field in which something that exists is chosen: typing filters, up and down choose."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.widgets import Input

from core.text import one_line
from screens.widgets.row_list import RowList
from screens.widgets.spans import Line, Span, fit


@dataclass(frozen=True)
class Pick:
    """Something to choose: the value it gives, its title, its size, and why it stands where it stands."""

    value: str
    title: str
    size: int | None
    why: str


class PickInput(Input):
    """The line in which one types to filter. `picked` is the value of the line that is chosen below."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("down", "pick(1)", "Next", show=False),
        Binding("up", "pick(-1)", "Previous", show=False),
    ]

    def __init__(self, name: str) -> None:
        super().__init__(
            placeholder="part of the title, or the number; up and down choose",
            id=f"field-{name}",
            compact=True,
            select_on_focus=False,
        )

    @property
    def picked(self) -> str:
        """The value of the line under the cursor; what is typed where nothing is found."""
        parent = self.parent
        value = parent.rows.value if isinstance(parent, PickField) else None
        return value.value if isinstance(value, Pick) else self.value

    def action_pick(self, by: int) -> None:
        """Choose another line."""
        parent = self.parent
        if isinstance(parent, PickField):
            parent.rows.step(by)


class PickField(Vertical):
    """A line to type in, and what can be chosen under it.

    Args:
        param: The parameter.
        offered: What can be chosen, the likeliest first.
        matching: What of it fits what was typed.
    """

    def __init__(
        self,
        param: str,
        offered: Sequence[Pick],
        matching: Callable[[Sequence[Pick], str], list[Pick]],
    ) -> None:
        super().__init__(classes="pick")
        self._param = param
        self._offered = offered
        self._matching = matching

    @property
    def rows(self) -> RowList:
        """What can be chosen."""
        return self.query_one(RowList)

    def compose(self) -> ComposeResult:
        """The line and the list; the focus stays in the line."""
        yield PickInput(self._param)
        rows = RowList(id=f"picks-{self._param}")
        rows.can_focus = False
        yield rows

    def on_mount(self) -> None:
        """Show everything."""
        self._show("")

    @on(Input.Changed)
    def _typed(self, event: Input.Changed) -> None:
        event.stop()
        self._show(event.value)

    def _show(self, typed: str) -> None:
        found = self._matching(self._offered, typed)
        lines = [Line(pick_spans(pick), pick) for pick in found]
        self.rows.set_lines(lines or [Line((("nothing has that in its title", "warn"),))], top=True)


def pick_spans(pick: Pick) -> tuple[Span, ...]:
    """Size, number, why it is offered so early, and title."""
    size = "" if pick.size is None else f"{pick.size:,}"
    return (
        (f"{size:>7} ", "number"),
        (fit(pick.value, 6) + " ", "dim"),
        (fit(pick.why, 9) + " ", "dim"),
        (one_line(pick.title, 120), "text"),
    )
