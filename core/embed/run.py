"""Embedding the texts of a store: each distinct text once, saved batch by batch."""

from __future__ import annotations

from pathlib import Path

from core.embed.base import Embedder, FittedEmbedder
from core.embed.language_advice import advise
from core.embed.resolve import available, resolve
from core.errors import ActionError
from core.facets.texts import FacetTexts, facet_texts
from core.lookup import find_dataset, unknown
from core.paths import is_folder, user_path
from core.rows import Embedded, ModelRow, SpaceRow
from core.session import Session
from db import vectors
from db.nearest import build_index
from db.vectors import SpaceInfo
from db.workspace import Workspace

FITTED_FILE = "model.npz"
"""What a fitted model learnt, in the folder of its space."""


STORED_AT_ONCE = 10_000
"""Vectors in one write to a space at most: many texts may have one value of a facet."""


def run(
    session: Session,
    *,
    model: str,
    dataset: str | None,
    device: str,
    batch: int | None,
    download: bool,
    facet: str | None = None,
) -> Embedded:
    """Embed what has no vector yet; with a facet, each text by its value of it, in a space of its own.

    Raises:
        ActionError: `bad_limit`, `no_data`, `unknown_dataset`, `unknown_model`, `model_unavailable`, `no_gpu` ...;
            `unknown_facet`, `no_words` or `facet_incomplete`.
        StoreError: `store_locked` when another process embeds into the same space.
        Cancelled: Stopped; the batches that were saved stay.
    """
    if batch is not None and batch < 1:
        raise ActionError(
            "bad_limit", f"batch={batch} is not at least 1.", "Leave it out for the model's own."
        )
    workspace = session.workspace
    dataset_id, name = find_dataset(workspace, dataset or session.view.dataset)
    values = facet_texts(workspace, dataset_id, name, facet) if facet else None
    embedder = resolve(model, device=device, download=download, control=session.control)
    if isinstance(embedder, FittedEmbedder):
        _fit(session, embedder, dataset_id, name, values)
    embedder.prepare()
    space_name = _space_name(workspace, embedder, name, values)
    with vectors.writing(workspace, space_name):
        space = vectors.find_space(workspace, space_name) or vectors.make_space(
            workspace, space_name, embedder.name, embedder.revision, embedder.dim, _origin(model, embedder)
        )
        space, _ = vectors.repair(workspace, space)
        new = _embed_missing(session, embedder, space, dataset_id, batch, values)
    session.go(dataset=name, space=space_name)
    return Embedded(
        space=space_name,
        texts=_embedded(workspace, space.id, dataset_id),
        dim=embedder.dim,
        new=new,
        model=embedder.name,
        device=embedder.device,
        why=embedder.why,
        advice=_told(values) if values else _advice(workspace, dataset_id, embedder.name),
    )


def _embed_missing(
    session: Session,
    embedder: Embedder,
    space: SpaceInfo,
    dataset_id: int,
    batch: int | None,
    values: FacetTexts | None,
) -> int:
    """Embed each content once, and keep its vector for every text that it stands for."""
    workspace, control = session.workspace, session.control
    groups = _grouped(vectors.missing_texts(workspace, space.id, dataset_id), values)
    contents = list(groups)
    total = sum(map(len, groups.values()))
    done = 0
    sizes = {} if batch is None else {"size": batch}
    for indices, rows in embedder.batches(contents, control, **sizes):
        ids = [(text_id, row) for row, i in enumerate(indices) for text_id in groups[contents[i]]]
        for start in range(0, len(ids), STORED_AT_ONCE):
            part = ids[start : start + STORED_AT_ONCE]
            space = vectors.append(workspace, space, [i for i, _ in part], rows[[row for _, row in part]])
            done += len(part)
            control.progress("embed", done, total, "texts")
    return done


def _grouped(missing: list[tuple[int, str]], values: FacetTexts | None) -> dict[str, list[int]]:
    """The texts that each content stands for: its own, or those with that value of a facet."""
    groups: dict[str, list[int]] = {}
    for text_id, content in missing:
        stands = content if values is None else values.values.get(text_id, content)
        groups.setdefault(stands, []).append(text_id)
    return groups


def _told(values: FacetTexts) -> str:
    """What a person should know of vectors that are made of a facet."""
    distinct = len(set(values.values.values()))
    told = f"{values.facet} has {distinct:,} values; a run of more clusters parts what is alike."
    if values.without:
        told += f" {values.without:,} texts have no value; their own words stand for them."
    return told


