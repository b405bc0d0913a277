"""Loading a source into the store: all of it or nothing, and nothing twice."""

from __future__ import annotations

import hashlib
import json
import re
import sqlite3
from collections.abc import Mapping
from pathlib import Path

from core.control import Control
from core.errors import ActionError
from core.load.records import Conversation, Reject
from core.load.source import LoadSource, open_source
from core.rows import Loaded
from core.session import Session
from core.text import first_few, normalise, one_line
from db import ingest
from db.facets import facets
from db.ingest import NewConversation
from db.workspace import Workspace

BATCH = 2_000
MAX_NAME = 80


def load(
    session: Session, source: str, *, name: str | None, limit: int | None, mapping: Mapping[str, str]
) -> Loaded:
    """Load a source into the dataset `name`, in one transaction.

    A conversation whose id the dataset has already is counted as a duplicate. A file that has grown adds its
    new rows.

    Raises:
        ActionError: What `core.load.open_source` raises, or `bad_name`.
        StoreError: `store_locked`, `store_full` ...; nothing of the source is kept then.
        Cancelled: Stopped; nothing of the source is kept.
    """
    opened = open_source(source, mapping=mapping, limit=limit)
    workspace, control = session.workspace, session.control
    place = source if source == "sample" or source.startswith("hf:") else str(Path(source).resolve())
    at = workspace.clock()
    with workspace.transaction() as connection:
        dataset = _dataset(connection, opened, name, place, at)
        fingerprint = _mixed(dataset.fingerprint, opened.fingerprint(), str(limit))
        if limit is None:
            ingest.clear_rejects(connection, dataset.id, place)
        seen, loaded, advice = _add_all(connection, opened, dataset.id, place, control)
        ingest.count_rejects(connection, dataset.id)
        rejected = connection.execute(
            "SELECT count(*) FROM reject WHERE dataset_id = ? AND source = ?", (dataset.id, place)
        ).fetchone()[0]
        if loaded or not dataset.fingerprint:
            ingest.finish_dataset(connection, dataset.id, fingerprint, at)
        advice = (
            " ".join(filter(None, (advice, _facets_behind(workspace, dataset.id) if loaded else None)))
            or None
        )
        texts = connection.execute(
            "SELECT count(DISTINCT text_id) FROM query WHERE dataset_id = ?", (dataset.id,)
        ).fetchone()[0]
    if session.view.dataset != dataset.name:
        from core.place import open_dataset

        open_dataset(session, dataset.name)
    return Loaded(dataset.name, loaded, seen - loaded, rejected, texts, opened.info.shape, advice)


def _add_all(
    connection: sqlite3.Connection, opened: LoadSource, dataset_id: int, place: str, control: Control
) -> tuple[int, int, str | None]:
    """Add everything: (conversations read, conversations added, what to tell of times that cannot be read, and of
    conversations that have grown).
    """
    adder = ingest.Adder(connection, dataset_id)
    batch: list[NewConversation] = []
    rejects: list[tuple[int, str, str]] = []
    timeless, example = 0, ""
    column = opened.info.mapping.get("timestamp", "")
    seen = loaded = 0

    def flush() -> None:
        nonlocal loaded
        loaded += adder.add(batch)
        ingest.add_rejects(connection, dataset_id, place, rejects)
        batch.clear()
        rejects.clear()
        meter = opened.meter
        control.progress("load", meter.done, meter.total, meter.unit)

    opened.tick = lambda: control.progress("load", opened.meter.done, opened.meter.total, opened.meter.unit)
    for item in opened:
        if isinstance(item, Reject):
            rejects.append((item.line, item.reason, item.raw))
        else:
            seen += 1
            batch.append(_row(item))
            unread = item.metadata.get(opened.time_field)
            if item.timestamp is None and unread is not None:
                timeless, example = timeless + 1, example or str(unread)
        if len(batch) + len(rejects) >= BATCH:
            flush()
    flush()
    advice: list[str] = []
    if timeless:
        advice.append(
            f"{timeless:,} of {seen:,} conversations have no time that can be read in {column}, such as"
            f" “{one_line(example, 40)}”: trends leave them out. Times are read as 2023-04-03T10:00:00Z, or as seconds since 1970."
        )
    if adder.grown:
        advice.append(
            f"{adder.grown:,} of the conversations that were there already have more turns now; they stay as they were."
            " To have all turns, load the file under another name=."
        )
    return seen, loaded, " ".join(advice) or None


def _facets_behind(workspace: Workspace, dataset_id: int) -> str | None:
    made = [facet.name for facet in facets(workspace, dataset_id)]
    if not made:
        return None
    return (
        f"What was loaded now has no value yet in the facets that were made before: {first_few(made)}."
        " facet.resume gives them those of a model; facet.from_metadata and facet.import the others, done once more."
    )


def _row(conversation: Conversation) -> NewConversation:
    return NewConversation(
        external_id=conversation.external_id,
        text=normalise(conversation.first_query),
        model=conversation.model,
        language=conversation.language,
        timestamp=conversation.timestamp,
        user=conversation.user,
        metadata=json.dumps(conversation.metadata, ensure_ascii=False, sort_keys=True),
        turns=[(turn.role, turn.content) for turn in conversation.turns],
    )


def _dataset(
    connection: sqlite3.Connection, opened: LoadSource, name: str | None, place: str, at: str
) -> ingest.DatasetInfo:
    """The dataset to load into: the one named, or the one that came from the same place, or a new one."""
    if name is not None:
        _check_name(name)
        found = ingest.find_dataset(connection, name)
    else:
        base = _name_from(place)
        name, ordinal = base, 1
        while (found := ingest.find_dataset(connection, name)) is not None and found.source != place:
            ordinal += 1
            name = f"{base}-{ordinal}"
    if found is not None:
        return found
    info = opened.info
    dataset_id = ingest.make_dataset(
        connection, name, place, info.shape, json.dumps(info.mapping, sort_keys=True), at
    )
    return ingest.DatasetInfo(dataset_id, name, place, "")


def _name_from(place: str) -> str:
    """A short name from a path or a hub's name: the last part without its endings."""
    last = place.removeprefix("hf:").rstrip("/").split("/")[-1].split(":")[0]
    stem = re.sub(
        r"(\.(zip|gz|gzip|zst|zstd|jsonl|ndjson|json|csv|tsv|tab|parquet|pq))+$",
        "",
        last,
        flags=re.IGNORECASE,
    )
    return re.sub(r"[^\w.-]+", "-", stem).strip("-.")[:MAX_NAME] or "dataset"


def _check_name(name: str) -> None:
    if not re.fullmatch(r"[\w][\w .-]*", name) or len(name) > MAX_NAME:
        raise ActionError(
            "bad_name",
            f"{name[:MAX_NAME]!r} is not a name for a dataset.",
            f"Use letters, digits, '-', '_', '.' and spaces, at most {MAX_NAME}.",
        )


def _mixed(*parts: str) -> str:
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()
