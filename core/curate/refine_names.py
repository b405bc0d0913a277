"""Names for clusters that were made of others, each against the others and none like what is there."""

from __future__ import annotations

import json
from collections.abc import Sequence

import numpy as np

from core.cluster.measure import neighbour_clusters
from core.curate.edit import Edit
from core.curate.naming import title_vector
from core.curate.trees import follow
from core.name.describe import Counts
from core.name.naming import ClusterName, name_clusters
from core.name.unique import title_key, unique_among
from db.titles import SUMMARY_JOIN, TITLE_SQL

READ = 2_000
"""Texts of each cluster that are read at most."""
READ_TOGETHER = 100_000
NEIGHBOURS = 5


def name_apart(edit: Edit, siblings: Sequence[int], renamed: Sequence[int]) -> None:
    """Name some of the clusters that stand together by the namer that needs no model; the others keep their names.

    No title is that of another cluster of the run, nor that of a node of any of its trees.
    """
    names = dict(zip(siblings, _local_names(edit, siblings), strict=True))
    taken = {title_key(title) for title in _titles(edit, renamed)}
    spare = [[phrase.text for phrase in names[number].phrases] for number in renamed]
    titles = unique_among([names[number].title for number in renamed], spare, taken)
    for number, title in zip(renamed, titles, strict=True):
        edit.connection.execute(
            "UPDATE cluster SET title = ?, title_vector = ?, description = ? WHERE run_id = ? AND number = ?",
            (title, title_vector(edit, title), names[number].description, edit.run.id, number),
        )
    follow(edit, (), {}, named=renamed)


def _titles(edit: Edit, renamed: Sequence[int]) -> list[str]:
    """The titles of other clusters, and of all nodes but the leaves of those that are about to be named."""
    rows = edit.connection.execute(
        f"SELECT {TITLE_SQL} FROM cluster c JOIN run r ON r.id = c.run_id {SUMMARY_JOIN} WHERE c.run_id = :run"
        " AND c.number NOT IN (SELECT value FROM json_each(:renamed)) UNION"
        " SELECT n.title FROM node n JOIN hierarchy h ON h.id = n.hierarchy_id WHERE h.run_id = :run"
        " AND (n.cluster IS NULL OR n.cluster NOT IN (SELECT value FROM json_each(:renamed)))",
        {"run": edit.run.id, "renamed": json.dumps(list(renamed))},
    )
    return [row[0] for row in rows]


def _local_names(edit: Edit, numbers: Sequence[int]) -> Sequence[ClusterName]:
    listed = json.dumps(list(numbers))
    facts = {
        row[0]: row[1:]
        for row in edit.connection.execute(
            "SELECT number, coherence, central, centroid, size, texts FROM cluster WHERE run_id = ?"
            " AND number IN (SELECT value FROM json_each(?))",
            (edit.run.id, listed),
        )
    }
    most = max(50, min(READ, READ_TOGETHER // len(numbers)))
    central = {number: json.loads(facts[number][1]) for number in numbers}
    rows: list[tuple[int, int, int]] = []
    for at, number in enumerate(numbers):
        stride = max(1, -(-facts[number][4] // most))
        found = edit.connection.execute(
            "SELECT q.text_id, count(*) FROM assignment a CROSS JOIN query q ON q.id = a.query_id WHERE a.run_id = ?1"
            " AND a.cluster = ?2 AND (q.text_id % ?3 = 0 OR q.text_id IN (SELECT value FROM json_each(?4)))"
            " GROUP BY 1 ORDER BY 1",
            (edit.run.id, number, stride, facts[number][1]),
        )
        rows += [(at, text, times) for text, times in found]
    contents = dict(
        edit.connection.execute(
            "SELECT id, content FROM text WHERE id IN (SELECT value FROM json_each(?))",
            (json.dumps(sorted({text for _, text, _ in rows})),),
        ).fetchall()
    )
    place = {(at, text): i for i, (at, text, _) in enumerate(rows)}
    centroids = [facts[number][2] for number in numbers]
    near = (
        neighbour_clusters(np.stack([np.frombuffer(blob, dtype="<f4") for blob in centroids]), NEIGHBOURS)
        if all(blob is not None for blob in centroids)
        else np.empty((len(numbers), 0), dtype=np.int32)
    )
    return name_clusters(
        [contents[text] for _, text, _ in rows],
        np.array([times for *_, times in rows], dtype=np.float64),
        np.array([at for at, *_ in rows], dtype=np.int64),
        near.astype(np.int64),
        np.array([np.nan if facts[n][0] is None else facts[n][0] for n in numbers], dtype=np.float64),
        [[place[at, t] for t in central[n] if (at, t) in place] for at, n in enumerate(numbers)],
        counts=[Counts(facts[n][3], facts[n][4]) for n in numbers],
        seed=edit.run.seed,
        control=edit.session.control,
    )
