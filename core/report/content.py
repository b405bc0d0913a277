"""What a report says, before it is Markdown or HTML. Its texts are masked, but not escaped."""

from __future__ import annotations

from dataclasses import dataclass

from core.report.rows import Masked

COHERENCE = "Coherence says how alike a cluster's queries are: 0 is chance, 1 is identical."


@dataclass(frozen=True)
class Fact:
    """A figure or a setting with its name."""

    name: str
    value: str


@dataclass(frozen=True)
class Part:
    """Facts under a heading of their own."""

    heading: str
    facts: tuple[Fact, ...]


@dataclass(frozen=True)
class Portion:
    """A value of a field of the log, and its share of the queries of one group, 0 to 1."""

    value: str
    queries: int
    share: float


@dataclass(frozen=True)
class Entry:
    """A node of the tree; `share`, of all queries of the run, and `coherence` are 0 to 1."""

    key: str
    kind: str
    title: str
    description: str
    size: int
    share: float
    coherence: float | None
    quality: int | None
    examples: tuple[str, ...]
    languages: tuple[Portion, ...]
    models: tuple[Portion, ...]
    children: tuple[Entry, ...]
    small: str
    """What is held back right below it, in words; empty where nothing is."""
    deeper: int
    """Nodes below it that are not shown because they are too deep."""


@dataclass(frozen=True)
class Bar:
    """A period and the queries in it; `partial` where the log covers it only in part."""

    period: str
    queries: int
    partial: bool


@dataclass(frozen=True)
class Movement:
    """A cluster that moves, and the words for it; `counts` follow the periods."""

    title: str
    direction: str
    says: str
    counts: tuple[int, ...]


@dataclass(frozen=True)
class TrendPart:
    """What is asked more, or less, than before."""

    period: str
    bars: tuple[Bar, ...]
    moves: tuple[Movement, ...]
    note: str


@dataclass(frozen=True)
class Region:
    """A theme, or a cluster of a run without a tree, on the map: a letter in the cell `column`, `row` stands for it.

    `ink` is its colour, 0 to 6; `share` is of the queries that the map shows.
    """

    letter: str
    title: str
    share: float
    column: int
    row: int
    ink: int


@dataclass(frozen=True)
class MapPart:
    """The map as a grid from the top left; of each cell with queries the region that leads it and how dense it is, 1 to 4."""

    columns: int
    rows: int
    regions: tuple[Region, ...]
    cells: tuple[tuple[int, int, int, int], ...]
    """Column, row, position in `regions` (-1: none of them), density."""
    note: str


@dataclass(frozen=True)
class Score:
    """A figure of an evaluation, as it is written."""

    measure: str
    scope: str
    value: str
    interval: str
    counted: str


@dataclass(frozen=True)
class EvaluationPart:
    """The newest evaluation of the run."""

    name: str
    made: str
    scores: tuple[Score, ...]


@dataclass(frozen=True)
class Report:
    """A whole report."""

    title: str
    run: str
    hierarchy: str | None
    facts: tuple[Fact, ...]
    entries: tuple[Entry, ...]
    small: str
    languages: tuple[Portion, ...]
    models: tuple[Portion, ...]
    trends: TrendPart | None
    map: MapPart | None
    evaluation: EvaluationPart | None
    apart: tuple[Fact, ...]
    """Queries that stand in no theme."""
    method: tuple[Part, ...]
    left_out: tuple[str, ...]
    masked: tuple[Masked, ...]
    hidden_clusters: int
    hidden_queries: int
    note: str
