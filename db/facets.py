"""Facets in the store: what made each, its value of each conversation, and what is asked of values in SQL."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from db import llm_log
from db.workspace import Workspace

KNOWN, FAILED = "known", "failed"
PARTIAL, DONE = "partial", "done"


@dataclass(frozen=True)
class FacetInfo:
    """A facet's row, its JSON decoded."""

    id: int
    name: str
    dataset_id: int
    source: str
    unit: str
    kind: str
    values: tuple[str, ...]
    model: str
    prompt_hash: str
    parameters: dict[str, Any]
    cost: float
    status: str
    created_at: str


@dataclass(frozen=True)
class NewFacet:
    """What makes a facet."""

    dataset_id: int
    name: str
    source: str
    unit: str
    kind: str
    values: tuple[str, ...]
    model: str
    prompt_hash: str
    parameters: dict[str, Any]


@dataclass(frozen=True)
class Value:
    """What became of one conversation; `value` is `None` where it failed."""

    conversation: int
    value: str | None
    problem: str = ""
    prompt_hash: str = ""
    attempt: int = 0


@dataclass(frozen=True)
class Counts:
    """For how many conversations of a facet's dataset the value is known, failed, and was not asked for."""

    known: int
    failed: int
    missing: int

    @property
    def status(self) -> str:
        """`done` when every conversation of the dataset has a value."""
        return PARTIAL if self.failed or self.missing else DONE


_COLUMNS = 'id, name, dataset_id, source, unit, kind, "values", model, prompt_hash, parameters, cost, status, created_at'


def facets(workspace: Workspace, dataset_id: int) -> list[FacetInfo]:
    """The facets of a dataset, by name."""
    rows = workspace.rows(f"SELECT {_COLUMNS} FROM facet WHERE dataset_id = ? ORDER BY name", (dataset_id,))
    decoded = (dict(zip(FacetInfo.__dataclass_fields__, row, strict=True)) for row in rows)
    return [
        FacetInfo(
            **row | {"values": tuple(json.loads(row["values"])), "parameters": json.loads(row["parameters"])}
        )
        for row in decoded
    ]


def find_facet(workspace: Workspace, dataset_id: int, name: str) -> FacetInfo | None:
    """The facet of that name."""
    return next((facet for facet in facets(workspace, dataset_id) if facet.name == name), None)


def counts_of(workspace: Workspace, facet_id: int, dataset_id: int) -> Counts:
    """How far a facet has come."""
    found = dict(
        workspace.rows("SELECT status, count(*) FROM facet_value WHERE facet_id = ? GROUP BY 1", (facet_id,))
    )
    known, failed = found.get(KNOWN, 0), found.get(FAILED, 0)
    total = workspace.value("SELECT count(*) FROM conversation WHERE dataset_id = ?", (dataset_id,))
    return Counts(known, failed, total - known - failed)


def add_facet(connection: sqlite3.Connection, new: NewFacet, at: str) -> int:
    """A new facet without values; its id."""
    cursor = connection.execute(
        'INSERT INTO facet (dataset_id, name, source, unit, kind, "values", model, prompt_hash, parameters, cost, status,'
        " created_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, 0, 'partial', ?)",
        (
            new.dataset_id, new.name, new.source, new.unit, new.kind, json.dumps(new.values, ensure_ascii=False), new.model,
            new.prompt_hash, json.dumps(new.parameters, ensure_ascii=False, sort_keys=True), at,
        ),
    )  # fmt: skip
    assert cursor.lastrowid is not None
    return cursor.lastrowid


def put_values(connection: sqlite3.Connection, facet_id: int, values: Iterable[Value]) -> None:
    """Write values, in place of what failed before."""
    connection.executemany(
        "INSERT OR REPLACE INTO facet_value (facet_id, conversation_id, value, status, problem, prompt_hash, attempt)"
        " VALUES (?, ?, ?, ?, ?, ?, ?)",
        (
            (
                facet_id, v.conversation, v.value, FAILED if v.value is None else KNOWN, v.problem, v.prompt_hash,
                v.attempt,
            )
            for v in values
        ),
    )  # fmt: skip


def copy_values(connection: sqlite3.Connection, facet_id: int, pairs: Iterable[tuple[int, int]]) -> None:
    """Give conversations the value of others that say the same: (from, to)."""
    connection.executemany(
        "INSERT OR REPLACE INTO facet_value SELECT facet_id, ?, value, status, problem, prompt_hash, attempt"
        " FROM facet_value WHERE facet_id = ? AND conversation_id = ?",
        ((to, facet_id, source) for source, to in pairs),
    )


def settle(workspace: Workspace, facet_id: int, dataset_id: int, cost: float) -> Counts:
    """Add what was paid, and bring the status up to date; inside a transaction of the caller's."""
    counts = counts_of(workspace, facet_id, dataset_id)
    workspace.raw.execute(
        "UPDATE facet SET status = ?, cost = round(cost + ?, 6) WHERE id = ?", (counts.status, cost, facet_id)
    )
    return counts


def delete_facet(connection: sqlite3.Connection, facet_id: int) -> int:
    """Remove a facet with its values, and the prompts that nothing else needs; how many values there were."""
    removed = connection.execute("DELETE FROM facet_value WHERE facet_id = ?", (facet_id,)).rowcount
    connection.execute("DELETE FROM facet WHERE id = ?", (facet_id,))
    llm_log.forget_prompts(connection)
    return removed


