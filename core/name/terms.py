"""Noun phrases of each cluster and the share of its texts that hold them: what the names of themes are made from.

A title of one cluster is chosen for what its neighbours do not say; a theme is called by what its clusters share. So here
a phrase counts by the texts that hold it, forms of one word count as one, and nothing is weighed against neighbours.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from core.name.corpus import CONTENT, EDGE, Corpus, read
from core.name.phrases import Phrase
from core.name.stopwords import word_lists
from core.name.wording import stem

_KEPT = 80
_LINKS = ("of", "to", "for", "in")
"""Words between the two topic words of one phrase: "cost of living", "flight to Paris"."""
_SUBJECTS = frozenset(
    ("i", "you", "we", "they", "to", "please", "don't", "not", "can", "will", "would", "should")
)
_OBJECTS = frozenset(("me", "it", "him", "them", "us"))
_POSSESSED = frozenset(("i", "you", "it", "us", "him", "them"))
_BEFORE_NOUNS = ("of", "in", "for", "with", "on", "about", "from", "by")
_NOUN = 0.5
_PRIOR = 2.0
_LONE = 0.35
_SMALL = 10


def cluster_terms(texts: Sequence[str], labels: NDArray[np.int64], k: int) -> list[tuple[Phrase, ...]]:
    """For each cluster its most widespread noun phrases of one to three words, at most 80, by falling share.

    Args:
        texts: n distinct texts.
        labels: int [n], cluster of each text, from 0.
        k: Number of clusters.

    Returns:
        k rows. A phrase's `score` is how often its last word stands as a noun, 0 to 1.
    """
    corpus = read(texts)
    if not len(corpus.tokens):
        return [()] * k
    sizes = np.bincount(labels, minlength=k)
    noun = nounness(corpus)
    numbers: dict[str, int] = {}
    stems = np.asarray([numbers.setdefault(stem(key), len(numbers)) for key in corpus.keys], dtype=np.int64)
    found = [_spans(corpus, noun, gap) for gap in range(3)]
    start = np.concatenate([s for s, _ in found]).astype(np.int64)
    end = np.concatenate([e for _, e in found]).astype(np.int64)
    if not len(start):
        return [()] * k
    tokens = corpus.tokens.astype(np.int64)
    span = end - start
    middle = np.where(span == 2, tokens[np.minimum(start + 1, len(tokens) - 1)] + 1, 0)
    width = np.int64(len(corpus.keys) + 1)
    surface = (tokens[start] * width + middle) * width + np.where(span > 0, tokens[end] + 1, 0)
    first, last = stems[tokens[start]], np.where(span > 0, stems[tokens[end]] + 1, 0)
    _, gram = np.unique(first * (len(numbers) + 1) + last, return_inverse=True)
    doc = corpus.docs[start].astype(np.int64)
    pairs = np.unique(gram * np.int64(len(texts)) + doc)
    cells, counts = np.unique(pairs // len(texts) * k + labels[pairs % len(texts)], return_counts=True)
    best = _best_spelling(gram, surface)
    rows: list[list[Phrase]] = [[] for _ in range(k)]
    share = counts / np.maximum(sizes[cells % k], 1)
    for at in np.lexsort((cells, -share)).tolist():
        row = rows[int(cells[at] % k)]
        place = best[int(cells[at] // k)]
        words = tokens[start[place] : end[place] + 1].tolist()
        needed = 1 if sizes[cells[at] % k] < _SMALL else 2 if len(words) == 1 else 3
        if len(row) < _KEPT and counts[at] >= needed:
            row.append(Phrase(corpus.phrase(words), float(share[at]), float(noun[words[-1]])))
    return [tuple(row) for row in rows]


def _best_spelling(gram: NDArray[np.int64], surface: NDArray[np.int64]) -> NDArray[np.int64]:
    """For each gram the place of its most common surface form; the first in the corpus of equals."""
    forms, at, inverse, times = np.unique(surface, return_index=True, return_inverse=True, return_counts=True)
    del forms, inverse
    order = np.lexsort((at, -times, gram[at]))
    _, firsts = np.unique(gram[at][order], return_index=True)
    return np.asarray(at[order][firsts], dtype=np.int64)


def _spans(
    corpus: Corpus, noun: NDArray[np.float64], gap: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Places of noun phrases whose last word stands `gap` words after the first; for 2 a word such as "of" between."""
    kinds, tokens = corpus.kinds, corpus.tokens
    topic = (kinds == CONTENT) & _topical(corpus)[tokens]
    start = np.flatnonzero(topic)
    end = start + gap
    fits = end < len(tokens)
    start, end = start[fits], end[fits]
    good = topic[end] & (noun[tokens[end]] >= _NOUN)
    if gap == 0:
        # A word that mostly stands before another topic word is an adjective or the first half of a compound.
        runs_on = np.append(kinds[1:] == CONTENT, False)
        times = np.bincount(tokens, minlength=len(corpus.keys))
        often = np.bincount(tokens[runs_on], minlength=len(corpus.keys)) / np.maximum(times, 1)
        good &= often[tokens[start]] <= 1 - _LONE
    else:
        # Half of a longer compound, such as "interest rate calculator", is no phrase of its own.
        topical = kinds == CONTENT
        before, after = (
            np.append(False, topical[:-1] & (noun[tokens[:-1]] >= _NOUN)),
            np.append(topical[1:], False),
        )
        good &= (noun[tokens[start]] >= _NOUN - 0.15) & ~before[start] & ~after[end]
    if gap == 2:
        links = np.isin(tokens, corpus.numbers(_LINKS[:1]))
        good &= links[start + 1] & (kinds[start + 1] != EDGE)
    return start[good], end[good]


