"""Any model that fastembed can run, from a folder that is complete: an ONNX transformer or a static token table."""

from __future__ import annotations

import os
import threading
import warnings
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from core.control import Control
from core.embed import batches as plans
from core.embed.base import BATCH_TEXTS, Embedder, Float32, VectorBatch, unit
from core.embed.device import GPU_HINT, cpu_only, gpu_build
from core.embed.library import first_line, quiet_onnxruntime, text_embedding
from core.errors import ActionError

if TYPE_CHECKING:
    from fastembed import TextEmbedding
    from tokenizers import Tokenizer

CPU_BUDGET = 512
"""Tokens of one run on the CPU: more falls out of the cache, fewer pay the call too often."""
CUDA_BUDGET = 16384
PIECE_TOKENS = 16384
"""About a second of work on two cores."""
MAX_WORKERS = 16


@dataclass(frozen=True)
class Recipe:
    """How fastembed runs one model.

    Args:
        model: The name that fastembed knows it by.
        dim: Length of its vectors.
        max_tokens: Where it cuts a text.
        static: A table of token vectors (model2vec) and no network.
        folder: Gives the complete folder; called once, at loading, and may raise `ActionError`.
        revision: Gives the content hash of the files; called once, when first asked for.
        repair: What to do when the files turn out to be damaged.
        register: Makes `model` known to fastembed where it is not built in.
    """

    model: str
    dim: int
    max_tokens: int
    static: bool
    folder: Callable[[], Path]
    revision: Callable[[], str]
    repair: str
    register: Callable[[], None] | None = None


