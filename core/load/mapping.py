"""Which column of a source is the text, the id, the language ...: dotted paths, and the conversations made by
them.
"""

from __future__ import annotations

import difflib
import hashlib
import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from core.errors import ActionError
from core.load.clean import bounded, clean_text, excerpt
from core.load.records import Conversation, Reject, Turn
from core.load.timestamps import to_utc
from core.load.turns import RowError, decoded, to_turns

ROLES = ("text", "id", "language", "model", "timestamp", "user")
"""What a column can be mapped to."""

SYNTAX = (
    "text=COLUMN id=COLUMN language=COLUMN model=COLUMN timestamp=COLUMN user=COLUMN (dotted paths: a.b.0.c)"
)

ColumnPath = tuple[str, ...]
"""The steps from a row to a value: keys of objects, indices of lists in decimal digits."""

_STEP = re.compile(r"([^.\[\]]+)|\[(\d+)\]")
_SYNTAX = re.compile(r"(?:[^.\[\]]+|\[\d+\])(?:\.[^.\[\]]+|\[\d+\])*")
_EXTENDED = ("$oid", "$date", "$uuid", "$numberLong", "$numberInt", "$numberDouble", "$numberDecimal")
_DIGEST_BITS = 60
_MAX_ID = 1_000


class _Missing:
    """What a path leads to when a step of it is not there."""


MISSING = _Missing()


def parse_path(text: str) -> ColumnPath:
    """The steps of `a.b.0.c` or `a.b[0].c`; a text that is no path is one step, the name of a column as it
    stands.
    """
    if not _SYNTAX.fullmatch(text):
        return (text,)
    return tuple(name or index for name, index in _STEP.findall(text))


def look_up(row: object, path: ColumnPath) -> object:
    """The value at `path` in a row, plain where MongoDB wraps it, or `MISSING`."""
    value = row
    for step in path:
        if isinstance(value, Mapping):
            if step not in value:
                return MISSING
            value = value[step]
        elif isinstance(value, list | tuple) and step.isdecimal() and int(step) < len(value):
            value = value[int(step)]
        else:
            return MISSING
    return _unwrapped(value)


def _unwrapped(value: object) -> object:
    """The value in an object of MongoDB's extended JSON, as `{"$oid": "64a0"}`; any other as it is."""
    while isinstance(value, dict) and len(value) == 1:
        (key,) = value
        if key not in _EXTENDED:
            break
        value = value[key]
    return value


def known_paths(rows: Iterable[Mapping[str, object]], depth: int = 4) -> list[str]:
    """The dotted paths that occur in `rows`, in order of appearance; of lists the first item alone."""
    found: dict[str, None] = {}

    def walk(value: object, prefix: str, left: int) -> None:
        items: Iterable[tuple[object, object]] = ()
        if isinstance(value, Mapping):
            items = value.items()
        elif isinstance(value, list | tuple):
            items = enumerate(value[:1])
        for key, item in items:
            name = f"{prefix}{key}"
            found[name] = None
            if left > 1:
                walk(item, f"{name}.", left - 1)

    for row in rows:
        walk(row, "", depth)
    return list(found)


def resolve(given: Mapping[str, str], rows: Sequence[Mapping[str, object]]) -> dict[str, ColumnPath]:
    """The paths of an explicit mapping, checked against the first rows. A column whose name holds a dot is
    found too.

    Raises:
        ActionError: `unknown_column` when no row has the path, with the closest paths seen; `bad_mapping`
            when a role is not one of `ROLES`.
    """
    paths: dict[str, ColumnPath] = {}
    for role, written in given.items():
        if role not in ROLES:
            close = tuple(difflib.get_close_matches(role, ROLES, 3, 0.5))
            raise ActionError("bad_mapping", f"A column cannot be mapped to {role!r}.", SYNTAX, close)
        path = (written,) if any(written in row for row in rows) else parse_path(written)
        if rows and all(look_up(row, path) is MISSING for row in rows):
            raise _unknown_column(role, written, known_paths(rows[:20]))
        paths[role] = path
    return paths


def _unknown_column(role: str, written: str, seen: list[str]) -> ActionError:
    by_fold = {name.casefold(): name for name in reversed(seen)}
    close = difflib.get_close_matches(written.casefold(), by_fold, 3, 0.6)
    last = parse_path(written)[-1].casefold()
    same = [name for name in seen if name.rpartition(".")[2].casefold() == last]
    nearest = tuple(dict.fromkeys([by_fold[name] for name in close] + same))[:3]
    columns = ", ".join(name for name in seen if "." not in name)
    return ActionError(
        "unknown_column",
        f"No row has the column {written!r} ({role}=).",
        f"The columns are: {columns[:600]}.",
        nearest,
    )


@dataclass(frozen=True, slots=True)
class Mapped:
    """How the rows of one source become conversations.

    Args:
        paths: By role; `text` is always there.
        strict_id: Whether a row without an id is a reject (the user named the column) or gets a derived id.
        json_cells: Whether a string may hold turns as JSON, as in the cells of a CSV file.
    """

    paths: Mapping[str, ColumnPath]
    strict_id: bool = False
    json_cells: bool = False


