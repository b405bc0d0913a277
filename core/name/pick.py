"""The phrases that make a cluster's title."""

from __future__ import annotations

from collections.abc import Sequence

from core.name.stopwords import word_lists
from core.name.titles import Candidate, GroupView
from core.name.tokens import is_unspaced
from core.name.wording import LIMIT, alike

_CANDIDATES = 80
_TOPICS = 3


def _fuller(candidates: Sequence[Candidate]) -> Candidate:
    """The best candidate; where that is a bare word, the best phrase around it that members do say."""
    best = candidates[0]
    if len(best.words) > 1:
        return best
    around = (
        c
        for c in candidates
        if len(c.words) > 1 and best.words[0] in c.topics and c.value >= 0.5 * best.value
    )
    return next(around, best)


def topics(view: GroupView, candidates: Sequence[Candidate], room: int) -> list[Candidate]:
    """Up to three short phrases for a group of unlike texts, each the one most of the texts left over hold.

    Args:
        view: The group.
        candidates: Its phrases, best first.
        room: Characters that the phrases may take together, two between them.
    """
    every = [c for c in candidates if view.is_topic(c)]
    strong = [c for c in every if c.value > 0]
    open_to = strong if len(strong) > 1 else every
    chosen: list[Candidate] = []
    reached = 0
    while open_to and len(chosen) < _TOPICS:
        best = max(
            open_to,
            key=lambda c: (
                (view.texts_with(c.topics) & ~reached).bit_count() * view.own(c),
                c.value,
                c.words,
            ),
        )
        said = [view.key(word) for word in best.words]
        chosen.append(best)
        reached |= view.texts_with(best.topics)
        room -= len(view.show(best)) + 2
        open_to = [
            c
            for c in open_to
            if len(view.show(c)) <= room and not any(alike(view.key(w), old) for w in c.words for old in said)
        ]
    return chosen


def pick(
    view: GroupView, candidates: Sequence[Candidate], room: int = LIMIT
) -> tuple[list[Candidate], float]:
    """The one, two or three phrases that together stand for the group, and the share of texts that hold one of them.

    One phrase that many members share stands alone; else the phrase that says most about the remaining members joins it.

    Args:
        view: The group.
        candidates: Its phrases, best first.
        room: Characters that the phrases may take together.
    """
    if not candidates:
        return [], 0.0
    fitting = [c for c in candidates[:_CANDIDATES] if len(view.show(c)) <= room] or list(candidates[:1])
    chosen = [_fuller(fitting)]
    reached = view.texts_with(chosen[0].topics)
    total = max(len(view.members), 1)
    enough = 0.6 if len(chosen[0].topics) == 1 else 0.45
    wanted = 1 if chosen[0].cover >= enough else 2 if chosen[0].cover >= 0.12 else 3
    if is_unspaced(view.show(chosen[0])) and len(view.show(chosen[0])) < 5:
        wanted = max(wanted, 2)
    left = room - len(view.show(chosen[0]))
    glue = {word for word, mask in word_lists().stop.items() if mask & 1}
    if any(view.key(word) == "and" for word in chosen[0].words) and chosen[0].cover >= 0.05:
        wanted = 1
    while len(chosen) < wanted:
        said = {w for c in chosen for word in c.words for w in view.key(word).split("-")} - glue
        best: Candidate | None = None
        most = 0.0
        for candidate in fitting:
            if len(candidate.words) > 4 or len(view.show(candidate)) + 5 > left or not view.joins(candidate):
                continue
            new = [w for word in candidate.words for w in view.key(word).split("-")]
            if candidate.value < 0.2 * chosen[0].value or any(alike(w, old) for w in new for old in said):
                continue
            gain = (view.texts_with(candidate.topics) & ~reached).bit_count() / total
            worth = gain * max(candidate.value, 0.0) * (1.6 if len(candidate.words) > 1 else 1.0)
            if worth > most and gain >= max(0.03, 0.2 * chosen[0].cover):
                best, most = candidate, worth
        if best is None:
            break
        chosen.append(best)
        reached |= view.texts_with(best.topics)
        left -= len(view.show(best)) + 5
    return chosen, reached.bit_count() / total
