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
    """The words that steer naming; all lists are casefolded, and English where no language is said.

    Attributes:
        languages: Language codes; bit `i` of a mask belongs to `languages[i]`. English is bit 0.
        names: What each language is called in English.
        stop: Word -> mask of the languages in which it is a stop word: never the first or last word of a phrase.
        weak: Word -> mask of the languages in which it is a weak word ("write", "give"): it may open a phrase and is no
            phrase alone.
        openers: Question heads of two words ("how many"), read as one weak word.
        glue: Stop words that may stand inside a title; "does", "you" and their like make a torn sentence of it.
        determiners: Words that a phrase runs on into: a word before them is a verb, or the phrase is cut.
        prepositions: Words that do not follow the verb of a title at once.
        intents: Verbs that are half of a request's meaning where most members open with them: "write a poem".
        asking: Words that open a phrase and tell little about it.
        questions: Words with which a request opens in its plain word order.
        generic: Words that say little about a theme when they stand alone.
        greetings: Words that make a text a greeting, in all languages.
        thanks: Words that make a text a thank-you, in all languages.
        address: Words that may accompany either ("there", "are", "you").
    """

    languages: tuple[str, ...]
    names: tuple[str, ...]
    stop: dict[str, int]
    weak: dict[str, int]
    openers: frozenset[tuple[str, str]]
    glue: frozenset[str]
    determiners: frozenset[str]
    prepositions: frozenset[str]
    intents: frozenset[str]
    asking: frozenset[str]
    questions: frozenset[str]
    generic: frozenset[str]
    greetings: frozenset[str]
    thanks: frozenset[str]
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
    return WordLists(
        languages=tuple(languages),
        names=tuple(names[language] for language in languages),
        stop=stop,
        weak=weak,
        openers=frozenset((a, b) for a, _, b in (word.partition("-") for word in plain["opener"])),
        glue=plain["glue"],
        determiners=plain["determiner"],
        prepositions=plain["preposition"],
        intents=plain["intent"],
        asking=plain["asking"],
        questions=frozenset(word.replace("-", " ") for word in plain["question"]),
        generic=plain["generic"],
        greetings=plain["greeting"],
        thanks=plain["thanks"],
        address=plain["address"],
    )
