"""Which scripts a text is written in, and which ones a language is written in."""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter

_HEAD = 400
"""Characters that are looked at."""

_RANGES = (
    (0x0041, "Latin"), (0x0250, ""), (0x0370, "Greek"), (0x0400, "Cyrillic"), (0x0530, "Armenian"), (0x0590, "Hebrew"),
    (0x0600, "Arabic"), (0x0700, ""), (0x0750, "Arabic"), (0x0780, ""), (0x0870, "Arabic"), (0x0900, "Devanagari"),
    (0x0980, "Bengali"), (0x0A00, "Gurmukhi"), (0x0A80, "Gujarati"), (0x0B00, ""), (0x0B80, "Tamil"), (0x0C00, "Telugu"),
    (0x0C80, "Kannada"), (0x0D00, "Malayalam"), (0x0D80, "Sinhala"), (0x0E00, "Thai"), (0x0E80, "Lao"), (0x0F00, ""),
    (0x1000, "Burmese"), (0x10A0, "Georgian"), (0x1100, "Hangul"), (0x1200, "Ethiopic"), (0x13A0, ""), (0x1780, "Khmer"),
    (0x1800, ""), (0x1E00, "Latin"), (0x1F00, "Greek"), (0x2000, ""), (0x3040, "Kana"), (0x3100, ""), (0x3130, "Hangul"),
    (0x3190, ""), (0x31F0, "Kana"), (0x3200, ""), (0x3400, "Han"), (0xA000, ""), (0xAC00, "Hangul"), (0xD7B0, ""),
    (0xF900, "Han"), (0xFB00, ""), (0xFB1D, "Hebrew"), (0xFB50, "Arabic"), (0xFE00, ""), (0xFE70, "Arabic"), (0xFF00, ""),
    (0xFF66, "Kana"), (0xFFA0, ""), (0x20000, "Han"), (0x32000, ""),
)  # fmt: skip
_STARTS = tuple(start for start, _ in _RANGES)

_LATIN = (
    "Catalan Czech Danish German English Spanish Estonian Finnish French Croatian Hungarian Indonesian Italian Lithuanian"
    " Latvian Malay Norwegian Dutch Polish Portuguese Romanian Slovak Slovenian Swedish Swahili Tagalog Turkish Vietnamese"
)
SCRIPTS: dict[str, frozenset[str]] = {
    **{language: frozenset({"Latin"}) for language in _LATIN.split()},
    **{language: frozenset({"Cyrillic"}) for language in ("Russian", "Ukrainian", "Bulgarian")},
    **{language: frozenset({"Arabic"}) for language in ("Arabic", "Persian", "Urdu")},
    "Serbian": frozenset({"Cyrillic", "Latin"}),
    "Greek": frozenset({"Greek"}),
    "Hebrew": frozenset({"Hebrew"}),
    "Hindi": frozenset({"Devanagari"}),
    "Bengali": frozenset({"Bengali"}),
    "Tamil": frozenset({"Tamil"}),
    "Telugu": frozenset({"Telugu"}),
    "Thai": frozenset({"Thai"}),
    "Korean": frozenset({"Hangul", "Han"}),
    "Japanese": frozenset({"Kana", "Han"}),
    "Chinese": frozenset({"Han"}),
}
"""Scripts by the English name of a language; of a language that is not here nothing is said."""

FEWEST_LETTERS = 10
"""Shorter texts are names, abbreviations and code."""
FEWEST_SIGNS = 4
"""Likewise, where a sign is a syllable or a word."""
_SIGNS = frozenset({"Han", "Kana", "Hangul"})


def letters_of(text: str) -> Counter[str]:
    """How many letters of each script are among the first 400 characters; those of no known script under an empty name."""
    found: Counter[str] = Counter()
    for letter in text[:_HEAD]:
        if letter.isalpha():
            at = bisect_right(_STARTS, ord(letter)) - 1
            found[_RANGES[at][1] if at >= 0 else ""] += 1
    return found


def misfit(language: str, text: str) -> tuple[float, str] | None:
    """The share of letters that the language is not written in, and the script of most of them; `None` where it fits.

    A text in a script of its own may hold as much Latin as it likes: code, names and loan words are Latin everywhere. It
    does not fit when it has no letter of its language at all. A text of a Latin language does not fit when most letters are
    of another script.
    """
    known = SCRIPTS.get(language)
    if known is None or ("Latin" in known and text.isascii()):
        return None
    letters = letters_of(text)
    total = letters.total()
    fitting = sum(letters[script] for script in known)
    others = {script: count for script, count in letters.items() if script and script not in known}
    if not others:
        return None
    most = max(sorted(others), key=others.__getitem__)
    if total < (FEWEST_SIGNS if most in _SIGNS else FEWEST_LETTERS):
        return None
    misfits = fitting * 2 < total if "Latin" in known else fitting == 0
    return ((total - fitting) / total, most) if misfits else None
