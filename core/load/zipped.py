"""Reading members of a zip archive, one after the other, in bounded memory."""

from __future__ import annotations

import io
import re
import zipfile
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import IO, Any

ZIP_MAGIC = b"PK\x03\x04"
"""The first bytes of an archive that is not empty."""


_ADDED = re.compile(r"__MACOSX/|(?:.*/)?(?:\._|\.DS_Store$)")


class ZipDamagedError(Exception):
    """The archive is broken, or holds what cannot be read: a password, an unknown compression."""


_BROKEN = (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, zlib.error)
"""What `zipfile` raises, `RuntimeError` for a member with a password."""


def members_of(path: Path) -> list[str]:
    """The names of the files in an archive, in their order of name, without what macOS adds to them.

    Raises:
        ZipDamagedError: The list of files cannot be read.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            names = (item.filename for item in archive.infolist() if not item.is_dir())
            return sorted(name for name in names if not _ADDED.match(name))
    except _BROKEN as error:
        raise ZipDamagedError(str(error)) from error


class Members(io.RawIOBase):
    """The content of some members of the archive `raw`, as one stream.

    Raises:
        ZipDamagedError: on broken data.
    """

    def __init__(self, raw: io.RawIOBase, names: Sequence[str]) -> None:
        super().__init__()
        self._raw = raw
        self._names = list(names)
        self._file: IO[bytes] | None = None
        try:
            self._archive = zipfile.ZipFile(io.BufferedReader(raw, 256 * 1024))
        except _BROKEN as error:
            raise ZipDamagedError(str(error)) from error

    def readable(self) -> bool:
        """Always true."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Fill `buffer` with the next content; 0 at the end."""
        try:
            while True:
                if self._file is None:
                    if not self._names:
                        return 0
                    self._file = self._archive.open(self._names.pop(0))
                data = self._file.read(len(buffer))
                if data:
                    buffer[: len(data)] = data
                    return len(data)
                self._file.close()
                self._file = None
        except _BROKEN as error:
            raise ZipDamagedError(str(error)) from error

    def close(self) -> None:
        """Close the file beneath as well."""
        if not self.closed:
            self._archive.close()
            self._raw.close()
        super().close()
