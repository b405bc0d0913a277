"""A series of counts in one line: a block a period, or a block for several where there are more than cells."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from itertools import pairwise

from screens.widgets.spans import Span

EIGHTHS = " \u2581\u2582\u2583\u2584\u2585\u2586\u2587\u2588"
"""By eighths of a cell from below; nothing is a blank, so that what began late or ended early shows."""

WIDEST = 3
"""Cells that one value takes at most."""


def parts(count: int, width: int) -> list[tuple[int, int]]:
    """The values from the first to before the second that each cell stands for, in at most `width` cells.

    Every value stands in some cell; values of which there are more than cells are spread as evenly as whole numbers allow.
    """
    if count <= 0 or width <= 0:
        return []
    if count <= width:
        each = min(width // count, WIDEST)
        return [(at, at + 1) for at in range(count) for _ in range(each)]
    edges = [at * count // width for at in range(width + 1)]
    return list(pairwise(edges))


def level(value: float, top: float) -> int:
    """Eighths of a cell, 0 to 8, for a value up to `top`; what is not zero has at least one."""
    if value <= 0 or top <= 0:
        return 0
    return max(1, min(8, round(8 * value / top)))


def sparkline(counts: Sequence[int], width: int, marked: Collection[int] = ()) -> list[Span]:
    """The counts in at most `width` cells, the highest cell full; cells with a marked period have another look.

    Args:
        counts: By period. A cell of several shows their mean, so that cells of one more or one less are not unlike, but
            that of the marked alone where one is marked: a peak must not vanish among its neighbours.
        width: Cells there are.
        marked: Numbers of periods that stand out.
    """
    cells = parts(len(counts), width)
    spans: list[Span] = []
    means: list[float] = []
    hits: list[bool] = []
    for start, end in cells:
        peaks = [counts[at] for at in range(start, end) if at in marked]
        shown = peaks or counts[start:end]
        means.append(sum(shown) / len(shown))
        hits.append(bool(peaks))
    top = max(means, default=0.0)
    for mean, hit in zip(means, hits, strict=True):
        look = "warn" if hit else "bar"
        block = EIGHTHS[level(mean, top)]
        if spans and spans[-1][1] == look:
            spans[-1] = (spans[-1][0] + block, look)
        else:
            spans.append((block, look))
    return spans
