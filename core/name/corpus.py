"""Texts as arrays of word numbers: what counting works on."""

from __future__ import annotations

import re
from array import array
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

import numpy as np
from numpy.typing import NDArray

from core.name.stopwords import word_lists
from core.name.tokens import BREAK, LONGEST, is_part, is_unspaced, tokenise

CONTENT, STOP, WEAK, EDGE = 0, 1, 2, 3
"""Kinds of a token where it stands: a topic word, a stop word, a word that may only open a phrase, a break."""

_WORD = re.compile(r"[\w+#]+")
_CHARACTERS = 24_000_000
_SHORTEST = 240


@dataclass(frozen=True)
class Corpus:
    """Tokenised texts.

    Attributes:
        keys: Casefolded words by number; number 0 is the break.
        shown: Each word as it is best written: its most common spelling inside a sentence.
        tokens: int32 [t], word numbers, one text after the other, a break after each.
        docs: int32 [t], the text each token belongs to.
        kinds: int8 [t], `CONTENT`, `STOP`, `WEAK` or `EDGE`.
        parts: bool [v], words that are only pieces (a Han character, a Thai letter cluster).
        size: Number of texts.
        languages: int8 [size], number of the likeliest language in the word lists.
    """

    keys: tuple[str, ...]
    shown: tuple[str, ...]
    tokens: NDArray[np.int32]
    docs: NDArray[np.int32]
    kinds: NDArray[np.int8]
    parts: NDArray[np.bool_]
    size: int
    languages: NDArray[np.int8]

    def phrase(self, words: Sequence[int]) -> str:
        """Words as a reader would write them: no space between unspaced scripts."""
        out = ""
        for word in words:
            text = self.shown[word]
            out += text if not out or (is_unspaced(out) and is_unspaced(text)) else " " + text
        if len(words) > 1:
            for folded, name in _names():
                at = out.casefold().find(folded)
                if at >= 0 and f" {out} "[at] == " " and f" {out} "[at + len(folded) + 1] == " ":
                    out = out[:at] + name + out[at + len(folded) :]
        return out

    def numbers(self, words: Collection[str]) -> list[int]:
        """The numbers of those casefolded words that occur."""
        return [number for number, key in enumerate(self.keys) if key in words]


@cache
def _known() -> tuple[str, ...]:
    lines = files("core.name").joinpath("casing.txt").read_text("utf-8").split("\n")
    return tuple(word for line in lines if not line.startswith("#") for word in line.split())


@cache
def _spellings() -> dict[str, str]:
    return {word.casefold(): word for word in _known() if "_" not in word}


@cache
def _names() -> tuple[tuple[str, str], ...]:
    names = [word.replace("_", " ") for word in _known() if "_" in word]
    return tuple((name.casefold(), name) for name in names)


def respell(text: str) -> str:
    """Known names in a text that is all in lower case get their usual spelling, and "i" a capital."""
    if text != text.lower():
        return text
    known = _spellings()
    text = _WORD.sub(lambda m: "I" if m.group() == "i" else known.get(m.group(), m.group()), text)
    for folded, name in _names():
        text = re.sub(rf"(?<!\w){re.escape(folded)}(?!\w)", name, text, flags=re.IGNORECASE)
    return text


