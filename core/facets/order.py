"""What is asked of which model about the records of a dataset, made ready."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from core.errors import ActionError
from core.facets.answer import several, single
from core.facets.builtin import BUILT_IN, check_name, question_of
from core.facets.kinds import Kind, kept_kind, kind_of
from core.facets.units import Said, Unit, lines_of
from core.llm.pace import Pace
from core.llm.prices import Price
from core.llm.prompts import Template, bundled, from_file, parse
from core.llm.provider import Prompt
from core.llm.question import Question
from core.llm.target import Target, find_target
from core.paths import is_file, user_path
from core.session import Session

MAX_TOKENS, MAX_EACH = 400, 120
"""Tokens of an answer at most: about one record, and more for each further one."""

MOST_PER_CALL = 20
PLACES = ("question", "values", "text")
LONGEST_QUESTION = 2_000


@dataclass(frozen=True)
class Order:
    """What is asked of which model: everything that makes two extractions the same, and is kept with the facet."""

    name: str
    unit: Unit
    kind: Kind
    model: str
    base_url: str | None
    question: str
    """In words; empty where the template is the user's own."""
    prompt: str
    """The template's text."""
    per_call: int

    @property
    def template(self) -> Template:
        """The template, parsed."""
        return parse(self.prompt, PLACES, needed=("text",), source="the stored prompt")

    def same(self, other: Order) -> bool:
        """Whether two orders ask for the same thing; how many records go into one call is no part of it."""
        return replace(self, per_call=1) == replace(other, per_call=1)

    @property
    def parameters(self) -> dict[str, Any]:
        """What `order_of` reads."""
        return asdict(self)


@dataclass(frozen=True)
class Work:
    """An extraction that is ready to start."""

    dataset_id: int
    dataset: str
    order: Order
    target: Target
    price: Price | None


def new_order(
    name: str,
    *,
    prompt: str | None,
    values: str | None,
    unit: Unit,
    model: str,
    base_url: str | None,
    per_call: int,
) -> Order:
    """The order that the parameters of `facet.extract` give.

    Raises:
        ActionError: `bad_facet_name`, `bad_values`, `bad_prompt`, `no_prompt` or `bad_limit`.
    """
    check_name(name)
    kind = kind_of(values) if values is not None else BUILT_IN.get(name, kind_of(None))
    if not 1 <= per_call <= MOST_PER_CALL:
        raise ActionError(
            "bad_limit", f"per_call={per_call} is not from 1 to {MOST_PER_CALL}.", "1 asks about each alone."
        )
    question, template = _asked(name, prompt)
    return Order(name, unit, kind, model, base_url, question, template.text, per_call)


def _asked(name: str, prompt: str | None) -> tuple[str, Template]:
    """The question in words and the template around it, or a template of the user's own."""
    frame = bundled("facet_ask", PLACES)
    if prompt is None:
        question = question_of(name)
        if question is None:
            known = ", ".join(BUILT_IN)
            raise ActionError(
                "no_prompt",
                f"{name} is no facet that comes with a question.",
                f"Say what is wanted, prompt='Is the person polite?', or use one of: {known}.",
            )
        return question, frame
    path = user_path(prompt)
    # A question has more than one word; a name of one word that is no file is a mistake that should be told.
    if is_file(path) or not re.search(r"\s", prompt.strip()):
        return "", from_file(path, PLACES[1:], needed=("text",))
    if len(prompt) > LONGEST_QUESTION:
        raise ActionError(
            "bad_prompt", f"prompt= has more than {LONGEST_QUESTION:,} characters.", "Put it into a file."
        )
    return prompt.strip(), frame


def order_of(parameters: dict[str, Any]) -> Order:
    """The order that is kept with a facet."""
    kind = parameters["kind"]
    return Order(**parameters | {"kind": kept_kind(kind["name"], tuple(kind["values"]))})


def prepare(session: Session, dataset_id: int, dataset: str, order: Order, pace: Pace) -> Work:
    """The order with its model and its price, checked.

    Raises:
        ActionError: `unknown_model`, `bad_base_url`, `bad_price`, `no_price`, `bad_limit` or `no_batch`.
    """
    target = find_target(order.model, order.base_url)
    return Work(dataset_id, dataset, order, target, pace.price_for(target, session.prices))


def question_about(
    order: Order, template: Template, records: Sequence[Said], first_attempt: int
) -> Question[Any]:
    """What is asked about one record, or about several at once."""
    lines = [line for n, said in enumerate(records, start=1) for line in lines_of(n, said)]
    system, user = template.fill(
        {"question": order.question, "values": order.kind.told, "text": "\n".join(lines)}
    )
    schema = single(order.kind) if len(records) == 1 else several(order.kind)
    prompt = Prompt(system, user, MAX_TOKENS + MAX_EACH * (len(records) - 1))
    return Question(prompt, schema, judge=_no_complaint, first_attempt=first_attempt)


def _no_complaint(_: object) -> str:
    """The form of an answer has checked all that there is to check."""
    return ""
