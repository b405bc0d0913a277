"""How many tokens a text has, estimated without a tokeniser.

Providers keep their tokenisers to themselves, so this counts what byte-pair tokenisers make of most text: a word of seven
letters or fewer with the space before it is one token, a longer one two or more; three digits; two signs in a row; a line's
end; two letters of another alphabet; one of the scripts that are written without spaces.
"""

from __future__ import annotations

import re

_PIECE = re.compile(
    "(?P<word>[A-Za-z]+)|(?P<number>[0-9]+)|(?P<signs>[!-/:-@\\[-`{-~]+)|(?P<lines>[\r\n]+)"
    "|(?P<unspaced>[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u2e80-\ua4cf\uac00-\ud7ff\uf900-\ufaff\U00020000-\U0003ffff]+)"
    "|(?P<other>[^\x00-\x7f])"
)

_LETTERS = {"word": 7, "number": 3, "signs": 2, "lines": 1_000_000, "unspaced": 1}
"""Characters of a piece that make one token."""


def estimate(text: str) -> int:
    """About how many tokens `text` has."""
    tokens = other = 0
    for found in _PIECE.finditer(text):
        kind = found.lastgroup
        if kind is None or kind == "other":
            other += 1
        else:
            tokens += -(-len(found[0]) // _LETTERS[kind])
    return tokens + -(-other // 2)
