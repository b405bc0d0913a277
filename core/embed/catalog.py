"""The text models that fastembed knows by name, and the words that people use for them."""

from __future__ import annotations

import difflib
from dataclasses import dataclass

from core.embed.library import text_embedding
from core.errors import ActionError

POTION = "minishlab/potion-base-8M"
ALIASES = {
    "potion": POTION,
    "potion-base-8m": POTION,
    "multilingual-e5": "intfloat/multilingual-e5-large",
    "bge-small": "BAAI/bge-small-en-v1.5",
}
SPACE_NAMES = {POTION: "potion-base-8m"}


@dataclass(frozen=True)
class KnownModel:
    """A model from fastembed's own list."""

    name: str
    repository: str
    model_file: str
    additional_files: tuple[str, ...]
    dim: int
    size_gb: float
    description: str

    @property
    def static(self) -> bool:
        """A table of token vectors, no network."""
        return self.model_file.endswith(".safetensors")

    @property
    def space(self) -> str:
        """The name of the space of its vectors."""
        return SPACE_NAMES.get(self.name, self.name)


def known_models() -> list[KnownModel]:
    """Every text model of the installed fastembed that a hub holds; imports fastembed (a second)."""
    return [
        KnownModel(
            name=entry["model"],
            repository=entry["sources"]["hf"],
            model_file=entry["model_file"],
            additional_files=tuple(entry["additional_files"]),
            dim=entry["dim"],
            size_gb=entry["size_in_GB"],
            description=entry["description"],
        )
        for entry in text_embedding().list_supported_models()
        if entry["sources"]["hf"] and not entry["model"].startswith("lmsys-tui/")
    ]


def find_known(word: str, others: tuple[str, ...] = ()) -> KnownModel:
    """The model that `word` names: fastembed's name in any case, its last part, or an alias.

    Args:
        word: What the user typed.
        others: Further names that exist, for the suggestions.

    Raises:
        ActionError: `unknown_model`, with close names.
    """
    models = known_models()
    wanted = ALIASES.get(word.lower(), word).lower()
    hits = [m for m in models if m.name.lower() == wanted] or [
        m for m in models if m.name.lower().rpartition("/")[2] == wanted
    ]
    if len(hits) == 1:
        return hits[0]
    names = {name.lower(): name for name in (*others, *ALIASES, *(m.name for m in models))}
    names |= {m.name.lower().rpartition("/")[2]: m.name for m in models}
    close = difflib.get_close_matches(wanted, list(names), n=5, cutoff=0.5)
    raise ActionError(
        "unknown_model",
        f"There is no embedding model {word!r}.",
        "embed.models shows the models; a path names a model folder.",
        tuple(dict.fromkeys(names[name] for name in close))[:3],
    )
