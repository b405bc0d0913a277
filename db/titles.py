"""The one place that says which title and description of a cluster are shown.

A title given by hand wins over the current summary set, which wins over the bare number. A description says how many
queries there were when the cluster was named: where it has others by now, that part is left out.
"""

from __future__ import annotations

import re

NOISE = -1
"""The number of the noise of a run."""

ORPHANS = -2
"""The number of what a person took out of the clusters of a run."""

SUMMARY_JOIN = "LEFT JOIN summary s ON s.summary_set_id = r.summary_set AND s.cluster = c.number"
"""Joins the current summary `s` to `run r` and `cluster c`."""

TITLE_SQL = "coalesce(c.title, s.title, CASE c.kind WHEN 'noise' THEN 'Noise' WHEN 'orphans' THEN 'Orphans' ELSE 'Cluster ' || c.number END)"
"""The shown title, for the aliases `c` and `s`."""

DESCRIPTION_SQL = (
    "coalesce(c.description, still_true(s.description, c.size, c.texts),"
    " CASE c.kind WHEN 'noise' THEN 'Queries that are close to no cluster.'"
    " WHEN 'orphans' THEN 'Queries that were taken out of their clusters.' ELSE '' END)"
)
"""The shown description, for the aliases `c` and `s`."""

_COUNTED = re.compile(
    r"(?P<asked>.*\.) [\d,]+ (?:query|queries)(?: \([\d,]+ distinct texts?\))?(?:: .*)?\."
    r"(?: Languages are mixed\.)?(?: Each text was asked [\d.]+ times on average\.)?",
    re.DOTALL,
)


def what_is_asked(description: str) -> str:
    """A description of `core.name.describe` without what it counts."""
    found = _COUNTED.fullmatch(description)
    return found["asked"] if found else description


def counted(queries: int, texts: int) -> str:
    """How a description says how many queries a cluster has."""
    said = f"{queries:,} {'query' if queries == 1 else 'queries'}"
    return said if texts == queries else f"{said} ({texts:,} distinct text{'s' * (texts != 1)})"


def still_true(description: str | None, queries: int, texts: int) -> str | None:
    """A description without what it counts, where the cluster has other queries by now; `still_true` in SQL."""
    if description is None:
        return None
    now = f" {counted(queries, texts)}"
    return description if f"{now}." in description or f"{now}:" in description else what_is_asked(description)
