"""What one cluster's texts say, and how well each phrase would stand for them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.name.corpus import CONTENT, EDGE, STOP, WEAK, Corpus
from core.name.phrases import GramTable
from core.name.reading import Reader
from core.name.stopwords import word_lists

_SAMPLE = 400
_ONCE = 0.85
"""How whole a phrase counts that only one text holds: it may be a sentence of its own."""
_MANY, _ENOUGH, _LEADING = 20, 0.06, 0.15
"""In a group of so many texts a phrase that fewer than this share say is one member's, unless one word of it leads."""
_FADE = (1.0, 0.8, 0.5, 0.3, 0.15)


@dataclass(frozen=True)
class Candidate:
    """A phrase that could be a title, or a part of one.

    Attributes:
        words: Word numbers, in order.
        topics: The topic words among them.
        value: How well it stands for the group; comparable within the group.
        whole: How often it stands by itself, 0 to 1.
        cover: Share of the group's texts that hold its topic words (all but one of three and more).
    """

    words: tuple[int, ...]
    topics: tuple[int, ...]
    value: float
    whole: float
    cover: float


class GroupView:
    """What one group's texts say, as bit sets over a sample of its texts.

    Args:
        corpus: All texts.
        table: Counts by group.
        group: The group.
        members: Text numbers of the group, most central first where known.
        rows: Rows of `table` for the group, best first.
        reader: Judges how phrases read.
    """

    def __init__(
        self,
        corpus: Corpus,
        table: GramTable,
        members: Sequence[int],
        rows: NDArray[np.int64],
        reader: Reader,
    ) -> None:
        self._corpus, self._table, self._rows, self.reader = corpus, table, rows, reader
        step = max(1, -(-len(members) // _SAMPLE))
        self.members = list(members)[::step]
        self._holds: dict[int, int] = {}
        starts = np.searchsorted(corpus.docs, np.asarray(self.members))
        ends = np.searchsorted(corpus.docs, np.asarray(self.members), side="right")
        self._bounds = list(zip(starts.tolist(), ends.tolist(), strict=True))
        for index, (a, b) in enumerate(self._bounds):
            bit = 1 << index
            for word in set(corpus.tokens[a:b].tolist()):
                self._holds[word] = self._holds.get(word, 0) | bit
        self._shown: dict[tuple[int, ...], str] = {}
        self._weight: dict[int, float] = {}
        self._contrast: dict[int, float] = {}
        self._focus: dict[int, float] = {}
        single = table.length[table.gram[rows]] == 1
        for row in rows[single].tolist():
            gram = int(table.gram[row])
            share, near = float(table.share[row]), float(table.neighbour[row])
            word = int(corpus.tokens[table.first[gram]])
            self._contrast[word] = share / (share + near)
            self._focus[word] = float(table.focus[row])
            if len(self.members) > 2 and table.texts[row] < 2:
                continue
            self._weight[word] = share * (0.2 + 0.8 * self._contrast[word]) * (0.4 + 0.6 * self._focus[word])
        self._strongest = max(self._weight.values(), default=1.0)

    def show(self, candidate: Candidate) -> str:
        """A candidate as it is written."""
        if candidate.words not in self._shown:
            self._shown[candidate.words] = self._corpus.phrase(candidate.words)
        return self._shown[candidate.words]

    def key(self, word: int) -> str:
        """A word number's casefolded word."""
        return self._corpus.keys[word]

    def best_share(self) -> float:
        """The largest share of texts that one topic word reaches, its contrast counted."""
        return max(self._weight.values(), default=0.0)

    def middle(self, among: int = 12) -> tuple[int, float]:
        """The text among the most central ones that shares most words with the others, and the mean overlap (Jaccard).

        Stop words count here: they are what texts such as "where are you from" consist of.
        """
        sets = [set(self._corpus.tokens[a:b].tolist()) - {0} for a, b in self._bounds]
        best, most = 0, -1.0
        for index, own in enumerate(sets[:among]):
            overlap = sum(len(own & other) / (len(own | other) or 1) for other in sets)
            overlap = (overlap - bool(own)) / max(len(sets) - 1, 1)
            a, b = self._bounds[index]
            plain = self._corpus.keys[self._corpus.tokens[a]] in word_lists().questions if a < b else False
            if overlap + 0.03 * plain > most + 1e-12:
                best, most = index, overlap + 0.03 * plain
        return self.members[best], most

    def odd(self, text: int) -> bool:
        """Whether a text of a large group is about what few of its members are about."""
        a, b = self._bounds[self.members.index(text)]
        held = [
            self._holds[word].bit_count()
            for word, kind in zip(
                self._corpus.tokens[a:b].tolist(), self._corpus.kinds[a:b].tolist(), strict=True
            )
            if kind == CONTENT
        ]
        return len(self.members) >= _MANY and max(held, default=len(self.members)) < 0.1 * len(self.members)

    def joins(self, candidate: Candidate) -> bool:
        """Whether a phrase reads well behind "and"."""
        if not self.reader.may_follow(candidate.words):
            return False
        if len(candidate.words) > 1:
            return candidate.whole > 0.6
        word = candidate.words[0]
        own = self._contrast.get(word, 0.0) > 0.6 and self._focus.get(word, 0.0) > 0.45
        return own and candidate.whole > 0.7 and self._weight.get(word, 0.0) >= 0.25 * self._strongest

    def own(self, candidate: Candidate) -> float:
        """How much the phrase's words are the group's rather than its neighbours', 0 to 1; two words count more."""
        own = min((self._contrast.get(word, 0.0) for word in candidate.topics), default=0.0)
        return own * (1.3 if len(candidate.words) > 1 else 1.0)

    def _is_one_members(self, topics: Sequence[int]) -> bool:
        """Whether so few texts of a large group hold the words, together and one by one, that they cannot stand for it."""
        n = len(self.members)
        if n < _MANY:
            return False
        held = [self._holds.get(word, 0) for word in topics]
        everyone = -1
        for texts in held:
            everyone &= texts
        together = everyone.bit_count() if held else 0
        return (
            together < max(_ENOUGH * n, 2.5) and max((t.bit_count() for t in held), default=0) < _LEADING * n
        )

    def is_topic(self, candidate: Candidate) -> bool:
        """Whether a phrase may stand in a list of unlike topics: one or two words, whole, that several texts hold."""
        n = len(self.members)
        return (
            len(candidate.words) <= 2
            and candidate.whole >= 0.6
            and self.cover(candidate.topics) * n >= (3 if n >= _MANY else 2)
            and self.reader.is_topic(candidate.words)
        )

    def texts_with(self, topics: Sequence[int]) -> int:
        """Bit set of the sampled texts that hold all topic words, or all but one where there are three and more."""
        sets = [self._holds.get(word, 0) for word in topics]
        if not sets:
            return 0
        everyone = sets[0]
        for held in sets[1:]:
            everyone &= held
        if len(sets) < 3:
            return everyone
        for left_out in range(len(sets)):
            most = -1
            for index, held in enumerate(sets):
                if index != left_out:
                    most &= held
            everyone |= most
        return everyone

    def reach(self, chosen: Sequence[Candidate]) -> float:
        """Share of the sampled texts that hold at least one of the phrases."""
        reached = 0
        for candidate in chosen:
            reached |= self.texts_with(candidate.topics)
        return reached.bit_count() / max(len(self.members), 1)

    def cover(self, topics: Sequence[int]) -> float:
        """Share of the sampled texts that `texts_with` finds."""
        return self.texts_with(topics).bit_count() / max(len(self.members), 1)

    def weigh(self, words: Sequence[int], kinds: Sequence[int], share: float, whole: float) -> Candidate:
        """Judge a phrase: strong topic words, little else, often said just so, and not cut off."""
        topics = tuple(dict.fromkeys(w for w, kind in zip(words, kinds, strict=True) if kind == CONTENT))
        weights = sorted((self._weight.get(word, 0.0) for word in topics), reverse=True)
        gain = sum(weight * _FADE[min(i, 4)] for i, weight in enumerate(weights))
        odd = sum(max(0.0, 1 - weight / (0.35 * self._strongest)) for weight in weights)
        cover = self.cover(topics)
        value = gain + 0.6 * share + 0.3 * cover * min(self._contrast.get(word, 0.0) for word in topics)
        value *= 0.5 * (0.5 + 0.5 * whole) if len(words) == 1 else 0.25 + 0.75 * whole * whole
        value *= self.reader.manner(words)
        value *= 0.6 ** self.reader.torn(words, kinds) * (1.05 if STOP in kinds else 1.0)
        if (
            len(words) > 1
            and self._corpus.keys[words[0]] in word_lists().intents
            and self.cover(words[:1]) > 0.4
        ):
            value *= 1.3
        elif kinds[0] == WEAK:
            value *= 0.93
        value -= 0.01 * max(len(words) - 3, 0) + 0.5 * self._strongest * odd
        if value > 0 and self._is_one_members(topics):
            value *= 0.4
        return Candidate(tuple(words), topics, value, whole, cover)

    def _unspaced(self, row: int, words: Sequence[int]) -> Candidate:
        """A phrase of characters: it counts as one word, since its characters say nothing alone."""
        share, near = float(self._table.share[row]), float(self._table.neighbour[row])
        weight = share * (0.2 + 0.8 * share / (share + near)) * (0.4 + 0.6 * float(self._table.focus[row]))
        value = weight * (0.4 + 0.3 * min(len(words), 6)) + 0.1 * share
        return Candidate(tuple(words), tuple(dict.fromkeys(words)), value, 1.0, share)

    def candidates(self) -> list[Candidate]:
        """Phrases that could stand in the title, best first."""
        corpus, table = self._corpus, self._table
        few = len(self.members) > 3
        found: dict[tuple[int, ...], Candidate] = {}
        parts: list[tuple[Candidate, float]] = []
        for row in self._rows.tolist():
            if few and self._table.texts[row] < 2:
                continue
            gram = int(table.gram[row])
            a, n = int(table.first[gram]), int(table.length[gram])
            words = corpus.tokens[a : a + n].tolist()
            kinds = corpus.kinds[a : a + n].tolist()
            if corpus.parts[words].all():
                parts.append((self._unspaced(row, words), float(table.share[row])))
            else:
                found[tuple(words)] = self.weigh(
                    words, kinds, float(table.share[row]), float(table.whole[gram])
                )
        for candidate, share in parts:
            around = (s for other, s in parts if _inside(candidate.words, other.words))
            if max(around, default=0.0) < 0.8 * share:
                found[candidate.words] = candidate
        for index in range(min(8, len(self.members))):
            words, kinds = self._trimmed(index)
            if len(words) > 1 and tuple(words) not in found:
                found[tuple(words)] = self.weigh(words, kinds, 0.0, _ONCE)
        return sorted(found.values(), key=lambda c: (-c.value, len(c.words), c.words))

    def _trimmed(self, index: int) -> tuple[list[int], list[int]]:
        """The first part of a member that says something, without leading and trailing stop words; empty when long."""
        a, b = self._bounds[index]
        words, kinds = self._corpus.tokens[a:b].tolist(), self._corpus.kinds[a:b].tolist()
        start = next((i for i, kind in enumerate(kinds) if kind not in (STOP, EDGE)), len(kinds))
        end = next((i for i in range(start, len(kinds)) if kinds[i] == EDGE), len(kinds))
        while end > start and kinds[end - 1] != CONTENT:
            end -= 1
        if end - start > 8 or CONTENT not in kinds[start:end]:
            return [], []
        return words[start:end], kinds[start:end]


def _inside(short: Sequence[int], long: Sequence[int]) -> bool:
    """Whether `long` holds `short` in one piece, and more."""
    n = len(short)
    return n < len(long) and any(tuple(long[i : i + n]) == tuple(short) for i in range(len(long) - n + 1))
