"""Files as streams of bytes: found, opened, decompressed, and looked at before they are read."""

from __future__ import annotations

import difflib
import gzip
import io
import re
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from core.errors import ActionError
from core.load.zipped import ZIP_MAGIC, Members, ZipDamagedError, members_of
from core.load.zst import ZstdDamagedError, ZstdFile, ZstdTruncatedError
from core.paths import user_path
from core.text import first_few

FORMATS = {
    ".jsonl": "jsonl", ".ndjson": "jsonl", ".json": "json", ".csv": "csv", ".tsv": "tsv", ".tab": "tsv",
    ".parquet": "parquet", ".pq": "parquet",
}  # fmt: skip
COMPRESSIONS = {".gz": "gz", ".gzip": "gz", ".zst": "zst", ".zstd": "zst"}
LOADABLE = "JSON Lines (.jsonl, .ndjson), JSON (.json), CSV (.csv, .tsv), all of these as .gz or .zst or in a .zip, and Parquet"

HEAD = 256 * 1024
"""Bytes of (decompressed) content that decide on encoding, layout and delimiter."""

LINE_LIMIT = 64 * 1024 * 1024
"""A longer line is a reject: no conversation is so long, and memory stays bounded."""

_MAGIC = ((b"\x1f\x8b", "gz"), (b"\x28\xb5\x2f\xfd", "zst"), (b"PAR1", "parquet"), (ZIP_MAGIC, "zip"))
_BUFFER = 1024 * 1024
_EXPORT = re.compile(r"conversations(-\d+)?\.json")
"""What the accounts of ChatGPT and Claude export, large ones in numbered parts."""


@dataclass
class Meter:
    """How far a source has been read: `done` of `total` (0: not known) `unit`; the reader moves it on."""

    done: int = 0
    total: int = 0
    unit: str = "bytes"


@dataclass(frozen=True)
class LogFile:
    """A file that can be read: its format (`jsonl`, `json`, `csv`, `tsv`, `parquet`), compression (`gz`, `zst`, `zip` or
    none), and of an archive the members that are read, one after the other.
    """

    path: Path
    format: str
    compression: str
    members: tuple[str, ...] = ()

    @property
    def label(self) -> str:
        """Format and compression in one word, as `jsonl.gz`."""
        return f"{self.format}.{self.compression}" if self.compression else self.format


def find_file(source: str | Path) -> LogFile:
    """The file that `source` names, with what its ending and its first bytes say it is.

    A gzip, zstd or Parquet file is recognised by its first bytes also under another ending.

    Raises:
        ActionError: `file_missing`, `is_directory`, `not_a_file`, `file_unreadable`, `empty_file`,
            `unknown_format`, `wrong_format` (the ending promises what the bytes do not hold).
    """
    path = user_path(source)
    _check_place(path, str(source))
    try:
        with path.open("rb") as file:
            start = file.read(8)
    except OSError as error:
        raise unreadable(path, error) from error
    if not start:
        raise empty(path)
    return _identified(path, start)


def saved_by_datasets(path: Path) -> bool:
    """Whether `save_to_disk` of `datasets` wrote a folder, as an export to Arrow does."""
    return any((path / name).is_file() for name in ("state.json", "dataset_dict.json"))


def _check_place(path: Path, written: str) -> None:
    try:
        if path.is_file():
            return
        if path.is_dir():
            names = [item.name for item in sorted(path.iterdir()) if _format_of(item)[0] and item.is_file()]
            if saved_by_datasets(path):
                hint = f"Load all of it by hf:{path}."
            elif names:
                hint = f"Load one of its files: {first_few(names)}; or all of one dataset by hf:{path}."
            else:
                hint = f"It holds no file of a known format: {LOADABLE}."
            raise ActionError("is_directory", f"{path} is a folder.", hint)
        if path.exists():
            raise ActionError(
                "not_a_file", f"{path} is not a regular file.", "Copy its content into a file first."
            )
    except PermissionError as error:
        raise unreadable(path, error) from error
    except (OSError, ValueError):
        pass
    if "://" in written:
        raise ActionError(
            "file_missing",
            f"{written} is an address, not a file.",
            "Download the file first, or use hf:NAME for the hub.",
        )
    raise ActionError("file_missing", f"There is no file {path}.", *_missing_hint(path))


def _missing_hint(path: Path) -> tuple[str, tuple[str, ...]]:
    try:
        if not path.parent.is_dir():
            return f"The folder {path.parent} does not exist.", ()
        by_fold = {item.name.casefold(): item.name for item in sorted(path.parent.iterdir()) if item.exists()}
    except (OSError, ValueError):
        return "", ()
    close = difflib.get_close_matches(path.name.casefold(), by_fold, 3, 0.6)
    names = tuple(str(path.with_name(by_fold[name])) for name in close)
    return (
        f"Did you mean {names[0]}?" if names else f"{path.parent} holds no file of a similar name."
    ), names


def _format_of(path: Path) -> tuple[str, str]:
    """Format and compression by the ending of a name; both empty where it says nothing."""
    endings = [ending.lower() for ending in path.suffixes]
    compression = COMPRESSIONS.get(endings[-1], "") if endings else ""
    if compression:
        endings.pop()
    return (FORMATS.get(endings[-1], "") if endings else ""), compression


