"""The steps' questions on their way to the model: what was asked, and what became of it, taken together."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

from core.errors import ActionError
from core.llm.asking import in_batch
from core.llm.caller import Caller
from core.llm.question import Outcome, Question

STAGES = {
    "propose": ("proposing themes", "neighbourhoods"),
    "dedupe": ("comparing themes", "lists of themes"),
    "assign": ("assigning", "choices"),
    "rename": ("naming themes", "themes"),
}
"""What the progress says of each step, and what is counted."""

PROBE = 20
"""Questions that are asked of a model that has not answered any before all the others are."""

Outcomes = list[Outcome[Any]]


class Ask(Protocol):
    """Asks the questions of a step."""

    def __call__(self, step: str, questions: Sequence[Question[Any]]) -> Outcomes:
        """The outcomes, in the order of the questions."""


class Unanswered(Exception):
    """A rehearsal came to questions that the journal does not answer: `left` of the `every` questions of `step`.

    `in_batch` more wait for their answers in batches. `items` are what the level groups, and `wanted` the nodes of this level and of those above it.
    """

    def __init__(self, step: str, left: Sequence[Question[Any]], in_batch: int, every: int) -> None:
        super().__init__(step)
        self.step = step
        self.left = left
        self.in_batch = in_batch
        self.every = every
        self.items = 0
        self.wanted: tuple[int, ...] = ()


class Asker:
    """Asks by a caller, and keeps the outcomes of every step.

    Args:
        caller: Asks.
        rehearsed: Raise `Unanswered` where the journal has no answer.
    """

    def __init__(self, caller: Caller[Any], *, rehearsed: bool = False) -> None:
        self.caller = caller
        self.rehearsed = rehearsed
        self.outcomes: list[tuple[str, Outcome[Any]]] = []

    @property
    def answered(self) -> bool:
        """Whether any answer came that can be used."""
        return any(outcome.answer is not None for _, outcome in self.outcomes)

    def __call__(self, step: str, questions: Sequence[Question[Any]]) -> Outcomes:
        """Ask the questions of a step.

        Raises:
            ActionError: What the caller raises when nothing was answered at all; `nothing_answered` where no answer can be used.
            Unanswered: In a rehearsal.
        """
        self.caller.purpose = step
        self.caller.stage, self.caller.unit = STAGES[step]
        first = len(questions) if self.answered or self.rehearsed else PROBE
        found: Outcomes = []
        for part in (questions[:first], questions[first:]):
            if part:
                found += self.caller.ask(part)
                self.outcomes += [(step, outcome) for outcome in found[len(found) - len(part) :]]
            if questions[first:]:
                self.check()
        pending = [(q, o) for q, o in zip(questions, found, strict=True) if o.status == "pending"]
        if self.rehearsed and pending:
            workspace, target = self.caller.workspace, self.caller.client.target
            left = [question for question, o in pending if not in_batch(workspace, target, question, o)]
            raise Unanswered(step, left, len(pending) - len(left), len(questions))
        return found

    def check(self) -> None:
        """Raise `nothing_answered` when no answer so far can be used: a tree would be the model's in name alone."""
        if self.answered:
            return
        problems = (outcome.problem for _, outcome in self.outcomes if outcome.problem)
        problem = self.caller.bill.stopped or next(problems, "no answer came")
        hint = "Nothing was stored; what was answered is in the journal. method=local needs no model."
        raise ActionError("nothing_answered", f"No answer can be used: {problem}", hint)
