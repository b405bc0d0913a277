"""The nearest texts of a space to one vector, by cosine.

Exact over the memory map: usearch's brute force reads float16 as it lies in the file, at about 25 ms per 100,000 vectors
of 384 dimensions on one thread. A space of `INDEX_FROM` rows and more may have an HNSW index beside its vectors (Malkov
and Yashunin, 2018); it only proposes candidates, which are scored exactly. An index that does not belong to the vectors
as they are is not used: then the search is exact again.
"""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from db.search import Filter, few
from db.text_sets import kept, key_of, passing, texts_of_rows
from db.vectors import SpaceInfo, mapped, space_folder, writing
from db.workspace import Workspace

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

INDEX_FROM = 500_000
"""Rows from which an index is worth its time to build and its place on disk."""

EXACT_ROWS = 100_000
"""Up to so many rows that a filter keeps are scored themselves."""

INDEX_FILE = "index.usearch"
_LABEL_FILE = "index.json"
_GATHER_ROWS = 1 << 13
_BUILD_ROWS = 1 << 13
_SPARE = 64
"""Candidates beyond those asked for, because usearch rounds the query to float16 and the scores here do not."""
_SLACK = 1.25
_WIDTH = 2
"""An index is searched for so many times the candidates asked for."""


@dataclass(frozen=True)
class Nearest:
    """Texts by falling similarity, ties by id: `texts` int64 [n], `similarities` float64 [n] in -1 to 1."""

    texts: NDArray[np.int64]
    similarities: NDArray[np.float64]


@dataclass(frozen=True)
class _Label:
    """What an index was built from, and its size: a file that was cut off must never be mapped."""

    rows: int
    checksum: int
    dim: int
    bytes: int


class _Index:
    """An HNSW index that is open; may be used from several threads."""

    def __init__(self, index: Any) -> None:
        self._index = index
        self._lock = threading.Lock()

    def search(self, query: NDArray[np.float32], count: int) -> NDArray[np.int64]:
        """The rows of about the nearest `count` and some more."""
        import numpy as np

        wanted = min(count + _SPARE, len(self._index))
        with self._lock:
            self._index.expansion_search = max(wanted * _WIDTH, 256)
            found = self._index.search(query.astype(np.float16), wanted, threads=1)
        return np.asarray(found.keys, dtype=np.int64)


def nearest(
    workspace: Workspace,
    space: SpaceInfo,
    vector: NDArray[np.float32],
    count: int,
    among: tuple[NDArray[np.int64], NDArray[np.int64]] | None = None,
) -> Nearest:
    """The `count` texts whose vectors are nearest to a unit vector [dim]; fewer when there are fewer.

    Args:
        workspace: The store.
        space: Where the vectors lie.
        vector: float32 [dim], of unit length.
        count: At most so many texts.
        among: Only these: text ids int64 [n] and their rows int64 [n] in the space's file.

    Raises:
        StoreError: `store_damaged` when the file is missing or too short.
    """
    import numpy as np

    vectors = mapped(workspace, space)
    query = np.asarray(vector, np.float32)
    if among is not None and len(among[1]) < space.texts:
        # Mostly sorted already, which a stable sort sees.
        chosen = np.sort(among[1], kind="stable")
        rows = _among(workspace, space, query, count, chosen)
        rows = _exact(vectors, query, count, chosen) if rows is None else rows
    elif (index := _fresh_index(workspace, space)) is not None:
        rows = index.search(query, count)
    else:
        rows = _exact(vectors, query, count, None)
    # Rounded, so that neither the order nor a page's cursor hangs on the last bit of a sum.
    similarities = np.round(
        np.einsum("ij,j->i", vectors[rows].astype(np.float64), query.astype(np.float64)), 6
    )
    texts = _texts_of(workspace, space, rows, among)
    if (texts < 0).any():
        # Texts were deleted since; their rows stay in the file and must not take the place of others.
        return nearest(workspace, space, vector, count, _all_rows(workspace, space))
    order = np.lexsort((texts, -similarities))[:count]
    return Nearest(texts[order], similarities[order])


