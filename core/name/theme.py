"""Names for the upper nodes of a tree, made from what the texts of their leaves say."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from core.name.describe import listing
from core.name.phrases import Phrase
from core.name.stopwords import word_lists
from core.name.unique import title_key, unique_among
from core.name.wording import LIMIT, OTHERS, VARIOUS, fit, sentence, stem

_TITLE_SHARE = 0.2
"""What a word of a leaf's title counts where no phrase says how many texts hold it."""
_HEAD, _HELD, _SPREAD, _OWN, _COMMON = 0.3, 0.1, 0.6, 0.6, 0.55
"""A subject is shared when 30 % of the texts hold it, spread (a tenth and more) over leaves of 60 % of the node, and it
is mostly this node's own among its siblings; nothing is named that is as common there."""
_WORTH_NAMING = (0.025, 0.05)  # share of the texts: in a list of topics, and behind a shared subject
_LANGUAGES = 0.5
_VAGUE = 0.1
_SHORT = 3
"""A leaf whose texts share no more than this is a topic by its title, if that is of three words at most."""
_PICKS = 9
_WHOLE = frozenset(("Greetings", "Thanks", "Short messages", "Empty messages"))
_HEADINGS = frozenset(("Mixed", "Miscellaneous"))


@dataclass(frozen=True)
class TreeNode:
    """A node of the tree to name.

    Attributes:
        parent: Index of its parent, -1 for a top node.
        size: Queries below it.
        title: Its title where it has one already (a cluster, the noise node); empty: to be named.
        phrases: What a cluster's texts say, with the share of them that do (`core.name.terms`); empty for an upper node.
    """

    parent: int
    size: float
    title: str = ""
    phrases: tuple[Phrase, ...] = ()


@dataclass(frozen=True)
class _Pick:
    text: str
    covers: float
    """Share of the node's texts that hold it."""
    spread: float
    """Share of the node, by size, whose leaves hold it in a tenth of their texts."""
    own: float
    """How much of it is the node's rather than its siblings', 0.5 (as common there) to 1."""
    leaves: int


def name_tree(nodes: Sequence[TreeNode]) -> tuple[str, ...]:
    """A title for every node; nodes that have one keep it.

    An upper node is called by the words that most of its texts hold and its siblings' texts do not, as in class-based
    TF-IDF one level up. One that its leaves share comes first and what they differ in follows ("Translate: Spanish,
    French"); where nothing is shared, the widest topics are joined ("Bank account, credit card and savings"), each counted by
    the texts that the ones before it leave out. Within the tree no title that is made here occurs twice, nor is it that
    of a node which had one; but a node with one child, which has a title, is called like it.

    Args:
        nodes: The whole tree, in any order.

    Returns:
        Titles in the order of `nodes`, each at most 60 characters unless given.

    Raises:
        ValueError: The nodes are not a tree.
    """
    below = _leaves(nodes)
    terms = _Terms(nodes, [i for i, node in enumerate(nodes) if node.title])
    children: dict[int, list[int]] = defaultdict(list)
    for index, node in enumerate(nodes):
        children[node.parent].append(index)
    titles = [node.title for node in nodes]
    fixed = {title_key(node.title) for node in nodes if node.title}
    taken = set(fixed)
    spare: list[tuple[str, ...]] = [()] * len(nodes)
    made = [i for i in _by_depth(nodes) if not titles[i] and len(children[i]) != 1]
    for index in made:
        others = [leaf for other in children[nodes[index].parent] if other != index for leaf in below[other]]
        picks = terms.picks(below[index], others)
        options = list(_options(terms.languages(below[index]), picks))
        plain = fit(listing([nodes[leaf].title for leaf in below[index][:2]]) or "Other")
        titles[index] = next((t for t in options if title_key(t) not in taken), (options or [plain])[0])
        taken.add(title_key(titles[index]))
        spare[index] = tuple(p.text for p in picks)
    repaired = unique_among([titles[i] for i in made], [spare[i] for i in made], fixed)
    for index, title in zip(made, repaired, strict=True):
        titles[index] = title
    for index in reversed(_by_depth(nodes)):
        if not nodes[index].title and len(children[index]) == 1:
            titles[index] = titles[children[index][0]]
    return tuple(titles)


def _by_depth(nodes: Sequence[TreeNode]) -> list[int]:
    """Indices of the nodes, parents before children."""
    return sorted(range(len(nodes)), key=lambda i: (_depth(nodes, i), i))


