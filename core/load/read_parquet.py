"""Rows of Parquet files, batch by batch."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from core.errors import ActionError
from core.load.files import LogFile, Meter, empty, unreadable
from core.load.read_json import Item
from core.load.records import Reject

if TYPE_CHECKING:
    from pyarrow import RecordBatch

_BATCH = 1_024


def read_parquet(file: LogFile, meter: Meter) -> Iterator[Item]:
    """The rows of a Parquet file, numbered from 1; nested columns become objects and lists, times `datetime`
    values.

    A value that Python cannot hold (text that is not UTF-8, a time beyond the year 9999) makes its row a
    reject.

    Raises:
        ActionError: `damaged_file` for a file that is cut or broken, `empty_file`, `file_unreadable`.
    """
    import pyarrow
    import pyarrow.parquet

    number = 0
    try:
        with pyarrow.parquet.ParquetFile(file.path) as table:
            meter.total, meter.unit = table.metadata.num_rows, "rows"
            if not meter.total:
                raise empty(file.path)
            for batch in table.iter_batches(_BATCH):
                for row in _rows(batch):
                    number += 1
                    meter.done = number
                    yield number, Reject(number, row, "") if isinstance(row, str) else row
    except pyarrow.ArrowException as error:
        raise ActionError(
            "damaged_file",
            f"{file.path} is cut off or damaged: {str(error)[:300]}.",
            "Copy or download it again.",
        ) from error
    except OSError as error:
        raise unreadable(file.path, error) from error


def _rows(batch: RecordBatch) -> Iterator[dict[str, Any] | str]:
    """The rows of a batch; a row that cannot become Python values comes as the reason."""
    try:
        yield from batch.to_pylist()
        return
    except (ValueError, OverflowError, ArithmeticError):
        pass
    for index in range(batch.num_rows):
        try:
            yield batch.slice(index, 1).to_pylist()[0]
        except (ValueError, OverflowError, ArithmeticError) as error:
            yield f"unreadable value: {str(error)[:200]}"
