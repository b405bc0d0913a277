"""From the name of a source to its rows: the bundled sample, files by format and compression, datasets of the
hub.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

from core.errors import ActionError
from core.load.encoding import check_utf8
from core.load.files import HEAD, LogFile, Meter, empty, find_file, head, unreadable
from core.load.hub import PREFIX, HubRows, parse_name
from core.load.read_csv import read_csv, sniff_delimiter
from core.load.read_json import Item, is_line_based, read_lines, read_values
from core.load.read_parquet import read_parquet

SAMPLE = "sample"
"""The source that is the bundled sample."""


@dataclass(frozen=True)
class Rows:
    """The rows of a source, which can be read more than once.

    Args:
        format: See `SourceInfo`.
        read: Starts reading: yields line or row number, and the row (an object) or the reject that it is.
            Moves the meter.
        fingerprint: The SHA-256 of the content, in hexadecimal digits.
    """

    format: str
    read: Callable[[Meter], Iterator[Item]]
    fingerprint: Callable[[], str]


def open_rows(source: str | Path, data_dir: Path | None = None) -> Rows:
    """The rows of `sample`, of a file, or of `hf:NAME[:SPLIT[:CONFIG]]`.

    What kind a file is, is found by its ending and its first bytes; it is opened again by each `read`.

    Args:
        source: What to read.
        data_dir: The folder of the bundled sample, if not the package's own.

    Raises:
        ActionError: `file_missing`, `is_directory`, `empty_file`, `file_unreadable`, `unknown_format`,
            `wrong_format`, `bad_encoding`, `truncated_file`, `damaged_file`, and those of `HubRows`. Reading
            may raise the last five, too.
    """
    if isinstance(source, str) and source.startswith(PREFIX):
        hub = HubRows(parse_name(source))
        return Rows("hub", hub, hub.fingerprint)
    file = find_file(_sample(data_dir) if source == SAMPLE else source)
    return Rows(file.label, _reader(file), lambda: _sha256(file.path))


def fingerprint(source: str | Path, data_dir: Path | None = None) -> str:
    """The SHA-256 of a source in hexadecimal digits: of a file's bytes; of name and revision for the hub.

    Raises:
        ActionError: As `open_rows`.
    """
    return open_rows(source, data_dir).fingerprint()


def _sample(data_dir: Path | None) -> Path:
    path = (data_dir or Path(str(files("core"))) / "data") / "sample.jsonl"
    if not path.is_file():
        raise ActionError(
            "file_missing", f"The bundled sample is missing: {path}.", "Install the program again."
        )
    return path


def _sha256(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise unreadable(path, error) from error


def _reader(file: LogFile) -> Callable[[Meter], Iterator[Item]]:
    if file.format == "parquet":
        return lambda meter: read_parquet(file, meter)
    start = head(file)
    whole = len(start) < HEAD
    check_utf8(start, whole, file.path)
    if whole and not start.removeprefix(b"\xef\xbb\xbf").strip():
        raise empty(file.path)
    size = file.path.stat().st_size

    def metered(meter: Meter) -> Meter:
        meter.total = size
        return meter

    if file.format in ("csv", "tsv"):
        delimiter = sniff_delimiter(start, whole)
        return lambda meter: read_csv(file, metered(meter), delimiter)
    if is_line_based(start, whole):
        return lambda meter: read_lines(file, metered(meter))
    return lambda meter: read_values(file, metered(meter))
