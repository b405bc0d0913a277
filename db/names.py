"""Names that are derived from what made them, and never used twice."""

from __future__ import annotations

import hashlib
import json
import sqlite3
from typing import Any

_HEX = 4


def short_hash(*parts: Any) -> str:
    """A few hexadecimal digits that depend on nothing but `parts` (anything JSON can hold)."""
    text = json.dumps(parts, sort_keys=True, ensure_ascii=True)
    return hashlib.sha256(text.encode()).hexdigest()[:_HEX]


def take_name(connection: sqlite3.Connection, base: str) -> str:
    """`base`, or `base-2`, `base-3` ... where the same was made before, even if it was deleted since."""
    name, ordinal = base, 1
    while connection.execute("SELECT 1 FROM name_used WHERE name = ?", (name,)).fetchone():
        ordinal += 1
        name = f"{base}-{ordinal}"
    connection.execute("INSERT INTO name_used (name) VALUES (?)", (name,))
    return name
