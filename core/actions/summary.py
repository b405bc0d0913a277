"""Naming clusters."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from core.page import Page
from core.registry import REGISTRY, action

if TYPE_CHECKING:
    from core.llm.batch_rows import BatchWaiting
    from core.name.dispatch import NameRequest
    from core.name.rows import NamesCompared
    from core.rows import SummaryMade, SummaryPlan, SummarySetRow, SummaryShown
    from core.session import Session


def _request(given: dict[str, Any]) -> NameRequest:
    """The parameters, those that are not given by their defaults."""
    from core.llm.pace import Pace
    from core.name.dispatch import NameRequest

    known = {name: param.default for name, param in REGISTRY.get("summary.create").params.items()} | given
    pace = Pace(**{name: known.pop(name) for name in Pace.__dataclass_fields__ if name in known})
    return NameRequest(**known, pace=pace)


def _plan(session: Session, **given: Any) -> SummaryMade | SummaryPlan | BatchWaiting:
    from core.name.dispatch import plan_summary

    return plan_summary(session, _request(given))


@action(
    "summary.create",
    title="Name the clusters",
    scope="runs",
    effect="job",
    plan=_plan,
    keys=("N",),
    examples=("summary.create", "summary.create model=local alias=second"),
)
def create(
    session: Session,
    *,
    run: str | None = None,
    model: str = "local",
    alias: str = "",
    prompt: str | None = None,
    contrast: int = 20,
    examples: int = 40,
    concurrency: int = 4,
    rpm: int | None = None,
    tpm: int | None = None,
    max_cost: float | None = None,
    max_calls: int | None = None,
    base_url: str | None = None,
    price: str | None = None,
    batch: bool = False,
    wait: bool = False,
) -> SummaryMade | BatchWaiting:
    """Give each cluster a title and a description; earlier names are kept as a set of their own.

    Every answer of a language model is kept: the same command never pays twice, and goes on where it was stopped. The key is
    taken from ANTHROPIC_API_KEY or OPENAI_API_KEY. With --dry-run: the calls, tokens and price that are ahead.

    Args:
        run: The run's id; the default is the current one.
        model: `local` needs no language model: phrases that tell a cluster from its nearest neighbours. Else
            `anthropic/NAME`, `openai/NAME`, `ollama/NAME`, or with base_url= the name of any model there.
        alias: A word of your own for this set of names.
        prompt: A file with a prompt of your own; {inside} and {outside} stand for the queries.
        contrast: How many of the nearest queries outside a cluster the model sees.
        examples: How many members of a cluster the model sees, half of them its most central ones.
        concurrency: Calls at the same time.
        rpm: Calls a minute at most.
        tpm: Tokens a minute at most.
        max_cost: Dollars after which no call is made; the set is then partial, and summary.resume goes on.
        max_calls: Calls after which no more is made, likewise.
        base_url: The address of an OpenAI-compatible server, or of a proxy of the provider.
        price: Dollars per million tokens sent and received, such as 3,15, in place of the price table.
        batch: Ask in Message Batches (Anthropic): half the price, within a day. The command ends when they are sent, and goes on
            when it is repeated.
        wait: With batch=true: stay until the batches have ended, and finish.
    """
    from core.llm.pace import Pace
    from core.name.dispatch import NameRequest, create_summary

    pace = Pace(concurrency, rpm, tpm, max_cost, max_calls, price, batch, wait)
    return create_summary(session, NameRequest(run, model, alias, prompt, contrast, examples, base_url, pace))


def _plan_resume(session: Session, *, set: str | None = None, **given: Any) -> SummaryPlan:
    from core.llm.pace import Pace
    from core.name.dispatch import plan_resume

    return plan_resume(session, set, Pace(**given))


@action(
    "summary.resume",
    title="Finish these names",
    scope="runs",
    effect="job",
    plan=_plan_resume,
    examples=("summary.resume set=@summary_set max_cost=2",),
)
def resume(
    session: Session,
    *,
    set: str | None = None,
    concurrency: int = 4,
    rpm: int | None = None,
    tpm: int | None = None,
    max_cost: float | None = None,
    max_calls: int | None = None,
    price: str | None = None,
    batch: bool = False,
    wait: bool = False,
) -> SummaryMade | BatchWaiting:
    """Ask the model again for the names that a set does not have; those that it has stay.

    Args:
        set: The set's id or alias, of the current run; the default is the current one.
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
    from core.llm.pace import Pace
    from core.name.dispatch import resume_summary

    pace = Pace(concurrency, rpm, tpm, max_cost, max_calls, price, batch, wait)
    return resume_summary(session, set, pace)


@action("summary.list", title="Sets of names", scope="runs", effect="read", examples=("summary.list",))
def list_(session: Session, *, run: str | None = None) -> Page:
    """The sets of names of a run, newest first.

    Args:
        run: The run's id; the default is the current one.
    """
    from core.runs import summary_sets

    return Page(summary_sets(session.workspace, run or session.view.run))


@action(
    "summary.show",
    title="Where a name comes from",
    scope="cluster",
    effect="read",
    examples=("summary.show cluster=0", "summary.show cluster=0 prompt=true"),
)
def show(session: Session, *, cluster: int, set: str | None = None, prompt: bool = False) -> SummaryShown:
    """The name of a cluster with its reasons, the members that it cites, and what the model was asked and answered.

    Args:
        cluster: The cluster's number.
        set: The set's id or alias, of the current run; the default is the current one.
        prompt: Show the prompt and the raw answer, too.
    """
    from core.name.show import show_summary

    return show_summary(session, set, cluster, prompt)


@action(
    "summary.compare",
    title="Compare two sets of names",
    scope="runs",
    effect="read",
    examples=("summary.compare", "summary.compare a=first b=second sort=size limit=20"),
)
def compare(
    session: Session,
    *,
    a: str | None = None,
    b: str | None = None,
    run: str | None = None,
    sort: Literal["likeness", "size"] = "likeness",
    limit: int = 50,
    after: str | None = None,
) -> NamesCompared:
    """Two sets of names side by side: each cluster's name in both, whether they agree, and the sets as wholes.

    Args:
        a: A set's id or alias; the default is the one that was made before `b`.
        b: Another one's; the default is the current one.
        run: The run's id; the default is the current one.
        sort: `likeness`, the least alike first, or `size`.
        limit: At most so many clusters.
        after: Go on after this cursor of an earlier page.
    """
    from core.name.compare import compare_sets

    return compare_sets(session.workspace, run or session.view.run, a, b, sort, limit, after)


@action(
    "summary.use",
    title="Show these names",
    scope="runs",
    effect="write",
    examples=("summary.use set=@summary_set",),
)
def use(session: Session, *, set: str) -> SummarySetRow:
    """Show the names of a set from now on.

    Args:
        set: The set's id or alias.
    """
    from core.place import use_summary_set

    return use_summary_set(session, set)
