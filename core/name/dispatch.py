"""Naming by the way that `model=` says: without a language model, or by one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from core.llm.batch_rows import BatchWaiting
from core.llm.pace import Pace, no_batch
from core.lookup import find_run
from core.name import create as local
from core.rows import SummaryMade, SummaryPlan
from core.session import Session

if TYPE_CHECKING:
    from core.name.order import Work


@dataclass(frozen=True)
class NameRequest:
    """The parameters of `summary.create`."""

    run: str | None
    model: str
    alias: str
    prompt: str | None
    contrast: int
    examples: int
    base_url: str | None
    pace: Pace


def create_summary(session: Session, request: NameRequest) -> SummaryMade | BatchWaiting:
    """Name the clusters of a run, and show these names from now on.

    Raises:
        ActionError: `no_batch`; what `core.name.create.create`, `core.name.order` or `core.name.by_model.create` raise.
    """
    if request.model == "local":
        if request.pace.batch:
            raise no_batch(request.model)
        return local.create(session, request.run or session.view.run, alias=request.alias)
    from core.llm.batch_work import detachable
    from core.name import by_model

    pace = request.pace
    return detachable(
        session, pace, lambda: by_model.create(session, _work(session, request), pace, request.alias)
    )


def plan_summary(session: Session, request: NameRequest) -> SummaryMade | SummaryPlan | BatchWaiting:
    """What `create_summary` would do: done and rolled back where that costs nothing, else its calls, tokens and price."""
    if request.model != "local":
        from core.name import by_model

        work = _work(session, request)
        local.check_alias(session.workspace, work.run, request.alias)
        return by_model.plan(session, work)
    with session.rolled_back():
        return create_summary(session, request)


def _work(session: Session, request: NameRequest) -> Work:
    from core.name.order import new_order, prepare

    run = find_run(session.workspace, request.run or session.view.run)
    order = new_order(
        run, request.model, request.base_url, request.prompt, request.examples, request.contrast
    )
    return prepare(session, run, order, request.pace)


def resume_summary(session: Session, name: str | None, pace: Pace) -> SummaryMade | BatchWaiting:
    """Finish a set of names of the current run; what it has stays.

    Raises:
        ActionError: What `core.name.by_model.resume` raises.
    """
    from core.llm.batch_work import detachable
    from core.name import by_model

    return detachable(session, pace, lambda: by_model.resume(session, name, pace))


def plan_resume(session: Session, name: str | None, pace: Pace) -> SummaryPlan:
    """What `resume_summary` would take."""
    from core.name import by_model
    from core.name.model_set import Complete, stored

    found = stored(session, name, pace)
    if isinstance(found, Complete):
        return SummaryPlan(found.run, "local", found.clusters, 0, 0, 0, 0, 0.0, 0.0, None)
    return by_model.plan(session, found.work, found.left)
