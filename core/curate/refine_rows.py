"""What refining a node answers with."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class RefinedCluster:
    """A cluster that stands under the refined node now."""

    cluster: int
    title: str
    size: int
    texts: int
    coherence: float | None
    made: bool
    """Whether it is new; else it kept its number, its marks and its notes."""


@dataclass(frozen=True)
class Refined:
    """One node that was clustered anew into children of its own, as one edit.

    `run`, `clusters`, `noise`, `queries`, `metrics` and `reasons` are those of `RunMade`, of the node alone.
    """

    run: str
    clusters: int
    noise: int
    queries: int
    metrics: dict[str, Any]
    reasons: tuple[str, ...]
    edit: int | None
    version: int
    """The last edit of the run, to give to `expect=`."""
    node: str | None
    """The theme over the clusters; `None` in a run without a tree."""
    title: str
    children: tuple[RefinedCluster, ...]
    """The biggest first."""
    gone: tuple[int, ...]
    moved: int
    summary: str
    notes: tuple[str, ...] = ()
