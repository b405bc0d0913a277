"""Third step of a level: each item into the theme that the model gives it, by number, or into none."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Sequence
from functools import partial
from typing import Any

import numpy as np

from core.cluster.result import Floats
from core.hierarchy.clio_answers import AssignTheme, bad_assignment
from core.hierarchy.clio_asking import Ask
from core.hierarchy.clio_items import Asked, Draft, Item, Placing, listed, quoted
from core.hierarchy.clio_order import TreeWork
from core.hierarchy.clio_vectors import similarities
from core.llm.prompts import within
from core.llm.provider import Prompt
from core.llm.question import Outcome, Question

LISTED = 60
"""Themes that an item may choose from; where there are more, those nearest to it."""
LIST_TOKENS = 12_000
MAX_TOKENS = 200

Ballot = tuple[Question[Any], list[int]]
"""A question, and which theme each number of its list stands for."""


def assign(
    work: TreeWork, items: Sequence[Item], vectors: Floats, themes: Sequence[Draft], ask: Ask
) -> list[tuple[int | None, Placing]]:
    """For each item the place of its theme, `None` where the model says that none fits, and why.

    The most votes win; of equally many, the theme nearest to the item. Where no vote names a theme that exists, the item
    goes to the nearest theme, with a mark.
    """
    near = similarities(vectors, np.stack([theme.vector for theme in themes]))
    ballots = [
        ballot(work, item, themes, near[at], vote)
        for at, item in enumerate(items)
        for vote in range(work.order.votes)
    ]
    outcomes = ask("assign", [question for question, _ in ballots])
    votes = work.order.votes
    return [
        _counted(
            outcomes[first : first + votes], ballots[first : first + votes], themes, near[first // votes]
        )
        for first in range(0, len(ballots), votes)
    ]


def ballot(work: TreeWork, item: Item, themes: Sequence[Draft], near: Floats, vote: int) -> Ballot:
    """One vote on an item: the themes in an order that follows from the seed, the item and the vote."""
    order = [int(at) for at in np.argsort(-near, kind="stable")[:LISTED]]
    order.sort()
    random.Random(f"{work.order.seed}:{item.key}:{vote}").shuffle(order)
    lines = within((listed(n, themes[at]) for n, at in enumerate(order, start=1)), LIST_TOKENS)
    system, user = work.order.templates["assign"].fill({"item": quoted(item), "themes": "\n".join(lines)})
    judge = partial(bad_assignment, count=len(lines))
    question: Question[Any] = Question(Prompt(system, user, MAX_TOKENS), AssignTheme, judge, vote=vote)
    return question, order[: len(lines)]


def _counted(
    outcomes: Sequence[Outcome[Any]], ballots: Sequence[Ballot], themes: Sequence[Draft], near: Floats
) -> tuple[int | None, Placing]:
    chosen: Counter[int | None] = Counter()
    calls, problems = [], []
    for vote, (outcome, (_, order)) in enumerate(zip(outcomes, ballots, strict=True)):
        if outcome.problem:
            problems.append(outcome.problem)
        if outcome.answer is None:
            continue
        calls.append(Asked(outcome.prompt_hash, outcome.attempt, vote))
        if 0 <= outcome.answer.theme <= len(order):
            chosen[order[outcome.answer.theme - 1] if outcome.answer.theme else None] += 1
    problem = problems[0] if problems else ""
    nearest = int(np.argmax(near))
    if not chosen:
        asked = any(outcome.status != "pending" for outcome in outcomes)
        return nearest, Placing("nearest", (), tuple(calls), problem, asked)
    most = max(chosen.values())
    best = [at for at, count in chosen.items() if count == most]
    real = [at for at in best if at is not None]
    winner = max(real, key=lambda at: (near[at], -at)) if real else None
    votes = tuple(
        ("" if at is None else themes[at].title, count)
        for at, count in sorted(
            chosen.items(), key=lambda pair: (-pair[1], -1 if pair[0] is None else pair[0])
        )
    )
    return winner, Placing("none" if winner is None else "model", votes, tuple(calls), problem)
