"""Batches that waste no work: texts of one length together, a bound on tokens instead of on texts.

A transformer pads a batch to its longest text. Texts of exactly one length need no padding, which is the fastest
way on a CPU, bounds the memory, and makes the vector of a text independent of its neighbours, bit for bit.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

CHARACTERS_PER_TOKEN = 64
"""No written language comes near so many characters a token; a text is cut there before it is tokenised."""
WINDOW = 8192
"""So many texts are sorted by length at a time: enough for full batches, few enough for bounded memory."""

_SURROGATES = re.compile("[\ud800-\udfff]")
_GOLDEN = 0.6180339887498949


def clean(text: str, max_tokens: int) -> str:
    """The part of `text` that `max_tokens` can reach, as text that every tokeniser takes.

    Lone surrogates, which no encoder accepts, become U+FFFD. White space is folded in a very long text only, so that a
    wall of spaces does not use up the budget.
    """
    limit = max_tokens * CHARACTERS_PER_TOKEN
    if len(text) > limit:
        text = " ".join(text[: limit * 16].split())[:limit]
    return text if text.isascii() else _SURROGATES.sub("\ufffd", text)


def plan(lengths: Sequence[int], budget: int) -> list[list[int]]:
    """Group positions so that each group has texts of one length and at most `budget` tokens (or a single text).

    The groups come in a spread order, long and short mixed: the rate seen so far then foretells the time left.

    Args:
        lengths: Tokens of each text.
        budget: Tokens a group may hold.
    """
    by_length: dict[int, list[int]] = {}
    for position, length in enumerate(lengths):
        by_length.setdefault(length, []).append(position)
    groups: list[list[int]] = []
    for length in sorted(by_length, reverse=True):
        positions = by_length[length]
        rows = max(1, budget // max(length, 1))
        groups += [positions[i : i + rows] for i in range(0, len(positions), rows)]
    return [groups[i] for i in sorted(range(len(groups)), key=lambda i: (i * _GOLDEN) % 1.0)]


def pieces(
    groups: Sequence[Sequence[int]], size: int, tokens: int, lengths: Sequence[int]
) -> list[list[list[int]]]:
    """Gather groups into pieces of at most `size` texts and about `tokens` tokens, each worth storing on its own.

    A group of more than `size` texts is divided.
    """
    result: list[list[list[int]]] = []
    current: list[list[int]] = []
    texts = weight = 0
    for whole in groups:
        for start in range(0, len(whole), size):
            group = list(whole[start : start + size])
            cost = len(group) * lengths[group[0]]
            if current and (texts + len(group) > size or weight + cost > tokens):
                result.append(current)
                current, texts, weight = [], 0, 0
            current.append(group)
            texts += len(group)
            weight += cost
    return [*result, current] if current else result
