"""What is known of a cluster, computed again for the few clusters that an edit changed.

The definitions are those of `core.cluster`: the centroid is the unit mean of the members' vectors, each text weighted by how
often it was asked; coherence is `core.cluster.measure.coherence`. Of a cluster of more than `MEASURED` queries a sample is
looked at that depends on nothing but the run's seed. The texts nearest outside are looked for among those that are kept of
the nearest clusters and those that were outside before, and not among all.
"""

from __future__ import annotations

import json
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.cluster.blocks import one_blas_thread, unit
from core.cluster.measure import mean_cosine
from core.cluster.representatives import spread
from core.cluster.run import BOUNDARY, CENTRAL, NEIGHBOURS, OUTSIDE
from core.lookup import RunInfo
from db import vectors
from db.workspace import Workspace

MEASURED = 10_000
"""Queries of a cluster that are looked at, at most."""
MEASURED_TOGETHER, MEASURED_LEAST = 60_000, 1_000
"""Queries that are looked at of all clusters of an edit about, and of each at least."""
_BACKGROUNDS = "run_background"

BACKGROUND = 5_000
"""Queries of the run from which the mean cosine of two queries is taken."""
BLOCK = 16_384
HALF_LEAST = 3
_SAMPLED = "(a.query_id * 2654435761 + :seed) % 4294967296 / 65536 % :stride = 0"


@dataclass(frozen=True, eq=False)
class Members:
    """Distinct texts: `texts` int64 [n] rising, `weights` float64 [n], `rows` int64 [n] in the space's file."""

    texts: NDArray[np.int64]
    weights: NDArray[np.float64]
    rows: NDArray[np.int64]


