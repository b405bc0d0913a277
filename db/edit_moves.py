"""Moving queries between clusters by sets, and the images that undo it.

The queries that an edit moves stand in `temp.moving` with what they were before.
"""

from __future__ import annotations

import sqlite3
from typing import Any

_FIELDS = ("cluster", "distance", "probability", "is_noise")

ABSENT = -3
"""In an image, the cluster of a query that the run did not have: `run.update` brought it."""


def choose(
    connection: sqlite3.Connection, run_id: int, to: int | None, where: str, parameters: dict[str, Any]
) -> dict[int, int]:
    """Fill `temp.moving` with the assignments of a run that a condition on `assignment a` picks and that are not in `to`.

    Returns how many come from each cluster.
    """
    connection.execute("DROP TABLE IF EXISTS temp.moving")
    connection.execute(
        "CREATE TEMP TABLE moving (query_id INTEGER PRIMARY KEY, cluster INTEGER NOT NULL, distance REAL,"
        " probability REAL, is_noise INTEGER NOT NULL)"
    )
    connection.execute(
        "INSERT INTO temp.moving SELECT a.query_id, a.cluster, a.distance, a.probability, a.is_noise FROM assignment a"
        f" WHERE a.run_id = :run AND a.cluster IS NOT :to AND ({where}) ORDER BY a.query_id",
        {**parameters, "run": run_id, "to": to},
    )
    return dict(connection.execute("SELECT cluster, count(*) FROM temp.moving GROUP BY 1").fetchall())


def keep(
    connection: sqlite3.Connection,
    edit_id: int,
    to: int,
    is_noise: bool,
    distances: dict[int, float],
) -> int:
    """Keep the images of what stands in `temp.moving`, which is about to be in `to`; how many queries.

    Args:
        connection: Inside the edit's transaction.
        edit_id: The edit.
        to: The cluster's number.
        is_noise: Whether that is the noise.
        distances: The distance to the cluster's centroid by text id, where it is known.
    """
    connection.create_function("moved_distance", 1, distances.get)
    before = ", ".join(f"m.{field}" for field in _FIELDS)
    count = connection.execute(
        f"INSERT INTO edit_assignment SELECT ?, m.query_id, {before}, ?, moved_distance(q.text_id), NULL, ?"
        " FROM temp.moving m CROSS JOIN query q ON q.id = m.query_id ORDER BY m.query_id",
        (edit_id, to, int(is_noise)),
    ).rowcount
    connection.create_function("moved_distance", 1, None)
    return int(count)


def text_changes(connection: sqlite3.Connection, run_id: int, to: int) -> dict[int, int]:
    """How many texts the clusters get or lose when `temp.moving` goes to `to`: looks at what moves, not at all members."""
    elsewhere = (
        "SELECT 1 FROM query o CROSS JOIN assignment a ON a.run_id = :run AND a.query_id = o.id"
        " WHERE o.text_id = x.text_id AND a.cluster ="
    )
    new = connection.execute(
        "SELECT count(*) FROM (SELECT DISTINCT q.text_id FROM temp.moving m CROSS JOIN query q ON q.id = m.query_id) x"
        f" WHERE NOT EXISTS ({elsewhere} :to)",
        {"run": run_id, "to": to},
    ).fetchone()[0]
    lost = connection.execute(
        "SELECT x.cluster, count(*) FROM (SELECT DISTINCT m.cluster, q.text_id FROM temp.moving m"
        "  CROSS JOIN query q ON q.id = m.query_id) x WHERE NOT EXISTS"
        f" ({elsewhere} x.cluster AND NOT EXISTS (SELECT 1 FROM temp.moving n WHERE n.query_id = o.id)) GROUP BY 1",
        {"run": run_id},
    ).fetchall()
    return {to: new, **{cluster: -count for cluster, count in lost}}


def moved_elsewhere(connection: sqlite3.Connection, run_id: int, edit_id: int, here: str) -> int:
    """How many queries of an edit are no longer where its side `here` (`before` or `after`) has them."""
    return int(
        connection.execute(
            "SELECT count(*) FROM edit_assignment m LEFT JOIN assignment a ON a.run_id = ? AND a.query_id = m.query_id"
            f" WHERE m.edit_id = ? AND a.cluster IS NOT {place(here)}",
            (run_id, edit_id),
        ).fetchone()[0]
    )


