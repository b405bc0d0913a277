"""What a search for outliers hands to the list."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from core.cluster.result import Indices


@dataclass(frozen=True, eq=False)
class Group:
    """Near-duplicates: places of the texts, the most asked first, and whether they are equal but for case and numbers."""

    places: Indices
    folded: bool


@dataclass(frozen=True, eq=False)
class Found:
    """Outliers, the farthest out first: places of texts, their scores, and why, in words for one of them."""

    places: Indices
    scores: npt.NDArray[np.float64]
    reason: Callable[[int], str]
    """Of the place in `places`."""
    note: str
    like: Indices | None = None
    """For texts that stand alone: the place of the text that is most like each."""
    groups: Sequence[Group] = ()


def ranked(places: Indices, scores: npt.NDArray[np.float64]) -> Indices:
    """The order of the highest score first, the lowest place among equals."""
    return np.lexsort((places, -scores))
