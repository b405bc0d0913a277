"""What actions answer with: plain, frozen data that a screen draws and a script prints.

Every string from a chat log is as it was loaded; whoever shows it passes it through `core.text` first.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from core.facets.rows import FacetTop


@dataclass(frozen=True)
class Share:
    """How many queries have one value of a facet."""

    value: str
    count: int
    share: float


@dataclass(frozen=True)
class DatasetRow:
    dataset: str
    source: str
    shape: str
    conversations: int
    texts: int
    rejected: int
    loaded_at: str


@dataclass(frozen=True)
class Loaded:
    dataset: str
    loaded: int
    duplicates: int
    rejected: int
    texts: int
    shape: str
    advice: str | None = None


@dataclass(frozen=True)
class RejectRow:
    line: int
    reason: str
    raw: str
    source: str


@dataclass(frozen=True)
class Status:
    """What the workspace holds, and the next step that makes sense."""

    conversations: int
    texts: int
    datasets: tuple[DatasetRow, ...]
    spaces: int
    runs: int
    next_step: str


@dataclass(frozen=True)
class Embedded:
    space: str
    texts: int
    dim: int
    new: int
    model: str
    device: str
    why: str
    advice: str | None = None


@dataclass(frozen=True)
class SpaceRow:
    space: str
    model: str
    revision: str
    dim: int
    texts: int
    missing: int
    """Texts of the store that have no vector in this space."""


@dataclass(frozen=True)
class ModelRow:
    """An embedding model, and whether it can be used on this machine."""

    model: str
    dim: int | None
    usable: bool
    note: str


@dataclass(frozen=True)
class RunRow:
    run: str
    label: str
    algorithm: str
    dataset: str
    space: str
    clusters: int
    queries: int
    noise: int
    status: str
    summary_set: str | None
    hierarchy: str | None
    created_at: str


@dataclass(frozen=True)
class RunDetail(RunRow):
    parameters: dict[str, Any]
    seed: int
    reasons: tuple[str, ...]
    metrics: dict[str, Any]
    code_version: str


@dataclass(frozen=True)
class RunMade:
    run: str
    clusters: int
    noise: int
    queries: int
    metrics: dict[str, Any]
    reasons: tuple[str, ...]


@dataclass(frozen=True)
class ClusterRow:
    cluster: int
    kind: str
    """`cluster`, `noise` or `orphans`."""
    title: str
    size: int
    share: float
    texts: int
    coherence: float | None
    phrases: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    flags: tuple[str, ...] = ()
    growth: float | None = None
    """As of a node."""


@dataclass(frozen=True)
class TextRow:
    """A distinct query: `times` is how often it was asked, `query` the first conversation that asks it."""

    text_id: int
    query: int
    text: str
    times: int
    language: str | None
    chat_model: str | None
    cluster: int | None = None
    cluster_title: str | None = None
    distance: float | None = None
    score: float | None = None


@dataclass(frozen=True)
class Neighbour:
    cluster: int
    title: str
    size: int
    similarity: float


@dataclass(frozen=True)
class ClusterDetail:
    cluster: int
    run: str
    kind: str
    title: str
    description: str
    size: int
    share: float
    texts: int
    coherence: float | None
    phrases: tuple[str, ...]
    languages: tuple[Share, ...]
    models: tuple[Share, ...]
    central: tuple[TextRow, ...]
    boundary: tuple[TextRow, ...]
    outside: tuple[TextRow, ...]
    neighbours: tuple[Neighbour, ...]
    node: str | None
    path: tuple[str, ...]
    quality: int | None = None
    """1 to 5, by a person."""
    tags: tuple[str, ...] = ()
    flags: tuple[str, ...] = ()
    notes: str = ""
    version: int = 0
    """The last edit that changed the cluster, to give to `expect=`; 0 where none did."""
    facets: tuple[FacetTop, ...] = ()
    """The most frequent values of each facet that was made."""


@dataclass(frozen=True)
class NodeRow:
    """A node of the tree: `kind` is `root`, `theme`, `cluster`, `noise`, `orphans` or `no_parent`."""

    node: str
    parent: str | None
    level: int
    kind: str
    title: str
    description: str
    size: int
    share: float
    coherence: float | None
    fit: float | None
    low_fit: bool
    cluster: int | None
    children: int
    tags: tuple[str, ...] = field(default=(), kw_only=True)
    flags: tuple[str, ...] = field(default=(), kw_only=True)
    growth: float | None = field(default=None, kw_only=True)
    """By what factor its share grew from the earlier to the later half of the log, where it is listed by growth."""


@dataclass(frozen=True)
class NodeOpened(NodeRow):
    path: tuple[str, ...]
    path_ids: tuple[str, ...]
    rows: tuple[NodeRow, ...]
    """The children, biggest first; special nodes last."""


@dataclass(frozen=True)
class SummarySetRow:
    summary_set: str
    run: str
    alias: str
    model: str
    clusters: int
    current: bool
    created_at: str
    status: str = "done"
    """`done`, or `partial`: some clusters keep a name that needs no model; `summary.resume` goes on."""
    cost: float | None = 0.0
    """Dollars that its names have cost; `None` where the price is not known."""


@dataclass(frozen=True)
class SummaryMade:
    summary_set: str
    run: str
    clusters: int
    mixed: int
    status: str = "done"
    unsupported: int = 0
    """Names that are kept although the members that they cite do not support them."""
    failed: int = 0
    pending: int = 0
    calls: int = 0
    """Requests sent this time, those that failed included."""
    cost: float | None = 0.0
    """Dollars paid this time; `None` where the price is not known."""
    stopped: str | None = None
    """Why not everything was asked."""


@dataclass(frozen=True)
class SummaryPlan:
    """What naming by a model would take, if its answers can be used.

    Tokens are estimated (`core.llm.tokens`). The low price has short answers; the high one has every question asked twice and
    every answer as long as it may be.
    """

    run: str
    model: str
    clusters: int
    calls: int
    from_journal: int
    """Clusters whose answer is in the journal already, and costs nothing."""
    tokens_in: int
    tokens_out: int
    cost_low: float | None
    cost_high: float | None
    prices: str | None
    """When the price table was written; `given` for `price=`, `config` for the settings', `local` for a model of one's own."""
    in_batch: int = 0
    """Clusters whose question waits in a batch already."""


@dataclass(frozen=True)
class SummaryShown:
    """One name of a set, with what stands behind it."""

    summary_set: str
    model: str
    cluster: int
    title: str
    description: str
    form: str
    """`topic`, `mixed` or `miscellaneous`."""
    coherence: int | None
    """1 to 5, by the model."""
    reason: str
    status: str
    """`named`, `unsupported`, `failed` or `pending`."""
    problem: str
    cited: tuple[TextRow, ...]
    """The members that the name is said to be true of."""
    system: str | None = None
    user: str | None = None
    answer: str | None = None
    """The answer as it came, raw."""


@dataclass(frozen=True)
class HierarchyRow:
    hierarchy: str
    run: str
    summary_set: str
    method: str
    levels: int
    nodes: int
    current: bool
    created_at: str
    status: str = "done"
    """`done`, or `partial`: a part of it was to be made by a model, and was not."""
    cost: float | None = 0.0
    """Dollars that its answers have cost; `None` where the price is not known."""


@dataclass(frozen=True)
class HierarchyMade:
    hierarchy: str
    run: str
    nodes: int
    levels: int
    top: int
    no_parent: int


@dataclass(frozen=True)
class TurnRow:
    role: str
    content: str


@dataclass(frozen=True)
class Membership:
    run: str
    cluster: int
    title: str
    distance: float | None
    probability: float | None
    path: tuple[str, ...]
    flags: tuple[str, ...] = ()
    """Marks that a person put on the query in this run."""


@dataclass(frozen=True)
class QueryDetail:
    query: int
    conversation_id: str
    dataset: str
    text_id: int
    text: str
    times: int
    language: str | None
    chat_model: str | None
    timestamp: str | None
    user: str | None
    metadata: dict[str, Any]
    turns: tuple[TurnRow, ...]
    clusters: tuple[Membership, ...]


@dataclass(frozen=True)
class ClusterHit:
    cluster: int
    title: str
    description: str
    size: int
    score: float
    node: str | None


@dataclass(frozen=True)
class Exported:
    path: str
    format: str
    rows: int
    run: str
