"""The tables that can be exported, by name."""

from __future__ import annotations

from core.export.clusters import CLUSTERS, HIERARCHY
from core.export.edits import EDITS
from core.export.facets import FACETS
from core.export.queries import QUERIES
from core.export.source import Table

TABLES: dict[str, Table] = {
    "queries": QUERIES, "clusters": CLUSTERS, "hierarchy": HIERARCHY, "edits": EDITS, "facets": FACETS,
}  # fmt: skip
