"""How well a tree's themes keep their clusters apart from their siblings'."""

from __future__ import annotations

import numpy as np

from core.cluster.blocks import one_blas_thread, unit
from core.evaluate.figures import counted, figure, missing
from core.evaluate.inputs import Grouped
from core.evaluate.rows import Measure

NOTE = "Clusters under themes of at least two clusters that have siblings; -1 to 1, 0 between two themes."
PLACED = "Nearer to the mean of their own theme, without themselves, than to that of any sibling."


def siblings(data: Grouped, paths: list[list[str]], kinds: list[list[str]]) -> list[Measure]:
    """The silhouette of clusters among sibling themes, and how many are in the nearest one, level by level.

    A simplified silhouette (Hruschka et al., 2004) over clusters: the distance to the mean of the own theme, from which the
    cluster itself is taken out, against that to the nearest sibling theme's mean. Clusters weigh by their queries in the
    first, each counts once in the second.

    Args:
        data: Texts in clusters.
        paths: For each cluster the nodes from the first level down to its own.
        kinds: The kinds of these nodes.
    """
    depth = max((len(path) for path in paths), default=0)
    queries = np.bincount(data.labels[data.labels >= 0], data.weights[data.labels >= 0], minlength=data.k)
    rows: list[Measure] = []
    for level in range(1, depth):
        theme = [
            path[level - 1] if len(path) > level and kind[level - 1] == "theme" else ""
            for path, kind in zip(paths, kinds, strict=True)
        ]
        parent = [path[level - 2] if level > 1 and len(path) > level else "root" for path in paths]
        widths = _separation(data, theme, parent)
        known = np.flatnonzero(~np.isnan(widths))
        scope = f"level {level}"
        if not len(known):
            rows.append(missing("sibling separation", scope, "No theme of two clusters has a sibling."))
            continue
        mean = float(np.average(widths[known], weights=queries[known]))
        right = int((widths[known] > 0).sum())
        rows.append(figure("sibling separation", scope, mean, len(known), NOTE))
        rows.append(counted("clusters in the nearest theme", scope, right, len(known), PLACED))
    return rows


def _separation(data: Grouped, theme: list[str], parent: list[str]) -> np.ndarray:
    """`[k]`: each cluster's width, nan where it is alone in its theme or the theme has no sibling."""
    centres = unit(data.sums).astype(np.float64)
    places = {key: at for at, key in enumerate(dict.fromkeys(key for key in theme if key))}
    of_theme = np.array([places.get(key, -1) for key in theme])
    above = np.full(len(places), -1)
    parents = {key: at for at, key in enumerate(dict.fromkeys(parent))}
    for at, key in enumerate(theme):
        if key:
            above[places[key]] = parents[parent[at]]
    sums = np.zeros((len(places), centres.shape[1]))
    np.add.at(sums, of_theme[of_theme >= 0], centres[of_theme >= 0])
    sizes = np.bincount(of_theme[of_theme >= 0], minlength=len(places))
    widths = np.full(len(theme), np.nan)
    with one_blas_thread():
        near = centres @ unit(sums).astype(np.float64).T if len(places) else np.empty((len(theme), 0))
        for at in np.flatnonzero(of_theme >= 0).tolist():
            own = of_theme[at]
            others = np.flatnonzero((above == above[own]) & (np.arange(len(places)) != own))
            if sizes[own] < 2 or not len(others):
                continue
            rest = sums[own] - centres[at]
            length = float(np.linalg.norm(rest))
            inner = 1 - float(rest @ centres[at]) / length if length > 1e-9 else 1.0
            outer = 1 - float(near[at, others].max())
            largest = max(inner, outer)
            widths[at] = (outer - inner) / largest if largest > 1e-9 else 0.0
    return widths
