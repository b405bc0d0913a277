"""Sets of texts that several searches need: those that match an expression, and those that a filter leaves.

Kept for as long as the store stays as it is, a few of each: paging, a facet's count and the next search under the same filter
ask for the same ones again.
"""

from __future__ import annotations

import sqlite3
import threading
from collections import OrderedDict
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Literal

from db.search import Filter
from db.workspace import Workspace

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

Kind = Literal["set", "column"]

_KEPT: dict[Kind, int] = {"set": 12, "column": 40}
"""How many are kept of a connection: sets of up to 16 MB a million texts, and columns, of which most take 1 MB."""

_CONNECTIONS = 4


class _Sets:
    """The sets of one connection as the store was when they were made."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self.connection = connection
        self.state: tuple[int, int] | None = None
        self.kinds: dict[Kind, OrderedDict[Any, Any]] = {kind: OrderedDict() for kind in _KEPT}

    def get(self, key: Any, make: Callable[[], Any], kind: Kind) -> Any:
        if self.connection.in_transaction:
            # What it changed may be rolled back, which no number tells.
            return make()
        # What others committed, and what this connection changed itself.
        others = self.connection.execute("PRAGMA data_version").fetchone()[0]
        state = (others, self.connection.total_changes)
        if state != self.state:
            for some in self.kinds.values():
                some.clear()
            self.state = state
        found = self.kinds[kind]
        if key not in found:
            found[key] = make()
            if len(found) > _KEPT[kind]:
                found.popitem(last=False)
        found.move_to_end(key)
        return found[key]


def matching(workspace: Workspace, expression: str) -> NDArray[np.int64]:
    """The ids of all texts that match an FTS5 expression, rising."""
    found: NDArray[np.int64] = kept(
        workspace, ("match", expression), lambda: _matching(workspace, expression)
    )
    return found


def count_matching(workspace: Workspace, expression: str) -> int:
    """How many texts match an FTS5 expression."""
    sql = "SELECT count(*) FROM text_fts WHERE text_fts MATCH ?"
    return int(kept(workspace, ("count", expression), lambda: workspace.value(sql, (expression,))))


def matches_more_than(workspace: Workspace, expression: str, most: int) -> bool:
    """Whether more texts match than so many; beyond them none is counted."""
    sql = f"SELECT count(*) FROM (SELECT 1 FROM text_fts WHERE text_fts MATCH ? LIMIT {most + 1:d})"
    found = kept(workspace, ("count to", most, expression), lambda: workspace.value(sql, (expression,)))
    return bool(found > most)


def passing(workspace: Workspace, chosen: Filter) -> NDArray[np.bool_]:
    """Which texts a filter leaves, by id: as many truths as the highest id and one more."""
    found: NDArray[np.bool_] = kept(workspace, key_of(chosen), lambda: _passing(workspace, chosen))
    return found


def passing_ids(workspace: Workspace, chosen: Filter) -> NDArray[np.int64]:
    """The ids of the texts that a filter leaves, rising."""
    import numpy as np

    return np.flatnonzero(passing(workspace, chosen))


def texts_of_rows(workspace: Workspace, space_id: int) -> NDArray[np.int64]:
    """The text of each row of a space's file; -1 where the row belongs to none."""
    found: NDArray[np.int64] = kept(
        workspace, ("rows", space_id), lambda: _texts_of_rows(workspace, space_id)
    )
    return found


def is_kept(workspace: Workspace, chosen: Filter) -> bool:
    """Whether `passing` has its answer already; one that the store has outgrown counts, too."""
    return has_kept(workspace, key_of(chosen))


def has_kept(workspace: Workspace, key: Any, kind: Kind = "set") -> bool:
    """Whether `kept` would not make its answer, unless the store has changed."""
    return key in _sets(workspace).kinds[kind]


def listed(workspace: Workspace, sql: str, parameters: Any = ()) -> NDArray[np.int64]:
    """The whole numbers that a SELECT of one column finds; three times as fast as row by row."""
    import numpy as np

    first, _, rest = sql.partition(" FROM ")
    try:
        text = workspace.value(
            f"SELECT group_concat({first.removeprefix('SELECT ')}) FROM {rest}", parameters
        )
    except sqlite3.DataError:
        # More than a thousand million bytes of numbers, which is the most that SQLite puts into one text.
        return np.array([row[0] for row in workspace.rows(sql, parameters)], np.int64)
    return np.fromstring(text or "", np.int64, sep=",") if text else np.empty(0, np.int64)


def _matching(workspace: Workspace, expression: str) -> NDArray[np.int64]:
    import numpy as np

    found = listed(workspace, "SELECT rowid FROM text_fts WHERE text_fts MATCH ?", (expression,))
    # Rising already, as FTS5 gives them, which a stable sort sees.
    return np.sort(found, kind="stable")


def _passing(workspace: Workspace, chosen: Filter) -> NDArray[np.bool_]:
    import numpy as np

    highest = workspace.value("SELECT coalesce(max(id), 0) FROM text")
    found = np.zeros(highest + 1, np.bool_)
    sql = f"SELECT q.text_id FROM {chosen.source} WHERE {chosen.where}"
    found[listed(workspace, sql, chosen.parameters)] = True
    return found


def _texts_of_rows(workspace: Workspace, space_id: int) -> NDArray[np.int64]:
    import numpy as np

    known = "vector INDEXED BY vector_row WHERE space_id = ?"
    rows = listed(workspace, f'SELECT "row" FROM {known}', (space_id,))
    texts = np.full(int(rows.max()) + 1 if len(rows) else 0, -1, np.int64)
    texts[rows] = listed(workspace, f"SELECT text_id FROM {known}", (space_id,))
    return texts


def key_of(chosen: Filter) -> tuple[Any, ...]:
    """What tells a filter from others."""
    return ("pass", chosen.source, chosen.where, tuple(sorted(chosen.parameters.items())))


def kept(workspace: Workspace, key: Any, make: Callable[[], Any], kind: Kind = "set") -> Any:
    """What `make` gives, made again only when the store has changed; never change it."""
    return _sets(workspace).get(key, make, kind)


def _sets(workspace: Workspace) -> _Sets:
    """This thread's; that of a connection that was closed since is replaced."""
    threads: OrderedDict[int, _Sets] = workspace.kept.setdefault("text_sets", OrderedDict())
    sets = threads.get(threading.get_ident())
    if sets is None or sets.connection is not workspace.raw:
        sets = threads[threading.get_ident()] = _Sets(workspace.raw)
        while len(threads) > _CONNECTIONS:
            threads.popitem(last=False)
    return sets