def _topical(corpus: Corpus) -> NDArray[np.bool_]:
    """Words that may border a topic: no figures, no adverb, no past tense, no lone piece of an unspaced script."""
    weak = word_lists().intents | word_lists().asking

    def fits(key: str) -> bool:
        return (
            len(key) > 2
            and key not in weak
            and not any(letter.isdigit() for letter in key)
            and not (len(key) > 4 and key.isascii() and key.endswith(("ly", "ed", "n't")))
        )

    own = np.fromiter((fits(key) for key in corpus.keys), dtype=np.bool_, count=len(corpus.keys))
    return own & ~corpus.parts


def nounness(corpus: Corpus) -> NDArray[np.float64]:
    """float [v]: how often each word stands as a noun: after an article or possessive rather than before one or after a subject.

    Words of other languages, and those that nothing tells about, are taken for nouns.
    """
    tokens, size = corpus.tokens, len(corpus.keys)
    if not len(tokens):
        return np.ones(size)
    articles = np.zeros(size, dtype=np.bool_)
    articles[corpus.numbers(word_lists().determiners - _POSSESSED)] = True
    subjects, objects = np.zeros(size, dtype=np.bool_), np.zeros(size, dtype=np.bool_)
    subjects[corpus.numbers(_SUBJECTS)] = True
    objects[corpus.numbers(_OBJECTS)] = True
    before, after = np.append(0, tokens[:-1]), np.append(tokens[1:], 0)
    asked = np.zeros(size, dtype=np.bool_)
    asked[corpus.numbers(("how", "so", "too", "very"))] = (
        True  # "how busy the place is" makes no verb of "busy"
    )
    link = np.zeros(size, dtype=np.bool_)
    link[corpus.numbers(_BEFORE_NOUNS)] = True
    as_noun = np.bincount(tokens, weights=articles[before] * 1.0 + link[before] * 0.5, minlength=size)
    as_verb = np.bincount(
        tokens,
        weights=(articles[after] & ~articles[before] & ~asked[before]) * 1.0
        + objects[after]
        + subjects[before],
        minlength=size,
    )
    return np.asarray((as_noun + _PRIOR) / (as_noun + as_verb + _PRIOR), dtype=np.float64)
