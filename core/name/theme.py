"""Names for the upper nodes of a tree, made from what their leaves are called and say."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from core.name.corpus import CONTENT, EDGE, Corpus, read
from core.name.describe import listing
from core.name.phrases import Phrase
from core.name.stopwords import word_lists
from core.name.unique import title_key, unique_among
from core.name.wording import LIMIT, VARIOUS, fit, sentence, stem

_TITLE_SHARE = 0.5
_SHARED = 0.6
_HELD = 0.1
_NEWS = 0.03
_PICKS = 6
_HEADINGS = frozenset(("Mixed", "Miscellaneous", "Greetings", "Short messages"))


@dataclass(frozen=True)
class TreeNode:
    """A node of the tree to name.

    Attributes:
        parent: Index of its parent, -1 for a top node.
        size: Queries below it.
        title: Its title where it has one already (a cluster, the noise node); empty: to be named.
        phrases: Key phrases of a cluster; empty for an upper node.
    """

    parent: int
    size: float
    title: str = ""
    phrases: tuple[Phrase, ...] = ()


@dataclass(frozen=True)
class _Pick:
    words: tuple[str, ...]
    """Stems of its topic words, sorted."""
    text: str
    covers: float
    """Share of the node, by size, whose leaves hold it."""
    news: float
    """Share of the node, by size, whose leaves hold it and none of the phrases before it."""


def name_tree(nodes: Sequence[TreeNode]) -> tuple[str, ...]:
    """A title for every node; nodes that have one keep it.

    An upper node is called by the phrases that its leaves share and its siblings' leaves do not. One that most leaves share
    comes first and the largest differences follow ("Translate: Spanish, French"); where nothing is shared, the phrases of
    the largest leaves are joined ("Credit cards and banking"). Within the tree no title that is made here occurs twice,
    nor is it that of a node which had one; but a node with one child, which has a title, is called like it.

    Args:
        nodes: The whole tree, in any order.

    Returns:
        Titles in the order of `nodes`, each at most 60 characters unless given.
    """
    below = _leaves(nodes)
    terms = _Terms(nodes, [i for i, node in enumerate(nodes) if node.title])
    children: dict[int, list[int]] = defaultdict(list)
    for index, node in enumerate(nodes):
        children[node.parent].append(index)
    titles = [node.title for node in nodes]
    spare: list[tuple[str, ...]] = [()] * len(nodes)
    made = []
    for index in sorted(range(len(nodes)), key=lambda i: (-_depth(nodes, i), i)):
        if titles[index]:
            continue
        own = children[index]
        if len(own) == 1:
            titles[index] = titles[own[0]]
            continue
        others = [leaf for other in children[nodes[index].parent] if other != index for leaf in below[other]]
        picks = terms.picks(below[index], others)
        titles[index] = _title(picks) or fit(listing([titles[c] for c in own[:2]]) or "Other")
        spare[index] = tuple(p.text for p in picks)
        made.append(index)
    fixed = {title_key(node.title) for node in nodes if node.title}
    for index, title in zip(
        made, unique_among([titles[i] for i in made], [spare[i] for i in made], fixed), strict=True
    ):
        titles[index] = title
    for index in sorted(range(len(nodes)), key=lambda i: (-_depth(nodes, i), i)):
        if not nodes[index].title and len(children[index]) == 1:
            titles[index] = titles[children[index][0]]
    return tuple(titles)


def _depth(nodes: Sequence[TreeNode], index: int) -> int:
    depth = 0
    while nodes[index].parent >= 0:
        index, depth = nodes[index].parent, depth + 1
        if depth > len(nodes):
            raise ValueError("the nodes are not a tree: a parent is its own descendant")
    return depth


def _leaves(nodes: Sequence[TreeNode]) -> list[list[int]]:
    """For each node the titled nodes under it, itself included."""
    below: list[list[int]] = [[] for _ in nodes]
    for index, node in enumerate(nodes):
        if not node.title:
            continue
        at = index
        while at >= 0:
            below[at].append(index)
            at = nodes[at].parent
    return below


class _Terms:
    """What each leaf says: phrase -> how strongly, 0 to 1."""

    def __init__(self, nodes: Sequence[TreeNode], leaves: Sequence[int]) -> None:
        self._sizes = {leaf: max(nodes[leaf].size, 1e-9) for leaf in leaves}
        lines = [
            line
            for leaf in leaves
            for line in (_plain(nodes[leaf].title), *(p.text for p in nodes[leaf].phrases))
        ]
        corpus = read(lines)
        self._holds: dict[int, dict[tuple[str, ...], float]] = {}
        self._texts: dict[tuple[str, ...], dict[str, float]] = defaultdict(lambda: defaultdict(float))
        line = 0
        ends = {int(doc): int(at) for at, doc in enumerate(corpus.docs)}
        starts = {int(doc): int(at) for at, doc in reversed(list(enumerate(corpus.docs)))}
        for leaf in leaves:
            held: dict[tuple[str, ...], float] = {}
            heading = nodes[leaf].title.partition(": ")[0]
            for share in (_TITLE_SHARE, *(p.share for p in nodes[leaf].phrases)):
                for words, text in _grams(corpus, starts[line], ends[line]):
                    held[words] = max(held.get(words, 0.0), min(share, 1.0))
                    self._texts[words][text] += share * self._sizes[leaf]
                line += 1
            heading = heading.removeprefix(VARIOUS)
            if heading in word_lists().names:
                language = (stem(heading),)
                held[language] = 1.0
                self._texts[language][heading] += self._sizes[leaf]
            self._holds[leaf] = held

    def picks(self, leaves: Sequence[int], others: Sequence[int]) -> list[_Pick]:
        """Phrases that, one after the other, say most about what the ones before leave unsaid."""
        total = sum(self._sizes[leaf] for leaf in leaves) or 1.0
        elsewhere = sum(self._sizes[leaf] for leaf in others) or 1.0
        near: dict[tuple[str, ...], float] = defaultdict(float)
        for leaf in others:
            for words, share in self._holds[leaf].items():
                near[words] += share * self._sizes[leaf] / elsewhere
        unsaid = dict.fromkeys(leaves, 1.0)
        picks: list[_Pick] = []
        said: set[str] = set()
        while len(picks) < _PICKS:
            worth: dict[tuple[str, ...], float] = defaultdict(float)
            mass: dict[tuple[str, ...], float] = defaultdict(float)
            covers: dict[tuple[str, ...], float] = defaultdict(float)
            for leaf in leaves:
                for words, share in self._holds[leaf].items():
                    part = self._sizes[leaf] / total
                    mass[words] += share * part
                    worth[words] += share**0.5 * part * unsaid[leaf]
                    covers[words] += part if share >= _HELD else 0.0
            open_to = [words for words in worth if not said & set(words)]
            if not open_to:
                break
            value = {
                words: worth[words]
                * mass[words]
                / (mass[words] + near[words])
                * (1.25 if len(words) > 1 else 1.0)
                for words in open_to
            }
            best = max(open_to, key=lambda words: (value[words], words))
            # "Credit card" says more than "card" where most of the node's cards are credit cards.
            longer = [
                w for w in open_to if set(best) < set(w) and len(w) == 2 and mass[w] >= 0.45 * mass[best]
            ]
            best = max(longer, key=lambda words: (value[words], words), default=best)
            texts = self._texts[best]
            text = max(sorted(texts), key=lambda t: texts[t])
            fresh = [
                leaf for leaf in leaves if unsaid[leaf] == 1.0 and self._holds[leaf].get(best, 0.0) >= _HELD
            ]
            news = sum(self._sizes[leaf] for leaf in fresh) / total
            picks.append(_Pick(best, text, covers[best], news))
            said |= set(best)
            for leaf in leaves:
                unsaid[leaf] *= 1 - 0.9 * (self._holds[leaf].get(best, 0.0) >= _HELD)
        return picks


def _plain(title: str) -> str:
    """A title without its heading ("Mixed: ..."), its parts apart, so that no phrase runs across them."""
    head, _, tail = title.partition(": ")
    title = (tail if head in _HEADINGS else title).removeprefix(VARIOUS)
    return title.replace(" and ", ", ")


def _grams(corpus: Corpus, start: int, end: int) -> list[tuple[tuple[str, ...], str]]:
    """Word n-grams of one line that open and close with a topic word: stems of the topic words, and the text.

    Left out: the piece of a longer compound, and the verb of a line such as "pay my bill", which is no topic alone.
    """
    kinds, tokens = corpus.kinds[start:end].tolist(), corpus.tokens[start:end].tolist()
    determiners = word_lists().determiners
    grams = []
    for a in range(len(tokens)):
        if kinds[a] != CONTENT:
            continue
        for b in range(a, min(a + 4, len(tokens))):
            if kinds[b] == EDGE:
                break
            if kinds[b] != CONTENT:
                continue
            after = b + 1 < len(tokens)
            if b > a and ((a > 0 and kinds[a - 1] == CONTENT) or (after and kinds[b + 1] == CONTENT)):
                continue
            if a == b and a == 0 and after and corpus.keys[tokens[1]] in determiners:
                continue
            span = zip(tokens[a : b + 1], kinds[a : b + 1], strict=True)
            topics = {stem(corpus.keys[word]) for word, kind in span if kind == CONTENT}
            grams.append((tuple(sorted(topics)), corpus.phrase(tokens[a : b + 1])))
    return grams


def _title(picks: Sequence[_Pick]) -> str:
    if not picks:
        return ""
    head, rest = picks[0], picks[1:]
    shared = head.covers >= _SHARED
    parts = [head.text]
    for pick in rest:
        longer = _written([*parts, pick.text], shared)
        wanted = len(parts) < 2 or shared or pick.news >= _NEWS
        if wanted and len(parts) < 3 and len(longer) <= LIMIT:
            parts.append(pick.text)
    return fit(_written(parts, shared))


def _written(parts: Sequence[str], shared: bool) -> str:
    if shared and len(parts) > 1:
        return f"{sentence(parts[0])}: {', '.join(parts[1:])}"
    return sentence(listing(parts))
