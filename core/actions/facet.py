"""Facets: making, showing and removing a property of each conversation."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from core.page import Page
from core.registry import REGISTRY, action

if TYPE_CHECKING:
    from core.facets.extract import Request
    from core.facets.rows import FacetDeleted, FacetMade, FacetPlan, FacetRow, FacetShown
    from core.llm.batch_rows import BatchWaiting
    from core.session import Session


def _request(given: dict[str, Any]) -> Request:
    """The parameters of `facet.extract`, those that are not given by their defaults."""
    from core.facets.extract import Request
    from core.llm.pace import Pace

    known = {name: param.default for name, param in REGISTRY.get("facet.extract").params.items()} | given
    pace = Pace(**{name: known.pop(name) for name in Pace.__dataclass_fields__ if name in known})
    return Request(**known, pace=pace)


def _plan(session: Session, **given: Any) -> FacetPlan:
    from core.facets.extract import plan, start

    return plan(session, start(session, _request(given)))


@action(
    "facet.extract",
    title="Ask a model about each query",
    scope="data",
    effect="job",
    plan=_plan,
    examples=(
        "facet.extract name=task model=anthropic/claude-haiku-4-5 max_cost=2",
        "facet.extract name=tone prompt='Is the person polite?' values=polite,neutral,rude model=anthropic/claude-haiku-4-5",
    ),
)
def extract_(
    session: Session,
    *,
    name: str,
    model: str,
    prompt: str | None = None,
    values: str | None = None,
    unit: Literal["query", "conversation"] = "query",
    dataset: str | None = None,
    limit: int | None = None,
    per_call: int = 1,
    concurrency: int = 4,
    rpm: int | None = None,
    tpm: int | None = None,
    max_cost: float | None = None,
    max_calls: int | None = None,
    base_url: str | None = None,
    price: str | None = None,
    batch: bool = False,
    wait: bool = False,
) -> FacetMade | BatchWaiting:
    """Ask a language model for one property of every query or conversation, to count, filter and cluster by.

    The facets `request`, `task`, `language` and `concern` (1 to 5) come with a question; any other needs prompt=. Every answer
    is kept: the same command never pays twice, and goes on where it was stopped. A record whose answers cannot be used is
    marked as failed, the rest is finished. With --dry-run: the calls, tokens and price that are ahead.

    Args:
        name: The facet's name: small letters, digits and underscores.
        model: The model: `anthropic/NAME`, `openai/NAME`, `ollama/NAME`, or with base_url= the name of any model there.
        prompt: What is wanted of each record, in words; or a file with a prompt of your own, in which {text} stands for the
            record and {values} for what may be answered.
        values: The values that it may have: a list such as bug,question,praise, or a scale such as 1-5; the default is free
            text of one sentence.
        unit: What is asked about: each distinct query once, or each conversation with its turns.
        dataset: The dataset's name; the default is the current one.
        limit: Only the first so many distinct queries or conversations; facet.resume goes on with the rest.
        per_call: How many records go into one call, up to 20; what a common answer leaves out is asked again alone.
        concurrency: Calls at the same time.
        rpm: Calls a minute at most.
        tpm: Tokens a minute at most.
        max_cost: Dollars after which no call is made; the facet is then partial, and facet.resume goes on.
        max_calls: Calls after which no more is made, likewise.
        base_url: The address of an OpenAI-compatible server, or of a proxy of the provider.
        price: Dollars per million tokens sent and received, such as 3,15, in place of the price table.
        batch: Ask in Message Batches (Anthropic): half the price, within a day. The command ends when they are sent, and goes on
            when it is repeated.
        wait: With batch=true: stay until the batches have ended, and finish.
    """
    from core.facets.extract import Request, extract, start
    from core.llm.pace import Pace

    pace = Pace(concurrency, rpm, tpm, max_cost, max_calls, price, batch, wait)
    asked = Request(name, prompt, values, unit, model, dataset, limit, per_call, base_url, pace)
    return extract(session, lambda: start(session, asked), pace)


def _resume(
    session: Session,
    dry: bool,
    *,
    name: str,
    dataset: str | None = None,
    limit: int | None = None,
    **given: Any,
) -> FacetMade | FacetPlan | BatchWaiting:
    from core.facets.resume import resume
    from core.llm.pace import Pace

    return resume(session, name, dataset, limit, Pace(**given), dry=dry)


def _plan_resume(session: Session, **given: Any) -> FacetMade | FacetPlan | BatchWaiting:
    return _resume(session, True, **given)


@action(
    "facet.resume",
    title="Go on with a facet",
    scope="data",
    effect="job",
    plan=_plan_resume,
    examples=("facet.resume name=length",),
)
def resume(
    session: Session,
    *,
    name: str,
    dataset: str | None = None,
    limit: int | None = None,
    concurrency: int = 4,
    rpm: int | None = None,
    tpm: int | None = None,
    max_cost: float | None = None,
    max_calls: int | None = None,
    price: str | None = None,
    batch: bool = False,
    wait: bool = False,
) -> FacetMade | FacetPlan | BatchWaiting:
    """Give a value to the conversations that have none: new ones, those not asked about yet, and those that failed.

    Args:
        name: The facet's name.
        dataset: The dataset's name; the default is the current one.
        limit: Only the first so many distinct queries or conversations.
        concurrency: Calls at the same time.
        rpm: Calls a minute at most.
        tpm: Tokens a minute at most.
        max_cost: Dollars after which no call is made.
        max_calls: Calls after which no more is made.
        price: Dollars per million tokens sent and received, such as 3,15, in place of the price table.
        batch: Ask in Message Batches (Anthropic): half the price, within a day. The command ends when they are sent, and goes on
            when it is repeated.
        wait: With batch=true: stay until the batches have ended, and finish.
    """
    pace: dict[str, Any] = {"concurrency": concurrency, "rpm": rpm, "tpm": tpm, "max_cost": max_cost}
    pace |= {"max_calls": max_calls, "price": price, "batch": batch, "wait": wait}
    return _resume(session, False, name=name, dataset=dataset, limit=limit, **pace)


@action(
    "facet.import",
    title="Import a facet",
    scope="data",
    effect="job",
    transactional=True,
    examples=("facet.import path=labels.csv name=quality values=good,bad",),
)
def import_(
    session: Session, *, path: str, name: str, values: str | None = None, dataset: str | None = None
) -> FacetMade:
    """Take the values of a facet from a file: a row a conversation, with its id and a value.

    Args:
        path: A .csv or .jsonl file with the columns `conversation_id` and `value`.
        name: The facet's name: small letters, digits and underscores.
        values: The values that it may have: a list such as bug,question,praise, or a scale such as 1-5; the default is any.
        dataset: The dataset's name; the default is the current one.
    """
    from core.facets.given import import_facet

    return import_facet(session, path, name, values, dataset)


@action(
    "facet.from_metadata",
    title="Make a facet of a field",
    scope="data",
    effect="job",
    transactional=True,
    examples=("facet.from_metadata field=turn name=rounds",),
)
def from_metadata(
    session: Session, *, field: str, name: str, values: str | None = None, dataset: str | None = None
) -> FacetMade:
    """Take the values of a facet from a field of the conversations' metadata, as the log was loaded with it.

    Args:
        field: The field's name; a dotted path reaches inside.
        name: The facet's name: small letters, digits and underscores.
        values: The values that it may have: a list such as bug,question,praise, or a scale such as 1-5; the default is any.
        dataset: The dataset's name; the default is the current one.
    """
    from core.facets.given import facet_from_metadata

    return facet_from_metadata(session, field, name, values, dataset)


@action("facet.list", title="Facets", scope="data", effect="read", examples=("facet.list",))
def list_(session: Session, *, dataset: str | None = None) -> Page:
    """The facets of a dataset: those that were made, and the fields that the log has by itself.

    Args:
        dataset: The dataset's name; the default is the current one.
    """
    from core.facets.show import facets

    rows: tuple[FacetRow, ...] = facets(session, dataset)
    return Page(rows, len(rows))


@action(
    "facet.show",
    title="Where a facet comes from",
    scope="data",
    effect="read",
    examples=("facet.show name=length", "facet.show name=length query=70 prompt=true"),
)
def show(
    session: Session, *, name: str, dataset: str | None = None, query: int | None = None, prompt: bool = False
) -> FacetShown:
    """How a facet was made, what went wrong, and where the value of a query comes from.

    Args:
        name: The facet's name.
        dataset: The dataset's name; the default is the current one.
        query: A query's number: show its value, too.
        prompt: Show what the model was told about that query, and its raw answer.
    """
    from core.facets.show import show as engine

    return engine(session, name, dataset, query, prompt)


@action(
    "facet.delete",
    title="Delete a facet",
    scope="data",
    effect="destroy",
    examples=("facet.delete name=length yes=true",),
)
def delete(
    session: Session,
    *,
    name: str,
    dataset: str | None = None,
    yes: bool = False,  # noqa: ARG001
) -> FacetDeleted:
    """Remove a facet with its values; the answers that were paid for stay in the journal.

    Args:
        name: The facet's name.
        dataset: The dataset's name; the default is the current one.
        yes: Say that you mean it; a script must.
    """
    from core.facets.show import delete as engine

    return engine(session, name, dataset)
