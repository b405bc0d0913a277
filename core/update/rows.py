"""What updating a run answers with."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Misfit:
    """How many of the new texts lie beyond the 99th percentile of the members of their nearest cluster."""

    texts: int
    """New distinct texts that were looked at: those that the run did not have in other queries."""
    bad: int
    share: float | None
    low: float
    high: float
    """Wilson's 95% interval of the share."""
    expected: float
    """The share that would fit badly if nothing had changed."""
    drifts: bool
    """Whether the interval lies above what is expected."""
    says: str


@dataclass(frozen=True)
class ClusterGrowth:
    """A cluster before and after; `expected` is its share of the run, of the new queries."""

    cluster: int
    title: str
    before: int
    new: int
    expected: float
    ratio: float | None
    q: float
    """The p-value corrected for as many clusters as there are (Benjamini and Hochberg, 1995)."""
    direction: str
    """`growing`, `shrinking`, or `not sure` where chance may explain the difference."""
    texts: int
    """New distinct texts."""
    bad: int
    """Of them those that fit badly."""


@dataclass(frozen=True)
class Outside:
    """New texts that fit badly and lie as close together as the members of a cluster."""

    texts: int
    queries: int
    example: str
    phrases: tuple[str, ...]
    likeness: float
    """Mean cosine of two of its texts."""
    nearest: int
    nearest_title: str
    similarity: float
    """Cosine of its centre and the centroid of the nearest cluster."""
    first_queries: tuple[int, ...]


@dataclass(frozen=True)
class Proposal:
    """What could be done, why, and the line of script that does it."""

    why: str
    line: str


@dataclass(frozen=True)
class Updated:
    """What joined a run. `queries` are new ones; `known` of them ask a text that the run had already."""

    run: str
    queries: int
    texts: int
    """Distinct texts among them that are new to the run."""
    known: int
    noise: int
    """New queries that are noise."""
    orphans: int
    """New queries of texts that a person had taken out of their cluster."""
    clusters: int
    """Clusters that got new queries."""
    total: int
    """Queries of the run now."""
    fit: Misfit
    growth: tuple[ClusterGrowth, ...]
    """The clusters that grew least as expected, at most 20, the surest first."""
    outside: tuple[Outside, ...]
    """The biggest first, at most 20."""
    proposals: tuple[Proposal, ...]
    notes: tuple[str, ...] = ()
    edit: int | None = None
    """The edit whose undo takes the queries out again; null where none joined."""
