"""The vectors of a space: one row-aligned float16 file, in the order in which texts were embedded.

The file is written and synced before its rows are marked in the table `vector`, so a crash leaves at most a tail that the
next writer cuts off.
"""

from __future__ import annotations

import contextlib
import os
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from db.errors import StoreError
from db.locks import held
from db.workspace import Workspace

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

FILE_NAME = "vectors.f16"
_CHUNK = 1 << 24


@dataclass(frozen=True)
class SpaceInfo:
    """A space as the store knows it; `texts` is the number of rows in its file."""

    id: int
    name: str
    model: str
    origin: str
    """What finds the model again: its name, or the folder that it was taken from."""
    revision: str
    dim: int
    texts: int
    checksum: int
    created_at: str


_COLUMNS = "id, name, model, origin, revision, dim, texts, checksum, created_at"


def spaces(workspace: Workspace) -> list[SpaceInfo]:
    """Every space, oldest first."""
    return [SpaceInfo(*row) for row in workspace.rows(f"SELECT {_COLUMNS} FROM space ORDER BY id")]


def find_space(workspace: Workspace, name: str) -> SpaceInfo | None:
    """The space of that name."""
    row = workspace.row(f"SELECT {_COLUMNS} FROM space WHERE name = ?", (name,))
    return None if row is None else SpaceInfo(*row)


def make_space(
    workspace: Workspace, name: str, model: str, revision: str, dim: int, origin: str = ""
) -> SpaceInfo:
    """A new, empty space; `origin` is the model's name where none is given."""
    with workspace.transaction() as connection:
        connection.execute(
            "INSERT INTO space (name, model, origin, revision, dim, dtype, texts, checksum, created_at)"
            " VALUES (?, ?, ?, ?, ?, 'float16', 0, 0, ?)",
            (name, model, origin or model, revision, dim, workspace.clock()),
        )
    found = find_space(workspace, name)
    assert found is not None
    return found


def space_folder(workspace: Workspace, name: str) -> Path:
    """Where the files of a space lie."""
    return workspace.folder / "vectors" / name


def missing_texts(workspace: Workspace, space_id: int, dataset_id: int | None) -> list[tuple[int, str]]:
    """Texts without a vector in the space: (id, content), by id."""
    scope = (
        "" if dataset_id is None else "AND t.id IN (SELECT text_id FROM query WHERE dataset_id = :dataset)"
    )
    return workspace.rows(
        "SELECT t.id, t.content FROM text t"
        f" WHERE NOT EXISTS (SELECT 1 FROM vector v WHERE v.space_id = :space AND v.text_id = t.id) {scope}"
        " ORDER BY t.id",
        {"space": space_id, "dataset": dataset_id},
    )


@contextlib.contextmanager
def writing(workspace: Workspace, name: str) -> Iterator[None]:
    """Hold a space's file for writing; one process at a time.

    Raises:
        StoreError: `store_locked` when another process embeds into the same space.
    """
    with held(
        space_folder(workspace, name) / "lock",
        f"Another process is embedding into the space {name!r}.",
        "Wait until it is done; what it has embedded is kept.",
    ):
        yield


def append(
    workspace: Workspace, space: SpaceInfo, text_ids: Sequence[int], vectors: NDArray[np.float32]
) -> SpaceInfo:
    """Add the vectors of some texts: unit rows [len(text_ids), dim]. Call it inside `writing`."""
    import numpy as np

    data = np.ascontiguousarray(vectors, dtype="<f2").tobytes()
    path = space_folder(workspace, space.name) / FILE_NAME
    start = space.texts * space.dim * 2
    with path.open("r+b" if path.exists() else "w+b") as handle:
        handle.truncate(start)
        handle.seek(start)
        handle.write(data)
        handle.flush()
        os.fsync(handle.fileno())
    checksum = zlib.crc32(data, space.checksum)
    with workspace.transaction() as connection:
        connection.executemany(
            'INSERT INTO vector (space_id, text_id, "row") VALUES (?, ?, ?)',
            [(space.id, text_id, space.texts + i) for i, text_id in enumerate(text_ids)],
        )
        texts = space.texts + len(text_ids)
        connection.execute(
            "UPDATE space SET texts = ?, checksum = ? WHERE id = ?", (texts, checksum, space.id)
        )
    found = find_space(workspace, space.name)
    assert found is not None
    return found


