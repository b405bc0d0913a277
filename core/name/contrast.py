"""What a model is shown of a cluster: members inside, and the nearest texts outside (Clio, arXiv 2412.13678, appendix)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from core.cluster.representatives import representatives
from core.control import Control
from core.distances import measured_again
from core.errors import ActionError
from core.lookup import RunInfo
from db.vectors import find_space, mapped
from db.workspace import Workspace

MOST = 200
"""Texts of one kind that can be asked for."""


@dataclass(frozen=True)
class Shown:
    """A cluster as a model sees it: pairs of text id and text.

    `inside` holds the most central members, then others drawn by the run's seed; `outside` the texts of other clusters, or
    of none, that are nearest to its centroid.
    """

    cluster: int
    inside: tuple[tuple[int, str], ...]
    outside: tuple[tuple[int, str], ...]


def read_shown(
    workspace: Workspace, run: RunInfo, examples: int, contrast: int, control: Control
) -> tuple[Shown, ...]:
    """What is shown of each ordinary cluster of a run, by number.

    Args:
        workspace: The store.
        run: The run.
        examples: Members a cluster: half of them the most central ones, half of them drawn.
        contrast: Texts outside a cluster.
        control: Progress and cancelling.

    Raises:
        ActionError: `bad_examples`.
        StoreError: `store_damaged` where the vectors of the run's space are gone.
    """
    if not (1 <= examples <= MOST and 0 <= contrast <= MOST):
        raise ActionError(
            "bad_examples",
            f"examples={examples} contrast={contrast} is out of range.",
            f"examples= is from 1 to {MOST}, contrast= from 0 to {MOST}.",
        )
    clusters = workspace.rows(
        "SELECT number, centroid FROM cluster WHERE run_id = ? AND kind = 'cluster' ORDER BY number",
        (run.id,),
    )
    space = find_space(workspace, run.space)
    if not clusters or space is None:
        return ()
    rows = workspace.rows(
        'SELECT q.text_id, min(a.cluster), min(a.distance), v."row" FROM assignment a JOIN query q ON q.id = a.query_id'
        " JOIN vector v ON v.space_id = ? AND v.text_id = q.text_id WHERE a.run_id = ? GROUP BY q.text_id"
        " ORDER BY q.text_id",
        (space.id, run.id),
    )
    text_ids = np.array([row[0] for row in rows], dtype=np.int64)
    place = {number: at for at, (number, _) in enumerate(clusters)}
    labels = np.array([place.get(row[1], -1) for row in rows], dtype=np.int32)
    again = measured_again(workspace, run, ((row[1], row[0]) for row in rows))
    stored = (again.get((row[1], row[0]), row[2]) for row in rows)
    distances = np.array([2.0 if far is None else far for far in stored], dtype=np.float32)
    at_rows = np.array([row[3] for row in rows], dtype=np.int64)
    table = mapped(workspace, space)
    whole = len(at_rows) == len(table) and np.array_equal(at_rows, np.arange(len(table)))
    vectors = table if whole else np.asarray(table[at_rows])
    centroids = np.stack([np.frombuffer(blob, dtype="<f4") for _, blob in clusters])
    central = (examples + 1) // 2
    found = representatives(
        vectors, labels, distances, centroids, range(len(clusters)), central, 0, contrast, control
    )
    order = np.argsort(labels, kind="stable")
    starts = np.searchsorted(labels[order], np.arange(len(clusters) + 1))
    chosen = []
    for at, (number, _) in enumerate(clusters):
        members = np.sort(order[starts[at] : starts[at + 1]])
        drawn = _draw(members, found[at].central, examples - len(found[at].central), [run.seed, number])
        inside = [*text_ids[found[at].central], *text_ids[drawn]]
        chosen.append((number, inside, [*text_ids[found[at].outside]]))
    texts = _texts(workspace, {int(i) for _, inside, outside in chosen for i in (*inside, *outside)})
    return tuple(
        Shown(
            number,
            tuple((int(i), texts[int(i)]) for i in inside),
            tuple((int(i), texts[int(i)]) for i in outside),
        )
        for number, inside, outside in chosen
    )


def _draw(
    members: np.typing.NDArray[np.int64], taken: np.typing.NDArray[np.int64], count: int, seed: Sequence[int]
) -> np.typing.NDArray[np.int64]:
    """At most `count` of the members that are not taken, in the order in which they were drawn."""
    left = members[~np.isin(members, taken)]
    return np.random.default_rng([abs(part) for part in seed]).permutation(left)[: max(count, 0)]


def _texts(workspace: Workspace, wanted: set[int]) -> dict[int, str]:
    found: dict[int, str] = {}
    ids = sorted(wanted)
    for start in range(0, len(ids), 500):
        block = ids[start : start + 500]
        marks = ",".join("?" * len(block))
        found.update(workspace.rows(f"SELECT id, content FROM text WHERE id IN ({marks})", block))
    return found
