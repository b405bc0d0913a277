"""Groups of texts that are nearly the same: templates filled in, typing errors, copies with another number."""

from __future__ import annotations

import hashlib
import json
import re
import unicodedata
from collections.abc import Iterator

import numpy as np

from core.cluster.result import Indices, Labels
from core.control import Control
from core.outliers.found import Found, Group
from core.outliers.pairs import EXACT, components, linked
from core.outliers.texts import Texts
from db.workspace import Workspace

COSINE = 0.97
_READ = 5_000
"""Texts that are read at once."""
_DIGITS = re.compile(r"\d+")
_SPACES = re.compile(r"[\W_]+")


def fold(text: str) -> str:
    """A text without what copies differ by: case, numbers, punctuation and width of characters.

    A text without a letter stays as it is: of `1` and `2` nothing would be left.
    """
    plain = unicodedata.normalize("NFKC", text).casefold()
    folded = _SPACES.sub(" ", _DIGITS.sub("0", plain)).strip()
    return folded if any(letter.isalpha() for letter in folded) else text


def duplicates(
    workspace: Workspace, texts: Texts, cluster: int | None, cosine: float, control: Control
) -> Found:
    """Near-duplicates within clusters, the greatest group first.

    Two texts are linked when they are equal after `fold`, or when their cosine is at least `cosine`; a group is what hangs
    together by such links. All pairs of a cluster are looked at (of a cluster of more than `EXACT` texts nearly all that
    matter, see `core.outliers.pairs`), none across clusters.
    """
    order = np.argsort(texts.clusters, kind="stable")
    numbers, starts = np.unique(texts.clusters[order], return_index=True)
    ends = np.append(starts[1:], len(order))
    groups: list[Group] = []
    for number, start, end in zip(numbers.tolist(), starts.tolist(), ends.tolist(), strict=True):
        control.progress("duplicates", start, len(order), "texts")
        if cluster is None or number == cluster:
            groups += _of_cluster(workspace, texts, order[start:end], cosine, control)
    groups.sort(key=lambda group: (-len(group.places), int(texts.ids[group.places].min())))
    note = (
        "The score is how many distinct texts a group has. They are linked by equality but for case, numbers and"
        f" punctuation, or by a cosine of {cosine:g} or more, one to the next; the text shown is the most asked one."
    )
    if texts.table is not None and (np.diff(np.append(starts, len(order))) > EXACT).any():
        note += f" In clusters of more than {EXACT:,} texts a pair by cosine may be missed."
    if texts.table is None:
        note += " The vectors are not at hand: only equality was looked for."

    def reason(at: int) -> str:
        group = groups[at]
        if group.folded:
            return f"{len(group.places):,} texts that are equal but for case, numbers and punctuation"
        return f"{len(group.places):,} texts that are nearly the same"

    return Found(
        places=np.array([group.places[0] for group in groups], dtype=np.int64),
        scores=np.array([len(group.places) for group in groups], dtype=np.float64),
        reason=reason,
        note=note,
        groups=groups,
    )


def _of_cluster(
    workspace: Workspace, texts: Texts, places: Indices, cosine: float, control: Control
) -> Iterator[Group]:
    """The groups of two and more texts of one cluster."""
    folds = _folds(workspace, texts.ids[places])
    labels = _by_cosine(texts, places, cosine, control)
    # A text is linked to the first of its group on either side.
    firsts = [np.unique(sides, return_index=True)[1][_compact(sides)] for sides in (folds, labels)]
    here = np.arange(len(places))
    joined = linked(np.concatenate([here, here]), np.concatenate(firsts), len(places))
    order = np.argsort(joined, kind="stable")
    _, starts, sizes = np.unique(joined[order], return_index=True, return_counts=True)
    for start, size in zip(starts[sizes > 1].tolist(), sizes[sizes > 1].tolist(), strict=True):
        members = order[start : start + size]
        most_asked = np.lexsort((texts.ids[places[members]], -texts.times[places[members]]))
        folded = len(np.unique(folds[members])) == 1
        yield Group(places[members[most_asked]], folded)


def _compact(labels: Labels | Indices) -> Indices:
    return np.unique(labels, return_inverse=True)[1]


def _by_cosine(texts: Texts, places: Indices, cosine: float, control: Control) -> Labels:
    """Labels of what hangs together by cosine; a text without a vector stands alone."""
    labels = np.arange(len(places), dtype=np.int32)
    known = np.flatnonzero(texts.rows[places] >= 0)
    if texts.table is None or len(known) < 2:
        return labels
    found = components(texts.table[texts.rows[places[known]]], cosine, control)
    first = known[np.unique(found, return_index=True)[1]]
    labels[known] = first[found]
    return labels


def _folds(workspace: Workspace, ids: Indices) -> Indices:
    """A number for each text; equal ones for texts that are equal after `fold`."""
    values = np.empty(len(ids), dtype=np.int64)
    for start in range(0, len(ids), _READ):
        some = ids[start : start + _READ].tolist()
        contents = dict(
            workspace.rows(
                "SELECT id, content FROM text WHERE id IN (SELECT value FROM json_each(?))",
                (json.dumps(some),),
            )
        )
        for at, text_id in enumerate(some, start):
            digest = hashlib.blake2b(
                fold(contents[text_id]).encode("utf-8", "replace"), digest_size=8
            ).digest()
            values[at] = int.from_bytes(digest, "little", signed=True)
    return values
