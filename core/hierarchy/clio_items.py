"""What a level groups: clusters, and themes made of them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from core.cluster.result import Floats
from core.hierarchy.clio_vectors import Named
from core.hierarchy.leaves import Leaf
from core.llm.prompts import ITEM_LENGTH, item
from core.text import one_line
from db.titles import what_is_asked

How = Literal["model", "nearest", "none", "alone"]
"""How an item came to its parent: by the model; as the nearest theme, since the model gave none that exists; by the model's
word that none fits; or alone in a theme, whose place it took."""

IN_LIST = 160
"""Characters of a theme's description where many themes are listed."""


@dataclass(frozen=True)
class Asked:
    """The call that answered: what finds it in the journal."""

    prompt_hash: str
    attempt: int
    vote: int = 0


@dataclass(frozen=True)
class Placing:
    """Why an item stands under its parent: the votes by title (empty: none of the themes), and the calls that gave them."""

    how: How
    votes: tuple[tuple[str, int], ...] = ()
    calls: tuple[Asked, ...] = ()
    problem: str = ""
    asked: bool = True
    """Whether the model was asked at all."""

    @property
    def low(self) -> bool:
        """Whether the model was asked and never gave a parent that exists."""
        return self.how == "nearest" and self.asked

    def stored(self, parent: str) -> str:
        """As it is kept with the node, whose parent has the key `parent`."""
        values = {
            "how": self.how,
            "parent": parent,
            "asked": self.asked,
            "votes": [list(vote) for vote in self.votes],
            "calls": [[call.prompt_hash, call.attempt, call.vote] for call in self.calls],
            "problem": self.problem,
        }
        return json.dumps(values, ensure_ascii=False, sort_keys=True)


@dataclass(frozen=True, eq=False)
class Item(Named):
    """A cluster, or a theme with its `children`; `key` is the same in every build, `leaves` are places of clusters."""

    key: str
    size: int
    children: tuple[tuple[Item, Placing], ...] = ()
    alone: tuple[Placing, ...] = ()
    """How it came into themes that held nothing else, and whose places it took."""
    asked: Asked | None = None
    problem: str = ""


@dataclass(frozen=True, eq=False)
class Draft(Named):
    """A theme before it has children; `vector` is `[d]`, and `by_model` says whose words its title is in."""

    vector: Floats
    by_model: bool


def cluster_items(clusters: Sequence[Leaf]) -> list[Item]:
    """The ordinary clusters as the lowest level's items."""
    return [
        Item(leaf.title, what_is_asked(leaf.description), (at,), f"c{leaf.number}", leaf.size)
        for at, leaf in enumerate(clusters)
    ]


def shown(number: int, thing: Named) -> str:
    """A name with its number as one line of a prompt."""
    return item(number, thing.text)


def listed(number: int, theme: Named) -> str:
    """The same, shorter: one of many themes to choose from."""
    return item(number, f"{theme.title}. {one_line(theme.description, IN_LIST)}".strip())


def quoted(thing: Named) -> str:
    """A name as one line of a prompt, without a number."""
    line = json.dumps({"text": one_line(thing.text, ITEM_LENGTH)}, ensure_ascii=False)
    return line.replace("</", "<\\/")
