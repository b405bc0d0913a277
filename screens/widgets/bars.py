"""One-line bars: where you are, what the keys do, how the job goes."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from textual.strip import Strip
from textual.widget import Widget

from screens.widgets.spans import LOOK_CLASSES, Span, draw


class Bar(Widget):
    """One line of spans; it cannot have the focus."""

    COMPONENT_CLASSES: ClassVar[set[str]] = set(LOOK_CLASSES)
    DEFAULT_CSS = "Bar { height: 1; width: 1fr; }"

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self.spans: tuple[Span, ...] = ()

    def set_spans(self, spans: Iterable[Span]) -> None:
        """Show other spans."""
        shown = tuple(spans)
        if shown != self.spans:
            self.spans = shown
            self.refresh()

    def render_line(self, y: int) -> Strip:
        """The bar."""
        return draw(self, self.spans if y == 0 else (), self.size.width)
