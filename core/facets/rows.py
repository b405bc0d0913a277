"""What the actions on facets answer with."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class FacetRow:
    """A facet, and for how many conversations its value is known, could not be had, and was not asked for."""

    facet: str
    source: str
    """`log`: a field that every log has; else `model`, `import` or `metadata`."""
    unit: str
    kind: str
    values: tuple[str, ...]
    model: str
    known: int
    failed: int
    missing: int
    status: str
    cost: float
    created_at: str


@dataclass(frozen=True)
class FacetProblem:
    """A conversation whose value could not be had; `query` is its number."""

    query: int
    text: str
    problem: str


@dataclass(frozen=True)
class FacetShown(FacetRow):
    """A facet with what made it; of one query also its value, and what was asked and answered."""

    dataset: str
    question: str
    """What the model was asked, in words; for `import` and `metadata` where the values came from."""
    template: str
    problems: tuple[FacetProblem, ...]
    query: int | None = None
    value: str | None = None
    value_status: str | None = None
    problem: str = ""
    system: str | None = None
    user: str | None = None
    answer: str | None = None


@dataclass(frozen=True)
class FacetPlan:
    """What an extraction would take; `items` are distinct queries or conversations that have no value yet."""

    facet: str
    dataset: str
    model: str
    unit: str
    kind: str
    items: int
    conversations: int
    calls: int
    from_journal: int
    in_batch: int
    tokens_in: int
    tokens_out: int
    cost_low: float | None
    cost_high: float | None
    prices: str | None


@dataclass(frozen=True)
class FacetMade:
    """What became of an extraction or an import; `known`, `failed` and `missing` count conversations of the dataset."""

    facet: str
    dataset: str
    unit: str
    kind: str
    known: int
    failed: int
    missing: int
    status: str
    calls: int = 0
    cost: float | None = 0.0
    stopped: str | None = None
    note: str | None = None


@dataclass(frozen=True)
class FacetCount:
    """How many queries have a value; `value` null: none. `lift` is the share here over the share in the whole dataset."""

    value: str | None
    title: str | None
    count: int
    share: float
    lift: float


@dataclass(frozen=True)
class FacetValue:
    """How many queries have a value of one of several facets; `values` is how many values the facet has in all."""

    facet: str
    value: str | None
    title: str | None
    count: int
    share: float
    lift: float
    values: int


@dataclass(frozen=True)
class FacetCell:
    """Queries with one value of the rows' facet and one of the columns'.

    `share` is of the row, `lift` that share over the column's of the whole table, `expected` the count if the two had
    nothing to do with each other; `p` is of Fisher's exact test, `q` the same corrected for all cells of the table
    (Benjamini and Hochberg, 1995).
    """

    row: str
    row_title: str | None
    column: str
    column_title: str | None
    count: int
    expected: float
    share: float
    lift: float
    p: float
    q: float
    row_total: int
    column_total: int


@dataclass(frozen=True)
class FacetDeleted:
    facet: str
    dataset: str
    values: int


@dataclass(frozen=True)
class FacetTop:
    """The most frequent values of a facet in one cluster, as (value, queries)."""

    facet: str
    values: tuple[tuple[str, int], ...]
