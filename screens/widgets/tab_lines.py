"""What the tabs of the detail pane say, as lines: counts, names, neighbours, edits."""

from __future__ import annotations

from collections.abc import Sequence

from core.browse.rows import NameInSet
from core.curate.rows import EditRow
from core.facets.rows import FacetCount
from core.rows import ClusterDetail, ClusterRow, HierarchyRow, Neighbour, NodeRow, SummarySetRow
from core.text import one_line
from screens.widgets.detail_lines import beside, heading, paragraph
from screens.widgets.spans import Line, Span, fit, percent, share_bar, wrap
from screens.widgets.sparkline import sparkline

ROOMY = 84
"""From so many columns on names stand side by side."""

LEAST = 5
"""Queries from which on a difference is more than chance would make of one or two."""

MORE, LESS = 1.5, 1 / 1.5
"""From which factor on a value is more or less frequent here than in the whole log in a way that is worth a mark."""


def heading_line(row: NodeRow | ClusterRow) -> Line:
    """What the counts are of."""
    title = "All queries" if row.kind == "root" and not row.title else one_line(row.title, 200)
    return Line(((title, "strong"),))


def waiting_lines(what: str) -> list[Line]:
    """What is still being counted."""
    return [Line(((f"counting {one_line(what, 40).replace('_', ' ')}\u2026", "dim"),))] if what else []


def times_lines(title: str, series: Sequence[tuple[str, int]], unknown: int, width: int) -> list[Line]:
    """Queries by week or by day as one line of blocks, with its ends and its peak."""
    if not series:
        return [heading(title), Line(((" No query has a time.", "dim"),))]
    counts = [count for _, count in series]
    peak = max(series, key=lambda week: week[1])
    lines = [heading(title), Line(((" ", "text"), *sparkline(counts, max(width - 2, 8))))]
    ends = f" {series[0][0]} to {series[-1][0]}" if len(series) > 1 else f" {series[0][0]}"
    lines.append(Line(((ends, "dim"), (f" \u00b7 most: {peak[1]:,} from {peak[0]}", "dim"))))
    if unknown:
        lines.append(Line(((f" {unknown:,} have no time", "dim"),)))
    return lines


