"""Runs in lines: the list of them, and everything that is known of one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from core.evaluate.rows import EvaluationRow
from core.rows import HierarchyRow, RunDetail, RunRow, SummarySetRow
from core.text import one_line
from screens.result_lines import plain
from screens.widgets.spans import Line, Span, fit, wrap

ROOMY = 62
"""From so many cells on a run's line has every column."""

NAME = 16
"""Cells of a fact's name."""

METRICS: dict[str, str] = {
    "texts": "distinct texts that were clustered",
    "queries": "queries: each text as often as it was asked",
    "inertia": "sum of squared distances to the centroids; smaller is tighter, between runs of one space and one k",
    "mean_distance": "of a query to its cluster's centre: 0 is the same, 1 has nothing in common",
    "smallest": "texts in the smallest cluster",
    "largest": "texts in the largest cluster",
    "iterations": "rounds until nothing moved; 0 where the method has none",
    "converged": "whether it came to rest by itself",
}
"""What a metric of a run means."""


@dataclass(frozen=True)
class RunFacts:
    """A run with what hangs on it."""

    run: RunDetail
    sets: tuple[SummarySetRow, ...]
    trees: tuple[HierarchyRow, ...]
    evaluations: tuple[EvaluationRow, ...]


def runs_head(width: int) -> Line:
    """What the columns are."""
    if width < ROOMY:
        return Line(((f"  {'run':<{width - 24}}{'clusters':>9}{'queries':>10}", "dim"),))
    return Line(
        ((f"  {'run':<{width - 46}}{'clusters':>9}{'queries':>10}{'noise':>8}  {'names, tree':<15}", "dim"),)
    )


def run_line(row: RunRow, current: str | None, width: int) -> Line:
    """A run in a line; the one that is open has a dot."""
    here = row.run == current
    name = one_line(row.label or row.run, 120)
    if row.status != "done":
        name = f"[{row.status}] {name}"
    roomy = width >= ROOMY
    spans: list[Span] = [
        ("\u25cf " if here else "  ", "good"),
        (fit(name, width - (46 if roomy else 24)), "strong" if here else "text"),
        (f"{row.clusters:>9,}{row.queries:>10,}", "number"),
    ]
    if roomy:
        made = " \u00b7 ".join(
            word for word, there in (("names", row.summary_set), ("tree", row.hierarchy)) if there
        )
        noise = f"{row.noise / row.queries:>8.1%}" if row.noise and row.queries else f"{'':>8}"
        spans += [(noise, "dim"), (f"  {made or 'no names yet':<15}", "dim" if made else "warn")]
    return Line(tuple(spans), row)


def no_runs_lines(width: int) -> list[Line]:
    """What stands where there is no run."""
    told = "No run yet. s lists the steps that lead to one; A, in the first screen, takes all of them."
    return [Line(((f" {part}", "dim"),)) for part in wrap(told, width - 2)]


def about_lines(width: int) -> list[Line]:
    """What the screen is for, as long as there is nothing to show."""
    told = (
        "Here stands what is known of the run or the job under the cursor: of a run its parameters and why they are what"
        " they are, its metrics in words, its names and trees and what they cost; of a job how far it is, what ended it,"
        " what it cost, and its log."
    )
    return [Line(((part, "dim"),)) for part in wrap(told, width)]


