"""What an embedding model is to the rest of the program.

Every model gives float32 vectors of unit length, so a dot product is the cosine everywhere, and none is ever NaN.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from core.control import Control

Float32 = NDArray[np.float32]
Int64 = NDArray[np.int64]

BATCH_TEXTS = 1024
"""At most so many texts in one batch handed to the caller: a second or two of work, cheap enough to store at once."""


class VectorBatch(NamedTuple):
    """Vectors that are finished: row i of `vectors` belongs to the text at `indices[i]`."""

    indices: Int64
    vectors: Float32


class Embedder(ABC):
    """One embedding model, loaded at the first use and not before.

    Vectors may be compared only where `fingerprint()` is equal. A model may be used from several threads at once.
    """

    name: str
    """The stable id, used as the name of the space."""
    why: str
    """One sentence: which model this is and why it was taken."""
    max_tokens: int
    """What stands behind so many tokens of a text is not read."""
    needs_fit: bool = False
    """True for a `FittedEmbedder`, which learns from the texts before it can embed."""

    @property
    @abstractmethod
    def revision(self) -> str:
        """A short content hash: models of one name and two revisions give vectors that must not mix."""

    @property
    @abstractmethod
    def dim(self) -> int:
        """Length of a vector."""

    @property
    @abstractmethod
    def device(self) -> str:
        """`cpu` or `cuda`: where the model runs, or will run."""

    def fingerprint(self) -> str:
        """Name, revision and dimension in one string."""
        return f"{self.name}@{self.revision}/{self.dim}"

    @abstractmethod
    def prepare(self) -> None:
        """Load the model now, so that its faults show before the work starts.

        Raises:
            ActionError: `model_damaged`, `model_unavailable`, `no_gpu` or `not_fitted`.
        """

    @abstractmethod
    def batches(
        self, texts: Sequence[str], control: Control | None = None, size: int = BATCH_TEXTS
    ) -> Iterator[VectorBatch]:
        """Embed `texts` piece by piece, in the order that is cheapest; each index comes exactly once.

        The vector of a text does not depend on what else is in `texts`, so a job that stops can go on later with the
        rest. Asks `control` between pieces whether to stop, and reports nothing: the caller knows the whole.

        Args:
            texts: Any text, hostile or empty.
            control: Asked for `check` before each piece.
            size: At most so many texts in one piece.

        Raises:
            ActionError: As `prepare`.
            Cancelled: The user stopped the job.
        """

    def embed(self, texts: Sequence[str], control: Control | None = None) -> Float32:
        """All vectors at once, float32 [len(texts), dim], in the order of `texts`; reports progress in texts."""
        control = control or Control()
        self.prepare()
        vectors = np.empty((len(texts), self.dim), np.float32)
        done = 0
        for indices, part in self.batches(texts, control):
            vectors[indices] = part
            done += len(indices)
            control.progress("embed", done, len(texts), "texts")
        return vectors


class FittedEmbedder(Embedder):
    """A model that is made from the texts themselves, and kept in a file beside the vectors."""

    needs_fit = True

    @abstractmethod
    def fit(self, texts: Sequence[str], control: Control | None = None) -> None:
        """Learn from `texts`; sets `revision` and `dim`."""

    @abstractmethod
    def save(self, path: Path) -> None:
        """Write what was learnt to one file, whole or not at all."""

    @abstractmethod
    def load(self, path: Path) -> None:
        """Read what `save` wrote; embeds bit for bit as the model that was saved.

        Raises:
            ActionError: `model_damaged` where the file cannot be read.
        """


def unit(vectors: NDArray[Any]) -> Float32:
    """Rows scaled to length one, as float32 [n, dim].

    A row without a direction (zero, or not finite: a text without a known token) becomes the vector of equal parts,
    so that such texts lie together and every cosine stays defined.
    """
    rows = np.asarray(vectors, np.float32)
    with np.errstate(over="ignore", invalid="ignore"):
        norms = np.linalg.norm(rows, axis=1, keepdims=True)
        good = np.isfinite(norms) & (norms > 1e-12)
        scaled = rows / np.where(good, norms, np.float32(1))
    return np.where(good, scaled, np.float32(1 / np.sqrt(max(rows.shape[1], 1)))).astype(
        np.float32, copy=False
    )
