"""Coloured pieces of text, and how they become a line on the screen.

This is the one place where text reaches the terminal: every piece passes through `core.text.visible`, and none of it
ever meets a markup parser.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from rich.cells import cell_len, set_cell_size
from rich.segment import Segment
from rich.style import Style
from textual.geometry import Region
from textual.strip import Strip
from textual.widget import Widget

from core.text import visible
from screens.faults import Guarded, kind_of

LOOKS = (
    "text", "dim", "strong", "heading", "number", "bar", "good", "warn", "bad", "key", "user", "other", "cursor", "tab", "hit",
    "code", "keyword", "literal", "comment", "emphasis", "found",
)  # fmt: skip
"""The names of looks; `styles/app.tcss` says what each is like."""

LOOK_CLASSES = frozenset(f"look--{look}" for look in LOOKS)
"""The component classes of the application: one set for all widgets, for each set costs time at every change of style."""

Span = tuple[str, str]
"""A text, and the name of its look."""


@dataclass(frozen=True)
class Line:
    """One line of a list; the cursor stops at lines that have a `value`."""

    spans: tuple[Span, ...] = ()
    value: object = None


def fit(text: str, width: int) -> str:
    """The text in exactly `width` cells: padded, or cut with an ellipsis."""
    text = visible(text[: width * 4 + 16]).replace("\n", "\u23ce")
    if cell_len(text) <= width:
        return set_cell_size(text, width)
    return set_cell_size(text, width - 1) + "\u2026" if width > 0 else ""


class Drawn(Guarded, Widget):
    """A widget that draws spans."""

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self._looks: dict[tuple[str, bool], Style] = {}
        self._fault: tuple[object, ...] = ()

    def notify_style_update(self) -> None:
        """Another theme, focus or class: the looks are made anew."""
        super().notify_style_update()
        self._looks = {}

    def look(self, name: str, cursor: bool = False) -> Style:
        """The style of a look on this widget's background, or on the cursor's."""
        style = self._looks.get((name, cursor))
        if style is None:
            ground = self.rich_style.bgcolor
            if cursor:
                ground = self.app.get_component_styles("look--cursor").rich_style.bgcolor
            found = self.app.get_component_styles(f"look--{name}").rich_style
            bold = True if cursor else found.bold
            if cursor and self.app.native_ansi_color:
                # The terminal's own palette promises nothing but that its two grounds can be read on one another.
                self._looks[name, cursor] = style = Style(reverse=True, bold=True, underline=found.underline)
                return style
            style = Style(
                color=found.color,
                bgcolor=ground,
                bold=bold,
                reverse=found.reverse,
                dim=found.dim,
                italic=found.italic,
                underline=found.underline,
            )
            self._looks[name, cursor] = style
        return style

    def render_lines(self, crop: Region) -> list[Strip]:
        """The lines of a region. A fault in drawing them is told once and leaves a mark in their place, for what is drawn
        again at every paint would never let the program go on."""
        try:
            return super().render_lines(crop)
        except Exception as error:
            if self._fault != kind_of(error):
                self._fault = kind_of(error)
                self.app._handle_exception(error)
            mark = Segment("(this could not be drawn)"[: crop.width].ljust(crop.width))
            return [Strip([mark], crop.width)] * crop.height

    def draw(self, spans: Iterable[Span], width: int, cursor: bool = False) -> Strip:
        """The spans as one line of exactly `width` cells."""
        segments: list[Segment] = []
        left = width
        for text, look in spans:
            if left <= 0:
                if text.strip() and segments:
                    # The line is full, and something is left that would not be seen.
                    last, style, _ = segments.pop()
                    segments.append(Segment(fit(f"{last}\u2026\u2026", cell_len(last)), style))
                break
            most = left * 4 + 16
            shown = visible(text[:most]).replace("\n", "\u23ce")
            cells = cell_len(shown)
            if cells > left or len(text) > most:
                shown, cells = fit(text, left), left
            segments.append(Segment(shown, self.look(look, cursor)))
            left -= cells
        if left > 0:
            segments.append(Segment(" " * left, self.look("text", cursor)))
        return Strip(segments, width)


def share_bar(share: float, width: int) -> str:
    """A bar of `width` cells, filled to the eighth of a cell; what is not zero shows at least one eighth."""
    eighths = round(max(0.0, min(share, 1.0)) * width * 8)
    if share > 0 and eighths == 0:
        eighths = 1
    full, part = divmod(eighths, 8)
    bar = "\u2588" * full + (chr(0x2590 - part) if part else "")
    return bar.ljust(width)


def percent(share: float) -> str:
    """A share in four cells: ` 12%`, `<1%`, `100%`."""
    if 0 < share < 0.01:
        return " <1%"
    return f"{share * 100:3.0f}%"


def queries(count: int) -> str:
    """The word for so many of them."""
    return "query" if count == 1 else "queries"


COHERENT, LOOSE = 0.3, 0.12
"""From the one coherence on a cluster is marked as coherent, below the other as loose; random texts have 0."""


def coherence_mark(coherence: float | None) -> Span:
    """A mark that tells coherent, middling and loose clusters apart by its shape."""
    if coherence is None:
        return "\u00b7", "dim"
    if coherence >= COHERENT:
        return "\u25cf", "good"
    return ("\u25d0", "text") if coherence >= LOOSE else ("\u25cb", "warn")


COHERENCE_LEGEND = "\u25cf coherent  \u25d0 middling  \u25cb loose  ? fits its theme badly"


def wrap(text: str, width: int) -> list[str]:
    """The text in lines of at most `width` cells: newlines stay, words break only when longer than a line."""
    width = max(width, 8)
    lines: list[str] = []
    for paragraph in visible(text).split("\n"):
        if cell_len(paragraph) <= width:
            lines.append(paragraph)
        else:
            lines.extend(_wrap_paragraph(paragraph, width))
    return lines


def _wrap_paragraph(paragraph: str, width: int) -> list[str]:
    lines: list[str] = []
    line = ""
    used = 0
    for word in _words(paragraph):
        cells = cell_len(word)
        if used and used + cell_len(word.rstrip()) > width:
            lines.append(line.rstrip())
            line, used = "", 0
        while cells > width and cell_len(word.rstrip()) > width:
            head = set_cell_size(word, width).rstrip(" ") or word[:1]
            lines.append(head)
            word = word[len(head) :]
            cells = cell_len(word)
        line += word
        used += cells
    if line:
        lines.append(line.rstrip())
    return lines


def _words(text: str) -> Sequence[str]:
    """Words with the spaces that follow them."""
    return re.findall(r"\S*\s+|\S+", text)
