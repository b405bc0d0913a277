"""The order of nodes and clusters under a sort, and the cursors that belong to it."""

from __future__ import annotations

import json
from typing import Any

from core.browse.rows import Sort
from core.lookup import bad_cursor

Rank = tuple[int, float | str, int | str, int | str]
"""Whether it is noise or the like, the value it is sorted by, and what decides where that is equal."""


def rank(
    sort: Sort,
    kind: str,
    title: str,
    size: int,
    coherence: float | None,
    growth: float | None,
    *ties: int | str,
) -> Rank:
    """Where a node stands among its siblings: what is least comes first.

    Args:
        sort: The order.
        kind: Of the node: `noise`, `orphans` and `no_parent` come last.
        title: Its title.
        size: Its queries.
        coherence: Its coherence; without one it comes after all that have one.
        growth: Its growth; likewise.
        ties: Two values that tell siblings apart.
    """
    value: float | str
    if sort == "size":
        value = -size
    elif sort == "coherence":
        value = 2.0 if coherence is None else coherence
    elif sort == "growth":
        value = 1.0 if growth is None else -growth
    else:
        value = title.casefold()
    one, other = ties
    return int(kind in ("noise", "orphans", "no_parent")), value, one, other


def written(places: object) -> str:
    """A place in a list as a cursor has it."""
    return json.dumps(places)


def ranks(after: str, sort: Sort, ties: tuple[type, type]) -> tuple[Rank, ...]:
    """The place that a cursor names.

    Args:
        after: Its words.
        sort: The order of the list.
        ties: The types of the last two parts of a rank.

    Raises:
        ActionError: `bad_cursor`.
    """
    try:
        found = json.loads(after)
    except (ValueError, RecursionError):
        raise bad_cursor(after) from None
    if not isinstance(found, list) or not found or not all(_fits(part, sort, ties) for part in found):
        raise bad_cursor(after)
    return tuple(tuple(part) for part in found)


def _fits(part: Any, sort: Sort, ties: tuple[type, type]) -> bool:
    if not isinstance(part, list) or len(part) != 4:
        return False
    special, value, one, other = part
    valued = isinstance(value, str) if sort == "title" else isinstance(value, int | float)
    return isinstance(special, int) and valued and isinstance(one, ties[0]) and isinstance(other, ties[1])
