"""The files of an export: CSV, JSON Lines, Parquet, and the Arrow folder that `datasets.load_from_disk` opens."""

from __future__ import annotations

import csv
import hashlib
import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Literal

from core.export.target import DATASET_FILES

PATH_SEPARATOR = " > "
ID_SEPARATOR = "/"
LIST_SEPARATOR = "; "
GROUP = "facets"
"""A field of JSON Lines that holds a field for each facet; elsewhere each is a column `facet_NAME`."""
FACET = "facet_"

Row = dict[str, Any]
Kind = Literal["text", "integer", "number", "truth", "texts", "path", "ids"]
"""`texts`, `path` and `ids` are lists of texts, joined in CSV by their own separators."""

_SEPARATORS = {"texts": LIST_SEPARATOR, "path": PATH_SEPARATOR, "ids": ID_SEPARATOR}
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


@dataclass(frozen=True)
class ExportColumn:
    """A column of an export; `facet` marks one of the fields of `GROUP`."""

    name: str
    kind: Kind = "text"
    facet: bool = False

    @property
    def flat(self) -> str:
        """The name where there is no `GROUP`."""
        return f"{FACET}{self.name}" if self.facet else self.name


Write = Callable[[list[Row]], None]
Writer = Callable[[Path, Sequence[ExportColumn], bool], AbstractContextManager[Write]]


def as_cell(text: str) -> str:
    """A text that no spreadsheet takes for a formula: with an apostrophe before it where it would (OWASP, CSV injection)."""
    return f"'{text}" if text.startswith(_FORMULA) else text


def _flat(row: Row) -> Row:
    facets = row.get(GROUP, {})
    return {name: value for name, value in row.items() if name != GROUP} | {
        f"{FACET}{name}": value for name, value in facets.items()
    }


@contextmanager
def _csv(path: Path, columns: Sequence[ExportColumn], spreadsheet: bool) -> Iterator[Write]:
    joined = {c.flat: _SEPARATORS[c.kind] for c in columns if c.kind in _SEPARATORS}
    truths = [c.flat for c in columns if c.kind == "truth"]
    with path.open("w", encoding="utf-8", newline="") as handle:
        writer = csv.DictWriter(handle, [column.flat for column in columns])
        writer.writeheader()

        def write(rows: list[Row]) -> None:
            for row in rows:
                cells = _flat(row)
                cells |= {name: separator.join(cells[name]) for name, separator in joined.items()}
                cells |= {name: int(cells[name]) for name in truths}
                if spreadsheet:
                    cells = {n: as_cell(v) if isinstance(v, str) else v for n, v in cells.items()}
                writer.writerow(cells)

        yield write


@contextmanager
def _jsonl(path: Path, columns: Sequence[ExportColumn], spreadsheet: bool) -> Iterator[Write]:  # noqa: ARG001
    handle: IO[str]
    with path.open("w", encoding="utf-8", newline="\n") as handle:

        def write(rows: list[Row]) -> None:
            handle.writelines(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)

        yield write


def _schema(columns: Sequence[ExportColumn]) -> Any:
    import pyarrow as pa

    kinds: dict[str, Any] = {
        "text": pa.string(), "integer": pa.int64(), "number": pa.float64(), "truth": pa.bool_(),
    } | dict.fromkeys(_SEPARATORS, pa.list_(pa.string()))  # fmt: skip
    return pa.schema([(column.flat, kinds[column.kind]) for column in columns])


@contextmanager
def _parquet(path: Path, columns: Sequence[ExportColumn], spreadsheet: bool) -> Iterator[Write]:  # noqa: ARG001
    import pyarrow as pa
    import pyarrow.parquet as pq

    schema = _schema(columns)
    with pq.ParquetWriter(path, schema) as writer:

        def write(rows: list[Row]) -> None:
            writer.write_table(pa.Table.from_pylist([_flat(row) for row in rows], schema))

        yield write


@contextmanager
def _arrow(path: Path, columns: Sequence[ExportColumn], spreadsheet: bool) -> Iterator[Write]:  # noqa: ARG001
    """A folder as `datasets.Dataset.save_to_disk` leaves one: a stream of Arrow batches, and what describes it."""
    import pyarrow as pa

    schema, data = _schema(columns), "data-00000-of-00001.arrow"
    path.mkdir()
    with pa.OSFile(str(path / data), "wb") as sink, pa.ipc.new_stream(sink, schema) as writer:

        def write(rows: list[Row]) -> None:
            writer.write_table(pa.Table.from_pylist([_flat(row) for row in rows], schema))

        yield write
    with (path / data).open("rb") as handle:
        fingerprint = hashlib.file_digest(handle, "sha256").hexdigest()[:16]
    state: dict[str, Any] = {
        "_data_files": [{"filename": data}],
        "_fingerprint": fingerprint,
        "_format_columns": None,
        "_format_kwargs": {},
        "_format_type": None,
        "_output_all_columns": False,
        "_split": None,
    }
    for name, content in zip(DATASET_FILES, (state, dict[str, Any]()), strict=True):
        (path / name).write_text(json.dumps(content, indent=2, sort_keys=True), encoding="utf-8")


WRITERS: dict[str, Writer] = {"csv": _csv, "jsonl": _jsonl, "parquet": _parquet, "arrow": _arrow}
