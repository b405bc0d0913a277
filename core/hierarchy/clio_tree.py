"""The nodes of a tree that a model has built."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from core.cluster.blocks import unit
from core.cluster.result import Floats
from core.hierarchy.agglomerate import LOW_DEVIATIONS, low_fit
from core.hierarchy.clio_items import Item, Placing
from core.hierarchy.clio_levels import Grown
from core.hierarchy.clio_order import TreeWork
from core.hierarchy.nodes import NO_PARENT, NO_PARENT_TITLE, NewNode, coherence_of, describe
from core.hierarchy.save import Origin


class Assembly:
    """Turns items into nodes, depth first, with what stands behind each.

    A node's fit is the cosine of its centroid to its parent's, as where a tree is built without a model.
    """

    def __init__(self, work: TreeWork, grown: Grown) -> None:
        self._work = work
        self._mass = np.maximum([leaf.size for leaf in work.clusters], 1).astype(np.float64)
        self._nodes: list[NewNode] = []
        self.origins: list[Origin] = []
        self._add_children([(item, None) for item in grown.tops], "root", 1, None)
        if grown.lost:
            self._add_lost(grown.lost)

    def nodes(self) -> list[NewNode]:
        """The nodes below the root, parents first, the ill-fitting ones marked."""
        fits = [node.fit for node in self._nodes if node.fit is not None]
        threshold = low_fit(np.asarray(fits), LOW_DEVIATIONS) if fits else 0.0
        return [
            replace(node, low_fit=node.low_fit or (node.fit is not None and node.fit < threshold))
            for node in self._nodes
        ]

    def _add(
        self, item: Item, parent: str, place: int, level: int, above: Floats | None, placing: Placing | None
    ) -> None:
        own = [self._work.clusters[at] for at in item.leaves]
        leaf = None if item.children else own[0]
        key = f"c{leaf.number}" if leaf else f"t{place}" if parent == "root" else f"{parent}.{place}"
        centre = self._centre(item.leaves)
        fit = None if above is None else round(float(centre @ above), 4)
        self._nodes.append(
            NewNode(
                key=key,
                parent=parent,
                position=0,
                level=level,
                kind="cluster" if leaf else "theme",
                cluster=None if leaf is None else leaf.number,
                title=item.title,
                description=leaf.description if leaf else item.description,
                fit=fit,
                low_fit=placing is not None and placing.low,
                coherence=leaf.coherence if leaf else coherence_of(own),
                size=item.size,
            )
        )
        asked = item.asked
        self.origins.append(
            Origin(
                key,
                asked.prompt_hash if asked else "",
                asked.attempt if asked else 0,
                item.problem,
                _why(item, placing, parent),
            )
        )
        self._add_children(item.children, key, level + 1, centre)

    def _add_children(
        self, children: Sequence[tuple[Item, Placing | None]], parent: str, level: int, centre: Floats | None
    ) -> None:
        themes = 0
        for child, placing in sorted(children, key=lambda pair: _order(pair[0])):
            themes += bool(child.children)
            self._add(child, parent, themes, level, centre, placing)

    def _add_lost(self, lost: tuple[tuple[Item, Placing], ...]) -> None:
        leaves = sorted(leaf for item, _ in lost for leaf in item.leaves)
        own = [self._work.clusters[at] for at in leaves]
        size = sum(leaf.size for leaf in own)
        self._nodes.append(
            NewNode(
                NO_PARENT, "root", 0, 1, "no_parent", None, NO_PARENT_TITLE, describe(own), None, False, coherence_of(own), size
            )
        )  # fmt: skip
        self._add_children(lost, NO_PARENT, 2, self._centre(tuple(leaves)))

    def _centre(self, leaves: tuple[int, ...]) -> Floats:
        places = list(leaves)
        total = (self._work.directions[places] * self._mass[places, None]).sum(axis=0, dtype=np.float64)
        return np.asarray(unit(total[None])[0])


def _why(item: Item, placing: Placing | None, parent: str) -> str:
    """What is stored of how an item came where it is, with the calls of all levels that it rose through."""
    steps = [*item.alone, *([placing] if placing else [])]
    if not steps:
        return ""
    calls = tuple(call for step in steps for call in step.calls)
    return replace(steps[-1], how=placing.how if placing else "alone", calls=calls).stored(parent)


def _order(item: Item) -> tuple[int, int]:
    return -item.size, item.leaves[0]
