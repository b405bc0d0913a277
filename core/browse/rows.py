"""What walking a tree answers with, and how a list of nodes or clusters is arranged."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Sort = Literal["size", "coherence", "title", "growth"]
"""The biggest, the least coherent, the first by title, or what grew most comes first; noise and the like come last."""

ClusterSort = Literal["size", "coherence", "title", "growth", "cluster"]
"""Clusters can be listed by their numbers, too."""


@dataclass(frozen=True)
class Narrowing:
    """Which clusters are listed, and which of their queries are counted; `None`: all.

    Every word of `text` begins a word in the title or the description of the cluster, or in the title of a theme above
    it, in any case; `tag` is one of its tags. Queries in another `language` or to another `chat_model` are not counted, and
    clusters without any left are not listed.
    """

    text: str | None = None
    language: str | None = None
    chat_model: str | None = None
    tag: str | None = None

    @property
    def none(self) -> bool:
        """Whether everything is listed."""
        return self == Narrowing()


@dataclass(frozen=True)
class Arrangement:
    """In which order the nodes are shown, and which of them."""

    sort: str
    text: str | None
    language: str | None
    chat_model: str | None
    tag: str | None


@dataclass(frozen=True)
class NameInSet:
    """The name of a cluster in one set of names; `summary_set` is `None` for what was written by hand."""

    summary_set: str | None
    alias: str
    model: str
    current: bool
    title: str
    description: str
    coherence: int | None
    """1 to 5, by the model."""
    status: str
    """`named`, `unsupported`, `failed` or `pending`; `by hand`."""
    created_at: str
