"""Titles that can be told apart, and how much of the queries the names cover."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable

import numpy as np

from core.cluster.blocks import unit
from core.cluster.measure import neighbour_clusters
from core.cluster.result import Floats, Indices
from core.control import Control
from core.evaluate.figures import counted, missing
from core.evaluate.inputs import Grouped, Name, draw
from core.evaluate.rows import Measure
from core.lookup import RunInfo
from core.name.stopwords import word_lists
from core.name.tokens import is_unspaced, tokenise
from core.name.unique import title_key
from core.name.wording import stem
from db.workspace import Workspace

ALIKE = 0.9
"""The cosine from which on two titles say the same to a reader."""
SALT = 21
READ = 20_000
"""Texts that are read for words."""
READ_LENGTH = 4_000
"""Characters of a text that are read."""


def distinctness(names: list[Name], titles: Floats | None) -> list[Measure]:
    """How many titles no other title is like, by vectors, and how many are said twice.

    Args:
        names: By cluster.
        titles: `[k, d]` unit vectors of the titles; `None` where the model that makes them is not at hand.
    """
    keys = Counter(title_key(name.title) for name in names)
    repeated = sum(count for count in keys.values() if count > 1)
    rows = [
        counted(
            "repeated titles", "names", repeated, len(names), "The same but for case, plural and punctuation."
        )
    ]
    if titles is None:
        why = "The model that made the vectors is not at hand."
        return [missing("distinct titles", "names", why), *rows]
    nearest = nearest_other(titles)
    alike = int((nearest >= ALIKE).sum())
    note = (
        f"No other title at a cosine of {ALIKE} or more; the median nearest is at {np.median(nearest):.2f}."
    )
    return [
        counted("distinct titles", "names", len(names) - alike, len(names), note),
        counted("near-duplicate titles", "names", alike, len(names), f"Another title at {ALIKE} or more."),
        *rows,
    ]


def nearest_other(titles: Floats) -> np.ndarray:
    """`[k]`: the cosine of each title to the nearest other; -1 where there is no other."""
    k = len(titles)
    if k < 2:
        return np.full(k, -1.0)
    near = neighbour_clusters(titles, 1)[:, 0]
    return np.asarray(np.round((titles * titles[near]).sum(axis=1).astype(np.float64), 6))


def words_found(
    workspace: Workspace, data: Grouped, names: list[Name], seed: int, control: Control
) -> list[Measure]:
    """The share of queries in which a word of their cluster's name occurs, and for comparison of the nearest cluster's.

    The words are those of the phrases and of the title. Words that the nearest cluster's name has, too, tell nothing apart:
    the difference of the two shares is what the name says.
    """
    if data.k < 2:
        return [missing("name's words occur", "names", "Fewer than two clusters.")]
    words = [_stems(" ".join((*name.phrases, name.title))) for name in names]
    nearest = neighbour_clusters(unit(data.sums), 1)[:, 0]
    each = max(1, READ // data.k)
    chosen = np.sort(np.concatenate(draw(data.labels, data.k, each, seed, SALT)))
    own = other = asked = 0
    for start in range(0, len(chosen), 500):
        block = chosen[start : start + 500]
        control.progress("words", start, len(chosen), "texts")
        texts = contents(workspace, data.text_ids, block.tolist())
        for at in block.tolist():
            said = _stems(texts[at])
            cluster, times = int(data.labels[at]), int(data.weights[at])
            asked += times
            own += times * bool(said & words[cluster])
            other += times * bool(said & words[nearest[cluster]])
    some = "" if len(chosen) == int(data.counts.sum()) else f" Of at most {each} texts a cluster."
    note = f"A word of the phrases or the title, in any form.{some}"
    nearest_note = "The words of the nearest cluster's name instead."
    return [
        counted("name's words occur", "names", own, asked, note),
        counted("name's words occur", "nearest name", other, asked, nearest_note),
    ]


def citations(workspace: Workspace, run: RunInfo, names: list[Name]) -> list[Measure]:
    """The share of the texts that names cite that are members of their clusters."""
    pairs = [(name.cluster, text_id) for name in names for text_id in name.cited]
    if not pairs:
        return []
    held = sum(
        workspace.value(
            "SELECT 1 FROM query q JOIN assignment a ON a.query_id = q.id AND a.run_id = ? AND a.cluster = ?"
            " WHERE q.text_id = ? LIMIT 1",
            (run.id, cluster, text_id),
        )
        is not None
        for cluster, text_id in pairs
    )
    cited = sum(bool(name.cited) for name in names)
    return [
        counted("cited members hold", "names", held, len(pairs), "Cited texts that are in the cluster."),
        counted("names that cite", "names", cited, len(names)),
    ]


def _stems(text: str) -> frozenset[str]:
    """Words by what their forms have in common; stop words and scraps say nothing."""
    stop = word_lists().stop
    words = (word.casefold() for word in tokenise(text, READ_LENGTH))
    return frozenset(stem(w) for w in words if (len(w) > 2 or is_unspaced(w)) and not stop.get(w, 0) & 1)


def contents(workspace: Workspace, text_ids: Indices, index: Iterable[int]) -> dict[int, str]:
    """The texts at some places of `text_ids`, by place."""
    places = {int(text_ids[at]): at for at in index}
    ids = json.dumps(list(places))
    rows = workspace.rows("SELECT id, content FROM text WHERE id IN (SELECT value FROM json_each(?))", (ids,))
    return {places[text_id]: content for text_id, content in rows}
