"""The intruder test and the reconstruction put to a language model, every paid answer kept."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from pydantic import BaseModel, Field

from core.cluster.result import Indices
from core.evaluate.figures import missing, share
from core.evaluate.inputs import Grouped, Name, draw
from core.evaluate.intruder import MEMBERS, lineups
from core.evaluate.names import contents
from core.evaluate.reconstruct import SALT
from core.evaluate.rows import EvaluationPlan, Measure
from core.llm.asking import Manner, asking, rehearsing
from core.llm.pace import Pace
from core.llm.prices import Price
from core.llm.prompts import bundled, item
from core.llm.provider import Prompt, tokens_of
from core.llm.question import Outcome, Question
from core.llm.target import Target, find_target
from core.session import Session
from core.text import one_line

PURPOSE = "evaluate"
LISTED = 10
"""Names that a query may be put to: its own, and those of the clusters that are nearest to it."""
MAX_TOKENS = 300
USUAL_TOKENS, SHORT_TOKENS = 50, 15
DESCRIBED = 300


class FindIntruder(BaseModel):
    """The query that does not belong with the others."""

    common: str = Field(default="", description="One short sentence: what the others have in common.")
    intruder: int = Field(description="The number of the query that does not belong.")


class AssignQuery(BaseModel):
    """The group whose name fits the query best."""

    group: int = Field(description="The number of the group.")


@dataclass(frozen=True, eq=False)
class Quiz:
    """What a model is asked: the line-ups first, then the queries; `right` are the numbers of the right answers."""

    model: str
    target: Target
    price: Price | None
    questions: tuple[Question[Any], ...]
    right: tuple[int, ...]
    intruders: int
    choices: int


def prepare(
    session: Session,
    data: Grouped,
    names: Sequence[Name] | None,
    *,
    model: str,
    base_url: str | None,
    items: int,
    seed: int,
    pace: Pace,
) -> Quiz:
    """Write the questions; the texts are those that the tests by vectors ask about.

    Raises:
        ActionError: `unknown_model`, `bad_base_url`, `bad_price`, `no_price` or `bad_limit`.
    """
    target = find_target(model, base_url)
    price = pace.price_for(target, session.prices)
    found = _lineups(session, data, items, seed)
    intruders = len(found)
    choices = min(LISTED, data.k)
    if names and data.k > 1:
        found += _assignments(session, data, names, items, seed)
    questions, right = tuple(question for question, _ in found), tuple(number for _, number in found)
    return Quiz(model, target, price, questions, right, intruders, choices)


def _lineups(session: Session, data: Grouped, items: int, seed: int) -> list[tuple[Question[Any], int]]:
    template = bundled("eval_intruder", ("queries",))
    asked = lineups(data, items, seed)
    texts = contents(session.workspace, data.text_ids, {at for lineup in asked for at in lineup.texts})
    judge = partial(_bad_intruder, count=MEMBERS + 1)
    found: list[tuple[Question[Any], int]] = []
    for lineup in asked:
        lines = [item(n, texts[at]) for n, at in enumerate(lineup.texts, start=1)]
        system, user = template.fill({"queries": "\n".join(lines)})
        found.append((Question(Prompt(system, user, MAX_TOKENS), FindIntruder, judge), lineup.intruder + 1))
    return found


def _assignments(
    session: Session, data: Grouped, names: Sequence[Name], items: int, seed: int
) -> list[tuple[Question[Any], int]]:
    template = bundled("eval_assign", ("query", "groups"))
    drawn = np.concatenate(draw(data.labels, data.k, items, seed, SALT))
    texts = contents(session.workspace, data.text_ids, set(drawn.tolist()))
    found: list[tuple[Question[Any], int]] = []
    for at in drawn.tolist():
        shown = _listed(data, at, seed)
        lines = [_named(n, names[cluster]) for n, cluster in enumerate(shown.tolist(), start=1)]
        system, user = template.fill({"query": item(0, texts[at]), "groups": "\n".join(lines)})
        judge = partial(_bad_group, count=len(lines))
        right = int(np.flatnonzero(shown == data.labels[at])[0]) + 1
        found.append((Question(Prompt(system, user, MAX_TOKENS), AssignQuery, judge), right))
    return found


def _listed(data: Grouped, text: int, seed: int) -> Indices:
    """The cluster of a text and those nearest to it, in an order that says nothing."""
    own = int(data.labels[text])
    near = data.means @ data.take(np.array([text]))[0]
    near[own] = np.inf
    shown = np.argsort(-near, kind="stable")[:LISTED]
    return np.random.default_rng([seed, SALT + 1, text]).permutation(shown)


def _named(number: int, name: Name) -> str:
    line = {
        "n": number,
        "title": one_line(name.title, 100),
        "description": one_line(name.description, DESCRIBED),
    }
    return json.dumps(line, ensure_ascii=False).replace("</", "<\\/")


def _bad_intruder(answer: FindIntruder, count: int) -> str:
    fits = 1 <= answer.intruder <= count
    return "" if fits else f"intruder is {answer.intruder}: it must be a number from 1 to {count}."


def _bad_group(answer: AssignQuery, count: int) -> str:
    return (
        ""
        if 1 <= answer.group <= count
        else f"group is {answer.group}: it must be a number from 1 to {count}."
    )


def plan(session: Session, quiz: Quiz, run: str) -> EvaluationPlan:
    """What asking would take: the journal is played through, nothing is sent, and no key is needed."""
    with rehearsing(session, quiz.target, quiz.price, PURPOSE) as caller:
        outcomes = caller.ask(quiz.questions)
    left = [q for q, outcome in zip(quiz.questions, outcomes, strict=True) if outcome.status == "pending"]
    sent = sum(tokens_of(quiz.target, question.prompt, question.schema) for question in left)
    low = high = None
    if quiz.price is not None:
        low = round(quiz.price.cost(sent, SHORT_TOKENS * len(left)), 6)
        high = round(2 * quiz.price.cost(sent, MAX_TOKENS * len(left)), 6)
    return EvaluationPlan(
        run=run,
        model=quiz.model,
        questions=len(quiz.questions),
        calls=len(left),
        from_journal=len(quiz.questions) - len(left),
        tokens_in=sent,
        tokens_out=USUAL_TOKENS * len(left),
        cost_low=low,
        cost_high=high,
        prices=quiz.price.dated if quiz.price else None,
    )


def ask(
    session: Session, quiz: Quiz, pace: Pace, seed: int, manner: Manner | None = None
) -> tuple[list[Measure], list[str]]:
    """The figures by the model, and notes on what was not answered and what it cost, whenever it was paid.

    Raises:
        ActionError: `no_key`, `provider_unreachable`, `provider_refused` or `provider_failed`.
        StoreError: `store_locked` while another job calls models.
        Cancelled: Stopped; the answers so far are in the journal, and the same command goes on from there.
    """
    with asking(session, quiz.target, quiz.price, pace, PURPOSE, seed, manner or Manner()) as caller:
        outcomes = caller.ask(quiz.questions)
    given = [_number(outcome) for outcome in outcomes]
    rows = [
        _share("intruder", f"by {quiz.model}", quiz, given, slice(0, quiz.intruders), MEMBERS + 1),
        _share(
            "reconstruction@1",
            f"names, by {quiz.model}",
            quiz,
            given,
            slice(quiz.intruders, None),
            quiz.choices,
        ),
    ]
    cost = sum(outcome.cost or 0.0 for outcome in outcomes)
    silent = sum(number is None for number in given)
    notes = [f"{len(given) - silent} of {len(given)} questions were answered by {quiz.model}."]
    if quiz.price is not None:
        notes.append(f"The answers cost {cost:.4f} dollars.")
    if silent:
        notes.append("Questions without an answer count nowhere; the same command asks them again.")
    return rows, notes


def _number(outcome: Outcome[Any]) -> int | None:
    """What was answered; a number that stands for nothing is an answer, and wrong."""
    if outcome.answer is None:
        return None
    return int(outcome.answer.intruder if isinstance(outcome.answer, FindIntruder) else outcome.answer.group)


def _share(
    measure: str, scope: str, quiz: Quiz, given: Sequence[int | None], part: slice, choices: int
) -> Measure:
    pairs = [
        (got, right) for got, right in zip(given[part], quiz.right[part], strict=True) if got is not None
    ]
    if not pairs:
        return missing(measure, scope, "No question was answered.")
    found = sum(got == right for got, right in pairs)
    return share(measure, scope, found, len(pairs), f"Chance {1 / choices:.3f}; one of {choices}.")
