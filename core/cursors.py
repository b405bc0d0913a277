"""Cursors that hold for one list alone: another sort or search would silently skip rows."""

from __future__ import annotations

import hashlib

from core.errors import ActionError
from core.lookup import bad_cursor


def signed(cursor: str | None, *made_by: object) -> str | None:
    """A cursor with the mark of the list that it belongs to: `made_by` is what its order and its rows hang on."""
    return None if cursor is None else f"{_mark(made_by)}~{cursor}"


def unsigned(after: str | None, *made_by: object) -> str | None:
    """The cursor that `signed` made for the same list.

    Raises:
        ActionError: `bad_cursor`, also for one of another list.
    """
    if after is None:
        return None
    mark, tilde, cursor = after.partition("~")
    if not tilde or len(mark) != 8:
        raise bad_cursor(after)
    if mark != _mark(made_by):
        raise ActionError(
            "bad_cursor",
            f"after={after[:40]!r} is a cursor of another list: its sort, its search or its filters were others.",
            "Take it from the answer, and change nothing but after= and limit= between pages.",
        )
    return cursor


def _mark(made_by: tuple[object, ...]) -> str:
    return hashlib.blake2b(repr(made_by).encode("utf-8", "replace"), digest_size=4).hexdigest()