def read(texts: Sequence[str]) -> Corpus:
    """Tokenise texts; the more there are, the fewer characters of each are read, so that memory stays bounded.

    Args:
        texts: n distinct texts.
    """
    limit = max(_SHORTEST, min(LONGEST, _CHARACTERS // max(len(texts), 1)))
    numbers: dict[str, int] = {BREAK: 0}
    flat = array("i")
    lengths = np.empty(len(texts), dtype=np.int64)
    for index, text in enumerate(texts):
        words = tokenise(text, limit)
        words.append(BREAK)
        lengths[index] = len(words)
        flat.extend(numbers.setdefault(word, len(numbers)) for word in words)
    surface = np.frombuffer(flat, dtype=np.int32) if flat else np.zeros(0, dtype=np.int32)
    del flat
    docs = np.repeat(np.arange(len(texts), dtype=np.int32), lengths)
    folded: dict[str, int] = {BREAK: 0}
    to_key = np.asarray([folded.setdefault(word.casefold(), len(folded)) for word in numbers], dtype=np.int32)
    tokens = to_key[surface] if len(surface) else surface
    shown = _shown(list(numbers), to_key, surface, docs, len(texts), len(folded))
    tokens, docs, shown = _join_openers(tokens, docs, shown, folded)
    keys = tuple(folded)
    languages = _languages(keys, tokens, docs, len(texts))
    return Corpus(
        keys,
        tuple(shown),
        tokens,
        docs,
        _kinds(keys, tokens, docs, languages),
        np.fromiter((is_part(key) for key in keys), dtype=np.bool_, count=len(keys)),
        len(texts),
        languages,
    )


def _shown(
    words: list[str],
    to_key: NDArray[np.int32],
    surface: NDArray[np.int32],
    docs: NDArray[np.int32],
    size: int,
    n_keys: int,
) -> list[str]:
    """The best spelling of each key.

    Spellings inside a sentence count, in texts that are not all capitals; a word that only ever opens a sentence loses its
    capital. Where the log writes a name in lower case alone, the list of known spellings decides.
    """
    upper = np.fromiter((w.isupper() and len(w) > 1 for w in words), dtype=np.bool_, count=len(words))
    cased = np.fromiter((w.lower() != w.upper() for w in words), dtype=np.bool_, count=len(words))
    loud = np.zeros(size, dtype=np.bool_)
    if size:
        letters = np.bincount(docs, weights=cased[surface], minlength=size)
        loud = np.bincount(docs, weights=upper[surface], minlength=size) > 0.6 * np.maximum(letters, 1)
    inside = np.zeros(len(surface), dtype=np.bool_)
    inside[1:] = surface[:-1] != 0
    calm = ~loud[docs] if size else inside
    within = np.bincount(surface[inside & calm], minlength=len(words))
    anywhere = np.bincount(surface[calm], minlength=len(words))
    best: list[tuple[int, int, str]] = [(-1, -1, "")] * n_keys
    for number, word in enumerate(words):
        key = int(to_key[number])
        count = (int(within[number]), int(anywhere[number]), word)
        if (count[0], count[1]) > best[key][:2]:
            best[key] = count
    known = _spellings()
    out: list[str] = []
    for inner, calm_count, word in best:
        spelling = known.get(word.casefold())
        if spelling is not None and (inner <= 0 or word.islower() or calm_count <= 0):
            word = spelling
        elif (inner <= 0 and word.istitle()) or calm_count <= 0:
            word = word.lower()
        out.append(word)
    return out


def _join_openers(
    tokens: NDArray[np.int32], docs: NDArray[np.int32], shown: list[str], folded: dict[str, int]
) -> tuple[NDArray[np.int32], NDArray[np.int32], list[str]]:
    """Read "how many" and its like as one word, so that a phrase may open with it."""
    keep = np.ones(len(tokens), dtype=np.bool_)
    tokens = tokens.copy()
    for first, second in sorted(word_lists().openers):
        if first not in folded or second not in folded:
            continue
        at = np.flatnonzero((tokens[:-1] == folded[first]) & (tokens[1:] == folded[second]))
        if len(at) == 0:
            continue
        joined = f"{first} {second}"
        folded[joined] = len(folded)
        shown.append(joined)
        tokens[at] = folded[joined]
        keep[at + 1] = False
    return tokens[keep], docs[keep], shown


def _masks(keys: tuple[str, ...], table: dict[str, int]) -> NDArray[np.uint64]:
    return np.fromiter((table.get(key, 0) for key in keys), dtype=np.uint64, count=len(keys))


_SCRIPTS = (("ja", re.compile("[\u3040-\u30ff]|[\u3400-\u9fff]{2}")), ("zh", re.compile("[\u3400-\u9fff]")),
            ("th", re.compile("[\u0e00-\u0e7f]")), ("ko", re.compile("[\uac00-\ud7af]")))  # fmt: skip
"""Scripts that tell the language; the reader leaves Han characters single in Chinese and joined in Japanese."""


def _script_mask(key: str, languages: tuple[str, ...]) -> int:
    if key.isascii():
        return 0
    return next((1 << languages.index(name) for name, script in _SCRIPTS if script.search(key)), 0)


def _languages(
    keys: tuple[str, ...], tokens: NDArray[np.int32], docs: NDArray[np.int32], size: int
) -> NDArray[np.int8]:
    """The language whose stop words a text holds most of; English where nothing tells."""
    lists = word_lists()
    by_script = np.fromiter(
        (_script_mask(key, lists.languages) for key in keys), dtype=np.uint64, count=len(keys)
    )
    masks = (_masks(keys, lists.stop) | by_script)[tokens]
    some = masks != 0
    masks, at = masks[some], docs[some]
    best = np.bincount(at[(masks & np.uint64(1)) != 0], minlength=size).astype(np.float64) + 0.5
    language = np.zeros(size, dtype=np.int8)
    for bit in range(1, len(lists.languages)):
        hits = at[(masks >> np.uint64(bit)) & np.uint64(1) != 0]
        if len(hits):
            count = np.bincount(hits, minlength=size)
            better = count > best
            best[better], language[better] = count[better], bit
    return language


_NUMBER = re.compile(r"[\d.,:]+")
_LETTERS = ("c", "r")
"""Single letters that are a language's name before another word ("C code")."""


def _kinds(
    keys: tuple[str, ...], tokens: NDArray[np.int32], docs: NDArray[np.int32], languages: NDArray[np.int8]
) -> NDArray[np.int8]:
    lists = word_lists()
    plain = np.fromiter((key.isascii() for key in keys), dtype=np.bool_, count=len(keys))
    kinds = np.full(len(tokens), CONTENT, dtype=np.int8)
    language = languages[docs].astype(np.uint64) if len(docs) else np.zeros(0, dtype=np.uint64)
    for table, kind in ((lists.weak, WEAK), (lists.stop, STOP)):
        # English words stand in texts of every language, and a word in another script rarely means two things.
        masks = _masks(keys, table)
        masks[~plain & (masks != 0)] = np.uint64(2**64 - 1)
        mask = masks[tokens]
        kinds[((mask >> language) | mask) & np.uint64(1) != 0] = kind
    openers = {f"{first} {second}" for first, second in lists.openers}
    light = np.fromiter(
        (key in openers or key in _LETTERS or _NUMBER.fullmatch(key) is not None for key in keys),
        dtype=np.bool_,
        count=len(keys),
    )
    single = np.fromiter(
        (len(key) == 1 and not is_part(key) and key not in _LETTERS for key in keys), np.bool_, len(keys)
    )
    kinds[light[tokens]] = WEAK
    kinds[single[tokens]] = STOP
    kinds[tokens == 0] = EDGE
    return kinds
