"""A chat log as a stream of conversations and rejects: the one entry to loading, without the store."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path

from core.errors import ActionError
from core.load.clean import excerpt
from core.load.encoding import bad_encoding
from core.load.files import Meter, empty
from core.load.mapping import ColumnPath, Mapped, Mapper, look_up, resolve
from core.load.read_json import NOT_UTF8, Item
from core.load.readers import Rows, open_rows
from core.load.records import Conversation, Reject, SourceInfo
from core.load.shapes import Recognised, recognise, usual_columns, wrapper
from core.load.turns import decoded, looks_like_turns

_PEEK_ROWS = 200
_PEEK_BYTES = 16 * 1024 * 1024
_PEEK_REJECTS = 10_000


class LoadSource:
    """A source whose layout is known. Iterating yields a `Conversation` or a `Reject` a row, in the order of
    the source; where conversations are put together from many rows, the rejects that show while reading come first.

    It can be iterated again and then starts anew. An id that comes twice with other turns is a reject; with
    equal turns it comes twice, for the store to count as a duplicate. Reading raises `ActionError` where a
    file is cut or damaged, or (at the end, behind the rejects) `no_rows` or `bad_encoding` where not one row
    could be read.
    """

    def __init__(self, source: str, rows: Rows, given: Mapping[str, str], limit: int | None) -> None:
        self._rows = rows
        self._limit = limit
        self._source = source
        self.meter = Meter()
        """How far the reading is, in bytes of the file or in rows."""
        self._stream: Iterator[Item] | None = rows.read(self.meter)
        self._peeked = _peek(self._stream, self.meter, source)
        self._wrapper = _wrapper(self._peeked) if rows.format.startswith("json") else None
        peeked = list(_unwrapped(self._peeked, self._wrapper))
        first = [row for _, row in peeked if isinstance(row, dict)]
        found, self._named = _layout(first, given)
        self._layout = found.layout
        table = rows.format.startswith(("csv", "tsv"))
        self._mapped = Mapped(
            found.paths if self._layout is not None else found.paths | self._named,
            strict_id="id" in given,
            json_cells=found.shape != "first-turn"
            and (table or found.shape != "mapped" or _hold_turns(first, found.paths["text"])),
        )
        columns = found.columns | {role: ".".join(path) for role, path in self._named.items()}
        self.info = SourceInfo(source, rows.format, found.shape, columns)
        self.tick: Callable[[], None] = lambda: None
        """Called now and then while rows are read of which no conversation comes yet; may raise, to stop."""

    @property
    def time_field(self) -> str:
        """Under which name of its metadata a conversation keeps a time that cannot be read."""
        return ".".join(self._mapped.paths.get("timestamp", ()))

    def fingerprint(self) -> str:
        """See `core.load.readers.fingerprint`."""
        return self._rows.fingerprint()

    def __iter__(self) -> Iterator[Conversation | Reject]:
        """Read; at most `limit` conversations (rejects do not count)."""
        mapper = Mapper(self._mapped)
        problems = Problems(self._source)
        loaded = 0
        for result in self._results(mapper):
            yield result
            if isinstance(result, Reject):
                problems.add(result)
                continue
            loaded += 1
            if loaded == self._limit:
                return
        if not loaded:
            raise problems.error()

    def _results(self, mapper: Mapper) -> Iterator[Conversation | Reject]:
        if self._layout is None:
            for line, row in self._items():
                yield row if isinstance(row, Reject) else mapper(line, row)
            return
        for chat in self._layout.assemble(self._items(), self.tick):
            if isinstance(chat, Reject):
                yield chat
                continue
            row = chat.as_row()
            for role, path in self._named.items():
                row[role] = look_up(chat.row, path)
            result = mapper(chat.line, row)
            # What a person can find in the file is the row as it stands there.
            yield replace(result, raw=excerpt(chat.row)) if isinstance(result, Reject) else result

    def _items(self) -> Iterable[Item]:
        """What was peeked at and the rest behind it at the first time, later all from the start."""
        stream, self._stream = self._stream, None
        if stream is None:
            self.meter.done = 0
            return _unwrapped(self._rows.read(self.meter), self._wrapper)
        peeked, self._peeked = self._peeked, []
        return _unwrapped(itertools.chain(peeked, stream), self._wrapper)


def open_source(
    source: str | Path,
    *,
    mapping: Mapping[str, str] | None = None,
    limit: int | None = None,
    data_dir: Path | None = None,
) -> LoadSource:
    """Open `sample`, a file or `hf:NAME[:SPLIT[:CONFIG]]`, and recognise how it is laid out.

    Args:
        source: What to read.
        mapping: Column (a dotted path) by role: `text`, `id`, `language`, `model`, `timestamp`, `user`. With
            `text`, the layout is not recognised; roles that are not given are filled from columns of the
            usual names.
        limit: The most conversations to yield.
        data_dir: The folder of the bundled sample, if not the package's own.

    Raises:
        ActionError: What `open_rows` raises; `unknown_columns` (not recognised), `unknown_column`,
            `bad_mapping`, `bad_limit`, `no_rows`.
    """
    if limit is not None and limit < 1:
        raise ActionError("bad_limit", f"limit={limit} loads nothing.", "Give a number above 0, or no limit.")
    given = {role: column for role, column in (mapping or {}).items() if column}
    return LoadSource(str(source), open_rows(source, data_dir), given, limit)


def _layout(
    rows: list[dict[str, object]], given: Mapping[str, str]
) -> tuple[Recognised, dict[str, ColumnPath]]:
    """The layout, and the paths that the user named."""
    explicit = resolve(given, rows)
    if "text" in explicit:
        return Recognised("mapped", usual_columns(rows, taken=tuple(given.values())) | explicit), explicit
    return recognise(rows), explicit


def _wrapper(items: list[Item]) -> str | None:
    """The column that holds the rows, where all there is is one object around them."""
    rows = [row for _, row in items if isinstance(row, dict)]
    return wrapper(rows) if len(items) == 1 else None


def _unwrapped(items: Iterable[Item], column: str | None) -> Iterator[Item]:
    """The rows in `column` of each item, numbered from 1; the items themselves where there is no such column."""
    if column is None:
        yield from items
        return
    number = 0
    for _, row in items:
        inner = row.get(column) if isinstance(row, dict) else None
        for value in inner if isinstance(inner, list) else [row]:
            number += 1
            yield (
                number,
                value
                if isinstance(value, dict | Reject)
                else Reject(number, "not an object", excerpt(value)),
            )


def _hold_turns(rows: list[dict[str, object]], path: ColumnPath) -> bool:
    """Whether most texts at `path` are lists of turns written as text."""
    texts = [value for row in rows if isinstance(value := look_up(row, path), str) and value.strip()]
    return bool(texts) and sum(map(looks_like_turns, map(decoded, texts))) * 2 > len(texts)


def _peek(stream: Iterator[Item], meter: Meter, source: str) -> list[Item]:
    """The first rows: enough to recognise the layout, and no more than memory bears."""
    items: list[Item] = []
    good = 0
    for item in stream:
        items.append(item)
        good += not isinstance(item[1], Reject)
        if good >= _PEEK_ROWS or (good and meter.unit == "bytes" and meter.done > _PEEK_BYTES):
            return items
        if not good and len(items) >= _PEEK_REJECTS:
            break
    if good:
        return items
    problems = Problems(source)
    for _, row in items:
        if isinstance(row, Reject):
            problems.add(row)
    raise problems.error()


class Problems:
    """Counts the reasons of rejects, to say at the end why nothing could be read."""

    def __init__(self, source: str) -> None:
        self._source = source
        self._reasons: Counter[str] = Counter()
        self._first: dict[str, int] = {}

    def add(self, reject: Reject) -> None:
        """Count one; of kinds beyond a hundred only the number."""
        reason = reject.reason if len(self._first) < 100 or reject.reason in self._first else "other reasons"
        self._reasons[reason] += 1
        self._first.setdefault(reason, reject.line)

    def error(self) -> ActionError:
        """`empty_file` without a reject, `bad_encoding` where no row was UTF-8, else `no_rows` with the main
        reasons.
        """
        total = sum(self._reasons.values())
        if not total:
            return empty(self._source)
        if set(self._reasons) == {NOT_UTF8}:
            return bad_encoding(self._source, "Latin-1, Windows-1252 or binary", "WINDOWS-1252")
        main = "; ".join(
            f"{reason} ({count} times, first in row {self._first[reason]})"
            for reason, count in self._reasons.most_common(3)
        )
        return ActionError(
            "no_rows",
            f"Not one of {total} rows of {self._source} could be read: {main}.",
            "Look at those rows in the file.",
        )
