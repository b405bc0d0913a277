"""Facets without a model: values that the user has in a file, or that the log's metadata hold."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from core.control import Control
from core.errors import ActionError
from core.facets.builtin import check_name, exists
from core.facets.kinds import Kind, UnfitError, kept_kind, kind_of
from core.facets.rows import FacetMade
from core.lookup import find_dataset, unknown
from core.paths import is_file, user_path
from core.session import Session
from core.text import normalise
from db import facets as stored
from db.facets import FacetInfo, NewFacet, Value
from db.workspace import Workspace

LONGEST = 1_000
"""Characters of a value."""

_IDS = ("conversation_id", "id", "conversation")
_VALUES = ("value", "label")
_EVERY = 5_000


@dataclass(frozen=True)
class Given:
    """Values by the id of the conversation, as they were found, and how many rows hold none that can be used."""

    values: Mapping[str, Any]
    unusable: int


def import_facet(
    session: Session, path: str, name: str, values: str | None, dataset: str | None
) -> FacetMade:
    """Take the values of a facet from a CSV or JSON Lines file with a conversation's id and a value a row.

    The id stands in `conversation_id`, `id` or `conversation`, the value in `value`, `label` or under the facet's name. A
    value that the kind does not allow is kept as failed, a conversation that is not in the file has none.

    Raises:
        ActionError: `bad_facet_name`, `bad_values`, `facet_exists`, `bad_path`, `bad_file` or `no_values`.
    """
    workspace = session.workspace
    dataset_id, dataset_name = find_dataset(workspace, dataset or session.view.dataset)
    kind = _checked(workspace, dataset_id, dataset_name, name, values)
    given = _read(user_path(path), name)
    ids = _conversations(workspace, dataset_id)
    known = {ids[key]: value for key, value in given.values.items() if key in ids}
    if not known:
        raise ActionError(
            "no_values",
            f"{path} has no value for a conversation of {dataset_name}.",
            "Its ids must be those of the log, as query.show shows them: conversation_id.",
        )
    new = NewFacet(
        dataset_id, name, "import", "conversation", kind.name, kind.values, "", "", {"from": Path(path).name}
    )
    strange = len(given.values) - len(known)
    notes = [
        f"{strange:,} rows name no conversation of {dataset_name}" * bool(strange),
        f"{given.unusable:,} rows hold no id, no value, or an id again" * bool(given.unusable),
    ]
    return _store(session, new, dataset_name, kind, known, "; ".join(filter(None, notes)) or None)


def facet_from_metadata(
    session: Session, field: str, name: str, values: str | None, dataset: str | None
) -> FacetMade:
    """Take the values of a facet from a field of the conversations' metadata; done again, of those that came since.

    Args:
        session: Where the user is.
        field: The field; a dotted path reaches inside.
        name: The facet's name.
        values: The values that it may have; `None`: any.
        dataset: The dataset's name; `None` is the current one.

    Raises:
        ActionError: `bad_facet_name`, `bad_values`, `facet_exists` or `unknown_field`.
    """
    workspace = session.workspace
    dataset_id, dataset_name = find_dataset(workspace, dataset or session.view.dataset)
    there = stored.find_facet(workspace, dataset_id, name)
    if there is not None and _is_of(there, field, kind_of(values)):
        return refresh(session, there, dataset_name)
    kind = _checked(workspace, dataset_id, dataset_name, name, values)
    found = _metadata(workspace, dataset_id, field, session.control)
    if not found:
        raise unknown(
            "field", field, _fields(workspace, dataset_id), "query.show shows a conversation's metadata."
        )
    new = NewFacet(
        dataset_id, name, "metadata", "conversation", kind.name, kind.values, "", "", {"from": field}
    )
    return _store(session, new, dataset_name, kind, found, None)


def _is_of(facet: FacetInfo, field: str, kind: Kind) -> bool:
    """Whether a facet was taken from that field, with these values."""
    made = (facet.source, facet.parameters.get("from"), kept_kind(facet.kind, facet.values))
    return made == ("metadata", field, kind)


def refresh(session: Session, facet: FacetInfo, dataset: str) -> FacetMade:
    """Take the values of conversations that were loaded since a facet was taken from the metadata.

    Raises:
        ActionError: `not_resumable` for a facet that was imported.
    """
    if facet.source != "metadata":
        raise ActionError(
            "not_resumable",
            f"The facet {facet.name} was imported; nobody can be asked for more.",
            f"facet.delete name={facet.name} yes=true, and import the whole file.",
        )
    workspace = session.workspace
    kind = kept_kind(facet.kind, facet.values)
    had = stored.statuses(workspace, facet.id)
    found = _metadata(workspace, facet.dataset_id, facet.parameters["from"], session.control)
    new = {conversation: value for conversation, value in found.items() if conversation not in had}
    with workspace.transaction() as connection:
        stored.put_values(connection, facet.id, _fitted(kind, new))
        stored.settle(workspace, facet.id, facet.dataset_id, 0.0)
    return _made(workspace, facet.id, facet.dataset_id, dataset, facet.name, kind, None)


def _checked(workspace: Workspace, dataset_id: int, dataset: str, name: str, values: str | None) -> Kind:
    check_name(name)
    kind = kind_of(values)
    if stored.find_facet(workspace, dataset_id, name) is not None:
        raise exists(name, dataset)
    return kind


def _store(
    session: Session, new: NewFacet, dataset: str, kind: Kind, values: Mapping[int, Any], note: str | None
) -> FacetMade:
    workspace = session.workspace
    with workspace.transaction() as connection:
        facet_id = stored.add_facet(connection, new, workspace.clock())
        stored.put_values(connection, facet_id, _fitted(kind, values))
        stored.settle(workspace, facet_id, new.dataset_id, 0.0)
    return _made(workspace, facet_id, new.dataset_id, dataset, new.name, kind, note)


def _made(
    workspace: Workspace,
    facet_id: int,
    dataset_id: int,
    dataset: str,
    name: str,
    kind: Kind,
    note: str | None,
) -> FacetMade:
    counts = stored.counts_of(workspace, facet_id, dataset_id)
    return FacetMade(
        name, dataset, "conversation", kind.name, counts.known, counts.failed, counts.missing, counts.status, note=note
    )  # fmt: skip


def _fitted(kind: Kind, values: Mapping[int, Any]) -> Iterator[Value]:
    """Each value as it is kept; what the kind does not allow as failed, with the reason."""
    for conversation, value in sorted(values.items()):
        written = _written(value)
        try:
            if len(written) > LONGEST:
                raise UnfitError(f"It has more than {LONGEST:,} characters.")
            yield Value(conversation, written if kind.name == "text" else kind.fit(written))
        except UnfitError as error:
            yield Value(conversation, None, str(error))


def _written(value: Any) -> str:
    """A value of JSON as text."""
    if isinstance(value, str):
        return normalise(value)
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return json.dumps(value, ensure_ascii=False, sort_keys=True)


def _conversations(workspace: Workspace, dataset_id: int) -> dict[str, int]:
    return dict(
        workspace.raw.execute("SELECT external_id, id FROM conversation WHERE dataset_id = ?", (dataset_id,))
    )


def _metadata(workspace: Workspace, dataset_id: int, field: str, control: Control) -> dict[int, Any]:
    """The field's value in each conversation that has it."""
    total = workspace.value("SELECT count(*) FROM conversation WHERE dataset_id = ?", (dataset_id,))
    found: dict[int, Any] = {}
    rows = workspace.raw.execute("SELECT id, metadata FROM conversation WHERE dataset_id = ?", (dataset_id,))
    for n, (conversation, metadata) in enumerate(rows):
        if n % _EVERY == 0:
            control.progress("reading the metadata", n, total, "conversations")
        value = _at(json.loads(metadata), field)
        if not _empty(value):
            found[conversation] = value
    return found


