"""Putting the rows of an edit back to one side of their images, as far as nothing else has changed them since."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from typing import Any

from db.edit_images import AFTER, BEFORE, CLUSTER, Mirror
from db.titles import ORPHANS

_APART = {"cluster": f"x.number = {ORPHANS}", "node": "x.kind = 'orphans'"}
"""Rows that come and go with their queries: whether they are there is no fact of an edit."""

Key = tuple[Any, ...]


@dataclass(frozen=True)
class Outcome:
    """What came of putting rows back, as keys of the table.

    `conflicts` are rows whose facts are no longer as the edit left them; with any, nothing was done. `loose` are rows of
    which something that follows from facts has changed since, so that it has to be computed again, or that are gone.
    """

    conflicts: tuple[Key, ...]
    loose: tuple[Key, ...] = ()


def put_back(
    connection: sqlite3.Connection, mirror: Mirror, edit_id: int, to: int, generated: str = "false"
) -> Outcome:
    """Put the rows of an edit to the side `to` of their images.

    The facts that the edit changed go back, when they are as it left them. What follows from facts goes back bit for bit
    when all of it is as the edit left it.

    Args:
        connection: Inside a transaction.
        mirror: The table.
        edit_id: The edit.
        to: `BEFORE` to undo it, `AFTER` to do it again.
        generated: A condition on `x."description"`: the program wrote it, so that it is no fact.
    """
    return _Putting(connection, mirror, edit_id, AFTER if to == BEFORE else BEFORE, to, generated).run()


@dataclass(frozen=True)
class _Putting:
    """In its SQL `x` is the image that should be there, `t` the image to come, and `c` the row as it is."""

    connection: sqlite3.Connection
    mirror: Mirror
    edit_id: int
    here: int
    to: int
    generated: str

    def run(self) -> Outcome:
        m = self.mirror
        apart = _APART.get(m.table, "false")
        lost, gone = f't."{m.key[0]}" IS NULL', f'c."{m.key[0]}" IS NULL'
        changed = (
            f"FROM {m.images} x LEFT JOIN {m.images} t ON {self._side('t', self.to)} AND {m.same('t', 'x', m.key)}"
            f" LEFT JOIN {m.table} c ON {m.same('c', 'x', m.key)} WHERE {self._side('x', self.here)}"
        )
        made = (
            f"FROM {m.images} x LEFT JOIN {m.images} t ON {self._side('t', self.here)} AND {m.same('t', 'x', m.key)}"
            f" LEFT JOIN {m.table} c ON {m.same('c', 'x', m.key)} WHERE {self._side('x', self.to)} AND {lost}"
        )
        decided = " OR ".join([lost, *(self._decided(fact) for fact in m.facts)])
        other = " OR ".join(
            ["false", *(f"(({lost} OR {self._decided(f)}) AND {self._other(f)})" for f in m.facts)]
        )
        conflicts = self._keys(f"{changed} AND NOT ({apart}) AND (({gone} AND ({decided})) OR {other})")
        conflicts += self._keys(f"{made} AND NOT ({apart}) AND NOT ({gone})")
        if conflicts:
            return Outcome(tuple(conflicts))
        as_left = m.same("c", "x", m.derived)
        follows = "true" if m.table == "node" else f"NOT ({m.same('t', 'x', m.derived)})"
        exact = f"{as_left} AND {m.same('c', 'x', m.facts)}" if m.table == "node" else as_left
        loose = self._keys(f"{changed} AND {follows} AND NOT ({exact})")
        loose += self._keys(f"{made} AND NOT ({gone})")
        going = self._keys(f"{changed} AND {lost} AND NOT ({gone}) AND (NOT ({apart}) OR ({exact}))")
        coming = self._keys(f"{made} AND {gone}")
        self._update(as_left)
        self.connection.executemany(f"DELETE FROM {m.table} WHERE {self._where()}", going)
        columns = ", ".join(f'"{column}"' for column in m.columns)
        self.connection.executemany(
            f"INSERT INTO {m.table} ({columns}) SELECT {columns} FROM {m.images} x"
            f" WHERE {self._side('x', self.to)} AND {self._where()}",
            coming,
        )
        return Outcome((), tuple(loose))

    def _side(self, alias: str, side: int) -> str:
        return f"{alias}.edit_id = {self.edit_id} AND {alias}.side = {side}"

    def _where(self) -> str:
        return " AND ".join(f'"{key}" = ?' for key in self.mirror.key)

    def _keys(self, rest: str) -> list[Key]:
        keys = ", ".join(f'x."{key}"' for key in self.mirror.key)
        return self.connection.execute(f"SELECT {keys} {rest}").fetchall()

    def _decided(self, fact: str) -> str:
        """The edit changed the fact."""
        return f'(t."{fact}" IS NOT x."{fact}" AND NOT {self._written(fact, "t", "x")})'

    def _other(self, fact: str) -> str:
        """The fact is not as the edit left it."""
        return f'(c."{fact}" IS NOT x."{fact}" AND NOT {self._written(fact, "c", "x")})'

    def _written(self, fact: str, *aliases: str) -> str:
        if fact != "description":
            return "false"
        return "(" + " AND ".join(self.generated.replace("x.", f"{alias}.") for alias in aliases) + ")"

    def _update(self, as_left: str) -> None:
        m = self.mirror
        sets = [
            f'"{fact}" = CASE WHEN t."{fact}" IS NOT x."{fact}" AND ({self._decided(fact)} OR'
            f' {self._written(fact, "c")}) THEN t."{fact}" ELSE c."{fact}" END'
            for fact in m.facts
        ]
        sets += [
            f'"{column}" = CASE WHEN {as_left} THEN t."{column}" ELSE c."{column}" END'
            for column in m.derived
        ]
        if sets:
            self.connection.execute(
                f"UPDATE {m.table} AS c SET {', '.join(sets)} FROM {m.images} t, {m.images} x"
                f" WHERE {self._side('t', self.to)} AND {self._side('x', self.here)}"
                f" AND {m.same('t', 'x', m.key)} AND {m.same('c', 'x', m.key)}"
            )


def known_measures(connection: sqlite3.Connection, run_id: int, number: int, members: str) -> bool:
    """Give a cluster the measures of an image of it that had the same queries; whether there is one."""
    found = connection.execute(
        "SELECT edit_id, side FROM edit_cluster WHERE run_id = ? AND number = ? AND members = ? ORDER BY edit_id LIMIT 1",
        (run_id, number, members),
    ).fetchone()
    if found is None:
        return False
    connection.execute(
        f"UPDATE cluster SET {', '.join(f'{column} = i.{column}' for column in CLUSTER.derived)} FROM edit_cluster i"
        " WHERE i.edit_id = ? AND i.side = ? AND i.number = ? AND cluster.run_id = ? AND cluster.number = ?",
        (*found, number, run_id, number),
    )
    return True
