"""Asking about many records: alone, or several in one call, of which what is missing or wrong is asked again alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from core.facets.answer import values_by_number
from core.facets.order import Order, question_about
from core.facets.units import Item, Said
from core.llm.caller import Caller
from core.llm.prompts import Template
from core.llm.question import Outcome, Question, Status


@dataclass(frozen=True)
class Found:
    """What became of one item; `value` is `None` where it failed, or was not asked any more (`pending`)."""

    item: Item
    status: Status
    value: str | None
    problem: str
    prompt_hash: str
    attempt: int


@dataclass(frozen=True)
class Round:
    """What became of some items; `left` are the questions that have no answer yet, `cost` is in dollars."""

    found: tuple[Found, ...]
    left: tuple[tuple[Question[Any], Outcome[Any]], ...]
    answered: int
    cost: float


def ask(
    caller: Caller[Any], order: Order, template: Template, items: Sequence[Item], records: Sequence[Said]
) -> Round:
    """Ask about every item; results in the order of `items`.

    What failed before, and what a common answer left out or got wrong, is asked about alone.
    """
    groups = _grouped(items, order.per_call)
    questions = [
        question_about(order, template, [records[at] for at in group], items[group[0]].first_attempt)
        for group in groups
    ]
    outcomes = caller.ask(questions)
    found: dict[int, Found] = {}
    again: list[int] = []
    for group, outcome in zip(groups, outcomes, strict=True):
        if len(group) == 1:
            found[group[0]] = _alone(items[group[0]], outcome)
        elif outcome.status == "pending":
            found.update((at, _alone(items[at], outcome)) for at in group)
        else:
            answer = outcome.answer
            values = {} if answer is None else values_by_number(answer, order.kind, len(group))
            for n, at in enumerate(group, start=1):
                if n in values:
                    found[at] = _known(items[at], values[n], outcome)
                else:
                    again.append(at)
    second = [question_about(order, template, [records[at]], 0) for at in again]
    singles = caller.ask(second) if second else []
    found.update((at, _alone(items[at], outcome)) for at, outcome in zip(again, singles, strict=True))
    asked = [*zip(questions, outcomes, strict=True), *zip(second, singles, strict=True)]
    return Round(
        found=tuple(found[at] for at in range(len(items))),
        left=tuple(pair for pair in asked if pair[1].status == "pending"),
        answered=sum(outcome.status != "pending" for _, outcome in asked),
        cost=sum(outcome.cost or 0.0 for _, outcome in asked),
    )


def _grouped(items: Sequence[Item], per_call: int) -> list[list[int]]:
    """Positions of the items that share a call."""
    fresh = [at for at, item in enumerate(items) if not item.first_attempt]
    groups = [fresh[start : start + per_call] for start in range(0, len(fresh), per_call)]
    return groups + [[at] for at, item in enumerate(items) if item.first_attempt]


def _known(item: Item, value: str, outcome: Outcome[Any]) -> Found:
    return Found(item, "answered", value, "", outcome.prompt_hash, outcome.attempt)


def _alone(item: Item, outcome: Outcome[Any]) -> Found:
    value = outcome.answer.value if outcome.answer is not None and outcome.status == "answered" else None
    return Found(item, outcome.status, value, outcome.problem, outcome.prompt_hash, outcome.attempt)
