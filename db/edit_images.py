"""The rows that an edit changes, as they were before it and as they are after it.

While an edit is open, temporary triggers copy each row of `cluster`, `node` and `query_flag` into its mirror table before its
first change; `close_images` adds the rows as they ended. So an edit can do whatever it likes, and its undo is exact by
construction. Assignments have a way of their own (`db.edit_moves`): there are too many of them for triggers.
"""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass

BEFORE, AFTER = 0, 1
"""The sides of an image."""


@dataclass(frozen=True)
class Mirror:
    """A table whose rows an edit may change.

    Args:
        table: Its name; the mirror is `edit_` and that.
        key: Its primary key.
        facts: What a person decides. Undoing an edit needs these to be as it left them, one by one.
        derived: What follows from facts, and is computed again where it no longer fits.
    """

    table: str
    key: tuple[str, ...]
    facts: tuple[str, ...]
    derived: tuple[str, ...]

    @property
    def images(self) -> str:
        """The mirror's name."""
        return f"edit_{self.table}"

    @property
    def touched(self) -> str:
        """The temporary table of the keys that the open edit has touched."""
        return f"temp.touched_{self.table}"

    @property
    def columns(self) -> tuple[str, ...]:
        """All columns."""
        return (*self.key, *self.facts, *self.derived)

    def same(self, left: str, right: str, columns: tuple[str, ...]) -> str:
        """A condition: two aliases agree in some columns, nulls included."""
        return " AND ".join(f'{left}."{c}" IS {right}."{c}"' for c in columns) or "true"


CLUSTER = Mirror(
    "cluster",
    ("run_id", "number"),
    ("kind", "title", "title_vector", "description", "quality", "reviewed", "tags", "flags", "notes"),
    (
        "size", "texts", "coherence", "medoid_id", "centroid", "neighbours", "central", "boundary", "outside", "halves",
    ),
)  # fmt: skip
NODE = Mirror(
    "node",
    ("hierarchy_id", "key"),
    ("parent", "kind", "cluster", "title", "description", "fit", "low_fit"),
    ("position", "level", "coherence", "size"),
)
QUERY_FLAG = Mirror("query_flag", ("run_id", "query_id", "flag"), (), ())

MIRRORS = (CLUSTER, NODE, QUERY_FLAG)


def _listed(columns: tuple[str, ...], alias: str = "") -> str:
    return ", ".join(f'{alias}"{column}"' for column in columns)


def open_images(connection: sqlite3.Connection, edit_id: int) -> None:
    """Begin to keep what an edit changes. Only inside its transaction: rolling back removes the triggers too."""
    for mirror in MIRRORS:
        keys = _listed(mirror.key)
        connection.execute(f"CREATE TABLE {mirror.touched} ({keys}, PRIMARY KEY ({keys})) WITHOUT ROWID")
        for event, row in (("UPDATE", "OLD"), ("DELETE", "OLD"), ("INSERT", "NEW")):
            name = mirror.touched.removeprefix("temp.")
            seen = " AND ".join(f't."{key}" IS {row}."{key}"' for key in mirror.key)
            image = (
                f"INSERT INTO {mirror.images} (edit_id, side, {_listed(mirror.columns)})"
                f" SELECT {edit_id}, {BEFORE}, {_listed(mirror.columns, 'OLD.')}"
                f" WHERE NOT EXISTS (SELECT 1 FROM {name} t WHERE {seen});"
                if row == "OLD"
                else ""
            )
            connection.execute(
                f"CREATE TEMP TRIGGER keep_{mirror.table}_{event.lower()} AFTER {event} ON main.{mirror.table} BEGIN"
                f" {image} INSERT OR IGNORE INTO {name} VALUES ({_listed(mirror.key, row + '.')}); END"
            )


def close_images(connection: sqlite3.Connection, edit_id: int) -> int:
    """Keep how the changed rows ended, forget those that ended as they began; how many rows were changed."""
    changed = 0
    for mirror in MIRRORS:
        for event in ("update", "delete", "insert"):
            connection.execute(f"DROP TRIGGER temp.keep_{mirror.table}_{event}")
        connection.execute(
            f"INSERT INTO {mirror.images} (edit_id, side, {_listed(mirror.columns)})"
            f" SELECT {edit_id}, {AFTER}, {_listed(mirror.columns, 'x.')} FROM {mirror.table} x"
            f" JOIN {mirror.touched} t ON {mirror.same('x', 't', mirror.key)}"
        )
        keys = ", ".join(f'b."{key}"' for key in mirror.key)
        same = (
            f"SELECT {keys} FROM {mirror.images} b JOIN {mirror.images} a ON a.edit_id = b.edit_id AND a.side = {AFTER}"
            f" AND {mirror.same('a', 'b', mirror.columns)} WHERE b.edit_id = {edit_id} AND b.side = {BEFORE}"
        )
        connection.execute(
            f"DELETE FROM {mirror.images} WHERE edit_id = {edit_id} AND ({_listed(mirror.key)}) IN ({same})"
        )
        connection.execute(f"DROP TABLE {mirror.touched}")
        changed += connection.execute(
            f"SELECT count(*) FROM (SELECT DISTINCT {_listed(mirror.key)} FROM {mirror.images} WHERE edit_id = ?)",
            (edit_id,),
        ).fetchone()[0]
    return changed


def keep_members(
    connection: sqlite3.Connection, edit_id: int, members: tuple[dict[int, str], dict[int, str]]
) -> None:
    """Note with the images of clusters what stood for their queries (`db.edit_moves.fingerprint`), before and after."""
    connection.executemany(
        "UPDATE edit_cluster SET members = ? WHERE edit_id = ? AND side = ? AND number = ?",
        [(text, edit_id, side, number) for side in (BEFORE, AFTER) for number, text in members[side].items()],
    )
