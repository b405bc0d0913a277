"""Key phrases: what the texts of one cluster say that its neighbours do not.

Class-based TF-IDF (Grootendorst, "BERTopic: Neural topic modeling with a class-based TF-IDF procedure", 2022,
arXiv:2203.05794) with two changes: a phrase counts once a text, so that no long paste names a cluster, and its weight falls
with its share in the cluster's nearest neighbours.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from core.name.corpus import CONTENT, EDGE, WEAK, Corpus
from core.name.stopwords import word_lists

_LONGEST_WORDS = 5
_LONGEST_PARTS = 12


@dataclass(frozen=True)
class Phrase:
    """A phrase of one group.

    Attributes:
        text: As a person would write it.
        share: Weighted share of the group's texts that hold it, 0 to 1.
        score: Class-based TF-IDF times contrast; comparable within one run.
    """

    text: str
    share: float
    score: float


@dataclass(frozen=True)
class GramTable:
    """How many texts of each group hold each word n-gram.

    Rows are sorted by (gram, group). `first` and `length` say where a gram stands in the corpus.

    Attributes:
        gram, group: int [rows].
        share: float [rows], weighted share of the group's texts.
        texts: int [rows], number of the group's texts.
        neighbour: float [rows], the largest share in a neighbour group.
        focus: float [rows], how much more common a gram is in the group than anywhere, 0 (no more) to 1 (only here), on a
            logarithmic scale.
        score: float [rows].
        first, length: int [grams].
        whole: float [grams], how often, anywhere, a gram stands by itself: with no topic word before it, and neither a
            topic word nor an article or pronoun after it, which would make it a cut phrase or a bare verb.
        sizes: float [k], summed weight of each group.
    """

    gram: NDArray[np.int64]
    group: NDArray[np.int64]
    share: NDArray[np.float64]
    texts: NDArray[np.int64]
    neighbour: NDArray[np.float64]
    focus: NDArray[np.float64]
    score: NDArray[np.float64]
    first: NDArray[np.int64]
    length: NDArray[np.int64]
    whole: NDArray[np.float64]
    sizes: NDArray[np.float64]

    def words(self, corpus: Corpus, gram: int) -> tuple[int, ...]:
        """The word numbers of a gram."""
        at = int(self.first[gram])
        return tuple(int(w) for w in corpus.tokens[at : at + int(self.length[gram])])

    def rows_by_group(self, words: int, phrases: int) -> list[NDArray[np.int64]]:
        """For each group the rows of its best single words, at most `words`, and of its best longer grams, best first."""
        single = self.length[self.gram] == 1
        order = np.lexsort((self.gram, -self.score, ~single, self.group))
        edges = np.searchsorted(self.group[order], np.arange(len(self.sizes) + 1))
        out = []
        for a, b in pairwise(edges):
            rows = order[a:b]
            border = int(single[rows].sum())
            rows = np.concatenate([rows[: min(border, words)], rows[border : border + phrases]])
            out.append(rows[np.argsort(-self.score[rows], kind="stable")])
        return out


def count(
    corpus: Corpus,
    groups: NDArray[np.int64],
    k: int,
    weights: NDArray[np.float64],
    neighbours: NDArray[np.int64],
) -> GramTable:
    """Count every n-gram of 1 to 5 words (12 characters in unspaced scripts) that opens and closes with a topic word.

    Args:
        corpus: n texts.
        groups: int [n], the group of each text, -1 for none.
        k: Number of groups.
        weights: float [n], how much each text counts.
        neighbours: int [k, m], the groups to contrast with; -1 for none.
    """
    grouped = groups[corpus.docs] >= 0 if corpus.size else np.zeros(0, dtype=np.bool_)
    kinds, tokens = corpus.kinds, corpus.tokens.astype(np.int64)
    parts = corpus.parts[tokens]
    start = np.flatnonzero(grouped & ((kinds == CONTENT) | (kinds == WEAK)))
    ids = tokens[start]
    found: list[tuple[NDArray[np.int64], NDArray[np.int64]]] = []
    firsts: list[NDArray[np.int64]] = []
    lengths: list[NDArray[np.int64]] = []
    wholes: list[NDArray[np.float64]] = []
    free = (kinds != CONTENT) | corpus.parts[tokens]
    ends = free & ~np.isin(tokens, corpus.numbers(word_lists().determiners)) & (kinds != WEAK)
    before, after = np.append(True, free[:-1]), np.append(ends[1:], True)
    total = 0
    for n in range(1, _LONGEST_PARTS + 1):
        if n > 1:
            end = start + n - 1
            fits = end < len(tokens)
            start, ids, end = start[fits], ids[fits], end[fits]
            fits = (kinds[end] != EDGE) & ((n <= _LONGEST_WORDS) | (parts[end] & parts[start]))
            start, ids = start[fits], ids[fits]
            ids = ids * len(corpus.keys) + tokens[start + n - 1]
        if len(start) == 0:
            break
        _, first, ids, times = np.unique(ids, return_index=True, return_inverse=True, return_counts=True)
        repeated = times[ids] > 1
        closed = kinds[start + n - 1] == CONTENT
        if n == 1:
            closed &= ~parts[start]
        emit = repeated & closed if n > 1 else closed
        apart = 0.4 * before[start] + 0.6 * after[start + n - 1]
        wholes.append(np.bincount(ids, weights=apart) / times)
        gram, doc = ids[emit] + total, corpus.docs[start[emit]].astype(np.int64)
        found.append((gram, doc))
        # A word's kind depends on its text's language: show the gram where it counts.
        shown, at = np.unique(ids[emit], return_index=True)
        first = start[first]
        first[shown] = start[emit][at]
        firsts.append(first)
        lengths.append(np.full(len(first), n, dtype=np.int64))
        total += len(first)
        start, ids = start[repeated], ids[repeated]
    if not found:
        none_i, none_f = np.zeros(0, dtype=np.int64), np.zeros(0)
        return GramTable(
            none_i,
            none_i,
            none_f,
            none_i,
            none_f,
            none_f,
            none_f,
            none_i,
            none_i,
            none_f,
            _sizes(groups, k, weights),
        )
    gram = np.concatenate([g for g, _ in found])
    doc = np.concatenate([d for _, d in found])
    shape = (np.concatenate(firsts), np.concatenate(lengths), np.concatenate(wholes))
    return _score(gram, doc, shape, groups, k, weights, neighbours)


def _sizes(groups: NDArray[np.int64], k: int, weights: NDArray[np.float64]) -> NDArray[np.float64]:
    inside = groups >= 0
    return np.bincount(groups[inside], weights=weights[inside], minlength=k).astype(np.float64)


def _score(
    gram: NDArray[np.int64],
    doc: NDArray[np.int64],
    shape: tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]],
    groups: NDArray[np.int64],
    k: int,
    weights: NDArray[np.float64],
    neighbours: NDArray[np.int64],
) -> GramTable:
    first, length, whole = shape
    pair = np.unique(gram * len(groups) + doc)
    gram, doc = pair // len(groups), pair % len(groups)
    cell, inverse = np.unique(gram * k + groups[doc], return_inverse=True)
    texts = np.bincount(inverse)
    mass = np.bincount(inverse, weights=weights[doc])
    gram, group = cell // k, cell % k
    sizes = _sizes(groups, k, weights)
    share = mass / np.maximum(sizes[group], 1e-9)
    everywhere = np.bincount(gram, weights=mass, minlength=len(first))
    average = sizes.sum() / max(int((sizes > 0).sum()), 1)
    nearest = np.zeros(len(cell))
    for column in range(neighbours.shape[1]):
        other = neighbours[group, column]
        wanted = gram * k + other
        at = np.minimum(np.searchsorted(cell, wanted), len(cell) - 1)
        hit = (cell[at] == wanted) & (other >= 0)
        nearest = np.maximum(nearest, np.where(hit, share[at], 0.0))
    score = share * np.log1p(average / np.maximum(everywhere[gram], 1e-9)) * (share / (share + nearest))
    lift = share * sizes.sum() / np.maximum(everywhere[gram], 1e-9)
    most = np.log(np.maximum(sizes.sum() / np.maximum(sizes[group], 1e-9), 1.0))
    focus = np.where(
        most > 0, np.clip(np.log(np.maximum(lift, 1e-9)) / np.maximum(most, 1e-9), 0.0, 1.0), 1.0
    )
    keep = (texts > 1) | (length[gram] == 1)
    return GramTable(
        gram[keep],
        group[keep],
        share[keep],
        texts[keep],
        nearest[keep],
        focus[keep],
        score[keep],
        first,
        length,
        whole,
        sizes,
    )
