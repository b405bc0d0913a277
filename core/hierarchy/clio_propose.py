"""First step of a level: themes proposed for each neighbourhood (Clio, arXiv 2412.13678, appendix on hierarchy)."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from core.cluster.blocks import unit
from core.cluster.result import Floats
from core.hierarchy.clio_answers import ProposeThemes, bad_proposal, clean
from core.hierarchy.clio_asking import Ask
from core.hierarchy.clio_items import Draft, Item, shown
from core.hierarchy.clio_local import local_titles
from core.hierarchy.clio_order import TreeWork
from core.hierarchy.clio_vectors import Named, Places, outside_of
from core.hierarchy.ward import cut, ward
from core.llm.prompts import within
from core.llm.provider import Prompt
from core.llm.question import Outcome, Question
from core.name.unique import title_key
from core.text import one_line

OUTSIDE = 10
ITEM_TOKENS, OUTSIDE_TOKENS = 9000, 1500
TOKENS_A_THEME, MAX_TOKENS = 90, 400
"""Tokens of an answer at most: so many a theme, and so many for the rest."""

DESCRIPTION = 400


@dataclass(frozen=True)
class Share:
    """How many themes a neighbourhood is asked for."""

    wanted: int
    least: int
    most: int


def share_of(items: int, every: int, wanted: int) -> Share:
    """The share of `wanted` themes for `items` of `every` items; from a half to one and a half of it is as good."""
    part = wanted * items / every
    most = min(items, max(2, math.ceil(1.5 * part)))
    return Share(min(max(1, round(part)), most), min(max(1, math.floor(part / 2)), most), most)


def proposal_questions(
    work: TreeWork, items: Sequence[Item], vectors: Floats, groups: Sequence[Places], wanted: int
) -> list[Question[Any]]:
    """What is asked of each neighbourhood."""
    template = work.order.templates["propose"]
    questions: list[Question[Any]] = []
    for group in groups:
        share = share_of(len(group), len(items), wanted)
        inside = within((shown(n, items[at]) for n, at in enumerate(group, start=1)), ITEM_TOKENS)
        near = outside_of(group, vectors, OUTSIDE)
        outside = within(
            (shown(n, items[at]) for n, at in enumerate(near, start=len(group) + 1)), OUTSIDE_TOKENS
        )
        system, user = template.fill(
            {
                "items": "\n".join(inside),
                "outside": "\n".join(outside) or "(none)",
                "wanted": str(share.wanted),
                "least": str(share.least),
                "most": str(share.most),
            }
        )
        judge = partial(bad_proposal, least=share.least, most=share.most)
        prompt = Prompt(system, user, MAX_TOKENS + TOKENS_A_THEME * share.most)
        questions.append(Question(prompt, ProposeThemes, judge))
    return questions


def propose(
    work: TreeWork, items: Sequence[Item], vectors: Floats, groups: Sequence[Places], wanted: int, ask: Ask
) -> list[Draft]:
    """Themes for all neighbourhoods, those of one neighbourhood side by side.

    Where the model proposed nothing that can be used, the neighbourhood is cut into its share of groups by Ward's linkage.
    """
    outcomes = ask("propose", proposal_questions(work, items, vectors, groups, wanted))
    drafts: list[Draft] = []
    for group, outcome in zip(groups, outcomes, strict=True):
        share = share_of(len(group), len(items), wanted)
        near, rows = [items[at] for at in group], vectors[group]
        names = _names(outcome, share)
        if names:
            table = work.meanings.of_words(names, near, rows)
            drafts += [
                Draft(name.title, name.description, (), row, True)
                for name, row in zip(names, table, strict=True)
            ]
        else:
            drafts += cut_drafts(work, near, rows, share.wanted)
    return drafts


def _names(outcome: Outcome[Any], share: Share) -> list[Named]:
    """What an answer proposes, without what is empty or repeated, and no more than was asked for."""
    found: dict[str, Named] = {}
    for theme in outcome.answer.themes if outcome.answer is not None else ():
        title = clean(theme.title)
        if title:
            found.setdefault(title_key(title), Named(title, one_line(theme.description, DESCRIPTION), ()))
    return list(found.values())[: share.most]


def cut_drafts(work: TreeWork, items: Sequence[Item], vectors: Floats, count: int) -> list[Draft]:
    """Themes without a model: `count` groups of the items, named by what their texts say."""
    labels = np.zeros(len(items), dtype=np.int32) if len(items) < 2 else cut(ward(vectors), count)
    parts = [np.flatnonzero(labels == label) for label in range(int(labels.max()) + 1)]
    titles = local_titles(work, [[leaf for at in part for leaf in items[int(at)].leaves] for part in parts])
    middles = unit(np.stack([vectors[part].sum(axis=0) for part in parts]))
    return [Draft(title, "", (), middle, False) for title, middle in zip(titles, middles, strict=True)]
