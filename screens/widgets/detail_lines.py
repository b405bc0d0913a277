"""What the panes say, as lines: pure functions from rows to lines of a given width."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from core.rows import ClusterDetail, ClusterRow, NodeRow, RunDetail, RunRow, Share, TextRow
from core.text import one_line
from screens.widgets.spans import Line, Span, coherence_mark, fit, percent, queries, share_bar, wrap

NUMBER = 5
LANGUAGE = 9


def heading(text: str) -> Line:
    """A heading."""
    return Line(((text, "heading"),))


def paragraph(text: str, width: int, look: str = "text", most: int = 12) -> list[Line]:
    """Wrapped text of at most `most` lines."""
    parts = wrap(one_line(text, 4000), width)
    lines = [Line(((part, look),)) for part in parts[:most]]
    if len(parts) > most:
        lines.append(Line((("\u2026", "dim"),)))
    return lines


def text_line(row: TextRow) -> Line:
    """A query: how often it was asked, in which language, and its words."""
    return Line(
        (
            (f"{row.times:>{NUMBER},}\u00d7 ", "number"),
            (fit(row.language or "", LANGUAGE) + " ", "dim"),
            (one_line(row.text, 240), "text"),
        ),
        row,
    )


def hit_line(row: TextRow, width: int, searched: str = "") -> Line:
    """A search result: times, language, cluster, words; what was `searched` for is marked."""
    cluster = max(14, min(30, width // 4))
    title = row.cluster_title or ("" if row.cluster is None else f"cluster {row.cluster}")
    return Line(
        (
            (f"{row.times:>{NUMBER},}\u00d7 ", "number"),
            (fit(row.language or "", LANGUAGE) + " ", "dim"),
            (fit(one_line(title), cluster) + " ", "other"),
            *marked_spans(one_line(row.text, 240), searched),
        ),
        row,
    )


def marked_spans(text: str, searched: str) -> list[Span]:
    """A text in which the words that were searched for are marked."""
    if not searched.strip():
        return [(text, "text")]
    from core.search.highlights import highlights

    spans: list[Span] = []
    at = 0
    for start, end in highlights(text, searched):
        spans += [(text[at:start], "text"), (text[start:end], "hit")]
        at = end
    return [*spans, (text[at:], "text")]


def node_line(row: NodeRow | ClusterRow, whole: int) -> Line:
    """A child: size, share of the `whole` as a bar and of the run in per cent, mark, title."""
    special = row.kind in ("noise", "orphans", "no_parent")
    mark = coherence_mark(row.coherence) if row.kind == "cluster" else (" ", "dim")
    return Line(
        (
            (f"{row.size:>7,} ", "number"),
            (share_bar(row.size / whole if whole else 0.0, 10), "bar"),
            (f" {percent(row.share)} ", "dim"),
            mark,
            (" ? " if isinstance(row, NodeRow) and row.low_fit else " ", "warn"),
            *((("\u2691 ", "warn"),) if row.flags else ()),
            (one_line(row.title, 160), "dim" if special else "text"),
        ),
        row,
    )


def shares_lines(title: str, shares: Sequence[Share], width: int, most: int = 4) -> list[Line]:
    """A facet as bars; the rest is summed up."""
    if not shares:
        return []
    label = min(24, max(10, width // 3))
    bar = max(6, min(16, width - label - 17))
    lines = [heading(title)]
    for share in shares[:most]:
        lines.append(
            Line(
                (
                    (" " + fit(one_line(share.value), label) + " ", "text"),
                    (share_bar(share.share, bar), "bar"),
                    (f" {percent(share.share)} {share.count:>8,}", "dim"),
                )
            )
        )
    rest = shares[most:]
    if rest:
        lines.append(Line(((f" and {len(rest)} more with {sum(s.count for s in rest):,}", "dim"),)))
    return lines


def beside(left: list[Line], right: list[Line], width: int) -> list[Line]:
    """Two blocks next to each other; the left one takes `width` cells."""
    from rich.cells import cell_len

    lines = []
    for n in range(max(len(left), len(right))):
        spans = left[n].spans if n < len(left) else ()
        used = sum(cell_len(text) for text, _ in spans)
        tail = right[n].spans if n < len(right) else ()
        lines.append(Line((*spans, (" " * max(width - used, 1), "text"), *tail)))
    return lines


def cluster_lines(
    detail: ClusterDetail, width: int, members: int | None, left: int | None = None
) -> list[Line]:
    """A cluster: what it is, whom it holds, what borders on it; the list of all members follows.

    Args:
        detail: The cluster.
        width: Cells of a line.
        members: How many members there are, when known.
        left: How many of its queries the filter of the tree leaves; `None` without a filter.
    """
    lines = [Line(((part, "strong"),)) for part in wrap(one_line(detail.title, 300), width)]
    lines += paragraph(detail.description, width)
    lines.append(Line(_facts(detail)))
    if left is not None:
        some = f"{left:,} of them; all of them are counted and listed here"
        told = f"The filter leaves {some if left < detail.size else 'all of them'}."
        lines += paragraph(told, width, "warn")
    lines += _said(detail, width)
    if detail.phrases:
        lines += paragraph("Phrases: " + " \u00b7 ".join(detail.phrases), width, "other", 2)
    half = width // 2
    if width >= 72:
        lines += beside(
            shares_lines("Languages", detail.languages, half - 2),
            shares_lines("Models", detail.models, half - 2),
            half,
        )
    else:
        lines += shares_lines("Languages", detail.languages, width, 3)
        lines += shares_lines("Models", detail.models, width, 3)
    blocks = (
        ("Most typical", detail.central),
        ("At the border", detail.boundary),
        ("Near, but in other clusters", detail.outside),
    )
    for title, rows in blocks:
        if rows:
            lines.append(heading(title))
            outside = rows is detail.outside
            lines += [hit_line(row, width) if outside else text_line(row) for row in rows]
    many = f"All{'' if members is None else f' {members:,}'} distinct queries, the most typical first"
    lines.append(heading("Its only distinct query" if members == 1 else many))
    return lines


def _said(detail: ClusterDetail, width: int) -> list[Line]:
    """What people said of the cluster: flags, tags, how good they find it, and the note."""
    spans: list[Span] = []
    if detail.flags:
        spans += [
            ("\u2691 ", "warn"),
            (", ".join(one_line(flag, 40) for flag in detail.flags) + "  ", "warn"),
        ]
    if detail.quality is not None:
        spans += [("rated ", "dim"), (f"{detail.quality} of 5  ", "strong")]
    if detail.tags:
        spans += [("tags ", "dim"), (", ".join(one_line(tag, 40) for tag in detail.tags), "other")]
    lines = [Line(tuple(spans))] if spans else []
    return lines + (paragraph("Note: " + detail.notes, width, "text", 6) if detail.notes else [])


def _facts(detail: ClusterDetail) -> tuple[Span, ...]:
    spans: list[Span] = [
        (f"{detail.size:,}", "number"),
        (f" {queries(detail.size)}, ", "dim"),
        (f"{detail.texts:,}", "number"),
        (f" distinct \u00b7 {percent(detail.share).strip()} of the run", "dim"),
    ]
    if detail.coherence is not None:
        words = {"\u25cf": "coherent", "\u25d0": "middling", "\u25cb": "loose"}
        mark, look = coherence_mark(detail.coherence)
        spans += [
            (" \u00b7 ", "dim"),
            (f"{mark} {words.get(mark, '')}", look),
            (f" {detail.coherence:.2f}", "dim"),
        ]
    return tuple(spans)


def theme_lines(
    row: NodeRow,
    children: Sequence[NodeRow],
    examples: Sequence[TextRow],
    width: int,
    filtered: bool = False,
) -> list[Line]:
    """A theme: its description, its children with their sizes, and queries that stand for it.

    Args:
        row: The theme.
        children: The first of its children.
        examples: Queries from its biggest clusters; a filter leaves them as they are.
        width: Cells of a line.
        filtered: Whether the sizes are of what a filter leaves.
    """
    whole = "what the filter leaves" if filtered else "the run"
    lines = [Line(((part, "strong"),)) for part in wrap(one_line(row.title, 300), width)]
    lines += paragraph(row.description, width)
    facts: list[Span] = [
        (f"{row.size:,}", "number"),
        (
            f" {queries(row.size)} \u00b7 {percent(row.share).strip()} of {whole} \u00b7 {row.children:,} below",
            "dim",
        ),
    ]
    if row.low_fit and row.fit is not None:
        facts.append((f" \u00b7 ? fits its parent badly ({row.fit:.2f})", "warn"))
    if row.coherence is not None:
        facts.append((f" \u00b7 coherence {row.coherence:.2f}", "dim"))
    lines += [
        Line(tuple(facts)),
        heading("What is in it"),
        *(node_line(child, row.size) for child in children),
    ]
    if examples:
        asked = "What is asked, of all of it" if filtered else "What is asked"
        lines += [heading(asked), *map(text_line, examples)]
    return lines


def run_lines(
    run: RunDetail, children: Sequence[NodeRow | ClusterRow], width: int, shown: int | None = None
) -> list[Line]:
    """A whole run: how it was made, why so, its measures, and its top nodes.

    Args:
        run: The run.
        children: The first of its top nodes.
        width: Cells of a line.
        shown: How many of its queries a filter leaves; `None`: all.
    """
    lines = [Line(((one_line(run.label or run.run, 200), "strong"),))]
    parameters = ", ".join(f"{k}={_value(v)}" for k, v in run.parameters.items() if v is not None)
    lines.append(
        Line(
            (
                (f"{run.queries:,}", "number"),
                (" queries in ", "dim"),
                (f"{run.clusters:,}", "number"),
                (" clusters", "dim"),
                (f" \u00b7 {run.noise:,} noise" if run.noise else "", "dim"),
                (f" \u00b7 {run.status}", "dim" if run.status == "done" else "warn"),
            )
        )
    )
    facts = (
        ("run", run.run), ("dataset", run.dataset), ("vectors", run.space), ("method", f"{run.algorithm} {parameters}"),
        ("names", run.summary_set or "none yet"), ("tree", run.hierarchy or "none yet"),
    )  # fmt: skip
    for name, value in facts:
        lines.append(Line(((f"{name:<9}", "dim"), (one_line(value, 200), "text"))))
    for reason in run.reasons:
        lines += paragraph(reason, width, "dim", 3)
    measures = [
        (k.replace("_", " "), _value(v)) for k, v in run.metrics.items() if isinstance(v, int | float)
    ]
    if measures:
        lines += paragraph(" \u00b7 ".join(f"{k} {v}" for k, v in measures), width, "dim", 3)
    if children:
        lines.append(heading("What people ask for"))
        whole = run.queries if shown is None else shown
        lines += [node_line(child, whole) for child in children]
    return lines


def _value(value: Any) -> str:
    return f"{value:.3g}" if isinstance(value, float) else str(value)


def runs_lines(runs: Iterable[RunRow], current: str | None, width: int) -> list[Line]:
    """The runs with their sizes; the current one is marked."""
    runs = list(runs)
    if not runs:
        return paragraph("No run yet. A takes every step that is missing, K only clusters.", width, "dim")
    roomy = width >= 52
    head = f"  {'clusters':>8} {'queries':>9} " + (f"{'noise':>7}  {'state':<8}" if roomy else "") + " run"
    lines = [Line(((head, "dim"),))]
    for run in runs:
        here = run.run == current
        done = "tree" if run.hierarchy else "named" if run.summary_set else "raw"
        state = done if run.status == "done" else run.status
        spans: list[Span] = [
            ("\u2713 " if here else "  ", "good"),
            (f"{run.clusters:>8,} {run.queries:>9,} ", "number"),
        ]
        if roomy:
            look = "warn" if run.status in ("failed", "partial") else "dim"
            spans += [(f"{run.noise:>7,}  ", "number"), (f"{fit(state, 8)}", look)]
        spans.append((" " + one_line(run.label or run.run, 120), "strong" if here else "text"))
        lines.append(Line(tuple(spans), run))
    return lines
