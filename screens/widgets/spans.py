"""Coloured pieces of text, and how they become a line on the screen.

This is the one place where text reaches the terminal: every piece passes through `core.text.visible`, and none of it
ever meets a markup parser.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rich.cells import cell_len, set_cell_size
from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from core.text import visible

if TYPE_CHECKING:
    from textual.widget import Widget

LOOKS = (
    "text", "dim", "strong", "heading", "number", "bar", "good", "warn", "bad", "key", "user", "other", "cursor", "tab",
)  # fmt: skip
"""The names of looks; `styles/app.tcss` says what each is like."""

LOOK_CLASSES = frozenset(f"look--{look}" for look in LOOKS)
"""The component classes of a widget that draws spans."""

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


def draw(widget: Widget, spans: Iterable[Span], width: int, cursor: bool = False) -> Strip:
    """The spans as one line of exactly `width` cells in the looks of the widget."""
    segments: list[Segment] = []
    left = width
    over = _cursor_style(widget) if cursor else Style.null()
    for text, look in spans:
        if left <= 0:
            break
        shown = visible(text[: left * 4 + 16]).replace("\n", "\u23ce")
        cells = cell_len(shown)
        if cells > left or len(text) > left * 4 + 16:
            shown = fit(text, left)
            cells = left
        segments.append(Segment(shown, widget.get_component_rich_style(f"look--{look}") + over))
        left -= cells
    if left > 0:
        segments.append(Segment(" " * left, widget.get_component_rich_style("look--text") + over))
    return Strip(segments, width)


def _cursor_style(widget: Widget) -> Style:
    style = widget.get_component_rich_style("look--cursor")
    return Style(bgcolor=style.bgcolor, bold=True)


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


def coherence_mark(coherence: float | None) -> Span:
    """A mark that tells coherent, middling and loose clusters apart by its shape."""
    if coherence is None:
        return " ", "dim"
    if coherence >= 0.3:
        return "\u25cf", "good"
    if coherence >= 0.12:
        return "\u25d0", "text"
    return "\u25cb", "warn"


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
            lines.append(line)
            line, used = "", 0
        while cells > width and cell_len(word.rstrip()) > width:
            head = set_cell_size(word, width).rstrip(" ") or word[:1]
            lines.append(head)
            word = word[len(head) :]
            cells = cell_len(word)
        line += word
        used += cells
    if line:
        lines.append(line)
    return lines


def _words(text: str) -> Sequence[str]:
    """Words with the spaces that follow them."""
    import re

    return re.findall(r"\S*\s+|\S+", text)
