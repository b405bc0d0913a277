"""A first name for each group: phrases, a title, and what to say should another group have the same title."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.control import Control
from core.name.corpus import CONTENT, STOP, WEAK, Corpus
from core.name.describe import listing
from core.name.phrases import GramTable, Phrase, count
from core.name.pick import pick, topics
from core.name.reading import Reader
from core.name.stopwords import word_lists
from core.name.terms import nounness
from core.name.titles import Candidate, GroupView
from core.name.wording import LIMIT, MISCELLANEOUS, OTHERS, VARIOUS, fit, joined, sentence, spoken, stem
from core.text import one_line

_WORDS, _LONGER = 300, 120
_PHRASES = 10
_COVERED = 0.4
_LARGE, _ONE_WORD = 20, 0.35
"""In a group of so many texts one word does not stand alone unless this share hold it."""
_FEW = 0.15
"""Share of texts that the phrases of a foreign cluster must reach to be named beside the language."""
_SHORT = 28
_THIN, _TOGETHER = 0.1, 0.16
"""Phrases of which none has so large a share of the texts, nor all of them so large a one, are no common topic."""
_SPEAKING = ((0.35, 0.16), (0.55, 0.25))
"""A central text is the better title when no phrase is worth the first and it overlaps the others by the second."""
_QUOTED = 48
_FORMULA = re.compile(r"\d{3}|[=*^<>{}|\\]")
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
        unlike: The title should the cluster prove to be one of unlike texts ("Miscellaneous: ...").
    """

    title: str
    phrases: tuple[Phrase, ...]
    spare: tuple[str, ...]
    short: str
    special: bool = False
    unlike: str = ""


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
        told = np.zeros(corpus.size, dtype=np.bool_)
        told[corpus.docs[(corpus.kinds == STOP) | (corpus.kinds == WEAK)]] = True
        self._told = told | (corpus.languages > 0)
        written = np.bincount(corpus.languages[self._told], minlength=len(word_lists().languages))
        self._everyone = written / max(written.sum(), 1)
        self._reader = Reader(corpus, nounness(corpus))
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
        view = GroupView(self._corpus, table, members, rows, self._reader)
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
            return Draft(
                said,
                phrases,
                spare,
                f"“{fit(said, _SHORT)}”",
                unlike=self._unlike(view, topics(view, candidates, LIMIT - len(MISCELLANEOUS))),
            )
        languages = self._languages(members)
        foreign = languages[:1] != ["English"]
        if foreign and languages:
            return self._foreign(languages, named if cover >= _FEW else [], phrases)
        if not named:
            return Draft(self._unlike(view, []) if members else "", phrases, spare, "", special=True)
        brief, _ = pick(view, candidates, _SHORT)
        found = topics(view, candidates, LIMIT - len(MISCELLANEOUS))
        short = fit(view.show(brief[0]), _SHORT)
        if self._stronger(view, found, chosen, cover):
            chosen, named = found, [view.show(topic) for topic in found]
            cover = view.reach(found)
        leading = max(view.best_share(), *(candidate.cover for candidate in chosen))
        thin = cover < _TOGETHER and leading < _THIN and len(members) >= 10
        if thin or (not phrases and len(members) >= 5):
            brief_texts = self._brief(members)
            title = joined([f"Short messages: {brief_texts[0]}", *brief_texts[1:]]) if brief_texts else ""
            return Draft(title or self._unlike(view, found), phrases, spare, short, special=True)
        title = fit(sentence(listing(named, english=not foreign)))
        return Draft(title, phrases, spare, short, unlike=self._unlike(view, found))

    def _stronger(
        self, view: GroupView, found: Sequence[Candidate], chosen: Sequence[Candidate], cover: float
    ) -> bool:
        """Whether a list of topics says more about a large group than phrases that few of its texts hold."""
        if len(view.members) < _LARGE or len(found) < 2:
            return False
        if len(chosen) == 1 and len(chosen[0].words) == 1 and cover < _ONE_WORD:
            return view.reach(found) >= 1.3 * cover
        said = {word for candidate in chosen for word in candidate.words}
        if view.cover(found[0].topics) < max(cover, _THIN):
            return False
        return cover < _TOGETHER and not said.intersection(found[0].words) and view.reach(found) >= 2 * cover

    def _unlike(self, view: GroupView, found: Sequence[Candidate]) -> str:
        """The title of a cluster of unlike texts: the topics that several of them have, else its most central text."""
        quote = one_line(self._texts[view.members[0]], LIMIT - len(MISCELLANEOUS) - 2)
        return MISCELLANEOUS + (", ".join(view.show(topic) for topic in found) or f"“{quote}”")

    def _brief(self, members: Sequence[int]) -> list[str]:
        """Texts of one or two words, central ones first; none where less than half of the members are so short."""
        short = [text for text in members if self._bounds[text + 1] - self._bounds[text] <= 3]
        shown = dict.fromkeys(one_line(self._texts[text], 16).strip(" .!?,").casefold() for text in short)
        return (
            [text for text in shown if any(map(str.isalnum, text))][:4]
            if 2 * len(short) >= len(members)
            else []
        )

    def _foreign(self, languages: Sequence[str], named: Sequence[str], phrases: tuple[Phrase, ...]) -> Draft:
        """A draft for a cluster that has more of a language than of a topic."""
        heading = listing(languages)
        title = joined([f"{heading}: {named[0]}", *named[1:]]) if named else f"{VARIOUS}{heading}"
        spare = tuple(phrase.text for phrase in phrases)
        return Draft(fit(title), phrases, spare, f"requests in {heading}", special=True)

    def _languages(self, members: Sequence[int]) -> list[str]:
        """The one or two languages of six tenths of the members; English, or none, where they are what most texts are written in."""
        numbers = np.asarray(members, dtype=np.int64)
        known = numbers[self._told[numbers]]
        own = np.bincount(self._corpus.languages[known], minlength=len(self._everyone)) / max(len(known), 1)
        if 3 * len(known) < len(members):
            return ["English"]
        order = np.argsort(-own, kind="stable")[:2]
        best = order[:1] if own[order[0]] >= 0.6 else order[own[order] >= 0.25]
        if own[0] >= 0.4 or (self._everyone[best] >= 0.5).any():
            return ["English"] if own[0] >= 0.4 else []
        if own[best].sum() < 0.6:
            some = [word_lists().names[i] for i in np.argsort(-own, kind="stable")[:3] if i and own[i] >= 0.1]
            return [*some[:2], OTHERS] if some else []
        return [word_lists().names[i] for i in best]

    def _said(self, view: GroupView, worth: float) -> str:
        """A short central text as a title, where it stands for the others better than a phrase worth `worth`."""
        if len(view.members) < 2 or worth >= _SPEAKING[-1][0]:
            return ""
        middle, overlap = view.middle()
        if not any(worth < below and overlap >= enough for below, enough in _SPEAKING):
            return ""
        if view.odd(middle):
            return ""
        said = spoken(self._texts[middle], _QUOTED)
        return "" if _FORMULA.search(said) else said

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
                order = sorted(counts, key=lambda name: (-counts[name], len(name), name))
                best = [name for name in order if any(map(str.isalnum, name))] or [n for n in order if n]
                return joined([f"{head}: {best[0]}", *best[1:4]]) if best else "Empty messages"
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
            if self._reader.torn(words, kinds):
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
