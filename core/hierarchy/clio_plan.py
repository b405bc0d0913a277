"""What a tree by a language model would take: from the journal as far as it goes, then in bounds."""

from __future__ import annotations

import math
from dataclasses import dataclass

from pydantic import BaseModel

from core.hierarchy.clio import METHOD
from core.hierarchy.clio_answers import AssignTheme, MergeThemes, NameTheme, ProposeThemes
from core.hierarchy.clio_asking import Asker, Unanswered
from core.hierarchy.clio_assign import LISTED as CHOICES
from core.hierarchy.clio_assign import MAX_TOKENS as ASSIGN_MOST
from core.hierarchy.clio_dedupe import LISTED, ROUNDS, most_themes
from core.hierarchy.clio_dedupe import MAX_TOKENS as DEDUPE_REST
from core.hierarchy.clio_dedupe import TOKENS_A_THEME as DEDUPE_THEME
from core.hierarchy.clio_items import cluster_items, shown
from core.hierarchy.clio_levels import NEIGHBOURHOOD, grow
from core.hierarchy.clio_order import TreeWork
from core.hierarchy.clio_propose import MAX_TOKENS as PROPOSE_REST
from core.hierarchy.clio_propose import OUTSIDE
from core.hierarchy.clio_propose import TOKENS_A_THEME as PROPOSE_THEME
from core.hierarchy.clio_rename import MAX_TOKENS as RENAME_MOST
from core.hierarchy.clio_rename import OUTSIDE as CONTRAST
from core.hierarchy.rows import TreePlan
from core.llm.asking import rehearsing
from core.llm.provider import Prompt, tokens_of
from core.llm.tokens import estimate

SCHEMAS: dict[str, type[BaseModel]] = {
    "propose": ProposeThemes,
    "dedupe": MergeThemes,
    "assign": AssignTheme,
    "rename": NameTheme,
}

SHORT = {"propose": 60, "dedupe": 60, "assign": 25, "rename": 50}
"""Tokens of a short answer of each step."""

THEME_LOW, THEME_HIGH = 15, 60
"""Tokens of a theme in a list: a bare title, and a long one with its description."""


@dataclass
class _Sum:
    """Calls, tokens sent and tokens received, at the least and at the most."""

    low: list[float]
    high: list[float]

    def add(self, side: str, calls: float, sent: float, received: float) -> None:
        total = self.low if side == "low" else self.high
        for at, value in enumerate((calls, sent, received)):
            total[at] += value


def plan(work: TreeWork, *, again: bool = False) -> TreePlan:
    """What the work would take. The journal is played through; nothing is sent, and no key is needed."""
    total = _Sum([0, 0, 0], [0, 0, 0])
    known = waiting = 0
    if len(work.sizes) > 1:
        with rehearsing(work.session, work.target, work.price, METHOD, again=again) as caller:
            ask = Asker(caller, rehearsed=True)
            try:
                grow(work, ask)
            except Unanswered as found:
                _bound(work, found, total)
                waiting = found.in_batch
            known = sum(outcome.status != "pending" for _, outcome in ask.outcomes)
    price = work.price
    return TreePlan(
        run=work.run.name,
        model=work.order.model,
        clusters=len(work.clusters),
        levels=work.sizes,
        calls_low=round(total.low[0]),
        calls_high=round(total.high[0]),
        from_journal=known,
        in_batch=waiting,
        tokens_in_low=round(total.low[1]),
        tokens_in_high=round(total.high[1]),
        cost_low=None if price is None else round(price.cost(round(total.low[1]), round(total.low[2])), 6),
        cost_high=None
        if price is None
        else round(2 * price.cost(round(total.high[1]), round(total.high[2])), 6),
        prices=price.dated if price else None,
    )


def _bound(work: TreeWork, found: Unanswered, total: _Sum) -> None:
    """What is left of the level at which the journal ends, exactly where it is known, and the levels above it."""
    sent = [tokens_of(work.target, question.prompt, question.schema) for question in found.left]
    total.add("low", len(sent), sum(sent), SHORT[found.step] * len(sent))
    total.add("high", len(sent), sum(sent), sum(question.prompt.max_tokens for question in found.left))
    bounds = _Bounds(work, total)
    if found.step == "dedupe" and found.every > 1:
        # Several lists are compared a second time, with other borders.
        total.add("high", *bounds.second_round(found.items, found.wanted[0]))
    steps = list(SCHEMAS)
    later = steps[steps.index(found.step) + 1 :]
    fewest = found.every if found.step == "rename" else 0
    most = bounds.level(found.items, found.items, found.wanted[0], later, several=found.every > 1)
    for wanted in found.wanted[1:]:
        fewest, most = 0, bounds.level(fewest, most, wanted, steps)


