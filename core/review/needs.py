"""Why a cluster needs a person: each reason with its weight, and in words with the figures behind it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

WEIGHTS = {
    "flagged": 8,
    "unnamed": 5,
    "incoherent": 4,
    "duplicate_title": 3,
    "mixed_languages": 2,
    "low_fit": 2,
    "no_parent": 2,
    "huge": 2,
    "tiny": 1,
}
"""How much each reason asks for a person; a flag, which a person set, before all others together but two."""

LOW_RATING = 2
"""Rated coherence up to which a cluster counts as incoherent."""

LOW_DEVIATIONS = 2.5
"""Robust standard deviations below the median from which a measured coherence is low."""

MAIN_LANGUAGE = 0.8
"""Share of its queries below which the main language of a cluster does not speak for it."""

FEW = 5
"""Queries that a cluster needs for its languages to mean anything."""

HUGE, TINY = 5.0, 0.1
"""Times the median size from which a cluster is huge, and up to which it is tiny."""

HUGE_SHARE = 0.05
"""A huge cluster also holds this share of all queries."""


@dataclass(frozen=True)
class Facts:
    """What is known of one cluster; `twin` is the number, title and likeness of the one whose title is nearly the same."""

    size: int
    share: float
    coherence: float | None
    rated: int | None
    rated_why: str
    flags: tuple[str, ...]
    problem: str
    languages: tuple[tuple[str, int], ...]
    low_fit: bool
    no_parent: bool
    twin: tuple[int, str, float] | None


@dataclass(frozen=True)
class Usual:
    """What is usual in the run."""

    size: float
    coherence: float | None
    low_coherence: float | None


def usual(sizes: Sequence[int], coherences: Sequence[float]) -> Usual:
    """The medians of a run, and the coherence below which a cluster stands out; `None` where there is none."""
    if not coherences:
        return Usual(median(sizes) if sizes else 0.0, None, None)
    middle = median(coherences)
    spread = 1.4826 * median(abs(value - middle) for value in coherences)
    return Usual(median(sizes), middle, middle - LOW_DEVIATIONS * spread)


def reasons(facts: Facts, common: Usual) -> list[tuple[str, str]]:
    """Every reason for a person to look, heaviest first: its word, and what is behind it."""
    found: dict[str, str] = {}
    if facts.flags:
        found["flagged"] = f"flagged: {', '.join(facts.flags)}"
    if facts.problem:
        found["unnamed"] = f"the model gave it no sound name: {facts.problem}"
    incoherent = _incoherent(facts, common)
    if incoherent:
        found["incoherent"] = incoherent
    if facts.twin is not None:
        number, title, likeness = facts.twin
        found["duplicate_title"] = f"reads like cluster {number}, {title} ({likeness:.2f})"
    known = sum(count for _, count in facts.languages)
    if known >= FEW and facts.languages[0][1] < MAIN_LANGUAGE * known:
        main, count = facts.languages[0]
        found["mixed_languages"] = f"{len(facts.languages)} languages; {main} is {count / known:.0%} of it"
    if facts.no_parent:
        found["no_parent"] = "no theme fits it"
    elif facts.low_fit:
        found["low_fit"] = "fits its theme much worse than others fit theirs"
    if facts.size > HUGE * common.size and facts.share >= HUGE_SHARE:
        found["huge"] = f"{facts.size:,} queries, {facts.share:.0%} of all; {common.size:,.0f} are usual"
    elif facts.size <= TINY * common.size:
        found["tiny"] = f"{facts.size:,} queries; {common.size:,.0f} are usual"
    return sorted(found.items(), key=lambda item: -WEIGHTS[item[0]])


def _incoherent(facts: Facts, common: Usual) -> str:
    if facts.rated is not None and facts.rated <= LOW_RATING:
        why = f": {facts.rated_why}" if facts.rated_why else ""
        return f"coherence {facts.rated} of 5{why}"
    low, middle = common.low_coherence, common.coherence
    if facts.coherence is not None and low is not None and middle is not None and facts.coherence < low:
        return f"its queries agree little: coherence {facts.coherence:.2f}, {middle:.2f} is usual"
    return ""
