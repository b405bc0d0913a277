"""Rows of CSV and TSV files: a header line, then one record a row, with quotes as RFC 4180 has them."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator

from core.errors import ActionError
from core.load.clean import clean_text, excerpt
from core.load.files import LINE_LIMIT, LogFile, Meter, lines, opened
from core.load.read_json import NOT_UTF8, Item
from core.load.records import Reject

_DELIMITERS = ",;\t|"
_ESCAPED_BYTE = re.compile("[\udc80-\udcff]")
_SAMPLE_ROWS = 200


def sniff_delimiter(head: bytes, whole: bool) -> str:
    """The delimiter among comma, semicolon, tab and bar that cuts the header and the first records alike.

    The one under which most records have as many fields as the header wins, of equals the one with more
    fields. A header without any delimiter is a single column, for which a comma stands.
    """
    text = head.decode("utf-8-sig", "replace")
    if not whole:
        text = text[: text.rfind("\n") + 1] or text
    best, best_score = ",", (0.0, 0)
    for delimiter in _DELIMITERS:
        rows = _sample(text, delimiter)
        width = len(rows[0]) if rows else 0
        if width > 1:
            score = (sum(len(row) == width for row in rows) / len(rows), width)
            if score > best_score:
                best, best_score = delimiter, score
    return best


def _sample(text: str, delimiter: str) -> list[list[str]]:
    rows: list[list[str]] = []
    try:
        for row in csv.reader(text.splitlines(keepends=True), delimiter=delimiter):
            if row:
                rows.append(row)
            if len(rows) >= _SAMPLE_ROWS:
                break
    except csv.Error:
        pass
    return rows


class _Text:
    """Decoded lines for the `csv` module, which notes where it is and what it had to leave out."""

    def __init__(self, numbered: Iterator[tuple[int, bytes, bool]]) -> None:
        self._numbered = numbered
        self.line = 0
        self.ended = False
        self.left_out: list[Reject] = []

    def __iter__(self) -> Iterator[str]:
        for number, line, whole in self._numbered:
            self.line = number
            if not whole:
                self.left_out.append(Reject(number, "the line is longer than 64 MB", excerpt(line)))
                continue
            yield line.decode("utf-8-sig" if number == 1 else "utf-8", "surrogateescape")
        self.ended = True


def read_csv(file: LogFile, meter: Meter, delimiter: str) -> Iterator[Item]:
    """The records of a CSV file as rows by the names of its header, numbered by the line on which each
    begins.

    Empty fields are null, for CSV cannot tell them apart. A record with another number of fields than the
    header is a reject; blank lines are passed over.

    Raises:
        ActionError: `bad_header` when the first line cannot be taken apart.
    """
    # The limit belongs to the process, not to a reader; the standard 128 kB is less than a long chat.
    csv.field_size_limit(LINE_LIMIT)
    with opened(file, meter) as stream:
        text = _Text(lines(stream))
        records = csv.reader(iter(text), delimiter=delimiter)
        header = _header(records, file)
        while True:
            start = text.line + 1
            try:
                record = next(records, None)
            except csv.Error as error:
                yield start, Reject(start, f"invalid CSV: {error}", "")
                continue
            yield from ((reject.line, reject) for reject in text.left_out)
            text.left_out.clear()
            if record is None:
                return
            if text.ended:
                # The reader asked for a line beyond the last one, so it is still inside a quoted field.
                reason = f"a quote opens and is never closed, up to line {text.line}"
                yield start, Reject(start, reason, excerpt(delimiter.join(record)))
            elif record:
                yield start, _row(start, header, record)


def _header(records: Iterator[list[str]], file: LogFile) -> list[str]:
    """The names of the columns; one without a name is called by its number, the second of a name by that name
    and `_2`.
    """
    try:
        header = next((record for record in records if record), [])
    except csv.Error as error:
        if "new-line" in str(error):
            message = f"The lines of {file.path} end in a carriage return alone, as old Macs wrote them."
            raise ActionError("bad_header", message, "Convert it: tr '\\r' '\\n' < FILE > NEW.") from error
        raise ActionError(
            "bad_header", f"The header of {file.path} is not CSV: {error}.", "Is it a CSV file?"
        ) from error
    while header and not header[-1].strip():
        header.pop()
    names: list[str] = []
    for number, field in enumerate(header, 1):
        name = base = clean_text(field.strip()) or f"column_{number}"
        times = 1
        while name in names:
            times += 1
            name = f"{base}_{times}"
        names.append(name)
    return names


def _row(line: int, header: list[str], record: list[str]) -> dict[str, object] | Reject:
    if len(record) != len(header):
        extra = record[len(header) :]
        if not extra or any(extra):
            reason = f"{len(record)} fields where the header has {len(header)}"
            return Reject(line, reason, excerpt(record))
    if any(_ESCAPED_BYTE.search(field) for field in record if not field.isascii()):
        return Reject(line, NOT_UTF8, excerpt(record))
    return {name: field or None for name, field in zip(header, record, strict=False)}
