"""What the full search says, as lines: hits alone or by cluster, and what stands where there are none."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from core.errors import ActionError
from core.rows import TextRow
from core.text import one_line
from screens.search.wanted import Wanted
from screens.widgets.detail_lines import LANGUAGE, NUMBER, marked_spans
from screens.widgets.spans import Line, Span, fit, wrap

ROOMY, NARROW = 64, 48
"""From so many cells on a hit has its language, and its cluster."""

LANGUAGES = (
    ("write poem", "both words; the last one may go on"),
    ('"sky blue"', "this phrase"),
    ("poem -love", "without a word"),
    ("poem OR haiku", "one of them"),
    ("NEAR(write poem, 3)", "at most three words between"),
    ("language:German", "a facet: chat_model: week: user: turns:>=3"),
    ("cluster:12 in:NODE", "a cluster, or a part of the tree"),
    ("after:2023-05 before:2023-06", "days, months or years"),
    ("is:noise has:flag tag:NAME", "noise, orphans, flags, tags, notes"),
)
"""Examples of the query language."""


def search_line(row: TextRow, width: int, searched: str, grouped: bool = False) -> Line:
    """A hit: how often it was asked, its language and its cluster where there is room, its words."""
    spans: list[Span] = [(f"{row.times:>{NUMBER},}\u00d7 ", "number")]
    if width >= ROOMY:
        spans.append((fit(row.language or "", LANGUAGE) + " ", "dim"))
    if width >= NARROW and not grouped:
        title = row.cluster_title or ("" if row.cluster is None else f"cluster {row.cluster}")
        spans.append((fit(one_line(title), max(12, min(30, width // 4))) + " ", "other"))
    return Line((*spans, *marked_spans(one_line(row.text, 240), searched)), row)


def grouped_lines(
    rows: Sequence[TextRow],
    width: int,
    searched: str,
    counts: Mapping[int | None, int],
    wordy: bool = False,
) -> list[Line]:
    """The hits by cluster, the cluster of the best one first; a head says how many queries of it match.

    Args:
        rows: The hits.
        width: Cells of a line.
        searched: What was searched for.
        counts: By cluster how many queries match; empty where nothing but the meaning was looked for.
        wordy: Whether they match words, and not filters alone.
    """
    groups: dict[int | None, list[TextRow]] = {}
    for row in rows:
        groups.setdefault(row.cluster, []).append(row)
    lines: list[Line] = []
    for cluster, members in groups.items():
        title = members[0].cluster_title or ("in no cluster" if cluster is None else f"cluster {cluster}")
        count = counts.get(cluster)
        matching = f"match{'es' * (count == 1)}{' the words' * wordy}"
        told = f"  {count:,} {matching}" if count is not None else ""
        shown = f"  {len(members):,} of the hits here"
        lines += [Line()] * bool(lines)
        lines.append(
            Line((("\u25be ", "dim"), (one_line(title, 120), "heading"), (told, "number"), (shown, "dim")))
        )
        lines += [search_line(row, width, searched, grouped=True) for row in members]
    return lines


def empty_lines(wanted: Wanted, error: ActionError | None, pending: bool, width: int) -> Iterable[Line]:
    """What stands where there are no hits: what is wrong, what to try, or what can be typed."""
    if error is not None:
        yield from _wrapped(error.message, "warn", width)
        also = f" Did you mean {' or '.join(error.did_you_mean)}?" if error.did_you_mean else ""
        yield from _wrapped(f"{error.hint}{also}".strip(), "text", width)
    elif wanted.blank:
        yield Line((("Type what to search for. Tab leaves the line; then F goes to the facets.", "text"),))
        yield Line()
        yield Line((("What can be typed", "heading"),))
        for example, meaning in LANGUAGES:
            yield Line((("  ", "dim"), (fit(example, 30), "key"), (meaning, "dim")))
    elif pending:
        yield Line((("searching\u2026", "dim"),))
    else:
        yield from _wrapped("No query has all of this.", "warn", width)
        if wanted.shown():
            yield from _wrapped("Backspace in the empty line takes the last filter off.", "text", width)
        if wanted.mode == "text" and wanted.near is None:
            yield from _wrapped("m searches by meaning, too.", "text", width)


def _wrapped(text: str, look: str, width: int) -> Iterable[Line]:
    return [Line(((part, look),)) for part in wrap(one_line(text, 2_000), width)] if text else []
