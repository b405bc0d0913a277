"""A tree by a language model: Clio's method (arXiv 2412.13678), everything paid kept, always a valid tree in the end."""

from __future__ import annotations

from collections import Counter
from typing import Any

from core.hierarchy.build import made_of
from core.hierarchy.clio_asking import Asker
from core.hierarchy.clio_levels import Grown, grow
from core.hierarchy.clio_order import TreeWork
from core.hierarchy.clio_tree import Assembly
from core.hierarchy.nodes import with_root
from core.hierarchy.rows import ClioMade
from core.hierarchy.save import Made, save
from core.llm.asking import Manner, asking
from core.llm.pace import Pace
from core.llm.question import Bill, Outcome
from db.names import short_hash

METHOD = "clio"


def build(work: TreeWork, pace: Pace, manner: Manner | None = None) -> ClioMade:
    """Build the tree, keep it beside those that are there, and show it from now on.

    What the model does not answer, or the budget leaves unasked, is done by what lies nearest; such a tree is `partial`, and
    the same command goes on from the journal, as a tree of its own. Bad answers count as they are unless `pace.again`.

    Raises:
        ActionError: `no_key`; `nothing_answered`, `provider_unreachable`, `provider_refused` or `provider_failed` where no
            answer came that can be used: nothing is stored then.
        StoreError: `store_locked` while another job calls models.
        Cancelled: Stopped; the answers so far are in the journal, and the same command goes on from there.
    """
    outcomes: list[tuple[str, Outcome[Any]]] = []
    bill = Bill()
    if len(work.sizes) > 1:
        grown, outcomes, bill = _asked(work, pace, manner or Manner())
    else:
        grown = grow(work, lambda _, __: [])
    assembly = Assembly(work, grown)
    nodes = with_root(assembly.nodes(), work.leaves)
    status = "partial" if any(outcome.answer is None for _, outcome in outcomes) else "done"
    made = Made(
        METHOD,
        work.order.identity,
        _parameters(work, outcomes),
        status,
        round(sum(outcome.cost or 0.0 for _, outcome in outcomes), 6),
        assembly.origins,
    )
    told = made_of(save(work.session, work.run, work.names, made, nodes), work.run, nodes)
    counts = Counter(outcome.status for _, outcome in outcomes)
    return ClioMade(
        **{name: getattr(told, name) for name in told.__dataclass_fields__},
        status=status,
        low_fit=sum(node.low_fit for node in nodes),
        unsupported=counts["unsupported"],
        failed=counts["failed"],
        pending=counts["pending"],
        calls=bill.calls,
        cost=None if work.price is None else round(bill.cost, 6),
        stopped=bill.stopped,
        notes=(*grown.notes, *filter(None, [work.meanings.why_not if len(work.sizes) > 1 else ""])),
    )


def _asked(work: TreeWork, pace: Pace, manner: Manner) -> tuple[Grown, list[tuple[str, Outcome[Any]]], Bill]:
    seed = work.order.seed
    with asking(work.session, work.target, work.price, pace, METHOD, seed, manner) as caller:
        ask = Asker(caller)
        grown = grow(work, ask)
        ask.check()
        return grown, ask.outcomes, caller.bill


def _parameters(work: TreeWork, outcomes: list[tuple[str, Outcome[Any]]]) -> dict[str, Any]:
    """What is kept with a tree: the order, its price, and what stands for all that was sent.

    `asked` finds the calls that no node refers to: the proposals, and what was made one of them.
    """
    order = work.order
    return {
        "levels": order.levels,
        "width": order.width,
        "model": order.model,
        "base_url": order.base_url,
        "votes": order.votes,
        "seed": order.seed,
        "summary_set": work.names[1],
        "prompts": dict(order.prompts),
        "prompt_hashes": {step: template.hash for step, template in order.templates.items()},
        "price": None if work.price is None else [work.price.sent, work.price.received],
        "inputs_hash": short_hash([outcome.prompt_hash for _, outcome in outcomes]),
        "tokens_in": sum(outcome.tokens_in for _, outcome in outcomes),
        "tokens_out": sum(outcome.tokens_out for _, outcome in outcomes),
        "asked": [
            [step, outcome.prompt_hash, outcome.attempt]
            for step, outcome in outcomes
            if step in ("propose", "dedupe") and outcome.answer is not None
        ],
    }
