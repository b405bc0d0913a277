"""What is asked of which model about the clusters of a run, made ready."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

from core.llm.pace import Pace
from core.llm.prices import Price
from core.llm.prompts import Template, bundled, from_file, parse
from core.llm.provider import Prompt
from core.llm.question import Question
from core.llm.target import Target, find_target
from core.lookup import RunInfo
from core.name.answer import PLACES, NameCluster, filled, unsupported
from core.name.contrast import Shown, read_shown
from core.paths import user_path
from core.session import Session

MAX_TOKENS = 1000
"""Tokens of an answer at most; twice as many where one was cut off."""


@dataclass(frozen=True)
class Order:
    """What is asked of which model: everything that makes two sets of names the same, and is kept with them."""

    model: str
    base_url: str | None
    examples: int
    contrast: int
    seed: int
    prompt: str
    """The template's text."""

    @property
    def template(self) -> Template:
        return parse(self.prompt, PLACES, needed=("inside",), source="the stored prompt")


@dataclass(frozen=True, eq=False)
class Work:
    """A naming that is ready to start: `questions` go with `shown`; `members` says how many of them a prompt holds."""

    run: RunInfo
    order: Order
    target: Target
    price: Price | None
    shown: tuple[Shown, ...]
    members: tuple[int, ...]
    questions: tuple[Question[NameCluster], ...]


def new_order(
    run: RunInfo, model: str, base_url: str | None, prompt: str | None, examples: int, contrast: int
) -> Order:
    """The order that the parameters of `summary.create` give.

    Raises:
        ActionError: `bad_prompt`.
    """
    if prompt is None:
        template = bundled("name", PLACES)
    else:
        template = from_file(user_path(prompt), PLACES, needed=("inside",))
    return Order(model, base_url, examples, contrast, run.seed, template.text)


def prepare(session: Session, run: RunInfo, order: Order, pace: Pace) -> Work:
    """Read what is shown of every cluster and write the questions.

    Raises:
        ActionError: `unknown_model`, `bad_base_url`, `bad_price`, `no_price`, `bad_limit`, `no_batch` or `bad_examples`.
    """
    target = find_target(order.model, order.base_url)
    price = pace.price_for(target, session.prices)
    template = order.template
    shown = read_shown(session.workspace, run, order.examples, order.contrast, session.control)
    questions, members = [], []
    for cluster in shown:
        system, user, count = filled(template, cluster)
        judge = partial(unsupported, members=count)
        questions.append(Question(Prompt(system, user, MAX_TOKENS), NameCluster, judge))
        members.append(count)
    return Work(run, order, target, price, shown, tuple(members), tuple(questions))
