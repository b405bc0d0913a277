r"""Rows of JSON Lines, of a JSON list and of JSON objects one after another.

Lines end at b"\n" alone: U+2028, U+0085, a lone "\r" and "\x0b" are content. Control characters inside
strings, which strict JSON forbids, are accepted, for logs hold them.
"""

from __future__ import annotations

import codecs
import io
import json
import re
from collections.abc import Iterator

from core.errors import ActionError
from core.load.clean import excerpt
from core.load.files import LINE_LIMIT, LogFile, Meter, lines, opened
from core.load.records import RAW_LIMIT, Reject

Item = tuple[int, dict[str, object] | Reject]
"""Line or row number, and the row or why there is none."""

NOT_UTF8 = "not UTF-8"
"""The reason of a row that cannot be decoded."""

_decoder = json.JSONDecoder(strict=False, parse_constant=lambda _name: None)
_CHUNK = 1024 * 1024
_BLANK = re.compile(r"[ \t\r\n,]*")
_SCALAR = re.compile(r"[^,\]\n{]*")
_TOKEN = re.compile(r'"(?:[^"\\]++|\\.)*+"|[{}\[\]"]', re.DOTALL)
_ESCAPED_BYTE = re.compile("[\udc80-\udcff]")
_BOM = codecs.BOM_UTF8


def read_lines(file: LogFile, meter: Meter) -> Iterator[Item]:
    """The rows of a JSON Lines file, numbered by line from 1. Blank lines are passed over."""
    with opened(file, meter) as stream:
        for number, line, whole in lines(stream):
            if number == 1 and line.startswith(_BOM):
                line = line[len(_BOM) :]
            if not whole:
                yield number, Reject(number, "the line is longer than 64 MB", excerpt(line))
            elif row := parsed(number, line):
                yield number, row


def parsed(number: int, line: bytes) -> dict[str, object] | Reject | None:
    """One line as a row; None where it is blank."""
    try:
        text = line.decode()
    except UnicodeDecodeError:
        return Reject(number, NOT_UTF8, excerpt(line))
    if not text.strip():
        return None
    text = text.rstrip("\r\n")
    try:
        value = _decoder.decode(text)
    except (ValueError, RecursionError) as error:
        return Reject(number, _invalid(error), excerpt(text))
    return _checked(number, value, text)


def _checked(number: int, value: object, text: str) -> dict[str, object] | Reject:
    if isinstance(value, dict) and value:
        return value
    return Reject(number, "an empty object" if value == {} else "not an object", excerpt(text))


def _invalid(error: Exception, start: int = 0) -> str:
    if isinstance(error, json.JSONDecodeError):
        return f"invalid JSON: {error.msg.removesuffix(' at')} at character {error.pos - start + 1}"
    return (
        "invalid JSON: nested too deeply"
        if isinstance(error, RecursionError)
        else f"invalid JSON: {str(error)[:200]}"
    )


def is_line_based(head: bytes, whole: bool) -> bool:
    """Whether the content that begins with `head` is JSON Lines: told by its first two lines.

    False for a JSON list and for an object that goes on over several lines, whose first line is no JSON by
    itself.
    """
    first, _, rest = head.removeprefix(_BOM).lstrip().partition(b"\n")
    following = rest.lstrip()[:1]
    try:
        value = _decoder.decode(first.decode())
    except (ValueError, RecursionError):
        inner = first[1:].lstrip()[:1]
        if first.startswith(b"["):
            return inner not in (b"", b"{", b"]")
        return (
            not first.startswith(b"{")
            or following == b"{"
            or (whole and not following)
            or inner not in (b"", b'"')
        )
    return isinstance(value, dict) or bool(following)


def read_values(file: LogFile, meter: Meter) -> Iterator[Item]:
    """The rows of a file that is a JSON list, or one object after another over several lines, numbered from
    1.

    Memory holds one row and a chunk. A broken row whose brackets match is a reject, and reading goes on
    behind it.

    Raises:
        ActionError: `truncated_file` when the file ends inside a row or before the list is closed.
    """
    with opened(file, meter) as stream:
        window = _Window(stream)
        number = 0
        in_list = False
        while char := window.next_char():
            if char == ("]" if in_list else "["):
                in_list = not in_list
                window.skip(1)
                continue
            number += 1
            row = window.next_row(number)
            if row is None:
                raise _cut(file, f"inside row {number}, or the brackets of that row do not match")
            yield number, row
        if in_list:
            raise _cut(file, "before its list is closed")


def _cut(file: LogFile, where: str) -> ActionError:
    return ActionError("truncated_file", f"{file.path} ends {where}.", "Write it again, to its end.")


class _Window:
    """A piece of the text that moves over the file; it grows until the next row fits."""

    def __init__(self, stream: io.BufferedReader) -> None:
        self._stream = stream
        self._decode = codecs.getincrementaldecoder("utf-8-sig")("surrogateescape").decode
        self._text = ""
        self._at = 0
        self._ended = False

    def skip(self, count: int) -> None:
        """Move on by `count` characters."""
        self._at += count

    def next_char(self) -> str:
        """The next character that is neither white space nor a comma; empty at the end."""
        while True:
            self._at = _end(_BLANK, self._text, self._at)
            if self._at < len(self._text):
                return self._text[self._at]
            if not self._more():
                return ""

    def next_row(self, number: int) -> dict[str, object] | Reject | None:
        """The row that begins here; None when the file (or 64 MB) ends before it does."""
        while True:
            start = self._at
            try:
                value, self._at = _decoder.raw_decode(self._text, start)
            except (ValueError, RecursionError) as error:
                end = _end_of_value(self._text, start)
                if end is not None:
                    self._at = end
                    return Reject(number, _invalid(error, start), excerpt(self._text[start:end]))
            else:
                if _ESCAPED_BYTE.search(self._text, start, self._at):
                    return Reject(number, NOT_UTF8, excerpt(self._text[start : self._at]))
                return _checked(number, value, self._text[start : min(self._at, start + RAW_LIMIT)])
            if len(self._text) - start > LINE_LIMIT or not self._more():
                return None

    def _more(self) -> bool:
        """Read on, as much as is held already, so that a long row is looked at few times."""
        if self._ended:
            return False
        self._text = self._text[self._at :]
        self._at = 0
        data = self._stream.read(max(_CHUNK, len(self._text)))
        self._ended = not data
        self._text += self._decode(data, self._ended)
        return not self._ended


def _end(pattern: re.Pattern[str], text: str, start: int) -> int:
    match = pattern.match(text, start)
    return start if match is None else match.end()


def _end_of_value(text: str, start: int) -> int | None:
    """Where the value that begins at `start` is closed, by its brackets alone; None when the text ends before
    that.
    """
    if text[start] not in "{[":
        end = max(_end(_SCALAR, text, start), start + 1)
        return end if end < len(text) else None
    depth = 0
    for match in _TOKEN.finditer(text, start):
        token = match.group()
        if token == '"':
            return None
        if token in "{[":
            depth += 1
        elif token in "}]":
            depth -= 1
            if depth == 0:
                return match.end()
    return None
