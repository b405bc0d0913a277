"""Message Batches: which question was put into which, and what became of it.

A batch is written down before it is sent, together with the newest one that the provider had then: should its receipt never
arrive, it is one of those that are newer. So nothing is sent again that may be under way.
"""

from __future__ import annotations

import contextlib
import json
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from db import llm_log
from db.llm_batch_rows import ENDED, INTENDED, RUNNING, WAITING, Batch, Counts, Item, NewBatch, Result, State
from db.llm_log import Call, CallKey
from db.names import short_hash, take_name
from db.workspace import Workspace

_COLUMNS = "id, name, provider_id, endpoint, model, purpose, command, status, requests, newest, guessed, price, submitted_at, ended_at"


def _batch(row: tuple[Any, ...]) -> Batch:
    price = row[11]
    found = Batch(*row)
    return replace(found, guessed=bool(row[10]), price=None if price is None else tuple(json.loads(price)))


def batches(workspace: Workspace, *, under_way: bool = False, endpoint: str | None = None) -> list[Batch]:
    """The batches, oldest first: all, or those that have not ended, or those of one provider's address."""
    rows = workspace.rows(
        f"SELECT {_COLUMNS} FROM llm_batch WHERE (status <> 'ended' OR NOT :under_way)"
        " AND (endpoint = :endpoint OR :endpoint IS NULL) ORDER BY id",
        {"under_way": under_way, "endpoint": endpoint},
    )
    return [_batch(row) for row in rows]


def find(workspace: Workspace, name: str) -> Batch | None:
    """The batch of that name, or of that id at the provider."""
    row = workspace.row(f"SELECT {_COLUMNS} FROM llm_batch WHERE name = ? OR provider_id = ?", (name, name))
    return None if row is None else _batch(row)


def counts(workspace: Workspace, batch: Batch) -> Counts:
    """What became of a batch's requests."""
    answered, waiting, total = workspace.row(
        "SELECT coalesce(sum(status = 'answered'), 0), coalesce(sum(status = 'waiting'), 0), count(*)"
        " FROM llm_batch_item WHERE batch_id = ?",
        (batch.id,),
    ) or (0, 0, 0)
    cost = workspace.value("SELECT sum(cost) FROM llm_batch_item WHERE batch_id = ?", (batch.id,))
    known = None if batch.price is None else round(cost or 0.0, 6)
    return Counts(answered, total - answered - waiting, waiting, known)


def states(workspace: Workspace, key: CallKey) -> list[State]:
    """Where a question waits, and what became of it in the batches of works that are not done; oldest first."""
    rows = workspace.rows(
        "SELECT b.name, i.status, i.problem, b.settled FROM llm_batch_item i JOIN llm_batch b ON b.id = i.batch_id"
        " WHERE i.prompt_hash = ? AND i.attempt = ? AND i.vote = ? AND (i.status = 'waiting' OR NOT b.settled)"
        " ORDER BY b.id",
        (key.prompt_hash, key.attempt, key.vote),
    )
    return [State(batch, status, problem, bool(settled)) for batch, status, problem, settled in rows]


def waits_in(workspace: Workspace, key: CallKey) -> str | None:
    """The batch in which a question waits for its answer."""
    return next((state.batch for state in states(workspace, key) if state.status == WAITING), None)


def intend(workspace: Workspace, new: NewBatch, items: Sequence[Item]) -> Batch:
    """Write down that these requests are about to be sent; it outlives a power cut.

    Raises:
        StoreError: `store_locked`, `store_full`, `store_read_only` ...
    """
    price = None if new.price is None else json.dumps(new.price)
    with _durable(workspace) as connection:
        name = take_name(connection, f"batch-{short_hash(sorted(item.custom_id for item in items))}")
        batch_id = connection.execute(
            "INSERT INTO llm_batch (name, endpoint, model, purpose, command, status, requests, newest, foreign_ids,"
            " guessed, price, settled, submitted_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, '[]', 0, ?, 0, ?)",
            (
                name, new.endpoint, new.model, new.purpose, new.command, INTENDED, len(items), new.newest, price,
                workspace.clock(),
            ),
        ).lastrowid  # fmt: skip
        connection.executemany(
            "INSERT INTO llm_batch_item (batch_id, custom_id, prompt_hash, attempt, vote, request, status, problem)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, '')",
            (
                (batch_id, item.custom_id, item.key.prompt_hash, item.key.attempt, item.key.vote, item.request, WAITING)
                for item in items
            ),
        )  # fmt: skip
        found = find(workspace, name)
    assert found is not None
    return found


def received(workspace: Workspace, batch: Batch, provider_id: str, *, guessed: bool) -> None:
    """Note the id that the provider gave a batch; `guessed`: that which it is taken to have given."""
    with _durable(workspace) as connection:
        connection.execute(
            "UPDATE llm_batch SET provider_id = ?, guessed = ?, status = ? WHERE id = ?",
            (provider_id, guessed, RUNNING, batch.id),
        )


