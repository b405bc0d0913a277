"""Recognises how a chat log is laid out, from its first rows: the layouts of `core.load.logs`, and those whose values
lie in one column each, LMSYS-Chat-1M, WildChat, ShareGPT, OpenAI messages, first turns.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from core.errors import ActionError
from core.load.logs import CHAT_COLUMNS, LAYOUTS, Layout
from core.load.mapping import MISSING, SYNTAX, ColumnPath, known_paths, label, look_up, parse_path
from core.load.names import IDS, USUAL, folded, spelt
from core.load.turns import decoded, looks_like_turns

Row = Mapping[str, object]

FIRST_TURN = ("text", "prompt", "query", "question", "instruction", "input", "first_query", "message")
"""Columns of first-turn rows in the order in which they are tried."""

_SAMPLE = 200


@dataclass(frozen=True)
class Shape:
    """A layout: where its text lies, which rows are laid out so, and which columns it prefers to the usual
    ones.
    """

    name: str
    text: str
    fits: Callable[[Row, object], bool]
    columns: Mapping[str, tuple[str, ...]]

    @property
    def path(self) -> ColumnPath:
        """The way to the text; the name of a column in a file may hold dots that lead nowhere."""
        return ("body", "messages") if self.text == "body.messages" else (self.text,)


def _turns(_row: Row, value: object) -> bool:
    return looks_like_turns(decoded(value))


def _lmsys(row: Row, value: object) -> bool:
    return "conversation_id" in row and looks_like_turns(decoded(value))


def _wildchat(row: Row, value: object) -> bool:
    return "conversation_hash" in row and looks_like_turns(decoded(value))


def _text(_row: Row, value: object) -> bool:
    return isinstance(value, str) or looks_like_turns(decoded(value))


def _shapes(written: Mapping[str, str]) -> tuple[Shape, ...]:
    """The shapes, columns as `written` by their folded names; last, turns in a column of any name."""
    wildchat = {
        "id": ("conversation_hash",),
        "timestamp": ("timestamp", "conversation.0.timestamp", "conversation.1.timestamp"),
        "user": ("hashed_ip", "conversation.0.hashed_ip"),
    }
    body = {"id": ("custom_id", *IDS), "model": ("body.model", "model"), "user": ("body.user", "user")}
    return (
        Shape("wildchat", "conversation", _wildchat, wildchat),
        Shape("lmsys", "conversation", _lmsys, {"id": ("conversation_id",)}),
        Shape("sharegpt", "conversations", _turns, {}),
        Shape("sharegpt", "items", _turns, {}),
        Shape("messages", "messages", _turns, {}),
        Shape("messages", "body.messages", _turns, body),
        Shape("conversation", "conversation", _turns, {}),
        *(Shape("first-turn", written.get(folded(column), column), _text, {}) for column in FIRST_TURN),
        *(Shape("messages", column, _turns, {}) for column in written.values()),
    )


@dataclass(frozen=True)
class Recognised:
    """How a source is laid out.

    Args:
        shape: The name of the layout.
        paths: The path of each role that was found, in the rows of `layout` where there is one.
        layout: What puts the conversations together, where that takes more than a column a role.
    """

    shape: str
    paths: dict[str, ColumnPath]
    layout: Layout | None = None

    @property
    def columns(self) -> dict[str, str]:
        """The columns of the source by role."""
        if self.layout is not None:
            return dict(self.layout.columns)
        return {role: ".".join(path) for role, path in self.paths.items()}


def recognise(rows: Sequence[Row]) -> Recognised:
    """The shape of the first rows.

    The shape that most rows fit wins; of equals, the first in the order of `LAYOUTS`, WildChat, LMSYS, ShareGPT, OpenAI,
    first turn.

    Raises:
        ActionError: `unknown_columns` when no row fits any shape; it names the columns and how to map them.
    """
    best: Shape | Layout | None = None
    most = 0
    for layout in LAYOUTS:
        count = sum(map(layout.fits, rows))
        if count > most:
            best, most = layout, count
    for shape in _shapes(_written(rows)):
        path = shape.path
        count = sum(1 for row in rows if shape.fits(row, look_up(row, path)))
        if count > most:
            best, most = shape, count
    if best is None:
        raise _unknown_columns(rows)
    if isinstance(best, Layout):
        return Recognised(best.name, dict(CHAT_COLUMNS), best)
    paths = {"text": best.path}
    paths |= usual_columns(rows, best.columns, taken=(best.text,))
    return Recognised(best.name, paths)


def wrapper(rows: Sequence[Row]) -> str | None:
    """The column of a single row that holds the rows, as `{"data": [{...}, ...]}` of an interface; None where there is
    none.
    """
    if len(rows) != 1 or _is_recognised(rows):
        return None
    for column, value in rows[0].items():
        items = [item for item in value if isinstance(item, Mapping)] if isinstance(value, list) else []
        if items and _is_recognised(items[:_SAMPLE]):
            return column
    return None


def _is_recognised(rows: Sequence[Row]) -> bool:
    try:
        recognise(rows)
    except ActionError:
        return False
    return True


def usual_columns(
    rows: Sequence[Row], preferred: Mapping[str, tuple[str, ...]] | None = None, taken: Sequence[str] = ()
) -> dict[str, ColumnPath]:
    """For each role but `text`, the first of its usual columns that holds names or numbers in some row."""
    found: dict[str, ColumnPath] = {}
    written = _written(rows)
    for role, usual in USUAL.items():
        for named in (preferred or {}).get(role, usual):
            name = written.get(folded(named), named)
            path = parse_path(name)
            if name not in taken and _holds_labels(rows, path, role):
                found[role] = path
                break
    return found


def _written(rows: Sequence[Row]) -> dict[str, str]:
    """How columns are written, by their folded names; a usual name wins over another way to write it."""
    usual = {name: None for names in (FIRST_TURN, *USUAL.values()) for name in names}
    there = {name: None for row in rows for name in row if name in usual}
    return spelt(rows) | spelt([there])


def _holds_labels(rows: Sequence[Row], path: ColumnPath, role: str) -> bool:
    values = [look_up(row, path) for row in rows]
    present = [value for value in values if value is not MISSING and value is not None]
    if not present:
        return False
    if role == "timestamp":
        return not isinstance(present[0], Mapping | list | tuple | bool)
    return any(label(value) is not None for value in present)


def _unknown_columns(rows: Sequence[Row]) -> ActionError:
    seen = known_paths(rows[:20], depth=2)
    columns = ", ".join(seen)[:800] or "none"
    return ActionError(
        "unknown_columns",
        f"No column looks like the text of a conversation. The columns are: {columns}.",
        f"Say which ones to read: {SYNTAX}.",
    )
