"""Embedding: a vector for each distinct text."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from core.page import Page
from core.registry import action

if TYPE_CHECKING:
    from core.rows import Embedded, SpaceRow
    from core.session import Session


def _plan(
    session: Session,
    *,
    model: str = "auto",
    dataset: str | None = None,
    facet: str | None = None,
    **_: object,
) -> Embedded:
    from core.embed.run import plan

    return plan(session, model=model, dataset=dataset, facet=facet)


@action(
    "embed.run",
    title="Embed the texts",
    scope="data",
    effect="job",
    keys=("E",),
    examples=("embed.run", "embed.run model=lexical", "embed.run model=lexical facet=length"),
    plan=_plan,
)
def run(
    session: Session,
    *,
    model: str = "auto",
    dataset: str | None = None,
    device: Literal["auto", "cpu", "cuda"] = "auto",
    batch: int | None = None,
    download: bool = False,
    facet: str | None = None,
) -> Embedded:
    """Compute the vector of every distinct text that has none yet; stopped, it goes on where it was.

    Args:
        model: An embedding model: `auto`, `minilm`, `potion`, `use-multilingual`, `lexical`, a fastembed model or a folder.
        dataset: The dataset's name; the default is the current one.
        device: Where to compute.
        batch: Texts between two saves; the default depends on the model.
        download: Allow a look at the Hugging Face hub for the model's files.
        facet: Embed the value of this facet in place of each text, into a space of its own, so that runs cluster by it; a text
            has the value of the first conversation that asks it.
    """
    from core.embed.run import run as engine

    return engine(
        session, model=model, dataset=dataset, device=device, batch=batch, download=download, facet=facet
    )


@action("embed.list", title="Spaces of vectors", scope="data", effect="read", examples=("embed.list",))
def list_(session: Session) -> Page:
    """The spaces of this workspace: model, dimensions, texts embedded and missing."""
    from core.embed.run import spaces

    return Page(spaces(session.workspace))


@action(
    "embed.models",
    title="Embedding models",
    scope="data",
    effect="read",
    needs_store=False,
    examples=("embed.models",),
)
def models(session: Session) -> Page:  # noqa: ARG001
    """Embedding models, and which of them can be used on this machine."""
    from core.embed.run import models as engine

    return Page(engine())


@action(
    "embed.index",
    title="Index the vectors",
    scope="data",
    effect="job",
    examples=("embed.index",),
)
def index(session: Session, *, space: str | None = None) -> SpaceRow:
    """Build the approximate index that searches a big space fast; below 500,000 texts exact search needs none.

    Args:
        space: The space's name; the default is the current one.
    """
    from core.embed.run import index as engine

    return engine(session, space)


@action(
    "embed.import",
    title="Import vectors",
    scope="data",
    effect="job",
    examples=("embed.import path=vectors.npy space=mine",),
)
def import_(session: Session, *, path: str, space: str = "imported", dataset: str | None = None) -> Embedded:
    """Take vectors that you have: a .npy in the order of the dataset's conversations, or Parquet with ids.

    Args:
        path: A .npy file of shape [conversations, dim], or a Parquet file with the columns `id` and `vector`.
        space: The name under which they are kept.
        dataset: The dataset's name; the default is the current one.
    """
    from core.embed.imported import import_vectors

    return import_vectors(session, path, space=space, dataset=dataset)
