"""The tree: children are asked for when a node is expanded, a thousand at a time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.message import Message

from core.rows import ClusterRow, NodeRow
from core.text import one_line
from screens.widgets.row_list import RowList
from screens.widgets.spans import Line, Span, coherence_mark, percent, share_bar

BAR = 6
"""Cells of a share bar."""

LEGEND = (
    ("\u25cf", "good", "coherent"), ("\u25d0", "text", "middling"), ("\u25cb", "warn", "loose"), ("?", "warn", "bad fit"),
    ("\u2691", "warn", "flag"), ("\u2591", "dim", "noise"),
)  # fmt: skip
"""What the marks of the tree mean; they are told apart by shape."""

GLYPHS = {"noise": "\u2591", "orphans": "\u25cc", "no_parent": "\u25cc"}
"""What stands before the title of a special node without children, by kind."""


@dataclass(eq=False)
class Branch:
    """A node of the tree as it is shown; `row` is a `NodeRow`, or a `ClusterRow` where there is no tree."""

    row: NodeRow | ClusterRow
    depth: int
    parent: Branch | None = None
    children: list[Branch] = field(default_factory=list)
    loaded: bool = False
    expanded: bool = False
    after: str | None = None
    """The cursor of the children that are not loaded yet."""
    total: int = 0

    @property
    def node(self) -> str | None:
        """The node's id; `None` where there is no tree."""
        return self.row.node if isinstance(self.row, NodeRow) else None

    @property
    def key(self) -> str:
        """What tells the branch from all others, in this tree and in the next reading of it."""
        return row_key(self.row)

    @property
    def count(self) -> int:
        """How many children the node has, loaded or not."""
        return self.row.children if isinstance(self.row, NodeRow) else 0


def row_key(row: NodeRow | ClusterRow) -> str:
    """The node's id, or the cluster's number where there is no tree."""
    return row.node if isinstance(row, NodeRow) else f"cluster {row.cluster}"


@dataclass(frozen=True)
class More:
    """The line that stands for children that are not loaded."""

    branch: Branch


def legend_spans() -> tuple[Span, ...]:
    """The marks with their meanings."""
    return tuple(
        span for mark, look, meaning in LEGEND for span in ((f" {mark}", look), (f" {meaning}", "dim"))
    )


def growth_spans(growth: float | None) -> tuple[Span, ...]:
    """By what factor a share grew, with an arrow: six cells and a blank."""
    if growth is None:
        return ((" " * 7, "dim"),)
    arrow, look = (
        ("\u2191", "good") if growth >= 1.05 else ("\u2193", "warn") if growth <= 0.95 else ("\u2192", "dim")
    )
    figure = f"{growth:.2f}" if growth < 10 else f"{min(growth, 999):.0f}"
    return ((f"{arrow}{figure:>5} ", look),)