def repair(workspace: Workspace, space: SpaceInfo) -> tuple[SpaceInfo, int]:
    """Forget the rows that the file no longer holds, so that they are embedded again: (space, rows forgotten).

    A file that is too short loses its missing rows; one whose checksum is wrong loses all.
    """
    rows = intact_rows(workspace, space)
    if rows == space.texts:
        return space, 0
    checksum = _checksum(workspace, space, rows)
    with workspace.transaction() as connection:
        connection.execute('DELETE FROM vector WHERE space_id = ? AND "row" >= ?', (space.id, rows))
        connection.execute(
            "UPDATE space SET texts = ?, checksum = ? WHERE id = ?", (rows, checksum, space.id)
        )
    found = find_space(workspace, space.name)
    assert found is not None
    return found, space.texts - rows


def intact_rows(workspace: Workspace, space: SpaceInfo) -> int:
    """How many rows of the file can be trusted: all, those that are there, or none when the checksum is wrong."""
    held = _held_rows(workspace, space)
    if held < space.texts:
        return held
    return space.texts if _checksum(workspace, space, space.texts) == space.checksum else 0


def _held_rows(workspace: Workspace, space: SpaceInfo) -> int:
    path = space_folder(workspace, space.name) / FILE_NAME
    size = path.stat().st_size if path.exists() else 0
    return min(size // (space.dim * 2), space.texts)


def _checksum(workspace: Workspace, space: SpaceInfo, rows: int) -> int:
    left = rows * space.dim * 2
    value = 0
    if not left:
        return value
    with (space_folder(workspace, space.name) / FILE_NAME).open("rb") as handle:
        while left and (block := handle.read(min(_CHUNK, left))):
            value = zlib.crc32(block, value)
            left -= len(block)
    return value


def mapped(workspace: Workspace, space: SpaceInfo) -> NDArray[np.float16]:
    """The file as a read-only memory map, float16 [texts, dim].

    Raises:
        StoreError: `store_damaged` when the file is missing or too short.
    """
    import numpy as np

    if _held_rows(workspace, space) < space.texts:
        raise StoreError(
            "store_damaged",
            f"The vectors of the space {space.name!r} are missing in part.",
            "embed.run computes them again.",
        )
    if not space.texts:
        return np.empty((0, space.dim), dtype=np.float16)
    path = space_folder(workspace, space.name) / FILE_NAME
    return np.memmap(path, dtype="<f2", mode="r", shape=(space.texts, space.dim))


def at_hand(workspace: Workspace, name: str) -> NDArray[np.float16] | None:
    """The vectors of the space of that name as `mapped` gives them; `None` where there are none, or not all of them."""
    with contextlib.suppress(StoreError):
        space = find_space(workspace, name)
        if space is not None and space.texts:
            return mapped(workspace, space)
    return None


def text_rows(
    workspace: Workspace, space_id: int, dataset_id: int
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]:
    """The embedded texts of a dataset, by text id: (text ids, rows in the file, how often each was asked)."""
    import numpy as np

    found = workspace.rows(
        'SELECT v.text_id, v."row", count(*) FROM vector v JOIN query q ON q.text_id = v.text_id'
        " WHERE v.space_id = ? AND q.dataset_id = ? GROUP BY v.text_id ORDER BY v.text_id",
        (space_id, dataset_id),
    )
    table = np.array(found, dtype=np.int64).reshape(-1, 3)
    return table[:, 0], table[:, 1], table[:, 2].astype(np.float64)
