"""Two sentences about one cluster: what its members ask, and how many there are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from core.name.phrases import Phrase
from core.text import one_line
from db.titles import counted

_QUOTE = 120
_TOP = 3


@dataclass(frozen=True)
class Counts:
    """What is counted about a cluster.

    Attributes:
        queries: Conversations, however often they ask the same.
        texts: Distinct texts.
        languages: Queries by language; the empty name stands for unknown.
        chat_models: Queries by chat model; the empty name stands for unknown.
    """

    queries: int
    texts: int
    languages: Mapping[str, int] = field(default_factory=dict)
    chat_models: Mapping[str, int] = field(default_factory=dict)


def listing(parts: Sequence[str], *, english: bool = True) -> str:
    """ "a", "a and b", "a, b and c"; commas alone where the words around are not English."""
    if not english or any(ord(letter) > 0x2FF and letter.isalpha() for part in parts for letter in part):
        return ", ".join(parts)
    return " and ".join([", ".join(parts[:-1]), parts[-1]] if len(parts) > 1 else list(parts))


def _shares(counts: Mapping[str, int]) -> tuple[list[str], float]:
    """The three largest as "name 42%" of all, what is unknown behind them, and the share of the largest of those known;
    nothing where all is unknown.
    """
    known = sorted(((n, name) for name, n in counts.items() if name and n > 0), key=lambda p: (-p[0], p[1]))
    if not known:
        return [], 1.0
    unknown = counts.get("", 0)
    named = sum(n for n, _ in known)
    total = named + unknown
    shown = [f"{one_line(name, 40)} {_percent(n / total)}" for n, name in known[:_TOP]]
    rest = len(known) - _TOP
    shown += [f"{rest} more"] if rest > 0 else []
    shown += [f"unknown {_percent(unknown / total)}"] if unknown else []
    return shown, known[0][0] / named


def _percent(share: float) -> str:
    return "<1%" if share < 0.01 else f"{share * 100:.0f}%"


def describe(phrases: Sequence[Phrase], central: str, counts: Counts, mixed: Sequence[str] = ()) -> str:
    """Two sentences, and a note where the cluster needs one.

    Args:
        phrases: Key phrases, best first; the first four are named.
        central: The most central text; quoted on one line, cropped, with nothing in it that a terminal obeys.
        counts: What to count.
        mixed: Names of the halves of a cluster that is a mixture.
    """
    about = listing([phrase.text for phrase in phrases[:4]])
    quote = f"“{one_line(central, _QUOTE)}”" if central.strip() else ""
    if mixed:
        first = f"Holds two kinds of requests, {listing(list(mixed))}"
    elif about:
        first = f"Members ask about {about}"
    else:
        first = "Members have no phrase in common"
    if quote:
        first += f", for example {quote}"
    second = counted(counts.queries, counts.texts)
    languages, largest = _shares(counts.languages)
    models, _ = _shares(counts.chat_models)
    details = [part for part in (", ".join(languages), ", ".join(models)) if part]
    if details:
        second += ": " + "; ".join(details)
    notes = []
    if largest < 0.7:
        notes.append("Languages are mixed.")
    if counts.texts and counts.queries >= 3 * counts.texts:
        notes.append(f"Each text was asked {counts.queries / counts.texts:.1f} times on average.")
    return " ".join([f"{first}.", f"{second}.", *notes])
