"""Clustering with several numbers of clusters and several seeds, to see which number the data bear out."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np

from core.cluster.kmeans import kmeans
from core.cluster.measure import coherence
from core.cluster.result import Clustering, Floats, Indices
from core.cluster.run import Input, read_input, run_kmeans
from core.compare.agreement import adjusted_rand
from core.compare.contingency import contingency
from core.control import Control, Progress
from core.errors import ActionError, Cancelled
from core.evaluate.geometry import davies_bouldin, over, silhouette
from core.evaluate.recommend import recommend
from core.evaluate.rows import SweepMade, SweepPlan, SweepRow
from core.evaluate.store import NewEvaluation, save
from core.session import Session

MOST_VALUES, MOST_SEEDS = 30, 20
LOOKED = 10_000
"""Texts of which the silhouette is taken, each against all texts."""
SALT = 41
DIGITS = 4


@dataclass(frozen=True, eq=False)
class Sample:
    """The texts that a sweep looks at."""

    vectors: Floats
    weights: Indices
    looked: Indices
    """Those whose silhouette is taken."""


def sweep(
    session: Session,
    *,
    k: str,
    seeds: int,
    seed: int,
    dataset: str | None,
    space: str | None,
    sample: int,
    keep: bool,
) -> SweepMade:
    """Cluster for each k and seed, measure, recommend, and keep the table with the dataset and the space.

    Raises:
        ActionError: `bad_k`, `bad_seeds`, `bad_sample`, and what `read_input` raises.
        Cancelled: Stopped; nothing is kept.
    """
    data = read_input(session, dataset, space)
    values = check(k, seeds, sample, min(sample, len(data.text_ids)))
    taken = drawn(data, sample, seed)
    rows = []
    for place, value in enumerate(values):
        control = within(session.control, place, len(values), value)
        found = [
            kmeans(taken.vectors, taken.weights.astype(np.float64), value, seed + i, control)
            for i in range(seeds)
        ]
        rows.append(measured(taken, value, found, control))
    recommended, reason = recommend(rows, seeds)
    if keep:
        runs = [
            run_kmeans(
                session,
                k=value,
                seed=seed,
                dataset=data.dataset,
                space=data.space.name,
                description="run.sweep",
            ).run
            for value in values
        ]
        rows = [replace(row, run=run) for row, run in zip(rows, runs, strict=True)]
    new = NewEvaluation(
        kind="sweep",
        run_id=None,
        dataset_id=data.dataset_id,
        space_id=data.space.id,
        summary_set=None,
        hierarchy=None,
        parameters={"k": values, "seeds": seeds, "seed": seed, "sample": len(taken.vectors)},
        sweep=tuple(rows),
        recommended=recommended,
        notes=(reason, *_notes(data, taken)),
    )
    name = save(session.workspace, new, f"{data.fingerprint} {data.space.name}")
    return SweepMade(
        evaluation=name,
        dataset=data.dataset,
        space=data.space.name,
        texts=len(data.text_ids),
        looked_at=len(taken.vectors),
        seeds=seeds,
        rows=tuple(rows),
        recommended=recommended,
        reason=reason,
    )


def plan_sweep(
    session: Session,
    *,
    k: str,
    seeds: int = 3,
    seed: int = 42,  # noqa: ARG001
    dataset: str | None = None,
    space: str | None = None,
    sample: int = 50_000,
    keep: bool = False,
) -> SweepPlan:
    """What `sweep` would do, with the same errors.

    Raises:
        ActionError: As `sweep`.
    """
    data = read_input(session, dataset, space)
    looked = min(sample, len(data.text_ids))
    values = check(k, seeds, sample, looked)
    return SweepPlan(
        dataset=data.dataset,
        space=data.space.name,
        k=values,
        clusterings=len(values) * seeds + (len(values) if keep else 0),
        texts=len(data.text_ids),
        looked_at=looked,
        runs=len(values) if keep else 0,
    )


def check(k: str, seeds: int, sample: int, texts: int) -> tuple[int, ...]:
    """The values of k, rising, each once.

    Raises:
        ActionError: `bad_k`, `bad_seeds` or `bad_sample`.
    """
    words = [word.strip() for word in k.split(",") if word.strip()]
    whole = [word for word in words if word.isascii() and word.isdecimal() and len(word) < 10]
    if not words or len(whole) < len(words) or len(words) > MOST_VALUES:
        hint = f"Write up to {MOST_VALUES} numbers with commas between: k=50,100,200."
        raise ActionError("bad_k", f"k={k[:80]} is no list of numbers.", hint)
    values = tuple(sorted({int(word) for word in words}))
    if sample < 2:
        raise ActionError("bad_sample", f"sample={sample} is below 2.", "50000 will do.")
    if not 2 <= values[0] <= values[-1] < texts:
        wrong = values[0] if values[0] < 2 else values[-1]
        hint = f"Choose values from 2 to {texts - 1}, or another sample=." if texts > 2 else "Load more."
        raise ActionError("bad_k", f"k={wrong} does not fit the {texts} distinct texts looked at.", hint)
    if not 1 <= seeds <= MOST_SEEDS:
        raise ActionError("bad_seeds", f"seeds={seeds} is not from 1 to {MOST_SEEDS}.", "3 will do.")
    return values


def drawn(data: Input, sample: int, seed: int) -> Sample:
    """All texts, or `sample` of them drawn by the seed, in memory."""
    n = len(data.text_ids)
    rng = np.random.default_rng([seed, SALT])
    index = np.sort(rng.permutation(n)[:sample])
    vectors = np.asarray(data.vectors[index], dtype=np.float32)
    looked = np.sort(rng.permutation(len(index))[:LOOKED])
    return Sample(vectors, data.weights[index].astype(np.int64), looked)


def measured(sample: Sample, k: int, found: list[Clustering], control: Control) -> SweepRow:
    """The figures of one k over its seeds."""
    silhouettes, indices, tight, smallest, largest = [], [], [], [], []
    for at, one in enumerate(found):
        control.progress("measure", at, len(found), "seeds")
        grouped = over(sample.vectors, one.labels.astype(np.int64), sample.weights, one.k)
        silhouettes.append(silhouette(grouped, sample.looked, control))
        indices.append(davies_bouldin(grouped, control))
        queries = np.bincount(one.labels, sample.weights, minlength=one.k)
        each = coherence(
            sample.vectors, sample.weights.astype(np.float64), one.labels, one.k, control
        ).clusters
        tight.append(float(np.average(each, weights=queries)))
        smallest.append(float(queries.min()))
        largest.append(float(queries.max()))
    agreed = [
        adjusted_rand(contingency(one.labels, other.labels, sample.weights))
        for one, other in combinations(found, 2)
    ]
    return SweepRow(
        k=k,
        silhouette=_mean(silhouettes),
        silhouette_spread=round(float(np.std(silhouettes, ddof=1)), DIGITS) if len(found) > 1 else None,
        davies_bouldin=_mean(indices),
        stability=_mean(agreed) if agreed else None,
        coherence=_mean(tight),
        smallest=_mean(smallest),
        largest=_mean(largest),
        iterations=_mean([float(one.iterations) for one in found]),
    )


def _mean(values: list[float]) -> float:
    return round(float(np.mean(values)), DIGITS)


def _notes(data: Input, sample: Sample) -> tuple[str, ...]:
    notes = []
    if len(sample.vectors) < len(data.text_ids):
        notes.append(f"{len(sample.vectors):,} of {len(data.text_ids):,} distinct texts were looked at.")
    if len(sample.looked) < len(sample.vectors):
        notes.append(
            f"The silhouette is that of {len(sample.looked):,} texts, each against all that were looked at."
        )
    return tuple(notes)


def within(control: Control, place: int, values: int, k: int) -> Control:
    """Progress of one k as progress of the whole: which k it is, and how many are done."""

    def report(progress: Progress) -> None:
        control.progress(f"k={k}: {progress.stage}", place, values, "values of k")

    def stopped() -> bool:
        try:
            control.check()
        except Cancelled:
            return True
        return False

    return Control(report, stopped)