def _depth(nodes: Sequence[TreeNode], index: int) -> int:
    depth = 0
    while nodes[index].parent >= 0:
        index, depth = nodes[index].parent, depth + 1
        if depth > len(nodes):
            raise ValueError("the nodes are not a tree: a parent is its own descendant")
    return depth


def _leaves(nodes: Sequence[TreeNode]) -> list[list[int]]:
    """For each node the titled nodes under it, itself included, the largest first."""
    below: list[list[int]] = [[] for _ in nodes]
    for index in sorted(range(len(nodes)), key=lambda i: (-nodes[i].size, i)):
        at = index if nodes[index].title else -1
        for _ in range(len(nodes) + 1):
            if at < 0:
                break
            below[at].append(index)
            at = nodes[at].parent
    return below


class _Terms:
    """What each leaf says: the stems of a phrase's words -> the share of its texts that say it."""

    def __init__(self, nodes: Sequence[TreeNode], leaves: Sequence[int]) -> None:
        lists = word_lists()
        self._sizes = {leaf: max(nodes[leaf].size, 1e-9) for leaf in leaves}
        self._holds: dict[int, dict[tuple[str, ...], float]] = {}
        self._texts: dict[tuple[str, ...], dict[str, float]] = defaultdict(lambda: defaultdict(float))
        self._titled: set[tuple[str, ...]] = set()
        self._languages: dict[int, list[str]] = {}
        self._generic = {(stem(word),) for word in lists.generic}
        for leaf in leaves:
            head = nodes[leaf].title.partition(":")[0]
            heads = (
                head.removeprefix(VARIOUS).removesuffix(f" and {OTHERS}").replace(" and ", ", ").split(", ")
            )
            languages = [name for name in heads if name in lists.names[1:]]
            if languages == heads:
                self._languages[leaf] = languages
            held: dict[tuple[str, ...], float] = {}
            for phrase in nodes[leaf].phrases:
                key = _key(phrase.text)
                if key:
                    held[key] = max(held.get(key, 0.0), min(phrase.share, 1.0))
                    self._texts[key][phrase.text] += phrase.share * self._sizes[leaf]
            parts = [] if leaf in self._languages else _parts(nodes[leaf].title)
            vague = not nodes[leaf].phrases or head in _WHOLE
            vague |= (
                len(parts) == 1
                and len(parts[0].split()) <= _SHORT
                and head not in _HEADINGS
                and max(held.values(), default=0.0) < _VAGUE
            )
            for part in parts:
                key = _key(part) or (part.casefold(),)
                self._titled.add(key)
                if vague and len(part) <= LIMIT // 2:
                    held[key] = share = _TITLE_SHARE if head not in _WHOLE else 1.0
                    self._texts[key][part] += share * self._sizes[leaf]
            self._holds[leaf] = held

    def languages(self, leaves: Sequence[int]) -> list[str]:
        """The languages that name most of the leaves, largest first; none where leaves named by topic hold more."""
        counts: dict[str, float] = defaultdict(float)
        for leaf in leaves:
            for name in self._languages.get(leaf, ()):
                counts[name] += self._sizes[leaf] / len(self._languages[leaf])
        total = sum(self._sizes[leaf] for leaf in leaves)
        if sum(counts.values()) < _LANGUAGES * total:
            return []
        return sorted(counts, key=lambda name: (-counts[name], name))

    def picks(self, leaves: Sequence[int], others: Sequence[int]) -> list[_Pick]:
        """Phrases that, one after the other, reach most of the texts that the ones before do not."""
        part = self._parts(leaves)
        elsewhere = self._mass(others, self._parts(others))
        mass = self._mass(leaves, part)
        own = {key: held / (held + elsewhere.get(key, 0.0)) for key, held in mass.items()}
        alone = max(own.values(), default=0.0) < _COMMON
        unsaid = dict.fromkeys(leaves, 1.0)
        said: set[str] = set()
        picks: list[_Pick] = []
        while len(picks) < _PICKS:
            worth: dict[tuple[str, ...], float] = defaultdict(float)
            for leaf in leaves:
                for key, share in self._holds[leaf].items():
                    if not _repeats(key, said) and (own[key] >= _COMMON or alone):
                        worth[key] += share * part[leaf] * unsaid[leaf]
            if len(picks) > 1:
                worth = {key: new for key, new in worth.items() if key not in self._generic}
            if not worth:
                break
            value = {key: new * own[key] * self._manner(key) for key, new in worth.items()}
            best = max(value, key=lambda key: (value[key], key))
            wanted = 0.3 if mass[best] >= _HEAD else 0.4
            # "Credit card" says more than "card" where many of the node's cards are credit cards.
            longer = [
                k
                for k in value
                if len(k) > len(best) and set(best) < set(k) and mass[k] >= wanted * mass[best]
            ]
            best = max(longer, key=lambda key: (value[key], key), default=best)
            texts = self._texts[best]
            holders = [leaf for leaf in leaves if self._holds[leaf].get(best, 0.0) >= _HELD]
            pick = _Pick(
                max(sorted(texts), key=lambda text: texts[text]),
                mass[best],
                sum(part[leaf] for leaf in holders),
                own[best],
                len(holders),
            )
            picks.append(pick)
            said.update(best)
            if len(picks) > 1 or not _is_subject(pick):
                for leaf in leaves:
                    unsaid[leaf] *= 1 - self._holds[leaf].get(best, 0.0)
        return picks

    def _parts(self, leaves: Sequence[int]) -> dict[int, float]:
        total = sum(self._sizes[leaf] for leaf in leaves) or 1.0
        return {leaf: self._sizes[leaf] / total for leaf in leaves}

    def _mass(self, leaves: Sequence[int], part: dict[int, float]) -> dict[tuple[str, ...], float]:
        """The share of all texts that hold each phrase."""
        mass: dict[tuple[str, ...], float] = defaultdict(float)
        for leaf in leaves:
            for key, share in self._holds[leaf].items():
                mass[key] += share * part[leaf]
        return mass

    def _manner(self, key: tuple[str, ...]) -> float:
        """How well a phrase reads in a title: two words say more than one, and a leaf's title has been chosen with care."""
        if key in self._generic:
            return 0.15
        return (1.3 if len(key) > 1 else 1.0) * (1.3 if key in self._titled else 1.0)


