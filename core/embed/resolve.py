"""From the word that a user types for a model to the model, and the list of what there is.

Nothing heavy is imported here, and no model is loaded: a resolved model loads itself at its first use.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from core.control import Control
from core.embed import catalog, hub, minilm, multilingual
from core.embed.base import Embedder
from core.embed.device import check_device
from core.embed.lexical import DIM as LEXICAL_DIM
from core.embed.lexical import NAME as LEXICAL
from core.embed.lexical import LexicalEmbedder
from core.errors import ActionError
from core.paths import is_folder, user_path

OWN_NAMES = {
    minilm.NAME: minilm.NAME,
    "all-minilm-l6-v2-int8": minilm.NAME,
    multilingual.NAME: multilingual.NAME,
    "use": multilingual.NAME,
    "multilingual": multilingual.NAME,
    LEXICAL: LEXICAL,
}
"""Words for the models that need neither fastembed's list nor a hub."""
PREFERRED = (
    "sentence-transformers/all-MiniLM-L6-v2",
    "BAAI/bge-small-en-v1.5",
    "BAAI/bge-base-en-v1.5",
    catalog.POTION,
)
"""The order in which `auto` takes a cached model; any other cached one comes after."""


@dataclass(frozen=True)
class ModelInfo:
    """A line of the list of embedding models.

    Args:
        name: What `model=` takes.
        space: The name of the space of its vectors.
        dim: Length of its vectors (at most, for `lexical`).
        usable: Whether it runs on this machine as things are.
        reason: Where it comes from, or why it is not usable and what would help.
        size_mb: Size of its files; 0 for none.
        description: One line.
    """

    name: str
    space: str
    dim: int
    usable: bool
    reason: str
    size_mb: int
    description: str


def resolve(
    model: str = "auto",
    *,
    device: str = "auto",
    download: bool = False,
    cache_dir: Path | None = None,
    environ: Mapping[str, str] | None = None,
    control: Control | None = None,
) -> Embedder:
    """The embedding model that `model` names, ready to be used, with `why` set.

    Args:
        model: `auto`, `minilm`, `use-multilingual`, `lexical`, `potion`, any fastembed name, or the path of a folder.
        device: `auto`, `cpu` or `cuda`.
        download: Whether a model that is not on this machine may be fetched from a hub, here and now.
        cache_dir: Where models are kept; default: the user's cache folder.
        environ: The environment (`LMSYS_TUI_MODELS`, `FASTEMBED_CACHE_PATH`, `HF_HOME`, `HF_HUB_OFFLINE`).
        control: Told of a download, and asked whether to stop it.

    Raises:
        ActionError: `unknown_model`, `model_unavailable`, `model_damaged`, `hub_unreachable`, `no_gpu` or
            `bad_parameter`.
    """
    environ = os.environ if environ is None else environ
    cache = cache_dir or default_cache()
    word = model.strip()
    device = check_device(device)
    if word.lower() in ("", "auto"):
        return _automatic(device, download, cache, environ, control)
    own = OWN_NAMES.get(word.lower())
    if own == minilm.NAME:
        return minilm.minilm(cache, device, "The packaged MiniLM, as asked.")
    if own == multilingual.NAME:
        return multilingual.MultilingualEmbedder(device, "USE multilingual, as asked.")
    if own == LEXICAL:
        return LexicalEmbedder(device, "Character n-grams without a model, as asked.")
    if _is_path(word):
        return hub.folder_embedder(user_path(word), device)
    known = catalog.find_known(word, tuple(OWN_NAMES))
    return hub.known_embedder(known, device, f"{known.name}, as asked.", cache, environ, download, control)


def available(cache_dir: Path | None = None, environ: Mapping[str, str] | None = None) -> list[ModelInfo]:
    """Every model that can be named, usable ones first, each with the reason; looks at the disk alone."""
    environ = os.environ if environ is None else environ
    cache = cache_dir or default_cache()
    mini, use = minilm.missing(), multilingual.missing()
    rows = [
        ModelInfo(
            minilm.NAME,
            minilm.NAME,
            minilm.DIM,
            not mini,
            f"{mini}; {minilm.INSTALL_HINT}" if mini else "packaged",
            24,
            "all-MiniLM-L6-v2, English, int8: the default",
        ),
        ModelInfo(
            multilingual.NAME,
            multilingual.NAME,
            multilingual.DIM,
            not use,
            f"{use}; {multilingual.INSTALL_HINT}" if use else "packaged",
            32,
            "Universal Sentence Encoder v3, 16 languages: groups by meaning across languages",
        ),
        ModelInfo(
            LEXICAL,
            LEXICAL,
            LEXICAL_DIM,
            True,
            "built in",
            0,
            "Character n-grams and SVD: no model, no meaning",
        ),
    ]
    for known in catalog.known_models():
        folder = hub.find_folder(known, cache, environ)
        reason = f"in {folder}" if folder else "not on this machine; download=true fetches it"
        rows.append(
            ModelInfo(
                known.name,
                known.space,
                known.dim,
                folder is not None,
                reason,
                round(known.size_gb * 1000),
                known.description,
            )
        )
    return sorted(rows, key=lambda row: not row.usable)


def default_cache() -> Path:
    """The user's cache folder for this program (not made here)."""
    from platformdirs import user_cache_path

    return user_cache_path("lmsys-tui") / "models"


def _automatic(
    device: str, download: bool, cache: Path, environ: Mapping[str, str], control: Control | None
) -> Embedder:
    """The packaged MiniLM, else a model on this machine, else one from the hub where allowed, else `lexical`."""
    absent = minilm.missing()
    if not absent:
        return minilm.minilm(cache, device, "The packaged MiniLM: the best model that needs no hub.")
    reason = f"MiniLM is not there ({absent})"
    if hub.anything_cached(cache, environ):
        models = {known.name: known for known in catalog.known_models()}
        for name in dict.fromkeys((*PREFERRED, *models)):
            known = models.get(name)
            if known and hub.find_folder(known, cache, environ):
                why = f"{name} from this machine: {reason}."
                return hub.known_embedder(known, device, why, cache, environ)
    if download:
        known = catalog.find_known(PREFERRED[0])
        try:
            why = f"{known.name} from the hub: {reason}."
            return hub.known_embedder(known, device, why, cache, environ, True, control)
        except ActionError as error:
            if error.code not in ("hub_unreachable", "model_unavailable"):
                raise
            reason += " and the hub gives none"
    return LexicalEmbedder(
        device, f"Character n-grams, which see spelling but no meaning: {reason}. {minilm.INSTALL_HINT}"
    )


def _is_path(word: str) -> bool:
    """Whether `word` looks like a path, or names a folder here and is no alias (`org/name` may be either)."""
    path = Path(word)
    return (
        word.startswith((".", "~"))
        or path.is_absolute()
        or (word.lower() not in catalog.ALIASES and is_folder(path))
    )
