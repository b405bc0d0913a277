"""Stop words of thirty-odd languages, and which language a short text is most likely written in.

A list is chosen a text at a time, because one language's stop word is another's topic: German "die", French "car",
Italian "come".
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib.resources import files


@dataclass(frozen=True)
class WordLists:
    """The words that steer naming; all lists are casefolded.

    Attributes:
        languages: Language codes; bit `i` of a mask belongs to `languages[i]`. English is bit 0.
        names: What each language is called in English.
        stop: Word -> mask of the languages in which it is a stop word: never the first or last word of a phrase.
        weak: Word -> mask of the languages in which it is a weak word ("write", "give"): it may open a phrase and is no
            phrase alone.
        glue: English stop words that may stand inside a title; "does", "you" and their like make a torn sentence of it.
        determiners: English words that a phrase runs on into: a word before them is a verb, or the phrase is cut.
        openers: English question heads of two words ("how many"), read as one weak word.
        greetings: Words that make a text a greeting.
        address: Words that may accompany a greeting ("there", "are", "you").
    """

    languages: tuple[str, ...]
    names: tuple[str, ...]
    stop: dict[str, int]
    weak: dict[str, int]
    glue: frozenset[str]
    determiners: frozenset[str]
    openers: frozenset[tuple[str, str]]
    greetings: frozenset[str]
    address: frozenset[str]

    def segment_words(self, language: str) -> list[str]:
        """The stop words of a language written without spaces, longest first, so that the longest match wins."""
        bit = 1 << self.languages.index(language)
        return sorted((w for w, mask in self.stop.items() if mask & bit), key=lambda w: (-len(w), w))


@cache
def word_lists() -> WordLists:
    """Read `stopwords.txt` beside this module, once a process."""
    stop: dict[str, int] = {}
    weak: dict[str, int] = {}
    plain: dict[str, frozenset[str]] = {}
    languages: list[str] = []
    names: dict[str, str] = {}
    for line in files("core.name").joinpath("stopwords.txt").read_text("utf-8").split("\n"):
        head, _, tail = line.partition(":")
        if not tail or head.startswith("#"):
            continue
        if head == "names":
            names = dict(pair.split("=") for pair in tail.split())
            continue
        words = [word.casefold() for word in tail.split()]
        kind, _, language = head.partition(" ")
        if kind not in ("stop", "weak"):
            plain[kind] = frozenset(words)
            continue
        if language not in languages:
            languages.append(language)
        table = stop if kind == "stop" else weak
        for word in words:
            table[word] = table.get(word, 0) | 1 << languages.index(language)
    openers = frozenset((a, b) for a, _, b in (word.partition("-") for word in plain["opener"]))
    return WordLists(
        tuple(languages),
        tuple(names[language] for language in languages),
        stop,
        weak,
        plain["glue"],
        plain["determiner"],
        openers,
        plain["greeting"],
        plain["address"],
    )
