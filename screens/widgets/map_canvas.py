"""A map drawn in braille or in half blocks, with labels that do not overlap and a cursor."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Literal

from rich.cells import cell_len
from rich.style import Style
from textual.events import Resize
from textual.message import Message
from textual.strip import Strip

from core.map.rows import MapShown
from core.text import one_line
from screens.widgets.bars import Bar
from screens.widgets.row_list import RowList
from screens.widgets.spans import Drawn, Span, fit

By = Literal["clusters", "themes"]
Marks = Literal["braille", "blocks"]

INKS = 7
LABEL = 24
"""Cells of a label at most."""

FEW = 0.005
"""Smaller shares of what is in sight get no label."""

LIT = "\u25cf"
"""A cell with queries that are lit up: told by its shape."""

CURSOR = "\u254b"
MARK = "\u25a0"
"""Stands before the name of what has a colour."""


@dataclass(frozen=True)
class Frame:
    """The part of the map in sight: `left` and `top` in its units, `cell` the width of a column; a row is twice as high."""

    left: float
    top: float
    cell: float

    def at(self, column: int, row: int) -> tuple[float, float]:
        """The point in the middle of a cell."""
        return self.left + (column + 0.5) * self.cell, self.top - (row + 0.5) * 2 * self.cell

    def cell_of(self, x: float, y: float) -> tuple[int, int]:
        """The cell, column and row, of a point; it may lie outside of what is in sight."""
        return int((x - self.left) // self.cell), int((self.top - y) // (2 * self.cell))


@dataclass(frozen=True)
class Label:
    """A name on the map: where it begins, and how many cells it takes."""

    column: int
    row: int
    text: str
    cells: int
    look: str


INK_CLASSES = {f"map--ink{n}" for n in range(INKS)}
"""`styles/map.tcss` says what each is like."""


class Inked(Drawn):
    """A widget with the colours of the map beside the looks of all."""

    COMPONENT_CLASSES: ClassVar[set[str]] = INK_CLASSES

    def look(self, name: str, cursor: bool = False) -> Style:
        """The style of a look, or of `ink0` to `ink6`."""
        if not name.startswith("ink"):
            return super().look(name, cursor)
        style = self._looks.get((name, cursor))
        if style is None:
            found = self.get_component_styles(f"map--{name}").rich_style
            style = super().look("text", cursor) + Style(color=found.color)
            self._looks[name, cursor] = style
        return style


class InkBar(Bar, Inked):
    """A bar that may be in the colours of the map."""

    COMPONENT_CLASSES: ClassVar[set[str]] = INK_CLASSES


class InkList(RowList, Inked):
    """Lines that may be in the colours of the map."""

    COMPONENT_CLASSES: ClassVar[set[str]] = INK_CLASSES


def ink(number: int) -> str:
    """The look of a colour of the map."""
    return f"ink{number}" if number >= 0 else "dim"


class MapCanvas(Inked, can_focus=True):
    """Draws what `map.show` answers."""

    class Resized(Message):
        """There is room for more or fewer cells."""

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.shown: MapShown | None = None
        self.by: By = "clusters"
        self.marks: Marks = "braille"
        self.cursor: tuple[int, int] | None = None
        self.drawings = 0
        """How often it was made anew."""
        self._rows: list[list[Span]] = []
        self._labels: list[Label] = []

    def on_resize(self, event: Resize) -> None:  # noqa: ARG002
        self.post_message(self.Resized())

    def show(self, shown: MapShown | None, by: By, marks: Marks) -> None:
        """Draw an answer; `None`: nothing."""
        self.shown, self.by, self.marks = shown, by, marks
        self.drawings += 1
        self._rows, self._labels = [], []
        if shown is not None:
            width, height = self.size
            self._rows = _glyphs(shown, by, marks, width, height)
            self._labels = labels(shown, by, marks, width, height)
        self.refresh()

    def put_cursor(self, column: int, row: int) -> None:
        """Move the cursor to a cell within sight."""
        column, row = max(0, min(column, self.size.width - 1)), max(0, min(row, self.size.height - 1))
        before, self.cursor = self.cursor, (column, row)
        for place in (before, self.cursor):
            if place is not None:
                self.refresh_line(place[1])

    def refresh_line(self, y: int) -> None:
        """Draw a line again."""
        from textual.geometry import Region

        self.refresh(Region(0, y, self.size.width, 1))

    def render_line(self, y: int) -> Strip:
        """A line of cells, labels over them, the cursor over all."""
        width = self.size.width
        if y >= len(self._rows):
            return self.draw((), width)
        cells = self._rows[y]
        spans: list[Span] = []
        at = 0
        for label in sorted((label for label in self._labels if label.row == y), key=lambda one: one.column):
            spans += cells[at : label.column]
            spans += [(MARK, label.look), (label.text, "strong")]
            at = label.column + label.cells
        spans += cells[at:]
        if self.cursor is None or self.cursor[1] != y or self.shown is None:
            return self.draw(_merged(spans), width)
        column = self.cursor[0]
        strip = self.draw(_merged(spans), width)
        mark = self.draw(((CURSOR, "strong"),), 1, cursor=True)
        return Strip.join([strip.crop(0, column), mark, strip.crop(column + 1, width)])


def _merged(spans: Sequence[Span]) -> list[Span]:
    """Neighbours of one look as one span."""
    found: list[Span] = []
    text: list[str] = []
    look = ""
    for part, name in spans:
        if name != look and text:
            found.append(("".join(text), look))
            text = []
        text.append(part)
        look = name
    if text:
        found.append(("".join(text), look))
    return found


def _glyphs(shown: MapShown, by: By, marks: Marks, width: int, height: int) -> list[list[Span]]:
    """A glyph with its look for every cell of the canvas."""
    empty: Span = (" ", "text")
    grid = [[empty] * width for _ in range(height)]
    cells = shown.cells
    looks = cell_looks(shown, by)
    lights = shown.lit is not None
    if marks == "braille":
        for column, row, dots, look, lit in zip(
            cells.column, cells.row, cells.dots, looks, cells.lit, strict=True
        ):
            if row < height and column < width:
                grid[row][column] = (LIT, look) if lit else (chr(0x2800 + dots), "dim" if lights else look)
        return grid
    # Each half of a cell is a cell of its own; one glyph has one colour, so that of the fuller half is told.
    halves: dict[tuple[int, int], list[tuple[int, str, int, int]]] = {}
    for column, row, queries, look, lit in zip(
        cells.column, cells.row, cells.queries, looks, cells.lit, strict=True
    ):
        halves.setdefault((row // 2, column), []).append((row % 2, look, queries, lit))
    for (row, column), parts in halves.items():
        if row < height and column < width:
            glyph = "\u2588" if len(parts) == 2 else "\u2584" if parts[0][0] else "\u2580"
            look = max(parts, key=lambda part: part[2])[1]
            lit = any(part[3] for part in parts)
            grid[row][column] = (LIT, look) if lit else (glyph, "dim" if lights else look)
    return grid


def cell_looks(shown: MapShown, by: By) -> list[str]:
    """The look of each cell: the colour of its leading cluster or theme."""
    if by == "themes":
        of_theme: dict[str | None, str] = {theme.node: ink(theme.ink) for theme in shown.themes}
        return [of_theme.get(node, "dim") for node in shown.cells.theme]
    of_cluster = {cluster.cluster: ink(cluster.ink) for cluster in shown.clusters}
    return [of_cluster.get(number, "dim") for number in shown.cells.cluster]


def labels(shown: MapShown, by: By, marks: Marks, width: int, height: int) -> list[Label]:
    """Names of those of most queries in sight, as many as leave most of the map in sight, none over another."""
    found: list[Label] = []
    taken: list[set[int]] = [set() for _ in range(height)]
    most = max(3, width * height // 220)
    named = shown.themes if by == "themes" else shown.clusters
    for one in named:
        if len(found) >= most:
            break
        told = one.lit if shown.lit is not None else one.in_sight
        few = shown.lit is None and len(found) >= 3 and told < FEW * shown.queries
        if one.kind in ("noise", "orphans") or not told or few:
            continue
        title = one_line(one.title, LABEL * 2)
        text = fit(title, min(cell_len(title), LABEL)).rstrip()
        cells = cell_len(text) + 1
        row = one.row // 2 if marks == "blocks" else one.row
        column = max(0, min(one.column - cells // 2, width - cells))
        # Below the middle, so that a small cluster stays in sight.
        for place in (row + 1, row - 1, row):
            wanted = set(range(column - 1, column + cells + 1))
            if cells <= width and 0 <= place < height and not wanted & taken[place]:
                taken[place] |= wanted
                found.append(Label(column, place, text, cells, ink(one.ink)))
                break
    return found
