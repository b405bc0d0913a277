"""What an action answered, as lines: a record as name and value, rows as a table."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any

from core.text import one_line
from screens.widgets.detail_lines import paragraph
from screens.widgets.spans import Line, Span, fit, wrap


def record_lines(data: Any, width: int) -> list[Line]:
    """A record as names and values; rows in it as a table."""
    lines: list[Line] = []
    fields = _fields(data)
    pad = max((len(name) for name, _ in fields), default=0) + 2
    for name, value in fields:
        head: Span = (name.replace("_", " ").ljust(pad), "dim")
        if isinstance(value, tuple) and value and dataclasses.is_dataclass(value[0]):
            lines += [Line(), Line((head, (f"{len(value):,}", "number"))), *table_lines(value, width)]
            continue
        for n, part in enumerate(wrap(plain(value) or "-", width - pad)):
            lines.append(Line((head if n == 0 else (" " * pad, "dim"), (part, "text"))))
    return lines


ENOUGH, LEAST = 16, 8
"""Cells to which a column is cut before others give way, and to which it is cut where none can."""

TELLING = frozenset(("title", "text", "score", "reason", "reasons", "says", "summary"))
"""Columns that say what a row is and why it is listed: they give way last."""


def table_lines(rows: Sequence[Any], width: int) -> list[Line]:
    """Columns as wide as their values, cut to share the width; where that leaves too little, those that tell least give way."""
    if not rows:
        return []
    if not dataclasses.is_dataclass(rows[0]):
        return [Line(((one_line(plain(row), width), "text"),)) for row in rows]
    names = [name for name, _ in _fields(rows[0])]
    names = [name for name in names if any(getattr(row, name, None) not in (None, "", ()) for row in rows)]
    cells = [[one_line(plain(getattr(row, name)), 80) for name in names] for row in rows]
    natural = [max(len(name), *(len(row[n]) for row in cells)) for n, name in enumerate(names)]
    same = [len(rows) > 1 and len({row[n] for row in cells}) == 1 for n in range(len(names))]
    giving = sorted(range(len(names)), key=lambda n: (_worth(names, n, same[n]), -n))
    left = list(range(len(names)))
    wide = _cut(natural, width, ENOUGH)
    while len(left) > 2 and _taken(wide) > width:
        left.remove(giving[len(names) - len(left)])
        wide = _cut([natural[n] for n in left], width, ENOUGH)
    wide = _cut(wide, width, LEAST)
    head, *body = (
        "  ".join(fit(row[n], w) for n, w in zip(left, wide, strict=True))
        for row in ([name.replace("_", " ") for name in names], *cells)
    )
    lines = [Line(((head, "heading"),)), *(Line(((row, "text"),)) for row in body)]
    if len(left) < len(names):
        gone = [
            name.replace("_", " ") + (f" (always {one_line(cells[0][n], 30)})" if same[n] else "")
            for n, name in enumerate(names)
            if n not in left
        ]
        told = f"Copied and written, but too wide for here: {', '.join(gone)}."
        lines += [Line(), *paragraph(told, width, "dim")]
    return lines


def _worth(names: Sequence[str], n: int, same: bool) -> int:
    """How much a column tells: least where it has one value in all rows, then where another one says it in words."""
    name = names[n]
    if same:
        return 0
    if {f"{name}_title", f"{name}_text", name.removesuffix("_id")} & ({*names} - {name}):
        return 1
    return 3 if name in TELLING else 2


def _cut(wide: Sequence[int], width: int, least: int) -> list[int]:
    """The widest columns cut, each to `least` cells at most, until all fit or none can be cut further."""
    cut = list(wide)
    while _taken(cut) > width and max(cut) > least:
        cut[cut.index(max(cut))] -= 1
    return cut


def _taken(wide: Sequence[int]) -> int:
    return sum(wide) + 2 * len(wide)


def _fields(data: Any) -> list[tuple[str, Any]]:
    if dataclasses.is_dataclass(data):
        return [(f.name, getattr(data, f.name)) for f in dataclasses.fields(data)]
    if isinstance(data, dict):
        return list(data.items())
    return [("", data)]


def plain(value: Any) -> str:
    """A value in words."""
    if value is None:
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return f"{value:,}" if abs(value) >= 10_000 else str(value)
    if isinstance(value, float):
        return f"{value:.3g}"
    if isinstance(value, dict):
        return ", ".join(f"{k}={plain(v)}" for k, v in value.items())
    if isinstance(value, tuple | list):
        return ", ".join(plain(v) for v in value)
    return str(value)
