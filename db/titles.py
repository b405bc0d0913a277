"""The one place that says which title and description of a cluster are shown.

A title given by hand wins over the current summary set, which wins over the bare number.
"""

from __future__ import annotations

NOISE = -1
"""The number of the noise of a run."""

ORPHANS = -2
"""The number of what a person took out of the clusters of a run."""

SUMMARY_JOIN = "LEFT JOIN summary s ON s.summary_set_id = r.summary_set AND s.cluster = c.number"
"""Joins the current summary `s` to `run r` and `cluster c`."""

TITLE_SQL = "coalesce(c.title, s.title, CASE c.kind WHEN 'noise' THEN 'Noise' WHEN 'orphans' THEN 'Orphans' ELSE 'Cluster ' || c.number END)"
"""The shown title, for the aliases `c` and `s`."""

DESCRIPTION_SQL = (
    "coalesce(c.description, s.description,"
    " CASE c.kind WHEN 'noise' THEN 'Queries that are close to no cluster.'"
    " WHEN 'orphans' THEN 'Queries that were taken out of their clusters.' ELSE '' END)"
)
"""The shown description, for the aliases `c` and `s`."""
