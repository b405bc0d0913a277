"""Tests of queries by what people noted of them and of their clusters, and the opposite of a test."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, Literal

from db.columns import Test
from db.workspace import Workspace

Kind = Literal["flag", "tag", "note"]


@dataclass(frozen=True)
class Marked:
    """A query of a run that has one of some marks, or any: a flag of its own, or a flag, tag or note of its cluster."""

    kind: Kind
    run: int
    values: tuple[str, ...] | None

    def sql(self, parameter: str) -> str:
        """The test on `query q`, which reads the marks from a parameter of that name."""
        listed = "true" if self.values is None else f"{{}} IN (SELECT value FROM json_each(:{parameter}))"
        cluster = (
            f"(SELECT b.cluster FROM assignment b WHERE b.run_id = {self.run:d} AND b.query_id = q.id) IN (SELECT c.number"
            f" FROM cluster c"
        )
        if self.kind == "note":
            return f"{cluster} WHERE c.run_id = {self.run:d} AND c.notes <> '')"
        marked = f"{cluster}, json_each(c.{self.kind}s) j WHERE c.run_id = {self.run:d} AND {listed.format('j.value')})"
        if self.kind == "tag":
            return marked
        flagged = f"q.id IN (SELECT m.query_id FROM query_flag m WHERE m.run_id = {self.run:d} AND {listed.format('m.flag')})"
        return f"({flagged} OR {marked})"

    @property
    def parameter(self) -> Any:
        """What the parameter holds."""
        return json.dumps(self.values)


def given_marks(workspace: Workspace, kind: Kind, run_id: int) -> list[str]:
    """The flags or tags that somebody gave to a cluster of a run or, flags, to a query of it; in order."""
    sql = f"SELECT j.value FROM cluster c, json_each(c.{kind}s) j WHERE c.run_id = :run"
    if kind == "flag":
        sql += " UNION SELECT m.flag FROM query_flag m WHERE m.run_id = :run"
    return sorted({str(row[0]) for row in workspace.rows(sql, {"run": run_id})})


@dataclass(frozen=True)
class Not:
    """Every query that a test does not leave."""

    test: Test

    def sql(self, parameter: str) -> str:
        """The test on `query q`."""
        return f"NOT coalesce({self.test.sql(parameter)}, 0)"

    @property
    def parameter(self) -> Any:
        """What the parameter holds."""
        return self.test.parameter
