"""What an export answers with."""

from __future__ import annotations

from dataclasses import dataclass

from core.rows import Exported


@dataclass(frozen=True)
class ExportMade(Exported):
    """A table that was written; `redacted` are the kinds of text that were masked in it."""

    what: str = "queries"
    hidden_clusters: int = 0
    """Clusters below the threshold, whose texts and names were left out."""
    hidden_queries: int = 0
    redacted: tuple[str, ...] = ()
    note: str = ""
    """What was left out, and why."""
