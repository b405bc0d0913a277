"""Scores of two groupings from their contingency alone, equal to scikit-learn's."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from core.compare.contingency import Contingency, Ints

REACH_SD, REACH = 9, 20
"""How far from its mean a cell's count is looked at: beyond, all probability is below 1e-14."""


class Scores(NamedTuple):
    """See `core.compare.rows.Agreement`."""

    ari: float
    ami: float
    nmi: float
    homogeneity: float
    completeness: float
    v: float


def scores(table: Contingency) -> Scores:
    """Every score. Two groupings without any query agree."""
    if not table.total:
        return Scores(1.0, 1.0, 1.0, 1.0, 1.0, 1.0)
    mutual = mutual_information(table)
    of_a, of_b = entropy(table.row_sums), entropy(table.column_sums)
    homogeneity = mutual / of_a if of_a else 1.0
    completeness = mutual / of_b if of_b else 1.0
    both = homogeneity + completeness
    v = 2 * homogeneity * completeness / both if both else 0.0
    trivial = len(table.row_labels) == len(table.column_labels) == 1
    nmi = 1.0 if trivial else mutual / ((of_a + of_b) / 2) if of_a + of_b else 1.0
    return Scores(
        adjusted_rand(table), _adjusted(table, mutual, of_a, of_b), nmi, homogeneity, completeness, v
    )


def adjusted_rand(table: Contingency) -> float:
    """The adjusted Rand index (Hubert and Arabie, 1985), in whole numbers until the last division."""
    n = table.total
    squares = _squares(table.counts)
    of_a, of_b = _squares(table.row_sums), _squares(table.column_sums)
    both, only_b, only_a = squares - n, of_b - squares, of_a - squares
    neither = n * n - only_a - only_b - squares
    if not only_a and not only_b:
        return 1.0
    below = (both + only_a) * (only_a + neither) + (both + only_b) * (only_b + neither)
    return 2 * (both * neither - only_a * only_b) / below


def purity(table: Contingency) -> float:
    """The share of all that is in the largest row class of its column."""
    largest = np.zeros(len(table.column_labels), dtype=np.int64)
    np.maximum.at(largest, table.columns, table.counts)
    return int(largest.sum()) / table.total if table.total else 1.0


def entropy(sums: Ints) -> float:
    """In nats."""
    shares = sums[sums > 0] / sums.sum()
    return float(max(0.0, -(shares * np.log(shares)).sum())) if len(shares) > 1 else 0.0


def mutual_information(table: Contingency) -> float:
    """In nats."""
    n = float(table.total)
    sums = table.row_sums[table.rows].astype(np.float64) * table.column_sums[table.columns]
    counts = table.counts.astype(np.float64)
    return max(0.0, float((counts / n * (np.log(counts) + np.log(n) - np.log(sums))).sum()))


def _adjusted(table: Contingency, mutual: float, of_a: float, of_b: float) -> float:
    """Adjusted mutual information, arithmetic mean (Vinh, Epps and Bailey, 2010)."""
    a, b = len(table.row_labels), len(table.column_labels)
    if a == b == 1:
        return 1.0
    if 1 in (a, b):
        return 0.0
    expected = expected_mutual_information(table.row_sums, table.column_sums)
    return _away_from_0(mutual - expected) / _away_from_0((of_a + of_b) / 2 - expected)


def _away_from_0(value: float) -> float:
    tiny = float(np.finfo(np.float64).eps)
    return min(value, -tiny) if value < 0 else max(value, tiny)


def expected_mutual_information(row_sums: Ints, column_sums: Ints) -> float:
    """Mutual information of two groupings with these class sizes, at random (hypergeometric model), in nats.

    The sum of Vinh, Epps and Bailey over all cells and all counts that a cell may have; counts that are too far from the
    mean to be seen in the result are passed over, and classes of one size are one, so that a thousand by a thousand classes of
    a million queries take seconds.
    """
    from scipy.special import gammaln

    n = int(row_sums.sum())
    log_factorial = gammaln(np.arange(n + 1, dtype=np.float64) + 1)
    b, b_times = np.unique(column_sums, return_counts=True)
    total = 0.0
    for a, times in zip(*np.unique(row_sums, return_counts=True), strict=True):
        mean = a * b / n
        spread = np.sqrt(mean * (1 - a / n) * (n - b) / max(n - 1, 1))
        reach = REACH_SD * spread + REACH
        low = np.maximum(np.maximum(1, a + b - n), np.floor(mean - reach)).astype(np.int64)
        high = np.minimum(np.minimum(a, b), np.ceil(mean + reach)).astype(np.int64)
        width = np.maximum(high - low + 1, 0)
        cell = np.repeat(np.arange(len(b)), width)
        count = np.arange(len(cell)) - np.repeat(np.cumsum(width) - width, width) + low[cell]
        ways = log_factorial[a] + log_factorial[n - a] - log_factorial[n]
        of_b = log_factorial[b] + log_factorial[n - b]
        logs = (
            ways + of_b[cell] - log_factorial[count] - log_factorial[a - count]
            - log_factorial[b[cell] - count] - log_factorial[n - a - b[cell] + count]
        )  # fmt: skip
        gain = count / n * (np.log(count) + np.log(n) - np.log(float(a)) - np.log(b)[cell])
        total += float(times) * float((b_times[cell] * gain * np.exp(logs)).sum())
    return total


def _squares(values: Ints) -> int:
    """The sum of squares, as a number of any size."""
    return sum(value * value for value in values.tolist())