class Mapper:
    """Turns rows into conversations or rejects, and gives ids to those that have none.

    It remembers 60 bits of each id and of each content, about 100 bytes a row, so that a second row with an
    id seen before is recognised: a reject where it says something else, handed on (a duplicate) where it says
    the same.
    """

    def __init__(self, mapped: Mapped) -> None:
        self._mapped = mapped
        self._text = mapped.paths["text"]
        self._fields = tuple(
            (role, mapped.paths[role]) for role in ("model", "language", "user") if role in mapped.paths
        )
        self._drop = frozenset(path[0] for path in mapped.paths.values() if len(path) == 1)
        self._nested = tuple(path for path in mapped.paths.values() if len(path) > 1)
        self._content_of: dict[int, int] = {}
        self._times: dict[int, int] = {}

    def __call__(self, line: int, row: Mapping[str, object]) -> Conversation | Reject:
        """The conversation in `row`, or the reason why there is none."""
        try:
            return self._conversation(line, row)
        except RowError as error:
            return Reject(line, str(error), excerpt(row))

    def _conversation(self, line: int, row: Mapping[str, object]) -> Conversation:
        value = look_up(row, self._text)
        if value is MISSING:
            raise RowError(f"no column {'.'.join(self._text)!r}")
        turns = to_turns(decoded(value) if self._mapped.json_cells else value)
        given = self._given_id(row)
        metadata = self._rest(row)
        fields: dict[str, str | None] = {}
        for role, path in self._fields:
            found = look_up(row, path)
            fields[role] = label(found)
            if fields[role] is None and not _is_blank(found):
                metadata[".".join(path)] = found
        timestamp = self._timestamp(row, metadata)
        number = content_number(turns)
        external_id = self._numbered(number) if given is None else self._checked(given, number)
        return Conversation(
            external_id=external_id,
            turns=turns,
            model=fields.get("model"),
            language=fields.get("language"),
            timestamp=timestamp,
            user=fields.get("user"),
            metadata=bounded(metadata) if metadata else {},
            line=line,
            digest=f"{number:015x}",
        )

    def _given_id(self, row: Mapping[str, object]) -> str | None:
        path = self._mapped.paths.get("id")
        if path is None:
            return None
        value = look_up(row, path)
        if _is_blank(value):
            if self._mapped.strict_id:
                raise RowError(f"no id in column {'.'.join(path)!r}")
            return None
        if isinstance(value, bool) or not isinstance(value, str | int | float):
            raise RowError("wrong type: the id is neither a string nor a number")
        text = clean_text(label(value) or str(value)) if isinstance(value, float) else clean_text(str(value))
        if len(text) > _MAX_ID:
            raise RowError(f"the id has {len(text)} characters, more than {_MAX_ID}")
        return text

    def _timestamp(self, row: Mapping[str, object], metadata: dict[str, object]) -> str | None:
        path = self._mapped.paths.get("timestamp")
        value = MISSING if path is None else look_up(row, path)
        if path is None or _is_blank(value):
            return None
        timestamp = to_utc(value)
        if timestamp is None:
            metadata[".".join(path)] = value
        return timestamp

    def _rest(self, row: Mapping[str, object]) -> dict[str, object]:
        """The columns that are not mapped; of a nested one all but the mapped leaves; no nulls."""
        rest = {key: value for key, value in row.items() if value is not None and key not in self._drop}
        for path in self._nested:
            if path[0] in rest:
                rest[path[0]] = _without(rest[path[0]], path[1:])
                if rest[path[0]] == {}:
                    del rest[path[0]]
        return rest

    def _checked(self, external_id: str, content: int) -> str:
        key = _number(external_id.encode())
        earlier = self._content_of.setdefault(key, content)
        if earlier != content:
            raise RowError(f"duplicate id {external_id[:80]!r} with another content")
        return external_id

    def _numbered(self, content: int) -> str:
        """An id from the content; the second conversation of that content gets another id."""
        times = self._times.get(content, 0) + 1
        self._times[content] = times
        return f"auto-{content:015x}" if times == 1 else f"auto-{content:015x}-{times}"


def content_number(turns: Sequence[Turn]) -> int:
    """60 bits of BLAKE2b over the roles and contents of `turns`: equal turns, equal number."""
    written = "".join(f"{turn.role}\x1f{len(turn.content)}\x1f{turn.content}" for turn in turns)
    return _number(written.encode())


def _number(data: bytes) -> int:
    # 60 bits are two digits of a Python integer: less memory a key than 64, in tables of millions.
    return int.from_bytes(hashlib.blake2b(data, digest_size=8).digest()) >> (64 - _DIGEST_BITS)


def _is_blank(value: object) -> bool:
    if isinstance(value, float):
        return math.isnan(value)
    return value is MISSING or value is None or (isinstance(value, str) and not value.strip())


def label(value: object) -> str | None:
    """A short name as text; None where there is none or where it is no name."""
    if isinstance(value, str):
        return clean_text(value.strip()) or None
    if isinstance(value, float) and value.is_integer():
        # A table holds whole numbers as floats where some are missing.
        return str(int(value))
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    return None


def _without(value: object, path: ColumnPath) -> object:
    """`value` less the leaf at `path`; a list on the way stays whole: its other items may say more."""
    if not isinstance(value, Mapping) or path[0] not in value:
        return value
    rest = {key: item for key, item in value.items() if key != path[0]}
    inner = value[path[0]]
    if len(path) > 1:
        shrunk = _without(inner, path[1:])
        if shrunk != {}:
            rest[path[0]] = shrunk
    return rest
