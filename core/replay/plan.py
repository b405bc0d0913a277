"""What is to be done in the new run for one edit of the old one, and what a plan has to look at."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from core.compare.contingency import Ints
from core.lookup import RunInfo
from core.replay.match import NOTHING, Match, match_cluster
from core.replay.rows import Outcome
from core.replay.sides import Sides
from core.replay.source import mark_of
from db import edits
from db.edits import EditRecord
from db.workspace import Workspace


@dataclass(frozen=True)
class Step:
    """One action in the new run."""

    kind: str
    params: dict[str, Any]
    optional: tuple[str, ...] = ()
    """Parameters to leave out when they are refused as `title_taken`."""


@dataclass(frozen=True)
class Plan:
    """What becomes of an edit when every step is done; the steps of a `conflict` are what it would have been."""

    outcome: Outcome
    why: str = ""
    steps: tuple[Step, ...] = ()
    target: tuple[int | str, ...] = ()
    near: Match = NOTHING
    fitting: int = 0
    missing: int = 0


@dataclass(frozen=True, eq=False)
class Case:
    """One edit of the old run, with both runs at its time.

    `rank` gives the place of each edit of the old run, `replayed` the edits of the new run that were replayed from it, and
    `hand` the queries of the new run that somebody moved who did not replay.
    """

    workspace: Workspace
    old: RunInfo
    new: RunInfo
    record: EditRecord
    sides: Sides
    rank: dict[int, int]
    replayed: Sequence[EditRecord]
    hand: Ints
    least: float
    overwrite: bool
    params: dict[str, Any] = field(default_factory=dict)

    def match(self, cluster: int) -> Match:
        """The cluster of the new run that stands for one of the old run."""
        return match_cluster(self.sides, cluster, self.least)

    def there(self, cluster: int) -> bool:
        """Whether the new run has a cluster now."""
        return bool(
            self.workspace.value(
                "SELECT 1 FROM cluster WHERE run_id = ? AND number = ?", (self.new.id, cluster)
            )
        )

    def rank_of(self, record: EditRecord | None) -> int | None:
        """The place of the edit of the old run from which one of the new run was replayed; `None` for one by hand."""
        mark = None if record is None else mark_of(record)
        if mark is None or mark.run != self.old.name:
            return None
        # Of an edit that is no longer in force it is not known; it was not by hand.
        return self.rank.get(mark.edit, -1)

    @property
    def place(self) -> int:
        """The place of the edit itself."""
        return self.rank[self.record.id]

    def overtaken(
        self, subject: str, value: object, words: frozenset[str] = frozenset()
    ) -> EditRecord | None:
        """The edit that replays a later one of the same kind about the same thing, when there is one already.

        Args:
            subject: The parameter that names the thing.
            value: Its value in the new run.
            words: For tags and flags, which; one in common is enough.
        """
        for found in self.later():
            params = json.loads(found.parameters)
            if params.get(subject) == value and (not words or words & words_of(params)):
                return found
        return None

    def later(self) -> list[EditRecord]:
        """The edits of the new run that replay later ones of the same kind."""
        return [
            found
            for found in self.replayed
            if found.kind == self.record.kind and (self.rank_of(found) or 0) > self.place
        ]

    def decider(self, cluster: int, column: str) -> EditRecord | None:
        """The edit in force that made a fact of a cluster of the new run what it is."""
        found = edits.records(
            self.workspace,
            f"{edits.IN_FORCE} AND e.id IN (SELECT a.edit_id FROM edit_cluster a LEFT JOIN edit_cluster b"
            " ON b.edit_id = a.edit_id AND b.number = a.number AND b.side = 0 WHERE a.run_id = :run AND a.number = :cluster"
            f" AND a.side = 1 AND iif(b.edit_id IS NULL, coalesce(a.{column}, '') NOT IN ('', '[]'),"
            f" a.{column} IS NOT b.{column})) ORDER BY e.applied DESC LIMIT 1",
            {"run": self.new.id, "cluster": cluster},
        )
        return found[0] if found else None

    def value(self, cluster: int, column: str) -> Any:
        """A fact of a cluster of the new run."""
        return self.workspace.value(
            f"SELECT {column} FROM cluster WHERE run_id = ? AND number = ?", (self.new.id, cluster)
        )

    def by_hand(
        self, cluster: int, columns: Sequence[str] = ("title", "description", "quality", "notes")
    ) -> str:
        """What a person decided of a cluster of the new run and would be lost; empty for nothing, or when it may be."""
        if self.overwrite:
            return ""
        for column in columns:
            if self.value(cluster, column) in (None, "", "[]"):
                continue
            by = self.decider(cluster, column)
            if self.rank_of(by) is None:
                who = f" by {by.actor} in edit {by.id}" if by else ""
                return f"The {column} of cluster {cluster} was given by hand{who}."
        return ""


def words_of(params: dict[str, Any]) -> frozenset[str]:
    """The tags or flags that an edit is about."""
    given = f"{params.get('add') or ''},{params.get('remove') if params.get('remove') is not True else ''},{params.get('flag') or ''}"
    return frozenset(word.strip() for word in given.split(",") if word.strip() and word.strip() != "None")


def conflict(why: str, near: Match, steps: tuple[Step, ...] = ()) -> Plan:
    """Nothing is done; `steps` are what it would have been."""
    return Plan("conflict", why, steps, () if near.target is None else (near.target,), near)


def already(why: str, near: Match, fitting: int = 0, missing: int = 0) -> Plan:
    """Nothing has to be done."""
    target = () if near.target is None else (near.target,)
    return Plan("applied", f"Already so: {why}", (), target, near, fitting, missing)


def listed(queries: Ints) -> str:
    """Numbers of queries as actions take them."""
    return ",".join(map(str, queries.tolist()))
