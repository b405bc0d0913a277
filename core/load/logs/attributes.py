"""Attributes of spans: typed values made plain, nested ones named by dotted paths, and back."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from core.load.logs.chat import Row

_MAX_DEPTH = 16
_MAX_ITEMS = 10_000


def plain(value: object, depth: int = 0) -> object:
    """Attributes of OTLP (`[{"key": ..., "value": {"stringValue": ...}}]`) as an object; others as they are."""
    if depth > _MAX_DEPTH or not isinstance(value, list):
        return value
    if not all(isinstance(item, Mapping) and "key" in item for item in value):
        return value
    return {str(item["key"]): _typed(item.get("value"), depth + 1) for item in value}


def _typed(value: object, depth: int) -> object:
    if not isinstance(value, Mapping) or depth > _MAX_DEPTH:
        return value
    for key, inner in value.items():
        if key in ("stringValue", "boolValue", "doubleValue", "bytesValue"):
            return inner
        if key == "intValue":
            # JSON writes 64 bits as a string.
            return int(inner) if isinstance(inner, str) and inner.lstrip("-").isdecimal() else inner
        if key == "arrayValue":
            items = inner.get("values") if isinstance(inner, Mapping) else None
            return [_typed(item, depth + 1) for item in items] if isinstance(items, list) else []
        if key == "kvlistValue":
            return plain(inner.get("values") if isinstance(inner, Mapping) else [], depth + 1)
    return None


def flat(value: object) -> dict[str, object]:
    """Nested attributes under dotted names (`llm.input_messages.0.message.role`); lists of plain values stay lists."""
    found: dict[str, object] = {}

    def walk(inner: object, name: str, depth: int) -> None:
        if len(found) >= _MAX_ITEMS:
            return
        pairs: Iterator[tuple[object, object]] | None = None
        if depth < _MAX_DEPTH and isinstance(inner, Mapping):
            pairs = iter(inner.items())
        elif (
            depth < _MAX_DEPTH
            and isinstance(inner, list)
            and any(isinstance(item, Mapping) for item in inner)
        ):
            pairs = iter(enumerate(inner))
        if pairs is None:
            if name and inner is not None:
                found[name] = inner
            return
        for key, item in pairs:
            walk(item, f"{name}.{key}" if name else str(key), depth + 1)

    walk(value, "", 0)
    return found


def nested(attributes: Mapping[str, object], name: str) -> object:
    """What stands under `name` in flat attributes, as objects and lists again; None where there is nothing."""
    prefix = f"{name}."
    tree: dict[str, object] = {}
    for key, value in attributes.items():
        if not key.startswith(prefix):
            continue
        *steps, last = key[len(prefix) :].split(".")
        at = tree
        for step in steps:
            inner = at.setdefault(step, {})
            if not isinstance(inner, dict):
                break
            at = inner
        else:
            at[last] = value
    return _with_lists(tree) if tree else None


def _with_lists(value: object) -> object:
    if not isinstance(value, dict):
        return value
    items = {key: _with_lists(inner) for key, inner in value.items()}
    if items and all(key.isdecimal() for key in items):
        return [items[key] for key in sorted(items, key=int)]
    return items


def listed(row: Row, *names: str) -> Iterator[Row]:
    """The objects in the first of the lists."""
    for name in names:
        value = row.get(name)
        if isinstance(value, list):
            yield from (item for item in value if isinstance(item, Mapping))
            return