class _Bounds:
    """The least and the most that a level takes."""

    def __init__(self, work: TreeWork, total: _Sum) -> None:
        self._total = total
        self._votes = work.order.votes
        templates = work.order.templates
        self._base = {
            step: tokens_of(work.target, Prompt(templates[step].system, templates[step].user, 0), schema)
            for step, schema in SCHEMAS.items()
        }
        self._steps = {
            "propose": self._propose,
            "dedupe": self._dedupe,
            "assign": self._assign,
            "rename": self._rename,
        }
        lines = [estimate(shown(1, item)) for item in cluster_items(work.clusters)]
        self._item = sum(lines) / len(lines)
        self._most = max(1.25 * self._item, 2 * THEME_HIGH)

    def level(self, least: int, most: int, wanted: int, steps: list[str], several: bool = True) -> int:
        """Add the `steps` of a level of `least` to `most` items; the most items that the next level has."""
        for side, items in (("low", least), ("high", most)):
            if items > wanted:
                for step in steps:
                    self._total.add(side, *self._steps[step](side, items, wanted, several))
        return min(most, most_themes(wanted)) if most > wanted else most

    def _line(self, side: str) -> float:
        return self._item if side == "low" else self._most

    def _propose(self, side: str, items: int, wanted: int, _: bool) -> tuple[float, float, float]:
        # A neighbourhood has room for half as many names again, and takes in those that are too small.
        room = NEIGHBOURHOOD if side == "high" else NEIGHBOURHOOD * 2
        calls = math.ceil(items / room)
        sent = calls * self._base["propose"] + (items + OUTSIDE * calls * (side == "high")) * self._line(side)
        if side == "low":
            return calls, sent, SHORT["propose"] * calls
        return calls, sent, PROPOSE_REST * calls + PROPOSE_THEME * self._proposed(items, wanted)

    def _dedupe(self, side: str, items: int, wanted: int, several: bool) -> tuple[float, float, float]:
        if side == "low" or not several or items <= NEIGHBOURHOOD:
            return 0, 0, 0
        themes = self._proposed(items, wanted)
        calls = 1 if themes <= LISTED else math.ceil(themes / ROUNDS[0])
        once = (
            calls,
            self._base["dedupe"] * calls + themes * THEME_HIGH,
            DEDUPE_REST * calls + DEDUPE_THEME * themes,
        )
        again = self.second_round(items, wanted) if calls > 1 else (0.0, 0.0, 0.0)
        return once[0] + again[0], once[1] + again[1], once[2] + again[2]

    def second_round(self, items: int, wanted: int) -> tuple[float, float, float]:
        """What comparing the themes once more takes at the most."""
        themes = self._proposed(items, wanted)
        calls = math.ceil(themes / ROUNDS[1])
        return (
            calls,
            self._base["dedupe"] * calls + themes * THEME_HIGH,
            DEDUPE_REST * calls + DEDUPE_THEME * themes,
        )

    def _proposed(self, items: int, wanted: int) -> float:
        """The most themes that all neighbourhoods propose."""
        return 1.5 * wanted + 2 * math.ceil(items / NEIGHBOURHOOD)

    def _assign(self, side: str, items: int, wanted: int, _: bool) -> tuple[float, float, float]:
        calls = items * self._votes
        listed = (
            max(1, wanted // 2) * THEME_LOW
            if side == "low"
            else min(CHOICES, most_themes(wanted)) * THEME_HIGH
        )
        answer = SHORT["assign"] if side == "low" else ASSIGN_MOST
        return calls, calls * (self._base["assign"] + listed + self._line(side)), answer * calls

    def _rename(self, side: str, items: int, wanted: int, _: bool) -> tuple[float, float, float]:
        if side == "low":
            return 0, 0, 0
        calls = min(most_themes(wanted), items // 2)
        sent = calls * (self._base["rename"] + CONTRAST * self._most) + items * self._most
        return calls, sent, RENAME_MOST * calls