def counts_lines(title: str, rows: Sequence[FacetCount], total: int, width: int) -> list[Line]:
    """The most frequent values of a facet as bars; an arrow tells what is more or less frequent here than in the whole log.

    Args:
        title: What is counted by.
        rows: The values, the most frequent first.
        total: How many values there are.
        width: Cells of a line.
    """
    label = min(26, max(10, width // 3))
    bar = max(6, min(16, width - label - 27))
    lines = [heading(one_line(title, 60))]
    for row in rows:
        value = "unknown" if row.value is None else one_line(row.title or row.value, 80)
        lines.append(
            Line(
                (
                    (" " + fit(value, label) + " ", "dim" if row.value is None else "text"),
                    (share_bar(row.share, bar), "bar"),
                    (f" {percent(row.share)} {row.count:>9,} ", "dim"),
                    _lift(row.lift) if row.count >= LEAST else ("", "dim"),
                )
            )
        )
    if not rows:
        lines.append(Line(((" none", "dim"),)))
    elif total > len(rows):
        rest = max(0.0, 1 - sum(row.share for row in rows))
        lines.append(Line(((f" and {total - len(rows):,} more with {percent(rest).strip()}", "dim"),)))
    return lines


def _lift(lift: float) -> Span:
    if lift >= MORE:
        return f"\u2191{lift:.1f}\u00d7", "good"
    return (f"\u2193{lift:.1f}\u00d7", "warn") if lift <= LESS else ("", "dim")


def names_lines(names: Sequence[NameInSet], width: int) -> list[Line]:
    """What a cluster is called in each set, two and two where there is room."""
    if not names:
        return [Line((("No set names it yet; N makes one.", "dim"),))]
    lines = [heading(f"{len(names)} names, the newest first" if len(names) > 1 else "Its only name")]
    if width < ROOMY or len(names) == 1:
        return [*lines, *(line for name in names for line in (*_name(name, width - 1), Line()))]
    half = width // 2
    for at in range(0, len(names), 2):
        pair = [_name(name, half - 3) for name in names[at : at + 2]]
        lines += [*(beside(pair[0], pair[1], half) if len(pair) == 2 else pair[0]), Line()]
    return lines


def _name(name: NameInSet, width: int) -> list[Line]:
    called = (
        "by hand, shown in place of those of the sets"
        if name.summary_set is None
        else one_line(name.alias or name.summary_set, 40)
    )
    facts = [called]
    if name.summary_set is not None and name.model != name.alias:
        facts.append(one_line(name.model, 30))
    if name.coherence is not None:
        facts.append(f"coherence {name.coherence} of 5")
    if name.status not in ("named", "by hand"):
        facts.append(name.status)
    mark = "\u2713 " if name.current else "  "
    lines = [Line(((mark, "good"), (fit(" \u00b7 ".join(facts), width - 2).rstrip(), "dim")))]
    title = one_line(name.title, 300) or "(no name yet)"
    lines += [Line(((part, "strong"),)) for part in wrap(title, width)]
    return lines + (paragraph(name.description, width, most=6) if name.description else [])


def sets_lines(sets: Sequence[SummarySetRow], trees: Sequence[HierarchyRow], width: int) -> list[Line]:
    """The sets of names and the trees of a run; the current ones are marked."""
    lines = [heading("Sets of names")]
    for row in sets:
        told = f"{row.clusters:,} clusters \u00b7 {one_line(row.model, 30)} \u00b7 {row.created_at[:10]}"
        lines += _made(row.current, row.alias or row.summary_set, told, row.status, row.cost, width)
    if not sets:
        lines.append(Line(((" none yet; N makes one", "dim"),)))
    lines += [Line(), heading("Trees")]
    for tree in trees:
        told = f"{tree.nodes:,} nodes \u00b7 {tree.levels} levels \u00b7 {one_line(tree.method, 20)} \u00b7 {tree.created_at[:10]}"
        lines += _made(tree.current, tree.hierarchy, told, tree.status, tree.cost, width)
    if not trees:
        lines.append(Line(((" none yet; B builds one", "dim"),)))
    lines.append(Line(((" : summary.use and hierarchy.use show another", "dim"),)))
    return lines


def _made(current: bool, name: str, told: str, status: str, cost: float | None, width: int) -> list[Line]:
    price = "" if not cost else f" \u00b7 ${cost:.2f}"
    state = "" if status == "done" else f" \u00b7 {status}"
    first: list[Span] = [("\u2713 " if current else "  ", "good"), (one_line(name, 60), "strong")]
    rest = f"{told}{price}"
    if width < 60:
        return [Line(tuple(first)), Line(((f"    {rest}", "dim"), (state, "warn")))]
    return [Line((*first, (f"  {rest}", "dim"), (state, "warn")))]


def neighbours_lines(detail: ClusterDetail, width: int) -> list[Line]:
    """The clusters nearest to a cluster; enter goes to one."""
    if not detail.neighbours:
        return [Line((("No other cluster is near.", "dim"),))]
    bar = max(6, min(16, width // 6))
    head = f"{'queries':>8} {'likeness':<{bar + 5}} title"
    return [heading("Neighbouring clusters, the nearest first"), Line(((head, "dim"),))] + [
        _neighbour(near, bar) for near in detail.neighbours
    ]


def _neighbour(near: Neighbour, bar: int) -> Line:
    return Line(
        (
            (f"{near.size:>8,} ", "number"),
            (share_bar(near.similarity, bar), "bar"),
            (f" {near.similarity:4.2f} ", "dim"),
            (one_line(near.title, 160), "text"),
        ),
        near,
    )


def edits_lines(edits: Sequence[EditRow], total: int, actor: str, width: int) -> list[Line]:
    """The edits, the newest first; what was undone says so."""
    if not edits:
        return [Line((("Nobody has edited it yet.", "dim"),))]
    lines = [heading(f"{total:,} edit{'s' if total != 1 else ''}, the newest first; J has them to undo")]
    for edit in edits:
        who = "you" if edit.actor == actor else one_line(edit.actor, 20)
        undone = edit.undone_by is not None
        state = f" undone by {edit.undone_by}" if undone else ""
        head = f"{edit.edit:>5}  {edit.at[:16].replace('T', ' ')}  {who}"
        lines.append(Line(((head, "dim"), (state, "warn"))))
        parts = wrap(one_line(edit.summary, 400), max(width - 7, 8))[:3]
        lines += [Line(((f"       {part}", "dim" if undone else "text"),)) for part in parts]
        if edit.reason:
            lines += [
                Line(((f"       {part}", "other"),))
                for part in wrap(f"why: {one_line(edit.reason, 300)}", max(width - 7, 8))[:2]
            ]
    return lines
