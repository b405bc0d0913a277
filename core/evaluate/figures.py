"""Figures as rows, rounded so that they read well and compare equal."""

from __future__ import annotations

from core.evaluate.rows import Measure
from core.evaluate.wilson import wilson

DIGITS = 4


def figure(measure: str, scope: str, value: float, n: int, note: str = "") -> Measure:
    """A figure without an interval."""
    return Measure(measure, scope, round(float(value), DIGITS), None, None, n, note)


def share(measure: str, scope: str, found: int, n: int, note: str = "") -> Measure:
    """`found` of `n` that were drawn, with the interval for all; without a value where nothing was asked."""
    if not n:
        return missing(measure, scope, note or "Nothing to ask.")
    low, high = wilson(found, n)
    return Measure(measure, scope, round(found / n, DIGITS), round(low, DIGITS), round(high, DIGITS), n, note)


def counted(measure: str, scope: str, found: int, n: int, note: str = "") -> Measure:
    """`found` of `n` where all were looked at, so that there is nothing to be unsure of."""
    return (
        figure(measure, scope, found / n, n, note)
        if n
        else missing(measure, scope, note or "Nothing to count.")
    )


def missing(measure: str, scope: str, why: str) -> Measure:
    """A figure that could not be had."""
    return Measure(measure, scope, None, None, None, 0, why)
