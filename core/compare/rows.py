"""What comparisons answer with."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Kind = Literal["same", "grown", "shrunk", "changed", "split", "merged", "regrouped", "new", "gone"]
"""What became of clusters: `same` keeps nine tenths; `grown`, `shrunk` and `changed` (as large as before, other queries)
are one cluster still; `split` is one into several, `merged` several into one, `regrouped` several into several; `gone`
was scattered, `new` was gathered from several."""

Shown = Literal["pieces", "matched", "cells"]
"""Which rows a comparison lists."""

Sort = Literal["size", "moved"]
"""Of pieces: the largest first, or those from which, or to which, most queries moved."""


@dataclass(frozen=True)
class Agreement:
    """How far two groupings of `queries` queries agree: 1 is the same, 0 for ARI and AMI as by chance.

    NMI and AMI with the arithmetic mean; homogeneity: each cluster of b lies in one of a; completeness: each of a in one of b.
    Null where there is no query to agree on.
    """

    over: Literal["all", "clustered"]
    """`all`: noise is a class of its own; `clustered`: only queries that are in a cluster on both sides."""
    queries: int
    ari: float | None
    ami: float | None
    nmi: float | None
    homogeneity: float | None
    completeness: float | None
    v: float | None


@dataclass(frozen=True)
class Side:
    """One of the two; `queries`, `clusters` and `noise` count the queries that both hold."""

    name: str
    label: str
    queries: int
    clusters: int
    noise: int
    only_here: int
    """Queries that the other one does not hold; they count nowhere else."""


@dataclass(frozen=True)
class Part:
    """A cluster, or a theme of a tree; `size` counts the queries that both sides hold, `moved` those in no matched pair."""

    id: str
    title: str
    size: int
    moved: int


@dataclass(frozen=True)
class Matched:
    """A cluster of a and the one of b that stands for it, where each stands for at most one."""

    a: Part
    b: Part
    overlap: int
    jaccard: float
    moved_out: int
    moved_in: int


@dataclass(frozen=True)
class Cell:
    """Queries that are in this cluster of a and in this cluster of b; empty cells are left out."""

    a: Part
    b: Part
    queries: int
    share_of_a: float
    share_of_b: float


@dataclass(frozen=True)
class Piece:
    """What became of some clusters of a: they are those of b. Each cluster stands in exactly one piece.

    `stayed` queries are on both sides of it, `moved_out` left it, `moved_in` came to it; `jaccard` is `stayed` over the
    three together. `moved` of them are in no matched pair, counted in a or in b, where there are more. For what is gone `b` is empty and `near` says where most of it went; for what is new, whence most came.
    """

    kind: Kind
    a: tuple[Part, ...]
    b: tuple[Part, ...]
    stayed: int
    moved_out: int
    moved_in: int
    jaccard: float
    moved: int
    near: Part | None = None
    flows: tuple[Cell, ...] = ()
    """The largest cells of its clusters: within the piece, and where queries went to or came from."""


@dataclass(frozen=True)
class KindCount:
    """Pieces of one kind, and the queries in their clusters of a (of b for what is new)."""

    kind: Kind
    pieces: int
    queries: int


@dataclass(frozen=True)
class Compared:
    """Two groupings of the same queries. `moved` queries are in no matched pair and not noise on both sides."""

    a: Side
    b: Side
    shared: int
    agreement: tuple[Agreement, ...]
    kinds: tuple[KindCount, ...]
    moved: int
    moved_share: float
    to_noise: int
    from_noise: int
    show: Shown
    rows: tuple[Piece, ...] | tuple[Matched, ...] | tuple[Cell, ...]
    total: int
    after: str | None
    note: str


@dataclass(frozen=True)
class MovedRow:
    """A text, how often it was asked among these queries, and its cluster in each run."""

    text_id: int
    query: int
    text: str
    times: int
    a: int
    a_title: str
    b: int
    b_title: str


@dataclass(frozen=True)
class NodeMovedRow:
    """A text, how often it was asked among these queries, and the node that holds it in each tree."""

    text_id: int
    query: int
    text: str
    times: int
    a: str
    a_title: str
    b: str
    b_title: str
