"""Wrapping of coloured text: by cells, never inside a character that is drawn as one, and as lazily as it is asked for."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich.cells import cell_len, split_graphemes

from screens.widgets.spans import Span

NARROWEST = 8
"""Cells of a line at least."""


def breaks(text: str, width: int) -> Iterator[tuple[int, int]]:
    """Where the lines of a text begin and end, in characters: after white space where there is some, else where they are full.

    Args:
        text: A line without a newline, made visible.
        width: Cells of a line.
    """
    width = max(width, NARROWEST)
    at, size = 0, len(text)
    while size - at > 0:
        # No line has more characters than this but those of which many take no cell; they go on in the next.
        window = text[at : at + 2 * width + 16]
        cut = _fitting(window, width)
        if at + cut >= size:
            yield at, size
            return
        space = cut if window[cut : cut + 1] == " " else window.rfind(" ", 1, cut)
        end = at + (cut if space <= 0 else space + 1)
        yield at, end
        at = end
    if not size:
        yield 0, 0


def _fitting(text: str, width: int) -> int:
    """How many characters fit into the cells; at least one."""
    if text.isascii():
        return min(len(text), width)
    used = 0
    for start, end, cells in split_graphemes(text)[0]:
        used += cells
        if used > width:
            return start or end
    return len(text)


def wrap_spans(spans: Sequence[Span], width: int) -> Iterator[tuple[int, tuple[Span, ...]]]:
    """The lines of a coloured text of any length: where each begins in characters, and its spans."""
    text = "".join(part for part, _ in spans)
    at = offset = 0
    for start, end in breaks(text, width):
        found: list[Span] = []
        place = start
        while place < end:
            part, look = spans[at]
            stop = min(end, offset + len(part))
            if stop > place:
                found.append((part[place - offset : stop - offset], look))
            place = max(place, stop)
            if stop == offset + len(part):
                at, offset = at + 1, stop
        yield start, tuple(found)


def pad(spans: Sequence[Span], width: int) -> tuple[Span, ...]:
    """The spans with blanks behind them up to so many cells."""
    left = width - sum(cell_len(text) for text, _ in spans)
    return (*spans, (" " * left, "text")) if left > 0 else tuple(spans)
