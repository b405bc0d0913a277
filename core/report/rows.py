"""What the action on reports answers with."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Masked:
    """How often a kind of text was masked."""

    kind: str
    count: int


@dataclass(frozen=True)
class ReportMade:
    """A report that was written; `bytes` is its length."""

    path: str
    format: str
    run: str
    hierarchy: str | None
    nodes: int
    """Nodes of the tree, or clusters of a run without one, that are shown; the root is none of them."""
    examples: int
    hidden_clusters: int
    """Clusters below the threshold, whose texts and names were left out."""
    hidden_queries: int
    redacted: tuple[str, ...]
    masked: tuple[Masked, ...]
    bytes: int
    note: str
    """What was left out, and why."""
