"""The journal of calls to language models: raw, and on disk before an answer is read.

What was answered once is answered from here ever after, whichever process asks.
"""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass

from db.locks import held
from db.workspace import Workspace

ANSWERED = "answered"


@dataclass(frozen=True)
class CallKey:
    """What makes a call the same call: `attempt` and `vote` ask the same prompt anew on purpose."""

    prompt_hash: str
    model: str
    attempt: int = 0
    vote: int = 0


@dataclass(frozen=True)
class Call:
    """One call; `request` and `response` are as they went over the wire, without headers.

    `status` is `answered`, or the kind of failure; `latency` is in seconds, `cost` in dollars, `None` where no price is
    known.
    """

    key: CallKey
    purpose: str
    endpoint: str
    request: str
    response: str | None
    status: str
    tokens_in: int
    tokens_out: int
    cost: float | None
    latency: float


_COLUMNS = "purpose, endpoint, request, response, status, tokens_in, tokens_out, cost, latency"


def answered(workspace: Workspace, key: CallKey) -> Call | None:
    """The call of that key that was answered, if there is one."""
    row = workspace.row(
        f"SELECT {_COLUMNS} FROM llm_call WHERE prompt_hash = ? AND model = ? AND attempt = ? AND vote = ?"
        " AND status = 'answered'",
        (key.prompt_hash, key.model, key.attempt, key.vote),
    )
    return None if row is None else Call(key, *row)


def answer_of(workspace: Workspace, prompt_hash: str, attempt: int, vote: int = 0) -> tuple[str, str] | None:
    """The request and the raw response of the call that a stored name, or a vote, came from."""
    found = workspace.row(
        "SELECT request, response FROM llm_call WHERE prompt_hash = ? AND attempt = ? AND vote = ?"
        " AND status = 'answered'",
        (prompt_hash, attempt, vote),
    )
    return None if found is None else (found[0], found[1])


def record(workspace: Workspace, call: Call) -> None:
    """Put a call on disk; it is there, even after a power cut, when this returns. For a thread of its own.

    Raises:
        StoreError: `store_locked`, `store_full`, `store_read_only` ...
    """
    with workspace.connection() as connection:
        # What was paid for must outlive more than the process, so this connection waits for the disk.
        connection.execute("PRAGMA synchronous = FULL")
        with workspace.transaction():
            insert(connection, call, workspace.clock())


def insert(connection: sqlite3.Connection, call: Call, at: str) -> None:
    """Add a call to the journal; a second answer to the same is passed over."""
    connection.execute(
        "INSERT INTO llm_call (prompt_hash, model, attempt, vote, purpose, endpoint, request, response, status,"
        " tokens_in, tokens_out, cost, latency, at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
        " ON CONFLICT DO NOTHING",
        (
            call.key.prompt_hash, call.key.model, call.key.attempt, call.key.vote, call.purpose, call.endpoint,
            call.request, call.response, call.status, call.tokens_in, call.tokens_out, call.cost,
            round(call.latency, 4), at,
        ),
    )  # fmt: skip


def forget_prompts(connection: sqlite3.Connection) -> None:
    """Blank the requests that no name, no facet and no tree refers to any more: chat text goes with its data, what was paid for stays.

    An answer is found by the hash of its request, so the same command is still answered without paying again.
    """
    connection.execute(
        "UPDATE llm_call SET request = '{}' WHERE request <> '{}'"
        " AND NOT EXISTS (SELECT 1 FROM summary s WHERE s.prompt_hash = llm_call.prompt_hash)"
        " AND NOT EXISTS (SELECT 1 FROM facet_value f WHERE f.prompt_hash = llm_call.prompt_hash)"
        " AND prompt_hash NOT IN (SELECT prompt_hash FROM node_origin"
        "  UNION SELECT c.value ->> 0 FROM node_origin, json_each(placed, '$.calls') c WHERE placed <> ''"
        "  UNION SELECT c.value ->> 1 FROM hierarchy, json_each(parameters, '$.asked') c)"
    )
    # Of answers that are still to come only the question is needed, and that is kept as a hash.
    connection.execute("UPDATE llm_batch_item SET request = '{}' WHERE request NOT IN ('', '{}')")


@contextlib.contextmanager
def calling(workspace: Workspace) -> Iterator[None]:
    """Hold the right to call models from this workspace: one job at a time, or two could pay for the same answer.

    Raises:
        StoreError: `store_locked` when another job calls models.
    """
    with held(
        workspace.folder / "logs" / "llm.lock",
        "Another job is calling a language model from this workspace.",
        "Wait until it is done; what it has been answered is kept.",
    ):
        yield
