"""A table as text: columns that share the width, cells wrapped."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich.cells import cell_len

from screens.widgets.spans import Span
from screens.widgets.wrapping import pad, wrap_spans

Row = Sequence[Sequence[Span]]

NARROWEST = 8
MOST_COLUMNS = 60


def table_lines(rows: Sequence[Row], width: int) -> Iterator[tuple[Span, ...]]:
    """The rows in lines of at most `width` cells, a rule under the first; a table of too many columns as a list of its cells."""
    columns = max(map(len, rows), default=0)
    if not columns:
        return
    if columns > MOST_COLUMNS or columns * (NARROWEST + 3) > width:
        for row in rows:
            for n, cell in enumerate(row):
                for _, spans in wrap_spans(cell, width - 2):
                    yield (("\u2502 " if n == 0 else "  ", "dim"), *spans)
        return
    wide = [max(_cells(row[n]) if n < len(row) else 0 for row in rows) for n in range(columns)]
    while sum(wide) + 3 * (columns - 1) > width and max(wide) > NARROWEST:
        wide[wide.index(max(wide))] -= 1
    for number, row in enumerate(rows):
        yield from _row(row, wide)
        if number == 0 and len(rows) > 1:
            yield (("\u2500\u253c\u2500".join("\u2500" * w for w in wide), "dim"),)


def _row(row: Row, wide: Sequence[int]) -> Iterator[tuple[Span, ...]]:
    cells = [[spans for _, spans in wrap_spans(cell, w)] for cell, w in zip(row, wide, strict=False)]
    cells += [[]] * (len(wide) - len(cells))
    for n in range(max(1, *map(len, cells))):
        line: list[Span] = []
        for at, w in enumerate(wide):
            if at:
                line.append((" \u2502 ", "dim"))
            part = cells[at][n] if n < len(cells[at]) else ()
            line += pad(part, w) if at < len(wide) - 1 else part
        yield tuple(line)


def _cells(cell: Sequence[Span]) -> int:
    return sum(cell_len(text) for text, _ in cell)