def _identified(path: Path, start: bytes) -> LogFile:
    written, promised = _format_of(path)
    actual = next((kind for magic, kind in _MAGIC if start.startswith(magic)), "")
    if actual == "parquet":
        return LogFile(path, "parquet", "")
    # Workbooks and books are zip archives, too; only what is named so is one to look into.
    if path.suffix.lower() == ".zip":
        if actual != "zip":
            raise _misnamed(path)
        return _in_archive(path)
    if written == "parquet" and not promised:
        raise ActionError(
            "wrong_format",
            f"{path} is not a Parquet file: it does not begin with PAR1.",
            "Name it after what it holds.",
        )
    if promised and actual != promised:
        raise _misnamed(path)
    if not written:
        looks = (
            " Its content looks like JSON: rename it to .jsonl." if start.lstrip()[:1] in (b"{", b"[") else ""
        )
        ending = path.suffix or "none"
        raise ActionError(
            "unknown_format",
            f"{path} has an unknown ending ({ending}).",
            f"Files that can be loaded: {LOADABLE}.{looks}",
        )
    if written == "parquet":
        raise ActionError("unknown_format", f"{path} is compressed Parquet.", "Decompress it first.")
    return LogFile(path, written, actual if actual in COMPRESSIONS.values() else "")


def _misnamed(path: Path) -> ActionError:
    message = f"{path} is not compressed as its ending says."
    return ActionError("wrong_format", message, "Rename it to the ending of what it holds.")


def _in_archive(path: Path) -> LogFile:
    """What to read of a zip archive: the conversations of an account's export, else its only loadable file."""
    try:
        names = members_of(path)
    except ZipDamagedError as error:
        raise _damaged(path, error) from error
    found = [name for name in names if _format_of(Path(name))[0] not in ("", "parquet")]
    found = [name for name in found if not _format_of(Path(name))[1]]
    exported = [name for name in found if _EXPORT.fullmatch(Path(name).name)]
    if exported:
        return LogFile(path, "json", "zip", tuple(exported))
    if len(found) == 1:
        return LogFile(path, _format_of(Path(found[0]))[0], "zip", (found[0],))
    listed = ", ".join(sorted(found or names)[:8])
    raise ActionError(
        "unknown_format",
        f"{path} is an archive of {len(names)} files; "
        + ("more than one could be loaded." if found else "none of them can be loaded."),
        f"Unpack it and load one of its files: {listed}.",
    )


def _damaged(path: Path, error: Exception) -> ActionError:
    return ActionError("damaged_file", f"{path} is damaged: {error}.", "Copy or download it again.")


def unreadable(path: Path, error: OSError) -> ActionError:
    """`file_unreadable` for what the system said."""
    return ActionError(
        "file_unreadable", f"{path} cannot be read: {error.strerror or error}.", "Check its permissions."
    )


def empty(path: Path | str) -> ActionError:
    """`empty_file`."""
    return ActionError("empty_file", f"{path} holds no rows.", "Was it written to the end?")


@contextmanager
def opened(file: LogFile, meter: Meter | None = None) -> Iterator[io.BufferedReader]:
    """The decompressed content of a file as a buffered stream; `meter` follows the bytes read from the disk.

    Raises:
        ActionError: inside the block as well: `truncated_file` where compressed data ends early,
            `damaged_file` where it is broken, `file_unreadable` where the system fails.
    """
    try:
        with _Metered(file.path, meter) as raw:
            plain: io.RawIOBase
            if file.compression == "gz":
                plain = cast(io.RawIOBase, gzip.GzipFile(fileobj=io.BufferedReader(raw, _BUFFER)))
            elif file.compression == "zst":
                plain = ZstdFile(raw)
            elif file.compression == "zip":
                plain = Members(raw, file.members)
            else:
                plain = raw
            with io.BufferedReader(plain, _BUFFER) as stream:
                yield cast(io.BufferedReader, stream)
    except (EOFError, ZstdTruncatedError) as error:
        raise ActionError(
            "truncated_file",
            f"{file.path} ends early: its compressed data is cut off.",
            "Copy or download it again.",
        ) from error
    except (gzip.BadGzipFile, zlib.error, ZstdDamagedError, ZipDamagedError) as error:
        raise _damaged(file.path, error) from error
    except OSError as error:
        raise unreadable(file.path, error) from error


def head(file: LogFile, size: int = HEAD) -> bytes:
    """The first `size` bytes of the decompressed content; fewer where the file is shorter or breaks off.

    Raises:
        ActionError: As `opened`, where not one byte can be had.
    """
    chunks: list[bytes] = []
    left = size
    try:
        with opened(file) as stream:
            while left and (chunk := stream.read1(left)):
                chunks.append(chunk)
                left -= len(chunk)
    except ActionError:
        if not chunks:
            raise
    return b"".join(chunks)


class _Metered(io.FileIO):
    """A file that notes how far it has been read."""

    def __init__(self, path: Path, meter: Meter | None) -> None:
        super().__init__(path, "rb")
        self._meter = meter

    def readinto(self, buffer: bytearray | memoryview) -> int | None:  # type: ignore[override]  # Buffer is 3.12
        count = super().readinto(buffer)
        if self._meter is not None and count:
            self._meter.done += count
        return count


def lines(stream: io.BufferedReader) -> Iterator[tuple[int, bytes, bool]]:
    r"""The lines of a stream, split on b"\n" alone: number from 1, bytes, and whether it is whole.

    A line above `LINE_LIMIT` comes as its first bytes and False; the rest of it is passed over.
    """
    number = 0
    while line := stream.readline(LINE_LIMIT + 1):
        number += 1
        if len(line) <= LINE_LIMIT or line.endswith(b"\n"):
            yield number, line, True
            continue
        start = line[:10_000]
        del line
        while (more := stream.readline(_BUFFER)) and not more.endswith(b"\n"):
            pass
        yield number, start, False
