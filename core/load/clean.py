"""Values from files, made fit to be stored: valid Unicode, valid JSON, bounded."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from datetime import date, datetime, time

from core.load.records import JSON, RAW_LIMIT

METADATA_LIMIT = 20_000
"""Characters that the metadata of one conversation may take as JSON."""

_SURROGATE = re.compile("[\ud800-\udfff]")
_MAX_DEPTH = 32
_SCALAR_SIZE = 32
"""Characters that no number below 2^64, quotes, colon and comma exceed together."""
_ESCAPED_SIZE = 6
"""Characters of a control character written as JSON."""


def clean_text(text: str) -> str:
    """`text` with each lone surrogate replaced by U+FFFD, so that UTF-8 and SQLite can hold it; nothing else
    changes.
    """
    if text.isascii():
        return text
    try:
        text.encode()
    except UnicodeEncodeError:
        return _SURROGATE.sub("\ufffd", text)
    return text


def excerpt(row: object) -> str:
    """The first 2,000 characters of a row that is rejected, as text: bytes are decoded, values are written as
    JSON.
    """
    if isinstance(row, bytes):
        return row[: RAW_LIMIT * 4].decode("utf-8", "replace")[:RAW_LIMIT]
    if isinstance(row, str):
        return clean_text(row[:RAW_LIMIT])
    return clean_text(json.dumps(json_safe(row), ensure_ascii=False)[:RAW_LIMIT])


def json_safe(value: object, depth: int = 0) -> JSON:
    """`value` as JSON can hold it: times as ISO strings, bytes as their length, NaN as null, the rest as
    text.
    """
    if value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, str):
        return clean_text(value)
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if depth >= _MAX_DEPTH:
        return "[nested too deeply]"
    if isinstance(value, Mapping):
        return {clean_text(str(key)): json_safe(item, depth + 1) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [json_safe(item, depth + 1) for item in value]
    if isinstance(value, datetime | date | time):
        return value.isoformat()
    if isinstance(value, bytes | bytearray | memoryview):
        return f"[{len(value)} bytes]"
    return clean_text(str(value))


def bounded(metadata: dict[str, object]) -> dict[str, JSON]:
    """Metadata as JSON of at most 20,000 characters; of what is too large, moderation gives way to its verdict, then the
    largest fields to a note.
    """
    safe: dict[str, JSON] = {clean_text(str(key)): json_safe(value) for key, value in metadata.items()}
    if _is_small(safe):
        return safe
    sizes = _sizes(safe)
    total = sum(sizes.values())
    if total > METADATA_LIMIT:
        safe = {key: _verdict(value) for key, value in safe.items()}
        sizes = _sizes(safe)
        total = sum(sizes.values())
    if total <= METADATA_LIMIT:
        return safe
    for key in sorted(sizes, key=lambda name: (-sizes[name], name)):
        note = f"[left out: {sizes[key]} characters]"
        total -= sizes[key] - len(json.dumps({key: note}))
        safe[key] = note
        if total <= METADATA_LIMIT:
            return safe
    return {"left_out": f"{len(safe)} fields"}


def _sizes(metadata: dict[str, JSON]) -> dict[str, int]:
    return {key: len(json.dumps({key: value}, ensure_ascii=False)) for key, value in metadata.items()}


def _verdict(value: JSON) -> JSON:
    """OpenAI moderation of many turns as one object: whether any was `flagged`, and for which `categories`."""
    if not isinstance(value, list) or not value:
        return value
    results = [item for item in value if isinstance(item, dict) and "flagged" in item]
    if len(results) != len(value):
        return value
    listed = [item.get("categories") for item in results]
    named = {key for kinds in listed if isinstance(kinds, dict) for key, hit in kinds.items() if hit is True}
    return {
        "flagged": any(item["flagged"] is True for item in results),
        "categories": list[JSON](sorted(named)),
    }


def _is_small(metadata: dict[str, JSON]) -> bool:
    """Whether flat metadata keeps the limit even with each character escaped; spares writing it as JSON."""
    size = 0
    for key, value in metadata.items():
        if isinstance(value, str):
            size += len(value)
        elif isinstance(value, list | dict) or (isinstance(value, int) and abs(value) > 2**64):
            return False
        size += len(key) + _SCALAR_SIZE
    return size * _ESCAPED_SIZE <= METADATA_LIMIT
