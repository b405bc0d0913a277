"""The table of edits: who changed what, when and why, the oldest first."""

from __future__ import annotations

from collections.abc import Iterator

from core.curate.history import line_of
from core.export.files import ExportColumn, Row
from core.export.source import Source, Table
from db import edits

_COLUMNS = (
    ExportColumn("edit_id", "integer"), ExportColumn("action"), ExportColumn("actor"), ExportColumn("at"),
    ExportColumn("reason"), ExportColumn("summary"), ExportColumn("moved", "integer"), ExportColumn("target", "integer"),
    ExportColumn("undone_by", "integer"), ExportColumn("line"),
)  # fmt: skip


def _edits(source: Source) -> Iterator[Row]:
    """Under a threshold without words: they name clusters, small ones among them, that may be gone by now."""
    mask, wordless = source.redactor, source.threshold.set
    for record in edits.records(source.workspace, "e.run_id = ? ORDER BY e.id", (source.run.id,)):
        yield {
            "edit_id": record.id,
            "action": record.kind,
            "actor": mask.text(record.actor),
            "at": record.at,
            "reason": "" if wordless else mask.text(record.reason),
            "summary": "" if wordless else mask.text(record.summary),
            "moved": None if wordless else record.moved,
            "target": record.target,
            "undone_by": record.undone_by,
            "line": "" if wordless else mask.text(line_of(record)),
        }


EDITS = Table(lambda _: _COLUMNS, _edits)
