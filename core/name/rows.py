"""What the actions on sets of names answer with, beyond what `core.rows` has."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class OneName:
    """What one set calls a cluster; `pending` where it has no name for it."""

    title: str
    description: str
    form: str
    """`topic`, `mixed` or `miscellaneous`."""
    coherence: int | None
    """1 to 5, by the model."""
    status: str
    """`named`, `unsupported`, `failed` or `pending`."""


@dataclass(frozen=True)
class TwoNames:
    """A cluster's name in each of two sets."""

    cluster: int
    size: int
    equal: bool
    """Whether a reader takes the titles for the same: case, plural and punctuation do not count."""
    similarity: float | None
    """Cosine of the titles' vectors in the run's space, -1 to 1; `None` where a title has none."""
    a: OneName
    b: OneName


@dataclass(frozen=True)
class NameTotals:
    """A set of names as a whole: how many clusters have a name of each kind."""

    summary_set: str
    alias: str
    model: str
    coherence: float | None
    """The mean of those that the model gave."""
    mixed: int
    miscellaneous: int
    unsupported: int
    failed: int
    pending: int


@dataclass(frozen=True)
class NamesCompared:
    """Two sets of names of one run: as wholes, and side by side for some of the clusters.

    `equal` counts the clusters whose titles are, `similarity` is the mean over those that have one; both are of all clusters.
    `after` is what to give to `after=` for the next page of `rows`.
    """

    run: str
    clusters: int
    equal: int
    similarity: float | None
    a: NameTotals
    b: NameTotals
    rows: tuple[TwoNames, ...]
    after: str | None
