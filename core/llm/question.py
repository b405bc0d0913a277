"""What is asked of a model, what became of it, and what it cost."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, Literal, TypeVar

from pydantic import BaseModel

from core.llm.provider import Prompt

T = TypeVar("T", bound=BaseModel)

Status = Literal["answered", "unsupported", "failed", "pending"]


@dataclass(frozen=True)
class Question(Generic[T]):
    """One thing to ask. `judge` says what is wrong with an answer that can be read; empty: nothing.

    An answer that is judged wrong is asked for once more; if that is wrong, too, it is kept and marked. Attempts below
    `first_attempt` were asked before, and what the journal has of them is passed over. Questions that differ in `vote`
    alone are asked one by one: each is an opinion of its own.
    """

    prompt: Prompt
    schema: type[T]
    judge: Callable[[T], str]
    first_attempt: int = 0
    vote: int = 0


@dataclass(frozen=True)
class Outcome(Generic[T]):
    """What became of a question.

    `answered`; `unsupported`: kept, though `problem` says what is wrong with it; `failed` for good; or `pending`: the
    work stopped before. `tokens_*` and `cost` are of all calls that led here, whenever they were paid.
    """

    status: Status
    answer: T | None
    problem: str
    prompt_hash: str
    attempt: int
    tokens_in: int = 0
    tokens_out: int = 0
    cost: float | None = 0.0


@dataclass
class Bill:
    """What one run of the loop sent and paid; `cost` is in dollars, of calls whose price is known."""

    calls: int = 0
    answered: int = 0
    tokens_in: int = 0
    tokens_out: int = 0
    cost: float = 0.0
    stopped: str | None = None
    """Why it ended before everything was asked."""


@dataclass(frozen=True)
class Budget:
    """What may be spent in one run; `None`: no limit."""

    max_cost: float | None = None
    max_calls: int | None = None
