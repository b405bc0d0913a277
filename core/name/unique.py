"""Titles that can be told apart: duplicates are repaired with what distinguishes them."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Sequence

from core.name.wording import LIMIT, VARIOUS, fit, sentence, stem

_WORD = re.compile(r"\w+")


def title_key(title: str) -> str:
    """What two titles have in common when a reader cannot tell them apart: case, plural and punctuation do not count."""
    return " ".join(stem(word) for word in _WORD.findall(title)) or title.casefold()


def _said(title: str) -> set[str]:
    return {stem(word) for word in _WORD.findall(title)}


def _longer(title: str, phrase: str) -> str:
    """The title with a phrase behind it; the phrase alone where it says all that the title says."""
    if _said(title) < _said(phrase) and len(phrase) <= LIMIT:
        return sentence(phrase)
    title = title.removeprefix(VARIOUS)
    room = LIMIT - len(phrase) - 2
    if room < 12:
        phrase, room = fit(phrase, LIMIT - 22), 20
    return f"{fit(title, room)}: {phrase}" if ":" not in title else f"{fit(title, room)}, {phrase}"


def unique_titles(titles: Sequence[str], spare: Sequence[Sequence[str]]) -> list[str]:
    """Titles of which no two read the same.

    The first of several equal titles, too, gets the phrase that tells it from the others. Only where there is no such phrase
    left does a number stand behind the title.

    Args:
        titles: One a cluster.
        spare: For each, further phrases, best first.
    """
    return unique_among(titles, spare, ())


def unique_among(titles: Sequence[str], spare: Sequence[Sequence[str]], fixed: Collection[str]) -> list[str]:
    """`unique_titles` where the titles whose keys are `fixed` exist already and cannot change."""
    out = list(titles)
    for _ in range(3):
        groups: dict[str, list[int]] = defaultdict(list)
        for index, title in enumerate(out):
            groups[title_key(title)].append(index)
        clashes = [indices for key, indices in groups.items() if len(indices) > 1 or key in fixed]
        if not clashes:
            return out
        taken = {key for key, indices in groups.items() if len(indices) == 1} | set(fixed)
        for indices in clashes:
            elsewhere = [{title_key(p) for j in indices if j != i for p in spare[j]} for i in indices]
            for own, others in zip(indices, elsewhere, strict=True):
                said = _said(out[own])
                new = [
                    p
                    for p in spare[own]
                    if not _said(p) <= said and title_key(_longer(out[own], p)) not in taken
                ]
                best = next((p for p in new if title_key(p) not in others), next(iter(new), None))
                if best is not None:
                    out[own] = _longer(out[own], best)
                    taken.add(title_key(out[own]))
    seen = set(fixed)
    for index, title in enumerate(out):
        number = 1
        while title_key(out[index]) in seen:
            number += 1
            out[index] = f"{fit(title, LIMIT - len(str(number)) - 3)} ({number})"
        seen.add(title_key(out[index]))
    return out
