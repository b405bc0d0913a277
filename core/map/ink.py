"""Which of few colours each thing on a map has, so that neighbours can be told apart."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

INKS = 7
"""Colours that are told apart on a dark and on a light screen."""

CAREFUL = 2_000
"""So many things, the heaviest first, get their colour by where they lie; of so many the others are too small to tell apart."""


def inks(
    centres: NDArray[np.float64], weights: NDArray[np.float64], ordinary: NDArray[np.bool_]
) -> NDArray[np.int64]:
    """`[k]`: a colour each, 0 to 6; -1 for what is not `ordinary` or lies nowhere.

    Greedily, the heaviest first: each takes the colour whose nearest bearer is furthest away.

    Args:
        centres: `[k, 2]`; NaN for what lies nowhere.
        weights: `[k]`.
        ordinary: `[k]`: whether it gets a colour.
    """
    found = np.full(len(centres), -1, np.int64)
    wanted = np.flatnonzero(ordinary & np.isfinite(centres).all(axis=1))
    order = wanted[np.argsort(-weights[wanted], kind="stable")]
    for place, at in enumerate(order[:CAREFUL].tolist()):
        before = order[:place]
        apart = ((centres[before] - centres[at]) ** 2).sum(axis=1)
        nearest = np.full(INKS, np.inf)
        np.minimum.at(nearest, found[before], apart)
        found[at] = int(nearest.argmax())
    rest = order[CAREFUL:]
    found[rest] = rest % INKS
    return found
