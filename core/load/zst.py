"""Reading zstd: frame after frame in bounded memory, and an error where the data breaks off."""

from __future__ import annotations

import io
from typing import Any

_CHUNK = 4 * 1024
"""Compressed bytes taken at a time. A block of 4 bytes may unfold to 128 kB, so larger chunks could fill the
memory.
"""


class ZstdTruncatedError(Exception):
    """The compressed data ends inside a frame; the `zstandard` package's own stream reader ends there without
    a word.
    """


class ZstdDamagedError(Exception):
    """The compressed data is broken."""


class ZstdFile(io.RawIOBase):
    """The decompressed content of `raw`, a file of one or more zstd frames.

    Raises:
        ZstdTruncatedError: on a read past the last whole piece of a cut file.
        ZstdDamagedError: on broken data.
    """

    def __init__(self, raw: io.RawIOBase) -> None:
        import zstandard

        super().__init__()
        self._raw = io.BufferedReader(raw, 256 * 1024)
        self._new_frame = zstandard.ZstdDecompressor(max_window_size=2**31).decompressobj
        self._broken: type[Exception] = zstandard.ZstdError
        self._frame: Any = None
        self._ready = memoryview(b"")

    def readable(self) -> bool:
        """Always true."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Fill `buffer` with the next content; 0 at the end."""
        while not self._ready:
            if not self._advance():
                return 0
        count = min(len(buffer), len(self._ready))
        buffer[:count] = self._ready[:count]
        self._ready = self._ready[count:]
        return count

    def _advance(self) -> bool:
        """Decompress one chunk into `_ready`; false at the end of the file."""
        left = b""
        if self._frame is not None and self._frame.eof:
            left = self._frame.unused_data
            self._frame = None
        chunk = left or self._raw.read(_CHUNK)
        if not chunk:
            if self._frame is not None:
                raise ZstdTruncatedError
            return False
        if self._frame is None:
            self._frame = self._new_frame()
        try:
            self._ready = memoryview(self._frame.decompress(chunk))
        except self._broken as error:
            raise ZstdDamagedError(str(error)) from error
        return True

    def close(self) -> None:
        """Close the file beneath as well."""
        if not self.closed:
            self._raw.close()
        super().close()
