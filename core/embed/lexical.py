"""Vectors without a model: character n-grams, weighted and reduced (latent semantic analysis).

Hashed character n-grams within word bounds, TF-IDF, and the leading singular directions of the matrix (Deerwester et
al. 1990; Halko et al. 2011 for the randomised decomposition). It sees spelling and no meaning: a last resort that
always works, in every language and offline.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from core.control import Control
from core.embed import batches as plans
from core.embed.base import BATCH_TEXTS, FittedEmbedder, Float32, Int64, VectorBatch, unit
from core.embed.device import cpu_only
from core.errors import ActionError

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

NAME = "lexical"
DIM = 256
CHARACTERS = 1024
"""What stands behind is not read: a query says early what it wants, and n-grams cost memory."""
FIT_TEXTS = 50_000
FIT_CHARACTERS = 6_000_000
"""Bounds of the sample that is learnt from: about 0.6 GB at the peak."""
COLUMNS = 32_768
"""The most frequent n-grams that are kept: 33 MB in the file."""

_FEATURES = 2**20
_NGRAMS = (2, 4)
_STEP = 4096
_FORMAT = 1


class LexicalEmbedder(FittedEmbedder):
    """Character n-gram TF-IDF and truncated SVD, at most 256 dimensions; fewer where there are fewer texts.

    Args:
        device: `auto` or `cpu`.
        why: Why this model was taken.
        seed: Of the sample and of the decomposition.

    Raises:
        ActionError: `no_gpu` where CUDA is asked.
    """

    def __init__(self, device: str, why: str, seed: int = 0) -> None:
        cpu_only(device, NAME)
        self.name = NAME
        self.why = why
        self.max_tokens = CHARACTERS
        self._seed = seed
        self._columns: Int64 | None = None
        self._idf: Float32 = np.empty(0, np.float32)
        self._components: Float32 = np.empty((0, 0), np.float32)
        self._revision = ""
        self._lock = threading.Lock()

    @property
    def revision(self) -> str:
        """Content hash of what was learnt."""
        self.prepare()
        return self._revision

    @property
    def dim(self) -> int:
        """Length of a vector; known once fitted or loaded."""
        self.prepare()
        return int(self._components.shape[1])

    @property
    def device(self) -> str:
        """Always `cpu`."""
        return "cpu"

    def prepare(self) -> None:
        """Nothing to load.

        Raises:
            ActionError: `not_fitted` before `fit` or `load`.
        """
        if self._columns is None:
            raise ActionError(
                "not_fitted", "The lexical model has learnt from no texts yet.", "Run embed.run first."
            )

    def fit(self, texts: Sequence[str], control: Control | None = None) -> None:
        """Learn n-gram weights and directions from `texts`, or from a seeded sample of many.

        Raises:
            ActionError: `no_texts` where `texts` is empty.
            Cancelled: The user stopped the job.
        """
        control = control or Control()
        if not texts:
            raise ActionError("no_texts", "There are no texts to learn from.", "Load data first.")
        sample = _sample(texts, self._seed)
        counts = _stack([_counts(part) for part in _steps(sample, control)])
        frequency = np.bincount(counts.indices, minlength=_FEATURES)
        columns = _frequent(frequency, at_least=2 if len(sample) >= 50 else 1)
        idf = (np.log((1 + len(sample)) / (1 + frequency[columns])) + 1).astype(np.float32)
        control.progress("learn", len(sample), len(sample), "texts")
        components = _directions(_weigh(counts, columns, idf), self._seed)
        control.check()
        self._set(columns, idf, components)

    def batches(
        self, texts: Sequence[str], control: Control | None = None, size: int = BATCH_TEXTS
    ) -> Iterator[VectorBatch]:
        """As `Embedder.batches`, in the order of `texts`."""
        control = control or Control()
        self.prepare()
        assert self._columns is not None
        for start in range(0, len(texts), max(size, 1)):
            control.check()
            part = [_clean(text) for text in texts[start : start + max(size, 1)]]
            weighed = _weigh(_counts(part), self._columns, self._idf)
            vectors = unit(weighed @ self._components)
            yield VectorBatch(np.arange(start, start + len(part), dtype=np.int64), vectors)

    def save(self, path: Path) -> None:
        """Write one .npz without pickled objects; the file appears whole, by one rename."""
        self.prepare()
        assert self._columns is not None
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, fresh = tempfile.mkstemp(prefix=f".{path.name}-", dir=path.parent)
        try:
            with os.fdopen(handle, "wb") as file:
                np.savez(
                    file,
                    format=np.int64(_FORMAT),
                    columns=self._columns,
                    idf=self._idf,
                    components=self._components,
                )
                file.flush()
                os.fsync(file.fileno())
            Path(fresh).replace(path)
        except BaseException:
            Path(fresh).unlink(missing_ok=True)
            raise

    def load(self, path: Path) -> None:
        """Read what `save` wrote; nothing in the file is executed."""
        try:
            with np.load(path, allow_pickle=False) as stored:
                if int(stored["format"]) != _FORMAT:
                    raise ValueError("it is of another version")
                columns, idf, components = stored["columns"], stored["idf"], stored["components"]
            if columns.ndim != 1 or idf.shape != columns.shape or components.shape[:1] != columns.shape:
                raise ValueError("its parts do not fit together")
        except Exception as error:
            raise ActionError(
                "model_damaged", f"The lexical model {path} cannot be read: {error}", "Run embed.run again."
            ) from error
        self._set(columns.astype(np.int64), idf.astype(np.float32), components.astype(np.float32))

    def _set(self, columns: Int64, idf: Float32, components: Float32) -> None:
        content = hashlib.sha256(f"{_FORMAT} {_NGRAMS} {_FEATURES} {CHARACTERS}".encode())
        for array in (columns, idf, components):
            content.update(np.ascontiguousarray(array).tobytes())
        with self._lock:
            self._columns, self._idf = columns, idf
            self._components = np.ascontiguousarray(components)
            self._revision = content.hexdigest()[:12]


def _clean(text: str) -> str:
    return plans.clean(text, CHARACTERS // plans.CHARACTERS_PER_TOKEN)


def _sample(texts: Sequence[str], seed: int) -> list[str]:
    """At most `FIT_TEXTS` texts and `FIT_CHARACTERS` characters, in the order of `texts`."""
    order = np.random.default_rng(seed).permutation(len(texts)) if len(texts) > FIT_TEXTS else None
    picked = range(len(texts)) if order is None else np.sort(order[:FIT_TEXTS])
    sample = [_clean(texts[int(i)]) for i in picked]
    total = sum(map(len, sample))
    if total <= FIT_CHARACTERS:
        return sample
    keep = max(1, int(len(sample) * FIT_CHARACTERS / total))
    return [sample[i] for i in np.sort(np.random.default_rng(seed).permutation(len(sample))[:keep])]


def _steps(texts: list[str], control: Control) -> Iterator[list[str]]:
    for start in range(0, len(texts), _STEP):
        control.progress("learn", start, len(texts), "texts")
        yield texts[start : start + _STEP]


def _counts(texts: Sequence[str]) -> csr_matrix:
    """Hashed n-gram counts, float32 [len(texts), 2**20]."""
    from sklearn.feature_extraction.text import HashingVectorizer

    vectorizer = HashingVectorizer(
        analyzer="char_wb",
        ngram_range=_NGRAMS,
        n_features=_FEATURES,
        alternate_sign=False,
        norm=None,
        dtype=np.float32,
    )
    return vectorizer.transform(texts)


def _stack(parts: list[csr_matrix]) -> csr_matrix:
    from scipy.sparse import vstack

    return parts[0] if len(parts) == 1 else vstack(parts, format="csr")


def _frequent(frequency: Int64, at_least: int) -> Int64:
    """The most frequent columns, ascending; ties by column. All that occur where none is frequent enough."""
    columns = np.flatnonzero(frequency >= at_least)
    if not len(columns):
        # Texts without a letter have no n-gram at all; one empty column keeps every shape valid.
        columns = np.flatnonzero(frequency) if frequency.any() else np.zeros(1, np.int64)
    if len(columns) > COLUMNS:
        columns = np.sort(columns[np.argsort(-frequency[columns], kind="stable")[:COLUMNS]])
    return columns.astype(np.int64)


def _weigh(counts: csr_matrix, columns: Int64, idf: Float32) -> csr_matrix:
    """TF-IDF rows of unit length over `columns`: (1 + ln tf) * idf."""
    from sklearn.preprocessing import normalize

    weighed = counts[:, columns].tocsr()
    weighed.data = (1 + np.log(weighed.data)) * idf[weighed.indices]
    return normalize(weighed, copy=False)


def _directions(weighed: csr_matrix, seed: int) -> Float32:
    """The leading right singular vectors, float32 [columns, dim]; those without any weight are left out."""
    from sklearn.utils.extmath import randomized_svd
    from threadpoolctl import threadpool_limits

    rank = min(DIM, *weighed.shape)
    if rank == 0 or weighed.nnz == 0:
        return np.zeros((weighed.shape[1], 1), np.float32)
    # One thread: the same bits whatever the number of cores, and no spinning where other work uses them.
    with threadpool_limits(1):
        result: tuple[Any, Any, Any] = randomized_svd(weighed, rank, n_iter=4, random_state=seed)
    _, singular, right = result
    kept = max(1, int((singular > singular[0] * 1e-5).sum()))
    return np.ascontiguousarray(right[:kept].T, np.float32)
