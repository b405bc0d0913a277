"""The tables that can be exported, by name."""

from __future__ import annotations

from core.export_clusters import CLUSTERS, HIERARCHY
from core.export_edits import EDITS
from core.export_facets import FACETS
from core.export_queries import QUERIES
from core.export_source import Table

TABLES: dict[str, Table] = {
    "queries": QUERIES, "clusters": CLUSTERS, "hierarchy": HIERARCHY, "edits": EDITS, "facets": FACETS,
}  # fmt: skip
