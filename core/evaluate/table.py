"""Figures as lines of text that line up."""

from __future__ import annotations

from collections.abc import Sequence

from core.evaluate.rows import Measure, SweepRow


def measure_table(measures: Sequence[Measure]) -> tuple[str, ...]:
    """A line a figure, under a line that says what the columns are."""
    rows = [("measure", "of", "value", "95% interval", "n")]
    for one in measures:
        interval = "" if one.low is None or one.high is None else f"{one.low:.3f} to {one.high:.3f}"
        value = "-" if one.value is None else f"{one.value:.3f}"
        rows.append(
            (one.measure, one.scope, value, interval, f"{one.n:,}" if one.value is not None else one.note)
        )
    return lined_up(rows)


def sweep_table(sweep: Sequence[SweepRow]) -> tuple[str, ...]:
    """A line a k."""
    head = "k, silhouette, spread, Davies-Bouldin, stability, coherence, smallest, largest, run"
    rows = [tuple(head.split(", "))]
    for one in sweep:
        scores = (one.silhouette, one.silhouette_spread, one.davies_bouldin, one.stability, one.coherence)
        sizes = (f"{one.smallest:g}", f"{one.largest:g}", one.run or "")
        rows.append((str(one.k), *("-" if s is None else f"{s:.3f}" for s in scores), *sizes))
    return lined_up(rows)


def lined_up(rows: Sequence[Sequence[str]]) -> tuple[str, ...]:
    """Columns two spaces apart."""
    widths = [max(len(row[at]) for row in rows) for at in range(len(rows[0]))]
    return tuple(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows
    )
