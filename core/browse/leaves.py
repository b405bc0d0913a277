"""The clusters of a run as a list narrows them: their words, their tags, and how many of their queries count."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from core.browse.rows import Narrowing
from core.lookup import RunInfo, unknown
from core.text import first_few
from db.query_facts import QueryFacts, query_facts
from db.text_sets import kept
from db.titles import DESCRIPTION_SQL, SUMMARY_JOIN, TITLE_SQL
from db.workspace import Workspace


@dataclass(frozen=True)
class Leaf:
    """A cluster, the noise or the orphans of a run; `words` is its title and description with the case folded."""

    number: int
    kind: str
    title: str
    size: int
    coherence: float | None
    words: str
    tags: frozenset[str]


def leaves(workspace: Workspace, run: RunInfo) -> dict[int, Leaf]:
    """All of them by number; kept until the store changes."""
    found: dict[int, Leaf] = kept(workspace, ("leaves", run.id), lambda: _leaves(workspace, run))
    return found


def _leaves(workspace: Workspace, run: RunInfo) -> dict[int, Leaf]:
    rows = workspace.raw.execute(
        f"SELECT c.number, c.kind, {TITLE_SQL}, {DESCRIPTION_SQL}, c.size, c.coherence, c.tags FROM cluster c"
        f" JOIN run r ON r.id = c.run_id {SUMMARY_JOIN} WHERE c.run_id = ?",
        (run.id,),
    )
    return {
        number: Leaf(
            number, kind, title, size, coherence, f"{title}\n{description}".casefold(),
            frozenset(json.loads(tags)) if tags != "[]" else frozenset(),
        )
        for number, kind, title, description, size, coherence, tags in rows
    }  # fmt: skip


def counted(
    workspace: Workspace, run: RunInfo, narrowing: Narrowing, above: Mapping[int, str]
) -> dict[int, int]:
    """How many queries of each cluster count; exact. Clusters that are not listed are missing.

    Args:
        workspace: The store.
        run: Whose clusters.
        narrowing: Which of them.
        above: By cluster the titles of the themes over it, their case folded; missing where there are none.

    Raises:
        ActionError: `unknown_language`, `unknown_chat_model` or `unknown_tag`.
    """
    known = leaves(workspace, run)
    if narrowing.language is None and narrowing.chat_model is None:
        sizes = {number: leaf.size for number, leaf in known.items()}
    else:
        sizes = _asked(query_facts(workspace, run.id), narrowing)
    words = [_begins(word) for word in (narrowing.text or "").casefold().split()]
    if narrowing.tag is not None:
        _check_tag(known, narrowing.tag)
    return {
        number: size
        for number, size in sizes.items()
        if (narrowing.tag is None or narrowing.tag in known[number].tags)
        and all(word.search(known[number].words) or word.search(above.get(number, "")) for word in words)
    }


def _begins(word: str) -> re.Pattern[str]:
    """Finds words that begin so; of a script without blanks between its words, the letters anywhere."""
    spaced = word[0].isalnum() and ord(word[0]) < _UNSPACED
    return re.compile((r"(?<!\w)" if spaced else "") + re.escape(word))


_UNSPACED = 0x2E80
"""From here on stand the scripts of Chinese, Japanese and their like."""


def _asked(facts: QueryFacts, narrowing: Narrowing) -> dict[int, int]:
    passes = np.ones(len(facts.cluster), np.bool_)
    for kind, value, codes, values in (
        ("language", narrowing.language, facts.language, facts.languages),
        ("chat_model", narrowing.chat_model, facts.model, facts.models),
    ):
        if value is not None:
            meant = _meant(kind, value, values)
            passes &= np.isin(codes, meant)
    numbers, sizes = np.unique(facts.cluster[passes], return_counts=True)
    return dict(zip(numbers.tolist(), sizes.tolist(), strict=True))


def _meant(kind: str, value: str, values: tuple[str, ...]) -> list[int]:
    """The codes of a value: as it is written, else in any case."""
    if value in values:
        return [values.index(value)]
    found = [n for n, known in enumerate(values) if known.casefold() == value.casefold()]
    if not found:
        raise unknown(kind, value, list(values), f"The log has: {first_few(sorted(values)) or 'none'}.")
    return found


def _check_tag(known: Mapping[int, Leaf], tag: str) -> None:
    tags = {tag for leaf in known.values() for tag in leaf.tags}
    if tag not in tags:
        listed = first_few(sorted(tags)) or "none; cluster.tag gives one"
        raise unknown("tag", tag, sorted(tags), f"The tags of this run: {listed}.")
