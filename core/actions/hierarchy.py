"""Building the tree over the clusters."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from core.page import Page
from core.registry import REGISTRY, action

if TYPE_CHECKING:
    from core.hierarchy.request import TreeRequest
    from core.hierarchy.rows import NodeShown, TreePlan
    from core.llm.batch_rows import BatchWaiting
    from core.rows import HierarchyMade, HierarchyRow
    from core.session import Session


def _request(given: dict[str, Any]) -> TreeRequest:
    """The parameters, those that are not given by their defaults."""
    from core.hierarchy.request import TreeRequest
    from core.llm.pace import Pace

    known = {name: param.default for name, param in REGISTRY.get("hierarchy.build").params.items()} | given
    pace = Pace(**{name: known.pop(name) for name in Pace.__dataclass_fields__ if name in known})
    return TreeRequest(**known, pace=pace)


def _plan(session: Session, **given: Any) -> HierarchyMade | TreePlan | BatchWaiting:
    from core.hierarchy.dispatch import plan_tree

    return plan_tree(session, _request(given))


@action(
    "hierarchy.build",
    title="Build a tree",
    scope="runs",
    effect="job",
    plan=_plan,
    keys=("B",),
    examples=("hierarchy.build", "hierarchy.build levels=2 width=6"),
)
def build(
    session: Session,
    *,
    run: str | None = None,
    set: str | None = None,
    method: Literal["local", "clio"] = "local",
    levels: int = 3,
    width: int | None = None,
    model: str | None = None,
    base_url: str | None = None,
    votes: int = 1,
    prompts: str | None = None,
    concurrency: int = 4,
    rpm: int | None = None,
    tpm: int | None = None,
    max_cost: float | None = None,
    max_calls: int | None = None,
    price: str | None = None,
    batch: bool = False,
    wait: bool = False,
    again: bool = False,
) -> HierarchyMade | BatchWaiting:
    """Group the clusters into themes; noise and clusters with no good parent get a node of their own.

    Every answer of a language model is kept: the same command never pays twice, and goes on where it was stopped. The key is
    taken from ANTHROPIC_API_KEY or OPENAI_API_KEY. With --dry-run and method=clio: the calls, tokens and price that are ahead.

    Args:
        run: The run's id; the default is the current one.
        set: The names to use: a set's id or alias; the default is the current one.
        method: `local` needs no language model: agglomeration of the clusters' centroids. `clio` asks the one that model=
            names: themes are proposed, compared, filled and named from their children, level by level.
        levels: Levels under the root, the clusters included.
        width: Ordinary top nodes, with method=clio about so many; the default depends on the number of clusters.
        model: `anthropic/NAME`, `openai/NAME`, `ollama/NAME`, or with base_url= the name of any model there.
        base_url: The address of an OpenAI-compatible server, or of a proxy of the provider.
        votes: How often the model is asked where a node belongs, each time with the themes in another order; the most
            votes win.
        prompts: A folder with prompts of your own, propose.txt, dedupe.txt, assign.txt or rename.txt.
        concurrency: Calls at the same time.
        rpm: Calls a minute at most.
        tpm: Tokens a minute at most.
        max_cost: Dollars after which no call is made; the rest goes to what is nearest, and the same command goes on later.
        max_calls: Calls after which no more is made, likewise.
        price: Dollars per million tokens sent and received, such as 3,15, in place of the price table.
        batch: Ask in Message Batches (Anthropic): half the price, each step within a day. The command ends when a step's
            questions are sent, and goes on when it is repeated.
        wait: With batch=true: stay until the batches have ended, and finish.
        again: Ask anew what got nothing but bad answers before; without it they count as they are, and cost nothing.
    """
    from core.hierarchy.dispatch import build_tree
    from core.hierarchy.request import TreeRequest
    from core.llm.pace import Pace

    pace = Pace(concurrency, rpm, tpm, max_cost, max_calls, price, batch, wait, again)
    return build_tree(
        session, TreeRequest(run, set, method, levels, width, model, base_url, votes, prompts, pace)
    )


@action(
    "hierarchy.show",
    title="Where a node comes from",
    scope="tree",
    effect="read",
    examples=("hierarchy.show node=t1", "hierarchy.show node=c0 prompt=true"),
)
def show(session: Session, *, node: str, hierarchy: str | None = None, prompt: bool = False) -> NodeShown:
    """A node with what stands behind it: who put it there, by which votes, and what the model was asked and answered.

    Args:
        node: The node's id.
        hierarchy: The tree's id; the default is the current one.
        prompt: Show the prompts and the raw answers of its name and of its place, too.
    """
    from core.hierarchy.show import show_node

    return show_node(session.workspace, hierarchy or session.view.hierarchy, node, prompt)


@action("hierarchy.list", title="Trees", scope="runs", effect="read", examples=("hierarchy.list",))
def list_(session: Session, *, run: str | None = None) -> Page:
    """The trees of a run, newest first.

    Args:
        run: The run's id; the default is the current one.
    """
    from core.runs import hierarchies

    return Page(hierarchies(session.workspace, run or session.view.run))


@action(
    "hierarchy.use",
    title="Show this tree",
    scope="runs",
    effect="write",
    examples=("hierarchy.use hierarchy=@hierarchy",),
)
def use(session: Session, *, hierarchy: str) -> HierarchyRow:
    """Show a tree from now on.

    Args:
        hierarchy: The tree's id.
    """
    from core.place import use_hierarchy

    return use_hierarchy(session, hierarchy)
