"""Vectors that the user already has."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from core.embed.base import unit
from core.errors import ActionError
from core.lookup import find_dataset
from core.paths import is_file, user_path
from core.rows import Embedded
from core.session import Session
from db import vectors
from db.workspace import Workspace

BLOCK = 4096
MAX_NAME = 80


def import_vectors(session: Session, path: str, *, space: str, dataset: str | None) -> Embedded:
    """Take vectors from a .npy file [conversations, dim] in load order, or from Parquet with `id` and `vector`.

    A text that was asked several times takes the vector of its first conversation. Rows are scaled to unit length.

    Raises:
        ActionError: `file_missing`, `unknown_format`, `bad_vectors`, `bad_name` or `space_exists`.
    """
    workspace = session.workspace
    dataset_id, name = find_dataset(workspace, dataset or session.view.dataset)
    source = user_path(path)
    if not is_file(source):
        raise ActionError(
            "file_missing", f"There is no file {path}.", "Give the path of a .npy or .parquet file."
        )
    if (
        not space.replace("-", "").replace("_", "").replace(".", "").isalnum()
        or space.startswith(".")
        or len(space) > MAX_NAME
    ):
        raise ActionError(
            "bad_name",
            f"{space[:MAX_NAME]!r} is not a name for a space.",
            f"Use letters, digits, '-', '_', '.', at most {MAX_NAME}.",
        )
    digest = hashlib.sha256(source.read_bytes()).hexdigest()[:12]
    rows = _npy(source) if source.suffix == ".npy" else _parquet(source)
    ids, table = rows
    text_ids, chosen = _match(workspace, dataset_id, ids, len(table))
    found = vectors.find_space(workspace, space)
    if found is not None and (found.revision, found.dim) != (digest, table.shape[1]):
        raise ActionError(
            "space_exists", f"The space {space!r} holds other vectors.", "Give another name: space=NAME."
        )
    with vectors.writing(workspace, space):
        info = found or vectors.make_space(workspace, space, "imported", digest, table.shape[1])
        info, _ = vectors.repair(workspace, info)
        held = {row[0] for row in workspace.rows("SELECT text_id FROM vector WHERE space_id = ?", (info.id,))}
        todo = [(t, i) for t, i in zip(text_ids, chosen, strict=True) if t not in held]
        for start in range(0, len(todo), BLOCK):
            block = todo[start : start + BLOCK]
            part = unit(np.asarray(table[[i for _, i in block]], dtype=np.float32))
            info = vectors.append(workspace, info, [t for t, _ in block], part)
            session.control.progress("import", start + len(block), len(todo), "texts")
    session.go(dataset=name, space=space)
    return Embedded(
        space, len(text_ids), info.dim, len(todo), "imported", "none", f"The vectors come from {source.name}."
    )


def _npy(path: Path) -> tuple[None, NDArray[np.floating]]:
    try:
        table = np.load(path, mmap_mode="r", allow_pickle=False)
    except (ValueError, OSError, EOFError) as error:
        raise ActionError("bad_vectors", f"{path} is not a .npy file: {error}.", "") from error
    return None, _checked(table, path)


def _parquet(path: Path) -> tuple[list[str], NDArray[np.floating]]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    if path.suffix != ".parquet":
        raise ActionError("unknown_format", f"{path} is neither .npy nor .parquet.", "")
    try:
        table = pq.read_table(path)
    except (pa.ArrowInvalid, OSError) as error:
        raise ActionError("bad_vectors", f"{path} is not a Parquet file.", "") from error
    if "id" not in table.column_names or "vector" not in table.column_names:
        raise ActionError(
            "unknown_column",
            f"{path} has the columns {', '.join(table.column_names)}.",
            "It needs `id` (the conversation's id) and `vector`.",
        )
    ids = [str(value) for value in table.column("id").to_pylist()]
    rows = table.column("vector").to_pylist()
    lengths = {len(row) if row is not None else 0 for row in rows}
    if len(lengths) != 1:
        raise ActionError("bad_vectors", f"The vectors of {path} are not all of one length.", "")
    return ids, _checked(np.asarray(rows, dtype=np.float32), path)


def _checked(table: NDArray[np.floating], path: Path) -> NDArray[np.floating]:
    if table.ndim != 2 or not table.shape[1] or not np.issubdtype(table.dtype, np.floating):
        raise ActionError(
            "bad_vectors",
            f"{path} holds {table.dtype} {list(table.shape)}.",
            "It must be [rows, dim], floating point.",
        )
    for block in _blocks(table):
        if not np.isfinite(block).all():
            raise ActionError("bad_vectors", f"{path} holds values that are not finite.", "")
    return table


def _blocks(table: NDArray[np.floating]) -> Iterator[NDArray[np.floating]]:
    for start in range(0, len(table), BLOCK):
        yield table[start : start + BLOCK]


def _match(
    workspace: Workspace, dataset_id: int, ids: list[str] | None, rows: int
) -> tuple[list[int], list[int]]:
    """Which text each row is for: (text ids, row of each), the first conversation of a text deciding."""
    queries = workspace.rows(
        "SELECT q.text_id, v.external_id FROM query q JOIN conversation v ON v.id = q.conversation_id"
        " WHERE q.dataset_id = ? ORDER BY q.id",
        (dataset_id,),
    )
    if ids is None:
        if rows != len(queries):
            raise ActionError(
                "bad_vectors",
                f"The file has {rows} rows, the dataset {len(queries)} conversations.",
                "Give one row a conversation, in the order of loading; or Parquet with ids.",
            )
        place = {external: i for i, (_, external) in enumerate(queries)}
    else:
        place = {external: i for i, external in enumerate(ids)}
    first: dict[int, int] = {}
    for text_id, external in queries:
        if external in place:
            first.setdefault(text_id, place[external])
    if not first:
        raise ActionError(
            "bad_vectors", "No id of the file is an id of the dataset.", "query.show tells conversation_id."
        )
    return list(first), list(first.values())
