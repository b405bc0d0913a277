"""Adding queries to a run that is there; all of it inside one transaction.

The queries stand in `temp.arriving`, the clusters of their texts in `temp.goal`.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable

from db.edit_moves import ABSENT
from db.titles import NOISE

KIND = "run.update"
"""The kind of the edit that an update is: it brings queries, and decides nothing for a person."""

Goal = tuple[int, int, float | None, float | None]
"""(text id, cluster, distance, probability)."""


def arrive(connection: sqlite3.Connection, run_id: int, dataset_id: int) -> int:
    """Fill `temp.arriving` with the queries of a dataset that a run does not have; how many."""
    for table in ("arriving", "goal"):
        connection.execute(f"DROP TABLE IF EXISTS temp.{table}")
    connection.execute("CREATE TEMP TABLE arriving (query_id INTEGER PRIMARY KEY, text_id INTEGER NOT NULL)")
    connection.execute(
        "CREATE TEMP TABLE goal (text_id INTEGER PRIMARY KEY, cluster INTEGER NOT NULL, distance REAL, probability REAL)"
    )
    count = connection.execute(
        "INSERT INTO temp.arriving SELECT q.id, q.text_id FROM query q WHERE q.dataset_id = ? AND NOT EXISTS"
        " (SELECT 1 FROM assignment a WHERE a.run_id = ? AND a.query_id = q.id) ORDER BY q.id",
        (dataset_id, run_id),
    ).rowcount
    connection.execute("CREATE INDEX temp.arriving_text ON arriving (text_id)")
    return int(count)


def settle_known(connection: sqlite3.Connection, run_id: int) -> int:
    """Give the arriving texts that the run has the cluster in which most of their queries are, the lowest of equals.

    Returns how many arriving queries ask one.
    """
    connection.execute(
        "INSERT INTO temp.goal SELECT text_id, cluster, distance, probability FROM ("
        " SELECT n.text_id, a.cluster, min(a.distance) AS distance, max(a.probability) AS probability,"
        "  row_number() OVER (PARTITION BY n.text_id ORDER BY count(*) DESC, a.cluster) AS place"
        " FROM (SELECT DISTINCT text_id FROM temp.arriving) n CROSS JOIN query q ON q.text_id = n.text_id"
        " CROSS JOIN assignment a ON a.run_id = ? AND a.query_id = q.id GROUP BY n.text_id, a.cluster) WHERE place = 1",
        (run_id,),
    )
    return int(
        connection.execute(
            "SELECT count(*) FROM temp.arriving WHERE text_id IN (SELECT text_id FROM temp.goal)"
        ).fetchone()[0]
    )


def unknown_texts(connection: sqlite3.Connection, space_id: int) -> sqlite3.Cursor:
    """The arriving texts without a goal, by id: (text id, row of its vector or -1, queries)."""
    return connection.execute(
        'SELECT n.text_id, coalesce(v."row", -1), count(*) FROM temp.arriving n'
        " LEFT JOIN vector v ON v.space_id = ? AND v.text_id = n.text_id"
        " WHERE n.text_id NOT IN (SELECT text_id FROM temp.goal) GROUP BY n.text_id ORDER BY n.text_id",
        (space_id,),
    )


def settle(connection: sqlite3.Connection, goals: Iterable[Goal]) -> None:
    """Give arriving texts a cluster."""
    connection.executemany("INSERT INTO temp.goal VALUES (?, ?, ?, ?)", goals)


def gains(connection: sqlite3.Connection, run_id: int) -> dict[int, tuple[int, int]]:
    """What each cluster will get: (queries, texts that it does not have yet)."""
    rows = connection.execute(
        "SELECT g.cluster, sum(n.times), sum(NOT EXISTS (SELECT 1 FROM query q CROSS JOIN assignment a"
        "  ON a.run_id = ?1 AND a.query_id = q.id WHERE q.text_id = g.text_id AND a.cluster = g.cluster))"
        " FROM (SELECT text_id, count(*) AS times FROM temp.arriving GROUP BY text_id) n"
        " CROSS JOIN temp.goal g ON g.text_id = n.text_id GROUP BY g.cluster ORDER BY g.cluster",
        (run_id,),
    )
    return {cluster: (queries, texts) for cluster, queries, texts in rows}


def join(connection: sqlite3.Connection, run_id: int, edit_id: int) -> int:
    """Assign what arrived to its goals, as an edit; sizes follow. How many queries."""
    gained = gains(connection, run_id)
    count = connection.execute(
        "INSERT INTO assignment (run_id, query_id, cluster, distance, probability, is_noise)"
        " SELECT ?, n.query_id, g.cluster, g.distance, g.probability, g.cluster = ? FROM temp.arriving n"
        " JOIN temp.goal g ON g.text_id = n.text_id ORDER BY n.query_id",
        (run_id, NOISE),
    ).rowcount
    connection.execute(
        "INSERT INTO edit_assignment SELECT ?, a.query_id, ?, NULL, NULL, 0, a.cluster, a.distance, a.probability, a.is_noise"
        " FROM temp.arriving n CROSS JOIN assignment a ON a.run_id = ? AND a.query_id = n.query_id ORDER BY n.query_id",
        (edit_id, ABSENT, run_id),
    )
    connection.executemany(
        "UPDATE cluster SET size = size + ?, texts = texts + ? WHERE run_id = ? AND number = ?",
        [(queries, texts, run_id, cluster) for cluster, (queries, texts) in gained.items()],
    )
    return int(count)


def note(connection: sqlite3.Connection, run_id: int, at: str, summary: str) -> None:
    """Add what an update did to what is told of how a run was made."""
    connection.execute(
        "UPDATE run SET reasons = json_insert(reasons, '$[#]', ?) WHERE id = ?", (f"{at}: {summary}", run_id)
    )


def take_note_back(connection: sqlite3.Connection, run_id: int, at: str, summary: str) -> None:
    """Remove the last such note."""
    connection.execute(
        "UPDATE run SET reasons = coalesce((SELECT json_remove(reasons, '$[' || max(key) || ']') FROM json_each(reasons)"
        " WHERE value = ?), reasons) WHERE id = ?",
        (f"{at}: {summary}", run_id),
    )


def clear(connection: sqlite3.Connection) -> None:
    """Drop what was only needed on the way."""
    for table in ("arriving", "goal"):
        connection.execute(f"DROP TABLE IF EXISTS temp.{table}")


def member_distances(connection: sqlite3.Connection, run_id: int) -> sqlite3.Cursor:
    """(cluster, distance) of each distinct text of each ordinary cluster, where the distance is known."""
    return connection.execute(
        "SELECT a.cluster, min(a.distance) FROM assignment a CROSS JOIN query q ON q.id = a.query_id"
        " WHERE a.run_id = ? AND a.cluster >= 0 AND a.distance IS NOT NULL GROUP BY a.cluster, q.text_id",
        (run_id,),
    )


def noise_rows(connection: sqlite3.Connection, run_id: int, space_id: int) -> list[int]:
    """The rows of the vectors of the noise of a run, each distinct text once, by text id."""
    rows = connection.execute(
        'SELECT v."row" FROM (SELECT DISTINCT q.text_id FROM assignment a CROSS JOIN query q ON q.id = a.query_id'
        " WHERE a.run_id = ? AND a.cluster = ?) n CROSS JOIN vector v ON v.space_id = ? AND v.text_id = n.text_id"
        " ORDER BY n.text_id",
        (run_id, NOISE, space_id),
    )
    return [row[0] for row in rows]


def restore_place(
    connection: sqlite3.Connection, run_id: int, number: int, centroid: bytes | None, neighbours: str
) -> None:
    """Give a cluster the centroid and the neighbours back that it had."""
    connection.execute(
        "UPDATE cluster SET centroid = ?, neighbours = ? WHERE run_id = ? AND number = ?",
        (centroid, neighbours, run_id, number),
    )
