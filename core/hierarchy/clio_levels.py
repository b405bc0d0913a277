"""The tree from the clusters upwards, level by level (Clio, arXiv 2412.13678)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from core.hierarchy.clio_asking import Ask, Unanswered
from core.hierarchy.clio_assign import assign
from core.hierarchy.clio_dedupe import dedupe
from core.hierarchy.clio_items import Draft, Item, Placing, cluster_items
from core.hierarchy.clio_order import TreeWork
from core.hierarchy.clio_propose import propose
from core.hierarchy.clio_rename import Children, rename
from core.hierarchy.clio_vectors import Places, neighbourhoods
from core.hierarchy.nodes import NO_PARENT_TITLE
from core.name.unique import title_key

NEIGHBOURHOOD = 40
"""Names of a neighbourhood, about."""
SKEWED, MANY = 0.6, 20
"""A theme that takes more than this share of more than so many items is told: perhaps the model lumped unlike things."""


@dataclass(frozen=True, eq=False)
class Grown:
    """A tree without its root: the top nodes, and what has no good parent, with the reason."""

    tops: tuple[Item, ...]
    lost: tuple[tuple[Item, Placing], ...]
    notes: tuple[str, ...]


def grow(work: TreeWork, ask: Ask) -> Grown:
    """Build every level of a tree.

    Raises:
        ActionError: What `ask` raises.
        Unanswered: In a rehearsal.
    """
    items = cluster_items(work.clusters)
    fixed = {title_key(leaf.title) for leaf in work.leaves} | {title_key(NO_PARENT_TITLE)}
    lost: list[tuple[Item, Placing]] = []
    notes: list[str] = []
    above = list(work.sizes[:-1])
    while above:
        wanted = above.pop()
        # What went to no parent is above no longer; a level that groups nothing would say the same twice.
        if len(items) <= wanted:
            continue
        try:
            level = _level(work, items, wanted, fixed, ask)
        except Unanswered as found:
            found.items, found.wanted = len(items), (wanted, *reversed(above))
            raise
        items = list(level.tops)
        fixed |= {title_key(item.title) for item in items}
        lost += level.lost
        notes += level.notes
    return Grown(tuple(items), tuple(lost), tuple(notes))


def _level(work: TreeWork, items: Sequence[Item], wanted: int, fixed: set[str], ask: Ask) -> Grown:
    vectors = work.meanings.of_items(items)
    groups = neighbourhoods(vectors, NEIGHBOURHOOD, work.order.seed, work.session.control)
    drafts = propose(work, items, vectors, groups, wanted, ask)
    themes = dedupe(work, drafts, len(groups), wanted, ask)
    placed = assign(work, items, vectors, themes, ask)
    full: list[tuple[Draft, Places, Children]] = []
    alone: list[Item] = []
    for at, theme in enumerate(themes):
        places = _by_size(items, [i for i, (chosen, _) in enumerate(placed) if chosen == at])
        if len(places) == 1:
            # A theme with one child would say the same thing twice: the child takes its place.
            only = items[places[0]]
            alone.append(replace(only, alone=(*only.alone, placed[places[0]][1])))
        elif len(places) > 1:
            full.append((theme, places, tuple((items[i], placed[i][1]) for i in places)))
    named = rename(work, items, vectors, full, fixed, ask)
    lost = [(items[i], placing) for i, (chosen, placing) in enumerate(placed) if chosen is None]
    return Grown(
        tuple(sorted([*named, *alone], key=_order)), tuple(lost), tuple(_notes(named, items, len(lost)))
    )


def _notes(themes: Sequence[Item], items: Sequence[Item], lost: int) -> list[str]:
    """What a person should look at: a theme that took nearly everything, and many items in none."""
    every = len(items)
    if every <= MANY:
        return []
    notes = [
        f'"{theme.title}" took {len(theme.children)} of the {every} nodes of its level.'
        for theme in themes
        if len(theme.children) > SKEWED * every
    ]
    if lost > (1 - SKEWED) * every:
        notes.append(f"The model found no good parent for {lost} of the {every} nodes of a level.")
    return notes


def _by_size(items: Sequence[Item], places: Sequence[int]) -> Places:
    return np.array(sorted(places, key=lambda at: _order(items[at])), dtype=np.int64)


def _order(item: Item) -> tuple[int, int]:
    """The biggest first, ties by the lowest cluster."""
    return -item.size, item.leaves[0]
