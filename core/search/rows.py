"""What the searches that are kept answer with."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class SavedSearch:
    """A search that was given a name: what was typed, and the parameters that were given with it; `None`: not given."""

    name: str
    text: str
    mode: str | None
    within: str | None
    cluster: int | None
    language: str | None
    chat_model: str | None
    where: str | None
    space: str | None
    run: str | None
    dataset: str | None
    saved_by: str
    saved_at: str


@dataclass(frozen=True)
class SearchForgotten:
    """The name of a saved search that is gone."""

    name: str
