"""What the review queue shows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

State = Literal["open", "skipped", "accepted"]
"""Whether a person has looked; a cluster for which a new reason has come up since is open again."""


@dataclass(frozen=True)
class ReviewRow:
    """A cluster that may need a person; `need` grows with the weight of the reasons, which stand in `why` in words."""

    cluster: int
    title: str
    size: int
    share: float
    coherence: float | None
    """As measured, 0 to 1."""
    rated: int | None
    """1 to 5: by a person, else by a model."""
    languages: int
    state: State
    need: int
    reasons: tuple[str, ...]
    """`flagged`, `unnamed`, `incoherent`, `mixed_languages`, `duplicate_title`, `low_fit`, `no_parent`, `huge`, `tiny`."""
    why: tuple[str, ...]
    neighbour: int | None
    """The cluster that it may belong together with: the one with almost the same title, else the nearest."""
    neighbour_title: str | None


@dataclass(frozen=True)
class ReviewNext:
    """What to look at next, and how far the review is: clusters that need a person, by what was said of them."""

    run: str
    cluster: ReviewRow | None
    """`None`: nothing is left."""
    open: int
    skipped: int
    accepted: int