def _at(value: Any, path: str) -> Any:
    """What stands at a dotted path; a field whose own name holds the dots goes first."""
    if isinstance(value, dict) and path in value:
        return value[path]
    for part in path.split("."):
        if isinstance(value, dict):
            value = value.get(part)
        elif isinstance(value, list) and part.isdecimal() and len(part) < 6:
            value = value[int(part)] if int(part) < len(value) else None
        else:
            return None
    return value


def _fields(workspace: Workspace, dataset_id: int) -> list[str]:
    """The names of fields in the first conversations' metadata."""
    names: dict[str, None] = {}
    for (metadata,) in workspace.rows(
        "SELECT metadata FROM conversation WHERE dataset_id = ? ORDER BY id LIMIT 1000", (dataset_id,)
    ):
        names |= dict.fromkeys(json.loads(metadata))
    return list(names)


def _empty(value: Any) -> bool:
    return value is None or (isinstance(value, str) and not normalise(value))


def _read(path: Path, name: str) -> Given:
    """The rows of a file; the first value of an id counts."""
    if not is_file(path):
        raise ActionError("bad_path", f"There is no file {path}.", "Name a .csv or .jsonl file with path=.")
    found: dict[str, Any] = {}
    unusable = 0
    try:
        with path.open(encoding="utf-8-sig", newline="") as handle:
            rows = _csv(handle) if path.suffix.lower() in (".csv", ".tsv") else _jsonl(handle)
            for row in rows:
                key = next((row[k] for k in _IDS if not _empty(row.get(k))), None)
                value = next((row[k] for k in (*_VALUES, name) if not _empty(row.get(k))), None)
                identity = key.strip() if isinstance(key, str) else None if key is None else str(key)
                if identity is None or value is None or identity in found:
                    unusable += 1
                else:
                    found[identity] = value
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise ActionError("bad_file", f"{path} cannot be read: {error}.", "It must be UTF-8.") from None
    return Given(found, unusable)


def _csv(lines: Iterator[str]) -> Iterator[dict[str, Any]]:
    head, lines = next(lines, ""), lines
    dialect: type[csv.Dialect] = csv.excel_tab if "\t" in head and "," not in head else csv.excel
    names = next(csv.reader([head], dialect), [])
    for row in csv.reader(lines, dialect):
        yield dict(zip(names, row, strict=False))


def _jsonl(lines: Iterator[str]) -> Iterator[dict[str, Any]]:
    for line in lines:
        if line.strip():
            try:
                row = json.loads(line)
            except (ValueError, RecursionError):
                row = None
            yield row if isinstance(row, dict) else {}