def run_lines(facts: RunFacts, width: int) -> list[Line]:
    """All parameters, why they are what they are, metrics in words, names, trees, measures."""
    run = facts.run
    lines = [Line(((part, "heading"),)) for part in wrap(one_line(run.label or run.run, 400), width)]
    noise = (
        f" \u00b7 {run.noise:,} noise ({run.noise / run.queries:.1%})" if run.noise and run.queries else ""
    )
    lines.append(Line(((f"{run.clusters:,} clusters \u00b7 {run.queries:,} queries{noise}", "text"),)))
    lines += [Line(), *_facts({"run": run.run, "status": run.status, "dataset": run.dataset, "vectors": run.space,
                               "made": f"{moment(run.created_at)} by version {run.code_version}"}, width)]  # fmt: skip
    lines += [Line(), head("How it was made")]
    lines += _facts({"algorithm": run.algorithm, **run.parameters, "seed": run.seed}, width)
    for reason in run.reasons:
        lines += [Line(((part, "dim"),)) for part in wrap(one_line(reason, 600), width)]
    lines += [Line(), head("Metrics")]
    for name in sorted(
        run.metrics, key=lambda name: list(METRICS).index(name) if name in METRICS else len(METRICS)
    ):
        lines += told(name, plain(run.metrics[name]), METRICS.get(name, ""), width)
    lines += [Line(), head(f"Names ({len(facts.sets)})"), *_made(
        [(row.summary_set, row.current, f"{row.model}{f' ({row.alias})' if row.alias else ''}, {row.clusters:,} clusters",
          row.status, row.cost) for row in facts.sets], "N names the clusters.", width)]  # fmt: skip
    lines += [Line(), head(f"Trees ({len(facts.trees)})"), *_made(
        [(row.hierarchy, row.current, f"{row.method}, {row.nodes:,} nodes in {row.levels} levels", row.status, row.cost)
         for row in facts.trees], "B builds one.", width)]  # fmt: skip
    lines += [Line(), head(f"Measured ({len(facts.evaluations)})")]
    if not facts.evaluations:
        lines += [
            Line(((part, "dim"),))
            for part in wrap("Not yet: s, then eval.run, judges clusters and names.", width)
        ]
    for row in facts.evaluations:
        lines += told(row.evaluation, one_line(row.says, 200), moment(row.created_at), width)
    return lines


def head(text: str) -> Line:
    """A heading."""
    return Line(((text, "heading"),))


def moment(at: str) -> str:
    """A stored time to the minute."""
    return at[:16].replace("T", " ")


def money(cost: float | None) -> str:
    """Dollars in words."""
    return (
        "price not known"
        if cost is None
        else "free"
        if cost == 0
        else f"${cost:,.4f}"
        if cost < 1
        else f"${cost:,.2f}"
    )


def told(name: str, value: str, words: str, width: int) -> list[Line]:
    """A name, its value, and what it means, wrapped beside the name."""
    label = one_line(name.replace("_", " "), 60)
    room = max(width - NAME - 1, 20)
    lines: list[tuple[Span, ...]] = [((part, "text"),) for part in wrap(value, room)]
    if words and len(lines) == 1 and len(value) < room // 2:
        first, *rest = wrap(words, room - len(value) - 2)
        lines = [
            ((f"{value}  ", "text"), (first, "dim")),
            *(((" " * (len(value) + 2) + part, "dim"),) for part in rest),
        ]
    elif words:
        lines += [((part, "dim"),) for part in wrap(words, room)]
    return [
        Line(((fit(label if n == 0 else "", NAME) + " ", "dim"), *spans)) for n, spans in enumerate(lines)
    ]


def _facts(facts: dict[str, Any], width: int) -> list[Line]:
    lines: list[Line] = []
    for name, value in facts.items():
        words = "chosen by the data" if value is None else one_line(plain(value), 2_000)
        lines += told(name, words, "", width)
    return lines


def _made(rows: Sequence[tuple[str, bool, str, str, float | None]], none: str, width: int) -> list[Line]:
    """Sets of names or trees: the current one has a dot."""
    if not rows:
        return [Line(((f"None yet. {none}", "dim"),))]
    lines: list[Line] = []
    for name, current, words, status, cost in rows:
        state = "" if status == "done" else f" [{status}]"
        lines.append(
            Line((("\u25cf " if current else "  ", "good"), (one_line(name, 60), "strong"), (state, "warn")))
        )
        lines += [
            Line(((f"  {part}", "dim"),))
            for part in wrap(f"{one_line(words, 200)}, {money(cost)}", width - 2)
        ]
    return lines
