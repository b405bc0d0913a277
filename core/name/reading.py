"""How a phrase reads: as something a person would write over a list, or like a piece of a sentence."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from core.name.corpus import STOP, WEAK, Corpus
from core.name.stopwords import word_lists

NOUN, VERB = 0.5, 0.3
"""From the first on a word passes for a noun, below the second for a verb (`core.name.terms.nounness`)."""
_APART = ("on", "by", "at")
"""Prepositions that seldom belong to the verb before them, as "for" does in "apply for"."""


class Reader:
    """Judges phrases of one corpus by the words they open and close with.

    Args:
        corpus: All texts.
        noun: float [v], how often each word stands as a noun.
    """

    def __init__(self, corpus: Corpus, noun: NDArray[np.float64]) -> None:
        self._corpus, self._noun = corpus, noun

    def manner(self, words: Sequence[int]) -> float:
        """Below 1 for what reads less well in a title: figures, a past tense or a mere "tell me" at its head."""
        keys = [self._corpus.keys[word] for word in words]
        figures = any(
            any(c.isdigit() for c in key) and self._corpus.shown[w].islower()
            for key, w in zip(keys, words, strict=True)
        )
        figures = figures or any(key.isdigit() for key in keys)
        past = len(keys) > 1 and keys[0].isascii() and keys[0].endswith("ed") and len(keys[0]) > 4
        asking = len(keys) > 1 and keys[0] in word_lists().asking
        some = asking and keys[1] in ("any", "some")
        return (
            (0.45 if figures else 1.0) * (0.5 if some else 0.8 if asking else 1.0) * (0.85 if past else 1.0)
        )

    def torn(self, words: Sequence[int], kinds: Sequence[int]) -> int:
        """How many things make the phrase read like a piece of a sentence."""
        glue, keys = word_lists().glue, self._corpus.keys
        english = word_lists().stop
        torn = sum(
            1
            for word, kind in zip(words, kinds, strict=True)
            if kind == STOP and keys[word] not in glue and english.get(keys[word], 0) & 1
        )
        # "Bring me mice" is an imperative, "cat bring me mice" a piece of a question.
        torn += any(keys[word] == "me" for word in words[2:])
        if len(words) > 1:
            torn += any(keys[word].isascii() and keys[word].endswith("ly") for word in (words[0], words[-1]))
            verb = self._noun[words[0]] < VERB and keys[words[1]] in _APART
            torn += verb or (kinds[0] == WEAK and keys[words[1]] in word_lists().prepositions)
        return torn

    def may_follow(self, words: Sequence[int]) -> bool:
        """Whether a phrase may stand behind "and": no question head, no verb, nothing cut off, and no figures."""
        keys, lists = [self._corpus.keys[word] for word in words], word_lists()
        if self._noun[words[-1]] < NOUN or any(key[0].isdigit() for key in keys):
            return False
        if len(keys) == 1:
            return not keys[0].endswith(("ing", "ed")) and keys[0] not in lists.generic
        cut = keys[1] in lists.prepositions and bool(lists.weak.get(keys[0], 0) & 1)
        torn = any(lists.stop.get(key, 0) & 1 and key not in lists.glue for key in keys[1:-1])
        verb = self._noun[words[0]] < VERB and lists.weak.get(keys[0], 0) & 1 == 0
        return not (" " in keys[0] or keys[0] in lists.asking or cut or torn or verb)

    def is_topic(self, words: Sequence[int]) -> bool:
        """Whether one or two words, the last a noun, may stand in a list of unlike topics."""
        keys, lists = [self._corpus.keys[word] for word in words], word_lists()
        verb = (
            keys[0] in lists.intents
            or keys[0] in lists.asking
            or (keys[0].isascii() and keys[0].endswith("ed"))
        )
        figures = any(letter.isdigit() for key in keys for letter in key)
        plain = len(words) == 1 and keys[0] in lists.generic
        return self._noun[words[-1]] >= NOUN and len(keys[-1]) > 1 and not (verb or plain or figures)
