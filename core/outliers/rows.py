"""What the actions on outliers answer with."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Kind = Literal["noise", "far", "lone", "duplicates", "language"]
"""`noise`: in no cluster; `far`: at the edge of their cluster; `lone`: like no other text; `duplicates`: nearly the same
text many times; `language`: in a language that is rare in their cluster, or not in the one that the log says."""


@dataclass(frozen=True)
class OutlierRow:
    """A text, or the example of a group of near-duplicates, with its score (higher is farther out) and why, in words.

    `nearest` is the cluster whose centroid is nearest among those that the text is not in, `similarity` its cosine, and
    `own_similarity` that to the centroid of its own; null without vectors, the latter also for the noise.
    """

    kind: Kind
    text_id: int
    query: int
    text: str
    times: int
    language: str | None
    chat_model: str | None
    cluster: int
    cluster_title: str
    score: float
    reason: str
    nearest: int | None
    nearest_title: str | None
    similarity: float | None
    own_similarity: float | None
    like: int | None = None
    """For `lone`: the text that is most like it."""
    like_text: str | None = None
    group: int | None = None
    """For `duplicates`: the lowest text of the group."""
    group_texts: int | None = None
    group_queries: int | None = None
    members: tuple[int, ...] = ()
    """The first texts of the group, the most asked first."""
