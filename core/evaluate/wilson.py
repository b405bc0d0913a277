"""The interval of a share."""

from __future__ import annotations

from math import sqrt

Z = 1.959963984540054
"""The normal quantile of a two-sided 95%."""


def wilson(found: int, n: int) -> tuple[float, float]:
    """Wilson's 95% score interval of `found` of `n` (1927); (0, 1) where nothing was asked."""
    if n == 0:
        return 0.0, 1.0
    share, z2 = found / n, Z * Z / n
    middle = (share + z2 / 2) / (1 + z2)
    half = Z * sqrt(share * (1 - share) / n + z2 / (4 * n)) / (1 + z2)
    return max(0.0, middle - half), min(1.0, middle + half)
