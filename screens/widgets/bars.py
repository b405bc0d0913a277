"""One-line bars: where you are, what the keys do, how the job goes."""

from __future__ import annotations

from collections.abc import Iterable

from textual.strip import Strip

from screens.widgets.spans import Drawn, Span


class Bar(Drawn):
    """One line of spans; it cannot have the focus."""

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
        return self.draw(self.spans if y == 0 else (), self.size.width)