class Measure:
    """Measures of the clusters of one run, on the store as it is now.

    Args:
        workspace: The store.
        run: The run.
        clusters: How many clusters will be measured: of many, less is looked at of each.
    """

    def __init__(self, workspace: Workspace, run: RunInfo, clusters: int = 1) -> None:
        self.measured = max(MEASURED_LEAST, min(MEASURED, MEASURED_TOGETHER // max(1, clusters)))
        self.workspace = workspace
        self.run = run
        self.table: NDArray[np.float16] | None = vectors.at_hand(workspace, run.space)

    # Without statistics SQLite would begin with the wrong table: a CROSS JOIN takes them in the order in which they stand.
    def update(self, number: int) -> None:
        """Write what follows from the members of a cluster into its row; its size is there already."""
        values: dict[str, object] = {}
        kind, halves, size = self.workspace.row(
            "SELECT kind, halves, size FROM cluster WHERE run_id = ? AND number = ?", (self.run.id, number)
        ) or ("", None, 0)
        members = self._members(number, size) if self.table is not None else None
        if kind != "cluster" or members is None or not len(members.texts):
            values |= self._kept(number)
        else:
            # The products are small: starting threads for each takes longer than doing them.
            with one_blas_thread():
                values |= self._measured(number, members)
        if halves is not None:
            values["halves"] = self._halves(number, halves)
        sets = ", ".join(f"{column} = ?" for column in values)
        self.workspace.raw.execute(
            f"UPDATE cluster SET {sets} WHERE run_id = ? AND number = ?",
            (*values.values(), self.run.id, number),
        )

    def coming_centroid(self, number: int, coming: int) -> NDArray[np.float32] | None:
        """The centroid that an ordinary cluster has when the `coming` queries of `temp.moving` are in it, float32 [dim]."""
        if self.table is None:
            return None
        size = self.workspace.value(
            "SELECT size FROM cluster WHERE run_id = ? AND number = ?", (self.run.id, number)
        )
        among = (
            "(SELECT query_id FROM assignment WHERE run_id = :run AND cluster = :cluster UNION ALL"
            " SELECT query_id FROM temp.moving)"
        )
        found = self._chosen("true", self._stride(size + coming), number, among)
        return _centre(self.take(found.rows), found.weights)[1] if len(found.texts) else None

    def distances(self, centroid: NDArray[np.float32] | None) -> dict[int, float]:
        """The cosine distance to a centroid by text id, of the texts in `temp.moving` that have vectors."""
        distances: dict[int, float] = {}
        if centroid is None or self.table is None:
            return distances
        found = _members(
            self.workspace,
            'SELECT q.text_id, 1, v."row" FROM temp.moving m CROSS JOIN query q ON q.id = m.query_id'
            " CROSS JOIN vector v ON v.space_id = :space AND v.text_id = q.text_id GROUP BY q.text_id",
            {"space": self.run.space_id},
        )
        for start in range(0, len(found.texts), BLOCK):
            block = slice(start, start + BLOCK)
            far = 1 - np.einsum("ij,j->i", self.take(found.rows[block]), centroid).astype(np.float64)
            distances.update(zip(found.texts[block].tolist(), far.clip(0, 2).round(6).tolist(), strict=True))
        return distances

    def members(self, number: int) -> Members | None:
        """Every embedded text of a cluster; `None` where the vectors are not at hand."""
        return (
            None
            if self.table is None
            else self._chosen("a.run_id = :run AND a.cluster = :cluster", 1, number)
        )

    def take(self, rows: NDArray[np.int64]) -> NDArray[np.float32]:
        """Rows of the space's file, float32 [n, dim]."""
        assert self.table is not None
        return np.ascontiguousarray(self.table[rows], dtype=np.float32)

    def _members(self, number: int, size: int) -> Members:
        return self._chosen("a.run_id = :run AND a.cluster = :cluster", self._stride(size), number)

    def _stride(self, size: int) -> int:
        return max(1, -(-size // self.measured))

    def _chosen(self, where: str, stride: int, number: int | None, among: str = "assignment") -> Members:
        return _members(
            self.workspace,
            'SELECT q.text_id, count(*), v."row" FROM '
            f"{among} a CROSS JOIN query q ON q.id = a.query_id"
            " CROSS JOIN vector v ON v.space_id = :space AND v.text_id = q.text_id"
            f" WHERE {where} AND {_SAMPLED if stride > 1 else 'true'}"
            " GROUP BY q.text_id ORDER BY q.text_id",
            {
                "run": self.run.id, "space": self.run.space_id, "cluster": number, "stride": stride,
                "seed": self.run.seed,
            },
        )  # fmt: skip

    def _measured(self, number: int, members: Members) -> dict[str, object]:
        rows = self.take(members.rows)
        total, centroid = _centre(rows, members.weights)
        near = self._neighbours(number, centroid)
        far = np.round(1 - np.einsum("ij,j->i", rows, centroid), 6)
        order = np.lexsort((members.texts, far))
        central = spread(rows, order, CENTRAL)
        edge = order[::-1][: BOUNDARY + len(central)]
        edge = edge[~np.isin(edge, central)][:BOUNDARY]
        within = mean_cosine(total, members.weights.sum(), float((members.weights**2).sum()))
        background = self._background()
        coherence = 1.0 if background >= 1 - 1e-6 else (within - background) / (1 - background)
        return {
            "coherence": round(float(np.clip(coherence, 0, 1)), 4),
            "medoid_id": int(members.texts[order[0]]),
            "centroid": centroid.astype("<f4").tobytes(),
            "neighbours": json.dumps(near),
            "central": json.dumps(members.texts[central].tolist()),
            "boundary": json.dumps(members.texts[edge].tolist()),
            "outside": json.dumps(self._outside(number, centroid, [n for n, _ in near])),
        }

    def _kept(self, number: int) -> dict[str, object]:
        """Without vectors, or without a centroid: the members by the distances that are known."""
        ordered = self.workspace.rows(
            "SELECT q.text_id FROM assignment a CROSS JOIN query q ON q.id = a.query_id WHERE a.run_id = ? AND a.cluster = ?"
            " GROUP BY q.text_id ORDER BY coalesce(min(a.distance), 9), q.text_id LIMIT 10000",
            (self.run.id, number),
        )
        texts = [row[0] for row in ordered]
        edge = [text for text in reversed(texts) if text not in texts[:CENTRAL]][:BOUNDARY]
        return {
            "medoid_id": texts[0] if texts else None,
            "central": json.dumps(texts[:CENTRAL]),
            "boundary": json.dumps(edge),
        }

    def _neighbours(self, number: int, centroid: NDArray[np.float32]) -> list[tuple[int, float]]:
        others = self.workspace.rows(
            "SELECT number, centroid FROM cluster WHERE run_id = ? AND number <> ? AND kind = 'cluster'"
            " AND centroid IS NOT NULL AND size > 0 ORDER BY number",
            (self.run.id, number),
        )
        if not others:
            return []
        table = np.stack([np.frombuffer(blob, dtype="<f4") for _, blob in others])
        cosine = np.einsum("ij,j->i", table, centroid)
        best = np.lexsort((np.arange(len(others)), -cosine))[:NEIGHBOURS]
        return [(others[i][0], round(float(cosine[i]), 4)) for i in best.tolist()]

    def _outside(self, number: int, centroid: NDArray[np.float32], near: list[int]) -> list[int]:
        lists = self.workspace.rows(
            "SELECT central, boundary FROM cluster WHERE run_id = :run AND (kind <> 'cluster' OR number IN"
            " (SELECT value FROM json_each(:near))) UNION ALL SELECT outside, central FROM cluster"
            " WHERE run_id = :run AND number = :number",
            {"run": self.run.id, "near": json.dumps(near), "number": number},
        )
        candidates = sorted({text for pair in lists for part in pair for text in json.loads(part)})
        found = _members(
            self.workspace,
            'SELECT v.text_id, 1, v."row" FROM vector v WHERE v.space_id = :space AND v.text_id IN'
            " (SELECT value FROM json_each(:texts)) AND NOT EXISTS (SELECT 1 FROM query q CROSS JOIN assignment a"
            "  ON a.run_id = :run AND a.query_id = q.id WHERE q.text_id = v.text_id AND a.cluster = :number)"
            " AND EXISTS (SELECT 1 FROM query q CROSS JOIN assignment a ON a.run_id = :run AND a.query_id = q.id"
            "  WHERE q.text_id = v.text_id) ORDER BY v.text_id",
            {
                "space": self.run.space_id, "texts": json.dumps(candidates), "run": self.run.id, "number": number,
            },
        )  # fmt: skip
        if not len(found.texts):
            return []
        cosine = np.einsum("ij,j->i", self.take(found.rows), centroid)
        return [int(found.texts[i]) for i in np.lexsort((found.texts, -cosine))[:OUTSIDE]]

    def _halves(self, number: int, halves: str) -> str | None:
        """The halves of a mixed cluster without those who left; none where one of them is gone."""
        parts = json.loads(halves)
        left = {
            row[0]
            for row in self.workspace.rows(
                "SELECT DISTINCT q.text_id FROM json_each(?) j CROSS JOIN query q ON q.text_id = j.value"
                " CROSS JOIN assignment a ON a.run_id = ? AND a.query_id = q.id WHERE a.cluster = ?",
                (json.dumps([text for part in parts for text in part]), self.run.id, number),
            )
        }
        kept = [[text for text in part if text in left] for part in parts]
        return json.dumps(kept) if min(map(len, kept)) >= HALF_LEAST else None

    def _background(self) -> float:
        """Mean cosine of two queries of the run; edits do not change it, so it is kept until later queries join the run."""
        known: dict[int, tuple[int, float]] = self.workspace.kept.setdefault(_BACKGROUNDS, {})
        newest = self.workspace.value("SELECT max(query_id) FROM assignment WHERE run_id = ?", (self.run.id,))
        if known.get(self.run.id, (None, 0.0))[0] != newest:
            # In the middle of an edit, the sizes of clusters do not add up.
            size = self.workspace.value("SELECT count(*) FROM assignment WHERE run_id = ?", (self.run.id,))
            found = self._chosen("a.run_id = :run", max(1, -(-size // BACKGROUND)), None)
            total = np.einsum("ij,i->j", self.take(found.rows), found.weights, dtype=np.float64)
            cosine = mean_cosine(total, found.weights.sum(), float((found.weights**2).sum()))
            known[self.run.id] = (newest, cosine)
        return known[self.run.id][1]


def forget_background(workspace: Workspace, run_id: int) -> None:
    """Queries joined the run, or left it: what the mean cosine of two of them was is kept as long as the store is open."""
    workspace.kept.get(_BACKGROUNDS, {}).pop(run_id, None)


def _centre(
    rows: NDArray[np.float32], weights: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float32]]:
    """The weighted sum of some vectors, and its direction."""
    total = np.einsum("ij,i->j", rows, weights, dtype=np.float64)
    return total, unit(total[None, :])[0]


def _members(workspace: Workspace, sql: str, parameters: dict[str, object]) -> Members:
    """Rows (text id, weight, row in the file) of a query, never as a list of tuples."""
    kinds = np.dtype([("text", np.int64), ("weight", np.float64), ("row", np.int64)])
    found = np.fromiter(workspace.raw.execute(sql, parameters), dtype=kinds)
    return Members(found["text"].copy(), found["weight"].copy(), found["row"].copy())
