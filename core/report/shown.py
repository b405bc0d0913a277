"""The words of a tree of which some nodes are held back: none of theirs may stand in a name above them."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from core.redact.mask import Redactor
from core.report.hidden import APART, Hidden, plural
from core.rows import NodeRow

_WORD = re.compile(r"[^\W_]+")
_SHARES = re.compile(r"\s*[\d,.]+ quer(?:y|ies): [^“”]*$")
WITHHELD = "Withheld: it names clusters below the threshold."


@dataclass(frozen=True)
class Branch:
    """A node that is shown, and what is held back right below it: `small` clusters with `queries`."""

    node: NodeRow
    title: str
    description: str
    children: tuple[Branch, ...]
    small: int = 0
    queries: int = 0

    @property
    def says_small(self) -> str:
        """What is held back below, in words."""
        return f"{plural(self.small, 'small cluster')}, {plural(self.queries, 'query')}"


def branches(nodes: Sequence[NodeRow], hidden: Hidden, redactor: Redactor) -> Branch:
    """The tree as it may leave; its words masked.

    The name of a theme may be made of its clusters' names. Where something below a theme is held back, its description stays
    here, and its title as well if it has a word of a hidden title that no shown one has.

    Args:
        nodes: All nodes, the root first, each after its parent's level, siblings in order.
        hidden: What is held back.
        redactor: Masks every text.
    """
    below: dict[str | None, list[NodeRow]] = {}
    for node in nodes:
        below.setdefault(node.parent, []).append(node)
    clusters = clusters_below(nodes)
    secret: dict[str, set[str]] = {}
    known: dict[str, set[str]] = {}
    for node in reversed(nodes):
        words = _words(node.title) if node.cluster is not None and node.kind not in APART else set()
        held = node.node in hidden.nodes
        children = [child.node for child in below.get(node.node, ())]
        secret[node.node] = set().union(words if held else (), *(secret[child] for child in children))
        known[node.node] = set().union(() if held else words, *(known[child] for child in children))

    def branch(node: NodeRow) -> Branch:
        held = [child for child in below.get(node.node, ()) if child.node in hidden.nodes]
        title, description = node.title, description_of(node.description, hidden)
        if secret[node.node] and node.kind == "theme":
            description = WITHHELD
            if _words(title) & (secret[node.node] - known[node.node]):
                title = f"Theme {node.node}"
        return Branch(
            node,
            redactor.text(title),
            redactor.text(description),
            tuple(branch(child) for child in below.get(node.node, ()) if child.node not in hidden.nodes),
            sum(clusters[child.node] for child in held),
            sum(child.size for child in held),
        )

    return branch(nodes[0])


def description_of(description: str, hidden: Hidden) -> str:
    """A cluster's description; under a threshold without the shares of languages and models that the local namer ends with."""
    return _SHARES.sub("", description) if hidden.strict else description


def _words(text: str) -> set[str]:
    return {word.casefold() for word in _WORD.findall(text)}


def clusters_below(nodes: Sequence[NodeRow]) -> Counter[str]:
    """How many clusters each node holds, itself included."""
    parents = {node.node: node.parent for node in nodes}
    counted: Counter[str] = Counter()
    for node in nodes:
        here: str | None = node.node if node.cluster is not None else None
        while here is not None:
            counted[here] += 1
            here = parents[here]
    return counted
