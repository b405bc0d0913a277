"""The vector of what a user typed, from the model that made a space."""

from __future__ import annotations

import threading
from collections import OrderedDict
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from db.vectors import SpaceInfo
from db.workspace import Workspace

if TYPE_CHECKING:
    from core.embed.base import Embedder

_REMEMBERED = 256
"""Vectors of so many queries are kept: paging and changing a filter ask for the same one again."""


class QueryEmbedders:
    """Models that stay loaded between searches, one a space; may be used from several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._models: dict[tuple[int, str], Embedder] = {}
        self._vectors: OrderedDict[tuple[int, str, str], NDArray[np.float32]] = OrderedDict()

    def vector(self, workspace: Workspace, space: SpaceInfo, text: str) -> NDArray[np.float32]:
        """The unit vector of `text` in a space, float32 [dim].

        Raises:
            ActionError: The space's model is not on this machine, cannot be loaded or is of another revision.
        """
        from core.embed.space import embedder_of

        with self._lock:
            key = (space.id, space.revision, text)
            if key not in self._vectors:
                model = self._models.get(key[:2])
                if model is None:
                    model = self._models[key[:2]] = embedder_of(workspace, space)
                self._vectors[key] = model.embed([text])[0]
                if len(self._vectors) > _REMEMBERED:
                    self._vectors.popitem(last=False)
            self._vectors.move_to_end(key)
            return self._vectors[key]


def embedders(workspace: Workspace) -> QueryEmbedders:
    """The models that are kept for as long as the store is open."""
    found = workspace.kept.setdefault("query_embedders", QueryEmbedders())
    assert isinstance(found, QueryEmbedders)
    return found
