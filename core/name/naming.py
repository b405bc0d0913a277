"""Names for all clusters of a run, made from their texts alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.control import Control
from core.name.corpus import read
from core.name.describe import Counts, describe
from core.name.drafts import Draft, Draftsman
from core.name.phrases import Phrase
from core.name.unique import title_key, unique_titles
from core.name.wording import fit

_ALL = 100_000
"""Distinct texts up to which every text is read; above it a seeded sample of each cluster."""

_INCOHERENT = 0.06


@dataclass(frozen=True)
class ClusterName:
    """What a cluster is called, and why.

    Attributes:
        title: At most 60 characters; unique in its run unless two clusters hold the very same texts.
        description: Two sentences: what members ask, and counts.
        phrases: Key phrases, best first.
    """

    title: str
    description: str
    phrases: tuple[Phrase, ...]


def sample(
    labels: NDArray[np.int64], keep: Sequence[int], limit: int = _ALL, seed: int = 0
) -> NDArray[np.int64]:
    """Text numbers to read, sorted: all clustered texts, or a seeded sample in which every cluster has its share.

    A cluster keeps at least 50 texts (all when it has fewer), and the texts in `keep` always stay.

    Args:
        labels: int [n], cluster of each text, -1 for noise.
        keep: Texts that must stay, such as representatives.
        limit: About how many texts to read.
        seed: Seed of the sample.
    """
    inside = np.flatnonzero(labels >= 0)
    if len(inside) <= limit:
        return inside
    random = np.random.default_rng(seed)
    order = inside[random.permutation(len(inside))]
    order = order[np.argsort(labels[order], kind="stable")]
    sizes = np.bincount(labels[order])
    rank = np.arange(len(order)) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    quota = np.maximum(50, np.ceil(sizes * (limit / len(inside))))
    return np.union1d(order[rank < quota[labels[order]]], np.asarray(keep, dtype=np.int64))


def name_clusters(
    texts: Sequence[str],
    weights: NDArray[np.float64],
    labels: NDArray[np.int64],
    neighbours: NDArray[np.int64],
    coherence: NDArray[np.float64],
    representatives: Sequence[Sequence[int]],
    counts: Sequence[Counts] | None = None,
    mixtures: Mapping[int, tuple[Sequence[int], Sequence[int]]] | None = None,
    *,
    incoherent: float = _INCOHERENT,
    limit: int = _ALL,
    seed: int = 0,
    control: Control | None = None,
) -> tuple[ClusterName, ...]:
    """Name every cluster of a run without a language model.

    Phrases come from class-based TF-IDF against a cluster's neighbours (see `core.name.phrases`); a title is the phrase, or
    the two, that say most about most members, read as a person would write them.

    Args:
        texts: n distinct texts.
        weights: float [n], how often each text was asked; its square root counts, so that one popular text cannot silence
            the others.
        labels: int [n], cluster of each text; -1 (noise) is ignored.
        neighbours: int [k, m], each cluster's nearest clusters, -1 where there are fewer; m may be 0.
        coherence: float [k]; below `incoherent` a cluster is called miscellaneous. NaN: not known.
        representatives: k lists of text numbers, the most central first; may be empty.
        counts: k counts for the descriptions; by default distinct texts and weights.
        mixtures: cluster -> text numbers of its two halves; such a cluster is named "Mixed: A and B".
        incoherent: Coherence under which a cluster is miscellaneous.
        limit: Texts read at most, about.
        seed: Seed of the sample above `limit`.
        control: Progress and cancelling.

    Returns:
        k names, in the order of the clusters.
    """
    control = control or Control()
    mixtures = mixtures or {}
    k = len(representatives)
    if k == 0:
        return ()
    labels = np.asarray(labels, dtype=np.int64)
    weights = np.asarray(weights, dtype=np.float64)
    kept = sample(labels, [i for row in representatives for i in row if labels[i] >= 0], limit, seed)
    place = {int(text): at for at, text in enumerate(kept)}
    control.progress("reading texts", 0, len(kept), "texts")
    shown = [texts[i] for i in kept]
    corpus = read(shown)
    control.progress("reading texts", len(kept), len(kept), "texts")
    names = Draftsman(corpus, shown, np.sqrt(np.maximum(weights[kept], 0.0)), control)
    near = np.asarray(neighbours, dtype=np.int64).reshape(k, -1)
    drafts = names.draft(
        labels[kept], near, [[place[i] for i in row if i in place] for row in representatives]
    )
    halves = _name_halves(names, labels[kept], near, mixtures, place)
    titles = [
        _title(draft, halves.get(i), float(coherence[i]) < incoherent) for i, draft in enumerate(drafts)
    ]
    titles = unique_titles(titles, [draft.spare for draft in drafts])
    if counts is None:
        counts = _count(labels, weights, k)
    return tuple(
        ClusterName(
            title,
            describe(draft.phrases, texts[row[0]] if len(row) else "", counts[i], halves.get(i, ())),
            draft.phrases,
        )
        for i, (title, draft, row) in enumerate(zip(titles, drafts, representatives, strict=True))
    )


def _title(draft: Draft, halves: tuple[str, str] | None, incoherent: bool) -> str:
    if halves is not None and not draft.special:
        return fit(f"Mixed: {halves[0]} and {halves[1]}")
    if incoherent and not draft.special and draft.unlike:
        return draft.unlike
    return draft.title or "Miscellaneous"


def _count(labels: NDArray[np.int64], weights: NDArray[np.float64], k: int) -> list[Counts]:
    inside = labels >= 0
    queries = np.bincount(labels[inside], weights=weights[inside], minlength=k)
    texts = np.bincount(labels[inside], minlength=k)
    return [Counts(round(float(q)), int(t)) for q, t in zip(queries, texts, strict=True)]


def _name_halves(
    names: Draftsman,
    labels: NDArray[np.int64],
    neighbours: NDArray[np.int64],
    mixtures: Mapping[int, tuple[Sequence[int], Sequence[int]]],
    place: Mapping[int, int],
) -> dict[int, tuple[str, str]]:
    """The names of both halves of each mixture; none where they come out the same.

    Halves are named as clusters of their own, each against the other half and the cluster's neighbours.
    """
    if not mixtures:
        return {}
    k = len(neighbours)
    split = labels.copy()
    near = np.pad(neighbours, ((0, len(mixtures)), (0, 1)), constant_values=-1)
    for extra, (cluster, (first, second)) in enumerate(sorted(mixtures.items())):
        half = k + extra
        split[labels == cluster] = -1
        split[[place[i] for i in first if i in place]] = cluster
        split[[place[i] for i in second if i in place]] = half
        near[half, :-1] = neighbours[cluster]
        near[cluster, -1], near[half, -1] = half, cluster
    central = [[place[i] for i in mixtures[c][0] if i in place] if c in mixtures else [] for c in range(k)]
    central += [[place[i] for i in mixtures[c][1] if i in place] for c in sorted(mixtures)]
    only = {*mixtures, *range(k, k + len(mixtures))}
    drafts = names.draft(split, near, central, only)
    found = {}
    for extra, cluster in enumerate(sorted(mixtures)):
        a, b = drafts[cluster].short, drafts[k + extra].short
        if a and b and title_key(a) != title_key(b):
            found[cluster] = (a, b)
    return found
