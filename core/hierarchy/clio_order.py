"""What is asked of which model to build a tree, made ready."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from core.cluster.result import Floats
from core.errors import ActionError
from core.hierarchy.agglomerate import default_width, directions_of, level_sizes
from core.hierarchy.clio_vectors import Meanings
from core.hierarchy.leaves import Leaf, read_centroids, read_leaves, read_terms
from core.hierarchy.save import check_shape
from core.llm.prices import Price
from core.llm.prompts import Template, bundled, from_file, parse
from core.llm.target import Target, find_target
from core.lookup import RunInfo, find_run, find_summary_set
from core.name.phrases import Phrase
from core.paths import user_path
from core.session import Session

if TYPE_CHECKING:
    from core.hierarchy.request import TreeRequest

PLACES: Mapping[str, tuple[str, ...]] = {
    "propose": ("items", "outside", "wanted", "least", "most"),
    "dedupe": ("proposals", "wanted", "least", "most"),
    "assign": ("item", "themes"),
    "rename": ("children", "outside"),
}
"""What stands in braces in the template of each step, the steps in their order."""

_NEEDED = {
    "propose": ("items",),
    "dedupe": ("proposals",),
    "assign": ("item", "themes"),
    "rename": ("children",),
}

MOST_VOTES = 9


@dataclass(frozen=True)
class TreeOrder:
    """Everything that makes two trees by a model the same, and is kept with them; `prompts` are the templates' texts."""

    model: str
    base_url: str | None
    levels: int
    width: int | None
    votes: int
    seed: int
    prompts: Mapping[str, str]

    @cached_property
    def templates(self) -> Mapping[str, Template]:
        """The template of each step."""
        return {
            step: parse(text, PLACES[step], _NEEDED[step], "the stored prompt")
            for step, text in self.prompts.items()
        }

    @property
    def identity(self) -> Mapping[str, Any]:
        """The order as plain data, the templates by their hashes."""
        hashes = {step: template.hash for step, template in self.templates.items()}
        return asdict(self) | {"prompts": hashes}


@dataclass(frozen=True, eq=False)
class TreeWork:
    """A tree that is ready to be built: `leaves` are all clusters of the run, `sizes` how many nodes each level should have.

    `names` are the summary set's id and name; `centroids` are those of the ordinary clusters.
    """

    session: Session
    run: RunInfo
    order: TreeOrder
    target: Target
    price: Price | None
    names: tuple[int, str]
    leaves: tuple[Leaf, ...]
    centroids: Floats
    sizes: tuple[int, ...]

    @cached_property
    def clusters(self) -> tuple[Leaf, ...]:
        """The ordinary clusters, by number."""
        return tuple(leaf for leaf in self.leaves if leaf.kind == "cluster")

    @cached_property
    def directions(self) -> Floats:
        """`[k, d]`: unit vectors from the mean of all texts to each ordinary cluster."""
        return directions_of(
            self.centroids, np.array([leaf.size for leaf in self.clusters], dtype=np.float64)
        )

    @cached_property
    def terms(self) -> list[tuple[Phrase, ...]]:
        """What the texts of each ordinary cluster say."""
        return read_terms(self.session.workspace, self.run, self.clusters)

    @cached_property
    def meanings(self) -> Meanings:
        """Vectors of names."""
        return Meanings.of_run(self.session, self.run, self.centroids, [leaf.size for leaf in self.clusters])


def prepare(session: Session, request: TreeRequest) -> TreeWork:
    """Check what was asked for and read what the tree is built from; nothing is sent, and no key is needed.

    Raises:
        ActionError: `no_run`, `unknown_run`, `no_summary`, `unknown_summary_set`, `bad_levels`, `bad_width`, `bad_votes`,
            `no_model`, `unknown_model`, `bad_base_url`, `bad_prompt`, `bad_price`, `no_price` or `bad_limit`.
    """
    workspace = session.workspace
    run = find_run(workspace, request.run or session.view.run)
    check_shape(request.levels, request.width)
    if not 1 <= request.votes <= MOST_VOTES:
        raise ActionError("bad_votes", f"votes={request.votes} is not from 1 to {MOST_VOTES}.", "3 is usual.")
    if request.model is None:
        hint = "Name one: model=anthropic/NAME, openai/NAME or ollama/NAME; method=local needs none."
        raise ActionError("no_model", "method=clio needs a language model.", hint)
    names = find_summary_set(workspace, run, request.set)
    target = find_target(request.model, request.base_url)
    price = request.pace.price_for(target, session.prices)
    prompts = read_prompts(request.prompts)
    leaves = read_leaves(workspace, run, names[0])
    k = sum(leaf.kind == "cluster" for leaf in leaves)
    width = default_width(k) if request.width is None else request.width
    return TreeWork(
        session=session,
        run=run,
        order=TreeOrder(
            request.model, request.base_url, request.levels, request.width, request.votes, run.seed, prompts
        ),
        target=target,
        price=price,
        names=names,
        leaves=tuple(leaves),
        centroids=read_centroids(workspace, run) if k else np.zeros((0, 1), dtype=np.float32),
        sizes=tuple(level_sizes(k, request.levels, width)) if k else (),
    )


def read_prompts(folder: str | None) -> dict[str, str]:
    """The templates' texts by step: those in the user's folder, the bundled ones for the rest.

    Raises:
        ActionError: `bad_prompt`: no such folder, none of the files in it, or one that is not right.
    """
    found = {step: bundled(step, places) for step, places in PLACES.items()}
    if folder is not None:
        files = {step: user_path(folder) / f"{step}.txt" for step in PLACES}
        own = {step: path for step, path in files.items() if _there(path)}
        if not own:
            listed = ", ".join(path.name for path in files.values())
            raise ActionError(
                "bad_prompt", f"{folder} holds none of {listed}.", "Name a folder with prompts=."
            )
        found |= {step: from_file(path, PLACES[step], _NEEDED[step]) for step, path in own.items()}
    return {step: template.text for step, template in found.items()}


def _there(path: Path) -> bool:
    try:
        return path.exists()
    except OSError:
        return False