def statuses(workspace: Workspace, facet_id: int) -> dict[int, tuple[str, int]]:
    """Status and attempt of each conversation that has a row."""
    return {
        conversation: (status, attempt)
        for conversation, status, attempt in workspace.raw.execute(
            "SELECT conversation_id, status, attempt FROM facet_value WHERE facet_id = ?", (facet_id,)
        )
    }


def asked_texts(workspace: Workspace, dataset_id: int) -> Iterator[tuple[int, int]]:
    """(conversation, text id) of a dataset, in the order of conversations."""
    return workspace.raw.execute(
        "SELECT conversation_id, text_id FROM query WHERE dataset_id = ? ORDER BY conversation_id",
        (dataset_id,),
    )


def texts(workspace: Workspace, dataset_id: int) -> Iterator[tuple[int, str]]:
    """(text id, text) of a dataset's distinct texts."""
    return workspace.raw.execute(
        "SELECT id, content FROM text WHERE id IN (SELECT text_id FROM query WHERE dataset_id = ?)",
        (dataset_id,),
    )


def turns(workspace: Workspace, dataset_id: int) -> Iterator[tuple[int, str, str]]:
    """(conversation, role, content) of a dataset's turns, in order."""
    return workspace.raw.execute(
        "SELECT u.conversation_id, u.role, u.content FROM conversation v JOIN turn u ON u.conversation_id = v.id"
        " WHERE v.dataset_id = ? ORDER BY v.id, u.position",
        (dataset_id,),
    )


def text_of(workspace: Workspace, conversations: Sequence[int]) -> dict[int, str]:
    """The texts that some conversations begin with."""
    return dict(
        workspace.rows(
            "SELECT q.conversation_id, t.content FROM query q JOIN text t ON t.id = q.text_id"
            " WHERE q.conversation_id IN (SELECT value FROM json_each(?))",
            (json.dumps(list(conversations)),),
        )
    )


def turns_of(workspace: Workspace, conversations: Sequence[int]) -> dict[int, list[tuple[str, str]]]:
    """The turns (role, content) of some conversations."""
    found: dict[int, list[tuple[str, str]]] = {}
    for conversation, role, content in workspace.rows(
        "SELECT conversation_id, role, content FROM turn WHERE conversation_id IN (SELECT value FROM json_each(?))"
        " ORDER BY conversation_id, position",
        (json.dumps(list(conversations)),),
    ):
        found.setdefault(conversation, []).append((role, content))
    return found


def problems(workspace: Workspace, facet_id: int, limit: int) -> list[tuple[int, str, str]]:
    """(query, text, problem) of the first conversations whose value could not be had."""
    return workspace.rows(
        "SELECT q.id, t.content, f.problem FROM facet_value f JOIN query q ON q.conversation_id = f.conversation_id"
        " JOIN text t ON t.id = q.text_id WHERE f.facet_id = ? AND f.status = 'failed' ORDER BY f.conversation_id LIMIT ?",
        (facet_id, limit),
    )


def value_of_query(workspace: Workspace, facet_id: int, query: int) -> Value | None:
    """What became of the conversation of a query; `None` where it has no row."""
    row = workspace.row(
        "SELECT f.conversation_id, f.value, f.problem, f.prompt_hash, f.attempt FROM query q JOIN facet_value f"
        " ON f.conversation_id = q.conversation_id AND f.facet_id = ? WHERE q.id = ?",
        (facet_id, query),
    )
    return None if row is None else Value(*row)


def values_by_text(workspace: Workspace, facet_id: int, dataset_id: int) -> dict[int, str]:
    """The value of each distinct text: that of the first conversation that asks it and has one."""
    return {
        text_id: value
        for text_id, value, _ in workspace.raw.execute(
            # SQLite takes the bare column from the row that has the minimum.
            "SELECT q.text_id, f.value, min(q.conversation_id) FROM query q JOIN facet_value f"
            " ON f.conversation_id = q.conversation_id AND f.facet_id = ? WHERE q.dataset_id = ? AND f.value IS NOT NULL"
            " GROUP BY q.text_id",
            (facet_id, dataset_id),
        )
    }


def values_of_conversations(
    workspace: Workspace, dataset_id: int, conversations: Sequence[int]
) -> dict[int, dict[str, str]]:
    """The values of all facets of some conversations, by facet."""
    found: dict[int, dict[str, str]] = {}
    for conversation, name, value in workspace.rows(
        "SELECT f.conversation_id, c.name, f.value FROM facet_value f JOIN facet c ON c.id = f.facet_id"
        " WHERE c.dataset_id = ? AND f.value IS NOT NULL AND f.conversation_id IN (SELECT value FROM json_each(?))",
        (dataset_id, json.dumps(list(conversations))),
    ):
        found.setdefault(conversation, {})[name] = value
    return found


def counts_in_cluster(workspace: Workspace, run: int, cluster: int) -> dict[int, list[tuple[str, int]]]:
    """How many queries of a cluster have each value, by facet."""
    found: dict[int, list[tuple[str, int]]] = {}
    for facet, value, count in workspace.rows(
        "SELECT f.facet_id, f.value, count(*) FROM assignment a JOIN query q ON q.id = a.query_id"
        " JOIN facet_value f ON f.conversation_id = q.conversation_id"
        " WHERE a.run_id = ? AND a.cluster = ? AND f.value IS NOT NULL GROUP BY 1, 2",
        (run, cluster),
    ):
        found.setdefault(facet, []).append((value, count))
    return found
