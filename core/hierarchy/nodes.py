"""The nodes of a tree as they are stored, and what every way of building one says of them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from core.hierarchy.leaves import Leaf
from core.name.describe import listing

NO_PARENT = "no-parent"
NO_PARENT_TITLE = "No good parent"
SHOWN = 4
_GENERATED = re.compile(r"[\d,]+ queries in [\d,]+ clusters?: .*\.", re.DOTALL)


@dataclass(frozen=True)
class NewNode:
    """A row of the table `node`."""

    key: str
    parent: str | None
    position: int
    level: int
    kind: str
    cluster: int | None
    title: str
    description: str
    fit: float | None
    low_fit: bool
    coherence: float | None
    size: int


def with_root(nodes: Sequence[NewNode], leaves: Iterable[Leaf]) -> list[NewNode]:
    """The whole tree: the root, `nodes`, and the clusters that are no ordinary ones, such as the noise, on top."""
    every = list(leaves)
    apart = [
        NewNode(leaf.kind, "root", 0, 1, leaf.kind, leaf.number, leaf.title, leaf.description, None, False, None, leaf.size)
        for leaf in every
        if leaf.kind != "cluster"
    ]  # fmt: skip
    total = sum(leaf.size for leaf in every)
    root = NewNode("root", None, 0, 0, "root", None, "All queries", "", None, False, None, total)
    return [root, *_placed(_told_apart([*nodes, *apart]))]


def describe(leaves: Sequence[Leaf]) -> str:
    """How much a theme holds, and its biggest clusters by name."""
    largest = sorted(leaves, key=lambda leaf: -leaf.size)
    named = [leaf.title for leaf in largest[:SHOWN]]
    rest = len(leaves) - len(named)
    shown = listing([*named, f"{rest} more"] if rest else named)
    queries = sum(leaf.size for leaf in leaves)
    clusters = f"{len(leaves):,} cluster{'s' if len(leaves) != 1 else ''}"
    return f"{queries:,} queries in {clusters}: {shown}."


def is_generated(description: str) -> bool:
    """Whether a theme's description is one of `describe`, or none, and not a person's or a model's."""
    return not description or _GENERATED.fullmatch(description) is not None


def coherence_of(leaves: Iterable[Leaf]) -> float | None:
    """Mean coherence of the clusters, weighted by size."""
    known = [(leaf.coherence, leaf.size) for leaf in leaves if leaf.coherence is not None]
    total = sum(size for _, size in known)
    return round(sum(c * size for c, size in known) / total, 4) if total else None


def _told_apart(nodes: Iterable[NewNode]) -> list[NewNode]:
    """A number behind a title that an earlier sibling has: a title by hand may be that of a name that was made later."""
    seen: set[tuple[str | None, str]] = set()
    apart = []
    for node in nodes:
        title, number = node.title, 1
        while (node.parent, title) in seen:
            number += 1
            title = f"{node.title} ({number})"
        seen.add((node.parent, title))
        apart.append(node if title == node.title else replace(node, title=title))
    return apart


def _placed(nodes: Iterable[NewNode]) -> list[NewNode]:
    """Positions among siblings, in the order of the list."""
    counts: dict[str | None, int] = {}
    placed = []
    for node in nodes:
        counts[node.parent] = position = counts.get(node.parent, -1) + 1
        placed.append(replace(node, position=position))
    return placed
