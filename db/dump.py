"""The store as text that two stores can be compared by."""

from __future__ import annotations

from collections.abc import Iterator

from db.models import TABLES
from db.workspace import Workspace


def canonical_dump(workspace: Workspace) -> Iterator[str]:
    """One line a row of the domain tables, ordered by table and primary key; blobs in hexadecimal."""
    for model in TABLES:
        meta = model._meta
        table = meta.table_name
        keys = ", ".join(
            f'"{name}"' for _, name, *_, key in workspace.rows(f'PRAGMA table_info("{table}")') if key
        )
        for row in workspace.raw.execute(f'SELECT * FROM "{table}" ORDER BY {keys}'):
            values = [value.hex() if isinstance(value, bytes) else repr(value) for value in row]
            yield f"{table}: {', '.join(values)}"
