"""What a tree is asked for with."""

from __future__ import annotations

from dataclasses import dataclass

from core.llm.pace import Pace


@dataclass(frozen=True)
class TreeRequest:
    """The parameters of `hierarchy.build`."""

    run: str | None
    set: str | None
    method: str
    levels: int
    width: int | None
    model: str | None
    base_url: str | None
    votes: int
    prompts: str | None
    pace: Pace