def disown(workspace: Workspace, batch: Batch) -> None:
    """What was taken for this batch is somebody else's: it is without a receipt again, and never taken for that one."""
    with _durable(workspace) as connection:
        connection.execute(
            "UPDATE llm_batch SET foreign_ids = json_insert(foreign_ids, '$[#]', provider_id), provider_id = NULL,"
            " guessed = 0, status = ? WHERE id = ?",
            (INTENDED, batch.id),
        )


def withdraw(workspace: Workspace, batch: Batch) -> None:
    """Forget a batch that never reached the provider."""
    with workspace.transaction() as connection:
        connection.execute("DELETE FROM llm_batch WHERE id = ?", (batch.id,))


def taken_ids(workspace: Workspace, batch: Batch) -> set[str]:
    """Ids at the provider that cannot be this batch's."""
    foreign = workspace.value("SELECT foreign_ids FROM llm_batch WHERE id = ?", (batch.id,))
    rows = workspace.rows(
        "SELECT provider_id FROM llm_batch WHERE provider_id IS NOT NULL AND endpoint = ?", (batch.endpoint,)
    )
    return {*json.loads(foreign or "[]"), *(provider_id for (provider_id,) in rows)}


def custom_ids(workspace: Workspace, batch: Batch) -> set[str]:
    """What the provider calls the requests of a batch."""
    rows = workspace.rows("SELECT custom_id FROM llm_batch_item WHERE batch_id = ?", (batch.id,))
    return {one for (one,) in rows}


def forgotten(workspace: Workspace, batch: Batch) -> set[str]:
    """The requests of a batch whose bodies are not kept any more."""
    rows = workspace.rows(
        "SELECT custom_id FROM llm_batch_item WHERE batch_id = ? AND request = '{}'", (batch.id,)
    )
    return {one for (one,) in rows}


def mark(workspace: Workspace, batch: Batch, status: str) -> None:
    """Note that a batch runs, or is being cancelled."""
    with workspace.transaction() as connection:
        connection.execute("UPDATE llm_batch SET status = ? WHERE id = ?", (status, batch.id))


def take(
    workspace: Workspace,
    batch: Batch,
    results: Sequence[Result],
    latency: float,
    requests: Mapping[str, str],
) -> None:
    """Put results into the journal of calls; all are on disk when this returns. What was taken before is passed over.

    Args:
        workspace: The store.
        batch: Whose results they are.
        results: As they came.
        latency: Seconds that the provider took.
        requests: Bodies of requests that are at hand, by custom id: the stored ones may have been forgotten meanwhile.
    """
    with _durable(workspace) as connection:
        for result in results:
            row = connection.execute(
                "SELECT prompt_hash, attempt, vote, request FROM llm_batch_item"
                " WHERE batch_id = ? AND custom_id = ? AND status = 'waiting'",
                (batch.id, result.custom_id),
            ).fetchone()
            if row is None:
                continue
            prompt_hash, attempt, vote, stored = row
            key = CallKey(prompt_hash, batch.model, attempt, vote)
            request = requests.get(result.custom_id, stored)
            spent = (result.tokens_in, result.tokens_out, result.cost)
            call = Call(
                key, batch.purpose, batch.endpoint, request, result.body, result.status, *spent, latency
            )
            llm_log.insert(connection, call, workspace.clock())
            connection.execute(
                "UPDATE llm_batch_item SET status = ?, problem = ?, cost = ?, request = ''"
                " WHERE batch_id = ? AND custom_id = ?",
                (result.status, result.problem, result.cost, batch.id, result.custom_id),
            )


def finish(workspace: Workspace, batch: Batch, status: str, problem: str) -> None:
    """Note that a batch has ended; requests that still wait get `status` and `problem`."""
    with _durable(workspace) as connection:
        connection.execute(
            "UPDATE llm_batch_item SET status = ?, problem = ?, request = '' WHERE batch_id = ? AND status = 'waiting'",
            (status, problem, batch.id),
        )
        connection.execute(
            "UPDATE llm_batch SET status = ?, ended_at = ? WHERE id = ?",
            (ENDED, workspace.clock(), batch.id),
        )


def settle(workspace: Workspace, names: Sequence[str]) -> None:
    """The work that asked is done: what failed in these batches may be asked anew, and their cost is nobody's limit."""
    if names:
        with workspace.transaction() as connection:
            connection.executemany(
                "UPDATE llm_batch SET settled = 1 WHERE name = ? AND status = 'ended'",
                [(name,) for name in names],
            )


@contextlib.contextmanager
def _durable(workspace: Workspace) -> Iterator[sqlite3.Connection]:
    """A transaction that is on disk when the block has been left, even after a power cut."""
    with workspace.connection() as connection:
        connection.execute("PRAGMA synchronous = FULL")
        try:
            with workspace.transaction():
                yield connection
        finally:
            if not connection.in_transaction:
                connection.execute("PRAGMA synchronous = NORMAL")
