"""Themes that grow outside any cluster: badly fitting texts that lie as close together as members of a cluster."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.centroids import Centroids
from core.cluster.blocks import as_float32, one_blas_thread, take, unit
from core.cluster.choose import choose_min_cluster_size
from core.cluster.measure import mean_cosine
from core.control import Control
from core.name.terms import cluster_terms
from core.text import one_line
from core.update.rows import Outside
from db.workspace import Workspace

LOOKED = 3_000
"""Texts that are compared in pairs; of more, evenly many are left out."""
FEWEST = 5
SHOWN = 20
READ = 300
PHRASES = 5
QUERIES = 1_000


@dataclass(frozen=True, eq=False)
class Misfits:
    """Badly fitting texts by rising id: `ids`, `rows` in the space's file, `times` that they were asked, all [n]."""

    ids: NDArray[np.int64]
    rows: NDArray[np.int64]
    times: NDArray[np.int64]


def outside(
    workspace: Workspace,
    table: NDArray[np.float16],
    misfits: Misfits,
    known: Centroids,
    typical: float,
    titles: Mapping[int, str],
    control: Control,
) -> tuple[Outside, ...]:
    """Groups by average linkage (Sokal and Michener, 1958), cut where pairs in a group are as alike as in a loose cluster.

    Members of a unit centroid at a mean distance d have a mean cosine of about (1 - d)^2 in pairs. Unlike HDBSCAN, this finds
    a theme that is the only one, too. Beyond `LOOKED` texts, the rest joins the group whose centre it is near.

    Args:
        workspace: The store; the queries in question stand in `temp.arriving`.
        table: The space's file.
        misfits: The texts.
        known: The clusters.
        typical: `Reach.typical`.
        titles: Of the clusters.
        control: Asked whether to stop.
    """
    n = len(misfits.ids)
    fewest = max(FEWEST, choose_min_cluster_size(n).value)
    if n < fewest or np.isnan(typical):
        return ()
    looked = np.arange(0, n, -(-n // LOOKED))
    labels = _labels(take(table, misfits.rows[looked]), max(0.05, 1 - (1 - min(typical, 1)) ** 2))
    groups = _spread(table, misfits, looked, labels, fewest, control)
    groups = sorted(groups, key=lambda group: (-int(misfits.times[group].sum()), int(group[0])))[:SHOWN]
    phrases = _phrases(workspace, misfits, groups)
    return tuple(
        _row(workspace, table, misfits, group, known, titles, said)
        for group, said in zip(groups, phrases, strict=True)
    )


def _labels(vectors: NDArray[np.float32], height: float) -> NDArray[np.int64]:
    from scipy.cluster.hierarchy import fcluster, linkage
    from scipy.spatial.distance import squareform

    if len(vectors) < 2:
        return np.zeros(len(vectors), np.int64)
    with one_blas_thread():
        far = (1 - vectors @ vectors.T).astype(np.float64).clip(0, 2)
    np.fill_diagonal(far, 0)
    pairs = squareform((far + far.T) / 2, checks=False)
    return np.asarray(fcluster(linkage(pairs, "average"), height, "distance"), dtype=np.int64) - 1


def _spread(
    table: NDArray[np.float16],
    misfits: Misfits,
    looked: NDArray[np.int64],
    labels: NDArray[np.int64],
    fewest: int,
    control: Control,
) -> list[NDArray[np.int64]]:
    """The groups of enough texts, with those of the rest that lie within them."""
    step = -(-len(misfits.ids) // LOOKED)
    needed = max(2, -(-fewest // step))
    big = [looked[labels == label] for label in np.flatnonzero(np.bincount(labels) >= needed)]
    if not big or step == 1:
        return big
    centres = unit(np.stack([take(table, misfits.rows[group]).sum(axis=0) for group in big]))
    with one_blas_thread():
        reach = np.array(
            [(take(table, misfits.rows[g]) @ c).min() for g, c in zip(big, centres, strict=True)]
        )
        joined: list[list[NDArray[np.int64]]] = [[group] for group in big]
        rest = np.setdiff1d(np.arange(len(misfits.ids)), looked)
        for start in range(0, len(rest), 8_192):
            control.check()
            part = rest[start : start + 8_192]
            cosine = as_float32(table[misfits.rows[part]]) @ centres.T
            best = cosine.argmax(axis=1)
            inside = cosine[np.arange(len(part)), best] >= reach[best]
            for label in np.unique(best[inside]).tolist():
                joined[label].append(part[inside & (best == label)])
    return [np.sort(np.concatenate(parts)) for parts in joined]


def _phrases(
    workspace: Workspace, misfits: Misfits, groups: list[NDArray[np.int64]]
) -> list[tuple[str, ...]]:
    read = [misfits.ids[group[:: -(-len(group) // READ)]].tolist() for group in groups]
    contents = dict(
        workspace.rows(
            "SELECT id, substr(content, 1, 4000) FROM text WHERE id IN (SELECT value FROM json_each(?))",
            (json.dumps([text for part in read for text in part]),),
        )
    )
    texts = [contents[text] for part in read for text in part]
    labels = np.array([at for at, part in enumerate(read) for _ in part], dtype=np.int64)
    terms = cluster_terms(texts, labels, len(groups)) if groups else []
    return [tuple(phrase.text for phrase in row[:PHRASES]) for row in terms]


def _row(
    workspace: Workspace,
    table: NDArray[np.float16],
    misfits: Misfits,
    group: NDArray[np.int64],
    known: Centroids,
    titles: Mapping[int, str],
    phrases: tuple[str, ...],
) -> Outside:
    vectors = take(table, misfits.rows[group[:LOOKED]])
    total = vectors.sum(axis=0, dtype=np.float64)
    centre = unit(total[None, :])[0]
    cosine = np.einsum("ij,j->i", known.centroids, centre)
    best = int(cosine.argmax())
    medoid = int(misfits.ids[group[int(np.einsum("ij,j->i", vectors, centre).argmax())]])
    content = workspace.value("SELECT substr(content, 1, 1000) FROM text WHERE id = ?", (medoid,))
    queries = workspace.rows(
        "SELECT query_id FROM temp.arriving WHERE text_id IN (SELECT value FROM json_each(?)) ORDER BY 1 LIMIT ?",
        (json.dumps(misfits.ids[group].tolist()), QUERIES),
    )
    number = int(known.numbers[best])
    return Outside(
        texts=len(group),
        queries=int(misfits.times[group].sum()),
        example=one_line(content, 200),
        phrases=phrases,
        likeness=round(mean_cosine(total, len(vectors), len(vectors)), 4),
        nearest=number,
        nearest_title=titles[number],
        similarity=round(float(cosine[best]), 4),
        first_queries=tuple(row[0] for row in queries),
    )
