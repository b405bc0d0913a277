"""Model folders on disk: what is in one, and a content hash that is the same wherever the folder lies."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from core.errors import ActionError
from core.paths import is_folder

_SHA256 = re.compile("[0-9a-f]{64}")
_ONNX_FILES = (
    "model.onnx",
    "onnx/model.onnx",
    "model_optimized.onnx",
    "onnx/model_quantized.onnx",
    "model_quantized.onnx",
)
_HEADER_LIMIT = 100 * 1024 * 1024


@dataclass(frozen=True)
class LocalModel:
    """A model folder of the user.

    Args:
        folder: Where it lies.
        model_file: The weights, relative to the folder.
        static: True for a model2vec table, false for an ONNX transformer.
        dim: Length of its vectors.
        pooling: `cls` or `mean`, for a transformer.
    """

    folder: Path
    model_file: str
    static: bool
    dim: int
    pooling: str = "mean"


def digest(folder: Path, names: tuple[str, ...], salt: str = "") -> str:
    """12 hex digits over the content of the named files of `folder`, each by its SHA-256.

    A hub cache stores a large file under its SHA-256 and links to it: then the name is taken and no byte is read.

    Raises:
        ActionError: `model_damaged` where a file cannot be read.
    """
    parts = [salt]
    for name in names:
        path = folder / name
        try:
            target = path.resolve(strict=True)
            if path.is_symlink() and _SHA256.fullmatch(target.name):
                parts.append(target.name)
                continue
            with path.open("rb") as file:
                parts.append(hashlib.file_digest(file, "sha256").hexdigest())
        except OSError as error:
            raise ActionError(
                "model_damaged", f"The file {path} cannot be read: {error.strerror}.", "Get the model again."
            ) from error
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:12]


def inspect(folder: Path) -> LocalModel:
    """What kind of model `folder` holds.

    A folder with `model.safetensors` that has a tensor `embeddings` is a static model; one with an ONNX file is a
    sentence transformer, pooled as its `1_Pooling/config.json` says (mean, where there is none).

    Raises:
        ActionError: `model_unavailable` where there is no such folder or model, `model_damaged` where a file is broken.
    """
    if not is_folder(folder):
        raise ActionError(
            "model_unavailable", f"There is no model folder {folder}.", "Give the path of a folder."
        )
    if not (folder / "tokenizer.json").is_file():
        raise ActionError(
            "model_unavailable",
            f"The folder {folder} holds no model: tokenizer.json is missing.",
            "A model folder holds tokenizer.json and model.safetensors (model2vec) or model.onnx.",
        )
    if (folder / "model.safetensors").is_file() and (width := _static_width(folder / "model.safetensors")):
        return LocalModel(folder, "model.safetensors", True, width)
    for name in _ONNX_FILES:
        if (folder / name).is_file():
            width = _number(_json(folder / "config.json"), "hidden_size", "dim", "d_model")
            if not width:
                raise ActionError(
                    "model_damaged",
                    f"{folder / 'config.json'} does not say how long the vectors are.",
                    "It needs hidden_size.",
                )
            return LocalModel(folder, name, False, width, _pooling(folder))
    raise ActionError(
        "model_unavailable",
        f"The folder {folder} holds no model that can be run.",
        "It needs model.onnx, or model.safetensors of a model2vec model.",
    )


def max_tokens(folder: Path, fallback: int) -> int:
    """Where the tokeniser of `folder` cuts a text; `fallback` where its configuration does not say."""
    path = folder / "tokenizer_config.json"
    config = _json(path) if path.is_file() else {}
    limits = [config.get("model_max_length"), config.get("max_length")]
    usable = [n for n in limits if isinstance(n, int) and not isinstance(n, bool) and 0 < n <= 1_000_000]
    return min(usable, default=fallback)


def _static_width(path: Path) -> int:
    """Columns of the tensor `embeddings` from the header of a safetensors file, 0 where it has none.

    The format: 8 bytes little-endian length, then a JSON object (https://github.com/huggingface/safetensors).
    """
    try:
        with path.open("rb") as file:
            length = int.from_bytes(file.read(8), "little")
            if not 0 < length < _HEADER_LIMIT:
                raise ValueError("no header")
            header = json.loads(file.read(length))
        if "embeddings" not in header:
            return 0
        begin, end = header["embeddings"]["data_offsets"]
        rows, columns = header["embeddings"]["shape"]
        if path.stat().st_size < 8 + length + max(entry["data_offsets"][1] for entry in _tensors(header)):
            raise ValueError("the file is cut off")
        if end - begin < rows * columns:
            raise ValueError("the table is too short")
        return int(columns)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ActionError(
            "model_damaged", f"The file {path} is damaged: {error}.", "Get the model again."
        ) from error


def _tensors(header: dict[str, Any]) -> list[dict[str, Any]]:
    return [entry for name, entry in header.items() if name != "__metadata__"]


def _pooling(folder: Path) -> str:
    path = folder / "1_Pooling" / "config.json"
    if not path.is_file():
        return "mean"
    return "cls" if _json(path).get("pooling_mode_cls_token") is True else "mean"


def _json(path: Path) -> dict[str, Any]:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ActionError(
            "model_damaged", f"The file {path} cannot be read: {error}.", "Get the model again."
        ) from error
    return content if isinstance(content, dict) else {}


def _number(config: dict[str, Any], *names: str) -> int:
    return next((config[name] for name in names if isinstance(config.get(name), int)), 0)
