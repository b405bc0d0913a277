"""Measuring runs, names and trees."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from core.registry import REGISTRY, action

if TYPE_CHECKING:
    from core.evaluate.rows import EvaluationMade, EvaluationPlan, EvaluationShown
    from core.page import Page
    from core.session import Session


def _plan(session: Session, **given: Any) -> EvaluationMade | EvaluationPlan:
    from core.evaluate.run import Request, plan_evaluation
    from core.llm.pace import Pace

    known = {name: param.default for name, param in REGISTRY.get("eval.run").params.items()} | given
    limits = {name: known.pop(name) for name in Pace.__dataclass_fields__ if name in known}
    return plan_evaluation(session, Request(**known, pace=Pace(**limits)))


@action(
    "eval.run",
    title="Measure how good a run is",
    scope="runs",
    effect="job",
    plan=_plan,
    examples=("eval.run items=3", "eval.run label=language items=2 sample=100"),
)
def run(
    session: Session,
    *,
    run: str | None = None,
    set: str | None = None,
    hierarchy: str | None = None,
    label: str | None = None,
    level: int | None = None,
    items: int = 10,
    sample: int = 5_000,
    space: str | None = None,
    seed: int = 42,
    model: str = "local",
    base_url: str | None = None,
    concurrency: int = 4,
    rpm: int | None = None,
    tpm: int | None = None,
    max_cost: float | None = None,
    max_calls: int | None = None,
    price: str | None = None,
) -> EvaluationMade:
    """Intruders, reconstruction by names, titles, coverage, stability, the tree; with label= agreement with labels.

    The figures are kept with the run; eval.show shows them as a table.

    Args:
        run: The run's id; the default is the current one.
        set: The set of names, by id or alias; the default is the run's current one.
        hierarchy: The tree's id; the default is the run's current one.
        label: A field of the conversations' metadata that holds the true label, a dotted path; also `language` or `model`.
        level: Agreement with the labels at this level of the tree alone; the default is every level.
        items: Questions about a cluster, in the intruder test and in the reconstruction, at most.
        sample: Distinct texts at most on which the run is made again with another seed.
        space: The vectors that judge; the default are those that made the run.
        seed: Draws the questions and the sample.
        model: `local` asks no language model. Else its name as in summary.create: it is put the same questions, too.
        base_url: The address of an OpenAI-compatible server, or of a proxy of the provider.
        concurrency: Calls at the same time.
        rpm: Calls a minute at most.
        tpm: Tokens a minute at most.
        max_cost: Dollars after which no call is made; what was answered counts.
        max_calls: Calls after which no more is made, likewise.
        price: Dollars per million tokens sent and received, such as 3,15, in place of the price table.
    """
    from core.evaluate.run import Request, evaluate
    from core.llm.pace import Pace

    pace = Pace(concurrency, rpm, tpm, max_cost, max_calls, price)
    given = (run, set, hierarchy, label, level, items, sample, space, seed, model, base_url, pace)
    return evaluate(session, Request(*given))


@action(
    "eval.list",
    title="Evaluations",
    scope="runs",
    effect="read",
    examples=("eval.list", "eval.list run=@run limit=5"),
)
def list_(
    session: Session,
    *,
    run: str | None = None,
    dataset: str | None = None,
    limit: int = 50,
    after: str | None = None,
) -> Page:
    """The evaluations and sweeps, newest first.

    Args:
        run: Only those of this run.
        dataset: Only those of this dataset.
        limit: At most so many rows.
        after: Go on after this cursor of an earlier page.
    """
    from core.evaluate.store import evaluations

    return evaluations(session.workspace, run, dataset, limit, after)


@action(
    "eval.show",
    title="Show an evaluation",
    scope="runs",
    effect="read",
    examples=("eval.show",),
)
def show(session: Session, *, evaluation: str | None = None) -> EvaluationShown:
    """The figures of an evaluation or a sweep, as rows and as a table.

    Args:
        evaluation: The evaluation's id; the default is the newest of the current run, else the newest.
    """
    from core.evaluate.store import show

    return show(session.workspace, evaluation, session.view.run)
