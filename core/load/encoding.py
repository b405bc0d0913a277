"""Tells UTF-8 text from other encodings and from binary data, by the first bytes of a file."""

from __future__ import annotations

import codecs
from pathlib import Path

from core.errors import ActionError

_BOMS = (
    (codecs.BOM_UTF32_LE, "UTF-32"), (codecs.BOM_UTF32_BE, "UTF-32"),
    (codecs.BOM_UTF16_LE, "UTF-16"), (codecs.BOM_UTF16_BE, "UTF-16"),
)  # fmt: skip
_WIDE_SHARE = 0.2
_BAD_SHARE = 0.2


def check_utf8(head: bytes, whole: bool, path: Path) -> None:
    """Refuse a file that is not UTF-8 as a whole; single broken lines in a file that else is UTF-8 are left
    to the reader.

    Args:
        head: The first bytes of the content.
        whole: Whether that is all of it (else the last line may be cut).
        path: For the message.

    Raises:
        ActionError: `bad_encoding` for UTF-16 and UTF-32 (by their marks or by their NULs), and where at
            least a fifth of the lines is not UTF-8 while no line proves that the file is: Latin-1, or no text
            at all.
    """
    for mark, name in _BOMS:
        if head.startswith(mark):
            raise bad_encoding(path, name, name)
    sample = head[:4096]
    if len(sample) >= 4 and sample.count(0) > _WIDE_SHARE * len(sample):
        evens = sample[0::2].count(0)
        name = "UTF-16BE" if evens * 2 > sample.count(0) else "UTF-16LE"
        raise bad_encoding(path, f"{name} or binary", name)
    good, bad, total = _census(head, whole)
    if bad and not good and (bad == total or (bad > 1 and bad >= _BAD_SHARE * total)):
        raise bad_encoding(path, "Latin-1, Windows-1252 or binary", "WINDOWS-1252")


def bad_encoding(path: Path | str, looks: str, name: str) -> ActionError:
    """`bad_encoding`, with the command that converts text of the encoding `name`."""
    return ActionError(
        "bad_encoding",
        f"{path} is not UTF-8 text; it looks like {looks}.",
        f"If it is text, convert it: iconv -f {name} -t UTF-8 FILE > NEW.",
    )


def _census(head: bytes, whole: bool) -> tuple[int, int, int]:
    """Lines that are UTF-8 beyond ASCII, lines that are not UTF-8, and all lines that are not blank."""
    rows = head.split(b"\n")
    if not whole:
        last = rows.pop()
        if not rows:
            rows.append(b"" if _cut_only(last) else last)
    good = bad = total = 0
    for row in rows:
        if not row.strip():
            continue
        total += 1
        if row.isascii():
            continue
        try:
            row.decode()
            good += 1
        except UnicodeDecodeError:
            bad += 1
    return good, bad, total


def _cut_only(piece: bytes) -> bool:
    """Whether a piece of a line is UTF-8 but for a character cut at its end."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        decoder.decode(piece)
    except UnicodeDecodeError:
        return False
    return True
