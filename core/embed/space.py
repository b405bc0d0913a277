"""The model that made a space, for text that is compared with its vectors."""

from __future__ import annotations

from core.embed.base import Embedder, FittedEmbedder
from core.embed.resolve import resolve
from core.embed.run import fitted_path
from core.errors import ActionError
from db.vectors import SpaceInfo
from db.workspace import Workspace


def embedder_of(workspace: Workspace, space: SpaceInfo) -> Embedder:
    """The embedding model of a space, checked to be the one that made its vectors.

    Raises:
        ActionError: `model_unavailable` (also for imported vectors), `model_changed`, or what `resolve` raises.
    """
    if space.model == "imported":
        raise ActionError(
            "model_unavailable",
            f"The vectors of {space.name} were imported; the model that made them is not known.",
            "Search with mode=text, or embed with a model: embed.run.",
        )
    embedder = resolve(space.origin)
    if isinstance(embedder, FittedEmbedder):
        embedder.load(fitted_path(workspace, space.name))
    if (embedder.revision, embedder.dim) != (space.revision, space.dim):
        raise ActionError(
            "model_changed",
            f"The model {space.model} is not the one that made the vectors of {space.name}.",
            "embed.run makes new ones.",
        )
    return embedder