def _key(text: str) -> tuple[str, ...]:
    stop = word_lists().stop
    return tuple(sorted({stem(word) for word in text.split() if not stop.get(word.casefold(), 0) & 1}))


def _repeats(key: tuple[str, ...], said: set[str]) -> bool:
    """Whether a word was said before, alone or inside a longer one ("phone", "cellphone")."""
    return any(
        word == old or (min(len(word), len(old)) > 3 and (word in old or old in word))
        for word in key
        for old in said
    )


def _parts(title: str) -> list[str]:
    """The phrases of a title, without its heading ("Mixed: ...")."""
    head, _, tail = title.partition(": ")
    if head in _WHOLE:
        return [head.lower()]
    parts = (tail if head in _HEADINGS else title).replace(": ", ", ").replace(" and ", ", ").split(", ")
    return [part[0].lower() + part[1:] if part[1:].islower() else part for part in parts if part]


def _is_subject(pick: _Pick) -> bool:
    return pick.covers >= _HEAD and pick.spread >= _SPREAD and pick.own >= _OWN and pick.leaves > 1


def _options(languages: Sequence[str], picks: Sequence[_Pick]) -> Iterator[str]:
    """Titles to choose from, best first."""
    if languages:
        names = [*languages[:3], *(["more"] if len(languages) > 3 else [])]
        yield f"Requests in {listing(names)}"
        yield from (f"{languages[0]}: {pick.text}" for pick in picks)
    if not picks:
        return
    head, *rest = picks
    shared = _is_subject(head)
    rest = [p for p in rest if p.covers >= _WORTH_NAMING[shared]] or rest[:1]
    for skipped in range(max(1, len(rest))):
        tail = rest[:1] + rest[1 + skipped :] if skipped < 3 else rest[skipped:]
        parts = [head.text]
        for pick in tail:
            longer = _written([*parts, pick.text], shared)
            if len(parts) < (4 if shared else 3) and len(longer) <= LIMIT:
                parts.append(pick.text)
        yield fit(_written(parts, shared))


def _written(parts: Sequence[str], shared: bool) -> str:
    if shared and len(parts) > 1:
        return f"{sentence(parts[0])}: {', '.join(parts[1:])}"
    return sentence(listing(parts))
