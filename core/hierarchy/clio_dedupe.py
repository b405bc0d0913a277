"""Second step of a level: themes that neighbourhoods proposed without knowledge of one another, each kept once."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import partial
from typing import Any

import numpy as np

from core.cluster.blocks import unit
from core.hierarchy.clio_answers import MergeThemes, bad_merge, clean
from core.hierarchy.clio_asking import Ask
from core.hierarchy.clio_items import Draft, listed
from core.hierarchy.clio_order import TreeWork
from core.hierarchy.clio_propose import DESCRIPTION
from core.hierarchy.clio_vectors import neighbourhoods
from core.hierarchy.ward import cut, ward
from core.llm.prompts import within
from core.llm.provider import Prompt
from core.llm.question import Outcome, Question
from core.name.unique import title_key
from core.text import one_line

LISTED = 100
"""Themes that are compared in one prompt at most."""
ROUNDS = (66, 50)
"""Themes of a list, about, where there are more: other borders the second time, so that what they parted meets."""
LIST_TOKENS = 16_000
TOKENS_A_THEME, MAX_TOKENS = 36, 400


def most_themes(wanted: int) -> int:
    """The most themes that a level has where `wanted` were asked for."""
    return max(2, math.ceil(1.5 * wanted))


def bounds(count: int, wanted: int) -> tuple[int, int]:
    """From and up to how many groups of `count` themes are as good as `wanted`: a quarter less or more."""
    most = min(count, max(2, math.ceil(1.25 * wanted)))
    return min(most, max(1, math.floor(0.75 * wanted))), most


def dedupe(work: TreeWork, drafts: Sequence[Draft], answers: int, wanted: int, ask: Ask) -> list[Draft]:
    """The themes without repetitions, about `wanted` of them, at most `most_themes`.

    Themes of one answer have been told apart by it, so the model is asked only where there were several `answers`. Where it
    gives no groups that can be used, equal titles are one theme, and where there are still too many, Ward's linkage of
    what they mean joins the nearest.
    """
    left = _once(drafts)
    if answers > 1:
        for size in ROUNDS:
            many = len(left) > LISTED
            left = _once(_compared(work, left, wanted, size, ask))
            if not many:
                break
    return left if len(left) <= most_themes(wanted) else _nearest_joined(left, wanted)


def merge_question(work: TreeWork, drafts: Sequence[Draft], wanted: int) -> Question[Any]:
    """What is asked of one list of themes."""
    lines = within((listed(n, draft) for n, draft in enumerate(drafts, start=1)), LIST_TOKENS)
    least, most = bounds(len(lines), wanted)
    numbers = {"wanted": str(min(max(wanted, least), most)), "least": str(least), "most": str(most)}
    system, user = work.order.templates["dedupe"].fill({"proposals": "\n".join(lines), **numbers})
    judge = partial(bad_merge, count=len(lines), least=least, most=most)
    return Question(Prompt(system, user, MAX_TOKENS + TOKENS_A_THEME * len(lines)), MergeThemes, judge)


def _compared(work: TreeWork, drafts: Sequence[Draft], wanted: int, size: int, ask: Ask) -> list[Draft]:
    """One round: the themes in as many lists as they need."""
    if len(drafts) <= LISTED:
        lists = [list(drafts)]
    else:
        table = np.stack([draft.vector for draft in drafts])
        parts = neighbourhoods(table, size, work.order.seed, work.session.control)
        lists = [[drafts[at] for at in part] for part in parts]
    shares = [max(1, round(wanted * len(part) / len(drafts))) for part in lists]
    asked = [at for at, part in enumerate(lists) if len(part) > 1]
    outcomes = ask("dedupe", [merge_question(work, lists[at], shares[at]) for at in asked])
    for at, outcome in zip(asked, outcomes, strict=True):
        lists[at] = _merged(lists[at], outcome, shares[at])
    return [draft for part in lists for draft in part]


def _merged(drafts: Sequence[Draft], outcome: Outcome[Any], wanted: int) -> list[Draft]:
    """The themes as an answer groups them; what it names twice counts the first time, what it leaves out stands alone."""
    groups: list[tuple[list[int], str, str]] = []
    seen: set[int] = set()
    for group in outcome.answer.groups if outcome.answer is not None else ():
        new = [n for n in dict.fromkeys(group.numbers) if 1 <= n <= len(drafts) and n not in seen]
        if new:
            seen.update(new)
            groups.append(
                ([n - 1 for n in new], clean(group.title), one_line(group.description, DESCRIPTION))
            )
    groups += [([at], "", "") for at in range(len(drafts)) if at + 1 not in seen]
    least, most = bounds(len(drafts), wanted)
    merged = [_joined([drafts[at] for at in places], *words) for places, *words in groups]
    if len(merged) > most or len(merged) < math.ceil(least / 2):
        return _nearest_joined(drafts if len(merged) < least else merged, wanted)
    return merged


def _joined(drafts: Sequence[Draft], title: str = "", description: str = "") -> Draft:
    """Several themes as one, under the name that was found for them or that of the first that the model made."""
    head = next((draft for draft in drafts if draft.by_model), drafts[0])
    vector = unit(np.stack([draft.vector for draft in drafts]).sum(axis=0)[None])[0]
    return Draft(
        title or head.title, description or head.description, (), vector, bool(title) or head.by_model
    )


def _once(drafts: Sequence[Draft]) -> list[Draft]:
    """The themes, those with equal titles joined."""
    by_title: dict[str, list[Draft]] = {}
    for draft in drafts:
        by_title.setdefault(title_key(draft.title), []).append(draft)
    return [_joined(same) if len(same) > 1 else same[0] for same in by_title.values()]


def _nearest_joined(drafts: Sequence[Draft], count: int) -> list[Draft]:
    """`count` themes, by Ward's linkage; each group under its first name."""
    if len(drafts) <= max(count, 1):
        return list(drafts)
    labels = cut(ward(np.stack([draft.vector for draft in drafts])), max(count, 1))
    return [
        _joined([draft for draft, own in zip(drafts, labels, strict=True) if own == label])
        for label in range(int(labels.max()) + 1)
    ]
