"""A first name for each group: phrases, a title, and what to say should another group have the same title."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.control import Control
from core.name.corpus import CONTENT, Corpus
from core.name.describe import listing
from core.name.phrases import GramTable, Phrase, count
from core.name.pick import pick
from core.name.stopwords import word_lists
from core.name.titles import GroupView
from core.name.wording import LIMIT, VARIOUS, fit, sentence, spoken, stem
from core.text import one_line

_WORDS, _LONGER = 300, 120
_PHRASES = 10
_COVERED = 0.4
_FEW = 0.15
"""Share of texts that the phrases of a foreign cluster must reach to be named beside the language."""
_SHORT = 28
_THIN = 0.08
_SPEAKING = ((0.35, 0.12), (0.55, 0.25))
"""A central text is the better title when no phrase is worth the first and it overlaps the others by the second."""
_QUOTED = 48
_FIGURES = re.compile(r"\d{3}")
_HOW = (["how"], ["how's"], ["hows"], ["what's"], ["whats"])
_HEADS = ("Greetings", "Thanks")


@dataclass(frozen=True)
class Draft:
    """A name before duplicates are repaired.

    Attributes:
        title: May be empty when the texts have nothing in common.
        phrases: Key phrases, best first.
        spare: Phrases that may be added to the title, best first.
        short: The title as one short phrase, for "Mixed: A and B".
        special: The title already says what kind of cluster it is ("Greetings: ...").
        lowers: The title's capital only opens the sentence.
    """

    title: str
    phrases: tuple[Phrase, ...]
    spare: tuple[str, ...]
    short: str
    special: bool = False
    lowers: bool = False


class Draftsman:
    """Names groups of one corpus; the corpus is read once for any number of groupings.

    Args:
        corpus: n tokenised texts.
        texts: The same n texts.
        weights: float [n], how much each text counts.
        control: Progress and cancelling.
    """

    def __init__(
        self, corpus: Corpus, texts: Sequence[str], weights: NDArray[np.float64], control: Control
    ) -> None:
        self._corpus, self._texts, self._weights, self._control = corpus, texts, weights, control
        written = np.bincount(corpus.languages, minlength=len(word_lists().languages))
        self._everyone = written / max(corpus.size, 1)
        self._bounds = np.searchsorted(corpus.docs, np.arange(corpus.size + 1))

    def draft(
        self,
        labels: NDArray[np.int64],
        neighbours: NDArray[np.int64],
        central: Sequence[Sequence[int]],
        only: Collection[int] | None = None,
    ) -> list[Draft]:
        """Draft a name for each group.

        Args:
            labels: int [n], group of each text, -1 for none.
            neighbours: int [k, m], groups to contrast with, -1 for none.
            central: For each group its most central texts, best first.
            only: Groups that need a name; the others get an empty draft.
        """
        k = len(central)
        table = count(self._corpus, labels, k, self._weights, neighbours)
        order = np.argsort(labels, kind="stable")
        edges = np.searchsorted(labels[order], np.arange(k + 1))
        drafts = []
        for group, rows in enumerate(table.rows_by_group(_WORDS, _LONGER)):
            if only is not None and group not in only:
                drafts.append(Draft("", (), (), ""))
                continue
            first = dict.fromkeys(text for text in central[group] if labels[text] == group)
            members = [
                *first,
                *(t for t in order[edges[group] : edges[group + 1]].tolist() if t not in first),
            ]
            drafts.append(self._one(table, members, rows))
            if group % 16 == 15 or group == k - 1:
                self._control.progress("naming clusters", group + 1, k, "clusters")
        return drafts

    def _one(self, table: GramTable, members: Sequence[int], rows: NDArray[np.int64]) -> Draft:
        view = GroupView(self._corpus, table, members, rows)
        phrases = self._phrases(view, table, rows)
        spare = tuple(phrase.text for phrase in phrases)
        special = self._special(members)
        if special and (len(members) > 1 or not special.startswith("Short")):
            return Draft(special, phrases, spare, special.partition(":")[0].lower(), special=True)
        if len(members) == 1:
            only = fit(sentence(one_line(self._texts[members[0]], LIMIT)))
            return Draft(only, phrases, spare, fit(only, _SHORT))
        candidates = view.candidates()
        chosen, cover = pick(view, candidates)
        named = [view.show(candidate) for candidate in chosen]
        said = self._said(view, chosen[0].value if chosen else 0.0)
        if said:
            return Draft(said, phrases, spare, f"“{fit(said, _SHORT)}”", lowers=True)
        languages = self._languages(members)
        foreign = languages[:1] != ["English"]
        if cover < _COVERED and foreign and languages:
            return self._foreign(languages, named if cover >= _FEW else [], phrases)
        if not named:
            quote = one_line(self._texts[members[0]], LIMIT - 17) if members else ""
            return Draft(f"Miscellaneous: “{quote}”" if quote else "", phrases, spare, quote, special=True)
        brief, _ = pick(view, candidates, _SHORT)
        short = fit(view.show(brief[0]), _SHORT)
        if cover < _THIN and view.best_share() < 1.5 * _THIN and len(members) >= 10:
            return Draft(fit("Miscellaneous: " + ", ".join(named)), phrases, spare, short, special=True)
        title = listing(named, english=not foreign)
        return Draft(fit(sentence(title)), phrases, spare, short, lowers=title != sentence(title))

    def _foreign(self, languages: Sequence[str], named: Sequence[str], phrases: tuple[Phrase, ...]) -> Draft:
        """A draft for a cluster that has more of a language than of a topic."""
        title = f"{listing(languages)}: {', '.join(named)}" if named else f"{VARIOUS}{listing(languages)}"
        spare = tuple(phrase.text for phrase in phrases)
        return Draft(fit(title), phrases, spare, f"requests in {listing(languages)}", special=True)

    def _languages(self, members: Sequence[int]) -> list[str]:
        """The one or two languages of six tenths of the members; English, or none, where they are what most texts are written in."""
        texts = np.bincount(self._corpus.languages[members], minlength=len(self._everyone))
        own = texts / max(len(members), 1)
        order = np.argsort(-own, kind="stable")[:2]
        best = order[:1] if own[order[0]] >= 0.6 else order[own[order] >= 0.25]
        if own[best].sum() < 0.6 or (self._everyone[best] >= 0.5).any():
            return ["English"] if own[0] >= 0.5 else []
        return [word_lists().names[i] for i in best]

    def _said(self, view: GroupView, worth: float) -> str:
        """A short central text as a title, where it stands for the others better than a phrase worth `worth`."""
        if len(view.members) < 2 or worth >= _SPEAKING[-1][0]:
            return ""
        middle, overlap = view.middle()
        if not any(worth < below and overlap >= enough for below, enough in _SPEAKING):
            return ""
        said = spoken(self._texts[middle], _QUOTED)
        return "" if _FIGURES.search(said) else said

    def _special(self, members: Sequence[int]) -> str:
        """A title for a cluster of greetings or of texts without a topic word; empty for every other."""
        lists = word_lists()
        around = lists.address | {word for word, mask in lists.stop.items() if mask & 1}
        kinds_of = (
            ("Greetings", lists.greetings, lists.greetings | around),
            ("Thanks", lists.thanks, lists.thanks | around),
        )
        said: dict[str, dict[str, float]] = {head: defaultdict(float) for head in (*_HEADS, "Short messages")}
        total = 0.0
        for text in members:
            a, b = int(self._bounds[text]), int(self._bounds[text + 1])
            words = [self._corpus.keys[w] for w in self._corpus.tokens[a:b].tolist() if w]
            weight = float(self._weights[text])
            total += weight
            shown = one_line(self._texts[text], 24)
            shown = (shown.strip(" .!?,") or shown).casefold()
            for head, opening, allowed in kinds_of:
                opens = any(w in opening for w in words) or (head == "Greetings" and words[:1] in _HOW)
                if opens and len(words) <= 8 and all(w in allowed for w in words):
                    said[head][shown] += weight
            if len(words) <= 2 and not (self._corpus.kinds[a:b] == CONTENT).any():
                said["Short messages"][shown] += weight
        for head, counts in said.items():
            if total and sum(counts.values()) > 0.5 * total:
                best = [
                    name for name in sorted(counts, key=lambda name: (-counts[name], len(name), name)) if name
                ]
                return fit(f"{head}: {', '.join(best[:4])}") if best else "Empty messages"
        return ""

    def _phrases(self, view: GroupView, table: GramTable, rows: NDArray[np.int64]) -> tuple[Phrase, ...]:
        """The best phrases, those that say the same merged: a longer phrase stands for the shorter one it mostly goes with."""
        corpus, few = self._corpus, len(view.members) < 4
        chosen: list[tuple[frozenset[str], Phrase]] = []
        ranked = sorted(
            (float(table.score[r]) * float(table.whole[table.gram[r]]), int(r))
            for r in rows
            if few or table.texts[r] > 1
        )
        for score, row in reversed(ranked):
            gram = int(table.gram[row])
            at, n = int(table.first[gram]), int(table.length[gram])
            words, kinds = corpus.tokens[at : at + n].tolist(), corpus.kinds[at : at + n].tolist()
            if view.torn(words, kinds):
                continue
            topics = frozenset(
                stem(corpus.keys[w]) for w, kind in zip(words, kinds, strict=True) if kind == CONTENT
            )
            share = float(table.share[row])
            phrase = Phrase(corpus.phrase(words), share, score)
            within = [i for i, (other, _) in enumerate(chosen) if topics <= other or other <= topics]
            if not within:
                if len(chosen) < _PHRASES:
                    chosen.append((topics, phrase))
                continue
            held, old = chosen[within[0]]
            if len(within) == 1 and held < topics and share >= 0.5 * old.share:
                chosen[within[0]] = (topics, Phrase(phrase.text, share, old.score))
        return tuple(phrase for _, phrase in chosen)
