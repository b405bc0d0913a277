"""What the log says of each query of a run, as arrays: read once in one pass, then counted in milliseconds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from db.text_sets import kept
from db.workspace import Workspace

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

UNKNOWN = -1
"""The code of a language, a model or a day that the log does not tell."""


@dataclass(frozen=True, eq=False)
class QueryFacts:
    """Of the `n` queries of a run the cluster, and codes into `languages`, `models` and `days`; 16 bytes a query."""

    cluster: NDArray[np.int32]
    """`[n]` the cluster's number."""
    language: NDArray[np.int32]
    """`[n]` a place in `languages`, or `UNKNOWN`."""
    model: NDArray[np.int32]
    """`[n]` a place in `models`, or `UNKNOWN`."""
    day: NDArray[np.int32]
    """`[n]` a place in `days`, or `UNKNOWN`."""
    languages: tuple[str, ...]
    models: tuple[str, ...]
    days: tuple[str, ...]
    """Dates such as `2023-04-09`, UTC, in no order."""


def query_facts(workspace: Workspace, run: int) -> QueryFacts:
    """The facts of a run's queries; kept until the store changes.

    Args:
        workspace: The store.
        run: The row id of the run.
    """
    found: QueryFacts = kept(workspace, ("query facts", run), lambda: _read(workspace, run))
    return found


class _Codes(dict[str | None, int]):
    """Numbers from 0 for values in the order in which they come; `UNKNOWN` for none."""

    def __init__(self) -> None:
        super().__init__({None: UNKNOWN})

    def __missing__(self, value: str | None) -> int:
        code = self[value] = len(self) - 1
        return code

    @property
    def values_in_order(self) -> tuple[str, ...]:
        return tuple(value for value in self if value is not None)


def _read(workspace: Workspace, run: int) -> QueryFacts:
    """Two scans in the order of the queries: to look each query of each cluster up takes three times as long."""
    import numpy as np

    assigned = np.fromiter(
        workspace.raw.execute(
            "SELECT query_id, cluster FROM assignment WHERE run_id = ? ORDER BY query_id", (run,)
        ),
        dtype=np.dtype([("query", np.int64), ("cluster", np.int32)]),
    )
    cursor = workspace.raw.execute(
        "SELECT q.id, v.language, v.model, substr(v.timestamp, 1, 10) FROM query q"
        " JOIN conversation v ON v.id = q.conversation_id"
        # The plus keeps the index on datasets out, which has the queries in another order.
        " WHERE +q.dataset_id = (SELECT dataset_id FROM run WHERE id = ?) ORDER BY q.id",
        (run,),
    )
    codes = (_Codes(), _Codes(), _Codes())
    ids: list[NDArray[np.int64]] = [np.empty(0, np.int64)]
    said: list[NDArray[np.int32]] = [np.empty((3, 0), np.int32)]
    # In pieces, column by column: a million calls a column would take most of the time.
    while rows := cursor.fetchmany(_PIECE):
        columns = tuple(zip(*rows, strict=True))
        ids.append(np.array(columns[0], np.int64))
        said.append(
            np.array(
                [[code[value] for value in column] for code, column in zip(codes, columns[1:], strict=True)],
                np.int32,
            )
        )
    place = np.searchsorted(np.concatenate(ids), assigned["query"])
    language, model, day = np.concatenate(said, axis=1)[:, place]
    return QueryFacts(
        assigned["cluster"].copy(), language, model, day, *(code.values_in_order for code in codes)
    )


_PIECE = 20_000
