"""Which texts match, and the best of them by BM25: of a word that is in very many texts only the newest are ranked.

BM25 over every match of a common word takes seconds at a million texts, and tells little: such a word parts texts by their
length alone. So the newest `RANKED` matches are ranked, the others follow unranked, newest first; counts are exact.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from db.search import Filter, few
from db.text_sets import count_matching, is_kept, listed, matches_more_than, matching, passing
from db.workspace import Workspace

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

RANKED = 10_000
"""At most so many matches are ranked."""


@dataclass(frozen=True)
class Matched:
    """The ranked matches: ids int64 [n] and BM25 scores float64 [n], best first, ties by id; `total` counts all.

    `floor`: matches with lower ids were not ranked; `None` where all were.
    """

    ids: NDArray[np.int64]
    scores: NDArray[np.float64]
    total: int
    floor: int | None


def matching_texts(workspace: Workspace, expression: str, chosen: Filter) -> Matched:
    """The texts that match an FTS5 expression under a filter."""
    common = matches_more_than(workspace, expression, RANKED)
    if chosen.all:
        if not common:
            return _ranked(workspace, expression, "", {}, None)
        floor = workspace.value(
            "SELECT rowid FROM text_fts WHERE text_fts MATCH ? ORDER BY rowid DESC LIMIT 1 OFFSET ?",
            (expression, RANKED - 1),
        )
        count = count_matching(workspace, expression)
        return _ranked(workspace, expression, " AND rowid >= :floor", {"floor": floor}, floor, count)
    if not common and not is_kept(workspace, chosen):
        sql, parameters = _test(workspace, chosen)
        return _ranked(workspace, expression, f" AND {sql}", parameters, None)
    found = matching_ids(workspace, expression, chosen)
    best = found[-RANKED:]
    if not len(best):
        return _ranked(workspace, expression, " AND false", {}, None)
    parameters = {"floor": int(best[0]), "last": int(best[-1]), "ids": json.dumps(best.tolist())}
    # All between are walked through, because FTS5 weighs the words anew for each text that is looked up by itself.
    chosen_sql = " AND rowid BETWEEN :floor AND :last AND +rowid IN (SELECT value FROM json_each(:ids))"
    floor = int(best[0]) if len(found) > RANKED else None
    return _ranked(workspace, expression, chosen_sql, parameters, floor, len(found))


def matching_ids(workspace: Workspace, expression: str, chosen: Filter) -> NDArray[np.int64]:
    """The ids of all texts that match an FTS5 expression under a filter, rising."""
    import numpy as np

    if chosen.all:
        return matching(workspace, expression)
    if not matches_more_than(workspace, expression, RANKED) and not is_kept(workspace, chosen):
        sql, parameters = _test(workspace, chosen)
        return np.sort(
            listed(
                workspace,
                f"SELECT rowid FROM text_fts WHERE text_fts MATCH :match AND {sql}",
                {**parameters, "match": expression},
            )
        )
    found, passes = matching(workspace, expression), passing(workspace, chosen)
    return found[passes[np.minimum(found, len(passes) - 1)] & (found < len(passes))]


def older_matches(
    workspace: Workspace, expression: str, chosen: Filter, below: int, limit: int
) -> NDArray[np.int64]:
    """Of the matches that were not ranked the next `limit` with lower ids than `below`, newest first."""
    import numpy as np

    if chosen.all:
        rows = workspace.rows(
            "SELECT rowid FROM text_fts WHERE text_fts MATCH ? AND rowid < ? ORDER BY rowid DESC LIMIT ?",
            (expression, below, limit),
        )
        return np.array([row[0] for row in rows], np.int64)
    found = matching_ids(workspace, expression, chosen)
    return found[: int(np.searchsorted(found, below))][-limit:][::-1]


def _test(workspace: Workspace, chosen: Filter) -> tuple[str, dict[str, Any]]:
    """A condition on the few rows of `text_fts` that match."""
    if few(workspace, chosen):
        return f"+rowid IN (SELECT q.text_id FROM {chosen.source} WHERE {chosen.where})", chosen.parameters
    # Looks only at the queries of texts that match; the set of all that pass would read the whole store.
    where = chosen.where.replace("a.cluster", "+a.cluster")
    return (
        f"EXISTS (SELECT 1 FROM {chosen.source_by_text} WHERE q.text_id = text_fts.rowid AND {where})",
        chosen.parameters,
    )


def _ranked(
    workspace: Workspace,
    expression: str,
    condition: str,
    parameters: dict[str, Any],
    floor: int | None,
    total: int | None = None,
) -> Matched:
    import numpy as np

    cursor = workspace.raw.execute(
        f"SELECT rowid, -rank FROM text_fts WHERE text_fts MATCH :match{condition}",
        {**parameters, "match": expression},
    )
    found = np.fromiter(cursor, dtype=np.dtype([("id", np.int64), ("score", np.float64)]))
    order = np.lexsort((found["id"], -found["score"]))
    return Matched(found["id"][order], found["score"][order], len(found) if total is None else total, floor)
