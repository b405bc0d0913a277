"""`run.kmeans`: a new run, or one node of a run made anew."""

from __future__ import annotations

from dataclasses import dataclass

from core.cluster.run import run_kmeans
from core.curate.refine import Refinement, refine
from core.curate.refine_rows import Refined
from core.errors import ActionError
from core.lookup import check_seed
from core.rows import RunMade
from core.session import Session


@dataclass(frozen=True)
class Order:
    """What is asked for: with a node (`within`) or a `cluster` a refinement, else a new run."""

    k: int | None
    seed: int
    dataset: str | None
    space: str | None
    description: str
    within: str | None
    cluster: int | None
    run: str | None
    hierarchy: str | None
    reason: str
    expect: int | None


_NEW = ("dataset", "space", "description")
_REFINED = ("run", "hierarchy", "reason", "expect")


def make(session: Session, order: Order) -> RunMade | Refined:
    """Do it; words that go with the other of the two are refused.

    Raises:
        ActionError: `bad_parameter`, `bad_seed`, and what `run_kmeans` or `refine` raise.
        Cancelled: Stopped; nothing is kept.
    """
    check_seed(order.seed)
    refining = order.within is not None or order.cluster is not None
    for name in _NEW if refining else _REFINED:
        if getattr(order, name) not in (None, ""):
            why = "a node keeps the run that it is in" if refining else "it goes with within= or cluster="
            raise ActionError("bad_parameter", f"{name}= does not fit here: {why}.", f"Leave {name}= out.")
    if refining:
        return refine(
            session,
            Refinement(
                order.run, order.within, order.hierarchy, order.cluster, order.k, order.seed, order.reason, order.expect,
            ),
        )  # fmt: skip
    return run_kmeans(
        session, k=order.k, seed=order.seed, dataset=order.dataset, space=order.space, description=order.description,
    )  # fmt: skip