class FastembedEmbedder(Embedder):
    """Runs a `Recipe` by `fastembed.TextEmbedding` (https://github.com/qdrant/fastembed).

    On the CPU one session of one thread is shared by a worker per core: several small runs side by side use the cores
    better than one run over several threads, and the weights are held once.
    """

    def __init__(self, name: str, recipe: Recipe, device: str, why: str) -> None:
        if recipe.static:
            cpu_only(device, name)
        self.name = name
        self.why = why
        self.max_tokens = recipe.max_tokens
        self._recipe = recipe
        self._asked = device
        self._device = "cpu" if recipe.static or device == "cpu" or not gpu_build() else "cuda"
        self._revision = ""
        self._text: TextEmbedding | None = None
        self._counter: Tokenizer | None = None
        self._lock = threading.Lock()

    @property
    def revision(self) -> str:
        """Content hash of the model's files."""
        if not self._revision:
            self._revision = self._recipe.revision()
        return self._revision

    @property
    def dim(self) -> int:
        """Length of a vector."""
        return self._recipe.dim

    @property
    def device(self) -> str:
        """`cuda` only where onnxruntime has it; certain after `prepare`."""
        return self._device

    def prepare(self) -> None:
        """Load the model; a second call does nothing."""
        self._loaded()

    def batches(
        self, texts: Sequence[str], control: Control | None = None, size: int = BATCH_TEXTS
    ) -> Iterator[VectorBatch]:
        """As `Embedder.batches`; one piece is worked on ahead while the caller stores the last one."""
        control = control or Control()
        text = self._loaded()
        workers = 1 if self._recipe.static or self._device == "cuda" else _cores()
        with ThreadPoolExecutor(workers, "embed") as pool:
            waiting: deque[tuple[list[int], list[Future[Float32]]]] = deque()
            try:
                for piece, groups in self._pieces(texts, size):
                    waiting.append((piece, [pool.submit(self._run, text, group) for group in groups]))
                    if len(waiting) > 1:
                        yield _collect(*waiting.popleft(), control)
                while waiting:
                    yield _collect(*waiting.popleft(), control)
            finally:
                pool.shutdown(wait=True, cancel_futures=True)

    def _pieces(self, texts: Sequence[str], size: int) -> Iterator[tuple[list[int], list[list[str]]]]:
        """Positions of each piece, and its texts in groups that one run takes."""
        budget = CUDA_BUDGET if self._device == "cuda" else CPU_BUDGET
        for start in range(0, len(texts), plans.WINDOW):
            window = [plans.clean(text, self.max_tokens) for text in texts[start : start + plans.WINDOW]]
            if self._recipe.static:
                for low in range(0, len(window), size):
                    part = window[low : low + size]
                    yield list(range(start + low, start + low + len(part))), [part]
                continue
            lengths = self._count(window)
            groups = plans.plan(lengths, budget)
            for piece in plans.pieces(groups, max(size, 1), max(PIECE_TOKENS, budget), lengths):
                yield (
                    [start + i for group in piece for i in group],
                    [[window[i] for i in group] for group in piece],
                )

    def _run(self, text: TextEmbedding, group: list[str]) -> Float32:
        """Vectors of texts of one length; a static model takes them one by one, which is as fast and bit-stable."""
        rows = 1 if self._recipe.static else len(group)
        return unit(np.stack(list(text.embed(group, batch_size=rows))))

    def _count(self, window: list[str]) -> list[int]:
        """Tokens of each text after the model's own cut."""
        if self._counter is None:
            return [min(len(text) // 3 + 2, self.max_tokens) for text in window]
        return [len(encoding.ids) for encoding in self._counter.encode_batch(window)]

    def _loaded(self) -> TextEmbedding:
        with self._lock:
            if self._text is None:
                try:
                    with warnings.catch_warnings():
                        warnings.simplefilter("ignore")
                        self._text = self._open(self._recipe.folder())
                except ActionError:
                    raise
                except ImportError as error:
                    raise ActionError(
                        "model_unavailable",
                        f"fastembed cannot be loaded: {first_line(error)}",
                        "Install the program again; on a bare system onnxruntime needs the C++ runtime.",
                    ) from error
                except Exception as error:
                    raise ActionError(
                        "model_damaged",
                        f"The files of the model {self.name} cannot be read: {first_line(error)}",
                        self._recipe.repair,
                    ) from error
                self._counter = _counter(self._text)
            return self._text

    def _open(self, folder: Path) -> TextEmbedding:
        kind = text_embedding()
        if self._recipe.register is not None:
            self._recipe.register()
        # fastembed makes its cache folder even where it is given a path: the model's own folder exists already.
        place = {"specific_model_path": str(folder), "cache_dir": str(folder)}
        if self._recipe.static:
            return kind(self._recipe.model, **place)
        quiet_onnxruntime()
        if self._device == "cuda":
            opened = self._open_cuda(kind, place)
            if opened is not None:
                return opened
        return kind(self._recipe.model, **place, threads=1, providers=["CPUExecutionProvider"])

    def _open_cuda(self, kind: type[TextEmbedding], place: dict[str, str]) -> TextEmbedding | None:
        """The model on the GPU, or None where that fails and the device was not asked for by name.

        onnxruntime falls back to the CPU in silence when the driver or a CUDA library is missing, so the session is
        asked where it is.
        """
        reason = "CUDA, cuDNN or the driver did not load."
        try:
            providers = ["CUDAExecutionProvider", "CPUExecutionProvider"]
            text = kind(self._recipe.model, **place, providers=providers)
            session: Any = getattr(text.model, "model", None)
            if session is not None and "CUDAExecutionProvider" in session.get_providers():
                return text
        except Exception as error:
            reason = first_line(error)
        if self._asked == "cuda":
            raise ActionError("no_gpu", f"The GPU cannot be used: {reason}", GPU_HINT)
        self._device = "cpu"
        return None


def _collect(piece: list[int], parts: list[Future[Float32]], control: Control) -> VectorBatch:
    vectors = []
    for part in parts:
        control.check()
        vectors.append(part.result())
    return VectorBatch(np.asarray(piece, np.int64), np.concatenate(vectors))


def _counter(text: TextEmbedding) -> Tokenizer | None:
    """A copy of the model's tokeniser that cuts as the model does and never pads; None where fastembed shows none."""
    from tokenizers import Tokenizer

    original = getattr(text.model, "tokenizer", None)
    if not isinstance(original, Tokenizer):
        return None
    copy = Tokenizer.from_str(original.to_str())
    copy.no_padding()
    return copy


def _cores() -> int:
    affinity = getattr(os, "sched_getaffinity", None)
    count = len(affinity(0)) if affinity is not None else os.cpu_count() or 1
    return max(1, min(count, MAX_WORKERS))
