"""Last step of a level: themes named from the children that they really have."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from core.cluster.result import Floats
from core.hierarchy.clio_answers import NameTheme, bad_name, clean
from core.hierarchy.clio_asking import Ask
from core.hierarchy.clio_items import Asked, Draft, Item, Placing, shown
from core.hierarchy.clio_local import local_titles
from core.hierarchy.clio_order import TreeWork
from core.hierarchy.clio_vectors import Places, outside_of
from core.hierarchy.nodes import describe
from core.llm.prompts import within
from core.llm.provider import Prompt
from core.llm.question import Outcome, Question
from core.name.unique import unique_among
from core.text import one_line

OUTSIDE = 8
CHILD_TOKENS, OUTSIDE_TOKENS = 6000, 1000
MAX_TOKENS = 500
DESCRIPTION = 600

Children = tuple[tuple[Item, Placing], ...]


def name_question(work: TreeWork, items: Sequence[Item], vectors: Floats, children: Places) -> Question[Any]:
    """What is asked of one theme; `children` are places in `items`, the biggest first."""
    inside = within((shown(n, items[at]) for n, at in enumerate(children, start=1)), CHILD_TOKENS)
    near = outside_of(children, vectors, OUTSIDE)
    outside = within(
        (shown(n, items[at]) for n, at in enumerate(near, start=len(children) + 1)), OUTSIDE_TOKENS
    )
    values = {"children": "\n".join(inside), "outside": "\n".join(outside) or "(none)"}
    system, user = work.order.templates["rename"].fill(values)
    return Question(Prompt(system, user, MAX_TOKENS), NameTheme, bad_name)


def rename(
    work: TreeWork,
    items: Sequence[Item],
    vectors: Floats,
    themes: Sequence[tuple[Draft, Places, Children]],
    fixed: Collection[str],
    ask: Ask,
) -> list[Item]:
    """The themes as items of the next level, each unlike the others and unlike the title keys that are `fixed`.

    A theme that the model does not name keeps the title under which the model proposed it; where there is none, it is named by
    what its texts say.
    """
    outcomes = ask("rename", [name_question(work, items, vectors, places) for _, places, _ in themes])
    leaves = [sorted(leaf for child, _ in children for leaf in child.leaves) for *_, children in themes]
    found = [_title(outcome, draft) for outcome, (draft, *_) in zip(outcomes, themes, strict=True)]
    if not all(found):
        plain = local_titles(work, leaves)
        found = [title or local for title, local in zip(found, plain, strict=True)]
    spare = [[child.title for child, _ in children] for *_, children in themes]
    titles = unique_among(found, spare, fixed)
    return [
        Item(
            title=title,
            description=_description(outcome, draft) or describe([work.clusters[at] for at in own]),
            leaves=tuple(own),
            key=f"t{work.clusters[own[0]].number}",
            size=sum(child.size for child, _ in children),
            children=children,
            asked=None if outcome.answer is None else Asked(outcome.prompt_hash, outcome.attempt),
            problem=outcome.problem,
        )
        for title, outcome, own, (draft, _, children) in zip(titles, outcomes, leaves, themes, strict=True)
    ]


def _title(outcome: Outcome[Any], draft: Draft) -> str:
    """The model's title, of this step or of the proposal; empty where it has given none."""
    named = clean(outcome.answer.title) if outcome.answer is not None else ""
    return named or (draft.title if draft.by_model else "")


def _description(outcome: Outcome[Any], draft: Draft) -> str:
    said = outcome.answer.description if outcome.answer is not None else draft.description
    return one_line(said, DESCRIPTION)
