"""Two sets of names of one run, side by side."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from statistics import fmean
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.errors import ActionError
from core.lookup import RunInfo, bad_cursor, check_limit, find_run, find_summary_set
from core.name.rows import NamesCompared, NameTotals, OneName, TwoNames
from core.name.unique import title_key
from db.workspace import Workspace

_NAMELESS = OneName("", "", "", None, "pending")

_Key = tuple[float, float, int]


def compare_sets(
    workspace: Workspace,
    run: str | None,
    a: str | None,
    b: str | None,
    sort: str,
    limit: int,
    after: str | None,
) -> NamesCompared:
    """The names of each cluster in two sets, and the sets as wholes.

    Args:
        workspace: Where they are.
        run: The run's id.
        a: The first set's id or alias; `None`: the one made before `b`, or after it where `b` is the first.
        b: The second one's; `None`: the current one.
        sort: `likeness`: the least alike first; `size`: the largest cluster first.
        limit: At most so many clusters.
        after: The cursor of an earlier page.

    Raises:
        ActionError: `no_run`, `unknown_run`, `no_summary`, `one_summary_set`, `same_summary_set`, `unknown_summary_set`,
            `other_run`, `bad_limit` or `bad_cursor`.
    """
    check_limit(limit)
    start = _cursor(after)
    found = find_run(workspace, run)
    second, name_b = _find(workspace, found, b)
    first, name_a = _find(workspace, found, a) if a is not None else _beside(workspace, found, second)
    if first == second:
        raise ActionError(
            "same_summary_set", f"a= and b= are both {name_b}.", "summary.list shows the sets of the run."
        )
    sizes = dict(
        workspace.rows(
            "SELECT number, size FROM cluster WHERE run_id = ? AND kind = 'cluster' ORDER BY number",
            (found.id,),
        )
    )
    names_a, vectors_a = _names(workspace, first)
    names_b, vectors_b = _names(workspace, second)
    pairs = []
    for cluster, size in sizes.items():
        one, two = names_a.get(cluster, _NAMELESS), names_b.get(cluster, _NAMELESS)
        equal = bool(one.title and two.title) and title_key(one.title) == title_key(two.title)
        similarity = _cosine(vectors_a.get(cluster), vectors_b.get(cluster))
        pairs.append(TwoNames(cluster, size, equal, similarity, one, two))
    pairs.sort(key=lambda pair: _key(pair, sort))
    ahead = [pair for pair in pairs if start is None or _key(pair, sort) > start]
    page = ahead[:limit]
    return NamesCompared(
        run=found.name,
        clusters=len(pairs),
        equal=sum(pair.equal for pair in pairs),
        similarity=_mean([pair.similarity for pair in pairs]),
        a=_totals(workspace, first, name_a, [pair.a for pair in pairs]),
        b=_totals(workspace, second, name_b, [pair.b for pair in pairs]),
        rows=tuple(page),
        after=json.dumps(_key(page[-1], sort)) if len(ahead) > limit else None,
    )


def _find(workspace: Workspace, run: RunInfo, name: str | None) -> tuple[int, str]:
    """A set of the run; one of another run is told apart from one that does not exist."""
    try:
        return find_summary_set(workspace, run, name)
    except ActionError as error:
        owner = workspace.value(
            "SELECT r.name FROM summary_set s JOIN run r ON r.id = s.run_id WHERE s.name = ?", (name,)
        )
        if owner is None:
            raise error
        raise ActionError(
            "other_run",
            f"{name} names the clusters of {owner}, not of {run.name}.",
            f"Only sets of one run can be compared: run={owner}.",
        ) from None


def _beside(workspace: Workspace, run: RunInfo, other: int) -> tuple[int, str]:
    """The set that was made before another one of the run; the one after it where there is none before."""
    row = workspace.row(
        "SELECT id, name FROM summary_set WHERE run_id = :run AND id <> :other"
        " ORDER BY id > :other, abs(id - :other) LIMIT 1",
        {"run": run.id, "other": other},
    )
    if row is None:
        raise ActionError(
            "one_summary_set",
            f"The run {run.name} has one set of names only.",
            "Make another: summary.create with another model=, prompt=, examples= or contrast=.",
        )
    return row[0], row[1]


def _names(workspace: Workspace, set_id: int) -> tuple[dict[int, OneName], dict[int, NDArray[np.float32]]]:
    """The names of a set by cluster, and the vectors of those titles that have one."""
    names, vectors = {}, {}
    for cluster, title, description, form, coherence, status, vector in workspace.rows(
        "SELECT cluster, title, description, form, coherence, status, vector FROM summary WHERE summary_set_id = ?",
        (set_id,),
    ):
        names[cluster] = OneName(title, description, form, coherence, status)
        if vector:
            vectors[cluster] = np.frombuffer(vector, "<f4")
    return names, vectors


def _cosine(one: NDArray[np.float32] | None, two: NDArray[np.float32] | None) -> float | None:
    if one is None or two is None or one.shape != two.shape:
        return None
    length = float(np.linalg.norm(one) * np.linalg.norm(two))
    return round(float(one @ two) / length, 4) if length else None


def _totals(workspace: Workspace, set_id: int, name: str, names: Sequence[OneName]) -> NameTotals:
    alias, model = workspace.row("SELECT alias, model FROM summary_set WHERE id = ?", (set_id,)) or ("", "")
    return NameTotals(
        summary_set=name,
        alias=alias,
        model=model,
        coherence=_mean([name.coherence for name in names]),
        **{form: sum(name.form == form for name in names) for form in ("mixed", "miscellaneous")},
        **{
            status: sum(name.status == status for name in names)
            for status in ("unsupported", "failed", "pending")
        },
    )


def _mean(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return round(fmean(known), 4) if known else None


def _key(pair: TwoNames, sort: str) -> _Key:
    """Where a cluster stands in the list. Titles that differ and cannot be measured come before all that can."""
    if sort == "size":
        return (-pair.size, 0, pair.cluster)
    unlike = -2.0 if pair.similarity is None else pair.similarity
    return (2.0 if pair.equal else unlike, -pair.size, pair.cluster)


def _cursor(after: str | None) -> _Key | None:
    if after is None:
        return None
    try:
        values: Any = json.loads(after)
        if len(values) != 3 or not all(
            type(value) in (int, float) and math.isfinite(value) for value in values
        ):
            raise ValueError
    except (ValueError, TypeError, OverflowError, RecursionError):
        raise bad_cursor(after) from None
    return (values[0], values[1], values[2])
