"""What the actions on trees answer with."""

from __future__ import annotations

from dataclasses import dataclass

from core.rows import HierarchyMade


@dataclass(frozen=True)
class ClioMade(HierarchyMade):
    """A tree that a language model has built."""

    status: str = "done"
    """`done`, or `partial`: a part of it was finished without the model."""
    low_fit: int = 0
    """Nodes that should be looked at: do they belong where they are?"""
    unsupported: int = 0
    """Answers that were kept although something is wrong with them."""
    failed: int = 0
    """Questions that were not answered in a way that can be used; the nearest was taken."""
    pending: int = 0
    """Questions that were not asked any more, likewise."""
    calls: int = 0
    """Requests sent this time, those that failed included."""
    cost: float | None = 0.0
    """Dollars paid this time; `None` where the price is not known."""
    stopped: str | None = None
    """Why not everything was asked."""
    notes: tuple[str, ...] = ()
    """What is unusual about the tree: a theme that holds nearly everything, and the like."""


@dataclass(frozen=True)
class TreePlan:
    """What a tree by a model would take, if its answers can be used.

    How many themes a model proposes and how many of them find children is for it to say, so this is a range. Tokens are
    estimated (`core.llm.tokens`). The low price has short answers; the high one has every question asked twice and
    every answer as long as it may be.
    """

    run: str
    model: str
    clusters: int
    levels: tuple[int, ...]
    """Nodes that each level should have, top first."""
    calls_low: int
    calls_high: int
    from_journal: int
    """Questions whose answer is in the journal already, and costs nothing."""
    tokens_in_low: int
    tokens_in_high: int
    cost_low: float | None
    cost_high: float | None
    prices: str | None
    """When the price table was written; `given` for `price=`, `config` for the settings', `local` for a model of one's own."""
    in_batch: int = 0
    """Questions that wait in batches for their answers, which are paid for then."""


@dataclass(frozen=True)
class Vote:
    """Votes for a theme, by the title that it had then; an empty title is none of the themes."""

    theme: str
    votes: int


@dataclass(frozen=True)
class AskedRow:
    """One call: the step of the method, what was said, and the answer as it came, raw."""

    step: str
    vote: int
    system: str
    user: str
    answer: str


@dataclass(frozen=True)
class NodeShown:
    """A node, and why it is what and where it is."""

    hierarchy: str
    method: str
    model: str
    node: str
    kind: str
    title: str
    description: str
    size: int
    parent: str | None
    parent_title: str | None
    fit: float | None
    low_fit: bool
    placed: str
    """In words: by the model, as the nearest, or as none of the themes."""
    votes: tuple[Vote, ...]
    problem: str
    """What was wrong with the answers on its name or its place; empty: nothing."""
    asked: tuple[AskedRow, ...] = ()
