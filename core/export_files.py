"""The files of an export: CSV, JSON Lines and Parquet, each whole or not at all."""

from __future__ import annotations

import csv
import json
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from db.facets import FacetInfo

COLUMNS = (
    "query_id", "conversation_id", "text", "language", "model", "timestamp", "cluster_id", "cluster_title", "is_noise",
    "distance", "path", "path_ids",
)  # fmt: skip
FACET = "facet_"
"""Before the name of a facet's column."""
PATH_SEPARATOR = " > "
ID_SEPARATOR = "/"

Row = dict[str, Any]


def temporary(target: Path) -> Path:
    """The file that is written before it takes the place of `target`."""
    return target.with_name(f".{target.name}.{os.getpid()}.part")


@contextmanager
def replacing(target: Path) -> Iterator[Path]:
    """A temporary file beside `target` that takes its place when the block ends well."""
    part = temporary(target)
    try:
        yield part
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)


def _flat(row: Row) -> Row:
    """A row with a column for each facet."""
    facets_of = row.get("facets", {})
    return {name: value for name, value in row.items() if name != "facets"} | {
        f"{FACET}{name}": value for name, value in facets_of.items()
    }


Writer = Callable[[list[Row]], None]


@contextmanager
def _csv(path: Path, made: Sequence[FacetInfo]) -> Iterator[Writer]:
    with path.open("w", encoding="utf-8", newline="") as handle:
        writer = csv.DictWriter(handle, [*COLUMNS, *(f"{FACET}{facet.name}" for facet in made)])
        writer.writeheader()

        def write(rows: list[Row]) -> None:
            for row in rows:
                joined = {
                    "path": PATH_SEPARATOR.join(row["path"]),
                    "path_ids": ID_SEPARATOR.join(row["path_ids"]),
                    "is_noise": int(row["is_noise"]),
                }
                writer.writerow(_flat(row) | joined)

        yield write


@contextmanager
def _jsonl(path: Path, made: Sequence[FacetInfo]) -> Iterator[Writer]:  # noqa: ARG001
    handle: IO[str]
    with path.open("w", encoding="utf-8", newline="\n") as handle:

        def write(rows: list[Row]) -> None:
            handle.writelines(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)

        yield write


@contextmanager
def _parquet(path: Path, made: Sequence[FacetInfo]) -> Iterator[Writer]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    types = {
        "query_id": pa.int64(), "cluster_id": pa.int64(), "is_noise": pa.bool_(), "distance": pa.float64(),
        "path": pa.list_(pa.string()), "path_ids": pa.list_(pa.string()),
    }  # fmt: skip
    columns = [(name, types.get(name, pa.string())) for name in COLUMNS]
    columns += [
        (f"{FACET}{facet.name}", pa.int64() if facet.kind == "scale" else pa.string()) for facet in made
    ]
    schema = pa.schema(columns)
    with pq.ParquetWriter(path, schema) as writer:

        def write(rows: list[Row]) -> None:
            writer.write_table(pa.Table.from_pylist([_flat(row) for row in rows], schema))

        yield write


WRITERS = {"csv": _csv, "jsonl": _jsonl, "parquet": _parquet}