class TreeList(RowList):
    """Nodes with size, share, marks and title. It asks for children and never reads them itself."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("o", "fold", "Expand", show=False),
        Binding("right,l", "expand", "Expand", show=False),
        Binding("left,h", "collapse", "Collapse", show=False),
        Binding("n", "sibling(1)", "Next sibling", show=False),
        Binding("p", "sibling(-1)", "Previous sibling", show=False),
    ]

    class ChildrenWanted(Message):
        """Children of a branch must be read: the first of them, or those after `branch.after`."""

        def __init__(self, branch: Branch) -> None:
            super().__init__()
            self.branch = branch

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self.roots: list[Branch] = []
        self.opened: str | None = None
        """The node that the session stands on."""
        self.sort: str | None = None
        """The order of siblings; its figure is shown where the size does not tell it."""
        self._by_key: dict[str, Branch] = {}

    @property
    def branch(self) -> Branch | None:
        """The branch under the cursor."""
        return self.value if isinstance(self.value, Branch) else None

    def find(self, key: str) -> Branch | None:
        """The branch of a node that is loaded."""
        return self._by_key.get(key)

    def expanded(self) -> list[str]:
        """The ids of the expanded nodes, parents first."""
        return [b.node for b in self._walk(self.roots) if b.expanded and b.node]

    def set_roots(self, roots: Sequence[Branch]) -> None:
        """Show another tree."""
        self.roots = list(roots)
        self._by_key = {b.key: b for b in self._all(self.roots)}
        self.rebuild()

    def add_children(
        self,
        branch: Branch,
        rows: Sequence[NodeRow | ClusterRow],
        after: str | None,
        total: int,
        *,
        replace: bool = False,
    ) -> None:
        """Put children under a branch; with `replace` in place of those that are there, keeping what is expanded."""
        if replace:
            old = {child.key: child for child in branch.children}
            branch.children = []
        else:
            old = {}
        for row in rows:
            child = old.get(row_key(row)) or Branch(row, branch.depth + 1, branch)
            child.row = row
            branch.children.append(child)
            self._by_key[child.key] = child
        branch.loaded, branch.after, branch.total = True, after, total

    def rebuild(self) -> None:
        """Draw the list anew after the branches changed; the cursor stays on its node."""
        here = self.branch
        self.set_lines(list(self._lines()))
        if here is not None:
            self.go_to(here.key)

    def go_to(self, key: str) -> bool:
        """Put the cursor on a node whose line is shown."""
        return self.select(lambda value: isinstance(value, Branch) and value.key == key)

    def branches(self) -> list[Branch]:
        """Every branch that is loaded, parents first."""
        return list(self._all(self.roots))

    def _all(self, branches: Sequence[Branch]) -> Iterator[Branch]:
        for branch in branches:
            yield branch
            yield from self._all(branch.children)

    def _walk(self, branches: Sequence[Branch]) -> Iterator[Branch]:
        for branch in branches:
            yield branch
            if branch.expanded:
                yield from self._walk(branch.children)

    def _lines(self) -> Iterator[Line]:
        pad = len(self._figure(self.roots[0])[0][0]) if self.roots and self._figure(self.roots[0]) else 0
        for branch in self._walk(self.roots):
            yield Line(self._spans(branch), branch)
            parent: Branch | None = branch.parent
            last = branch
            if branch.expanded and branch.children:
                continue
            while parent is not None and parent.children and parent.children[-1] is last:
                if parent.after is not None:
                    left = parent.total - len(parent.children)
                    blank = " " * (8 + BAR + 6 + pad + 2 * parent.depth)
                    yield Line(((f"{blank}\u2026 {left:,} more (enter shows them)", "dim"),), More(parent))
                last = parent
                parent = parent.parent
        if self.roots and self.roots[0].loaded and not self.roots[0].children:
            yield Line((("          Nothing passes the filter; F or esc takes it off.", "warn"),))

    def _figure(self, branch: Branch) -> tuple[Span, ...]:
        """What the list is sorted by, where that is neither the size nor the title."""
        if self.sort == "growth":
            return growth_spans(branch.row.growth)
        if self.sort == "coherence":
            coherence = branch.row.coherence
            return ((" " * 5 if coherence is None else f"{coherence:4.2f} ", "number"),)
        return ()

    def _spans(self, branch: Branch) -> tuple[Span, ...]:
        row, parent = branch.row, branch.parent
        special = row.kind in ("noise", "orphans", "no_parent")
        title = "All queries" if row.kind == "root" and not row.title else one_line(row.title, 160)
        look = "dim" if special else "strong" if row.kind in ("root", "theme") else "text"
        whole = parent.row.size if parent is not None else row.size
        return (
            (f"{row.size:>7,} ", "number"),
            (share_bar(row.size / whole if whole else 0.0, BAR), "bar"),
            (f" {percent(row.share)} ", "dim"),
            *self._figure(branch),
            ("  " * branch.depth, "text"),
            self._mark(branch),
            (" ? " if isinstance(row, NodeRow) and row.low_fit else " ", "warn"),
            *((("\u2691 ", "warn"),) if row.flags else ()),
            (title, look),
            *((("  " + " ".join(f"#{one_line(tag, 30)}" for tag in row.tags), "other"),) if row.tags else ()),
        )

    def _mark(self, branch: Branch) -> Span:
        """Whether a node is expanded, how coherent a cluster is, or which special node it is; the open one in colour."""
        if branch.count:
            mark, look = ("\u25be" if branch.expanded else "\u25b8"), "dim"
        elif branch.row.kind == "cluster":
            mark, look = coherence_mark(branch.row.coherence)
        else:
            mark, look = GLYPHS.get(branch.row.kind, "\u00b7"), "dim"
        return mark, "key" if branch.node is not None and branch.node == self.opened else look

    def action_fold(self) -> None:
        """Expand or collapse the branch under the cursor."""
        branch = self.branch
        if branch is not None and branch.expanded:
            branch.expanded = False
            self.rebuild()
        else:
            self.action_expand()

    def action_expand(self) -> None:
        """Show the children; on an expanded branch, go to the first of them."""
        value = self.value
        if isinstance(value, More):
            self.post_message(self.ChildrenWanted(value.branch))
        elif isinstance(value, Branch) and value.count:
            if not value.expanded:
                self.open(value)
            elif value.loaded:
                self.step(1)

    def open(self, branch: Branch) -> None:
        """Expand a branch, reading its children when they are not there."""
        branch.expanded = True
        if branch.loaded:
            self.rebuild()
        else:
            self.post_message(self.ChildrenWanted(branch))

    def action_collapse(self) -> None:
        """Hide the children, or go to the parent's line."""
        branch = self.branch
        if branch is None:
            self.step(-1)
        elif branch.expanded and branch.children:
            branch.expanded = False
            self.rebuild()
        elif branch.parent is not None:
            parent = branch.parent
            self.select(lambda value: value is parent)

    def action_sibling(self, by: int) -> None:
        """To the next or previous node of the same parent."""
        branch = self.branch
        if branch is None:
            return
        row = branch.parent.children if branch.parent else self.roots
        at = row.index(branch) + by
        if 0 <= at < len(row):
            target = row[at]
            self.select(lambda value: value is target)