def rows_of_texts(
    workspace: Workspace, space_id: int, chosen: Filter
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The embedded texts that a filter leaves: (text ids, their rows in the space's file); never change them."""
    found: tuple[NDArray[np.int64], NDArray[np.int64]] = kept(
        workspace, ("among", space_id, key_of(chosen)), lambda: _rows_of_texts(workspace, space_id, chosen)
    )
    return found


def _rows_of_texts(
    workspace: Workspace, space_id: int, chosen: Filter
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    import numpy as np

    if few(workspace, chosen):
        cursor = workspace.raw.execute(
            'SELECT e.text_id, e."row" FROM vector e WHERE e.space_id = :space AND e.text_id IN'
            f" (SELECT q.text_id FROM {chosen.source} WHERE {chosen.where})",
            {**chosen.parameters, "space": space_id},
        )
        found = np.fromiter(cursor, dtype=np.dtype([("text", np.int64), ("row", np.int64)]))
        return found["text"].copy(), found["row"].copy()
    texts, passes = texts_of_rows(workspace, space_id), passing(workspace, chosen)
    rows = np.flatnonzero(passes[np.clip(texts, 0, len(passes) - 1)] & (texts < len(passes)) & (texts >= 0))
    return texts[rows], rows


def build_index(
    workspace: Workspace, space: SpaceInfo, report: Callable[[int, int], None] | None = None
) -> bool:
    """Build the index of a space that is big enough and has none for its vectors as they are: whether one was built.

    On one thread, because two give another graph each time. Takes minutes per 100,000 rows: for a job, never for a search.

    Args:
        workspace: The store, writable.
        space: The space.
        report: Called with rows done and rows in all between batches; may raise to stop, and then nothing is left.

    Raises:
        StoreError: `store_locked` while the space is embedded into; `store_full`, `store_read_only`, `store_damaged`.
    """
    if space.texts < INDEX_FROM or _fresh_index(workspace, space) is not None:
        return False
    import numpy as np
    from usearch.index import Index, MetricKind

    folder = space_folder(workspace, space.name)
    with writing(workspace, space.name):
        vectors = mapped(workspace, space)
        index = Index(ndim=space.dim, metric=MetricKind.IP, dtype="f16")
        for start in range(0, space.texts, _BUILD_ROWS):
            if report is not None:
                report(start, space.texts)
            block = np.asarray(vectors[start : start + _BUILD_ROWS])
            index.add(np.arange(start, start + len(block)), block, threads=1)
        (folder / _LABEL_FILE).unlink(missing_ok=True)
        part = folder / f"{INDEX_FILE}.part"
        index.save(str(part))
        part.replace(folder / INDEX_FILE)
        label = _Label(space.texts, space.checksum, space.dim, (folder / INDEX_FILE).stat().st_size)
        (folder / _LABEL_FILE).write_text(json.dumps(asdict(label)), encoding="utf-8")
    return True


def _fresh_index(workspace: Workspace, space: SpaceInfo) -> _Index | None:
    folder = space_folder(workspace, space.name)
    if space.texts < INDEX_FROM or not (folder / INDEX_FILE).exists():
        return None
    try:
        label = _Label(**json.loads((folder / _LABEL_FILE).read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return None
    file = (folder / INDEX_FILE).stat()
    if label != _Label(space.texts, space.checksum, space.dim, file.st_size):
        return None
    # Opening it reads the place of every node, which takes longer than ten searches.
    kept: dict[str, tuple[object, _Index | None]] = workspace.kept.setdefault("vector_indexes", {})
    state = (label, file.st_ino, file.st_mtime_ns)
    if space.name not in kept or kept[space.name][0] != state:
        kept[space.name] = (state, _view(folder / INDEX_FILE, space))
    return kept[space.name][1]


def _view(path: Path, space: SpaceInfo) -> _Index | None:
    from usearch.index import Index, MetricKind

    # Without a table of its keys: to make one reads every node of the file, and no other thread runs meanwhile.
    index = Index(ndim=space.dim, metric=MetricKind.IP, dtype="f16", enable_key_lookups=False)
    try:
        index.view(os.fspath(path))
    except (RuntimeError, ValueError):
        return None
    return _Index(index) if len(index) == space.texts else None


def _among(
    workspace: Workspace, space: SpaceInfo, query: NDArray[np.float32], count: int, rows: NDArray[np.int64]
) -> NDArray[np.int64] | None:
    """Those of the index's nearest that are among many rows; `None` where to score the rows themselves is better."""
    import numpy as np

    if len(rows) <= EXACT_ROWS or (index := _fresh_index(workspace, space)) is None:
        return None
    # Where a filter keeps one of three, three times as many of all hold as many of its own; where the query is far from
    # what it keeps they do not, and then all are scored.
    nearest_rows = index.search(query, int(count * space.texts / len(rows) * _SLACK))
    places = np.minimum(np.searchsorted(rows, nearest_rows), len(rows) - 1)
    found = nearest_rows[rows[places] == nearest_rows]
    return found if len(found) >= count else None


def _exact(
    vectors: NDArray[np.float16], query: NDArray[np.float32], count: int, rows: NDArray[np.int64] | None
) -> NDArray[np.int64]:
    """Rows of the candidates: the best `count` and some more, of all rows or of `rows`, in bounded memory."""
    import numpy as np
    from usearch.index import MetricKind, search

    half = query.astype(np.float16)
    kept_rows = np.empty(0, np.int64)
    kept_distances = np.empty(0, np.float32)
    for numbers, block in _blocks(vectors, rows):
        found = search(block, half, min(count + _SPARE, len(block)), MetricKind.IP, exact=True, threads=1)
        kept_rows = np.concatenate([kept_rows, numbers[np.asarray(found.keys, np.int64)]])
        kept_distances = np.concatenate([kept_distances, found.distances])
        best = np.lexsort((kept_rows, kept_distances))[: count + _SPARE]
        kept_rows, kept_distances = kept_rows[best], kept_distances[best]
    return kept_rows


def _blocks(
    vectors: NDArray[np.float16], rows: NDArray[np.int64] | None
) -> Iterator[tuple[NDArray[np.int64], NDArray[np.float16]]]:
    import numpy as np

    if rows is None:
        if len(vectors):
            yield np.arange(len(vectors)), np.asarray(vectors)
        return
    # One buffer for all: to have the system give memory for each block takes longer than to fill it.
    buffer = np.empty((min(len(rows), _GATHER_ROWS), vectors.shape[1]), vectors.dtype)
    table = np.asarray(vectors)
    for start in range(0, len(rows), _GATHER_ROWS):
        numbers = rows[start : start + _GATHER_ROWS]
        block = buffer[: len(numbers)]
        # Without a mode, `take` checks all numbers and copies what it made into the buffer.
        yield numbers, np.take(table, numbers, axis=0, out=block, mode="clip")


def _all_rows(workspace: Workspace, space: SpaceInfo) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    import numpy as np

    found = workspace.raw.execute('SELECT text_id, "row" FROM vector WHERE space_id = ?', (space.id,))
    table = np.fromiter(found, dtype=np.dtype([("text", np.int64), ("row", np.int64)]))
    return table["text"].copy(), table["row"].copy()


def _texts_of(
    workspace: Workspace,
    space: SpaceInfo,
    rows: NDArray[np.int64],
    among: tuple[NDArray[np.int64], NDArray[np.int64]] | None,
) -> NDArray[np.int64]:
    """The text of each row; -1 where the row belongs to none."""
    import numpy as np

    if among is not None:
        order = np.argsort(among[1])
        places = np.searchsorted(among[1], rows, sorter=order)
        found = order[np.minimum(places, len(order) - 1)]
        return np.where(among[1][found] == rows, among[0][found], -1)
    known = dict(
        workspace.rows(
            'SELECT "row", text_id FROM vector WHERE space_id = ? AND "row" IN (SELECT value FROM json_each(?))',
            (space.id, json.dumps(rows.tolist())),
        )
    )
    return np.array([known.get(row, -1) for row in rows.tolist()], dtype=np.int64)
