"""Keeping a tree beside the ones that are there, and showing it from now on."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from core.errors import ActionError
from core.hierarchy.nodes import NewNode
from core.lookup import RunInfo
from core.session import Session
from db.names import short_hash, take_name

MAX_LEVELS = 6


@dataclass(frozen=True)
class Origin:
    """A row of the table `node_origin`."""

    key: str
    prompt_hash: str
    attempt: int
    problem: str
    placed: str


@dataclass(frozen=True)
class Made:
    """How a tree was made: `identity` is what its name follows from, `parameters` what is kept with it."""

    method: str
    identity: Mapping[str, Any]
    parameters: Mapping[str, Any]
    status: str = "done"
    cost: float = 0.0
    origins: Sequence[Origin] = field(default=())


def check_shape(levels: int, width: int | None) -> None:
    """Raise `bad_levels` or `bad_width` for a shape that no tree has."""
    if not 1 <= levels <= MAX_LEVELS:
        raise ActionError("bad_levels", f"levels={levels} is not from 1 to {MAX_LEVELS}.", "3 is usual.")
    if width is not None and width < 1:
        raise ActionError("bad_width", f"width={width} is below 1.", "It is how many top nodes there are.")


def save(session: Session, run: RunInfo, names: tuple[int, str], made: Made, nodes: Sequence[NewNode]) -> str:
    """Store a tree in one transaction, and go to its root where its run is the current one.

    Args:
        session: Where the user is.
        run: The run.
        names: The summary set's id and name.
        made: How it was made.
        nodes: The whole tree, parents first.

    Returns:
        The tree's name.
    """
    set_id, set_name = names
    workspace = session.workspace
    with workspace.transaction() as connection:
        name = take_name(
            connection,
            f"tree-{made.method}-{short_hash(run.name, set_name, made.method, dict(made.identity))}",
        )
        tree_id = connection.execute(
            "INSERT INTO hierarchy (name, run_id, summary_set_id, method, parameters, levels, created_at, status, cost)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                name, run.id, set_id, made.method, json.dumps(dict(made.parameters), ensure_ascii=False, sort_keys=True),
                max(node.level for node in nodes), workspace.clock(), made.status, made.cost,
            ),
        ).lastrowid  # fmt: skip
        _write(connection, tree_id, nodes, made.origins)
        connection.execute(
            "UPDATE run SET hierarchy = ?, summary_set = ? WHERE id = ?", (tree_id, set_id, run.id)
        )
    if session.view.run == run.name:
        session.go(hierarchy=name, summary_set=set_name, node="root")
    return name


def _write(
    connection: sqlite3.Connection, tree_id: int | None, nodes: Sequence[NewNode], origins: Sequence[Origin]
) -> None:
    connection.executemany(
        'INSERT INTO node (hierarchy_id, "key", parent, position, level, kind, cluster, title, description, fit,'
        " low_fit, coherence, size) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            (
                tree_id, n.key, n.parent, n.position, n.level, n.kind, n.cluster, n.title, n.description, n.fit,
                int(n.low_fit), n.coherence, n.size,
            )
            for n in nodes
        ),
    )  # fmt: skip
    connection.executemany(
        'INSERT INTO node_origin (hierarchy_id, "key", prompt_hash, attempt, problem, placed) VALUES (?, ?, ?, ?, ?, ?)',
        ((tree_id, o.key, o.prompt_hash, o.attempt, o.problem, o.placed) for o in origins),
    )
