"""Where names lie in the run's space, and neighbourhoods of what lies close together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from core.cluster.blocks import one_blas_thread, unit
from core.cluster.kmeans import kmeans
from core.cluster.result import Floats
from core.control import Control
from core.embed.base import Embedder
from core.embed.space import embedder_of
from core.errors import ActionError
from core.lookup import RunInfo
from core.name.unique import title_key
from core.session import Session
from db.vectors import find_space

FEWEST = 5
"""Names of a neighbourhood at least, where there are so many."""
_STRANGER = 0.02
"""What a name without a common word counts towards where a proposal lies."""

Places = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Named:
    """What has a vector: a title, a description, and the places of the clusters below."""

    title: str
    description: str
    leaves: tuple[int, ...]

    @property
    def text(self) -> str:
        """What is embedded."""
        return f"{self.title}. {self.description}".strip()


@dataclass(frozen=True, eq=False)
class Meanings:
    """Vectors of names: in the run's space, or where its model is not at hand, those of the clusters that they name.

    `why_not` says why the model is not at hand; empty: it is. `centroids` are `[k, d]`, `sizes` `[k]`.
    """

    embedder: Embedder | None
    why_not: str
    centroids: Floats
    sizes: npt.NDArray[np.float64]
    control: Control

    @staticmethod
    def of_run(session: Session, run: RunInfo, centroids: Floats, sizes: Sequence[int]) -> Meanings:
        """The meanings in a run's space."""
        embedder, why_not = None, ""
        space = find_space(session.workspace, run.space)
        try:
            if space is not None:
                loaded = embedder_of(session.workspace, space)
                loaded.prepare()
                embedder = loaded
        except ActionError as error:
            why_not = f"Names were compared by their clusters' centroids: {error.message}"
        weights = np.maximum(np.asarray(sizes, dtype=np.float64), 1)
        return Meanings(embedder, why_not, centroids, weights, session.control)

    def of_items(self, items: Sequence[Named]) -> Floats:
        """`[n, d]` unit rows of things that have clusters."""
        if self.embedder is not None:
            return self._embedded([item.text for item in items])
        sums = [self.sizes[list(i.leaves)] @ self.centroids[list(i.leaves)] for i in items]
        return unit(np.stack(sums))

    def of_words(self, names: Sequence[Named], near: Sequence[Named], vectors: Floats) -> Floats:
        """`[n, d]` unit rows of names made for the things `near`, whose `vectors` are `[m, d]`.

        Without the model each lies among those with which it shares words.
        """
        if self.embedder is not None:
            return self._embedded([name.text for name in names])
        said = [set(title_key(thing.text).split()) for thing in near]
        rows = []
        for name in names:
            own = set(title_key(name.text).split())
            shared = np.array([len(own & other) / max(len(own | other), 1) for other in said])
            rows.append((shared + _STRANGER) @ vectors)
        return unit(np.stack(rows))

    def _embedded(self, texts: Sequence[str]) -> Floats:
        assert self.embedder is not None
        return unit(self.embedder.embed(list(texts), self.control))


def similarities(rows: Floats, others: Floats) -> Floats:
    """`[n, m]`: cosines, the same bytes on any number of threads."""
    with one_blas_thread():
        return np.asarray(rows @ others.T, dtype=np.float32)


def neighbourhoods(vectors: Floats, size: int, seed: int, control: Control) -> list[Places]:
    """Groups of about `size` rows that lie close together: at most `n / size`, rounded up, none above half as much again.

    K-means finds the centres; then the pairs of a row and a centre are taken by falling similarity as long as there is
    room, for Clio's prompts hold about so many names each, and clusters of names are of all sizes. A group of fewer than
    `FEWEST` joins the nearest one. The groups come by their first row, each in rising order.
    """
    n = len(vectors)
    k = -(-n // size)
    if k <= 1:
        return [np.arange(n)]
    centres = kmeans(vectors, np.ones(n), k, seed, control).centroids
    near = similarities(vectors, centres)
    room = np.full(k, size * 3 // 2)
    group = np.full(n, -1)
    for pair in np.argsort(-near, axis=None, kind="stable"):
        row, centre = divmod(int(pair), k)
        if group[row] < 0 and room[centre] > 0:
            group[row] = centre
            room[centre] -= 1
    groups = [found for centre in range(k) if len(found := np.flatnonzero(group == centre))]
    groups.sort(key=len)
    while len(groups) > 1 and len(groups[0]) < FEWEST:
        small, *rest = groups
        middles = unit(np.stack([vectors[other].sum(axis=0) for other in rest]))
        nearest = int(np.argmax(similarities(middles, unit(vectors[small].sum(axis=0)[None]))[:, 0]))
        rest[nearest] = np.sort(np.concatenate([rest[nearest], small]))
        groups = sorted(rest, key=len)
    return sorted(groups, key=lambda found: int(found[0]))


def outside_of(group: Places, vectors: Floats, count: int) -> Places:
    """The `count` rows outside a group that are nearest to its middle, nearest first."""
    middle = unit(vectors[group].sum(axis=0)[None])
    near = similarities(vectors, middle)[:, 0].astype(np.float64)
    near[group] = -np.inf
    order = np.argsort(-near, kind="stable")
    return np.asarray(order[: min(count, len(vectors) - len(group))], dtype=np.int64)