def place(side: str) -> str:
    """SQL for where an image `m` has a query on a side (`before`, `after`); null where the run does not have it."""
    return f"nullif(m.cluster_{side}, {ABSENT})"


def came(connection: sqlite3.Connection, edit_id: int) -> bool:
    """Whether an edit brought queries that the run did not have."""
    return bool(
        connection.execute(
            "SELECT EXISTS (SELECT 1 FROM edit_assignment WHERE edit_id = ? AND cluster_before = ?)",
            (edit_id, ABSENT),
        ).fetchone()[0]
    )


def marks_nothing(connection: sqlite3.Connection, edit_id: int, side: int) -> bool:
    """Whether one side of an edit's images has a mark on a query that its run does not have."""
    return bool(
        connection.execute(
            "SELECT EXISTS (SELECT 1 FROM edit_query_flag f WHERE f.edit_id = ? AND f.side = ? AND NOT EXISTS"
            " (SELECT 1 FROM assignment a WHERE a.run_id = f.run_id AND a.query_id = f.query_id))",
            (edit_id, side),
        ).fetchone()[0]
    )


def put(connection: sqlite3.Connection, run_id: int, edit_id: int) -> None:
    """Put what stands in `temp.moving` where the edit has it now."""
    fields = ", ".join(f"{field} = m.{field}_after" for field in _FIELDS)
    connection.execute(
        f"UPDATE assignment SET {fields} FROM temp.moving n CROSS JOIN edit_assignment m ON m.edit_id = ?"
        " AND m.query_id = n.query_id WHERE assignment.run_id = ? AND assignment.query_id = m.query_id",
        (edit_id, run_id),
    )


def restore(connection: sqlite3.Connection, run_id: int, edit_id: int, to: str) -> int:
    """Put the queries of an edit where its side `to` (`before`, `after`) has them, with the distances of then; how many.

    Those that it brought leave the run, and come back.
    """
    if to == "before":
        connection.execute(
            "DELETE FROM assignment WHERE run_id = ? AND query_id IN"
            " (SELECT query_id FROM edit_assignment WHERE edit_id = ? AND cluster_before = ?)",
            (run_id, edit_id, ABSENT),
        )
    else:
        columns = ", ".join(f"{field}_after" for field in _FIELDS)
        connection.execute(
            f"INSERT INTO assignment (run_id, query_id, {', '.join(_FIELDS)}) SELECT ?, query_id, {columns}"
            " FROM edit_assignment WHERE edit_id = ? AND cluster_before = ? ORDER BY query_id",
            (run_id, edit_id, ABSENT),
        )
    fields = ", ".join(f"{field} = m.{field}_{to}" for field in _FIELDS)
    return int(
        connection.execute(
            f"UPDATE assignment SET {fields} FROM edit_assignment m WHERE m.edit_id = ?"
            " AND assignment.run_id = ? AND assignment.query_id = m.query_id",
            (edit_id, run_id),
        ).rowcount
    )


def fingerprint(connection: sqlite3.Connection, run_id: int, cluster: int) -> str:
    """What stands for the members of a cluster: two sets that differ have different ones, but for bad luck."""
    count, first, second = connection.execute(
        "SELECT count(*), coalesce(sum(query_id * 2654435761 % 4294967291), 0),"
        " coalesce(sum((query_id % 94906249) * (query_id % 94906249) % 2147483647), 0)"
        " FROM assignment WHERE run_id = ? AND cluster = ?",
        (run_id, cluster),
    ).fetchone()
    return f"{count}:{first}:{second}"


def count(connection: sqlite3.Connection, run_id: int, cluster: int) -> None:
    """Write how many queries and distinct texts a cluster has into its row."""
    connection.execute(
        "UPDATE cluster SET (size, texts) = (SELECT count(*), count(DISTINCT q.text_id) FROM assignment a"
        " CROSS JOIN query q ON q.id = a.query_id WHERE a.run_id = ?1 AND a.cluster = ?2) WHERE run_id = ?1 AND number = ?2",
        (run_id, cluster),
    )
