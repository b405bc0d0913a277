"""Languages and models of clusters, themes and the whole run."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from core.redact.mask import Redactor
from core.report.content import Portion
from core.report.hidden import Group, Threshold, choose
from db.workspace import Workspace

SHOWN = 4
UNKNOWN = "unknown"
OTHERS = "others"

Counts = Mapping[str, tuple[int, int]]
"""For each value (queries, users); who is unknown counts as one."""


def counted(workspace: Workspace, run_id: int, column: str) -> dict[int, dict[str, tuple[int, int]]]:
    """The values of a column of `conversation` in each cluster."""
    found: dict[int, dict[str, tuple[int, int]]] = {}
    for cluster, value, queries, users in workspace.rows(
        f"SELECT a.cluster, v.{column}, count(*), count(DISTINCT v.user) + count(*) - count(v.user) FROM assignment a"
        " JOIN query q ON q.id = a.query_id JOIN conversation v ON v.id = q.conversation_id"
        " WHERE a.run_id = ? GROUP BY 1, 2",
        (run_id,),
    ):
        found.setdefault(cluster, {})[UNKNOWN if value is None else value] = (queries, users)
    return found


def whole(workspace: Workspace, run_id: int, column: str) -> dict[str, tuple[int, int]]:
    """The values of a column of `conversation` in the run."""
    return {
        UNKNOWN if value is None else value: (queries, users)
        for value, queries, users in workspace.rows(
            f"SELECT v.{column}, count(*), count(DISTINCT v.user) + count(*) - count(v.user) FROM assignment a"
            " JOIN query q ON q.id = a.query_id JOIN conversation v ON v.id = q.conversation_id"
            " WHERE a.run_id = ? GROUP BY 1",
            (run_id,),
        )
    }


def portions(
    values: Counts, threshold: Threshold, redactor: Redactor, shown: int = SHOWN
) -> tuple[Portion, ...]:
    """The most frequent values, the rest as `others`; so are those of fewer users than the threshold lets out."""
    total = sum(queries for queries, _ in values.values())
    held: frozenset[str] = frozenset()
    if threshold.set:
        groups = [Group(v, None, "value", None, users, queries) for v, (queries, users) in values.items()]
        held = choose(groups, threshold)[0]
    order = sorted(
        ((queries, value) for value, (queries, _) in values.items() if value not in held),
        key=lambda one: (-one[0], one[1]),
    )
    counts = Counter({value: queries for queries, value in order[:shown]})
    rest = total - counts.total()
    found = [Portion(redactor.text(value), queries, queries / total) for value, queries in counts.items()]
    if not found:
        return ()
    return (*found, *([Portion(OTHERS, rest, rest / total)] if rest else []))
