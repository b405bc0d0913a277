"""A question while it is asked."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic

from core.llm.question import Outcome, Question, T


@dataclass
class Task(Generic[T]):
    """A question on its way: what is asked now, how often it was, and what that cost."""

    at: int
    question: Question[T]
    asked: int = 0
    failures: int = 0
    sent: bool = False
    """Whether any of its requests left this process: else all that was said of it comes from the journal."""
    usable: Outcome[T] | None = None
    tokens_in: int = 0
    tokens_out: int = 0
    cost: float | None = 0.0

    def __post_init__(self) -> None:
        self.prompt = self.question.prompt
        self.attempt = self.question.first_attempt
        self.hash = ""
        self.expected = 0
