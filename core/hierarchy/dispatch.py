"""Building a tree by the way that `method=` says: without a language model, or by one."""

from __future__ import annotations

from core.errors import ActionError
from core.hierarchy import build as local
from core.hierarchy.request import TreeRequest
from core.hierarchy.rows import TreePlan
from core.llm.batch_rows import BatchWaiting
from core.rows import HierarchyMade
from core.session import Session


def build_tree(session: Session, request: TreeRequest) -> HierarchyMade | BatchWaiting:
    """Build a tree over the clusters of a run, and show it from now on.

    Raises:
        ActionError: `bad_method` where a model is named and the method has none; what `core.hierarchy.build.build`,
            `core.hierarchy.clio_order.prepare` or `core.hierarchy.clio.build` raise.
    """
    if request.method != local.METHOD:
        from core.hierarchy import clio
        from core.hierarchy.clio_order import prepare
        from core.llm.batch_work import detachable

        pace = request.pace
        return detachable(session, pace, lambda: clio.build(prepare(session, request), pace))
    if request.model is not None or request.pace.batch:
        hint = "Say method=clio, or leave them out."
        raise ActionError(
            "bad_method", "method=local asks no language model, so model= and batch= have no use.", hint
        )
    return local.build(
        session,
        request.run or session.view.run,
        summary_set=request.set,
        levels=request.levels,
        width=request.width,
    )


def plan_tree(session: Session, request: TreeRequest) -> HierarchyMade | TreePlan | BatchWaiting:
    """What `build_tree` would do: done and rolled back where that costs nothing, else its calls, tokens and price."""
    if request.method != local.METHOD:
        from core.hierarchy.clio_order import prepare
        from core.hierarchy.clio_plan import plan

        return plan(prepare(session, request), again=request.pace.again)
    with session.rolled_back():
        return build_tree(session, request)
