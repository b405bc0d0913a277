"""Finding in a conversation: where the words stand, how many there are, and which one is looked at."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Sequence
from functools import partial

from screens.conversation.lines import Laid, Layout
from screens.widgets.spans import Span

Finder = Callable[[str], Sequence[tuple[int, int]]]
"""From a text to the places that are found in it: (start, end) in characters, in order, none overlapping."""

PIECE = 4_000
"""Characters that are looked through at once."""

MOST = 100_000
"""Places that are counted at most."""


class Find:
    """The places of some words in a conversation.

    Args:
        words: What is looked for, as it was typed.
        finder: Finds them in a text.
    """

    def __init__(self, words: str, finder: Finder) -> None:
        self.words = words
        self.hits: list[tuple[int, int, int]] = []
        """Block, start and end of each, in order."""
        self.at = -1
        """Which is looked at; -1: none yet."""
        self._finder = finder
        self._by_block: dict[int, list[int]] = {}
        self._block = self._start = 0

    def restart(self) -> None:
        """The conversation is laid out anew; the one that is looked at stays the same."""
        self.hits, self._by_block = [], {}
        self._block = self._start = 0

    def step(self, layout: Layout, seconds: float) -> bool:
        """Look through what is laid out for so long; whether all of that is looked through."""
        end = time.perf_counter() + seconds
        while self._block < len(layout.blocks):
            if len(self.hits) >= MOST:
                return True
            text = layout.blocks[self._block]
            self._look(text[self._start : self._start + PIECE])
            if self._start >= len(text):
                self._block, self._start = self._block + 1, 0
            if time.perf_counter() >= end:
                return False
        return True

    def _look(self, piece: str) -> None:
        found = [(self._start + start, self._start + end) for start, end in self._finder(piece)]
        if found:
            numbers = self._by_block.setdefault(self._block, [])
            for start, end in found:
                numbers.append(len(self.hits))
                self.hits.append((self._block, start, end))
        self._start += max(len(piece), 1)

    def marked(self, line: Laid) -> tuple[Span, ...]:
        """The spans of a line with the places in it marked, and the one that is looked at marked as such."""
        numbers = self._by_block.get(line.block)
        if not numbers:
            return line.spans
        size = sum(len(text) for text, _ in line.spans[line.lead :])
        here = [
            (self.hits[n][1] - line.start, self.hits[n][2] - line.start, n == self.at)
            for n in numbers
            if self.hits[n][1] < line.start + size and self.hits[n][2] > line.start
        ]
        return (*line.spans[: line.lead], *_marked(line.spans[line.lead :], here)) if here else line.spans

    def told(self, finished: bool) -> str:
        """`3 of 17`, and a plus where there may be more."""
        more = "" if finished and len(self.hits) < MOST else "+"
        if not self.hits:
            return "none" if finished else "\u2026"
        return f"{self.at + 1:,} of {len(self.hits):,}{more}" if self.at >= 0 else f"{len(self.hits):,}{more}"


def _marked(spans: Sequence[Span], places: Sequence[tuple[int, int, bool]]) -> list[Span]:
    found: list[Span] = []
    offset = 0
    for text, look in spans:
        at = 0
        for start, end, here in places:
            first, last = max(start - offset, at), min(end - offset, len(text))
            if first < last:
                found += [(text[at:first], look), (text[first:last], "found" if here else "hit")]
                at = last
        found.append((text[at:], look))
        offset += len(text)
    return [span for span in found if span[0]]


def typed(words: str) -> Find | None:
    """A find of words as they were typed, whatever their case; `None` for nothing."""
    if not words.strip():
        return None
    pattern = re.compile(re.escape(words.strip()), re.IGNORECASE)
    return Find(words.strip(), lambda text: [match.span() for match in pattern.finditer(text)])


def searched(words: str) -> Find | None:
    """A find of what a search looked for: its words and phrases, as the index knows them; `None` for nothing."""
    if not words.strip():
        return None
    from core.search.highlights import highlights

    return Find(words.strip(), partial(_highlights, highlights, words))


def _highlights(
    find: Callable[[str, str], tuple[tuple[int, int], ...]], words: str, text: str
) -> Sequence[tuple[int, int]]:
    return find(text, words)