def _fit(
    session: Session, embedder: FittedEmbedder, dataset_id: int, dataset: str, values: FacetTexts | None
) -> None:
    """Load what the model learnt from this dataset, or from the values of a facet, or let it learn."""
    workspace = session.workspace
    space = f"{embedder.name}-{values.suffix if values else dataset}"
    path = fitted_path(workspace, space)
    # Without its space, the file is left from a dataset of the same name that was removed.
    if path.is_file() and vectors.find_space(workspace, space) is not None:
        embedder.load(path)
        return
    texts = workspace.rows(
        "SELECT id, content FROM text WHERE id IN (SELECT text_id FROM query WHERE dataset_id = ?) ORDER BY id",
        (dataset_id,),
    )
    embedder.fit(list(_grouped(texts, values)), session.control)
    path.parent.mkdir(parents=True, exist_ok=True)
    embedder.save(path)


def fitted_path(workspace: Workspace, space: str) -> Path:
    """Where the fitted model of a space lies."""
    return vectors.space_folder(workspace, space) / FITTED_FILE


def _origin(model: str, embedder: Embedder) -> str:
    folder = user_path(model)
    return str(folder.resolve()) if is_folder(folder) else embedder.name


def _space_name(workspace: Workspace, embedder: Embedder, dataset: str, values: FacetTexts | None) -> str:
    """The model's name; with the dataset's where it learnt from it, with the revision where another one is there.

    With a facet's where the vectors are of its values.
    """
    base = embedder.name.split("/")[-1].lower()
    name = f"{base}-{dataset}" if embedder.needs_fit else base
    name = f"{base}-{values.suffix}" if values else name
    found = vectors.find_space(workspace, name)
    if found is None or (found.revision, found.dim) == (embedder.revision, embedder.dim):
        return name
    return f"{name}-{embedder.revision[:8]}"


def _embedded(workspace: Workspace, space_id: int, dataset_id: int) -> int:
    count: int = workspace.value(
        "SELECT count(*) FROM vector WHERE space_id = ?"
        " AND text_id IN (SELECT text_id FROM query WHERE dataset_id = ?)",
        (space_id, dataset_id),
    )
    return count


def _advice(workspace: Workspace, dataset_id: int, model: str) -> str | None:
    languages = dict(
        workspace.rows(
            "SELECT v.language, count(*) FROM conversation v WHERE v.dataset_id = ? GROUP BY v.language",
            (dataset_id,),
        )
    )
    texts = [
        row[0]
        for row in workspace.rows(
            "SELECT content FROM text WHERE id IN (SELECT text_id FROM query WHERE dataset_id = ?) ORDER BY hash LIMIT 500",
            (dataset_id,),
        )
    ]
    return advise(languages, texts, model)


def plan(session: Session, *, model: str, dataset: str | None, facet: str | None = None) -> Embedded:
    """What `run` would do: `new` is the number of texts that it would give a vector."""
    workspace = session.workspace
    dataset_id, name = find_dataset(workspace, dataset or session.view.dataset)
    values = facet_texts(workspace, dataset_id, name, facet) if facet else None
    embedder = resolve(model)
    if embedder.needs_fit:
        space_name = f"{embedder.name}-{values.suffix if values else name}"
    else:
        space_name = _space_name(workspace, embedder, name, values)
    space = vectors.find_space(workspace, space_name)
    missing = vectors.missing_texts(workspace, space.id if space else -1, dataset_id)
    embedded = _embedded(workspace, space.id, dataset_id) if space else 0
    return Embedded(
        space_name, embedded, space.dim if space else 0, len(missing), embedder.name, embedder.device, embedder.why
    )  # fmt: skip


def index(session: Session, space: str | None) -> SpaceRow:
    """Build the approximate index of a big space; a small one is searched exactly and needs none.

    Raises:
        ActionError: `no_embeddings` or `unknown_space`.
        Cancelled: Stopped; nothing is kept.
    """
    workspace, control = session.workspace, session.control
    rows = spaces(workspace)
    name = space or session.view.space or (rows[-1].space if rows else None)
    if name is None:
        raise ActionError("no_embeddings", "There are no vectors yet.", "Run embed.run first.")
    found = vectors.find_space(workspace, name)
    if found is None:
        raise unknown("space", name, [row.space for row in rows], "embed.list shows them.")
    build_index(workspace, found, lambda done, total: control.progress("index", done, total, "rows"))
    return next(row for row in spaces(workspace) if row.space == name)


def spaces(workspace: Workspace) -> tuple[SpaceRow, ...]:
    """The spaces of the workspace, oldest first."""
    total = workspace.value("SELECT count(*) FROM text")
    return tuple(
        SpaceRow(s.name, s.model, s.revision, s.dim, texts, total - texts)
        for s in vectors.spaces(workspace)
        for texts in [workspace.value("SELECT count(*) FROM vector WHERE space_id = ?", (s.id,))]
    )


def models() -> tuple[ModelRow, ...]:
    """The embedding models that are known, with what stands in the way of using them here."""
    return tuple(ModelRow(m.name, m.dim, m.usable, m.reason) for m in available())
