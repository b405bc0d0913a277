"""Which k to take, and why, in words; or that none stands out."""

from __future__ import annotations

from collections.abc import Sequence

from core.evaluate.rows import SweepRow

STEADY = 0.5
"""A stability below this: two seeds agree on little, so that the clusters are the seed's as much as the data's."""
APART = 0.02
"""Silhouettes that differ by no more say nothing, whatever the seeds do."""
STEADIER = 0.05


def recommend(rows: Sequence[SweepRow], seeds: int) -> tuple[int | None, str]:
    """A k and the reason; no k where none stands out.

    The k that separates best is looked for first. Values whose silhouettes differ by no more than `APART`, or than twice what
    another seed changes, are as good: of these the most stable is taken, of equally stable ones the smallest, which is the
    easiest to read. None stands out when all of several values are as good and equally stable, and when even the best gives
    other clusters with every seed.
    """
    scored = [row for row in rows if row.silhouette is not None]
    if not scored:
        return None, "Nothing to choose from: a silhouette needs at least two clusters."
    best = max(scored, key=_silhouette)
    slack = max(APART, 2 * max((row.silhouette_spread or 0.0) for row in scored))
    good = [row for row in scored if _silhouette(row) >= _silhouette(best) - slack]
    steadiest = max(good, key=_stability)
    taken = min(
        (row for row in good if _stability(row) >= _stability(steadiest) - STEADIER), key=lambda row: row.k
    )
    if len(scored) == 1:
        return None, f"k={best.k} is the only value that was tried: {_says(best)}. Try several: k=50,100,200."
    if taken.stability is not None and _stability(taken) < STEADY:
        return None, (
            f"No k stands out: with k={taken.k}, the best of them, two seeds still agree little ({_says(taken)}), so that the"
            f" clusters are the seed's as much as the data's. {_fewer(rows)}"
        )
    flat = len(good) == len(scored) and all(
        _stability(row) >= _stability(steadiest) - STEADIER for row in scored
    )
    if flat:
        low, high = min(map(_silhouette, scored)), max(map(_silhouette, scored))
        return None, (
            f"No k stands out: silhouettes from {low:.2f} to {high:.2f} differ by no more than {slack:.2f}, which says"
            f" nothing, and the values are equally stable. Choose by how fine a tree you want; k={taken.k} is the easiest to read."
        )
    return taken.k, _reason(taken, good, scored, slack, seeds)


def _reason(
    taken: SweepRow, good: Sequence[SweepRow], scored: Sequence[SweepRow], slack: float, seeds: int
) -> str:
    others = [row for row in good if row is not taken]
    if others:
        other = max(others, key=_silhouette)
        parts = [
            f"k={taken.k} separates as well as k={', '.join(str(row.k) for row in others)} (silhouette"
            f" {_silhouette(taken):.2f} against {_silhouette(other):.2f}; a difference up to {slack:.2f} says nothing)"
        ]
        steady = max(others, key=_stability)
        if _stability(taken) > _stability(steady) + STEADIER:
            parts.append(f"and is more stable ({_stability(taken):.2f} against {_stability(steady):.2f})")
        elif taken.k < min(row.k for row in others):
            parts.append("and has fewer clusters to read")
    else:
        parts = [f"k={taken.k} separates best ({_says(taken)})"]
    text = ", ".join(parts) + "."
    steadier = max(scored, key=_stability)
    if _stability(steadier) > _stability(taken) + STEADIER:
        text += (
            f" What it gives up: k={steadier.k} is more stable ({_stability(steadier):.2f} against {_stability(taken):.2f}),"
            f" with a silhouette of {_silhouette(steadier):.2f}."
        )
    tighter = max(scored, key=lambda row: row.coherence)
    if tighter.coherence > taken.coherence + STEADIER:
        text += (
            f" k={tighter.k} has more coherent clusters ({tighter.coherence:.2f} against {taken.coherence:.2f}), but separates"
            " them less."
        )
    tried = [row.k for row in scored]
    if taken.k == max(tried):
        text += " It is the largest that was tried: try larger ones, too."
    elif taken.k == min(tried):
        text += " It is the smallest that was tried: try smaller ones, too."
    if seeds < 2:
        text += " One seed says nothing of stability: seeds=3 would."
    return text


def _fewer(rows: Sequence[SweepRow]) -> str:
    return f"Try smaller values than {min(row.k for row in rows)}, or run.hdbscan, which leaves strays aside."


def _says(row: SweepRow) -> str:
    stable = "" if row.stability is None else f", stability {row.stability:.2f}"
    return f"silhouette {_silhouette(row):.2f}{stable}"


def _silhouette(row: SweepRow) -> float:
    return row.silhouette if row.silhouette is not None else -1.0


def _stability(row: SweepRow) -> float:
    return row.stability if row.stability is not None else 0.0
