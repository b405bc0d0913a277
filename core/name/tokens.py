"""Texts to word tokens: hostile, code-laden and unspaced texts included.

A token list is flat; `BREAK` stands where a phrase must not run across: punctuation, line ends, markup, code, addresses.
"""

from __future__ import annotations

import re
from functools import cache

from core.name.stopwords import word_lists
from core.text import visible

BREAK = ""
LONGEST = 1_000
"""Characters of a text that are read: an ask stands at its head or at its tail, the paste between them names nothing."""

_MARKS = (
    "\u0300-\u034e\u0350-\u036f\u0591-\u05c7\u0610-\u061a\u064b-\u065f\u0670\u0900-\u0963\u0966-\u0dff"
    "\u0e31\u0e34-\u0e3a\u0e47-\u0e4e\u0eb1\u0eb4-\u0ebc\u0ec8-\u0ecd\u1000-\u109f\u1780-\u17d3\u200c"
)
_NOISE = re.compile(
    r"```.*?(?:```|\Z)|~~~.*?(?:~~~|\Z)"  # fenced code
    r"|(?:https?|ftp|file)://\S+|www\.\S+|(?<!\S)[^\s@]+@\S+\.\w+"  # addresses
    r"|<[^<>\n]{1,200}>|\[/?[A-Z_|]{2,12}\]|&#?\w{2,8};"  # markup, chat templates, entities
    r"|\\[A-Za-z]+|\x1b\][^\x07\x1b]*|\x1b[\[\]]?[0-9;?]*[A-Za-z]?"  # LaTeX commands, escapes, terminal codes
    r"|(?<!\w)[\w.-]*[/\\][\w./\\-]*[/\\][\w./\\-]*"  # paths
    r"|\b\w+\([\w\s,.'\"=]*\)|\b\w+(?:\.\w+)+\(|\$\w+|@\w+|\b0x[0-9A-Fa-f]+",  # calls, variables, hex
    re.DOTALL,
)
_SUSPECT = re.compile(r"[`~<\[&\\@/$(\x1b]|0x|www\.")
"""What every part of the noise holds: most short texts need no more than this look."""
_CODE = re.compile(
    r"^[ \t]*(?:import \w|from [\w.]+ import|def \w|class \w+[:({]|return\b|\#include|#define|using \w|package \w|public |private |protected "
    r"|static |void |int \w|const |let \w+ =|var \w|elif |else:|try:|except|@\w|//|/\*|\* |\$ |>>> |\}).*$"
    r"|^.*(?:[;{}]|\):|=>|&&|\|\|)[ \t]*$|^[^\n]*?\w ?(?:==|!=|\+=|:=|<-|->) ?[^\n]*$|^[ \t]*[\w.\[\]'\"]+ ?= ?\S.*$",
    re.MULTILINE,
)
"""Lines of code that stand outside a fence."""
_TOKEN = re.compile(
    r"\.NET\b|[A-Za-z]\+\+|\b[CcFf]\#|\w+\.(?:[Jj][Ss]|NET|net|io|ai|py)\b"
    rf"|[\w{_MARKS}]+(?:['’\-‐][\w{_MARKS}]+)*|\n|[^\s\w]"
)
_UNSPACED = re.compile(r"[\u3005\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\u0e00-\u0e7f]+")
_KANA = re.compile(r"[\u3040-\u30ff]")
_THAI = re.compile(r"[\u0e00-\u0e7f]")
_JAPANESE = re.compile(r"[\u3041-\u309f]+|[\u30a0-\u30ff]+|[\u3005\u3400-\u9fff\uf900-\ufaff]+")
_THAI_CLUSTER = re.compile(
    r"[\u0e40-\u0e44]?[\u0e01-\u0e2e\u0e2f-\u0e30\u0e32\u0e33\u0e45\u0e46][\u0e31\u0e34-\u0e3a\u0e47-\u0e4e]*|."
)
_MIXED = re.compile(r"\d.*[A-Za-z]|[A-Za-z].*\d")
_LONGEST_WORD = 30


def is_unspaced(text: str) -> bool:
    """Whether `text` ends in a script written without spaces (Han, kana, Thai)."""
    return bool(text) and _UNSPACED.match(text[-1]) is not None


def is_part(key: str) -> bool:
    """Whether a token is only a piece of a word: one Han character or one Thai letter cluster."""
    return (
        bool(key)
        and _UNSPACED.match(key) is not None
        and _KANA.search(key) is None
        and (len(key) == 1 or _THAI.match(key) is not None)
    )


def crop(text: str, limit: int = LONGEST) -> str:
    """The first seven tenths and the last three tenths of `limit` characters of a longer text, a line end between."""
    if len(text) <= limit:
        return text
    head = limit * 7 // 10
    return f"{text[:head].rsplit(' ', 1)[0]}\n{text[len(text) - (limit - head) :].partition(' ')[2]}"


@cache
def _splitter(language: str) -> re.Pattern[str]:
    return re.compile("|".join(map(re.escape, word_lists().segment_words(language))))


def _unspaced(run: str) -> list[str]:
    """Tokens of a run without spaces, cut at its language's stop words.

    Japanese changes script at most word borders, so runs of one script are words; Chinese and Thai become characters and
    letter clusters, whose n-grams the phrase counter joins.
    """
    tokens: list[str] = []
    if _THAI.match(run):
        for piece in _splitter("th").split(run):
            tokens += [BREAK, *_THAI_CLUSTER.findall(piece)]
    elif _KANA.search(run):
        for piece in _JAPANESE.findall(run):
            if "\u3041" <= piece[0] <= "\u309f":
                left = [part for part in _splitter("ja").split(piece) if len(part) >= 3]
                tokens += [BREAK, *left, BREAK]
            else:
                tokens.append(piece)
    else:
        for piece in _splitter("zh").split(run):
            tokens += [BREAK, *piece]
    return [*tokens, BREAK]


def _is_noise(word: str) -> bool:
    return "_" in word or len(word) > _LONGEST_WORD or (len(word) > 8 and _MIXED.search(word) is not None)


def tokenise(text: str, limit: int = LONGEST) -> list[str]:
    """Tokens of a text in their original spelling, `BREAK` between the parts that do not belong together.

    Code, addresses, markup, escapes, identifiers and encoded data become breaks; "C++", ".NET", "node.js", "don't" and
    "e-mail" stay whole.

    Args:
        text: Any text; only `limit` characters are read.
        limit: Characters read, from head and tail.
    """
    cleaned = crop(text, limit)
    if "\n" in cleaned:
        cleaned = _CODE.sub("\n", cleaned)
    if _SUSPECT.search(cleaned):
        cleaned = _NOISE.sub("\n", cleaned)
    if not cleaned.isascii():
        # Letters that cannot be seen, such as Hangul fillers, would make words that look alike.
        cleaned = visible(cleaned)
    tokens: list[str] = []
    for token in _TOKEN.findall(cleaned):
        if not (token[0].isalnum() or (len(token) > 1 and token[0] == ".")):
            tokens.append(BREAK)
        elif _UNSPACED.search(token):
            at = 0
            for match in _UNSPACED.finditer(token):
                if match.start() > at:
                    tokens.append(token[at : match.start()])
                tokens += _unspaced(match.group())
                at = match.end()
            if at < len(token):
                tokens.append(token[at:])
        else:
            tokens.append(BREAK if _is_noise(token) else token.replace("’", "'").replace("‐", "-"))
    return tokens
