"""What evaluations answer with."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

EvaluationKind = Literal["run", "sweep"]


@dataclass(frozen=True)
class Measure:
    """One figure. `low` and `high` are its 95% interval where there is one, `n` what it was counted over.

    A value that could not be had is null, and `note` says why.
    """

    measure: str
    scope: str
    """Of what: `clusters`, `names`, `level 1` ..."""
    value: float | None
    low: float | None = None
    high: float | None = None
    n: int = 0
    note: str = ""


@dataclass(frozen=True)
class SweepRow:
    """One k. Silhouette, Davies-Bouldin, coherence and sizes are means over the seeds.

    Silhouette (cosine, -1 to 1) and Davies-Bouldin (lower is better) look at distinct texts; stability is the mean adjusted
    Rand index of each two seeds, coherence the mean of the clusters by their queries, sizes count queries.
    """

    k: int
    silhouette: float | None
    silhouette_spread: float | None
    """Standard deviation over the seeds; null for one seed."""
    davies_bouldin: float | None
    stability: float | None
    coherence: float
    smallest: float
    largest: float
    iterations: float
    """Passes over the data, which is what time goes by."""
    run: str | None = None


@dataclass(frozen=True)
class SweepMade:
    """A sweep; `recommended` is null where no k stands out, and `reason` says what is traded against what."""

    evaluation: str
    dataset: str
    space: str
    texts: int
    looked_at: int
    seeds: int
    rows: tuple[SweepRow, ...]
    recommended: int | None
    reason: str


@dataclass(frozen=True)
class SweepPlan:
    """What a sweep would do."""

    dataset: str
    space: str
    k: tuple[int, ...]
    clusterings: int
    texts: int
    looked_at: int
    runs: int
    """Runs that would be kept."""


@dataclass(frozen=True)
class EvaluationPlan:
    """What the questions to a language model would take; tokens and cost as in naming by a model."""

    run: str
    model: str
    questions: int
    calls: int
    from_journal: int
    tokens_in: int
    tokens_out: int
    cost_low: float | None
    cost_high: float | None
    prices: str | None


@dataclass(frozen=True)
class EvaluationMade:
    """An evaluation that was made; the same rows as `eval.show` has."""

    evaluation: str
    run: str
    summary_set: str | None
    hierarchy: str | None
    measures: tuple[Measure, ...]
    notes: tuple[str, ...]


@dataclass(frozen=True)
class EvaluationRow:
    """A line of the list of evaluations."""

    evaluation: str
    kind: EvaluationKind
    run: str | None
    dataset: str
    space: str
    rows: int
    says: str
    """Its most telling figures, or the recommendation, in one line."""
    created_at: str


@dataclass(frozen=True)
class EvaluationShown:
    """An evaluation as it was kept: `measures` of a run, or the rows of a `sweep`; `table` is either as text."""

    evaluation: str
    kind: EvaluationKind
    run: str | None
    dataset: str
    space: str
    summary_set: str | None
    hierarchy: str | None
    parameters: dict[str, Any]
    measures: tuple[Measure, ...]
    sweep: tuple[SweepRow, ...]
    recommended: int | None
    notes: tuple[str, ...]
    created_at: str
    table: tuple[str, ...]
