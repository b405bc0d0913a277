"""Stability: does another seed, on a sample of the same texts, find the same clusters?"""

from __future__ import annotations

from typing import Any

import numpy as np

from core.cluster.density import hdbscan
from core.cluster.kmeans import kmeans
from core.cluster.result import Indices, Labels
from core.compare.agreement import adjusted_rand
from core.compare.contingency import contingency
from core.control import Control
from core.evaluate.figures import figure, missing
from core.evaluate.inputs import Grouped
from core.evaluate.rows import Measure
from core.lookup import RunInfo

SALT = 31
MEASURE = "stability"


def stability(data: Grouped, run: RunInfo, sample: int, seed: int, control: Control) -> Measure:
    """The adjusted Rand index, over queries, between a run and one by the same parameters with another seed.

    k-means is run again on a sample of the texts. A density depends on how many texts there are, so HDBSCAN is run again
    only where all of them fit into the sample.
    """
    n = len(data.labels)
    scope = "clusters"
    if n < 2:
        return missing(MEASURE, scope, "Fewer than two texts.")
    chosen = np.sort(np.random.default_rng([seed, SALT]).permutation(n)[:sample])
    again = run.seed + 1 + seed
    if run.algorithm == "kmeans":
        k = int(run.parameters.get("k", data.k))
        if len(chosen) < 2 * k:
            why = f"A sample of {len(chosen)} texts is too small for k={k}; sample= takes more."
            return missing(MEASURE, scope, why)
        labels = kmeans(data.take(chosen), data.weights[chosen].astype(np.float64), k, again, control).labels
    elif run.algorithm == "hdbscan":
        if len(chosen) < n:
            return missing(
                MEASURE, scope, f"HDBSCAN is run again only up to sample={sample} texts; there are {n}."
            )
        labels = _density(data, chosen, run.parameters, again, control)
    else:
        return missing(MEASURE, scope, f"{run.algorithm} cannot be run again.")
    table = contingency(data.labels[chosen], labels, data.weights[chosen])
    some = "all" if len(chosen) == n else f"{len(chosen)} of {n}"
    note = f"ARI with seed {again} on {some} texts, over queries; noise is a class of its own."
    return figure(MEASURE, scope, adjusted_rand(table), table.total, note)


def _density(
    data: Grouped, chosen: Indices, parameters: dict[str, Any], seed: int, control: Control
) -> Labels:
    found = hdbscan(
        data.take(chosen),
        data.weights[chosen].astype(np.float64),
        parameters["min_cluster_size"],
        parameters.get("min_samples"),
        parameters.get("reduce", "auto"),
        seed,
        control,
    )
    return found.labels
